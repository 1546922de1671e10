"""The emulated plant under a schedule, and what its registers say of every slot."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from bessinside.emulator.whole.plant import Plant
from bessinside.market.battery import Battery, Floats
from bessinside.market.measured import counted_energy, efficiencies, standing_draw
from bessinside.market.waterfall import Realised

SLOT_S, STEP_S = 900, 10.0
RATED = 2.5e6  # W at the converters' terminals
NOMINAL = 5.01596e6  # Wh
CUT_OFF = 0.05  # state of charge below which the BMS gives nothing
FULL_V, EMPTY_V = 3.45, 2.95  # cell voltages from which the BMS tapers
Fault = Callable[[Plant, int], None]


@dataclass(frozen=True)
class Week:
    """Means and ends of every slot, float64[n]: powers W, energy Wh above the cut-off, shares 0 to 1."""

    meter_w: Floats
    pcs_w: Floats
    energy_wh: Floats
    start_wh: float
    available: Floats
    limit: Floats
    empty: Floats
    full: Floats
    health: float


def bought(start_wh: float) -> Battery:
    """The plant by its nameplate: what it was sold as."""
    return Battery(RATED, RATED, (1 - CUT_OFF) * NOMINAL, 0.97, 0.97, start_wh=start_wh, end_wh=None, cycles_day=1.5)


def energy(plant: Plant) -> tuple[float, float]:
    """Wh above the cut-off by the state of charge and health of the racks, and that health."""
    racks = plant.readings("rack")
    health = float(racks["soh"].mean()) / 100
    return (float(racks["soc"].mean()) / 100 - CUT_OFF) * health * NOMINAL, health


def run(plant: Plant, wanted_w: Floats, fault: Fault) -> Week:
    """Steps the plant through the schedule, ten seconds at a time. `fault` is called before every slot."""
    start_wh, health = energy(plant)
    rows: list[tuple[float, ...]] = []
    counters = _counters(plant)
    for slot, power in enumerate(wanted_w.tolist()):
        fault(plant, slot)
        served = allowed = 0.0
        ended = 0
        steps = round(SLOT_S / STEP_S)
        for unit in (1, 2):
            plant.set_active_power(unit, power / 2)
        for _ in range(steps):
            plant.step(STEP_S)
            pcs, bus = plant.readings("pcs"), plant.readings("bus")
            served += (
                float((plant.circuit.closed.reshape(2, -1).any(axis=1) & (pcs["state_fault"] == 0)).mean()) / steps
            )
            derated = pcs["state_derating"] > 0
            at_end = (bus["cell_voltage_max"] >= FULL_V) if power < 0 else (bus["cell_voltage_min"] <= EMPTY_V)
            at_end |= (power > 0) & (bus["soc"] <= 100 * CUT_OFF + 2.0)
            ended += int((derated & at_end).any())
            share = np.where(derated & ~at_end, np.abs(pcs["active_power"]) / (RATED / 2), 1.0)
            allowed += float(np.minimum(share, 1.0).mean()) / steps
        now = _counters(plant)
        held, _ = energy(plant)
        meter, pcs_w = (now - counters) * (3600 / SLOT_S)
        counters = now
        rows.append((meter, pcs_w, held, served, allowed, float(ended and power > 0), float(ended and power < 0)))
    meter_w, pcs_w, energy_wh, available, limit, empty, full = np.array(rows).T
    return Week(meter_w, pcs_w, energy_wh, start_wh, available, limit, empty, full, health)


def _counters(plant: Plant) -> Floats:
    """Export less import of the grid meter and of both converters, Wh."""
    meter, pcs = plant.readings("meter"), plant.readings("pcs")
    at_meter = float(meter["energy_export"][0] - meter["energy_import"][0])
    return np.array([at_meter, float((pcs["ac_energy_discharged"] - pcs["ac_energy_charged"]).sum())])


def realised(week: Week, wanted_w: Floats) -> Realised:
    """The registers as the waterfall takes them."""
    capacity = (1 - CUT_OFF) * NOMINAL
    ended = (week.empty + week.full) > 0  # there the BMS corrects its count
    charging, discharging = efficiencies(week.pcs_w, week.energy_wh, week.start_wh, SLOT_S, ~ended)
    counted = counted_energy(week.pcs_w, week.start_wh, charging, discharging, SLOT_S)
    reached = np.clip(counted / capacity, 0.0, 1.0)
    return Realised(
        meter_w=week.meter_w,
        pcs_w=week.pcs_w,
        auxiliary_w=np.full(len(wanted_w), standing_draw(week.meter_w, week.pcs_w)),
        schedule_w=wanted_w,
        available=week.available,
        charge_limit=week.limit,
        discharge_limit=week.limit,
        empty_at=np.where(week.empty > 0, reached, 0.0),
        full_at=np.where(week.full > 0, reached, max(week.health, float(reached.max()))),
        charging=charging,
        discharging=discharging,
    )
