"""Points that are decoded by the same steps, gathered into lots.

Contiguous (or evenly spaced) points of one recipe become a run: slices and scalars. The rest is pooled by wire format:
index arrays and one recipe per point. Both are decoded by the same code, because NumPy takes a slice or an index array
in the same place.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bessinside.registers.layout import Layout
from bessinside.registers.point import Point

RAW: dict[int, np.dtype[Any]] = {1: np.dtype(np.uint16), 2: np.dtype(np.uint32), 4: np.dtype(np.uint64)}

# A run costs about six NumPy calls, a pooled point about fifteen nanoseconds.
SHORTEST_RUN = 256

Selector = slice | NDArray[np.intp]
Scalars = NDArray[np.float64] | float | None


class Format(NamedTuple):
    """How words become a number."""

    words: int
    kind: str
    masked: bool
    bcd: bool
    scaled: bool  # the scale factor stands in a register


class Recipe(NamedTuple):
    """All that decides the value of a point, apart from where its words are."""

    form: Format
    low_first: bool
    num: float
    den: float
    add: float
    mask: int
    shift: int
    bits: int
    sentinel: tuple[int, ...]
    counter: bool
    sf_at: int


@dataclass(frozen=True, slots=True)
class Lot:
    """m points decoded together: value = number * num / den + add.

    ``index`` intp[m] are the points, ``at`` intp[words, m] their words, most significant first; ``out`` and ``take``
    are the same as slices where they can be. A run compares all its points with ``sentinels``; a pool compares position
    ``sentinel_of[k]`` with ``sentinel[k]``. ``low`` and ``high`` are the ends of what the registers can hold.
    """

    form: Format
    index: NDArray[np.intp]
    at: NDArray[np.intp]
    out: Selector
    take: tuple[Selector, ...]
    num: Scalars
    den: Scalars
    add: Scalars
    mask: NDArray[np.unsignedinteger[Any]]
    shift: NDArray[np.unsignedinteger[Any]]
    bits: NDArray[np.int64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    sentinels: tuple[int, ...]
    sentinel_of: NDArray[np.intp]
    sentinel: NDArray[np.unsignedinteger[Any]]
    counter: NDArray[np.bool_]
    sf_at: NDArray[np.intp] | int

    def __len__(self) -> int:
        return len(self.index)


def fraction(sf: int, factor: float) -> tuple[float, float]:
    """``10**sf * factor`` as numerator and denominator, so that a decimal value is one division and rounds once."""
    exact = Fraction(factor).limit_denominator(10**9)
    if float(exact) != factor:
        return float(10 ** max(sf, 0)) * factor, float(10 ** max(-sf, 0))
    exact *= Fraction(10) ** sf
    return float(exact.numerator), float(exact.denominator)


def recipe(point: Point, factor: float, sf_at: int | None) -> Recipe:
    """The recipe of a numeric point; ``sf_at`` is the word of its scale factor, -1 if not carried, None without one."""
    num, den = fraction(0 if isinstance(point.sf, str) else point.sf, factor)
    add = point.sign * point.offset * factor
    # The sign goes where a pass over the values is needed anyway.
    num, den = (num, den * point.sign) if num == 1.0 else (num * point.sign, den)
    form = Format(point.words, point.wire_type.kind, point.mask is not None, point.bcd, sf_at is not None)
    full = (1 << 16 * point.words) - 1
    mask = full if point.mask is None else point.mask
    counter = point.type.startswith("acc")
    return Recipe(
        form, point.low_first and point.words > 1, num, den, add, mask, point.shift, point.bits, point.sentinel,
        counter, -2 if sf_at is None else sf_at,
    )  # fmt: skip


def ends(r: Recipe) -> tuple[float, float]:
    """The lowest and the highest number that the bits of a point can hold."""
    if r.form.kind == "float":
        largest = float(np.finfo(f"f{2 * r.form.words}").max)
        return -largest, largest
    signed = r.form.kind == "int"
    top = 10.0 ** (r.bits // 4) if r.form.bcd else 2.0 ** (r.bits - signed)
    # Near 2**64 doubles are 2048 apart.
    return -top if signed else 0.0, float(np.nextafter(top, 0.0)) if r.bits > 53 else top - 1.0


def cut(lot: Lot, pos: NDArray[np.intp]) -> Lot:
    """The points of a pooled lot that stand at ``pos``, as a lot of their own."""
    place = np.full(len(lot), -1, np.intp)
    place[pos] = np.arange(len(pos))
    kept = place[lot.sentinel_of] >= 0

    def column(values: Any) -> Any:
        return values[pos] if isinstance(values, np.ndarray) else values

    return Lot(
        lot.form, lot.index[pos], lot.at[:, pos], lot.index[pos], tuple(lot.at[:, pos]), column(lot.num),
        column(lot.den), column(lot.add), lot.mask[pos], lot.shift[pos], lot.bits[pos], lot.low[pos], lot.high[pos],
        lot.sentinels, place[lot.sentinel_of[kept]], lot.sentinel[kept], lot.counter[pos], column(lot.sf_at),
    )  # fmt: skip


def build_lots(
    layout: Layout, offset: NDArray[np.int32], factor: NDArray[np.float64], *, runs: bool = True
) -> list[Lot]:
    """All carried numeric points in lots; those with a scale factor of their own in a register last.

    Without ``runs`` all points of one wire format are one lot.
    """
    recipes: dict[tuple[int, float, int], Recipe] = {}
    members: defaultdict[Recipe, list[int]] = defaultdict(list)
    points, sf_points = layout.point.tolist(), layout.sf_point.tolist()
    offsets = offset.tolist()
    for i, (p, f, sf, at) in enumerate(zip(points, factor.tolist(), sf_points, offsets, strict=True)):
        if at < 0 or not layout.points[p].wire_type.numeric:
            continue
        sf_at = offsets[sf] if sf >= 0 else -2
        key = (p, f, sf_at)
        if key not in recipes:
            recipes[key] = recipe(layout.points[p], f, None if sf_at == -2 else sf_at)
        members[recipes[key]].append(i)
    lots: list[Lot] = []
    pool: defaultdict[Format, list[tuple[Recipe, NDArray[np.intp]]]] = defaultdict(list)
    for common, indices in members.items():
        rest = np.array(indices, np.intp)
        if runs:
            found, rest = _runs(rest, offset)
            lots += [_lot([(common, run)], offset, run=True) for run in found]
        if rest.size:
            pool[common.form].append((common, rest))
    lots += [_lot(parts, offset, run=False) for parts in pool.values()]
    return sorted(lots, key=lambda lot: lot.form.scaled)


def _runs(index: NDArray[np.intp], offset: NDArray[np.int32]) -> tuple[list[NDArray[np.intp]], NDArray[np.intp]]:
    """Splits points of one recipe into evenly spaced runs and the rest."""
    if len(index) < SHORTEST_RUN:
        return [], index
    step = np.column_stack([np.diff(index), np.diff(offset[index].astype(np.intp))])
    turns = np.flatnonzero(np.any(np.diff(step, axis=0) != 0, axis=1)) + 1
    runs: list[NDArray[np.intp]] = []
    free = np.ones(len(index), np.bool_)
    for begin, end in zip([0, *turns.tolist()], [*turns.tolist(), len(step)], strict=True):
        start = begin if free[begin] else begin + 1
        if end + 1 - start >= SHORTEST_RUN and step[begin, 1] > 0:
            runs.append(index[start : end + 1])
            free[start : end + 1] = False
    return runs, index[free]


def _evenly(places: NDArray[np.intp]) -> slice:
    step = int(places[1] - places[0])
    return slice(int(places[0]), int(places[-1]) + 1, step)


def _lot(parts: Sequence[tuple[Recipe, NDArray[np.intp]]], offset: NDArray[np.int32], *, run: bool) -> Lot:
    form = parts[0][0].form
    index = np.concatenate([indices for _, indices in parts])
    order = np.argsort(index, kind="stable")
    of = np.repeat(np.arange(len(parts)), [len(indices) for _, indices in parts])[order]
    index = index[order]
    recipes = [r for r, _ in parts]

    low = np.array([r.low_first for r in recipes])[of]
    ranks = np.arange(form.words)[:, None]
    at = offset[index].astype(np.intp) + np.where(low, form.words - 1 - ranks, ranks)
    num, den, add = (np.array(column, np.float64)[of] for column in zip(*(r[2:5] for r in recipes), strict=True))
    counted = [(k, s) for k, o in enumerate(of.tolist()) for s in recipes[o].sentinel] if not run else []
    sf_at = np.array([r.sf_at for r in recipes], np.intp)[of]
    return Lot(
        form,
        index,
        at,
        _evenly(index) if run else index,
        tuple(_evenly(row) if run else row for row in at),
        _shared(num, 1.0, run),
        _shared(den, 1.0, run),
        _shared(add, 0.0, run),
        np.array([r.mask for r in recipes], RAW[form.words])[of],
        np.array([r.shift for r in recipes], RAW[form.words])[of],
        np.array([r.bits for r in recipes], np.int64)[of],
        np.array([ends(r)[0] for r in recipes], np.float64)[of],
        np.array([ends(r)[1] for r in recipes], np.float64)[of],
        recipes[0].sentinel if run else (),
        np.array([k for k, _ in counted], np.intp),
        np.array([s for _, s in counted], RAW[form.words]),
        np.array([r.counter for r in recipes])[of],
        int(sf_at[0]) if run else sf_at,
    )


def _shared(column: NDArray[np.float64], neutral: float, run: bool) -> Scalars:
    if np.all(column == neutral):
        return None
    return np.float64(column[0]) if run else column
