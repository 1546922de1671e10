"""Energy in and out of the plant by its counters."""

from __future__ import annotations

from bessinside.views.base import FactBase
from bessinside.views.found import Found, gather

OUT = ("meter.energy_export",)
INTO = ("meter.energy_import",)
BATTERY_OUT = ("pcs.dc_energy_discharged", "module.energy_discharged", "pcs.ac_energy_discharged", *OUT)


def fed_in(of: FactBase) -> Found:
    """Wh out of the plant at the grid meter."""
    total, origin, _ = of.evidence.counters(*OUT)
    return Found(total, origin, spanned=True)


def drawn(of: FactBase) -> Found:
    """Wh into the plant at the grid meter, auxiliaries included."""
    total, origin, _ = of.evidence.counters(*INTO)
    return Found(total, origin, spanned=True)


def from_battery(of: FactBase) -> Found:
    """Wh out of the battery, as close to its cells as the plant counts."""
    total, origin, _ = of.evidence.counters(*BATTERY_OUT)
    return Found(total, origin, spanned=True)


def auxiliaries(of: FactBase) -> Found:
    """Wh that auxiliaries took, by their own counter."""
    total, origin, _ = of.evidence.counters("container.auxiliary_energy")
    return Found(total, origin, spanned=True)


def auxiliary_share(of: FactBase) -> Found:
    """Auxiliary energy over the energy drawn at the meter, %."""
    taken, one = of.value("throughput.auxiliaries")
    into, two = of.value("throughput.drawn")
    if into <= 0:
        return Found(origin=(one, two), text="—", note="nothing was drawn in this span", spanned=True)
    return Found(100 * taken / into, (one, two), spanned=True)


def lifetime(of: FactBase) -> Found:
    """Wh out of the battery since its counters began."""
    found = of.evidence.carried(*BATTERY_OUT).whole()
    return Found(float(found.value.sum()), found.origin())


def used_up(of: FactBase) -> Found:
    """That over what the warranty allows in all, %."""
    (energy, one), (most, two) = gather(
        lambda: of.value("throughput.lifetime"),
        lambda: of.evidence.number("warranty.throughput_mwh", "the energy that the warranty allows"),
    )
    return Found(100 * energy / 1e6 / most, (one, two))
