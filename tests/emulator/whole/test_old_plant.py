"""A plant that begins at year N: what its cells, its battery management and its counters say of the years fits."""

from __future__ import annotations

import numpy as np
import pytest

from bessinside.emulator.battery import ageing
from bessinside.emulator.whole import history
from bessinside.emulator.whole.plant import Plant
from bessinside.emulator.whole.schedule import Schedule

NOON = 1_750_000_000 * 10**9 // (86400 * 10**9) * 86400 * 10**9 + 43200 * 10**9
IDLE = Schedule.parse("time,power\n00:00,0\n")


def aged(years: float) -> Plant:
    return Plant(seed=4, start_ns=NOON, schedule=IDLE, years=years)


@pytest.fixture(scope="module")
def plants() -> dict[float, Plant]:
    return {years: aged(years) for years in (0.0, 2.0, 12.0)}


def test_what_the_battery_management_shows_is_the_age(plants: dict[float, Plant]) -> None:
    for years, plant in plants.items():
        health = ageing.health(years, history.use(plant.design.cell, 4992, 1.6e6))
        soh = plant.quantity("rack", "soh")
        assert soh.mean() == pytest.approx(100.0 * health, abs=0.6)
        assert (soh <= 100.0).all()
        assert plant.quantity("rack", "cycles").mean() == pytest.approx(1.8 * 365.25 * years, rel=0.01, abs=1.0)
    assert plants[12.0].quantity("rack", "soh").max() < 80.0


def test_counters_and_their_ratios_are_those_of_such_a_life(plants: dict[float, Plant]) -> None:
    new, young, old = plants.values()
    assert new.quantity("meter", "energy_export")[0] == pytest.approx(0.0, abs=1e3)
    assert np.isfinite(new.quantity("meter", "energy_export_l1")).all()
    assert new.quantity("pcs", "dc_energy_charged").sum() == pytest.approx(0.0, abs=1e3)
    for plant, years in ((young, 2.0), (old, 12.0)):
        out, into = (plant.quantity("meter", f"energy_{way}")[0] for way in ("export", "import"))
        assert 0.80 < out / into < 0.92
        # A cycle of 5 MWh, 1.8 times a day, less what was lost on the way and to age.
        assert 0.72 < out / (5.016e6 * 1.8 * 365.25 * years) < 0.95
        modules = plant.quantity("module", "energy_discharged").sum()
        assert modules == pytest.approx(plant.quantity("pcs", "dc_energy_discharged").sum(), rel=0.01)
    later = old.quantity("meter", "energy_export")[0] / young.quantity("meter", "energy_export")[0]
    assert 4.5 < later < 6.0  # six times the years, and less each year


def test_an_old_plant_sags_more_and_spreads_more(plants: dict[float, Plant]) -> None:
    sag, spread = [], []
    for plant in plants.values():
        before = plant.quantity("rack", "voltage").mean()
        for unit in (1, 2):
            plant.set_active_power(unit, 1.2e6)
        for _ in range(30):
            plant.step(10.0)
        sag.append(before - plant.quantity("rack", "voltage").mean())
        spread.append(plant.cells.capacity.std() / plant.cells.capacity.mean())
    assert sag == sorted(sag)
    assert sag[2] > 1.1 * sag[0]
    assert spread == sorted(spread)
    assert spread[2] > 2.0 * spread[0]
    assert np.isfinite(sag).all()
