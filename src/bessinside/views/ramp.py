"""How fast the plant answers a set-point: rise time, and how closely it follows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bessinside.historian.basis.archive import HOUR_NS
from bessinside.views.base import FactBase
from bessinside.views.fact import Cell
from bessinside.views.found import Found, Lacking, Rows, gather, no_history, origins

SPAN_NS = 6 * HOUR_NS  # sweep by sweep; longer is much to read
LEAST = 0.2  # of the nameplate: a step that is worth measuring
WAIT_NS = 120 * 10**9  # a step is judged within two minutes


def rise(time: NDArray[np.int64], power: NDArray[np.float64], begin: float, end: float) -> float:
    """Seconds from 10 % to 90 % of the way from `begin` to `end`, on straight lines between readings; NaN if never."""
    share = (power - begin) / (end - begin)
    marks = []
    for level in (0.1, 0.9):
        above = np.flatnonzero(share >= level)
        if not len(above):
            return float("nan")
        k = int(above[0])
        if k == 0:
            marks.append(float(time[0]))
            continue
        part = (level - share[k - 1]) / (share[k] - share[k - 1])
        marks.append(float(time[k - 1]) + part * float(time[k] - time[k - 1]))
    return (marks[1] - marks[0]) / 1e9


def time(of: FactBase) -> Found:
    """Slowest rise of the last six hours of the span, s, with every step as a row."""
    evidence = of.evidence
    past = evidence.archive()
    wanted, power, (rated, one) = gather(
        lambda: evidence.carried("pcs.active_power_setpoint"),
        lambda: evidence.carried("pcs.active_power"),
        evidence.rated_power,
    )
    start = max(evidence.start_ns, evidence.end_ns - SPAN_NS)
    least = LEAST * rated / len(power)
    rows: list[list[Cell]] = []
    for set_id, is_id, part in zip(wanted.ids, power.ids, power.parts, strict=True):
        target, actual = past.series(set_id, start, evidence.end_ns), past.series(is_id, start, evidence.end_ns)
        at, level = target.time[target.good], target.value[target.good]
        seen, watts = actual.time[actual.good], actual.value[actual.good]
        for k in np.flatnonzero(np.abs(np.diff(level)) >= least):
            begin = int(at[k])
            until = min(
                begin + WAIT_NS, int(at[k + 2]) if k + 2 < len(at) and level[k + 2] != level[k + 1] else begin + WAIT_NS
            )
            inside = (seen >= begin) & (seen <= until)
            if inside.sum() < 3:
                continue
            first, goal = float(watts[inside][0]), float(level[k + 1])
            if abs(goal - first) < least:
                continue
            rows.append([begin / 1e6, part, float(level[k]), goal, rise(seen[inside], watts[inside], first, goal)])
    if not rows:
        raise Lacking(no_history(f"no set-point moved by {least / 1e3:,.0f} kW or more in the last six hours"))
    found = np.array([float(row[4] or np.nan) for row in rows])
    origin = origins(evidence.spanned(wanted.ids, "W"), evidence.spanned(power.ids, "W"), (one,))
    never = int((~np.isfinite(found)).sum())
    note = f"{len(rows)} steps" + (f", {never} of which did not reach 90 % within two minutes" if never else "")
    columns = (("time", "ms"), ("part", ""), ("from", "W"), ("to", "W"), ("rise", "s"))
    value = float(np.nanmax(found)) if never < len(found) else float("nan")
    period = float(max(evidence.binding.locate(index)[0].device.every_s for index in _indices(of, power.ids)))
    if value < 2 * period:  # between two readings it may have been anything
        words = f"below {2 * period:g} s"
        note = f"{note}; the converters are read every {period:g} s: a finer ramp cannot be seen"
        return Found(text=words, origin=origin, note=note, spanned=True, table=Rows(columns, rows, most=60))
    return Found(
        value, origin, note=note, quality="partly" if never else "", spanned=True, table=Rows(columns, rows, most=60)
    )


def _indices(of: FactBase, names: Sequence[str]) -> list[int]:
    found = [of.evidence.binding.find(name) for name in names]
    return [index for index in found if index is not None]


def tracking(of: FactBase) -> Found:
    """Mean distance of power from set-point over the span, W, all converters."""
    evidence = of.evidence
    (wanted, at, target, _), (power, seen, actual, _) = gather(
        lambda: evidence.aligned("pcs.active_power_setpoint"), lambda: evidence.aligned("pcs.active_power")
    )
    both, a, b = np.intersect1d(at, seen, return_indices=True)
    if not len(both) or target.shape[1] != actual.shape[1]:
        raise Lacking(no_history("set-point and power were never recorded together in this span"))
    apart = np.abs(actual[b] - target[a]).sum(axis=1)
    apart = apart[np.isfinite(apart)]
    if not len(apart):
        raise Lacking(no_history("set-point and power were never good together in this span"))
    origin = origins(evidence.spanned(wanted.ids, "W"), evidence.spanned(power.ids, "W"))
    return Found(float(apart.mean()), origin, spanned=True)


def deviation_now(of: FactBase) -> Found:
    """Power of all converters less their set-points now, W."""
    wanted, power = gather(
        lambda: of.evidence.carried("pcs.active_power_setpoint").whole(),
        lambda: of.evidence.carried("pcs.active_power").whole(),
    )
    return Found(float(power.value.sum() - wanted.value.sum()), origins(wanted.origin(), power.origin()))
