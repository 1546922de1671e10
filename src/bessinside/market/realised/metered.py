"""What a plant's meter counted in each slot: differences of its counters, which gaps cannot spoil.

A slot's energy is the counter at its end less the counter at its beginning. Readings do not fall on the edges of slots,
so the counter there is laid on the straight line between the readings on both sides; where those are further apart than
`NEAR_NS` the edge is not known, its slots are left out, and what the counter did meanwhile is kept as a gap.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bessinside.historian.past.counter import modulus_of, steps_of
from bessinside.historian.past.past import Past
from bessinside.market.basis.errors import MarketError
from bessinside.market.dispatch.battery import Floats

NEAR_NS = 180 * 10**9  # a fifth of a quarter: the most that an edge may be laid between two readings
OUT, IN = "meter.energy_export", "meter.energy_import"
Times = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Counter:
    """One counter over slots. `wh` float64[n], NaN in slots that are left out; `edges` float64[n + 1] counted since the
    first reading, NaN where not known; `left_out`: sweeps that brought no good reading, of `sweeps`; `resets_ns`: the
    readings that a step back, which no rollover explains, came with.
    """

    figure: str
    wh: Floats
    edges: Floats
    sweeps: int
    left_out: int
    rollovers: int
    resets_ns: Times
    longest_gap_ns: int
    first_ns: int
    last_ns: int


@dataclass(frozen=True, slots=True)
class Gap:
    """Slots in a row that are left out. `out_wh`, `in_wh`: what was counted over all of them, None at the record's ends
    and over a reset, where nobody knows."""

    begin_ns: int
    end_ns: int
    out_wh: float | None
    in_wh: float | None


@dataclass(frozen=True, slots=True, eq=False)
class Metered:
    """Energy of each slot at the plant's meter. `start_ns` int64[n]; `out_wh`, `in_wh` float64[n], both NaN in a slot
    of which either is not known. `counters`: export and import, empty where a load curve was given."""

    start_ns: Times
    slot_ns: int
    out_wh: Floats
    in_wh: Floats
    gaps: tuple[Gap, ...]
    counters: tuple[Counter, ...] = ()
    source: str = ""

    @property
    def known(self) -> NDArray[np.bool_]:
        """bool[n], which slots were counted."""
        found: NDArray[np.bool_] = np.isfinite(self.out_wh)
        return found

    @property
    def power_w(self) -> Floats:
        """Mean power of each slot, positive out of the battery, NaN where it was not counted."""
        found: Floats = (self.out_wh - self.in_wh) * (3600e9 / self.slot_ns)
        return found


def metered(past: Past, start_ns: int, end_ns: int, slot_ns: int) -> Metered:
    """The plant's meter over the slots of [start, end). Raises MarketError where the plant has no counters of a meter,
    NothingRecorded."""
    binding = past.newest().binding
    found = []
    for metric in (OUT, IN):
        points = binding.by_part(metric)
        if not points:
            raise MarketError(f"no device of this plant carries {metric}: what its meter counted cannot be said")
        found.append(count(past, binding.ids[next(iter(points.values()))], start_ns, end_ns, slot_ns))
    out, into = found
    starts = np.arange(start_ns, end_ns, slot_ns, dtype=np.int64)
    whole = np.isfinite(out.wh) & np.isfinite(into.wh)
    gaps = _gaps(starts, slot_ns, whole, out, into)
    return Metered(
        starts, slot_ns, np.where(whole, out.wh, np.nan), np.where(whole, into.wh, np.nan), gaps, (out, into),
        "registers",
    )  # fmt: skip


def count(past: Past, figure: str, start_ns: int, end_ns: int, slot_ns: int) -> Counter:
    """One counter of a plant over the slots of [start, end). Raises UnknownFigure, NothingRecorded."""
    world = past.find(figure)
    index = world.binding.find(figure)
    if index is None:
        raise MarketError(f"{figure} is derived, not a counter of a device")
    bound, i = world.binding.locate(index)
    series = past.series(figure, start_ns - NEAR_NS, end_ns + NEAR_NS)
    modulus = modulus_of(bound.point(i), float(bound.factor[i]))
    time, value = series.time[series.good], series.value[series.good]
    inside = (series.time >= start_ns) & (series.time < end_ns)
    left_out = int(np.count_nonzero(inside & ~series.good))
    edges = np.arange(start_ns, end_ns + 1, slot_ns, dtype=np.int64)
    return laid(figure, time, value, modulus, edges, int(np.count_nonzero(inside)), left_out)


def laid(
    figure: str, time: Times, value: Floats, modulus: float | None, edges: Times, sweeps: int, left_out: int
) -> Counter:
    """Lays the good readings of a counter (int64[m] ns, float64[m] Wh, in order of time) on the edges of slots."""
    step, over, reset = steps_of(value, modulus)
    counted = np.concatenate([[0.0], np.cumsum(step)]) if len(value) else np.empty(0)
    at = np.full(len(edges), np.nan)
    after = np.searchsorted(time, edges)
    exact = after < len(time)
    exact[exact] = time[after[exact]] == edges[exact]
    at[exact] = counted[after[exact]]
    between = np.flatnonzero(~exact & (after > 0) & (after < len(time)))
    low, high = after[between] - 1, after[between]
    near = (time[high] - time[low] <= NEAR_NS) & ~reset[low]
    low, high, between = low[near], high[near], between[near]
    share = (edges[between] - time[low]) / (time[high] - time[low])
    at[between] = counted[low] + share * (counted[high] - counted[low])
    wh = np.diff(at)
    for before in np.flatnonzero(reset):  # nobody knows what was counted between the two readings
        first, last = np.searchsorted(edges, time[before], side="right") - 1, np.searchsorted(edges, time[before + 1])
        wh[max(0, first) : last] = np.nan
    inside = time[(time >= edges[0]) & (time <= edges[-1])]
    return Counter(
        figure, wh, at, sweeps, left_out, int(over.sum()), time[1:][reset],
        int(np.diff(inside).max()) if len(inside) > 1 else 0,
        int(inside[0]) if len(inside) else 0, int(inside[-1]) if len(inside) else 0,
    )  # fmt: skip


def _gaps(starts: Times, slot_ns: int, whole: NDArray[np.bool_], out: Counter, into: Counter) -> tuple[Gap, ...]:
    ends = [(int(starts[first]), int(starts[last - 1]) + slot_ns, first, last) for first, last in runs(~whole)]
    return tuple(
        Gap(begin, end, _over(out, first, last, begin, end), _over(into, first, last, begin, end))
        for begin, end, first, last in ends
    )


def _over(counter: Counter, first: int, last: int, begin_ns: int, end_ns: int) -> float | None:
    """What was counted from one edge to another, None where an edge is not known or a reset lies between."""
    found = float(counter.edges[last] - counter.edges[first])
    began_anew = ((counter.resets_ns > begin_ns) & (counter.resets_ns <= end_ns)).any()
    return None if not np.isfinite(found) or began_anew else found


def runs(mask: NDArray[np.bool_]) -> Sequence[tuple[int, int]]:
    """Where a mask holds, as (first, one after last)."""
    edge = np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8))
    return list(zip(np.flatnonzero(edge == 1).tolist(), np.flatnonzero(edge == -1).tolist(), strict=True))
