from __future__ import annotations

import numpy as np
import pytest

from bessinside.emulator.basis.cell_type import CellType
from bessinside.emulator.battery import ocv
from bessinside.emulator.battery.cell import Cells
from bessinside.emulator.battery.ntc import Sensors
from bessinside.emulator.battery.rack import DcCircuit
from bessinside.emulator.bms import readings as battery_readings
from bessinside.emulator.bms.bms import MAX_CURRENT, Bms

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
    bench.step(3e5, 2.0)
    assert bench.circuit.current[3] == 0.0  # precharge takes its time
    assert battery_readings.rack(bench.bms)["relay_precharge"][3] == 1.0
    bench.step(3e5, 3.0)
    assert bench.circuit.current[3] > 10.0
    assert battery_readings.rack(bench.bms)["relay_precharge"][3] == 0.0


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


@pytest.mark.parametrize(
    ("quantity", "lowest", "highest"),
    [
        ("cell_high", 3.2, 3.75),
        ("cell_low", 2.4, 3.2),
        ("voltage", 1050.0, 1560.0),
        ("current", -260.0, 260.0),
        ("hottest", 20.0, 65.0),
        ("coldest", -25.0, 25.0),
        ("temperature_rise", -6.0, 6.0),
        ("module_voltage", 300.0, 390.0),
        ("insulation", 1e5, 1e7),
        ("rack_soc", -1.0, 102.0),
    ],
)
def test_what_is_far_from_every_alarm_is_never_one(quantity: str, lowest: float, highest: float) -> None:
    """Rules that no value is near are not looked at; what they would have said, had they been asked."""
    bench, seen = Bench(), set()
    bench.step(0.0, 2.0)
    bms = bench.bms
    for value in np.linspace(lowest, highest, 120):
        bench.step(5e5 if value > 0.5 * (lowest + highest) else -5e5, 1.0)
        if quantity.startswith("cell_"):
            getattr(bms.cell_extremes, quantity.removeprefix("cell_"))[4] = value
            bms.highest, bms.lowest = bms.cell_extremes.high.max(), bms.cell_extremes.low.min()
        elif quantity in ("hottest", "coldest"):
            getattr(bms.temperature_extremes, {"hottest": "high", "coldest": "low"}[quantity])[4] = value
            bms.hottest, bms.coldest = bms.temperature_extremes.high.max(), bms.temperature_extremes.low.min()
        elif quantity == "insulation":
            bms.insulation_monitor.reading[1, 4] = value
        else:
            getattr(bms, quantity)[4] = value
        far = bms.alarms.silent and bms._far_from_alarms()
        bms._compare()
        seen.add((far, bms.alarms.silent))
        assert not far or bms.alarms.silent, value
        # Clears what was set, so that the next value is judged from the beginning.
        bms.alarms.active[:] = False
        bms.alarms.silent = True
    assert (True, True) in seen
    assert (False, False) in seen


def test_a_rack_far_from_its_bus_is_refused() -> None:
    bench = Bench()
    bench.bms.disconnect(3)
    bench.step(1.2e6, 600.0, dt=5.0)
    assert abs(bench.circuit.emf[3] - bench.circuit.bus_voltage[0]) > 5.0
    assert not bench.bms.reconnect(3)
    assert "RELAY_CONTROLLED" in bench.bms.maintenance()[3]
    assert not bench.circuit.closed[3]


def test_drift_is_percent_a_day_and_goes_at_the_next_full_charge() -> None:
    bench, plain = Bench(0.5), Bench(0.5)
    bench.bms.drift[2] = 12.0
    for each in (bench, plain):
        each.step(0.0, 7200.0, dt=10.0)
    error = bench.bms.rack_soc - plain.bms.rack_soc
    np.testing.assert_allclose(error, [0.0, 0.0, 1.0] + [0.0] * 9, atol=1e-9)
    bench.bms.drift[2] = -40.0
    bench.cells.soc[:] = 0.975
    bench.bms.soc[:] = 98.0
    for _ in range(3600):
        if bench.bms.full.all():
            break
        bench.step(-np.minimum(bench.bms.bus_limits()[0] * 1400.0, 1.0e6), 5.0, dt=5.0)
    assert (bench.bms.rack_soc == 100.0).all()


def test_a_silent_module_has_no_values_and_its_rack_opens_after_a_minute() -> None:
    bench = Bench()
    bench.step(3e5, 2.0)
    before = battery_readings.rack(bench.bms)
    bench.bms.silent[13] = True  # rack 4, module 2
    bench.step(3e5, 3.0)
    cells = battery_readings.cell(bench.bms)["voltage"].reshape(48, 104)
    assert np.isnan(cells[13]).all()
    assert not np.isnan(np.delete(cells, 13, axis=0)).any()
    assert np.isnan(battery_readings.sensor(bench.bms)["temperature"]).sum() == 24
    module, rack = battery_readings.module(bench.bms), battery_readings.rack(bench.bms)
    assert np.isnan(module["cell_voltage_max"]).tolist() == [n == 13 for n in range(48)]
    assert np.isnan(module["voltage"]).sum() == 1
    assert not np.isnan(module["current"]).any()
    for name, values in rack.items():
        assert not np.isnan(values).any(), name
    assert rack["voltage"] == pytest.approx(before["voltage"], abs=1.0)
    assert rack["cell_voltage_min_module"][3] != 2.0
    assert bench.bms.maintenance()[3] == {"COMMUNICATION"}
    assert bench.bms.alarms.names() == [set()] * 12
    bench.step(3e5, 12.0)
    assert bench.bms.alarms.names(2)[3] == {"BMU_COMMUNICATION"}
    assert bench.bms.bus_limits()[1][0] == 0.0
    bench.step(3e5, 50.0)
    assert bench.circuit.closed.tolist() == [rack != 3 for rack in range(12)]
    bench.bms.silent[:] = False
    bench.step(0.0, 2.0)
    assert bench.bms.alarms.names() == [set()] * 12
    assert not bench.circuit.closed[3]


def test_a_rack_all_of_whose_boards_are_silent_keeps_what_it_knew() -> None:
    bench = Bench()
    bench.step(0.0, 2.0)
    known = bench.bms.temperature_extremes.high[5]
    bench.bms.silent[20:24] = True
    bench.step(0.0, 3.0)
    assert bench.bms.temperature_extremes.high[5] == known
    assert not np.isnan(bench.bms.charge_limit).any()
    assert np.isnan(battery_readings.rack(bench.bms)["cell_voltage_mean"][5])


@pytest.mark.parametrize("reads", [-50.0, 150.0])
def test_a_dead_ntc_shows_but_does_not_count(reads: float) -> None:
    bench = Bench()
    bench.step(0.0, 5.0)
    before = battery_readings.rack(bench.bms)
    bench.sensors.forced[2 * 96 + 40] = reads
    bench.step(0.0, 2.0)
    after = battery_readings.rack(bench.bms)
    assert battery_readings.sensor(bench.bms)["temperature"][2 * 96 + 40] == reads
    for name in ("temperature_max", "temperature_min", "temperature_mean", "temperature_spread"):
        assert after[name] == pytest.approx(before[name], abs=0.2), name
    assert bench.bms.alarms.names() == [set()] * 12
    assert bench.bms.maintenance()[2] == {"TEMPERATURE_ACQUISITION"}
    assert (bench.bms.charge_limit == MAX_CURRENT).all()


def test_an_insulation_fault_is_seen_on_the_whole_bus_until_the_contactors_open() -> None:
    bench = Bench()
    healthy = bench.bms.insulation.copy()
    assert 5e6 < healthy.min() < healthy.max() < 2e7
    bench.bms.insulation_fault[0, 2] = 2e5
    bench.step(0.0, 2.0)
    assert bench.bms.insulation[0, 2] > 3e5  # the monitor needs its time
    bench.step(0.0, 60.0)
    assert bench.bms.tripped.tolist() == [True] * 6 + [False] * 6
    bench.step(0.0, 60.0)
    np.testing.assert_allclose(bench.bms.insulation[0, 2], 2e5, rtol=0.05)
    np.testing.assert_allclose(np.delete(bench.bms.insulation[0], 2), np.delete(healthy[0], 2), rtol=0.1)
    assert [bench.bms.reconnect(rack) for rack in range(6)] == [True, True, False, True, True, True]


def test_the_emergency_stop_opens_everything_and_restart_closes_it() -> None:
    bench = Bench()
    bench.step(1e6, 5.0)
    bench.bms.stopped = True
    bench.step(0.0, 3.0)
    assert not bench.circuit.closed.any()
    assert not bench.bms.ready().any()
    assert bench.bms.maintenance() == [{"EMERGENCY_STOP"}] * 12
    assert bench.bms.restart() == [False] * 12
    bench.bms.stopped = False
    bench.step(0.0, 60.0)
    assert not bench.circuit.closed.any()  # nobody said so yet
    assert bench.bms.restart() == [True] * 12
    bench.step(0.0, 5.0)
    assert bench.circuit.closed.all()


def test_instruments_stay_inside_their_accuracy_and_physics_keeps_the_truth() -> None:
    bench = Bench()
    bench.step(1.1e6, 20.0)
    bms, circuit = bench.bms, bench.circuit
    for shown, true, limit in (
        (bms.cell_voltage, bench.cells.voltage, 5e-3),
        (bms.voltage, circuit.voltage, 7.5),
        (bms.current, circuit.current, 2.0),
    ):
        error = shown - true
        assert 0.0 < np.abs(error).max() < limit
        assert error.std() > 0.05 * limit * 0.3
    assert np.array_equal(battery_readings.rack(bms)["voltage"], bms.voltage)
    assert np.array_equal(battery_readings.cell(bms)["voltage"], bms.cell_voltage.ravel())
    before = bms.cell_voltage - bench.cells.voltage
    bench.step(-1.1e6, 20.0)
    np.testing.assert_allclose(bms.cell_voltage - bench.cells.voltage, before, atol=1e-12)  # an error stays as it is


def test_counters_never_go_back_whatever_the_power_does() -> None:
    bench, chance = Bench(), np.random.default_rng(8)
    for _ in range(80):
        before = [bench.bms.throughput.copy(), bench.bms.energy_charged.copy(), bench.bms.energy_discharged.copy()]
        bench.step(chance.uniform(-1.2e6, 1.2e6, 2), 2.0)
        after = [bench.bms.throughput, bench.bms.energy_charged, bench.bms.energy_discharged]
        assert all((new >= old).all() for new, old in zip(after, before, strict=True))
        assert any((new > old).all() for new, old in zip(after, before, strict=True))
