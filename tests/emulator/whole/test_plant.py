from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import yaml

import bessinside
from bessinside.emulator.basis.codes import PcsState
from bessinside.emulator.whole.plant import Plant
from bessinside.emulator.whole.schedule import Schedule

HOUR = 3600 * 10**9
NOON = 1_750_000_000 * 10**9 // (24 * HOUR) * 24 * HOUR + 12 * HOUR
METRICS = yaml.safe_load((Path(bessinside.__file__).parent / "registers" / "metrics.yaml").read_text(encoding="utf-8"))


def flat(power: float) -> Schedule:
    return Schedule.parse(f"time,power\n00:00,{power}\n")


def working(power: float, seconds: int = 120, **given: float) -> Plant:
    plant = Plant(seed=5, start_ns=NOON, schedule=flat(power), **given)
    for _ in range(seconds):
        plant.step(1.0)
    return plant


@pytest.fixture(scope="module")
def discharging() -> Plant:
    return working(2.4e6, 900)


@pytest.mark.parametrize("power", [2.4e6, 0.0, -2.0e6])
def test_every_quantity_is_in_the_vocabulary_and_in_its_range(power: float) -> None:
    plant = working(power)
    for kind, count in plant.parts.items():
        for name, values in plant.readings(kind).items():
            where = f"{kind}.{name}"
            assert name in METRICS[kind], where
            assert values.shape == (count,), where
            assert values.dtype == np.float64, where
            if where == "cell.temperature":
                values = values[~np.isnan(values)]
                assert len(values) == plant.parts["sensor"]
            assert np.isfinite(values).all(), where
            if METRICS[kind][name]["unit"] == "code":
                assert (values == np.floor(values)).all(), where
                assert (values >= 0).all(), where
            if "range" in METRICS[kind][name]:
                low, high = METRICS[kind][name]["range"]
                assert low <= values.min(), where
                assert values.max() <= high, where


def test_before_the_first_step_everything_is_measured_already() -> None:
    plant = Plant(seed=1, start_ns=NOON)
    assert plant.time_ns == NOON
    assert plant.quantity("container", "soc")[0] == pytest.approx(52.0, abs=0.3)
    assert plant.quantity("meter", "voltage")[0] == pytest.approx(11547.0, rel=0.03)
    assert plant.quantity("rack", "cycles").min() >= 405
    assert plant.quantity("meter", "energy_export")[0] > 1e9


def test_what_the_plant_does_not_have_is_a_key_error() -> None:
    plant = Plant(seed=1, start_ns=NOON)
    for kind, name in (("pcs", "dcdc_in_voltage"), ("pcs", "current_n"), ("container", "rack_voltage"), ("cell", "ph")):
        with pytest.raises(KeyError, match=f"{kind}.{name}"):
            plant.quantity(kind, name)
    with pytest.raises(KeyError, match="no such part"):
        plant.quantity("turbine", "speed")
    with pytest.raises(KeyError):
        plant.alarms("turbine")
    with pytest.raises(KeyError):
        plant.text("module", "name")


def test_a_quantity_is_a_copy() -> None:
    plant = Plant(seed=1, start_ns=NOON)
    before = plant.quantity("cell", "voltage")
    plant.quantity("cell", "voltage")[:] = 0.0
    np.testing.assert_array_equal(plant.quantity("cell", "voltage"), before)
    taken = plant.quantity("pcs", "ac_energy_discharged")
    plant.set_active_power(1, 1e6)
    for _ in range(60):
        plant.step(1.0)
    assert plant.quantity("pcs", "ac_energy_discharged")[0] > taken[0]


def state(plant: Plant) -> list[bytes]:
    return [values.tobytes() for kind in plant.parts for values in plant.readings(kind).values()]


def test_the_same_seed_and_steps_give_the_same_bits() -> None:
    one, two, other = (Plant(seed=seed, start_ns=NOON) for seed in (7, 7, 8))
    for dt in (1.0, 0.5, 10.0, 33.3, 1.0):
        for plant in (one, two, other):
            plant.step(dt)
    assert state(one) == state(two)
    assert state(one) != state(other)


def test_asking_changes_nothing() -> None:
    one, two = (Plant(seed=7, start_ns=NOON) for _ in range(2))
    for _ in range(5):
        one.step(1.0)
        state(one)
        two.step(1.0)
    assert state(one) == state(two)


def test_time_goes_forward_by_the_step() -> None:
    plant = Plant(seed=1, start_ns=NOON)
    plant.step(0.25)
    plant.step(60.0)
    assert plant.time_ns == NOON + 60_250_000_000
    with pytest.raises(ValueError, match="forward"):
        plant.step(0.0)


def test_the_meter_shows_the_schedule_and_the_balance_of_the_plant(discharging: Plant) -> None:
    plant = discharging
    balance = plant.pcs.power.sum() - plant.transformer.loss - plant.auxiliaries
    assert plant.meter.power == pytest.approx(balance, abs=1e-6)
    assert plant.quantity("meter", "active_power")[0] == pytest.approx(balance, rel=0.005)  # class 0.5S
    assert plant.meter.power == pytest.approx(2.4e6, abs=3e3)
    reactive = plant.pcs.reactive.sum() - plant.transformer.reactive
    assert plant.meter.reactive == pytest.approx(reactive, abs=1e-6)


def test_sums_from_the_cell_to_the_bus(discharging: Plant) -> None:
    def get(kind: str, name: str) -> np.ndarray:
        return discharging.quantity(kind, name)

    current = get("rack", "current")
    np.testing.assert_allclose(current.reshape(2, 6).sum(axis=1), get("bus", "current"), atol=1e-6)
    # The racks' own instruments: 0.5 % of 400 A each at most.
    np.testing.assert_allclose(get("bus", "current"), get("pcs", "dc_current"), atol=6 * 2.0)
    np.testing.assert_allclose(
        discharging.circuit.current.reshape(2, 6).sum(axis=1), get("pcs", "dc_current"), atol=1e-9
    )
    # Boards and rack measure apart: 5 mV a cell and 7.5 V a rack at most, in truth the sum.
    modules = get("module", "voltage").reshape(12, 4).sum(axis=1)
    np.testing.assert_allclose(modules, get("rack", "voltage"), atol=7.5 + 416 * 5e-3)
    np.testing.assert_allclose(modules, discharging.circuit.voltage, atol=416 * 1e-3)
    cells = get("cell", "voltage").reshape(48, 104)
    joints = cells.sum(axis=1) - get("module", "voltage")
    np.testing.assert_allclose(joints, 1e-3 * np.repeat(discharging.circuit.current, 4), rtol=1e-6)
    np.testing.assert_allclose(get("pcs", "dc_power"), get("pcs", "dc_voltage") * get("pcs", "dc_current"), rtol=1e-9)
    assert (current > 150.0).all()
    assert current.std() / current.mean() < 0.02


def test_extremes_are_those_of_the_cells_and_sit_where_they_say(discharging: Plant) -> None:
    def get(kind: str, name: str) -> np.ndarray:
        return discharging.quantity(kind, name)

    cells = get("cell", "voltage").reshape(12, 4, 104)
    sensors = get("sensor", "temperature").reshape(12, 4, 24)
    for end, best in (("max", np.max), ("min", np.min)):
        module = get("rack", f"cell_voltage_{end}_module").astype(int) - 1
        cell = get("rack", f"cell_voltage_{end}_cell").astype(int) - 1
        np.testing.assert_array_equal(cells[np.arange(12), module, cell], get("rack", f"cell_voltage_{end}"))
        np.testing.assert_array_equal(best(cells, axis=(1, 2)), get("rack", f"cell_voltage_{end}"))
        np.testing.assert_array_equal(best(cells, axis=2).ravel(), get("module", f"cell_voltage_{end}"))
        rack = get("bus", f"cell_voltage_{end}_rack").astype(int) - 1
        cell = get("bus", f"cell_voltage_{end}_cell").astype(int) - 1
        np.testing.assert_array_equal(cells.reshape(12, 416)[rack, cell], get("bus", f"cell_voltage_{end}"))
        assert rack[0] < 6 <= rack[1]
        module = get("rack", f"temperature_{end}_module").astype(int) - 1
        sensor = get("rack", f"temperature_{end}_sensor").astype(int) - 1
        np.testing.assert_array_equal(sensors[np.arange(12), module, sensor], get("rack", f"temperature_{end}"))
    np.testing.assert_allclose(get("rack", "cell_voltage_mean"), cells.mean(axis=(1, 2)))
    assert get("container", "cell_voltage_max")[0] == cells.max()


def test_the_temperature_of_a_cell_is_known_where_a_sensor_sits(discharging: Plant) -> None:
    temperature = discharging.quantity("cell", "temperature")
    known = np.flatnonzero(~np.isnan(temperature))
    np.testing.assert_array_equal(known, discharging.sensors.cell)
    np.testing.assert_array_equal(temperature[known], discharging.quantity("sensor", "temperature"))


def test_a_healthy_rack_has_a_healthy_spread_under_load(discharging: Plant) -> None:
    spread = 1e3 * discharging.quantity("rack", "cell_voltage_spread")
    assert 9.0 <= spread.mean() <= 19.0
    assert spread.min() > 7.0
    assert spread.max() < 22.0


def test_at_rest_the_spread_is_small_and_the_pcs_sleep() -> None:
    plant = working(0.0)
    assert 1e3 * plant.quantity("rack", "cell_voltage_spread").max() < 10.0
    assert np.ptp(1e3 * plant.cells.voltage, axis=1).max() < 5.0  # the rest is what the instruments differ by
    assert plant.quantity("pcs", "state").tolist() == [PcsState.STANDBY] * 2
    assert -6e3 < plant.quantity("meter", "active_power")[0] < -2e3
    assert np.abs(plant.quantity("rack", "current")).max() < 5.0


def test_counters_never_go_back_through_an_evening_and_a_night() -> None:
    plant = Plant(seed=2, start_ns=NOON)
    names = [
        (kind, name)
        for kind in plant.parts
        for name in plant.readings(kind)
        if ("energy" in name and "chargeable" not in name) or name in ("cycles",)
    ]
    assert len(names) >= 17
    before = {key: plant.quantity(*key) for key in names}
    start = dict(before)
    alarms: set[str] = set()
    for _ in range(16 * 60 // 5):  # one discharge, one charge to full
        plant.step(300.0)
        for key in names:
            now = plant.quantity(*key)
            assert (now >= before[key]).all(), key
            before[key] = now
        alarms |= set().union(*plant.alarms("rack"), *plant.alarms("pcs"))
    assert alarms == set()  # an ordinary night is a quiet one
    for key in (("meter", "energy_export"), ("meter", "energy_import"), ("pcs", "dc_energy_charged")):
        assert (before[key] - start[key] > 3e6).all()
    assert plant.quantity("rack", "charge_complete").all()


@pytest.mark.parametrize(
    ("power", "cell", "direct", "alternating", "meter", "all_in"),
    [(1.2e6, 0.948, 0.947, 0.914, 0.901, 0.884), (0.6e6, 0.967, 0.966, 0.938, 0.930, 0.916)],
)
def test_round_trip_efficiency(
    power: float, cell: float, direct: float, alternating: float, meter: float, all_in: float
) -> None:
    plant = Plant(seed=1, start_ns=NOON, schedule=flat(0.0), soc=0.1)
    plant.bms.discharge_cutoff = 0.0
    energy = np.zeros(5)

    def run(setpoint: float, until: str, most: float = 6.0) -> np.ndarray:
        """Wh out of the cells, the DC bus, the PCS, the meter, and into the auxiliaries."""
        for unit in (1, 2):
            plant.set_active_power(unit, setpoint)
        energy[:] = 0.0
        for step in range(round(most * 360)):
            cells = float((plant.cells.voltage.sum(axis=1) * plant.cells.current).sum())
            flows = (cells, plant.pcs.dc_power.sum(), plant.pcs.power.sum(), plant.meter.power, plant.auxiliaries)
            energy[:] += np.array(flows) / 360.0
            plant.step(10.0)
            if until == "full" and plant.bms.full.any():
                break
            if until == "empty" and step > 10 and plant.pcs.power.sum() < 0.02 * power:
                break
        return energy.copy()

    run(power, "empty")
    run(0.0, "time", 0.25)
    charged = run(-power, "full")
    run(0.0, "time", 0.25)
    discharged = run(power, "empty")
    ratio = -discharged / charged
    without = -(discharged[3] + discharged[4]) / (charged[3] + charged[4])
    assert ratio[0] == pytest.approx(cell, abs=0.006)
    assert ratio[1] == pytest.approx(direct, abs=0.006)
    assert ratio[2] == pytest.approx(alternating, abs=0.006)
    assert without == pytest.approx(meter, abs=0.006)
    assert ratio[3] == pytest.approx(all_in, abs=0.008)


def test_direct_current_work_heat_and_stored_energy_close() -> None:
    plant = Plant(seed=3, start_ns=NOON, schedule=flat(0.0))
    plant.cells.leak[:] = 0.0
    plant.set_active_power(1, 1.0e6)
    plant.set_active_power(2, -1.0e6)
    before = plant.cells.stored_energy().sum(axis=1)
    work, heat = np.zeros(12), np.zeros(12)
    for _ in range(900):
        work += plant.cells.voltage.sum(axis=1) * plant.cells.current
        plant.step(1.0)
        heat += plant.cells.heat.sum(axis=1)
    change = plant.cells.stored_energy().sum(axis=1) - before
    assert (np.abs(work + heat + change) < 1e-3 * np.abs(work)).all()
    assert (work[:6] > 0).all()
    assert (work[6:] < 0).all()


def test_a_set_point_of_ones_own_and_back_to_the_schedule() -> None:
    plant = working(1.0e6)
    plant.set_active_power(1, -3.0e5)
    plant.set_reactive_power(2, 2.0e5)
    for _ in range(30):
        plant.step(1.0)
    assert plant.pcs.power[0] == pytest.approx(-3.0e5, abs=2e3)
    assert plant.pcs.reactive[1] == pytest.approx(2.0e5)
    plant.set_active_power(1, None)
    for _ in range(30):
        plant.step(1.0)
    assert plant.pcs.power[0] == pytest.approx(plant.pcs.power[1], abs=3e3)
    with pytest.raises(ValueError, match="PCS 3"):
        plant.set_active_power(3, 0.0)


def test_an_open_rack_lets_its_neighbours_carry_on() -> None:
    plant = working(2.0e6)
    before = plant.quantity("rack", "current")
    plant.bms.disconnect(3)
    plant.step(1.0)
    after = plant.quantity("rack", "current")
    assert after[3] == 0.0
    np.testing.assert_allclose(after[[0, 1, 2, 4, 5]] / before[[0, 1, 2, 4, 5]], 1.2, rtol=0.02)
    assert plant.quantity("rack", "connection_state").tolist() == [1.0] * 3 + [0.0] + [1.0] * 8
    assert plant.quantity("rack", "voltage")[3] > plant.quantity("rack", "voltage_external")[3] + 5.0


def test_serial_numbers_are_text() -> None:
    serials = Plant(seed=1, start_ns=NOON).text("module", "serial")
    assert len(set(serials)) == 48
    assert serials[:2] == ["REF5M-R01M1", "REF5M-R01M2"]


def test_alarms_are_told_by_kind_and_level() -> None:
    plant = working(0.0)
    for kind, count in plant.parts.items():
        assert plant.alarms(kind) == [set()] * count
    plant.cells.soc[7, 12] = -0.01
    plant.step(1.0)
    assert "CELL_UNDERVOLTAGE" in plant.alarms("rack")[7]
    assert "CELL_UNDERVOLTAGE" in plant.alarms("rack", 3)[7]
    assert "CELL_UNDERVOLTAGE" in plant.alarms("bus", 3)[1]
    plant.step(1.0)
    assert plant.alarms("pcs")[1] == {"BMS_ALARM", "BMS_TRIP"}
    plant.safety.smoke = 0.2
    plant.safety.co = 80.0
    plant.safety.leak = 2e-4
    plant.step(1.0)
    assert plant.alarms("smoke") == [{"ALERT", "ACTION_1"}]
    assert plant.alarms("container") == [{"HIGH_CO"}]
    assert plant.alarms("leak") == [{"LEAK_DETECTED"}]
    assert plant.alarms("cooling") == [{"EXTERNAL_LEAK"}]
