"""Writing as an instrument does: the nearest value that the register can show, and the last one where there is none."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bessinside.registers import OK, WIRE_TYPES, Codec, EncodeError, flatten, parse_map

HEAD = "id: t\nlabel: Test device\nx-class: bms\nx-source: {document: A document, from: a shelf}\n"
NUMERIC = sorted(name for name, t in WIRE_TYPES.items() if t.numeric)


def codec_of(*points: str) -> Codec:
    rows = "\n".join(f"    - {{{point}}}" for point in points)
    layout = flatten(parse_map(f"{HEAD}group:\n  name: g\n  points:\n{rows}\n", "t.yaml"))
    return Codec(layout, layout.address)


def shown(codec: Codec, words: Any) -> list[float]:
    values, state = np.empty(len(codec.layout)), np.empty(len(codec.layout), np.uint8)
    codec.decode(words, values, state)
    return [float(value) if mark == OK else math.nan for value, mark in zip(values, state, strict=True)]


@pytest.mark.parametrize(
    ("point", "value", "expected"),
    [
        ("type: uint16, x-sentinel: sunspec", 70000.0, 65534.0),  # 65535 would say "not implemented"
        ("type: uint16, x-sentinel: sunspec", 65535.0, 65534.0),
        ("type: uint16", 70000.0, 65535.0),
        ("type: uint16", -3.0, 0.0),
        ("type: int16, sf: -1, x-sentinel: sunspec", -1e9, -3276.7),
        ("type: int16, sf: -1, x-sentinel: sunspec", 1e9, 3276.7),
        ("type: uint16, x-sentinel: [500]", 500.0, 499.0),  # a sentinel in the middle of what can be shown
        ("type: uint32, x-mask: 0x0FF0", 300.0, 255.0),
        ("type: int64", 1e30, 2.0**63 - 1024),
        ("type: float32", 1e300, float(np.finfo(np.float32).max)),
        ("type: float32", -math.inf, float(np.finfo(np.float32).min)),
    ],
)
def test_the_nearest_value_is_shown(point: str, value: float, expected: float) -> None:
    codec = codec_of(f"name: p, x-address: 0, {point}")
    words = np.zeros(codec.size, np.uint16)
    with pytest.raises(EncodeError):
        codec.encode(np.array([value]), words)
    codec.encode(np.array([value]), words, nearest=True)
    assert shown(codec, words) == [pytest.approx(expected, rel=1e-12)]


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(NUMERIC), st.floats(allow_nan=False), st.booleans(), st.integers(-10, 10))
def test_any_number_can_be_shown(name: str, value: float, sentinel: bool, sf: int) -> None:
    extra = ", x-sentinel: sunspec" if sentinel and WIRE_TYPES[name].sentinel is not None else ""
    if name == "float64" and abs(value) > 1e290:
        sf = 0  # the largest double times ten would be none
    codec = codec_of(f"name: p, x-address: 0, type: {name}, sf: {sf}{extra}")
    words = np.zeros(codec.size, np.uint16)
    codec.encode(np.array([value]), words, nearest=True)
    (found,) = shown(codec, words)
    assert not math.isnan(found) or (name.startswith("acc") and not words.any())
    plain = np.zeros(codec.size, np.uint16)
    try:
        codec.encode(np.array([value]), plain)
    except EncodeError:
        return
    assert words.tolist() == plain.tolist()  # what fits is written as ever


def test_no_value_keeps_the_last_one_where_the_type_has_no_sign_for_it() -> None:
    codec = codec_of(
        "name: a, x-address: 0, type: uint16, x-sentinel: sunspec",
        "name: b, x-address: 1, type: uint16",
        "name: c, x-address: 2, type: uint16, x-mask: 0x00FF",
        "name: d, x-address: 2, type: uint16, x-mask: 0xFF00",
    )
    words = np.zeros(codec.size, np.uint16)
    codec.encode(np.array([7.0, 8.0, 9.0, 10.0]), words, nearest=True)
    codec.encode(np.array([math.nan, math.nan, math.nan, 11.0]), words, nearest=True)
    assert words.tolist() == [0xFFFF, 8, 11 << 8 | 9]


def test_a_writer_writes_its_points_and_no_others() -> None:
    codec = codec_of(
        "name: a, x-address: 0, type: uint16, sf: a_SF, x-sentinel: sunspec",
        "name: b, x-address: 1, type: int32",
        "name: c, x-address: 3, type: uint16, sf: a_SF, x-sentinel: sunspec",
        "name: a_SF, x-address: 4, type: sunssf",
        "name: d, x-address: 5, type: float32",
    )
    values = np.array([1.5, -70000.0, math.nan, -1.0, 2.5])
    words, part = np.zeros(codec.size, np.uint16), np.zeros(codec.size, np.uint16)
    codec.encode(values, words)
    part[4] = words[4]
    codec.writer(np.array([True, False, True, False, False])).encode(values, part)
    assert part.tolist() == [15, 0, 0, 0xFFFF, words[4], 0, 0]
    codec.writer(np.array([False, True, False, False, True])).encode(values, part)
    assert part.tolist() == words.tolist()
