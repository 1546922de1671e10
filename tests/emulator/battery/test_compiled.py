"""The compiled loops against NumPy's: the same cells, step by step, within 1e-9."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest

from bessinside.emulator.basis.cell_type import CellType
from bessinside.emulator.battery import compiled, ocv
from bessinside.emulator.battery.cell import Cells
from bessinside.emulator.battery.compiled import NoCompiler, speed_up

CURVE = ocv.load()
SHAPE = (3, 40)
WITH_NUMBA = pytest.mark.skipif(
    importlib.util.find_spec("numba") is None, reason="Numba is not installed: the compiled loops are not tested"
)


def make(soc: float) -> Cells:
    chance = np.random.default_rng(4)
    temperature = 22.0 + 4.0 * chance.standard_normal(SHAPE)
    return Cells(CellType(), CURVE, SHAPE, chance, soc=soc, health=0.9, temperature=temperature, resistance_rise=0.1)


@WITH_NUMBA
@pytest.mark.parametrize("soc", [0.01, 0.5, 0.995])
@pytest.mark.parametrize("dt", [1.0, 60.0, 900.0])
def test_both_give_the_same(soc: float, dt: float) -> None:
    plain, fast = make(soc), make(soc)
    speed_up(fast)
    chance = np.random.default_rng(5)
    for cells in (plain, fast):
        cells.short[1, 7] = 3.0
    for _ in range(60):
        current, bleeding = (
            200.0 * chance.standard_normal(3) * (chance.random(3) > 0.2),
            1.0 * (chance.random(SHAPE) > 0.9),
        )
        for cells in (plain, fast):
            cells.set_current(current)
            cells.step(dt, bleeding)
            cells.refresh()
            cells.set_current(current)
        for name in ("soc", "hysteresis", "heat", "reversible_heat", "emf", "inner", "voltage"):
            one, other = getattr(plain, name), getattr(fast, name)
            np.testing.assert_allclose(other, one, rtol=1e-9, atol=1e-9, err_msg=name)


@WITH_NUMBA
def test_a_nan_is_no_index() -> None:
    cells = make(0.5)
    speed_up(cells)
    cells.soc[0, 3] = np.nan
    cells.soc[1, 3] = np.inf
    cells.step(60.0, np.zeros(SHAPE))
    cells.refresh()
    assert np.isnan(cells.emf[0, 3])
    assert np.isfinite(cells.emf).sum() == cells.emf.size - 2


def test_without_numba_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled, "find_spec", lambda name: None)
    with pytest.raises(NoCompiler, match=r"bessinside\[fast\]"):
        speed_up(make(0.5))
