from __future__ import annotations

import numpy as np
import pytest

from bessinside.emulator.codes import PcsState
from bessinside.emulator.converter import RATED
from bessinside.emulator.pcs import MAX_APPARENT, RAMP, Energy, Pcs
from bessinside.emulator.rack import DcCircuit

READY = np.ones(2, dtype=bool)
WIDE = np.full(2, 1200.0)


def make() -> tuple[Pcs, DcCircuit]:
    circuit = DcCircuit(12, 2)
    circuit.set_sources(np.full(12, 1370.0), np.full(12, 0.066))
    pcs = Pcs(2, Energy(*(np.zeros(2) for _ in range(4))), 20.0, np.random.default_rng(2))
    return pcs, circuit


def step(pcs: Pcs, circuit: DcCircuit, power: float, seconds: int = 1, **given: object) -> None:
    limits = given.get("limits", (WIDE, WIDE))
    assert isinstance(limits, tuple)
    levels, frequency = given.get("levels", np.ones(3)), given.get("frequency", 50.0)
    reactive = np.full(2, float(str(given.get("reactive", 0.0))))
    for _ in range(seconds):
        pcs.count(1.0, 20.0)
        pcs.command(1.0, np.full(2, power), reactive, np.asarray(given.get("ready", READY)))
        pcs.convert(1.0, circuit, *limits)
        pcs.watch(1.0, np.asarray(levels), float(str(frequency)))


def running(power: float, seconds: int = 60) -> tuple[Pcs, DcCircuit]:
    pcs, circuit = make()
    step(pcs, circuit, power, seconds)
    assert pcs.state == [PcsState.RUNNING] * 2
    return pcs, circuit


def test_from_standby_through_starting_to_running_and_back_after_ten_minutes() -> None:
    pcs, circuit = make()
    step(pcs, circuit, 0.0, 10)
    assert pcs.state == [PcsState.STANDBY] * 2
    assert (pcs.power == 0.0).all()
    assert (pcs.dc_power == 0.0).all()
    assert pcs.standby_supply > 0.0
    step(pcs, circuit, 5e5)
    assert pcs.state == [PcsState.STARTING] * 2
    step(pcs, circuit, 5e5, 5)
    assert pcs.state == [PcsState.RUNNING] * 2
    step(pcs, circuit, 0.0, 300)
    assert pcs.state == [PcsState.RUNNING] * 2
    assert pcs.power == pytest.approx(0.0, abs=1e-9)
    step(pcs, circuit, 0.0, 320)
    assert pcs.state == [PcsState.STANDBY] * 2


def test_the_set_point_is_reached_on_a_ramp() -> None:
    pcs, circuit = make()
    step(pcs, circuit, 1.2e6, 6)
    before = pcs.power.copy()
    for _ in range(9):
        step(pcs, circuit, 1.2e6)
        assert (np.abs(pcs.power - before - RAMP) < 3e3).all() or (pcs.power > 1.19e6).all()
        before = pcs.power.copy()
    step(pcs, circuit, 1.2e6, 3)
    np.testing.assert_allclose(pcs.power, 1.2e6, atol=2e3)


@pytest.mark.parametrize("power", [1.2e6, 3e5, -3e5, -1.2e6])
def test_loss_lies_between_the_two_sides(power: float) -> None:
    pcs, _ = running(power)
    np.testing.assert_allclose(pcs.dc_power - pcs.power, pcs.loss, atol=1e-6)
    assert (pcs.loss > 0).all()
    np.testing.assert_allclose(pcs.dc_voltage * pcs.dc_current, pcs.dc_power, atol=1e-3)
    for unit in range(2):
        assert pcs.loss[unit] == pytest.approx(pcs.converter.loss(pcs.power[unit], pcs.dc_voltage[unit]), abs=1.0)


def test_active_power_goes_before_reactive_power_inside_the_circle() -> None:
    pcs, circuit = running(1.2e6)
    step(pcs, circuit, 1.2e6, reactive=1.2e6)
    np.testing.assert_allclose(pcs.power, 1.2e6, atol=2e3)
    np.testing.assert_allclose(np.hypot(pcs.power, pcs.reactive), MAX_APPARENT, rtol=1e-9)
    step(pcs, circuit, 2e6, 20)
    assert (pcs.power <= RATED).all()
    assert pcs.limited.all()


def test_the_limits_of_the_battery_hold_for_its_current() -> None:
    limits = (np.array([300.0, 0.0]), np.array([500.0, 1200.0]))
    pcs, circuit = running(1.2e6)
    step(pcs, circuit, 1.2e6, limits=limits)
    assert pcs.dc_current[0] == pytest.approx(500.0, abs=0.1)
    assert pcs.dc_current[1] == pytest.approx(1.2e6 / 1370.0, rel=0.05)
    assert pcs.limited.tolist() == [True, False]
    step(pcs, circuit, -1.2e6, 40, limits=limits)
    assert pcs.dc_current[0] == pytest.approx(-300.0, abs=0.1)
    assert pcs.dc_current[1] == pytest.approx(0.0, abs=0.1)


def test_counters_follow_the_power_and_never_go_back() -> None:
    pcs, circuit = running(1.0e6)
    start = (pcs.energy.ac_discharged.copy(), pcs.energy.dc_discharged.copy())
    step(pcs, circuit, 1.0e6, 3600)
    np.testing.assert_allclose(pcs.energy.ac_discharged - start[0], 1.0e6, rtol=1e-3)
    assert (pcs.energy.dc_discharged - start[1] > pcs.energy.ac_discharged - start[0]).all()
    assert (pcs.energy.ac_charged == 0.0).all()


def test_heat_sinks_warm_with_three_minutes() -> None:
    pcs, circuit = running(1.25e6, 20)
    step(pcs, circuit, 1.25e6, 3600)
    rise = pcs.heat_sinks.igbt - 20.0 - pcs.heat_sinks.offset
    np.testing.assert_allclose(rise, 34.0, atol=4.0)
    hot = pcs.heat_sinks.igbt.mean()
    step(pcs, circuit, 0.0, 10 + 180)
    assert pcs.heat_sinks.igbt.mean() - 20 < 0.45 * (hot - 20)


def test_heat_derates_and_trips() -> None:
    pcs, circuit = running(1.25e6)
    pcs.heat_sinks.resistance[0] *= 2.2  # a blocked air duct
    step(pcs, circuit, 1.25e6, 1800)
    assert pcs.alarms()[0] == {"HIGH_TEMPERATURE"}
    assert pcs.limited[0]
    assert 2e5 < pcs.power[0] < 1.2e6 < pcs.power[1]
    assert pcs.heat_sinks.igbt[0].max() < 95.0
    pcs.heat_sinks.offset[0] += 40.0
    step(pcs, circuit, 1.25e6, 3)
    assert pcs.state[0] is PcsState.FAULT
    assert "OVERTEMPERATURE" in pcs.alarms()[0]
    assert pcs.power[0] == 0.0


@pytest.mark.parametrize(
    ("levels", "frequency", "name"),
    [
        (np.full(3, 1.0), 51.6, "AC_OVERFREQUENCY"),
        (np.full(3, 1.0), 47.4, "AC_UNDERFREQUENCY"),
        (np.array([1.0, 1.16, 1.0]), 50.0, "AC_OVERVOLTAGE"),
        (np.array([0.79, 1.0, 1.0]), 50.0, "AC_UNDERVOLTAGE"),
    ],
)
def test_grid_protection_trips_and_stays_tripped_until_reset(levels: object, frequency: float, name: str) -> None:
    pcs, circuit = running(5e5)
    step(pcs, circuit, 5e5, levels=levels, frequency=frequency)
    step(pcs, circuit, 5e5, 30)
    assert pcs.state == [PcsState.FAULT] * 2
    assert pcs.alarms() == [{name}] * 2
    assert pcs.readings()["state_fault"].tolist() == [1.0, 1.0]
    pcs.reset_faults()
    step(pcs, circuit, 5e5, 30)
    assert pcs.state == [PcsState.RUNNING] * 2


def test_emergency_stop_and_a_battery_that_is_not_ready_shut_down() -> None:
    pcs, circuit = running(5e5)
    pcs.estop = True
    step(pcs, circuit, 5e5)
    assert pcs.state == [PcsState.SHUTDOWN] * 2
    assert pcs.alarms() == [{"EMERGENCY_STOP"}] * 2
    pcs.estop = False
    step(pcs, circuit, 5e5, 30, ready=np.array([True, False]))
    assert pcs.state == [PcsState.RUNNING, PcsState.SHUTDOWN]


def test_both_halves_of_the_bus_make_the_whole() -> None:
    pcs, _ = running(5e5)
    readings = pcs.readings()
    both = readings["dc_voltage_positive"] + readings["dc_voltage_negative"]
    np.testing.assert_allclose(both, readings["dc_voltage"])
    assert (np.abs(readings["dc_voltage_positive"] - readings["dc_voltage_negative"]) < 10.0).all()


def test_frost_stays_out_of_the_cabinet() -> None:
    pcs, _ = make()
    for _ in range(600):
        pcs.count(10.0, -15.0)
    assert pcs.readings()["controller_temperature"].min() > 5.0
    assert pcs.heat_sinks.igbt.min() > 0.0
    assert pcs.standby_supply > 600.0
