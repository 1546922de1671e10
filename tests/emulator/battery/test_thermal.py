from __future__ import annotations

import numpy as np
import pytest

from bessinside.emulator.battery.ntc import TAU, Sensors
from bessinside.emulator.battery.thermal import AIR, HEAT_CAPACITY, PLATE, ColdPlates

FLOW = 5.0 * 3400.0


@pytest.mark.parametrize("dt", [1.0, 10.0])
def test_heat_is_conserved(dt: float) -> None:
    plates = ColdPlates(48, 104)
    temperature = 23.0 + np.random.default_rng(1).standard_normal((12, 416))
    heat = np.full((12, 416), 12.0)
    stored = out = 0.0
    for _ in range(100):
        before = temperature.sum()
        plates.step(dt, temperature, heat, supply=20.0, capacity_flow=FLOW, air=25.0)
        stored += HEAT_CAPACITY * (temperature.sum() - before)
        out += (plates.heat + plates.air_heat) * dt
    assert stored + out == pytest.approx(heat.sum() * 100 * dt, rel=1e-9)


def test_steady_rise_at_half_rate_and_its_time() -> None:
    plates = ColdPlates(48, 104)
    temperature = np.full((12, 416), 20.0)
    heat = np.full((12, 416), 13.0)
    means = []
    for _ in range(3 * 360):
        plates.step(10.0, temperature, heat, supply=20.0, capacity_flow=FLOW, air=22.0)
        means.append(temperature.mean() - 20.0)
    assert 3.5 < means[-1] < 6.5
    # The node's own time constant is 28 minutes; the coolant's rise makes it somewhat longer.
    reached = next(step for step, rise in enumerate(means) if rise > (1 - np.exp(-1)) * means[-1]) / 6.0
    assert 26 < reached < 60


def test_a_stopped_pump_takes_no_heat_away() -> None:
    plates = ColdPlates(48, 104)
    temperature = np.full((12, 416), 24.0)
    for _ in range(180):
        plates.step(10.0, temperature, np.full((12, 416), 13.0), supply=21.0, capacity_flow=0.0, air=24.0)
    assert abs(plates.heat) < 1.0
    rise_per_minute = (temperature.mean() - 24.0) / 30.0
    assert rise_per_minute == pytest.approx(13.0 * 60 / HEAT_CAPACITY, rel=0.05)
    assert rise_per_minute < 0.25


def test_cells_downstream_are_warmer() -> None:
    plates = ColdPlates(48, 104)
    temperature = np.full((12, 416), 22.0)
    for _ in range(360):
        plates.step(10.0, temperature, np.full((12, 416), 13.0), supply=20.0, capacity_flow=FLOW, air=22.0)
    channel = temperature.reshape(48, 104)[0, :52]
    assert (np.diff(channel) > 0).all()
    assert 0.5 < channel[-1] - channel[0] < 3.0


def test_conductances_are_those_of_the_documentation() -> None:
    assert pytest.approx(0.30) == 1 / PLATE
    assert pytest.approx(40.0) == 1 / AIR


def test_sensors_sit_on_twelve_places_of_every_board() -> None:
    sensors = Sensors(np.full(4992, 25.0), np.random.default_rng(3))
    assert sensors.cell.size == 1152
    assert len(set(sensors.cell.tolist())) == 1152
    assert (np.bincount(sensors.cell // 52) == 12).all()
    assert ((sensors.cell + 1) // 52 == sensors.cell // 52).all()  # the neighbour is on the same board
    assert np.abs(sensors.offset).max() <= 0.9


def test_a_sensor_follows_its_two_cells() -> None:
    temperature = np.full(4992, 25.0)
    sensors = Sensors(temperature, np.random.default_rng(3))
    temperature[sensors.cell[5]] += 4.0
    before = sensors.reading.copy()
    sensors.step(TAU, temperature)
    change = sensors.reading - before
    assert change[5] == pytest.approx(2.0 * (1 - np.exp(-1)))
    assert np.count_nonzero(np.abs(change) > 1e-12) == 1


def test_a_broken_sensor_reads_what_it_is_forced_to_and_its_bead_goes_on() -> None:
    temperature = np.full(4992, 25.0)
    sensors = Sensors(temperature, np.random.default_rng(3))
    sensors.forced[7] = -50.0
    temperature += 3.0
    sensors.step(10.0 * TAU, temperature)
    assert sensors.reading[7] == -50.0
    assert np.abs(np.delete(sensors.reading, 7) - 28.0).max() < 1.0
    sensors.forced[7] = np.nan
    sensors.step(1.0, temperature)
    assert sensors.reading[7] == pytest.approx(28.0 + sensors.offset[7], abs=1e-3)


@pytest.mark.parametrize("flow", [FLOW, 0.0])
def test_one_long_step_is_many_short_ones(flow: float) -> None:
    """Heat and coolant constant: exact but for the coolant's rise, which is the mean of the step."""
    chance = np.random.default_rng(6)
    start, heat = 23.0 + chance.standard_normal((12, 416)), 12.0 + chance.standard_normal((12, 416))
    results = []
    for dt in (1.0, 60.0, 300.0):
        plates, temperature = ColdPlates(48, 104), start.copy()
        for _ in range(round(1800 / dt)):
            plates.step(dt, temperature, heat, supply=20.0, capacity_flow=flow, air=25.0)
        results.append(temperature)
    np.testing.assert_allclose(results[1], results[0], atol=0.01)
    np.testing.assert_allclose(results[2], results[0], atol=0.05)
