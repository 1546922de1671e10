from __future__ import annotations

import pytest

from bessinside.emulator import history, ocv
from bessinside.emulator.cell import CellType
from bessinside.emulator.converter import Converter


def make(cycles: float = 410.0) -> history.History:
    return history.after(cycles, CellType(), ocv.load(), 4992, Converter(), 2)


def test_losses_pile_up_from_the_cell_to_the_meter() -> None:
    past = make()
    out = [past.dc_discharged, past.ac_discharged, past.meter_export]
    into = [past.dc_charged, past.ac_charged, past.meter_import]
    assert out == sorted(out, reverse=True)
    assert into == sorted(into)
    assert 0.80 < past.meter_export / past.meter_import < 0.95
    assert 0.94 < past.dc_discharged / past.dc_charged < 0.98


def test_energy_fits_the_cycles() -> None:
    past = make()
    per_cycle = past.dc_discharged / past.cycles
    assert 0.93 * 5.016e6 < per_cycle < 5.016e6
    assert 0.94 < past.health < 0.98
    assert past.age == pytest.approx(410 / 1.8 * 86400)


def test_health_follows_the_warranted_curve() -> None:
    years = {1: 0.959, 5: 0.876, 10: 0.799}
    for year, health in years.items():
        assert make(year * 365.25 * 1.8).health == pytest.approx(health, abs=0.004)


def test_a_new_plant_has_counted_nothing() -> None:
    past = make(0.0)
    assert past.health == 1.0
    assert past.meter_import == past.meter_export == past.dc_charged == past.auxiliary_energy == 0.0
