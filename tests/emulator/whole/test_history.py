from __future__ import annotations

import pytest

from bessinside.emulator.basis.cell_type import CellType
from bessinside.emulator.battery import ageing, ocv
from bessinside.emulator.power.converter import Converter
from bessinside.emulator.whole import history


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


def test_a_plant_that_cycles_twice_a_day_ages_faster_than_one_that_cycles_once() -> None:
    for years in (1.0, 5.0, 10.0):
        past = make(history.cycles_in(years))
        assert past.age == pytest.approx(years * 365.25 * 86400)
        assert past.health == pytest.approx(ageing.health(years, history.use(CellType(), 4992, 1.6e6)))
        assert 0.005 < ageing.health(years) - past.health < 0.04
        assert past.resistance_rise == pytest.approx(0.029 * years, rel=0.1)


def test_an_old_plant_loses_more_on_the_way_through_its_cells() -> None:
    young, old = (make(history.cycles_in(years)) for years in (1.0, 15.0))
    assert old.dc_discharged / old.dc_charged < young.dc_discharged / young.dc_charged - 0.003
    per_cycle = [past.dc_discharged / past.cycles for past in (young, old)]
    assert per_cycle[1] < 0.9 * per_cycle[0]


def test_a_new_plant_has_counted_nothing() -> None:
    past = make(0.0)
    assert past.health == 1.0
    assert past.resistance_rise == 0.0
    assert past.meter_import == past.meter_export == past.dc_charged == past.auxiliary_energy == 0.0
