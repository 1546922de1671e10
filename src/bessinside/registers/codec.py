"""Words to values and back, a whole device at once.

    value = sign * ((raw * 10**sf + offset) * factor)

computed as ``number * num / den + add`` with sign and unit factor folded in, so that a decimal value is rounded once.
States: 0 read, 1 not implemented (sentinel), 2 scale factor not implemented or invalid, 3 not a number (NaN, infinity,
a digit above 9), 4 no words. A value is NaN wherever its state is not 0, and for text, whose state is 0.
"""

from __future__ import annotations

from copy import copy
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bessinside.errors import BessError
from bessinside.registers import texts
from bessinside.registers.explain import Step, explain
from bessinside.registers.layout import Layout
from bessinside.registers.lots import RAW, Lot, Scalars, build_lots, cut, recipe

OK, SENTINEL, BAD_SCALE, NOT_A_NUMBER, NO_WORDS = range(5)

Floats = NDArray[np.float64]
Words = NDArray[np.uint16]
Raw = NDArray[np.unsignedinteger[Any]]
Pos = NDArray[np.intp] | slice
ALL = slice(None)

_SIGNED: dict[int, np.dtype[Any]] = {1: np.dtype(np.int16), 2: np.dtype(np.int32), 4: np.dtype(np.int64)}
_FLOAT: dict[int, np.dtype[Any]] = {2: np.dtype(np.float32), 4: np.dtype(np.float64)}
_LARGEST_SF = 10
_UP = np.array([10.0 ** max(e, 0) for e in range(-_LARGEST_SF, _LARGEST_SF + 1)])
_DOWN = _UP[::-1].copy()


class EncodeError(BessError):
    """A value does not fit its register. ``name`` is the point's, ``fits`` says what would."""

    def __init__(self, device: str, name: str, value: float, fits: str) -> None:
        super().__init__(f"{device}: {name}: {value!r} does not fit; {fits}")
        self.name, self.value, self.fits = name, value, fits


class Codec:
    """Decodes and encodes the points of a layout in a word image of one device.

    ``offset`` int32[n] is the word where each point begins in the image, -1 where it is not carried; ``factor``
    float64[n] turns a value in the map's ``units`` into the unit wanted. Holds no state between calls.
    """

    def __init__(self, layout: Layout, offset: NDArray[np.int32], factor: Floats | None = None) -> None:
        n = len(layout)
        self.layout = layout
        self.offset = np.asarray(offset, np.int32)
        self.factor = np.ones(n) if factor is None else np.asarray(factor, np.float64)
        if self.offset.shape != (n,) or self.factor.shape != (n,):
            raise ValueError(f"expected offset and factor of shape ({n},), one per point")
        carried = self.offset >= 0
        self.size = int((self.offset + layout.words)[carried].max(initial=0))
        self.lots = build_lots(layout, self.offset, self.factor)
        self._state = np.where(carried, OK, NO_WORDS).astype(np.uint8)
        numeric = np.array([p.wire_type.numeric for p in layout.points], np.bool_)[layout.point]
        self._blank = np.flatnonzero(~(numeric & carried))

    def decode(self, words: Words, out_values: Floats, out_state: NDArray[np.uint8]) -> None:
        """Writes float64[n] values and uint8[n] states read from ``words`` uint16[W], native or big-endian."""
        words = self._native(words)
        out_state[:] = self._state
        if self._blank.size:
            out_values[self._blank] = np.nan
        for lot in self.lots:
            _decode(lot, words, out_values, out_state)

    def encode(
        self, values: Floats, words: Words, which: NDArray[np.bool_] | None = None, *, nearest: bool = False
    ) -> None:
        """Writes float64[n] values into ``words`` in place: every numeric point, or those that bool[n] ``which`` names.

        NaN writes the sentinel. Raises :class:`EncodeError` before anything is written where a value does not fit.
        With ``nearest`` it is as in an instrument: such a value becomes the nearest that the register can show, and NaN
        leaves a register without a sentinel as it is.
        """
        if which is not None and np.any(which[self._blank]):
            i = int(self._blank[np.flatnonzero(which[self._blank])[0]])
            raise EncodeError(self.layout.map.id, self.layout.name(i), float(values[i]), "it is text, or not carried")
        work = self._native(words).copy()
        for lot in self.lots:
            pos = ALL if which is None else np.flatnonzero(which[lot.index])
            if isinstance(pos, slice) or pos.size:
                self._encode(lot, pos, values, work, nearest)
        words[:] = work

    def writer(self, which: NDArray[np.bool_]) -> Codec:
        """A codec for writing the numeric points that bool[n] ``which`` names again and again: nothing is looked up."""
        found = copy(self)
        pools = build_lots(self.layout, self.offset, self.factor, runs=False)
        chosen = [(lot, np.flatnonzero(which[lot.index])) for lot in pools]
        found.lots = [cut(lot, pos) for lot, pos in chosen if pos.size]
        return found

    def raw(self, i: int, words: Words) -> tuple[int, ...]:
        """The words of point ``i``, in the order of the wire; empty if it is not carried."""
        at = int(self.offset[i])
        return () if at < 0 else tuple(int(w) for w in words[at : at + int(self.layout.words[i])])

    def text(self, i: int, words: Words) -> str:
        """The text of point ``i`` of a text type; empty where it is not implemented or not carried."""
        return texts.read(self.layout.definition(i), self.raw(i, words))

    def write_text(self, i: int, text: str, words: Words) -> None:
        """Writes the text of point ``i`` in place. Raises :class:`EncodeError` if it is too long or not of the type."""
        point, at = self.layout.definition(i), int(self.offset[i])
        try:
            if at < 0:
                raise ValueError("it is not carried")
            words[at : at + point.words] = texts.write(point, text)
        except ValueError as error:
            raise EncodeError(self.layout.map.id, self.layout.name(i), float("nan"), f"{text!r}: {error}") from error

    def exponent(self, i: int, words: Words | None) -> int | None:
        """The power of ten of point ``i``; None where a register should carry it and does not, or ``words`` is None."""
        sf = self.layout.definition(i).sf
        if isinstance(sf, int):
            return sf
        carrier = int(self.layout.sf_point[i])
        at = int(self.offset[carrier]) if carrier >= 0 else -1
        if at < 0 or words is None:
            return None
        value = int(words[at])
        value -= (value & 0x8000) << 1
        return value if abs(value) <= _LARGEST_SF else None

    def quantum(self, i: int, words: Words | None = None) -> float:
        """The smallest step of point ``i``, in the unit wanted.

        NaN where it cannot be said: text, a scale factor without its register, a float without ``words`` (its step is
        the distance to the next number it can hold).
        """
        point, exponent = self.layout.definition(i), self.exponent(i, words)
        if exponent is None or not point.wire_type.numeric:
            return float("nan")
        step = 1.0
        if point.wire_type.kind == "float":
            if words is None or self.offset[i] < 0:
                return float("nan")
            raw = self.raw(i, words)
            bits = np.array(raw if point.low_first else raw[::-1], "<u2")
            with np.errstate(over="ignore"):
                step = abs(float(np.spacing(bits.view(_FLOAT[point.words].newbyteorder("<"))[0])))
        return step * 10.0**exponent * float(self.factor[i])

    def steps(self, i: int, words: Words) -> list[Step]:
        """How the words of point ``i`` become its value, step by step, for its passport."""
        return explain(self.layout.definition(i), self.raw(i, words), self.exponent(i, words), float(self.factor[i]))

    def _native(self, words: Words) -> Words:
        if words.shape[0] < self.size:
            raise ValueError(f"expected an image of at least {self.size} words, found {words.shape[0]}")
        return words if words.dtype.isnative else words.astype(np.uint16)

    def _encode(self, lot: Lot, pos: Pos, values: Floats, work: Words, nearest: bool) -> None:
        index = lot.index[pos]
        value = values[index]
        num, den, valid = scale(lot, work, pos)
        if valid is not None and not np.all(valid):
            self._refuse(int(index[np.flatnonzero(~valid)[0]]), values, "write its scale factor (-10 to 10) first")
        with np.errstate(over="ignore", invalid="ignore"):
            number = (value - _at(lot.add, pos, 0.0)) * den / num
        unset = np.isnan(value)
        if nearest:
            number = np.clip(number, lot.low[pos], lot.high[pos])
        raw, fits = _bits(number, lot, pos)
        raw, taken = _sentinel_bits(raw, unset, lot, pos)
        if nearest and taken.any():
            step = np.maximum(1.0, np.spacing(np.abs(number)))
            number = number + np.where(taken, np.where(number > 0.0, -step, step), 0.0)
            raw, fits = _bits(number, lot, pos)
            raw, taken = _sentinel_bits(raw, unset, lot, pos)
            kept = ~(unset & taken)
            pos = np.arange(len(lot))[pos][kept]
            index, raw = index[kept], raw[kept]
            unset, fits, taken = unset[kept], fits[kept], taken[kept]
        bad = np.flatnonzero(np.where(unset, taken, ~fits | taken))
        if bad.size:
            i = int(index[bad[0]])
            self._refuse(i, values, self._fits(i, work, bool(unset[bad[0]]), bool(fits[bad[0]])))
        _place(raw, lot, pos, work)

    def _fits(self, i: int, work: Words, unset: bool, in_range: bool) -> str:
        point, exponent = self.layout.definition(i), self.exponent(i, work)
        if unset:
            return "the point has no value for 'not implemented'"
        if in_range:
            return "its raw number is the device's sign for 'not implemented'"
        if point.wire_type.kind == "float":
            return f"expected a finite number that {point.type} can hold"
        signed = point.wire_type.kind == "int"
        low, high = (-(1 << point.bits - 1), (1 << point.bits - 1) - 1) if signed else (0, (1 << point.bits) - 1)
        if point.bcd:
            high = 10 ** (point.bits // 4) - 1
        r = recipe(point, float(self.factor[i]), None)
        scale = 10.0 ** (exponent or 0) if isinstance(point.sf, str) else 1.0
        ends = sorted(raw * scale * r.num / r.den + r.add for raw in (low, high))
        return f"expected {ends[0]:.10g} to {ends[1]:.10g} (raw {low} to {high})"

    def _refuse(self, i: int, values: Floats, fits: str) -> None:
        raise EncodeError(self.layout.map.id, self.layout.name(i), float(values[i]), fits)


def _decode(lot: Lot, words: Words, values: Floats, state: NDArray[np.uint8]) -> None:
    raw: Raw = words[lot.take[0]]
    for rest in lot.take[1:]:
        wide: Raw = raw.astype(RAW[lot.form.words], copy=False)
        raw = (wide << wide.dtype.type(16)) | words[rest]
    if lot.form.masked:
        raw = (raw & lot.mask) >> lot.shift
    out = values[lot.out] if isinstance(lot.out, slice) else np.empty(len(lot))
    number, bad = _number(lot, raw)
    num, den, valid = scale(lot, words)
    if lot.form.kind == "float":
        # A signalling NaN is data here, not an accident of the arithmetic.
        with np.errstate(invalid="ignore", over="ignore"):
            _affine(number, num, den, lot.add, out)
        bad = ~np.isfinite(out)
    else:
        _affine(number, num, den, lot.add, out)
    if bad is not None and bad.any():
        _mark(lot, np.flatnonzero(bad), NOT_A_NUMBER, out, state)
    if valid is not None and not np.all(valid):
        _mark(lot, np.flatnonzero(np.broadcast_to(~valid, len(lot))), BAD_SCALE, out, state)
    for sentinel in lot.sentinels:
        missing = raw == RAW[lot.form.words].type(sentinel)
        if missing.any():
            _mark(lot, np.flatnonzero(missing), SENTINEL, out, state)
    if lot.sentinel_of.size:
        missing = raw[lot.sentinel_of] == lot.sentinel
        if missing.any():
            _mark(lot, lot.sentinel_of[missing], SENTINEL, out, state)
    if not isinstance(lot.out, slice):
        values[lot.out] = out


def _affine(number: NDArray[Any], num: Any, den: Any, add: Scalars, out: Floats) -> None:
    """``number * num / den + add`` into ``out``; None is left out."""
    if num is not None:
        number = np.multiply(number, num, out=out)
    if den is not None:
        number = np.divide(number, den, out=out)
    if number is not out:
        np.copyto(out, number)
    if add is not None:
        out += add


def _mark(lot: Lot, pos: Pos, code: int, out: Floats, state: NDArray[np.uint8]) -> None:
    out[pos] = np.nan
    state[lot.index[pos]] = code


def _number(lot: Lot, raw: Raw) -> tuple[NDArray[Any], NDArray[np.bool_] | None]:
    """The raw bits as numbers, and where they are none."""
    form = lot.form
    if form.kind == "float":
        return raw.view(_FLOAT[form.words]), None
    if form.bcd:
        number, bad = np.zeros(len(lot)), np.zeros(len(lot), np.bool_)
        for digit in range(form.words * 4 - 1, -1, -1):
            nibble = (raw >> RAW[form.words].type(4 * digit)) & 0xF
            bad |= nibble > 9
            number = number * 10 + nibble
        return number, bad
    if form.kind == "uint":
        return raw, None
    if form.masked:
        top = np.int64(1) << (lot.bits - 1)
        return (raw.astype(np.int64) ^ top) - top, None
    return raw.view(_SIGNED[form.words]), None


def scale(lot: Lot, words: Words, pos: Pos | None = None) -> tuple[Any, Any, Any]:
    """Numerator and denominator (None where 1, if decoding), and where the scale factor is valid (None: everywhere)."""
    if not lot.form.scaled:
        return (lot.num, lot.den, None) if pos is None else (_at(lot.num, pos, 1.0), _at(lot.den, pos, 1.0), None)
    at = lot.sf_at if pos is None or isinstance(lot.sf_at, int) else lot.sf_at[pos]
    exponent = words[at].astype(np.int16)
    valid = (np.abs(exponent.astype(np.int32)) <= _LARGEST_SF) & (np.asarray(at) >= 0)
    step = np.where(valid, exponent, 0) + _LARGEST_SF
    num, den = (lot.num, lot.den) if pos is None else (_at(lot.num, pos, None), _at(lot.den, pos, None))
    up, down = _UP[step], _DOWN[step]
    return up if num is None else up * num, down if den is None else down * den, valid


def _at(column: Scalars, pos: Pos, neutral: float | None) -> Any:
    if column is None:
        return neutral
    return column[pos] if isinstance(column, np.ndarray) else column


def _bits(number: Floats, lot: Lot, pos: Pos) -> tuple[NDArray[np.uint64], NDArray[np.bool_]]:
    return _float_bits(number, lot.form.words) if lot.form.kind == "float" else _integer_bits(number, lot, pos)


def _integer_bits(number: Floats, lot: Lot, pos: Pos) -> tuple[NDArray[np.uint64], NDArray[np.bool_]]:
    whole = np.rint(number)
    fits = (whole >= lot.low[pos]) & (whole <= lot.high[pos])
    if lot.form.kind == "int":
        raw = np.where(fits, whole, 0).astype(np.int64).view(np.uint64)
        raw &= np.uint64(0xFFFF_FFFF_FFFF_FFFF) >> (64 - lot.bits[pos]).astype(np.uint64)
    else:
        raw = np.where(fits, whole, 0).astype(np.uint64)
    if lot.form.bcd:
        packed = np.zeros_like(raw)
        for digit in range(lot.form.words * 4):
            packed |= (raw % np.uint64(10)) << np.uint64(4 * digit)
            raw = raw // np.uint64(10)
        raw = packed
    if lot.form.masked:
        shift = lot.shift[pos].astype(np.uint64)
        fits &= (raw << shift) & ~lot.mask[pos].astype(np.uint64) == 0
    return raw, fits


def _float_bits(number: Floats, words: int) -> tuple[NDArray[np.uint64], NDArray[np.bool_]]:
    with np.errstate(over="ignore"):
        narrow = np.ascontiguousarray(number, np.float64).astype(_FLOAT[words])
    return narrow.view(RAW[words]).astype(np.uint64), np.isfinite(narrow)


def _sentinel_bits(
    raw: NDArray[np.uint64], unset: NDArray[np.bool_], lot: Lot, pos: Pos
) -> tuple[NDArray[np.uint64], NDArray[np.bool_]]:
    """Puts the sentinel where a value is unset; tells where none exists, or where a value would read as one.

    A counter (acc) at zero is written as zero: SunSpec gives it the same bits as 'not implemented' and means both.
    """
    many = len(raw)
    # The first sentinel of a point is the one written: it comes last, where one place is assigned several times.
    own, sentinel = lot.sentinel_of[::-1], lot.sentinel[::-1].astype(np.uint64)
    if not isinstance(pos, slice):
        place = np.full(len(lot), -1, np.intp)
        place[pos] = np.arange(many)
        own = place[own]
        own, sentinel = own[own >= 0], sentinel[own >= 0]
    where = np.concatenate([np.tile(np.arange(many), len(lot.sentinels)), own])
    sentinel = np.concatenate([np.repeat(np.array(lot.sentinels[::-1], np.uint64), many), sentinel])
    missing = unset[where]
    taken, filled = unset.copy(), raw.copy()
    taken[where[missing]] = False
    filled[where[missing]] = sentinel[missing]
    taken[where[~missing & (raw[where] == sentinel) & ~lot.counter[pos][where]]] = True
    return filled, taken


def _place(raw: NDArray[np.uint64], lot: Lot, pos: Pos, work: Words) -> None:
    if lot.form.masked:
        raw = raw << lot.shift[pos].astype(np.uint64)
    for rank in range(lot.form.words):
        down = np.uint64(16 * (lot.form.words - 1 - rank))
        word = ((raw >> down) & np.uint64(0xFFFF)).astype(np.uint16)
        at = lot.at[rank][pos]
        if not lot.form.masked:
            work[at] = word
            continue
        # Several fields may share a register: each must leave its neighbours alone.
        field = ((lot.mask[pos].astype(np.uint64) >> down) & np.uint64(0xFFFF)).astype(np.uint16)
        np.bitwise_and.at(work, at, ~field)
        np.bitwise_or.at(work, at, word)
