from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from bessinside.emulator.battery import ocv
from bessinside.plant.cells import ocv_table

CURVE = ocv.load()


def test_the_table_is_returned_at_its_points() -> None:
    rows = ocv_table()
    voltage, gap, _ = CURVE.at(rows.soc)
    np.testing.assert_allclose(voltage, rows.ocv, atol=1e-12)
    np.testing.assert_allclose(gap, rows.half_gap, atol=2e-5)


def test_voltage_rises_with_charge_also_outside_the_table() -> None:
    voltage, _, _ = CURVE.at(np.linspace(-0.05, 1.05, 5000))
    assert (np.diff(voltage) > 0).all()
    assert voltage[0] < 2.0
    assert voltage[-1] > 3.65  # a slow charge reaches its end voltage


def test_half_gap_and_entropy_stay_where_the_table_ends() -> None:
    _, gap, entropy = CURVE.at(np.array([-0.03, 0.0, 1.0, 1.03]))
    np.testing.assert_allclose(gap[[0, 2]], gap[[1, 3]], atol=2e-5)
    np.testing.assert_allclose(entropy[[0, 2]], entropy[[1, 3]], atol=1e-7)


def test_measured_points_of_the_source() -> None:
    voltage, gap, entropy = CURVE.at(np.array([0.02, 0.5, 0.9]))
    np.testing.assert_allclose(voltage, [2.8952, 3.2995, 3.3425], atol=5e-4)
    np.testing.assert_allclose(gap, [0.030, 0.0187, 0.0171], atol=5e-4)
    assert entropy[0] < 0 < entropy[1]


def test_between_the_points_all_three_are_straight_lines() -> None:
    rows = ocv_table()
    soc = np.linspace(0.0, 1.0, 7919)
    voltage, gap, entropy = CURVE.at(soc)
    np.testing.assert_allclose(voltage, np.interp(soc, rows.soc, rows.ocv), atol=1e-12)
    np.testing.assert_allclose(gap, np.interp(soc, rows.soc, rows.half_gap), atol=2e-5)
    np.testing.assert_allclose(entropy, np.interp(soc, CURVE.soc, CURVE.entropy), atol=1e-6)


def test_a_nan_stays_a_nan_and_breaks_nothing() -> None:
    voltage, gap, entropy = CURVE.at(np.array([np.nan, 0.5]))
    assert np.isnan(voltage[0])
    assert np.isfinite([voltage[1], *gap, *entropy]).all()


@given(st.floats(0.0, 0.999))
def test_energy_is_the_integral_of_the_curve(soc: float) -> None:
    step = 1e-4
    low, high = CURVE.energy(np.array([soc])), CURVE.energy(np.array([soc + step]))
    voltage, _, entropy = CURVE.at(np.array([soc, soc + step]))
    inside = (voltage - 298.15 * entropy).sum() / 2
    np.testing.assert_allclose((high - low) / step, inside, rtol=1e-3)
