"""Round-trip efficiency from counters over a span, corrected for what the battery holds more or less at its end."""

from __future__ import annotations

import math

import numpy as np

from bessinside.views.base import FactBase
from bessinside.views.evidence import SOC
from bessinside.views.fact import Missing, Origin
from bessinside.views.found import Found, Lacking, gather, no_register, origins

LEAST_SWING = 0.2  # of the usable energy that must have passed each way, so that the correction stays small
LEAST_CYCLES = 50  # of counters' lifetime: what the battery holds more or less is then below 2 %


def round_trip(energy_in: float, energy_out: float, gained: float) -> float:
    """Energy out over energy in of a battery whose content changed by `gained`, all Wh; a share.

    The losses are put half on each way: with s = √η,  E_in·s − E_out/s = ΔE  gives
    s = (ΔE + √(ΔE² + 4·E_in·E_out)) / (2·E_in).  ΔE = 0 is plain E_out/E_in.
    """
    root = (gained + math.sqrt(gained * gained + 4 * energy_in * energy_out)) / (2 * energy_in)
    return root * root


def stored(of: FactBase) -> tuple[float, tuple[Origin, ...]]:
    """By how much the content of the battery changed over the span, Wh: Δ SoC times health times the nameplate."""
    evidence = of.evidence
    metric = next((one for one in SOC if evidence.carries(one)), None)
    if metric is None:
        raise Lacking(no_register(*SOC))
    found, rows = evidence.tracks(metric)
    change = []
    for row in rows:
        some = np.flatnonzero(row.count > 0)
        if len(some):
            change.append(row.mean[some[-1]] - row.mean[some[0]])
    rated, nameplate = evidence.rated_energy()
    health, words = of.value("health.soh")
    gained = float(np.mean(change)) / 100 * health / 100 * rated
    return gained, origins(evidence.spanned(found.ids, "%"), (nameplate, words))


def at_meter(of: FactBase) -> Found:
    """With auxiliaries and everything between converters and grid connection, %."""
    return _between(of, ("meter.energy_import",), ("meter.energy_export",))


def at_converters(of: FactBase) -> Found:
    """Without auxiliaries: at the converters' AC terminals, %."""
    return _between(of, ("pcs.ac_energy_charged",), ("pcs.ac_energy_discharged",))


def at_battery(of: FactBase) -> Found:
    """Of the battery alone, at the converters' DC side, %."""
    return _between(
        of,
        ("pcs.dc_energy_charged", "module.energy_charged"),
        ("pcs.dc_energy_discharged", "module.energy_discharged"),
    )


def lifetime(of: FactBase) -> Found:
    """Since the counters of the converters began, %: what the battery holds now is little against it."""
    into, out = gather(
        lambda: of.evidence.carried("pcs.ac_energy_charged").whole(),
        lambda: of.evidence.carried("pcs.ac_energy_discharged").whole(),
    )
    energy_in, energy_out = float(into.value.sum()), float(out.value.sum())
    rated, nameplate = of.evidence.rated_energy()
    if energy_out < LEAST_CYCLES * rated:
        why = f"the counters stand at {energy_out / 1e6:,.1f} MWh discharged, less than {LEAST_CYCLES} full cycles"
        raise Lacking(Missing("history", "history", why, "wait until the plant has cycled more"))
    return Found(100 * energy_out / energy_in, origins(into.origin(), out.origin(), (nameplate,)))


def _between(of: FactBase, into: tuple[str, ...], out: tuple[str, ...]) -> Found:
    (energy_in, one, _), (energy_out, two, _) = gather(
        lambda: of.evidence.counters(*into), lambda: of.evidence.counters(*out)
    )
    gained, three = stored(of)
    rated, _ = of.evidence.rated_energy()
    least = LEAST_SWING * rated
    if min(energy_in, energy_out) < least:
        raise Lacking(
            Missing(
                "history",
                "history",
                f"too little passed for a round trip: {energy_in / 1e3:,.1f} kWh in, {energy_out / 1e3:,.1f} kWh out, "
                f"at least {least / 1e3:,.0f} kWh each way are needed",
                "choose a longer span",
            )
        )
    found = round_trip(energy_in, energy_out, gained)
    error = abs(round_trip(energy_in, energy_out, gained + 0.01 * rated) - found)
    words = f"content changed by {gained / 1e3:+,.0f} kWh; 1 % of SoC more or less moves this by {100 * error:.1f} %"
    return Found(100 * found, origins(one, two, three), note=words, spanned=True)
