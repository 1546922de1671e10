"""Measured capacity: the energy that the longest discharge of the span gave, brought to a full one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bessinside.views.base import FactBase
from bessinside.views.evidence import SOC
from bessinside.views.found import Found, Lacking, gather, no_history, no_register, origins

LEAST_SWING = 50.0  # % of SoC that one discharge must cover
CHARGED = 0.02  # of what is discharged may be charged between: a rest, a correction of the grid's frequency
OUT = ("pcs.dc_energy_discharged", "module.energy_discharged", "pcs.ac_energy_discharged", "meter.energy_export")
INTO = ("pcs.dc_energy_charged", "module.energy_charged", "pcs.ac_energy_charged", "meter.energy_import")


def longest_fall(soc: NDArray[np.float64], into: NDArray[np.float64], out: NDArray[np.float64]) -> tuple[int, int]:
    """Begin and end of the largest fall of SoC float64[n] in which next to nothing was charged; (0, 0) where it never
    fell. `into`, `out` float64[n]: counters."""
    best, begin = (0, 0), 0
    for end in range(1, len(soc)):
        charged, given = into[end] - into[begin], out[end] - out[begin]
        if soc[end] >= soc[begin] or charged > CHARGED * max(given, 1.0) + 0.001 * given:
            if soc[end] >= soc[begin] or soc[end] > soc[end - 1]:
                begin = end
            continue
        if soc[begin] - soc[end] > soc[best[0]] - soc[best[1]]:
            best = (begin, end)
    return best


def measured(of: FactBase) -> Found:
    """Wh that a discharge from full to empty would give, by the longest one of the span."""
    evidence = of.evidence
    metric = next((one for one in SOC if evidence.carries(one)), None)
    if metric is None:
        raise Lacking(no_register(*SOC))
    (level, at, soc, _), (given, when, out, _), (taken, then, into, _) = gather(
        lambda: evidence.aligned(metric), lambda: evidence.aligned(*OUT), lambda: evidence.aligned(*INTO)
    )
    time = np.intersect1d(np.intersect1d(at, when), then)
    rows = [value[np.searchsorted(base, time)] for base, value in ((at, soc), (when, out), (then, into))]
    columns = np.column_stack([np.nanmean(rows[0], axis=1), rows[1].sum(axis=1), rows[2].sum(axis=1)])
    columns = columns[np.isfinite(columns).all(axis=1)]
    if len(columns) < 2:
        raise Lacking(no_history("state of charge and counters were never good together in this span"))
    begin, end = longest_fall(columns[:, 0], columns[:, 2], columns[:, 1])
    swing = float(columns[begin, 0] - columns[end, 0])
    if swing < LEAST_SWING:
        raise Lacking(no_history(f"the longest discharge covers {swing:.0f} % of SoC; {LEAST_SWING:.0f} % are needed"))
    energy = float(columns[end, 1] - columns[begin, 1])
    note = (
        f"from {columns[begin, 0]:.1f} to {columns[end, 0]:.1f} %, {energy / 1e3:,.0f} kWh discharged at {given.metric}"
    )
    origin = origins(
        evidence.spanned(level.ids, "%"), evidence.spanned(given.ids, "Wh"), evidence.spanned(taken.ids, "Wh")
    )
    return Found(energy / swing * 100, origin, note=note, spanned=True)
