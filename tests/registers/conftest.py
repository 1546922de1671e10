"""Small maps written inside a test."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pytest

from bessinside.registers import Codec, Layout, RegisterMap, flatten, parse_map

HEAD = "id: t\nlabel: Test device\nx-class: bms\nx-source: {document: A document, from: a shelf}\n"

MakeMap = Callable[..., RegisterMap]
MakeCodec = Callable[..., tuple[Codec, Layout]]


@pytest.fixture(scope="session")
def make_map() -> MakeMap:
    """``make_map(body)``: a map whose head is given already."""

    def make(body: str) -> RegisterMap:
        return parse_map(HEAD + body, "t.yaml")

    return make


@pytest.fixture(scope="session")
def make_codec(make_map: MakeMap) -> MakeCodec:
    """``make_codec(points, head="", counts=…, factor=…)``: a codec over an image that begins at the lowest address."""

    def make(
        points: str, head: str = "", counts: Mapping[str, int] | None = None, factor: float = 1.0
    ) -> tuple[Codec, Layout]:
        body = points if points.startswith("group:") else f"group: {{name: g, points: [{points}]}}\n"
        layout = flatten(make_map(head + body), counts)
        offset = (layout.address - layout.address.min()).astype(np.int32)
        return Codec(layout, offset, np.full(len(layout), factor)), layout

    return make


@pytest.fixture(scope="session")
def decode() -> Callable[[Codec, list[int]], tuple[list[float], list[int]]]:
    """Values and states of words."""

    def run(codec: Codec, words: list[int]) -> tuple[list[float], list[int]]:
        n = len(codec.layout)
        values, state = np.full(n, 7.0), np.full(n, 7, np.uint8)
        codec.decode(np.array(words, np.uint16), values, state)
        return values.tolist(), state.tolist()

    return run
