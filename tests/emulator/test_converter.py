from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bessinside.emulator import table
from bessinside.emulator.converter import RATED, Converter

CONVERTER = Converter()
ROWS = table.read("pcs_efficiency")


def efficiency(power: float, voltage: float) -> float:
    loss = CONVERTER.loss(power, voltage)
    return power / (power + loss) if power > 0 else (power + loss) / power


@pytest.mark.parametrize("row", range(30))
def test_efficiency_at_the_points_of_the_table(row: int) -> None:
    power, voltage = ROWS["load_pct"][row] / 100 * RATED, ROWS["dc_V"][row]
    assert 100 * efficiency(power, voltage) == pytest.approx(ROWS["discharge_pct"][row], abs=1e-9)
    assert 100 * efficiency(-power, voltage) == pytest.approx(ROWS["charge_pct"][row], abs=1e-9)


@given(st.floats(0.1, 1.0), st.floats(1060.0, 1450.0), st.sampled_from([1.0, -1.0]))
def test_efficiency_between_the_points_stays_inside_the_table(load: float, voltage: float, sign: float) -> None:
    column = ROWS["discharge_pct" if sign > 0 else "charge_pct"]
    assert column.min() - 0.05 <= 100 * efficiency(sign * load * RATED, voltage) <= column.max() + 0.05


@given(st.floats(1060.0, 1500.0))
def test_loss_grows_with_load_and_starts_above_zero(voltage: float) -> None:
    for sign in (1.0, -1.0):
        losses = [CONVERTER.loss(sign * load * RATED, voltage) for load in np.linspace(0.0, 1.1, 45)]
        assert (np.diff(losses) > 0).all()
        assert 1500.0 < losses[0] < 3000.0


def test_no_load_loss_does_not_depend_on_the_direction() -> None:
    assert CONVERTER.loss(1e-9, 1300.0) == pytest.approx(CONVERTER.loss(-1e-9, 1300.0))


@given(st.floats(-1.2e6, 1.2e6), st.floats(1100.0, 1490.0))
def test_ac_power_is_the_inverse(power: float, voltage: float) -> None:
    dc = np.array([power + CONVERTER.loss(power, voltage)])
    assert CONVERTER.ac_power(dc, np.array([voltage]))[0] == pytest.approx(power, abs=2.0)
