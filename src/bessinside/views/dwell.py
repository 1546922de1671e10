"""How long the battery stayed where: temperature, C-rate and state of charge, inside and outside of the warranty."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bessinside.views.base import FactBase
from bessinside.views.evidence import SOC
from bessinside.views.fact import Cell, Origin
from bessinside.views.found import Found, Lacking, Rows, gather, no_history, origins

BINS = {
    "temperature": (-40, 0, 5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 55, 60, 125),
    "c_rate": (0, 0.02, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0, 2.0, 5.0),
    "soc": (0, 5, 10, 20, 30, 40, 50, 60, 70, 80, 90, 95, 101.5),
}


def histogram(value: NDArray[np.float64], edges: Sequence[float], step_h: float) -> list[list[Cell]]:
    """Hours in each bin [edge, next): rows of words and hours; only bins from the first to the last that has some."""
    count, _ = np.histogram(value[np.isfinite(value)], np.asarray(edges))
    some = np.flatnonzero(count)
    if not len(some):
        return []
    return [[f"{edges[k]:g} – {edges[k + 1]:g}", float(count[k]) * step_h] for k in range(some[0], some[-1] + 1)]


def temperature(of: FactBase) -> Found:
    """Hours of the span outside of the warranted temperatures, h: the hottest and the coldest spot of every rack."""
    evidence = of.evidence
    (hot, _, high, step_ns), (cold, _, low, _) = gather(
        lambda: evidence.aligned("rack.temperature_max", "bus.temperature_max", "module.temperature_max"),
        lambda: evidence.aligned("rack.temperature_min", "bus.temperature_min", "module.temperature_min"),
    )
    top, bottom = np.nanmax(high, axis=1), np.nanmin(low, axis=1)
    origin = origins(evidence.spanned(hot.ids, "°C"), evidence.spanned(cold.ids, "°C"))
    ends = f"from {np.nanmin(bottom):.1f} to {np.nanmax(top):.1f} °C"
    n = min(len(top), len(bottom))
    return _outside(of, "temperature", top[:n], bottom[:n], step_ns, origin, ends, "°C")


def c_rate(of: FactBase) -> Found:
    """Hours of the span above the warranted C-rate, h: power over the nameplate's energy."""
    evidence = of.evidence
    (found, _, watts, step_ns), (rated, one) = gather(
        lambda: evidence.aligned("pcs.dc_power", "pcs.active_power", "meter.active_power"),
        evidence.rated_energy,
    )
    rate = np.abs(watts.sum(axis=1)) / rated
    rate = rate[np.isfinite(rate)]
    if not len(rate):
        raise Lacking(no_history("power was never good on all converters in this span"))
    origin = origins(evidence.spanned(found.ids, "W"), (one,))
    return _outside(of, "c_rate", rate, rate, step_ns, origin, f"up to {rate.max():.2f} C", "1/h")


def soc(of: FactBase) -> Found:
    """Hours of the span outside of the warranted window of SoC, h."""
    found, _, value, step_ns = of.evidence.aligned(*SOC)
    mean = np.nanmean(value, axis=1)
    ends = f"from {np.nanmin(mean):.1f} to {np.nanmax(mean):.1f} %"
    return _outside(of, "soc", mean, mean, step_ns, of.evidence.spanned(found.ids, "%"), ends, "%")


def _outside(
    of: FactBase, name: str, high: NDArray[np.float64], low: NDArray[np.float64], step_ns: int,
    origin: tuple[Origin, ...], ends: str, unit: str,
) -> Found:  # fmt: skip
    """Hours above or below what the warranty allows; the histogram and what is missing where it says nothing."""
    step_h = step_ns / 3.6e12
    table = Rows((("bin", unit), ("hours", "h")), histogram(high, BINS[name], step_h), "bars")
    known = float(np.isfinite(high).sum()) * step_h
    try:
        limits, stated = of.evidence.stated(f"warranty.{name}", "what the warranty allows")
    except Lacking as error:
        return Found(
            text=ends, origin=origin, note=f"{known:,.1f} h known", spanned=True, table=table, missing=error.missing
        )
    least, most = (0.0, limits) if name == "c_rate" else limits
    bad = (high > most) | (low < least)
    note = f"{ends}; allowed {least:g} to {most:g} {unit}; {known:,.1f} h known"
    return Found(float(bad.sum()) * step_h, origins(origin, (stated,)), note=note, spanned=True, table=table)
