"""What stands on the nameplate, and what the plant showed: power, energy, share of one in the other."""

from __future__ import annotations

import numpy as np

from bessinside.views.base import FactBase, Formula
from bessinside.views.evidence import Evidence
from bessinside.views.fact import Origin
from bessinside.views.found import Found, Lacking, first_of, gather, no_history, origins

QUARTER_NS = 900 * 10**9


def power(of: FactBase) -> Found:
    """W on the nameplate."""
    value, origin = of.evidence.rated_power()
    return Found(value, (origin,))


def energy(of: FactBase) -> Found:
    """Wh on the nameplate."""
    value, origin = of.evidence.rated_energy()
    return Found(value, (origin,))


def round_trip(of: FactBase) -> Found:
    """The round trip that is promised, %."""
    value, origin = first_of(
        lambda: of.evidence.number("warranty.round_trip_percent", "the round trip that is promised"),
        lambda: of.evidence.number("economics.round_trip_percent", "the round-trip efficiency"),
    )
    return Found(value, (origin,))


def highest(sign: float) -> Formula:
    """W: the highest mean of a quarter of an hour in one direction, by power registers."""

    def formula(of: FactBase) -> Found:
        mean, origin = quarters(of.evidence)
        value = float(np.max(sign * mean))
        if value <= 0:
            way = "out of" if sign > 0 else "into"
            raise Lacking(no_history(f"no quarter of an hour of this span brought power {way} the battery"))
        return Found(value, origin, note=f"highest of {len(mean)} quarters of an hour", spanned=True)

    return formula


measured_out, measured_in = highest(1.0), highest(-1.0)


def quarters(evidence: Evidence) -> tuple[np.ndarray[tuple[int], np.dtype[np.float64]], tuple[Origin, ...]]:
    """Mean power of every whole quarter of an hour with readings, at the converters or else at the meter, W."""
    found, time, value, step_ns = evidence.aligned("pcs.active_power", "meter.active_power")
    total = value.sum(axis=1)
    known = np.isfinite(total)
    quarter, first = np.unique(time[known] // QUARTER_NS, return_index=True)
    if not len(quarter):
        raise Lacking(no_history("power was never good in this span"))
    count = np.diff(np.append(first, int(known.sum())))
    mean = np.add.reduceat(total[known], first) / count
    whole = count * step_ns >= 0.9 * QUARTER_NS
    if not whole.any():
        raise Lacking(no_history("the span holds no whole quarter of an hour with readings"))
    return mean[whole], evidence.spanned(found.ids, "W")


def share(measured: str, stated: str) -> Formula:
    """% of what is stated that was measured."""

    def formula(of: FactBase) -> Found:
        (value, one), (most, two) = gather(lambda: of.value(measured), lambda: of.value(stated))
        return Found(100 * value / most, origins((one, two)), spanned=True)

    return formula
