from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bessinside.emulator.meter import Meter

powers = st.floats(-2.5e6, 2.5e6)


def make() -> Meter:
    return Meter(energy_export=1.9e9, energy_import=2.2e9, reactive_export=1e8, reactive_import=3e8)


def measure(meter: Meter, fed: float, reactive: float = 0.0, auxiliaries: float = 5e3) -> None:
    levels = np.array([1.001, 0.999, 1.002])
    meter.measure(fed=fed, auxiliaries=auxiliaries, reactive=reactive, levels=levels, frequency=50.01)


@given(powers, powers)
def test_phases_make_the_total(fed: float, reactive: float) -> None:
    meter = make()
    measure(meter, fed, reactive)
    readings = {name: float(value[0]) for name, value in meter.readings().items()}
    for name in ("active_power", "reactive_power"):
        assert sum(readings[f"{name}_l{phase}"] for phase in (1, 2, 3)) == pytest.approx(readings[name], abs=1e-6)
    assert readings["apparent_power"] ** 2 == pytest.approx(
        readings["active_power"] ** 2 + readings["reactive_power"] ** 2
    )
    assert readings["power_factor"] * readings["apparent_power"] == pytest.approx(readings["active_power"])
    for phase in (1, 2, 3):
        assert readings[f"voltage_l{phase}"] * readings[f"current_l{phase}"] == pytest.approx(
            readings[f"apparent_power_l{phase}"]
        )


@given(st.lists(st.tuples(powers, st.floats(0.1, 60.0)), max_size=30))
def test_counters_never_go_back_and_count_every_watt(steps: list[tuple[float, float]]) -> None:
    meter = make()
    balance = 0.0
    for fed, dt in steps:
        measure(meter, fed)
        before = {name: value[0] for name, value in meter.readings().items() if "energy" in name}
        meter.count(dt)
        after = meter.readings()
        assert all(after[name][0] >= value for name, value in before.items())
        balance += meter.power * dt / 3600.0
    assert meter.energy_export - 1.9e9 - (meter.energy_import - 2.2e9) == pytest.approx(balance, abs=1e-2)


def test_phase_to_phase_voltage_of_a_balanced_grid_is_root_three() -> None:
    meter = make()
    meter.measure(fed=0.0, auxiliaries=0.0, reactive=0.0, levels=np.ones(3), frequency=50.0)
    readings = meter.readings()
    assert readings["voltage_l12"][0] == pytest.approx(20e3)
    assert readings["voltage_ll"][0] == pytest.approx(3**0.5 * readings["voltage"][0])


def test_auxiliaries_load_the_phases_unevenly() -> None:
    meter = make()
    measure(meter, 0.0, auxiliaries=10e3)
    assert meter.power == -10e3
    assert meter.phase_power[0] < meter.phase_power[1] < meter.phase_power[2] < 0.0


def test_rated_current_at_the_point_of_connection() -> None:
    meter = make()
    meter.measure(fed=2.5e6, auxiliaries=0.0, reactive=0.0, levels=np.ones(3), frequency=50.0)
    assert meter.readings()["current_l1"][0] == pytest.approx(72.2, abs=0.1)
