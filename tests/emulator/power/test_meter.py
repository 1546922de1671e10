from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bessinside.emulator.power.meter import Meter

powers = st.floats(-2.5e6, 2.5e6)
NAMES = [f"{name}_l{phase}" for name in ("active_power", "reactive_power") for phase in (1, 2, 3)]


def make(seed: int = 0) -> Meter:
    chance = np.random.default_rng(seed)
    return Meter(chance, energy_export=1.9e9, energy_import=2.2e9, reactive_export=1e8, reactive_import=3e8)


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
        balance += float(meter.readings()["active_power"][0]) * dt / 3600.0
    assert meter.energy_export - 1.9e9 - (meter.energy_import - 2.2e9) == pytest.approx(balance, abs=1e-2)


def test_phase_to_phase_voltage_of_a_balanced_grid_is_root_three() -> None:
    meter = make()
    meter.measure(fed=0.0, auxiliaries=0.0, reactive=0.0, levels=np.ones(3), frequency=50.0)
    readings = meter.readings()
    assert readings["voltage_l12"][0] == pytest.approx(20e3, rel=0.0015)
    assert readings["voltage_ll"][0] == pytest.approx(3**0.5 * readings["voltage"][0], rel=1e-6)


def test_auxiliaries_load_the_phases_unevenly() -> None:
    meter = make()
    measure(meter, 0.0, auxiliaries=10e3)
    assert meter.power == -10e3
    assert meter.measured_power[0] < meter.measured_power[1] < meter.measured_power[2] < 0.0


def test_rated_current_at_the_point_of_connection() -> None:
    meter = make()
    meter.measure(fed=2.5e6, auxiliaries=0.0, reactive=0.0, levels=np.ones(3), frequency=50.0)
    assert meter.readings()["current_l1"][0] == pytest.approx(72.2, abs=0.1)


def error(seed: int, current: float, angle: float) -> float:
    """Relative error of the active power for `current` A at a phase angle, over all phases and both directions."""
    meter, worst = make(seed), 0.0
    apparent = 3**0.5 * 20e3 * current
    for way in (1.0, -1.0):
        power, reactive = way * apparent * np.cos(angle), way * apparent * np.sin(angle)
        meter.measure(fed=power, auxiliaries=0.0, reactive=reactive, levels=np.ones(3), frequency=50.0)
        worst = max(worst, float(np.abs(meter.measured_power / (power / 3.0) - 1.0).max()))
    return worst


# IEC 62053-22, class 0.5S: share of the rated current (100 A here), power factor, limit of the error.
LIMITS = [
    (0.01, 1.0, 0.010),
    (0.0499, 1.0, 0.010),
    (0.05, 1.0, 0.005),
    (1.0, 1.0, 0.005),
    (0.02, 0.5, 0.010),
    (0.0999, 0.5, 0.010),
    (0.1, 0.5, 0.006),
    (1.2, 0.5, 0.006),
]


@pytest.mark.parametrize(("share", "factor", "limit"), LIMITS)
def test_the_error_stays_in_class_0_5_s_for_every_seed(share: float, factor: float, limit: float) -> None:
    errors = [error(seed, 100.0 * share, sign * np.arccos(factor)) for seed in range(300) for sign in (1.0, -1.0)]
    assert max(errors) <= limit
    assert max(errors) > 0.2 * limit  # a meter without error would be none
    assert len(set(errors)) > 200  # and each has its own


@given(powers, powers, st.lists(st.booleans(), min_size=3, max_size=3))
def test_a_reversed_current_transformer_turns_the_power_of_its_phase(
    fed: float, reactive: float, turned: list[bool]
) -> None:
    right, wrong = make(), make()
    wrong.reversed[:] = turned
    measure(right, fed, reactive)
    measure(wrong, fed, reactive)
    one, other = right.readings(), wrong.readings()
    for index, name in enumerate(NAMES):
        sign = -1.0 if turned[index % 3] else 1.0
        assert other[name][0] == sign * one[name][0]
    for name in ("voltage_l1", "current_l2", "apparent_power_l3"):
        assert other[name][0] == one[name][0]


def test_with_one_phase_reversed_a_third_of_the_power_is_left_and_its_counters_swap() -> None:
    meter = make()
    meter.reversed[1] = True
    measure(meter, 2.4e6, auxiliaries=0.0)
    assert meter.readings()["active_power"][0] == pytest.approx(2.4e6 / 3.0, rel=0.02)
    before = meter.readings()
    exported, imported = before["energy_export_l2"][0], before["energy_import_l2"][0]
    meter.count(3600.0)
    after = meter.readings()
    assert after["energy_export_l2"][0] == exported
    assert after["energy_import_l2"][0] == pytest.approx(imported + 0.8e6, rel=0.005)
    meter.reversed[:] = True
    measure(meter, 2.4e6, auxiliaries=0.0)
    assert meter.readings()["active_power"][0] == pytest.approx(-2.4e6, rel=0.005)


def test_what_was_counted_before_is_shared_as_the_auxiliaries_load_the_phases() -> None:
    chance = np.random.default_rng(1)
    meter = Meter(
        chance, energy_export=2e9, energy_import=2.2e9, reactive_export=1e8, reactive_import=1e8, auxiliary_energy=1e8
    )
    assert meter.phase_export.sum() == pytest.approx(2e9)
    assert meter.phase_import.sum() == pytest.approx(2.2e9)
    assert meter.phase_import[0] > meter.phase_import[1] > meter.phase_import[2]
    assert meter.phase_export[0] < meter.phase_export[1] < meter.phase_export[2]
    assert meter.phase_import[0] - meter.phase_export[0] - 0.2e9 / 3.0 == pytest.approx(1e8 * (0.37 - 1 / 3))
    assert meter.reactive_export != meter.reactive_import
