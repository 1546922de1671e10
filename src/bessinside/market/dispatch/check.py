"""Whether a battery can carry a schedule out: a replay that knows nothing of how the schedule was found."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bessinside.market.basis.days import Stamps, local_days, local_years
from bessinside.market.dispatch.battery import Battery, BatteryError, Curve, Floats
from bessinside.market.dispatch.losses import limits

TOLERANCE = 1e-3  # W and Wh


@dataclass(frozen=True, slots=True)
class Violation:
    """The first slot in which a limit is overstepped. `by` is in `unit`, W or Wh; `starts_ns` is the slot's start."""

    slot: int
    starts_ns: int
    limit: str
    by: float
    unit: str

    def __str__(self) -> str:
        at = np.datetime64(self.starts_ns, "ns").astype("datetime64[m]")
        return f"slot {self.slot} ({at}Z): {self.limit} overstepped by {self.by:,.6g} {self.unit}"


@dataclass(frozen=True, slots=True)
class Replay:
    """`energy_wh` float64[n] at the cells at each slot's end; `violation` None where all limits are kept."""

    energy_wh: Floats
    violation: Violation | None


def cell_power(battery: Battery, charge_w: Floats, discharge_w: Floats) -> Floats:
    """Power into the cells less power out of them, W float64[n], from powers at the meter."""
    into, out = battery.charging, battery.discharging
    gained = into.cells(charge_w) if isinstance(into, Curve) else charge_w * into
    drawn = out.cells(discharge_w) if isinstance(out, Curve) else discharge_w / out
    return gained - drawn


def replay(
    battery: Battery,
    charge_w: Floats,
    discharge_w: Floats,
    starts_ns: Stamps,
    slot_s: float,
    *,
    zone: str = "Europe/Berlin",
    held_out_w: Floats | None = None,
    held_in_w: Floats | None = None,
    tolerance: float = TOLERANCE,
) -> Replay:
    """Walks a schedule through a battery. Powers float64[n] at the meter, both zero or more.

    `held_out_w`, `held_in_w`: power that a reserve may call out and in, which the schedule must leave free.
    Limits are tested in the order power, energy, cycles; of two in the same slot the first is named.
    """
    n = len(starts_ns)
    if charge_w.shape != (n,) or discharge_w.shape != (n,):
        raise BatteryError(f"{n} slots need as many powers, not {charge_w.shape} and {discharge_w.shape}")
    hours = slot_s / 3600
    into, out = (1e6 * limit for limit in limits(battery, n))
    into, out = into - (0 if held_in_w is None else held_in_w), out - (0 if held_out_w is None else held_out_w)
    energy = battery.start_wh + np.cumsum(cell_power(battery, charge_w, discharge_w) * hours)
    ceiling = battery.floor_wh + (battery.ceiling_wh - battery.floor_wh) * (
        1.0 if battery.energy_available is None else battery.energy_available
    )
    tests = [
        ("charging power", charge_w - into, "W"),
        ("discharging power", discharge_w - out, "W"),
        ("one direction at a time", np.minimum(charge_w, discharge_w), "W"),
        ("a power of zero or more", np.maximum(-charge_w, -discharge_w), "W"),
        ("most energy", energy - ceiling, "Wh"),
        ("least energy", battery.floor_wh - energy, "Wh"),
    ]
    counted = discharged(battery, discharge_w) * hours
    days, years = local_days(starts_ns, zone), local_years(starts_ns, zone)
    whole = np.zeros(n, dtype=np.int32)
    for name, cap, group in (
        ("cycles of a day", _energy(battery, battery.cycles_day), days),
        ("cycles of a year", _energy(battery, battery.cycles_year), years),
        ("throughput", battery.throughput_wh, whole),
    ):
        if cap is not None:
            total = np.cumsum(counted)
            before = np.concatenate([[0.0], total])[np.searchsorted(group, group)]
            tests.append((name, total - before - cap, "Wh"))
    if battery.end_wh is not None:
        missed = np.zeros(n)
        missed[-1] = abs(energy[-1] - battery.end_wh)
        tests.append(("energy at the end", missed, "Wh"))
    first: Violation | None = None
    for name, by, unit in tests:
        over = np.flatnonzero(by > tolerance)
        if len(over) and (first is None or over[0] < first.slot):
            slot = int(over[0])
            first = Violation(slot, int(starts_ns[slot]), name, float(by[slot]), unit)
    return Replay(energy, first)


def discharged(battery: Battery, discharge_w: Floats) -> Floats:
    """Discharging power where cycles are counted, W float64[n]."""
    if battery.cycles_at == "meter":
        return discharge_w
    out = battery.discharging
    return out.cells(discharge_w) if isinstance(out, Curve) else discharge_w / out


def _energy(battery: Battery, cycles: float | None) -> float | None:
    return None if cycles is None else cycles * battery.energy_wh
