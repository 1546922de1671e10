"""Whole real years against figures that were computed elsewhere, by another model of the same battery."""

from __future__ import annotations

import os

import numpy as np
import pytest

from bessinside.market.dispatch.battery import battery
from bessinside.market.dispatch.check import replay
from bessinside.market.dispatch.model import Model, solve
from bessinside.market.dispatch.programme import Calendar
from tests.market.years import ZONE, hours, quarters, reference

FULL = bool(os.environ.get("BESSINSIDE_FULL"))
# EUR a year of 1 MW with perfect foresight: year, hours of energy, then 1, 1.5 and 2 cycles a day
TABLE = {
    (2021, 1): (23_983, 27_167, 29_496),
    (2021, 2): (45_117, 50_924, 54_242),
    (2021, 4): (79_391, 86_981, 88_942),
    (2022, 1): (56_093, 64_649, 70_766),
    (2022, 2): (105_986, 121_839, 130_943),
    (2022, 4): (187_273, 208_681, 214_765),
    (2023, 1): (30_648, 34_714, 37_624),
    (2023, 2): (57_430, 64_834, 68_871),
    (2023, 4): (99_334, 108_704, 110_962),
    (2024, 1): (36_162, 40_509, 43_646),
    (2024, 2): (67_572, 75_604, 79_885),
    (2024, 4): (114_760, 124_845, 126_882),
    (2025, 1): (40_715, 45_356, 48_693),
    (2025, 2): (76_168, 84_635, 89_125),
    (2025, 4): (130_734, 141_211, 143_507),
    ("2025 in quarters", 1): (41_978, 47_249, 50_998),
    ("2025 in quarters", 2): (77_867, 87_078, 92_101),
    ("2025 in quarters", 4): (133_225, 144_373, 146_989),
}
SAMPLED = [(2021, 4), (2022, 1), (2025, 2)]


def test_the_reference_year_in_quarters() -> None:
    prices, starts, slot = quarters()
    found = solve(prices, starts, slot, reference())
    assert found.bound_eur == pytest.approx(87_078, abs=0.5)
    assert found.feasible_eur >= 87_024
    assert found.feasible_eur <= found.bound_eur
    proof = found.certificate
    assert abs(proof.duality_gap_eur) <= 1e-6
    assert proof.primal_infeasibility <= 1e-9
    assert proof.dual_infeasibility <= 1e-9
    assert not np.any((found.charge_w > 0) & (found.discharge_w > 0))
    walked = replay(found.battery, found.charge_w, found.discharge_w, starts, slot, zone=ZONE)
    assert walked.violation is None
    assert found.slot_eur.sum() == pytest.approx(found.feasible_eur, abs=1e-6)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("row", list(TABLE) if FULL else SAMPLED, ids=str)
def test_the_table_of_years_durations_and_cycles(row: tuple[int | str, int]) -> None:
    year, energy = row
    prices, starts, slot = hours(year) if isinstance(year, int) else quarters()
    model = Model(prices, starts, slot, reference(energy, 1.0))
    for cycles, expected in zip((1.0, 1.5, 2.0), TABLE[row], strict=True):
        model.change(battery=reference(energy, cycles))
        bound = model.bound()
        assert bound.eur == pytest.approx(expected, rel=1e-3)
        assert abs(bound.certificate.duality_gap_eur) <= 1e-6


@pytest.mark.parametrize(("split", "expected"), [("charge", 94_282), ("both", 89_264), ("discharge", 84_556)])
def test_where_losses_are_counted_is_worth_six_per_cent(split: str, expected: float) -> None:
    prices, starts, slot = hours(2025)
    bound = Model(prices, starts, slot, battery(1e6, 2e6, 0.88, split=split)).bound()  # type: ignore[arg-type]
    assert bound.eur == pytest.approx(expected, rel=1e-3)


def test_a_warm_model_gives_what_a_cold_one_gives() -> None:
    prices, starts, slot = hours(2025)
    prices, starts = prices[:2400], starts[:2400]
    model = Model(prices, starts, slot, reference())
    model.dispatch()
    for changed in (reference(2.2), reference(cycles=1.0), reference(wear_eur_mwh=5.0), reference()):
        model.change(battery=changed)
        assert model.bound().eur == pytest.approx(Model(prices, starts, slot, changed).bound().eur, abs=1e-6)
        assert model.dispatch().feasible_eur <= model.bound().eur + 1e-6
    model.change(prices=prices[::-1].copy())
    assert model.bound().eur == pytest.approx(
        Model(prices[::-1].copy(), starts, slot, reference()).bound().eur, abs=1e-6
    )


def test_days_of_23_and_25_hours_have_one_cap_each() -> None:
    _, starts, slot = hours(2025)
    calendar = Calendar.of(starts, slot, ZONE)
    assert sorted(set(np.bincount(calendar.day).tolist())) == [23, 24, 25]
    assert int(calendar.day[-1]) == 364
    assert int(calendar.year[-1]) == 0
