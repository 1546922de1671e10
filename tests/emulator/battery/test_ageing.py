from __future__ import annotations

import csv
import os
from pathlib import Path

import numpy as np
import pytest

from bessinside.emulator.basis.cell_type import CellType
from bessinside.emulator.battery import ocv
from bessinside.emulator.battery.ageing import Stress, health, mean_health, resistance_rise
from bessinside.emulator.battery.cell import Cells

CURVE = ocv.load()
# Largest difference in percentage points of capacity, and until which year: the vendor's curves of two cycles a day
# bend down after eight years, as no law of roots does.
CONDITIONS = {
    "0.5P_1cpd": (Stress(), 20, 0.35),
    "0.25P_1cpd": (Stress(rate=0.25), 20, 0.85),
    "0.5P_2cpd": (Stress(cycles_per_day=2.0), 7, 1.0),
    "0.25P_2cpd": (Stress(rate=0.25, cycles_per_day=2.0), 7, 1.0),
}


@pytest.mark.parametrize("condition", CONDITIONS)
def test_health_is_what_the_vendor_warrants(condition: str) -> None:
    path = Path(os.environ.get("BESSINSIDE_DATA") or "") / "lfp" / "vendor_soh_5MWh_314Ah.csv"
    if "BESSINSIDE_DATA" not in os.environ or not path.exists():
        pytest.skip("BESSINSIDE_DATA does not lead to lfp/vendor_soh_5MWh_314Ah.csv: ageing is not compared")
    with path.open(encoding="utf-8") as file:
        rows = {
            int(row["year"]): float(row["soh_pct"]) for row in csv.DictReader(file) if row["condition"] == condition
        }
    stress, until, most = CONDITIONS[condition]
    assert max(rows) >= until
    for year, warranted in rows.items():
        if year <= until:
            # The sheet counts from the day the plant was handed over, at 98.5 %.
            assert 100.0 * health(year, stress) == pytest.approx(100.0 * warranted / rows[0], abs=most), year


def test_the_law_and_the_study_at_known_points() -> None:
    assert health(0.0) == 1.0
    assert [health(years) for years in (1, 5, 10, 20)] == pytest.approx([0.9576, 0.8741, 0.7989, 0.6787], abs=1e-3)
    assert Stress().first_year() == pytest.approx(0.0705, abs=1e-4)  # 93.0 % after a year, by the study alone
    assert resistance_rise(10.0) == pytest.approx(0.22, abs=0.005)
    assert health(1000.0) == 0.0


def test_heat_depth_rate_and_cycles_each_cost() -> None:
    usual = health(10.0)
    for worse in (
        Stress(temperature=35.0),
        Stress(depth=1.0),
        Stress(rate=1.0),
        Stress(cycles_per_day=2.0),
        Stress(soc=0.9),
    ):
        assert health(10.0, worse) < usual - 0.003
    for better in (Stress(temperature=15.0), Stress(depth=0.5), Stress(rate=0.25), Stress(cycles_per_day=0.5)):
        assert health(10.0, better) > usual + 0.003
    assert resistance_rise(10.0, Stress(temperature=35.0)) > resistance_rise(10.0)


def test_the_mean_is_that_of_the_curve() -> None:
    years = np.linspace(0.0, 12.0, 20001)
    assert mean_health(12.0) == pytest.approx(np.mean([health(year) for year in years]), abs=1e-4)


def aged(years: float) -> Cells:
    return Cells(
        CellType(),
        CURVE,
        (12, 416),
        np.random.default_rng(1),
        soc=0.5,
        health=health(years),
        temperature=np.full((12, 416), 25.0),
        resistance_rise=resistance_rise(years),
    )


def test_cells_age_apart_and_the_weak_stay_weak() -> None:
    new, young, old = aged(0.0), aged(2.0), aged(10.0)
    spreads = [cells.capacity.std() / cells.capacity.mean() for cells in (new, young, old)]
    assert spreads == sorted(spreads)
    assert spreads[0] == pytest.approx(0.004, rel=0.1)
    assert spreads[2] == pytest.approx(np.hypot(0.004, 0.08 * 0.2011 / 0.7989), rel=0.1)
    assert old.capacity.mean() == pytest.approx(314.0 * health(10.0), rel=1e-3)
    assert old.resistance_factor.mean() == pytest.approx(1.0 + resistance_rise(10.0), rel=1e-3)
    lost = [(1.0 - cells.capacity / new.capacity).ravel() for cells in (young, old)]
    assert np.corrcoef(*lost)[0, 1] > 0.999
