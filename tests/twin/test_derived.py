"""Derived figures: their equations by hand, and what becomes of them when inputs are missing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from bessinside.modbus.trouble import Reply
from bessinside.plant import levels
from bessinside.runtime import clock
from bessinside.twin import Quality, Twin
from bessinside.twin.formulas import FORMULAS, Formula
from bessinside.twin.ocv import open_circuit_voltage

Simulate = Callable[..., Any]
KERNELS = {formula.key: formula for formula in FORMULAS}
NAN = float("nan")


def kernel(key: str, *inputs: float) -> float:
    return float(KERNELS[key].kernel(np.array([inputs]))[0])


def test_efficiency_in_both_directions() -> None:
    assert kernel("pcs.efficiency", 97e3, 100e3) == pytest.approx(97.0)  # discharging: AC from DC
    assert kernel("pcs.efficiency", -100e3, -97e3) == pytest.approx(97.0)  # charging: DC from AC
    assert np.isnan(kernel("pcs.efficiency", 4e3, 5.1e3))  # idle: mostly noise
    assert np.isnan(kernel("pcs.efficiency", 97e3, -100e3))  # meters that disagree about the direction
    both = KERNELS["pcs.efficiency"].kernel(np.array([[97e3, 100e3], [0.0, 0.0], [-100e3, -96e3]]))
    assert both == pytest.approx([97.0, NAN, 96.0], nan_ok=True)


def test_losses_are_what_the_converters_give_and_the_meter_does_not_see() -> None:
    assert kernel("site.loss", 2.4e6, 1.25e6, 1.2e6) == pytest.approx(50e3)
    assert kernel("site.loss", -2.5e6, -1.2e6, -1.2e6) == pytest.approx(100e3)


def test_power_factor() -> None:
    assert kernel("meter.power_factor", 3e6, 4e6) == pytest.approx(0.6)
    assert kernel("meter.power_factor", -3e6, 4e6) == pytest.approx(-0.6)
    assert np.isnan(kernel("meter.power_factor", 0.0, 0.0))


def test_voltages_of_cells() -> None:
    assert kernel("module.cell_voltage_sum", 3.3, 3.25, 3.2) == pytest.approx(9.75)
    assert kernel("rack.cell_voltage_spread", 3.3, 3.25, 3.2) == pytest.approx(0.1)
    assert kernel("container.cell_voltage_mean", 3.3, NAN, 3.2) == pytest.approx(3.25)
    assert kernel("container.cells_read", 3.3, NAN, 3.2) == 2.0


def test_the_residual_is_the_mean_cell_minus_the_model() -> None:
    model = float(open_circuit_voltage(np.array([0.4]))[0])
    assert 3.2 < model < 3.35
    assert kernel("rack.ocv_residual", 40.0, 3.30, 3.32) == pytest.approx(3.31 - model)
    assert float(open_circuit_voltage(np.array([-1.0]))[0]) == float(open_circuit_voltage(np.array([0.0]))[0])
    assert np.all(np.diff(open_circuit_voltage(np.linspace(0, 1, 101))) >= 0)


@pytest.mark.parametrize("formula", FORMULAS, ids=lambda formula: formula.key)
def test_every_formula_says_what_it_is(formula: Formula) -> None:
    assert formula.equation
    assert formula.reference
    assert formula.label("en") != formula.label("de")
    assert formula.key.endswith(f".{formula.name}")
    assert formula.model == ("model" in formula.reference)
    assert sum(f"derived.{formula.key}" in level.show for level in levels()) >= 1


def twin_after(small: Any, simulate: Simulate, change: Callable[[], None], check: Callable[[Twin], None]) -> None:
    async def scenario() -> None:
        await small.start()
        async with Twin(small.plant()) as twin:
            await clock.sleep(1.0)
            change()
            await clock.sleep(1.0)
            check(twin)

    simulate(scenario())


def test_figures_of_the_small_plant(small: Any, simulate: Simulate) -> None:
    def check(twin: Twin) -> None:
        wanted = {
            "c1/r01/m1/cell_voltage_sum": 9.903,
            "c1/r01/m2/cell_voltage_sum": 9.904,
            "c1/r01/cell_voltage_sum": 19.807,
            "c1/cell_voltage_max": 3.302,
            "c1/cell_voltage_min": 3.3,
            "c1/cell_voltage_spread": 0.002,
            "c1/cells_read": 12.0,
        }
        for name, value in wanted.items():
            row = twin.figure(name)
            assert row.value == pytest.approx(value, abs=1e-9), name
            assert row.quality == "good"
            assert row.age is not None

    twin_after(small, simulate, lambda: None, check)


def test_a_missing_input_takes_a_strict_figure_away_and_is_left_out_of_a_tolerant_one(
    small: Any, simulate: Simulate
) -> None:
    def check(twin: Twin) -> None:
        total = twin.passport("c1/r01/cell_voltage_sum")
        assert (total.value, total.quality) == (None, "implausible")
        assert total.derived is not None
        assert (total.derived.inputs_total, total.derived.left_out) == (6, 1)
        (missing,) = [leaf for leaf in total.derived.inputs if leaf.quality != "good"]
        assert (missing.id, missing.value) == ("c1/r01/m1/cell002/voltage", 0.0)

        lowest = twin.passport("c1/cell_voltage_min")
        assert (lowest.value, lowest.quality) == (3.3, "good")  # not the 0 V of the cell that is not there
        assert lowest.derived is not None
        assert (lowest.derived.inputs_total, lowest.derived.left_out) == (12, 1)
        assert twin.figure("c1/cells_read").value == 11.0
        assert twin.figure("c1/r02/cell_voltage_sum").value == pytest.approx(19.807)

    twin_after(small, simulate, lambda: small.units["a"].holding.put(111, 0), check)


def test_what_rests_on_no_good_reading_at_all_has_no_value(small: Any, simulate: Simulate) -> None:
    def silence() -> None:
        for server in small.servers.values():
            server.trouble = lambda ask: Reply(b"")

    def check(twin: Twin) -> None:
        now = twin.snapshot()
        assert np.isnan(now.derived_values).all()
        assert set(now.derived_quality.tolist()) == {Quality.NO_ANSWER}
        for name in twin.derived.ids:
            row = twin.figure(name)
            assert (row.value, row.quality) == (None, "no answer")
            assert row.age is not None
            assert row.age > 0.9  # the time of its inputs' last answer

    twin_after(small, simulate, silence, check)


def test_a_figure_that_is_not_defined_now_says_so(small: Any) -> None:
    twin = Twin(small.plant())
    values = np.full(twin.binding.size, 1.0)
    values[twin.binding.find("c1/r01/soc")] = NAN  # good, but no number: a text, say
    quality = np.full(twin.binding.size, Quality.GOOD, dtype=np.uint8)
    derived, marks = twin.derived.compute(values, quality)
    index = twin.derived.find("c1/r01/ocv_residual")
    assert np.isnan(derived[index])
    assert marks[index] == Quality.NOT_IMPLEMENTED


def test_the_worst_input_names_the_quality(small: Any) -> None:
    twin = Twin(small.plant())
    values = np.full(twin.binding.size, 3.3)
    quality = np.full(twin.binding.size, Quality.GOOD, dtype=np.uint8)
    for cell, mark in ((1, Quality.STALE), (2, Quality.DEVICE_EXCEPTION), (3, Quality.NOT_IMPLEMENTED)):
        quality[twin.binding.find(f"c1/r01/m1/cell00{cell}/voltage")] = mark
    _, marks = twin.derived.compute(values, quality)
    assert marks[twin.derived.find("c1/r01/m1/cell_voltage_sum")] == Quality.DEVICE_EXCEPTION
    assert marks[twin.derived.find("c1/r01/cell_voltage_spread")] == Quality.GOOD
    quality[:] = Quality.NONE
    assert set(twin.derived.compute(values, quality)[1].tolist()) == {Quality.NONE}


def test_a_carried_figure_is_not_mixed_up_with_the_computed_one() -> None:
    twin = Twin("ref-5m")
    assert "c1/r01/cell_voltage_spread@derived" in twin.derived.ids
    assert any(name.startswith("c1/r01/cell_voltage_spread") for name in twin.binding.ids)
    assert not set(twin.derived.ids) & set(twin.binding.ids)
    assert len(set(twin.derived.ids)) == twin.derived.size
    for index, name in enumerate(twin.derived.ids):
        assert twin.derived.find(name) == index
        formula, part, inputs = twin.derived.locate(index)
        assert name.split("@")[0] == f"{part}/{formula.name}"
        assert len(inputs) > 0


def test_skew_and_oldest_input(small: Any, simulate: Simulate) -> None:
    def check(twin: Twin) -> None:
        passport = twin.passport("c1/cell_voltage_max")
        inputs = [twin.figure(leaf.id) for leaf in passport.derived.inputs]  # type: ignore[union-attr]
        ages = [row.age for row in inputs if row.age is not None]
        assert passport.age_s == pytest.approx(max(ages), abs=1e-3)
        assert passport.derived is not None
        assert passport.derived.skew_ms == pytest.approx(1e3 * (max(ages) - min(ages)), abs=1.1)

    twin_after(small, simulate, lambda: None, check)
