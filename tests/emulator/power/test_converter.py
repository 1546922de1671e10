from __future__ import annotations

import csv
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bessinside.emulator.basis import table
from bessinside.emulator.power.converter import Converter

RATED = 1.25e6
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
    dc = power + CONVERTER.loss(power, voltage)
    assert CONVERTER.ac_power(dc, voltage) == pytest.approx(power, abs=2.0)


def test_all_sixty_points_of_the_vendor_s_table() -> None:
    path = Path(os.environ.get("BESSINSIDE_DATA") or "") / "lfp" / "kehua_bcs1250k_efficiency_selfpowered.csv"
    if "BESSINSIDE_DATA" not in os.environ or not path.exists():
        pytest.skip(f"BESSINSIDE_DATA does not lead to lfp/{path.name}: efficiencies are not compared")
    with path.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(line for line in file if not line.startswith("#")))
    found = [
        (100 * efficiency(sign * float(row["load_pct"]) / 100 * RATED, float(row["udc_V"])), float(row[column]))
        for row in rows
        for sign, column in ((1.0, "discharge_pct"), (-1.0, "charge_pct"))
    ]
    assert len(found) == 60
    assert max(abs(ours - theirs) for ours, theirs in found) <= 0.05


@given(st.floats(-1.1, 1.1), st.floats(1060.0, 1500.0), st.floats(0.05, 4.0), st.floats(0.3, 1.2))
def test_another_size_has_the_same_curve_in_shares_of_its_own(
    load: float, voltage: float, share: float, level: float
) -> None:
    other = Converter(share * RATED, level)
    loss = other.loss(load * share * RATED, voltage * level)
    assert loss == pytest.approx(share * CONVERTER.loss(load * RATED, voltage), rel=1e-9)
