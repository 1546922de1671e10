"""A passport's steps end at the value that the codec found."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bessinside.registers import OK, Codec, Layout, flatten, parse_map

MakeCodec = Callable[..., tuple[Codec, Layout]]

HEAD = "id: t\nlabel: Test device\nx-class: bms\nx-source: {document: A document, from: a shelf}\nx-sentinel: sunspec\n"
BODY = """group: {name: g, points: [
{name: S, type: sunssf, x-address: 0}, {name: a, type: int16, sf: S, units: kW, x-sign: discharge-negative},
{name: b, type: uint32, sf: -2, x-word-order: low-first, x-offset: -40}, {name: c, type: float32},
{name: d, type: uint16, x-mask: 0x0FF0, x-sentinel: 3}, {name: e, type: uint16, x-bcd: true},
{name: f, type: int64, sf: 2}, {name: h, type: int16, x-mask: 0x00FF}]}
"""
LAYOUT = flatten(parse_map(HEAD + BODY, "t.yaml"))
CODEC = Codec(LAYOUT, LAYOUT.address, np.where(np.array(LAYOUT.names()) == "a", 1000.0, 1.0))


@settings(max_examples=300, deadline=None)
@given(st.lists(st.integers(0, 0xFFFF), min_size=CODEC.size, max_size=CODEC.size), st.integers(-12, 12))
def test_steps_agree_with_the_codec(words: list[int], exponent: int) -> None:
    image = np.array([exponent & 0xFFFF, *words[1:]], np.uint16)
    values, state = np.zeros(len(LAYOUT)), np.zeros(len(LAYOUT), np.uint8)
    CODEC.decode(image, values, state)
    for i in range(len(LAYOUT)):
        last = CODEC.steps(i, image)[-1]
        if state[i] == OK:
            assert last.name == "value"
            assert float(last.result) == pytest.approx(values[i], rel=1e-11, abs=1e-300)
        else:
            assert last.result == "no value"


def test_the_steps_of_a_packed_word(make_codec: MakeCodec) -> None:
    codec, _ = make_codec(
        "{name: t, type: int32, sf: -1, units: kW, x-word-order: low-first, x-mask: 0xFF000000, x-offset: -4,"
        " x-sign: discharge-negative, x-address: 0}",
        factor=1000.0,
    )
    steps = codec.steps(0, np.array([0x0CE2, 0xEBCF], np.uint16))
    assert [(s.name, s.expression, s.result) for s in steps] == [
        ("words", "0x0CE2 0xEBCF", "2 words"),
        ("word order", "low word first, turned round", "0xEBCF 0x0CE2"),
        ("raw", "0xEBCF0CE2", "3956215010"),
        ("field", "(3956215010 & 0xff000000) >> 24", "235"),
        ("signed", "two's complement, 8 bit", "-21"),
        ("scale", "-21 × 10^-1", "-2.1 kW"),
        ("offset", "-2.1 − 4", "-6.1 kW"),
        ("sign", "the device counts charging as positive", "6.1 kW"),
        ("unit", "6.1 × 1000", "6100"),
        ("value", "", "6100"),
    ]


def test_the_steps_end_where_there_is_no_value(make_codec: MakeCodec) -> None:
    codec, layout = make_codec(
        "{name: S, type: sunssf, x-address: 0}, {name: a, type: uint16, sf: S, x-sentinel: sunspec}"
    )
    assert codec.steps(1, np.array([0x8000, 5], np.uint16))[-1].name == "scale factor"
    assert codec.steps(1, np.array([0, 0xFFFF], np.uint16))[-1].name == "not implemented"
    bare = Codec(layout, np.array([0, -1], np.int32))
    assert [s.name for s in bare.steps(1, np.array([0], np.uint16))] == ["words"]


def test_text_has_no_steps_beyond_its_words(make_codec: MakeCodec) -> None:
    codec, _ = make_codec("{name: s, type: string, size: 1, x-address: 0}")
    assert [s.name for s in codec.steps(0, np.array([0x4142], np.uint16))] == ["words"]


def test_a_turned_zero_has_no_minus(make_codec: MakeCodec) -> None:
    codec, _ = make_codec(
        "{name: t, type: int16, sf: -1, units: kW, x-sign: discharge-negative, x-address: 0}", factor=1000.0
    )
    steps = codec.steps(0, np.array([0], np.uint16))
    assert [step.result for step in steps[-3:]] == ["0 kW", "0", "0"]
