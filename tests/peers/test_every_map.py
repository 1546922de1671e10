"""Every point of every shipped map and of the SunSpec models: encoded and served by us, read and decoded by others."""

from __future__ import annotations

import asyncio
import json
import math
import os
from collections.abc import Iterator
from fractions import Fraction
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from bessinside.modbus import Server, Unit
from bessinside.registers import OK, Codec, Layout, chain, flatten, load_map, shipped_maps, sunspec_map
from tests.peers.decoder import Row, decode, exponent, model_rows, quantum, read_rows
from tests.peers.wire import blocks, read_with_pymodbus

pytestmark = pytest.mark.peer

MAPS = Path(str(files("bessinside"))) / "registers" / "maps"
MODELS = Path(str(files("sunspec2"))) / "models" / "json"
LAID = chain(
    [
        *[(number, {}) for number in (1, 103, 203, 213, 701, 704, 713, 802)],
        (714, {"NPrt": 2}),
        (803, {"NStr": 2}),
        (804, {"NMod": 4, "Idx": 1}),
        *[(805, {"lithium-ion-module-cell": 104, "StrIdx": 1, "ModIdx": n}) for n in (1, 2, 3, 4)],
    ],
    base=0,
)
EXAMPLES = 60 if os.environ.get("BESSINSIDE_FULL") else 5
AS_MANY_AS_THE_PLANT_HAS = 3
LARGEST = 1 << 48  # a float carries whole numbers up to here exactly, and their half


def instances(count: Any) -> int:
    return count if isinstance(count, int) and count > 0 else AS_MANY_AS_THE_PLANT_HAS


@cache
def rows_and_layout(map_id: str) -> tuple[list[Row], Layout]:
    """Both readings of a map, point for point."""
    if map_id != "sunspec":
        layout = flatten(load_map(map_id), lambda group, _: instances(group.count))
        return read_rows(MAPS / f"{map_id}.yaml", lambda _, count: instances(count)), layout
    layout = flatten(sunspec_map(LAID))
    rows = [Row("marker.SunS", 3, 0, 2, "uint32")]
    for found in LAID.models:
        document = json.loads((MODELS / f"model_{found.id}.json").read_text())
        rows += model_rows(document, found.address, found.values)
    by_place = {(row.fc, row.address): row for row in rows}
    return [
        by_place[fc, address] for fc, address in zip(layout.fc.tolist(), layout.address.tolist(), strict=True)
    ], layout


@pytest.mark.parametrize("map_id", [*shipped_maps(), "sunspec"])
def test_both_readings_of_a_map_name_the_same_registers(map_id: str) -> None:
    rows, layout = rows_and_layout(map_id)
    assert len(rows) == len(layout)
    for i, row in enumerate(rows):
        point = layout.definition(i)
        assert (row.fc, row.address, row.words) == (int(layout.fc[i]), int(layout.address[i]), int(layout.words[i]))
        assert (row.type, row.mask, row.shift, row.sf) == (point.type, point.mask, point.shift, point.sf)
        if map_id != "sunspec":
            assert row.name == layout.name(i)


def draw(row: Row, sf: int, chance: np.random.Generator) -> tuple[float, Fraction | None]:
    """A value that the row can carry, a little beside a whole count, and what must come back (None: the nearest)."""
    scale, ends = Fraction(10) ** sf, (-math.inf, math.inf)
    if row.range:
        ends = tuple(sorted(float((row.sign * Fraction(v) - row.offset) / scale) for v in row.range))  # type: ignore[assignment]
    if row.type.startswith("float"):
        low, high = max(ends[0], -1e7), min(ends[1], 1e7)
        return float(row.sign * (Fraction(float(np.float32(chance.uniform(low, high)))) * scale + row.offset)), None
    signed = row.type.startswith("int") or row.type == "sunssf"
    top = 1 if row.fc < 3 else (1 << row.bits - signed) - 1 if not row.bcd else 10 ** (row.bits // 4) - 1
    low_raw = max(-top - 1 if signed else 0, math.ceil(max(ends[0], -LARGEST)))
    high_raw = min(top, math.floor(min(ends[1], LARGEST)))
    for _ in range(100):
        raw = int(chance.integers(low_raw, high_raw, endpoint=True))
        if row.mask is not None and row.type.startswith("bitfield"):
            raw &= row.mask >> row.shift  # a bit field may have bits that belong to others
        if raw & (1 << row.bits) - 1 not in row.sentinels:
            exact = row.sign * (raw * scale + row.offset)
            return float(exact + scale * Fraction(float(chance.uniform(-0.4, 0.4)))), exact
    raise AssertionError(f"{row.name}: no raw number from {low_raw} to {high_raw} is a value")


def layers(rows: list[Row]) -> Iterator[list[int]]:
    """Points apart from each other: registers that a document describes twice are tried once each way."""
    left = list(range(len(rows)))
    while left:
        taken: set[tuple[int, int, int]] = set()
        layer, later = [], []
        for i in left:
            bits = rows[i].bit_places()
            (later if bits & taken else layer).append(i)
            if layer and layer[-1] == i:
                taken |= bits
        yield layer
        left = later


class Image:
    """The words of a layout in one compact image, with a served unit beside it."""

    def __init__(self, rows: list[Row], layout: Layout) -> None:
        keys = sorted({(row.fc, row.address + k) for row in rows for k in range(row.words)})
        self.keys = keys
        place = {key: n for n, key in enumerate(keys)}
        offset = np.array([place[row.fc, row.address] for row in rows], np.int32)
        self.codec = Codec(layout, offset)
        self.words = np.zeros(len(keys), np.uint16)

    def unit(self) -> Unit:
        unit = Unit()
        for (fc, address), word in zip(self.keys, self.words.tolist(), strict=True):
            unit.table(fc).put(address, word)
        return unit


def fill(image: Image, rows: list[Row], layer: list[int], chance: np.random.Generator) -> dict[int, Any]:
    """Encodes values for the points of a layer; what was asked of each: (value, exact number or None), or text."""
    wanted: dict[int, Any] = {}
    size = len(rows)
    factors = [i for i in range(size) if rows[i].type == "sunssf"]
    values = np.full(size, np.nan)
    values[factors] = chance.integers(-3, 4, len(factors))
    which = np.zeros(size, np.bool_)
    which[factors] = True
    image.codec.encode(values, image.words, which)
    exponents = {rows[i].address: int(values[i]) for i in factors}
    which[:] = False
    for i in layer:
        row = rows[i]
        if row.type == "sunssf":
            wanted[i] = (float(values[i]), Fraction(int(values[i])))
        elif row.type == "string":
            text = "".join(map(chr, chance.integers(0x21, 0x7F, chance.integers(1, 2 * row.words + 1))))
            image.codec.write_text(i, text, image.words)
            wanted[i] = text
        elif row.text:
            continue  # addresses of a network: their text is tested with the codec
        elif row.sentinels and chance.random() < 0.1:
            which[i] = True
            wanted[i] = (math.nan, None)
        else:
            sf = exponents[row.sf_at] if row.sf_at is not None else int(row.sf)
            values[i], exact = draw(row, sf, chance)
            which[i] = True
            wanted[i] = (float(values[i]), exact)
    image.codec.encode(values, image.words, which)
    return wanted


def check(row: Row, asked: Any, words: dict[tuple[int, int], int]) -> None:
    """The peer's words, decoded by the second decoder, are what was encoded."""
    found = decode(row, words)
    if isinstance(asked, str):
        assert found == asked, row
        return
    value, exact = asked
    if math.isnan(value):
        assert found is None, row
        return
    assert isinstance(found, Fraction), row
    if exact is not None:
        assert found == exact, row
    assert abs(found - Fraction(value)) <= quantum(row, words) / 2 * (1 + Fraction(1, 10**9)), row


@pytest.mark.parametrize("map_id", [*shipped_maps(), "sunspec"])
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    database=None,
    phases=(Phase.generate,),  # a smaller seed is no simpler case
)
@given(seed=st.integers(0, 2**32 - 1))
def test_what_we_encode_a_peer_reads_and_decodes(map_id: str, seed: int) -> None:
    asyncio.run(_encode_serve_read(map_id, np.random.default_rng(seed)))


async def _encode_serve_read(map_id: str, chance: np.random.Generator) -> None:
    rows, layout = rows_and_layout(map_id)
    found = list(layers(rows))
    images = [Image(rows, layout) for _ in found]
    asked = [fill(image, rows, layer, chance) for image, layer in zip(images, found, strict=True)]
    assert sum(map(len, asked)) >= sum(not row.text or row.type == "string" for row in rows)
    async with Server({unit: image.unit() for unit, image in enumerate(images, 1)}) as server:
        port = await server.start()
        for unit, (image, wanted) in enumerate(zip(images, asked, strict=True), 1):
            words = await read_with_pymodbus(port, unit, blocks(rows))
            for i, value in wanted.items():
                check(rows[i], value, words)
            compare_with_codec(image, rows, wanted, words)


def compare_with_codec(image: Image, rows: list[Row], which: dict[int, Any], words: dict[tuple[int, int], int]) -> None:
    """Our codec reads the peer's words as the second decoder does."""
    given = np.array([words[key] for key in image.keys], ">u2")
    values, state = np.zeros(len(rows)), np.zeros(len(rows), np.uint8)
    image.codec.decode(given, values, state)
    for i in which:
        row, theirs = rows[i], decode(rows[i], words)
        if row.text:
            assert image.codec.text(i, given) == theirs
        elif theirs is None:
            assert state[i] != OK, row
        else:
            assert state[i] == OK, row
            # an offset far larger than the value costs the last digits of a float
            lost = float(abs(row.offset)) * 1e-15
            assert values[i] == pytest.approx(float(theirs), rel=1e-14, abs=lost), (row, exponent(row, words))
