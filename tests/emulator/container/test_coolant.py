from __future__ import annotations

import numpy as np
import pytest

from bessinside.emulator.basis.codes import CoolingState
from bessinside.emulator.container.coolant import CHILLER_POWER, SPECIFIC_HEAT, CoolantLoop


def make(temperature: float = 22.0) -> CoolantLoop:
    return CoolantLoop(temperature, np.random.default_rng(5))


def step(loop: CoolantLoop, times: int = 1, **given: float | bool) -> None:
    values: dict[str, float | bool] = {
        "heat": 0.0,
        "air": 22.0,
        "hottest": 23.0,
        "coldest": 22.0,
        "working": False,
        **given,
    }
    for _ in range(times):
        loop.step(
            1.0,
            heat=float(values["heat"]),
            air=float(values["air"]),
            hottest=float(values["hottest"]),
            coldest=float(values["coldest"]),
            working=bool(values["working"]),
        )


def test_cooling_starts_at_26_and_holds_until_23_5() -> None:
    loop = make()
    states = []
    for hottest in (25.9, 26.0, 24.0, 23.6, 23.5, 25.9):
        step(loop, hottest=hottest, working=True)
        states.append(loop.state)
    cooling, mixing = CoolingState.COOLING, CoolingState.SELF_CIRCULATION
    assert states == [mixing, cooling, cooling, cooling, mixing, mixing]


def test_heating_starts_at_10_and_holds_until_14() -> None:
    loop = make(9.0)
    states = []
    for coldest in (10.1, 10.0, 13.9, 14.0):
        step(loop, hottest=15.0, coldest=coldest, working=True)
        states.append(loop.state is CoolingState.HEATING)
    assert states == [False, True, True, False]


def test_the_chiller_holds_the_supply_near_20_degrees() -> None:
    loop = make(26.0)
    step(loop, 1800, heat=45e3, hottest=27.0, working=True)
    assert 20.5 < loop.supply < 21.5
    assert loop.return_ - loop.supply == pytest.approx(45e3 / (5.0 * SPECIFIC_HEAT))
    assert loop.chiller_heat == pytest.approx(45e3, rel=0.01)
    assert loop.power == pytest.approx(15e3 + 600 + 1560, rel=0.01)  # a third of the heat, fans, pump


def test_the_chiller_cannot_do_more_than_it_is_rated_for() -> None:
    loop = make(26.0)
    step(loop, 600, heat=80e3, hottest=30.0, working=True)
    assert loop.chiller_heat == CHILLER_POWER
    assert loop.supply > 26.0


def test_at_rest_the_pump_stands() -> None:
    loop = make()
    step(loop, 30)
    assert loop.state is CoolingState.OFF
    assert loop.mass_flow == 0.0
    assert loop.readings(leaking=False)["pump_speed_1"] == 0.0


def test_a_dead_pump_is_told_by_flow_and_alarm() -> None:
    loop = make()
    loop.pump_fault = True
    step(loop, 60, hottest=30.0, working=True)
    readings = loop.readings(leaking=False)
    assert readings["coolant_flow"] == 0.0
    assert readings["pump_status"] == 2.0
    assert loop.alarms(leaking=False) == {"PUMP_FAULT", "LOW_COOLANT_FLOW"}
    assert loop.chiller_heat == 0.0


def test_a_leak_lowers_the_pressure_until_the_pump_saves_itself() -> None:
    loop = make()
    loop.leak_rate = 5000.0 / 60.0  # 0.05 bar a minute
    step(loop, 60, hottest=27.0, working=True)
    start = loop.readings(leaking=False)["coolant_return_pressure"]
    step(loop, 240, hottest=27.0, working=True)
    assert loop.readings(leaking=False)["coolant_return_pressure"] - start == pytest.approx(-20000.0, abs=2500.0)
    assert loop.alarms(leaking=False) == set()
    step(loop, 540, hottest=27.0, working=True)
    assert loop.alarms(leaking=True, inside=True) == {"LOW_COOLANT_PRESSURE", "EXTERNAL_LEAK", "INTERNAL_LEAK"}
    assert loop.mass_flow > 0.0
    step(loop, 600, hottest=27.0, working=True)
    assert loop.mass_flow == 0.0
    assert "LOW_COOLANT_FLOW" in loop.alarms(leaking=False)
    loop.leak_rate = 0.0
    loop.refill()
    step(loop, 60, hottest=27.0, working=True)
    assert loop.mass_flow > 0.0
    assert loop.alarms(leaking=False) == set()


def test_warm_coolant_stands_under_more_pressure() -> None:
    cold, warm = make(10.0), make(30.0)
    assert warm.fill_pressure - cold.fill_pressure == pytest.approx(16000.0)
