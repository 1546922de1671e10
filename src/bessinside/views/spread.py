"""How far cells lie apart: now, at most in the span, and whether they drift."""

from __future__ import annotations

import numpy as np

from bessinside.errors import BessError
from bessinside.historian.basis.archive import HOUR_NS
from bessinside.views.base import FactBase
from bessinside.views.carried import Carried
from bessinside.views.fact import Cell, Origin
from bessinside.views.found import Found, Lacking, Rows, gather, no_history, no_register, origins

MONTH_H = 730.5
TREND_H = 48.0  # from such a span on a trend is said
RESTING = 0.05  # of the nameplate's power


def by_rack(cells: Carried) -> dict[str, np.ndarray[tuple[int], np.dtype[np.int64]]]:
    """Which of the parts lie in which rack (container/rack)."""
    found: dict[str, list[int]] = {}
    for k, part in enumerate(cells.parts):
        found.setdefault("/".join(part.split("/")[:2]), []).append(k)
    return {rack: np.array(rows) for rack, rows in found.items()}


def now(of: FactBase) -> Found:
    """V between the highest and the lowest cell of the rack in which they lie furthest apart."""
    evidence = of.evidence
    rows: list[list[Cell]] = []
    if evidence.carries("cell.voltage"):
        cells = evidence.carried("cell.voltage")
        good = cells.some()
        for rack, at in by_rack(good).items():
            value = good.value[at]
            low, high = int(at[np.argmin(value)]), int(at[np.argmax(value)])
            rows.append([rack, float(np.ptp(value)), good.ids[low], good.ids[high]])
        mark = "partly" if len(good) < len(cells) else ""
        origin: tuple[Origin, ...] = cells.origin()
    else:
        found = evidence.carried("rack.cell_voltage_spread", "bus.cell_voltage_spread", "module.cell_voltage_spread")
        good = found.some()
        rows = [[part, float(value), None, None] for part, value in zip(good.parts, good.value, strict=True)]
        mark, origin = ("partly" if len(good) < len(found) else ""), found.origin()
    rows.sort(key=lambda row: -float(row[1] or 0))
    columns = (("part", ""), ("spread", "V"), ("lowest", ""), ("highest", ""))
    note = f"widest: {rows[0][0]}"
    return Found(float(rows[0][1] or 0), origin, note=note, quality=mark, table=Rows(columns, rows, "bars"))


def most(of: FactBase) -> Found:
    """V: the largest spread of any sweep of the span."""
    evidence = of.evidence
    if not evidence.carries("cell.voltage"):
        raise Lacking(no_register("cell.voltage"))
    try:
        found = evidence.archive().spread("cell.voltage", evidence.start_ns, evidence.end_ns, named=1)
    except BessError as error:
        raise Lacking(no_history(str(error))) from error
    if not found:
        raise Lacking(no_history("no cell voltage was good in this span"))
    top = found[0]
    rows: list[list[Cell]] = [[one.device, one.spread, one.time_ns / 1e6, one.low, one.high] for one in found]
    columns = (("device", ""), ("spread", "V"), ("time", "ms"), ("low", "V"), ("high", "V"))
    origin = evidence.spanned([top.lowest, top.highest], "V", "lowest and highest then")
    return Found(top.spread, origin, note=f"{top.lowest} and {top.highest}", spanned=True, table=Rows(columns, rows))


def trend(of: FactBase) -> Found:
    """V a month: slope of the mean spread at rest, by least squares."""
    evidence = of.evidence
    if evidence.hours < TREND_H:
        raise Lacking(no_history(f"a trend needs {TREND_H:.0f} h, the span holds {evidence.hours:.1f}"))
    (found, time, value, _), (power, seen, watts, _) = gather(
        lambda: evidence.aligned("rack.cell_voltage_spread", "bus.cell_voltage_spread", "module.cell_voltage_spread"),
        lambda: evidence.aligned("pcs.active_power", "meter.active_power"),
    )
    rated, one = evidence.rated_power()
    both, a, b = np.intersect1d(time, seen, return_indices=True)
    mean = np.nanmean(value[a], axis=1)
    rest = np.isfinite(mean) & (np.abs(watts[b].sum(axis=1)) < RESTING * rated)
    if rest.sum() < 10 or np.ptp(both[rest]) < TREND_H / 2 * HOUR_NS:
        raise Lacking(no_history("the battery rested too seldom in this span for a trend of the spread at rest"))
    hours = (both[rest] - both[rest][0]) / HOUR_NS
    slope, _ = np.polyfit(hours, mean[rest], 1)
    daily, first = np.unique(both[rest] // (24 * HOUR_NS), return_index=True)
    sums = np.add.reduceat(mean[rest], first) / np.diff(np.append(first, int(rest.sum())))
    rows: list[list[Cell]] = [[day * 24 * HOUR_NS / 1e6, float(x)] for day, x in zip(daily.tolist(), sums, strict=True)]
    origin = origins(evidence.spanned(found.ids, "V"), evidence.spanned(power.ids, "W"), (one,))
    table = Rows((("time", "ms"), ("spread", "V")), rows, "line")
    note = f"{int(rest.sum()):,} steps at rest over {np.ptp(both[rest]) / HOUR_NS:,.0f} h"
    return Found(float(slope) * MONTH_H, origin, note=note, spanned=True, table=table)
