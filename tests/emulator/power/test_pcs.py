from __future__ import annotations

import numpy as np
import pytest

from bessinside.emulator.basis.codes import PcsState
from bessinside.emulator.basis.design import REF_5M
from bessinside.emulator.battery.rack import DcCircuit
from bessinside.emulator.power.pcs import RAMP, RECONNECT_DELAY, Energy, Pcs

RATED, MAX_APPARENT = REF_5M.rated_power, REF_5M.max_apparent
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
        assert (np.abs(pcs.power - before - RAMP * RATED) < 3e3).all() or (pcs.power > 1.19e6).all()
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
    pcs.fan[0] = 0.2  # a blocked air duct
    step(pcs, circuit, 1.25e6, 1800)
    assert pcs.alarms() == [{"HIGH_TEMPERATURE", "FAN_FAULT"}, set()]
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
def test_grid_protection_trips_and_comes_back_after_a_minute_of_good_grid(
    levels: object, frequency: float, name: str
) -> None:
    pcs, circuit = running(5e5)
    step(pcs, circuit, 5e5, levels=levels, frequency=frequency)
    step(pcs, circuit, 5e5, 30)
    assert pcs.state == [PcsState.FAULT] * 2
    assert pcs.alarms() == [{name}] * 2
    assert pcs.readings()["state_fault"].tolist() == [1.0, 1.0]
    step(pcs, circuit, 5e5, frequency=49.4)  # inside the trip band, not fit to reconnect: the minute begins anew
    step(pcs, circuit, 5e5, int(RECONNECT_DELAY) - 1)
    assert pcs.state == [PcsState.FAULT] * 2
    step(pcs, circuit, 5e5, 8)
    assert pcs.state == [PcsState.RUNNING] * 2
    step(pcs, circuit, 5e5, 60)
    np.testing.assert_allclose(pcs.power, 0.1 * RATED, rtol=0.05)  # 10 % in the first minute
    step(pcs, circuit, 5e5, 200)
    np.testing.assert_allclose(pcs.power, 5e5, atol=2e3)
    step(pcs, circuit, -5e5, 12)  # once back at its set-point it ramps as ever
    np.testing.assert_allclose(pcs.power, -5e5, atol=2e3)


def test_a_trip_of_its_own_waits_for_a_reset() -> None:
    pcs, circuit = running(5e5)
    pcs.heat_sinks.offset[0] += 90.0
    step(pcs, circuit, 5e5, 2)
    pcs.heat_sinks.offset[0] -= 90.0
    step(pcs, circuit, 5e5, 300)
    assert pcs.state == [PcsState.FAULT, PcsState.RUNNING]
    pcs.reset_faults()
    step(pcs, circuit, 5e5, 30)
    assert pcs.state == [PcsState.RUNNING] * 2


@pytest.mark.parametrize(("ambient", "share"), [(-10.0, 1.10), (35.0, 1.10), (50.0, 1.05), (60.0, 0.80)])
@pytest.mark.parametrize("power", [-1.25e6, -4e5, 0.0, 9e5, 1.25e6])
def test_capability_is_a_circle_that_shrinks_with_heat(ambient: float, share: float, power: float) -> None:
    pcs, circuit = running(1e5)
    pcs.heat_sinks.resistance[:] = 1e-5  # outdoor heat alone, no derating by the heat sinks
    for sign in (1.0, -1.0):
        for _ in range(30):
            pcs.count(1.0, ambient)
            pcs.command(1.0, np.full(2, power), np.full(2, sign * 3e6), READY)
            pcs.convert(1.0, circuit, WIDE, WIDE)
        assert pcs.power == pytest.approx(np.clip(power, -share * RATED, share * RATED), abs=3e3)
        np.testing.assert_allclose(np.hypot(pcs.power, pcs.reactive), share * RATED, rtol=1e-9)
        assert (sign * pcs.reactive >= 0.0).all()


def test_a_weak_fan_makes_the_heat_sink_sixty_percent_worse() -> None:
    pcs, circuit = running(1.0e6)
    pcs.fan[0] = 0.5
    step(pcs, circuit, 1.0e6, 3600)
    rise = (pcs.heat_sinks.igbt - 20.0 - pcs.heat_sinks.offset) / pcs.heat_sinks.resistance
    assert rise[0].mean() / rise[1].mean() == pytest.approx(1.6, rel=0.01)


def test_ripple_pulls_the_halves_of_the_link_apart_and_warms_the_capacitors() -> None:
    pcs, circuit = running(5e5)
    step(pcs, circuit, 5e5, 9000)
    assert pcs.distortion.max() < 0.03
    cool = pcs.heat_sinks.capacitor.copy()
    pcs.ripple[1] = 0.05
    step(pcs, circuit, 5e5, 1800)
    readings = pcs.readings()
    apart = readings["dc_voltage_positive"] - readings["dc_voltage_negative"]
    assert abs(apart[0]) < 10.0
    assert apart[1] == pytest.approx(0.6 * 0.04 * pcs.dc_voltage[1], abs=8.0)
    np.testing.assert_allclose(readings["dc_voltage_positive"] + readings["dc_voltage_negative"], pcs.dc_voltage)
    assert (pcs.heat_sinks.capacitor - cool)[1] == pytest.approx(5.0 * (1 - np.exp(-1.5)), abs=0.3)
    assert abs((pcs.heat_sinks.capacitor - cool)[0]) < 0.3
    assert pcs.distortion[1] > 0.05
    assert [("BUS_UNBALANCE" in names) for names in pcs.alarms()] == [False, True]


def test_emergency_stop_and_a_battery_that_is_not_ready_shut_down() -> None:
    pcs, circuit = running(5e5)
    pcs.estop = True
    step(pcs, circuit, 5e5)
    assert pcs.state == [PcsState.SHUTDOWN] * 2
    assert pcs.alarms() == [{"EMERGENCY_STOP"}] * 2
    pcs.estop, pcs.stop_line = False, True
    step(pcs, circuit, 5e5, 30)
    assert pcs.state == [PcsState.SHUTDOWN] * 2
    assert pcs.readings()["state_estop"].tolist() == [1.0, 1.0]
    pcs.stop_line = False
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
