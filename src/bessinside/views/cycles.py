"""Equivalent full cycles: of the span by counters, of the lifetime by the BMS, and what the warranty allows."""

from __future__ import annotations

from bessinside.views.base import FactBase
from bessinside.views.found import Found, gather, origins

COUNTED = ("rack.cycles", "module.cycles")


def equivalent(of: FactBase) -> Found:
    """Discharged energy over the nameplate's energy in the span."""
    (energy, one), (rated, two) = gather(lambda: of.value("throughput.battery"), of.evidence.rated_energy)
    return Found(energy / rated, (one, two), spanned=True)


def per_day(of: FactBase) -> Found:
    """The same for each day of the span."""
    cycles, one = of.value("cycles.equivalent")
    hours = of.evidence.hours
    note = "" if hours >= 24 else f"from {hours:.1f} h; so short a span says nothing of a day"
    return Found(cycles / (hours / 24), (one,), note=note, spanned=True)


def counted(of: FactBase) -> Found:
    """Cycles that the BMS counted in its life, mean of all parts."""
    found = of.evidence.carried(*COUNTED)
    good = found.some()
    return Found(float(good.value.mean()), found.origin(), quality="partly" if len(good) < len(found) else "")


def used_up(of: FactBase) -> Found:
    """Counted cycles over those that the warranty allows, %."""
    (cycles, one), (most, two) = gather(
        lambda: of.value("cycles.counted"),
        lambda: of.evidence.number("warranty.cycles", "the number of cycles that the warranty allows"),
    )
    return Found(100 * cycles / most, origins((one, two)))


def against_warranty(of: FactBase) -> Found:
    """Cycles a day over those that the warranty allows, %."""
    (cycles, one), (most, two) = gather(
        lambda: of.value("cycles.per_day"),
        lambda: of.evidence.number("warranty.cycles_day", "the cycles a day that the warranty allows"),
    )
    return Found(100 * cycles / most, origins((one, two)), spanned=True)
