from __future__ import annotations

import numpy as np
import pytest

from bessinside.emulator import ocv
from bessinside.emulator.bms import MAX_CURRENT, Bms
from bessinside.emulator.cell import Cells, CellType
from bessinside.emulator.ntc import Sensors
from bessinside.emulator.rack import DcCircuit

CURVE = ocv.load()


class Bench:
    """A battery on a test bench: constant current, constant temperature."""

    def __init__(self, soc: float = 0.5, temperature: float = 25.0) -> None:
        self.cells = Cells(
            CellType(),
            CURVE,
            (12, 416),
            np.random.default_rng(1),
            soc=soc,
            health=1.0,
            temperature=np.full((12, 416), temperature),
        )
        self.sensors = Sensors(self.cells.temperature, np.random.default_rng(2))
        self.circuit = DcCircuit(12, 2)
        self.solve(0.0)
        self.bms = Bms(
            self.cells,
            self.sensors,
            self.circuit,
            np.random.default_rng(3),
            modules=4,
            cycles=410.0,
            energy_charged=2e9,
            energy_discharged=1.9e9,
        )

    def solve(self, power: float | np.ndarray) -> None:
        self.circuit.set_sources(self.cells.emf.sum(axis=1), self.cells.r0.sum(axis=1))
        self.circuit.solve(np.zeros(2) + power)
        self.cells.set_current(self.circuit.current)

    def step(self, power: float | np.ndarray, seconds: float, dt: float = 1.0) -> None:
        for _ in range(round(seconds / dt)):
            self.cells.step(dt, self.bms.bleeding)
            self.cells.refresh()
            self.sensors.step(dt, self.cells.temperature)
            self.bms.count(dt)
            self.solve(power)
            self.bms.sense(dt, 45.0)


def test_soc_is_counted_not_known() -> None:
    bench = Bench()
    truth, counted = 100 * bench.cells.soc.mean(), bench.bms.soc.mean()
    bench.step(1.0e6, 1800.0, dt=5.0)
    moved = truth - 100 * bench.cells.soc.mean()
    assert counted - bench.bms.soc.mean() == pytest.approx(moved, rel=0.005)
    errors = bench.bms.rack_soc - 100 * bench.cells.soc.mean(axis=1)
    assert 0.05 < errors.std() < 1.5  # each rack is a little wrong in its own way


def test_limits_close_near_full_and_near_empty() -> None:
    middle = Bench(0.5)
    middle.step(0.0, 5.0)
    assert middle.bms.charge_limit.tolist() == [MAX_CURRENT] * 12
    assert middle.bms.discharge_limit.tolist() == [MAX_CURRENT] * 12
    full = Bench(0.99)
    full.step(-5e5, 20.0)
    assert (full.bms.charge_limit < 0.5 * MAX_CURRENT).all()
    assert (full.bms.discharge_limit == MAX_CURRENT).all()
    empty = Bench(0.03)
    empty.step(0.0, 5.0)
    assert (empty.bms.discharge_limit < 0.2 * MAX_CURRENT).all()
    assert (empty.bms.charge_limit == MAX_CURRENT).all()


@pytest.mark.parametrize(
    ("temperature", "charge", "discharge"),
    [(-5.0, 0.0, 150.0), (5.0, 100.0, 200.0), (50.0, 100.0, 200.0), (62.0, 0.0, 0.0)],
)
def test_limits_follow_the_temperature(temperature: float, charge: float, discharge: float) -> None:
    bench = Bench(0.5, temperature)
    np.testing.assert_allclose(bench.bms.charge_limit, charge, atol=25.0)
    np.testing.assert_allclose(bench.bms.discharge_limit, discharge, atol=25.0)


def test_the_weakest_rack_limits_its_bus() -> None:
    bench = Bench()
    bench.bms.charge_limit = np.array([200.0] * 5 + [100.0] + [200.0] * 6)
    charge, _ = bench.bms.bus_limits()
    assert charge.tolist() == [600.0, 1200.0]
    bench.circuit.closed[5] = False
    charge, _ = bench.bms.bus_limits()
    assert charge.tolist() == [1000.0, 1200.0]


def test_a_full_bus_ends_its_charge_and_counts_a_hundred() -> None:
    bench = Bench(0.975)
    for _ in range(3600):
        if bench.bms.full.all():
            break
        bench.step(-np.minimum(bench.bms.bus_limits()[0] * 1400.0, 1.0e6), 5.0, dt=5.0)
    assert bench.bms.full.all()
    assert (bench.bms.rack_soc == 100.0).all()
    assert 97.0 < 100 * bench.cells.soc.mean() < 99.5
    bench.step(0.0, 10.0)
    assert (bench.bms.charge_limit == 0.0).all()
    bench.step(1.0e6, 200.0, dt=5.0)
    assert not bench.bms.full.any()


def test_bleed_resistors_work_on_the_highest_cells_when_nearly_full_only() -> None:
    bench = Bench(0.6)
    bench.step(0.0, 5.0)
    assert not bench.bms.bleeding.any()
    bench = Bench(0.99)
    bench.step(-3e5, 20.0)
    share = bench.bms.bleeding.mean()
    assert 0.02 < share < 0.98
    modules = bench.cells.voltage.reshape(48, 104)
    lowest = modules.argmin(axis=1)
    assert not bench.bms.bleeding.reshape(48, 104)[np.arange(48), lowest].any()
    bench.step(3e5, 20.0)
    assert not bench.bms.bleeding.any()


def test_a_trip_opens_the_contactors_until_somebody_reconnects() -> None:
    bench = Bench()
    bench.cells.soc[3, 17] = -0.01  # an empty cell in a half-full rack
    bench.cells.refresh()
    bench.step(3e5, 3.0)
    assert bench.bms.tripped.tolist() == [rack == 3 for rack in range(12)]
    assert {"CELL_UNDERVOLTAGE", "CELL_VOLTAGE_SPREAD"} <= bench.bms.alarms.names(3)[3]
    assert bench.circuit.current[3] == 0.0
    assert bench.bms.reports() == [{"BMS_ALARM", "BMS_TRIP"}, set()]
    assert not bench.bms.reconnect(3)
    bench.cells.soc[3, 17] = 0.5
    bench.cells.refresh()
    bench.step(0.0, 3.0)
    assert bench.bms.reconnect(3)
    bench.step(3e5, 3.0)
    assert bench.circuit.current[3] > 10.0


def test_throughput_makes_cycles() -> None:
    bench = Bench()
    start = bench.bms.cycles.copy()
    bench.step(1.0e6, 1800.0, dt=5.0)
    charge = bench.circuit.current.mean() * 0.5
    assert (bench.bms.cycles - start).mean() == pytest.approx(charge / 314.0 / 2, rel=0.02)


def test_energy_of_modules_is_the_energy_of_their_rack() -> None:
    bench = Bench()
    start = bench.bms.energy_discharged.sum()
    bench.step(1.0e6, 360.0, dt=1.0)
    power = (bench.circuit.voltage * bench.circuit.current).sum()
    assert bench.bms.energy_discharged.sum() - start == pytest.approx(0.1 * power, rel=0.01)


def test_a_fast_rise_is_an_alarm_and_a_slow_one_is_not() -> None:
    bench = Bench()
    for _ in range(120):
        bench.cells.temperature += 0.2 / 60.0
        bench.step(0.0, 1.0)
    assert bench.bms.alarms.names() == [set()] * 12
    for _ in range(180):
        bench.cells.temperature[5, 200:260] += 3.0 / 60.0
        bench.step(0.0, 1.0)
    assert "FAST_TEMPERATURE_RISE" in bench.bms.alarms.names()[5]
    assert bench.bms.alarms.names()[4] == set()
