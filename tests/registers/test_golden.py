"""The codec against the golden vectors that decoders in other languages are held to."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bessinside.registers import NOT_A_NUMBER, OK, SENTINEL, WIRE_TYPES, Codec, flatten, parse_map
from bessinside.registers.golden import golden_vectors

HEAD = "id: t\nlabel: Test device\nx-class: bms\nx-source: {document: A document, from: a shelf}\n"
VECTORS = golden_vectors()
FILE = Path(__file__).with_name("golden.json")


def test_they_cover_what_a_map_can_say() -> None:
    numeric = {name for name, t in WIRE_TYPES.items() if t.numeric}
    assert {v["type"] for v in VECTORS} == numeric
    for name in numeric:
        orders = {v["low_first"] for v in VECTORS if v["type"] == name}
        assert orders == ({False, True} if WIRE_TYPES[name].words > 1 else {False})
    assert {v["state"] for v in VECTORS} == {0, 1, 2, 3}
    assert any(v["mask"] for v in VECTORS)
    assert any(v["bcd"] for v in VECTORS)
    assert any(v["sign"] < 0 for v in VECTORS)
    assert any(v["add"] for v in VECTORS)
    assert any(v["factor"] != 1 for v in VECTORS)
    assert {v["sf"] for v in VECTORS} >= {None, *range(-10, 11)}


def test_the_file_for_other_languages_is_fresh() -> None:
    """`python -m bessinside.registers.golden > tests/registers/golden.json` writes it."""
    assert json.loads(FILE.read_text()) == VECTORS


def test_they_are_json() -> None:
    assert json.loads(json.dumps(VECTORS, allow_nan=False)) == VECTORS


@pytest.mark.parametrize("vector", VECTORS, ids=[f"{i}-{v['type']}" for i, v in enumerate(VECTORS)])
def test_the_codec_agrees(vector: dict[str, Any]) -> None:
    scaled = vector["sf"] is None
    fields = {
        "type": vector["type"],
        "sf": "S" if scaled else vector["sf"],
        "x-offset": vector["add"],
        "x-sign": "discharge-negative" if vector["sign"] < 0 else "discharge-positive",
        "x-word-order": "low-first" if vector["low_first"] else "high-first",
        "x-sentinel": vector["sentinel"] or "none",
    }
    if vector["bcd"]:
        fields["x-bcd"] = "true"
    if vector["mask"] is not None:
        fields |= {"x-mask": vector["mask"], "x-shift": vector["shift"]}
    inside = ", ".join(f"{key}: {value}" for key, value in fields.items())
    text = f"{HEAD}group: {{name: g, points: [{{name: S, type: sunssf, x-address: 0}}, {{name: p, {inside}}}]}}\n"
    layout = flatten(parse_map(text, "t.yaml"))
    codec = Codec(layout, np.array([0, 1], np.int32), np.array([1.0, vector["factor"]]))
    values, state = np.zeros(2), np.zeros(2, np.uint8)
    codec.decode(np.array([0x8000, *vector["words"]], np.uint16), values, state)
    assert state[1] == vector["state"]
    if vector["value"] is None:
        assert np.isnan(values[1])
    else:
        assert values[1] == pytest.approx(vector["value"], rel=1e-12, abs=0)


def test_some_by_hand() -> None:
    found = {(v["type"], tuple(v["words"]), v["sf"], v["mask"]): (v["value"], v["state"]) for v in VECTORS}
    assert found["uint16", (3301,), -3, None] == (3.301, OK)
    assert found["uint16", (32150,), -1, None] == (15.0, OK)
    assert found["int32", (0xFF9C, 0xFFFF), -1, None] == (-10.0, OK)
    assert found["uint32", (0x0CE2, 0xEBCF), -3, 0xFFF] == (3.298, OK)
    assert found["int32", (0xEBCF, 0x0CE2), 0, 0xFF000000] == (-21.0, OK)
    assert found["uint16", (0x1A00,), 0, None] == (None, NOT_A_NUMBER)
    assert found["uint32", (0xEB00, 0x0CE2), 0, 0xFFF000] == (None, SENTINEL)
