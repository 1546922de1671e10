"""Energy is conserved in the whole plant: what left through the meter and as heat is what the cells no longer hold."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from bessinside.emulator.whole.plant import Plant
from bessinside.emulator.whole.schedule import Schedule

NOON = 1_750_000_000 * 10**9 // (86400 * 10**9) * 86400 * 10**9 + 43200 * 10**9
QUARTER = 900.0


def idle(soc: float) -> Plant:
    return Plant(seed=3, start_ns=NOON, schedule=Schedule.parse("time,power\n00:00,0\n"), soc=soc)


def flows(plant: Plant) -> float:
    """W out of the cells' terminals: the meter's, and every loss on the way to it."""
    circuit = plant.circuit
    wiring = (circuit.resistance - plant.cells.sources()[1]) * circuit.current**2
    losses = plant.transformer.loss + plant.auxiliaries + plant.pcs.loss.sum()
    return float(plant.meter.power + losses + wiring.sum() + (circuit.bus * circuit.bus_current**2).sum())


def balance(plant: Plant, seconds: float, dt: float) -> tuple[float, float]:
    """(J that are missing, J that went through the cells' terminals either way) while the plant runs on."""
    before = plant.cells.work_left().sum()
    out = moved = heat = 0.0
    for _ in range(round(seconds / dt)):
        power = flows(plant)
        plant.step(dt)
        out += power * dt
        moved += abs(power) * dt
        heat += (plant.cells.heat - plant.cells.reversible_heat).sum() * dt + plant.cells.bleed_heat * dt
    return out + heat + plant.cells.work_left().sum() - before, moved


powers = st.lists(st.tuples(*[st.floats(-1.25e6, 1.25e6)] * 2), min_size=2, max_size=5)


@settings(max_examples=12, deadline=None)
@given(powers, st.floats(0.15, 0.95), st.sampled_from([5.0, 10.0]))
def test_any_day_closes(day: list[tuple[float, float]], soc: float, dt: float) -> None:
    plant = idle(soc)
    missing = moved = 0.0
    for setpoints in day:
        for unit, power in enumerate(setpoints, start=1):
            plant.set_active_power(unit, power)
        lost, through = balance(plant, QUARTER, dt)
        missing, moved = missing + lost, moved + through
    # 0.1 % of what went through, and 20 Wh where next to nothing did.
    assert abs(missing) < 1e-3 * moved + 20 * 3600.0


def test_charge_that_vanishes_is_found() -> None:
    """The check itself: half a percent of a quarter's energy, taken from the cells unseen, is more than it forgives."""
    plant = idle(0.5)
    plant.set_active_power(1, 1.2e6)
    plant.set_active_power(2, 1.2e6)
    balance(plant, 60.0, 10.0)
    before = plant.cells.work_left().sum()
    plant.cells.soc -= 0.005 * 0.12
    stolen = before - plant.cells.work_left().sum()
    missing, moved = balance(plant, QUARTER, 10.0)
    assert abs(missing) < 1e-3 * moved < stolen


def test_a_minute_a_step_closes_too() -> None:
    plant = idle(0.6)
    plant.set_active_power(1, 9e5)
    plant.set_active_power(2, 9e5)
    balance(plant, 120.0, 10.0)
    missing, moved = balance(plant, 4 * QUARTER, 60.0)
    assert abs(missing) < 2e-3 * moved
