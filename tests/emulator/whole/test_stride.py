"""Long steps: where a minute is cut, and what a minute a step costs in accuracy."""

from __future__ import annotations

import numpy as np
import pytest

from bessinside.emulator.whole.plant import Plant
from bessinside.emulator.whole.schedule import Schedule
from bessinside.emulator.whole.stride import LONG, MIDDLE, SHORT, stride

DAY = 86400 * 10**9
NOON = 1_750_000_000 * 10**9 // DAY * DAY + DAY // 2
RAMP = "time,power\n00:00,0\n12:10,0\n12:20,1800000\n13:00,1800000\n13:00:30,-900000\n23:59,-900000\n"


def make(schedule: str = "time,power\n00:00,0\n", soc: float = 0.5) -> Plant:
    return Plant(seed=3, start_ns=NOON, schedule=Schedule.parse(schedule), soc=soc)


def working(power: float, soc: float, seconds: int = 120) -> Plant:
    plant = make(f"time,power\n00:00,{power}\n", soc)
    for _ in range(seconds // 10):
        plant.step(10.0)
    return plant


def quiet(plant: Plant) -> Plant:
    """Without the noise, which is drawn once a step: other steps would draw another day."""
    plant.noise.fall_silent()
    return plant


def test_a_calm_plant_steps_a_minute() -> None:
    assert stride(working(0.0, 0.5)) == LONG
    assert stride(working(1.5e6, 0.5)) == LONG
    assert stride(working(-1.5e6, 0.5)) == LONG


def test_a_ramp_ahead_a_new_order_and_a_start_are_cut() -> None:
    plant = make(RAMP)
    plant.step(570.0)
    assert stride(plant) == MIDDLE  # it begins within the minute
    plant = working(1.5e6, 0.5)
    plant.set_active_power(1, 2e5)
    assert stride(plant) == SHORT
    plant.step(30.0)
    assert stride(plant) == LONG
    plant = make()
    plant.set_active_power(1, 2e5)
    plant.step(1.0)
    assert stride(plant) == SHORT  # synchronising


def test_steep_ends_and_limits_are_cut_only_while_current_flows() -> None:
    nearly_full, nearly_empty = working(-1.2e6, 0.99), working(2.0e6, 0.09)
    assert stride(nearly_full) <= MIDDLE
    assert stride(nearly_empty) <= MIDDLE
    for plant in (nearly_full, nearly_empty):
        plant.schedule = Schedule.parse("time,power\n00:00,0\n")
        plant.step(120.0)
        assert stride(plant) == LONG


@pytest.mark.parametrize("dt", [0.25, 33.3, 61.0, 300.0])
def test_time_ends_where_it_was_told_to(dt: float) -> None:
    plant = make(RAMP)
    plant.step(dt)
    assert plant.time_ns == NOON + round(dt * 1e9)


def test_a_minute_a_step_is_as_good_as_a_second_a_step() -> None:
    fine, coarse = quiet(make(RAMP)), quiet(make(RAMP))
    voltage, warmth, charge = [], [], []
    for _ in range(75):
        for _ in range(60):
            fine.step(1.0)
        coarse.step(60.0)
        voltage.append(np.sqrt(np.mean((coarse.cells.voltage - fine.cells.voltage) ** 2)))
        warmth.append(np.abs(coarse.cells.temperature - fine.cells.temperature).max())
        charge.append(np.abs(coarse.cells.soc - fine.cells.soc).max())
    assert np.sqrt(np.mean(np.square(voltage))) < 2e-3
    assert max(warmth) < 0.2
    assert max(charge) < 1.5e-3
    assert coarse.meter.energy_export == pytest.approx(fine.meter.energy_export, rel=1e-5)


def test_full_racks_even_out_without_swinging() -> None:
    """Near full, where a percent is worth 0.4 V a cell, racks at rest charge each other; a minute a step must not make
    of that what no rack could carry. Against steps of a second, and for hours on its own."""
    chance = np.random.default_rng(1)
    fine, coarse = (quiet(make(soc=0.99)) for _ in range(2))
    apart = 0.9938 + 0.0007 * chance.standard_normal((12, 1)) + 0.002 * chance.standard_normal(fine.cells.soc.shape)
    for plant in (fine, coarse):
        plant.cells.soc[:] = apart
        plant.step(1.0)
    for _ in range(20):
        for _ in range(60):
            fine.step(1.0)
        coarse.step(60.0)
    np.testing.assert_allclose(coarse.cells.soc, fine.cells.soc, atol=1e-4)
    np.testing.assert_allclose(coarse.circuit.current, fine.circuit.current, atol=0.5)
    most = []
    for _ in range(300):
        coarse.step(60.0)
        most.append(float(np.abs(coarse.circuit.current).max()))
    assert max(most) < 10.0
    assert max(most[-60:]) < 0.5


def test_a_battery_at_rest_waits_and_nothing_shows_it() -> None:
    """Against the same minutes in which it takes part each time: within what a register shows."""
    restless, resting = (quiet(make("time,power\n00:00,0\n12:30,0\n12:31,1500000\n23:59,1500000\n")) for _ in range(2))
    restless.restless = True
    moved = []
    for _ in range(40):
        before = resting.cells.temperature.copy()
        for plant in (restless, resting):
            plant.step(60.0)
        moved.append(not np.array_equal(before, resting.cells.temperature))
        assert np.abs(resting.cells.voltage - restless.cells.voltage).max() < 1.5e-3
        assert np.abs(resting.cells.temperature - restless.cells.temperature).max() < 0.15
        assert np.abs(resting.bms.soc - restless.bms.soc).max() < 0.01
    assert 3 < sum(moved[:30]) < 25, "it waited for nothing, or for ever"
    assert all(moved[32:]), "it must not rest while it works"
    np.testing.assert_allclose(resting.cells.soc, restless.cells.soc, atol=1e-5)
    np.testing.assert_allclose(resting.circuit.current, restless.circuit.current, atol=0.1)


def test_a_battery_that_somebody_touches_does_not_wait() -> None:
    plant = quiet(make())
    plant.step(900.0)
    plant.bms.disconnect(3)
    plant.step(60.0)
    assert plant.circuit.current[3] == 0.0
    plant.set_active_power(1, 1e6)
    plant.step(60.0)
    assert plant.bms.current[0] > 50.0


def test_steps_of_an_hour_stay_stable() -> None:
    """Nothing swings, however long the step that is asked for: it is cut into minutes."""
    plant = make("time,power\n00:00,-1200000\n", 0.5)
    for _ in range(6):
        plant.step(3600.0)
        assert np.isfinite(plant.cells.voltage).all()
        assert plant.cells.temperature.max() < 35.0
        assert np.ptp(plant.circuit.current[:6]) < 20.0
    assert plant.cells.voltage.max() < 3.65
    assert plant.bms.full.any()


def test_the_same_steps_give_the_same_bits() -> None:
    one, two = make(RAMP), make(RAMP)
    for plant in (one, two):
        for dt in (60.0, 1.0, 600.0, 60.0):
            plant.step(dt)
    for name in ("voltage", "temperature", "soc", "hysteresis"):
        assert getattr(one.cells, name).tobytes() == getattr(two.cells, name).tobytes(), name


def test_a_rack_of_the_plant_is_back_after_its_precharge() -> None:
    plant = working(0.0, 0.5)
    plant.bms.disconnect(3)
    plant.step(1.0)
    assert plant.bms.reconnect(3)
    closed = []
    for _ in range(5):
        plant.step(1.0)
        closed.append(bool(plant.circuit.closed[3]))
    assert closed.index(True) == 2  # three seconds
