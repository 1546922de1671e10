"""The codec: what goes out comes back, what does not fit is refused, and what is no number says why."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bessinside.registers import (
    BAD_SCALE,
    NO_WORDS,
    NOT_A_NUMBER,
    OK,
    SENTINEL,
    WIRE_TYPES,
    Codec,
    EncodeError,
    Layout,
    flatten,
    load_map,
    parse_map,
    shipped_maps,
)
from bessinside.registers.codec import _sentinel_bits
from bessinside.registers.lots import SHORTEST_RUN, Lot

MakeCodec = Callable[..., tuple[Codec, Layout]]
Decode = Callable[[Codec, list[int]], tuple[list[float], list[int]]]

HEAD = "id: t\nlabel: Test device\nx-class: bms\nx-source: {document: A document, from: a shelf}\n"
WHOLE = sorted(name for name, t in WIRE_TYPES.items() if t.kind in ("int", "uint"))
REAL = sorted(name for name, t in WIRE_TYPES.items() if t.kind == "float")


def single(fields: dict[str, Any], factor: float = 1.0) -> Codec:
    """A codec of one point; its words follow one word of other use."""
    inside = ", ".join(f"{key}: {value}" for key, value in fields.items())
    text = f"{HEAD}group: {{name: g, points: [{{name: p, x-address: 1, {inside}}}]}}\n"
    layout = flatten(parse_map(text, "t.yaml"))
    return Codec(layout, np.array([1], np.int32), np.array([factor]))


def encoded(codec: Codec, value: float) -> list[int]:
    words = np.full(codec.size, 0xA5A5, np.uint16)
    codec.encode(np.array([value]), words)
    assert words[0] == 0xA5A5
    return [int(word) for word in words[1:]]


def decoded(codec: Codec, words: list[int]) -> tuple[float, int]:
    values, state = np.full(1, 7.0), np.full(1, 7, np.uint8)
    codec.decode(np.array([0xA5A5, *words], np.uint16), values, state)
    return float(values[0]), int(state[0])


@st.composite
def whole_points(draw: st.DrawFn) -> tuple[dict[str, Any], float]:
    """A point of any whole-number type with any scale, offset, sign, order and field; and a unit factor."""
    name = draw(st.sampled_from(WHOLE))
    bits = 16 * WIRE_TYPES[name].words
    fields: dict[str, Any] = {"type": name, "sf": draw(st.integers(-10, 10))}
    fields["x-offset"] = draw(st.sampled_from([0, -40, -3200, 0.5]))
    fields["x-sign"] = draw(st.sampled_from(["discharge-positive", "discharge-negative"]))
    fields["x-word-order"] = draw(st.sampled_from(["high-first", "low-first"]))
    if draw(st.booleans()):
        width = draw(st.integers(1 if WIRE_TYPES[name].kind == "uint" else 2, bits))
        low = draw(st.integers(0, bits - width))
        fields["x-mask"] = ((1 << width) - 1) << low
        if draw(st.booleans()):
            fields["x-shift"] = draw(st.integers(0, low))
    elif draw(st.booleans()):
        fields["x-sentinel"] = "sunspec"
    return fields, draw(st.sampled_from([1.0, 1000.0, 0.001, 1 / 60000]))


def raw_bounds(codec: Codec) -> tuple[int, int]:
    point = codec.layout.points[0]
    if point.wire_type.kind == "int":
        return -(1 << point.bits - 1), (1 << point.bits - 1) - 1
    return 0, (1 << point.bits) - 1


def value_of(codec: Codec, raw: int) -> float:
    point = codec.layout.points[0]
    assert isinstance(point.sf, int)
    return point.sign * ((raw * 10.0**point.sf + point.offset) * float(codec.factor[0]))


@settings(max_examples=400, deadline=None)
@given(whole_points(), st.data())
def test_whole_numbers_come_back_within_a_quantum(made: tuple[dict[str, Any], float], data: st.DataObject) -> None:
    fields, factor = made
    codec = single(fields, factor)
    point = codec.layout.points[0]
    low, high = raw_bounds(codec)
    step = (
        1 if point.mask is None else 1 << ((point.mask >> point.shift) & -(point.mask >> point.shift)).bit_length() - 1
    )
    raw = data.draw(st.integers(low // step, high // step)) * step
    # beyond 2**53 neighbouring raw numbers are one float64: stay where a value names one raw number
    raw = max(min(raw, 2**53 // step * step), -(2**53) // step * step)
    value = value_of(codec, raw)
    if raw & ((1 << point.bits) - 1) in point.sentinel and not point.type.startswith("acc"):
        with pytest.raises(EncodeError, match=r"not implemented"):
            encoded(codec, value)
        return
    if step > 1 or abs(raw) > 2**50:
        return  # a shift that keeps zero bits has its own test; the float64 of so large a raw number is not exact
    back, state = decoded(codec, encoded(codec, value))
    if raw in point.sentinel:
        assert (state, math.isnan(back)) == (SENTINEL, True)
    else:
        assert state == OK
        assert abs(back - value) <= codec.quantum(0) / 2 + 1e-12 * (abs(value) + abs(point.offset * factor))


@settings(max_examples=300, deadline=None)
@given(whole_points(), st.integers(1, 10**6))
def test_whole_numbers_out_of_range_are_refused(made: tuple[dict[str, Any], float], beyond: int) -> None:
    fields, factor = made
    codec = single(fields, factor)
    low, high = raw_bounds(codec)
    for raw in (high + beyond * max(1, high >> 20), low - beyond * max(1, high >> 20)):
        words = np.full(codec.size, 0x1234, np.uint16)
        with pytest.raises(EncodeError, match=r"t: p: .* does not fit; expected"):
            codec.encode(np.array([value_of(codec, raw)]), words)
        assert set(words.tolist()) == {0x1234}


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(REAL),
    st.floats(allow_nan=False, allow_infinity=False, width=32),
    st.sampled_from(["high-first", "low-first"]),
    st.integers(-3, 3),
)
def test_floats_come_back(name: str, value: float, order: str, sf: int) -> None:
    codec = single({"type": name, "sf": sf, "x-word-order": order})
    scaled = value * 10.0**sf
    words = encoded(codec, scaled)
    back, state = decoded(codec, words)
    image = np.array([0, *words], np.uint16)
    assert state == OK
    assert abs(back - scaled) <= max(codec.quantum(0, image), 1e-12 * abs(scaled))


def test_floats_that_do_not_fit_are_refused() -> None:
    codec = single({"type": "float32"})
    for value in (1e39, math.inf, -math.inf):
        with pytest.raises(EncodeError, match=r"a finite number that float32 can hold"):
            encoded(codec, value)


def test_the_full_width_of_64_bits() -> None:
    codec = single({"type": "uint64"})
    assert encoded(codec, 2.0**63) == [0x8000, 0, 0, 0]
    with pytest.raises(EncodeError):
        encoded(codec, 2.0**64)
    signed = single({"type": "int64"})
    assert encoded(signed, -(2.0**63)) == [0x8000, 0, 0, 0]
    with pytest.raises(EncodeError):
        encoded(signed, 2.0**63)
    assert decoded(signed, [0xFFFF] * 4) == (-1.0, OK)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 9999), st.integers(0, 99_999_999), st.integers(0, 99))
def test_decimal_digits(short: int, long: int, part: int) -> None:
    assert encoded(single({"type": "uint16", "x-bcd": "true"}), short) == [int(str(short), 16)]
    wide = single({"type": "uint32", "x-bcd": "true", "x-word-order": "low-first"})
    assert decoded(wide, encoded(wide, long)) == (float(long), OK)
    field = single({"type": "uint16", "x-bcd": "true", "x-mask": 0xFF00})
    assert decoded(field, encoded(field, part)) == (float(part), OK)


def test_a_digit_above_nine_is_no_number(decode: Decode, make_codec: MakeCodec) -> None:
    codec, _ = make_codec("{name: a, type: uint16, x-bcd: true, x-address: 1}, {name: b, type: uint16, x-bcd: true}")
    values, states = decode(codec, [0x2359, 0x1A00])
    assert values[0] == 2359.0
    assert math.isnan(values[1])
    assert states == [OK, NOT_A_NUMBER]
    with pytest.raises(EncodeError, match=r"expected 0 to 9999 \(raw 0 to 9999\)"):
        codec.encode(np.array([0.0, 10000.0]), np.zeros(2, np.uint16))


def test_a_field_leaves_its_neighbours_alone(make_codec: MakeCodec) -> None:
    codec, _ = make_codec(
        "{name: hi, type: uint16, x-mask: 0xFF00, x-address: 1}, {name: lo, type: int16, x-mask: 0x00F0, x-address: 1},"
        "{name: flags, type: bitfield16, x-mask: 0x0005, x-address: 1}"
    )
    words = np.array([0x0008], np.uint16)
    codec.encode(np.array([0xAB, -3.0, 5.0]), words)
    assert words.tolist() == [0xABDD]
    codec.encode(np.array([1.0, 0, 0]), words, np.array([True, False, False]))
    assert words.tolist() == [0x01DD]
    with pytest.raises(EncodeError, match=r"flags: 2.0"):
        codec.encode(np.array([1.0, 0, 2.0]), words)
    assert words.tolist() == [0x01DD]


def test_a_shift_that_keeps_zero_bits(make_codec: MakeCodec) -> None:
    codec, _ = make_codec("{name: bits, type: bitfield16, x-mask: 0x0F00, x-shift: 0, x-address: 1}")
    words = np.array([0x1001], np.uint16)
    codec.encode(np.array([float(0x0500)]), words)
    assert words.tolist() == [0x1501]
    with pytest.raises(EncodeError):
        codec.encode(np.array([float(0x0501)]), words)


def test_sentinels_are_compared_raw_after_mask_and_before_sign(decode: Decode, make_codec: MakeCodec) -> None:
    codec, _ = make_codec(
        "{name: a, type: int16, sf: -1, x-sentinel: [0x8000, 32767], x-sign: discharge-negative, x-address: 0},"
        "{name: b, type: int16, x-sentinel: -1}, {name: c, type: uint16, x-mask: 0x0FFF, x-sentinel: 0},"
        "{name: d, type: uint32, x-sentinel: 0xFFFF0000, x-word-order: low-first}"
    )
    values, states = decode(codec, [0x8000, 0xFFFF, 0xF000, 0, 0xFFFF])
    assert all(math.isnan(value) for value in values)
    assert states == [SENTINEL] * 4
    values, states = decode(codec, [0x7FFE, 0xFFFE, 0xF001, 1, 0xFFFF])
    assert values == [-3276.6, -2.0, 1.0, float(0xFFFF0001)]
    assert states == [OK] * 4


def test_nan_writes_the_first_sentinel_or_is_refused(make_codec: MakeCodec) -> None:
    codec, _ = make_codec("{name: a, type: int32, x-sentinel: [0x80000000, 5], x-address: 0}")
    words = np.zeros(2, np.uint16)
    codec.encode(np.array([np.nan]), words)
    assert words.tolist() == [0x8000, 0]
    bare, _ = make_codec("{name: a, type: int32, x-address: 0}")
    with pytest.raises(EncodeError, match=r"no value for 'not implemented'"):
        bare.encode(np.array([np.nan]), words)


def test_a_value_that_would_read_as_not_implemented_is_refused(make_codec: MakeCodec) -> None:
    codec, _ = make_codec("{name: a, type: uint16, sf: -1, x-sentinel: sunspec, x-address: 0}")
    with pytest.raises(EncodeError, match=r"device's sign for 'not implemented'"):
        codec.encode(np.array([6553.5]), np.zeros(1, np.uint16))


def test_a_counter_at_zero_is_written_and_reads_as_not_implemented(decode: Decode, make_codec: MakeCodec) -> None:
    codec, _ = make_codec("{name: a, type: acc32, x-sentinel: sunspec, x-address: 0}")
    words = np.ones(2, np.uint16)
    codec.encode(np.array([0.0]), words)
    assert words.tolist() == [0, 0]
    assert decode(codec, [0, 0])[1] == [SENTINEL]


SCALED = (
    "{name: SF, type: sunssf, x-sentinel: sunspec, x-address: 0}, {name: a, type: int16, sf: SF, x-sentinel: sunspec}"
)


@pytest.mark.parametrize("exponent", range(-10, 11))
def test_scale_factor_by_register(exponent: int, decode: Decode, make_codec: MakeCodec) -> None:
    codec, _ = make_codec(SCALED, factor=1000.0)
    values, states = decode(codec, [exponent & 0xFFFF, 0xCFC7])
    assert values == [exponent * 1000.0, pytest.approx(-12345 * 10.0**exponent * 1000.0, rel=1e-15)]
    assert states == [OK, OK]
    words = np.zeros(2, np.uint16)
    codec.encode(np.array(values), words)
    assert words.tolist() == [exponent & 0xFFFF, 0xCFC7]


@pytest.mark.parametrize("carrier", [0x8000, 11, 0x7FFF, 0xFFF5])
def test_a_scale_factor_that_is_none(carrier: int, decode: Decode, make_codec: MakeCodec) -> None:
    codec, _ = make_codec(SCALED)
    values, states = decode(codec, [carrier, 100])
    assert states == [SENTINEL if carrier == 0x8000 else OK, BAD_SCALE]
    assert math.isnan(values[1])
    assert decode(codec, [carrier, 0x8000])[1][1] == SENTINEL
    with pytest.raises(EncodeError, match=r"write its scale factor"):
        codec.encode(np.array([0.0, 1.0]), np.array([carrier, 0], np.uint16), np.array([False, True]))


def test_a_scale_factor_that_is_not_carried(make_codec: MakeCodec) -> None:
    _, layout = make_codec(SCALED)
    codec = Codec(layout, np.array([-1, 0], np.int32))
    values, state = np.zeros(2), np.zeros(2, np.uint8)
    codec.decode(np.array([5], np.uint16), values, state)
    assert state.tolist() == [NO_WORDS, BAD_SCALE]
    assert np.isnan(values).all()


def test_floats_that_are_no_numbers(decode: Decode, make_codec: MakeCodec) -> None:
    codec, _ = make_codec(
        "{name: a, type: float32, x-address: 0}, {name: b, type: float32, x-sentinel: sunspec},{name: c, type: float64}"
    )
    values, states = decode(codec, [0x7F80, 0, 0x7FC0, 0, 0xFFF0, 0, 0, 0])
    assert all(math.isnan(value) for value in values)
    assert states == [NOT_A_NUMBER, SENTINEL, NOT_A_NUMBER]
    assert decode(codec, [0x7FC0, 1, 0x7FC0, 1, 0x3FF0, 0, 0, 0])[1] == [NOT_A_NUMBER, NOT_A_NUMBER, OK]


def test_text_is_left_out_of_the_numbers(decode: Decode, make_codec: MakeCodec) -> None:
    codec, _ = make_codec("{name: s, type: string, size: 2, x-address: 0}, {name: a, type: uint16}")
    values, states = decode(codec, [0x4142, 0x4300, 9])
    assert math.isnan(values[0])
    assert (values[1], states) == (9.0, [OK, OK])
    words = np.array([0x4142, 0x4300, 0], np.uint16)
    codec.encode(np.array([np.nan, 8.0]), words)
    assert words.tolist() == [0x4142, 0x4300, 8]
    with pytest.raises(EncodeError, match=r"s: 1.0 does not fit; it is text"):
        codec.encode(np.array([1.0, 8.0]), words, np.array([True, True]))


def test_points_without_words(make_codec: MakeCodec) -> None:
    _, layout = make_codec("{name: a, type: uint16, x-address: 0}, {name: b, type: uint16}")
    codec = Codec(layout, np.array([-1, 0], np.int32))
    values, state = np.zeros(2), np.zeros(2, np.uint8)
    codec.decode(np.array([5], np.uint16), values, state)
    assert np.isnan(values[0])
    assert (values[1], state.tolist()) == (5.0, [NO_WORDS, OK])
    assert (codec.raw(0, np.array([5], np.uint16)), codec.raw(1, np.array([5], np.uint16))) == ((), (5,))


def test_shapes_are_checked(make_codec: MakeCodec) -> None:
    codec, layout = make_codec("{name: a, type: uint16, x-address: 0}, {name: b, type: uint16}")
    with pytest.raises(ValueError, match=r"at least 2 words, found 1"):
        codec.decode(np.zeros(1, np.uint16), np.zeros(2), np.zeros(2, np.uint8))
    with pytest.raises(ValueError, match=r"one per point"):
        Codec(layout, np.zeros(3, np.int32))


@pytest.mark.parametrize("order", ["<u2", ">u2"])
def test_either_byte_order_of_the_image(order: str, make_codec: MakeCodec) -> None:
    codec, _ = make_codec(
        "{name: a, type: int32, x-address: 0}, {name: b, type: uint16, x-mask: 0xFF, x-address: 2},"
        "{name: c, type: uint16, x-mask: 0xFF00, x-address: 2}"
    )
    words = np.zeros(3, order)
    codec.encode(np.array([-2.0, 3.0, 4.0]), words)
    assert words.tolist() == [0xFFFF, 0xFFFE, 0x0403]
    values, state = np.zeros(3), np.zeros(3, np.uint8)
    codec.decode(words, values, state)
    assert values.tolist() == [-2.0, 3.0, 4.0]


def many(points: str, count: int, stride: int, head: str = "") -> tuple[Codec, np.ndarray[Any, Any]]:
    group = f"{{name: c, count: {count}, x-stride: {stride}, points: [{points}]}}"
    text = f"{HEAD}{head}group: {{name: g, groups: [{group}]}}\n"
    layout = flatten(parse_map(text, "t.yaml"))
    codec = Codec(layout, (layout.address - 100).astype(np.int32))
    words = np.random.default_rng(5).integers(0, 1 << 16, codec.size).astype(np.uint16)
    return codec, words


POINTS = (
    "{name: a, type: uint16, sf: -3, units: V, x-address: 100}, {name: b, type: int16, sf: -1, x-offset: -40},"
    "{name: c, type: int32, x-word-order: low-first, x-sign: discharge-negative}, {name: d, type: float32},"
    "{name: e, type: uint16, x-mask: 0x0FF0}, {name: f, type: int16, x-mask: 0xF, x-address: 106},"
    "{name: h, type: uint64}"
)


@pytest.mark.parametrize("head", ["", "x-sentinel: sunspec\n"])
def test_runs_and_pools_decode_alike(head: str) -> None:
    """The same points, once as runs (slices) and once scattered (gathers), give the same bits."""
    codec, words = many(POINTS, SHORTEST_RUN + 40, 11, head)
    words[::97] = 0xFFFF
    words[1::97] = 0x8000
    n = len(codec.layout)
    values, state = np.zeros(n), np.zeros(n, np.uint8)
    codec.decode(words, values, state)
    shuffled = np.random.default_rng(1).permutation(n)
    scattered = np.empty(n), np.empty(n, np.uint8)
    for part in np.array_split(shuffled, 40):
        mask = np.zeros(n, np.bool_)
        mask[part] = True
        layout = codec.layout.select(mask)
        small = Codec(layout, codec.offset[mask])
        assert not any(isinstance(lot.out, slice) for lot in small.lots)
        part_values, part_state = np.zeros(len(layout)), np.zeros(len(layout), np.uint8)
        small.decode(words, part_values, part_state)
        scattered[0][mask], scattered[1][mask] = part_values, part_state
    assert sum(isinstance(lot.out, slice) for lot in codec.lots) == 7
    np.testing.assert_array_equal(values, scattered[0])
    np.testing.assert_array_equal(state, scattered[1])
    assert np.isnan(values[state != OK]).all()


def test_runs_encode_what_they_decode() -> None:
    codec, words = many(POINTS.replace("{name: d, type: float32},", ""), SHORTEST_RUN + 40, 9)
    n = len(codec.layout)
    words[codec.offset[np.array(codec.layout.names()) == "c[1].h"][0] :: 9] &= 0x001F  # keep 64 bits below 2**53
    values, state = np.zeros(n), np.zeros(n, np.uint8)
    codec.decode(words, values, state)
    copy = words.copy()
    codec.encode(values, copy)
    np.testing.assert_array_equal(copy, words)


def test_a_block_of_cells_is_one_run() -> None:
    codec, _ = many("{name: v, type: uint16, sf: -3, units: V, x-address: 100}", 9000, 1)
    assert len(codec.lots) == 1
    assert codec.lots[0].out == slice(0, 9000, 1)
    assert codec.lots[0].take == (slice(0, 9000, 1),)


def test_the_refused_point_is_named_with_its_instance() -> None:
    codec, words = many("{name: v, type: uint16, sf: -3, units: V, x-address: 100}", 300, 1)
    values = np.full(300, 3.3)
    values[16] = 65.536
    before = words.copy()
    with pytest.raises(
        EncodeError, match=r"t: c\[17\].v: 65.536 does not fit; expected 0 to 65.535 \(raw 0 to 65535\)"
    ):
        codec.encode(values, words)
    np.testing.assert_array_equal(words, before)


def test_quantum() -> None:
    assert single({"type": "uint16", "sf": -1}, 1000.0).quantum(0) == pytest.approx(100.0)
    assert single({"type": "string", "size": 2}).quantum(0) != single({"type": "string", "size": 2}).quantum(0)
    meter = single({"type": "float32", "units": "Wh"})
    image = np.array([0, *np.array([1e9], ">f4").view(">u2")], np.uint16)
    assert meter.quantum(0, image) == 64.0
    assert math.isnan(meter.quantum(0))


def test_decimal_values_are_rounded_once(decode: Decode, make_codec: MakeCodec) -> None:
    codec, _ = make_codec("{name: a, type: uint16, sf: -3, units: V, x-address: 0}")
    assert all(decode(codec, [raw])[0] == [raw / 1000] for raw in range(0, 65536, 251))


def laid_out(map_id: str) -> Codec:
    found = load_map(map_id)
    layout = flatten(
        found, lambda group, _: min(group.count, 40) if isinstance(group.count, int) and group.count else 3
    )
    # registers of the four function codes side by side
    base = np.zeros(5, np.int64)
    for fc in range(2, 5):
        base[fc] = base[fc - 1] + (layout.address + layout.words)[layout.fc == fc - 1].max(initial=0)
    return Codec(layout, (layout.address + base[layout.fc]).astype(np.int32))


@pytest.mark.parametrize("map_id", shipped_maps())
def test_any_words_of_a_shipped_map_decode_and_come_back(map_id: str) -> None:
    codec = laid_out(map_id)
    layout, n = codec.layout, len(codec.layout)
    numeric = np.array([layout.definition(i).wire_type.numeric for i in range(n)])
    for seed in range(5):
        words = np.random.default_rng(seed).integers(0, 1 << 16, codec.size).astype(np.uint16)
        words[np.random.default_rng(seed).random(codec.size) < 0.1] = 0xFFFF
        values, state = np.zeros(n), np.zeros(n, np.uint8)
        codec.decode(words, values, state)
        np.testing.assert_array_equal(np.isfinite(values), numeric & (state == OK))
        exact = np.array([layout.words[i] < 4 for i in range(n)])
        which = (state == OK) & numeric & exact
        copy = words.copy()
        codec.encode(values, copy, which)
        np.testing.assert_array_equal(copy, words)
        for i in np.flatnonzero(~numeric)[:3].tolist():
            assert isinstance(codec.text(i, words), str)


def sentinels_one_by_one(raw: Any, unset: Any, lot: Lot, pos: Any) -> tuple[list[int], list[bool]]:
    """What `_sentinel_bits` says, point by point."""
    filled, taken = [], []
    for k, (bits, none) in enumerate(zip(raw.tolist(), unset.tolist(), strict=True)):
        at = int(pos[k])
        own = [int(s) for j, s in zip(lot.sentinel_of, lot.sentinel, strict=True) if j == at] or list(lot.sentinels)
        filled.append(own[0] if none and own else bits)
        taken.append(not own if none else bits in own and not lot.counter[at])
    return filled, taken


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_sentinels_of_many_points_are_those_of_each(data: st.DataObject) -> None:
    """Runs and pools, points with no, one and several sentinels, counters, any choice of points."""
    kinds = [
        {"type": "uint16"},
        {"type": "uint16", "x-sentinel": "[0xFFFF]"},
        {"type": "uint16", "x-sentinel": "[3, 0xFFFF, 0]"},
        {"type": "acc16", "x-sentinel": "sunspec"},
        {"type": "int32", "x-sentinel": "sunspec"},
    ]
    picked = data.draw(st.lists(st.sampled_from(kinds), min_size=1, max_size=8))
    points = [
        f"{{name: p{i}, "
        + ", ".join(f"{key}: {value}" for key, value in kind.items())
        + (", x-address: 0}" * (i == 0) or "}")
        for i, kind in enumerate(picked)
    ]
    count = data.draw(st.sampled_from([1, 3, SHORTEST_RUN + 5]))
    text = f"{HEAD}group: {{name: g, groups: [{{name: r, count: {count}, points: [{', '.join(points)}]}}]}}\n"
    layout = flatten(parse_map(text, "t.yaml"))
    codec = Codec(layout, layout.address)
    random = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    for lot in codec.lots:
        pos = np.flatnonzero(random.random(len(lot)) < data.draw(st.sampled_from([0.3, 1.0])))
        raw = random.choice(np.array([0, 3, 7, 0xFFFF, 0x8000_0000], np.uint64), len(pos))
        unset = random.random(len(pos)) < 0.5
        filled, taken = _sentinel_bits(raw, unset, lot, pos)
        assert (filled.tolist(), taken.tolist()) == sentinels_one_by_one(raw, unset, lot, pos)
