from __future__ import annotations

import numpy as np
import pytest

from bessinside.emulator.basis.cell_type import CellType
from bessinside.emulator.battery import ocv
from bessinside.emulator.battery.cell import Cells

CURVE = ocv.load()
SHAPE = (2, 50)


def make(soc: float = 0.5, kind: CellType | None = None, temperature: float = 25.0) -> Cells:
    return Cells(
        kind or CellType(),
        CURVE,
        SHAPE,
        np.random.default_rng(7),
        soc=soc,
        health=1.0,
        temperature=np.full(SHAPE, temperature),
    )


def run(cells: Cells, current: float, seconds: float, dt: float = 1.0) -> None:
    for _ in range(round(seconds / dt)):
        cells.set_current(np.full(SHAPE[0], current))
        cells.step(dt, np.zeros(SHAPE))
        cells.refresh()
    cells.set_current(np.full(SHAPE[0], current))


def test_discharging_lies_below_and_charging_above_the_mean_curve() -> None:
    for current, side in ((157.0, -1.0), (-157.0, 1.0)):
        cells = make()
        run(cells, current, 1800.0)
        cells.set_current(np.zeros(SHAPE[0]))
        mean, gap, _ = CURVE.at(cells.soc)
        # 25 % of the charge moved: the hysteresis has changed sides but for e^-5.
        np.testing.assert_allclose(cells.hysteresis, side, atol=0.01)
        relaxed = cells.voltage + cells.u1 + cells.u2
        np.testing.assert_allclose(relaxed - mean, side * gap, atol=3e-4)


def test_a_cell_at_rest_relaxes_towards_its_hysteresis_branch_and_keeps_it() -> None:
    cells = make()
    run(cells, 157.0, 1800.0)
    under_load = cells.voltage.mean()
    run(cells, 0.0, 1.0)
    first = cells.voltage.mean()
    run(cells, 0.0, 3 * 3600.0, dt=10.0)
    mean, gap, _ = CURVE.at(cells.soc)
    assert first - under_load > 0.8 * 157 * 0.16e-3  # the ohmic part comes back at once
    assert cells.voltage.mean() > first + 0.02  # the rest within hours
    np.testing.assert_allclose(cells.voltage, mean - gap * np.abs(cells.hysteresis), atol=1e-4)


def test_charge_is_conserved() -> None:
    cells = make(kind=CellType(leak=0.0))
    before = cells.soc.copy()
    run(cells, 157.0, 600.0)
    run(cells, -157.0, 600.0)
    np.testing.assert_allclose(cells.soc, before, atol=1e-12)
    run(cells, 100.0, 360.0)
    np.testing.assert_allclose((before - cells.soc) * cells.capacity, 10.0, rtol=1e-9)


def test_self_discharge_is_two_percent_a_month() -> None:
    cells = make()
    before = cells.soc.mean()
    run(cells, 0.0, 86400.0, dt=600.0)
    assert before - cells.soc.mean() == pytest.approx(0.02 / 30.44, rel=0.1)
    # One second of it is resolved too.
    at = cells.soc.copy()
    run(cells, 0.0, 1.0)
    assert (cells.soc < at).all()


def test_bleeding_takes_eighty_milliamperes() -> None:
    cells, other = make(), make()
    for each, on in ((cells, 1.0), (other, 0.0)):
        each.set_current(np.zeros(SHAPE[0]))
        each.step(3600.0, np.full(SHAPE, on))
    np.testing.assert_allclose((other.soc - cells.soc) * cells.capacity, 0.08, rtol=1e-9)
    assert cells.bleed_heat == pytest.approx(0.08 * cells.voltage.sum())


@pytest.mark.parametrize("current", [157.0, -157.0, 60.0])
def test_work_heat_and_stored_energy_close(current: float) -> None:
    cells = make()
    work = heat = 0.0
    before = cells.stored_energy().sum()
    for step in range(7200):
        # An hour of current, an hour of rest: the capacitors' energy must turn into heat.
        cells.set_current(np.full(SHAPE[0], current if step < 3600 else 0.0))
        work += (cells.voltage * cells.current[:, None]).sum()
        cells.step(1.0, np.zeros(SHAPE))
        heat += cells.heat.sum()
        cells.refresh()
    change = cells.stored_energy().sum() - before
    assert abs(work + heat + change) < 2e-4 * abs(work)
    assert heat > 0 or current < 0


def test_irreversible_heat_is_never_negative_after_the_hysteresis_has_turned() -> None:
    for current in (157.0, -157.0):
        cells = make()
        run(cells, current, 1200.0)
        assert (cells.heat - cells.reversible_heat > 0).all()


def test_cold_cells_resist_more() -> None:
    cold, warm = make(temperature=10.0), make(temperature=40.0)
    assert cold.r0.mean() / make().r0.mean() == pytest.approx(1.40, abs=0.06)  # measured: 1.45
    assert warm.r0.mean() / make().r0.mean() == pytest.approx(0.74, abs=0.05)  # measured: 0.78


@pytest.mark.parametrize(("dt", "millivolts"), [(10.0, 0.2), (60.0, 0.2)])
def test_long_steps_agree_with_one_second_steps(dt: float, millivolts: float) -> None:
    """A constant current, a rest, a current back: charge, hysteresis and both pairs are exact for each."""
    fine, coarse = make(), make()
    for current in (157.0, 0.0, -80.0):
        run(fine, current, 1800.0)
        run(coarse, current, 1800.0, dt=dt)
        np.testing.assert_allclose(coarse.soc, fine.soc, atol=1e-12)
        np.testing.assert_allclose(coarse.hysteresis, fine.hysteresis, atol=1e-9)
        np.testing.assert_allclose(coarse.u1 + coarse.u2, fine.u1 + fine.u2, atol=1e-9)
        np.testing.assert_allclose(coarse.voltage, fine.voltage, atol=1e-3 * millivolts)


def test_the_heat_of_a_step_is_its_mean_however_long_the_step() -> None:
    fine, coarse = make(), make()
    total = np.zeros(SHAPE)
    for current in (157.0, -157.0):
        for cells, dt in ((fine, 1.0), (coarse, 60.0)):
            cells.set_current(np.full(SHAPE[0], current))
            total[:] = 0.0
            for _ in range(round(60 / dt)):
                cells.step(dt, np.zeros(SHAPE))
                total += cells.heat * dt / 60.0
                cells.refresh()
        np.testing.assert_allclose(coarse.heat, total, rtol=0.02, atol=0.02)


def test_a_short_drains_and_warms_one_cell_and_hides_in_its_voltage() -> None:
    """0.33 Ω, 10 A, at rest at 60 %: the voltage says little for hours, the heat says it at once."""
    cells, sound = make(soc=0.6, kind=CellType(soc_spread=0.0)), make(soc=0.6, kind=CellType(soc_spread=0.0))
    for each in (cells, sound):
        each.hysteresis[:] = -1.0
    cells.short[0, 3] = 1.0 / 0.33
    lower = {}
    for hour in range(1, 13):
        for each in (cells, sound):
            run(each, 0.0, 3600.0, dt=60.0)
        lower[hour] = 1e3 * (sound.voltage - cells.voltage)[0, 3]
        assert np.delete(sound.voltage - cells.voltage, 3).max() < 1e-9
    assert cells.short[0, 3] * cells.voltage[0, 3] == pytest.approx(9.8, abs=0.1)
    assert (sound.soc - cells.soc)[0, 3] * cells.capacity[0, 3] == pytest.approx(12 * 9.9, rel=0.01)
    assert cells.heat[0, 3] == pytest.approx(32.5, abs=2.0)
    # 10 A through 0.5 mΩ are 5 mV; the rest is the charge that is gone.
    assert 3.0 < lower[1] < 7.0
    assert 6.0 < lower[4] < 12.0
    assert 25.0 < lower[8] < 40.0
    assert 60.0 < lower[12] < 80.0


def test_a_short_is_a_source_with_less_behind_it() -> None:
    cells = make()
    cells.short[1, 2] = 50.0
    cells.step(1.0, np.zeros(SHAPE))
    cells.refresh()
    emf, inner = cells.sources()
    np.testing.assert_allclose(emf, cells.emf.sum(axis=1))
    for current in (0.0, 157.0):
        cells.set_current(np.full(SHAPE[0], current))
        through = cells.short[1, 2] * cells.voltage[1, 2]
        total = cells.resistance[:, 1, 2].sum()
        alone = cells.emf[1, 2] * (1.0 + 50.0 * total) - current * cells.r0[1, 2] - through * total
        assert cells.voltage[1, 2] == pytest.approx(alone, abs=1e-12)
    assert inner[1] == pytest.approx(cells.r0[1].sum(), rel=1e-3)
    assert inner[1] < cells.r0[1].sum()


@pytest.mark.parametrize("trouble", ["short", "leak", "bleed"])
def test_what_drains_a_cell_at_rest_is_found_as_heat(trouble: str) -> None:
    cells = make(soc=0.7)
    bleeding = np.zeros(SHAPE)
    if trouble == "short":
        cells.short[:] = 2.0
    elif trouble == "leak":
        cells.leak[:] *= 100.0
    else:
        bleeding[:] = 1.0
    cells.refresh(anew=True)
    before, given = cells.stored_energy().sum(), 0.0
    for _ in range(120):
        cells.step(60.0, bleeding)
        given += 60.0 * (cells.heat.sum() + cells.bleed_heat)
        cells.refresh()
        cells.set_current(np.zeros(SHAPE[0]))
    assert given == pytest.approx(before - cells.stored_energy().sum(), rel=2e-3)


def test_spread_is_the_one_asked_for() -> None:
    cells = Cells(
        CellType(),
        CURVE,
        (12, 416),
        np.random.default_rng(1),
        soc=0.5,
        health=1.0,
        temperature=np.full((12, 416), 25.0),
    )
    assert cells.capacity.mean() == pytest.approx(314.0, rel=1e-3)
    assert cells.capacity.std() / cells.capacity.mean() == pytest.approx(0.004, rel=0.1)
    assert cells.resistance_factor.std() == pytest.approx(0.03, rel=0.1)
    assert cells.soc.std() == pytest.approx(0.004, rel=0.1)


def test_resistances_follow_the_temperature_within_a_third_of_a_percent() -> None:
    """They are computed in steps; at any moment between two of them, of any cell, warm or cold."""
    apart = 0.001 * np.linspace(0.0, 1.0, SHAPE[0] * SHAPE[1]).reshape(SHAPE)  # K/s; together 0.25 K a minute
    for celsius in (-18.0, 25.0, 50.0):
        cells = make(temperature=celsius)
        kind, off = cells.kind, 0.0
        for second in range(300):
            cells.temperature += (0.003 + apart) * np.sin(second / 50.0)
            cells.step(1.0)
            cells.refresh()
            cells.set_current(np.full(SHAPE[0], 100.0))
            inverse = 1.0 / (cells.temperature + 273.15) - 1.0 / 298.15
            for shown, at25, slope in ((cells.r0, kind.r0, kind.b0), (cells.r1, kind.r1, kind.b1)):
                true = at25 * np.exp(slope * inverse) * cells.resistance_factor
                off = max(off, float(np.abs(shown / true - 1.0).max()))
        assert 1e-5 < off < 1.0 / 300.0


def test_a_cell_that_is_changed_is_felt_at_the_next_step() -> None:
    cells, same = make(), make()
    cells.capacity[0, 3] *= 0.5
    cells.resistance_factor[1, 4] *= 2.0
    cells.stale = True
    for each in (cells, same):
        each.refresh()
        run(each, 100.0, 1.0)
    assert cells.r0[1, 4] == pytest.approx(2.0 * same.r0[1, 4], rel=1e-12)
    before = make().soc
    assert (before - cells.soc)[0, 3] == pytest.approx(2.0 * (before - same.soc)[0, 3], rel=1e-3)


@pytest.mark.parametrize("dt", [1.0, 60.0, 900.0])
def test_the_mean_square_of_a_lagging_current_is_the_integral(dt: float) -> None:
    cells = make()
    chance = np.random.default_rng(8)
    for _ in range(4):
        begin, current = cells._amps[:, 2:].copy(), 150.0 * chance.standard_normal(SHAPE[0])
        cells.set_current(current)
        cells.step(dt)
        cells.refresh()
        for pair, tau in enumerate((cells.kind.tau1, cells.kind.tau2)):
            time = (np.arange(20000) + 0.5) / 20000 * dt
            course = current[:, None] + (begin[:, pair, None] - current[:, None]) * np.exp(-time / tau)
            np.testing.assert_allclose(cells._weights[:, 0, 1 + pair], (course**2).mean(axis=1), rtol=1e-6, atol=1e-9)
            end = current + (begin[:, pair] - current) * np.exp(-dt / tau)
            np.testing.assert_allclose(cells._amps[:, 2 + pair], end, rtol=1e-12, atol=1e-12)
