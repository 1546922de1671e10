"""Technical availability from states: the share of time in which converters had no fault and racks were connected."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bessinside.views.base import FactBase
from bessinside.views.fact import Cell, Missing, Origin
from bessinside.views.found import Found, Lacking, Rows, gather, no_history, no_register, origins
from bessinside.views.states import FAULT, OPEN, says

FAULTS = ("pcs.state_fault", "pcs.state", "container.pcs_state")
CONTACTORS = ("rack.relay_positive", "rack.connection_state")


@dataclass(frozen=True, slots=True, eq=False)
class Served:
    """share: float64[n, converters] of each converter's power that could be served in each step, NaN where not known;
    parts: its converters; step_h: length of a step; missing: what was left out."""

    share: NDArray[np.float64]
    parts: tuple[str, ...]
    step_h: float
    origin: tuple[Origin, ...]
    missing: tuple[Missing, ...]


def availability(share: NDArray[np.float64]) -> float:
    """A = Σ served / Σ known over all steps and converters; a step that nobody knows counts for neither."""
    known = np.isfinite(share)
    return float(np.nansum(share) / known.sum()) if known.any() else float("nan")


def technical(of: FactBase) -> Found:
    """%, weighted by power; time without readings is left out and stated."""
    found = served(of)
    value = availability(found.share)
    if not np.isfinite(value):
        raise Lacking(no_history("no state was recorded in this span"))
    known = np.isfinite(found.share)
    hours = of.evidence.hours
    seen = known.sum(axis=0) * found.step_h
    rows: list[list[Cell]] = [
        [part, 100 * availability(found.share[:, [k]]), float(np.nansum(1 - found.share[:, k])) * found.step_h,
         max(hours - float(seen[k]), 0.0)]
        for k, part in enumerate(found.parts)
    ]  # fmt: skip
    unknown = max(0.0, 1 - float(seen.mean()) / hours)
    note = f"{100 * unknown:.1f} % of the time is not known and counts for neither"
    columns = (("part", ""), ("available", "%"), ("hours_out", "h"), ("hours_unknown", "h"))
    mark = "partly" if unknown > 0.02 else ""
    table = Rows(columns, rows)
    return Found(100 * value, found.origin, note=note, quality=mark, spanned=True, table=table, missing=found.missing)


def served(of: FactBase) -> Served:
    """What share of each converter could be served, step by step."""
    evidence = of.evidence
    metric = next((one for one in FAULTS if evidence.carries(one)), None)
    if metric is None:
        raise Lacking(no_register(*FAULTS))
    found, rows = evidence.tracks(metric)
    every = np.unique(np.concatenate([row.time for row in rows]))
    share = np.full((len(every), len(rows)), np.nan)
    for k, (name, row) in enumerate(zip(found.ids, rows, strict=True)):
        at = np.searchsorted(every, row.time)  # lowest and highest code of the step: half of it where they differ
        ends = [
            says(evidence.binding, name, np.where(row.count > 0, one, np.nan), FAULT) for one in (row.low, row.high)
        ]
        share[at, k] = 1 - np.mean(ends, axis=0)
    origin = evidence.spanned(found.ids, "code")
    missing: tuple[Missing, ...] = (no_register(*CONTACTORS),)
    contactor = next((one for one in CONTACTORS if evidence.carries(one)), None)
    if contactor is not None:
        try:
            share, more = _connected(of, contactor, found.parts, every, share)
            origin, missing = origins(origin, more), ()
        except Lacking as error:
            missing = error.missing
    return Served(share, found.parts, max(row.step_ns for row in rows) / 3.6e12, origin, missing)


def _connected(
    of: FactBase, metric: str, converters: tuple[str, ...], every: NDArray[np.int64], share: NDArray[np.float64]
) -> tuple[NDArray[np.float64], tuple[Origin, ...]]:
    """The same times the share of racks on each converter's bus whose contactor is closed."""
    evidence = of.evidence
    racks, rows = evidence.tracks(metric)
    closed = np.full((len(every), len(rows)), np.nan)
    for k, (name, row) in enumerate(zip(racks.ids, rows, strict=True)):
        at = np.searchsorted(every, row.time)
        inside = (at < len(every)) & (every[np.minimum(at, len(every) - 1)] == row.time)
        ends = [says(evidence.binding, name, np.where(row.count > 0, one, np.nan), OPEN) for one in (row.low, row.high)]
        closed[at[inside], k] = (1 - np.mean(ends, axis=0))[inside]
    out = share.copy()
    for k, part in enumerate(converters):
        mine = [
            racks.parts.index(rack)
            for bus in evidence.binding.plant.anatomy.buses
            if bus.pcs == part
            for rack in bus.racks
            if rack in racks.parts
        ]
        if mine:
            known = np.isfinite(closed[:, mine])
            count = known.sum(axis=1)
            mean = np.divide(np.nansum(closed[:, mine], axis=1), count, out=np.ones(len(every)), where=count > 0)
            out[:, k] *= mean
    return out, evidence.spanned(racks.ids, "code")


def against_warranty(of: FactBase) -> Found:
    """Availability above what the warranty promises, percentage points."""
    (value, one), (promised, two) = gather(
        lambda: of.value("availability.technical"),
        lambda: of.evidence.number("warranty.availability_percent", "the availability that is promised"),
    )
    return Found(value - promised, origins((one, two)), spanned=True)
