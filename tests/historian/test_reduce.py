"""Minutes and extremes are what decoding every sweep, one after the other, gives."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bessinside.historian.basis.archive import MINUTE_NS, Edition
from bessinside.historian.basis.columns import Columns
from bessinside.historian.basis.reduce import Reducer
from bessinside.historian.sealed.rollup import Steps
from bessinside.historian.tail.batches import batch_of
from bessinside.historian.tail.tick import Tick, pack, unpack
from bessinside.modbus import Outcome, Quirks, Sweep
from bessinside.plant import Binding, bind
from bessinside.registers import OK, Codec
from bessinside.twin.quality import Quality
from bessinside.twin.readings import Readings
from tests.historian.made import START_NS, Maker, plant_in


@pytest.fixture(scope="module")
def binding() -> Binding:
    return bind(plant_in(Path(tempfile.mkdtemp())))


def lively(maker: Maker, seed: int, count: int) -> list[object]:
    """Sweeps of rack 1: some words never change, some take every value, sentinels and scale factors too."""
    chance = np.random.default_rng(seed)
    still = chance.random(maker.plans[0][0].size) < 0.5
    base = chance.integers(0, 65536, still.size)
    special = np.array([0, 1, 2, 98, 0xFFFF, 0x8000, 0x7FFF, 0xFFFE, 3300])
    found = []
    for k in range(count):
        sweep = maker.sweep(2 * (k + 1))
        if len(sweep.plan.requests) < len(maker.plans[0][0].requests):
            continue
        fresh = np.where(
            chance.random(still.size) < 0.3, chance.choice(special, still.size), chance.integers(0, 4000, still.size)
        )
        sweep.image[:] = np.where(still, base, fresh)
        found.append(sweep)
    return found


def tick_of(sweeps: list[Sweep]) -> Tick:
    ones = [1] * len(sweeps)
    return unpack(1, pack(sweeps, ones, ones))


@given(st.integers(0, 2**32), st.integers(1, 200))
@settings(max_examples=40, deadline=None)
def test_minutes_are_those_of_single_sweeps(binding: Binding, seed: int, count: int) -> None:
    maker = Maker(binding.plant)
    maker.bound = binding.devices
    bound = binding.devices[0]
    sweeps = lively(maker, seed, count)
    if not sweeps:
        return
    plan = maker.plans[0][0]
    edition = Edition(1, "a", 0, "tcp", 1, "", "", plan.requests)
    batch = batch_of(edition, plan, tick_of(sweeps), np.arange(len(sweeps)))
    mine = slice(bound.first, bound.first + bound.size)
    low, high = binding.low[mine], binding.high[mine]
    reducer = Reducer(bound, plan, binding.ids[mine], low, high)
    minutes = reducer.minutes(batch)

    readings = Readings(bound, Quirks())
    offset = np.full(bound.size, -1, np.int32)
    offset[readings.polled] = plan.offset
    block = np.full(bound.size, -1)
    block[readings.polled] = plan.block_of
    codec = Codec(bound.layout, offset, bound.factor)
    values = np.full((len(sweeps), bound.size), np.nan)
    for k, sweep in enumerate(sweeps):
        state = np.zeros(bound.size, np.uint8)
        codec.decode(sweep.image, values[k], state)
        good = (state == OK) & (values[k] >= low) & (values[k] <= high)
        good &= sweep.outcome[block] == Outcome.OK
        carrier = bound.layout.sf_point
        good &= (carrier < 0) | (sweep.outcome[block[carrier]] == Outcome.OK)
        values[k][~good] = np.nan
    at = np.array([sweep.end_ns for sweep in sweeps]) // MINUTE_NS
    assert minutes.begin_ns == at[0] * MINUTE_NS
    place = [binding.ids[mine].index(name) for name in minutes.ids]
    for column in range(minutes.low.shape[1]):
        here = values[at == at[0] + column][:, place]
        counted = (~np.isnan(here)).sum(axis=0)
        np.testing.assert_array_equal(minutes.count[:, column], counted)
        np.testing.assert_array_equal(minutes.left_out[:, column], len(here) - counted)
        some = counted > 0
        np.testing.assert_array_equal(minutes.low[some, column], np.nanmin(here[:, some], axis=0))
        np.testing.assert_array_equal(minutes.high[some, column], np.nanmax(here[:, some], axis=0))
        np.testing.assert_allclose(minutes.mean[some, column], np.nanmean(here[:, some], axis=0), rtol=1e-9, atol=1e-12)
        assert np.isnan(minutes.low[~some, column]).all()
    for found in reducer.extremes(batch):
        points = [i for i in range(bound.size) if (m := bound.metrics[i]) is not None and m.key == found.metric]
        here = values[:, points]
        np.testing.assert_array_equal(found.count, (~np.isnan(here)).sum(axis=1))
        some = found.count > 0
        np.testing.assert_array_equal(found.low[some], np.nanmin(here[some], axis=1))
        np.testing.assert_array_equal(found.high[some], np.nanmax(here[some], axis=1))


@given(st.integers(0, 2**32), st.integers(1, 60), st.sampled_from([0.0, 0.01, 1.0]))
@settings(max_examples=40, deadline=None)
def test_words_that_are_compared_as_they_came_say_what_decoding_says(
    binding: Binding, seed: int, count: int, odd: float
) -> None:
    bound, chance = binding.devices[0], np.random.default_rng(seed)
    points = [i for i in range(bound.size) if (m := bound.metrics[i]) is not None and m.key == "cell.voltage"]
    columns = Columns(bound, points)
    at = bound.first + np.array(points)
    low, high = binding.low[at], binding.high[at]
    words = chance.integers(2500, 3600, (count, len(columns.registers))).astype(np.uint16)
    strange = chance.random(words.shape) < odd / words.size * 2
    words[strange] = chance.choice(np.array([0xFFFF, 0x8000, 0, 65000], np.uint16), int(strange.sum()))
    read = np.ones(words.shape, bool)
    value, quality = columns.decode(words, read)
    fit = (quality == Quality.GOOD) & (value >= low) & (value <= high)
    found = columns.extremes(np.asfortranarray(words), read, low, high)
    assert (found is not None) or not fit.all()
    if found is not None:
        np.testing.assert_array_equal(found[0], np.where(fit, value, np.inf).min(axis=1))
        np.testing.assert_array_equal(found[1], np.where(fit, value, -np.inf).max(axis=1))
    read[chance.integers(count)] = False
    assert columns.extremes(words, read, low, high) is None


def test_steps_put_pieces_together_by_how_much_each_has(binding: Binding) -> None:
    maker = Maker(binding.plant)
    bound = binding.devices[0]
    plan = maker.plans[0][0]
    edition = Edition(1, "a", 0, "tcp", 1, "", "", plan.requests)
    sweeps = [sweep for sweep in (maker.sweep(2 * k) for k in range(1, 600)) if sweep.plan is plan]
    mine = slice(bound.first, bound.first + bound.size)
    reducer = Reducer(bound, plan, binding.ids[mine], binding.low[mine], binding.high[mine])

    def steps(*cuts: int) -> Steps:
        whole = Steps(3_600_000_000_000, START_NS, 1, len(reducer.ids))
        for low, high in zip((0, *cuts), (*cuts, len(sweeps)), strict=True):
            batch = batch_of(edition, plan, tick_of(sweeps[low:high]), np.arange(high - low))
            whole.add(reducer.minutes(batch), range(len(reducer.ids)))
        return whole

    one, many = steps().rollup(), steps(7, 100, 101, 333).rollup()
    for name in ("low", "high", "count", "left_out"):
        np.testing.assert_array_equal(getattr(one, name), getattr(many, name))
    np.testing.assert_allclose(one.mean, many.mean, rtol=1e-12)


@pytest.mark.parametrize("exponent", [-3, 0, 4000])
@pytest.mark.parametrize("moves", [False, True])
def test_a_scale_in_a_register_is_reduced_as_sweep_by_sweep(tmp_path: Path, exponent: int, moves: bool) -> None:
    """Cells that share a scale factor's register, one that never speaks, one that is silent now and then."""
    plant = plant_in(tmp_path)
    path = tmp_path / "small-bms.yaml"
    plain = "type: uint16, sf: -3, units: V, x-address: 110, x-metric: voltage}"
    assert plain in path.read_text()
    scaled = "type: uint16, sf: ins_sf, units: V, x-address: 110, x-metric: voltage, x-sentinel: [0xFFFF]}"
    path.write_text(path.read_text().replace(plain, scaled))
    binding = bind(plant)
    maker = Maker(plant)
    maker.bound = binding.devices
    bound, plan = binding.devices[0], maker.plans[0][0]
    chance = np.random.default_rng(exponent + moves + 10)
    sweeps = [sweep for sweep in (maker.sweep(2 * k) for k in range(1, 200)) if sweep.plan is plan and sweep.ok]
    cells = [i for i in range(bound.size) if (m := bound.metrics[i]) is not None and m.key == "cell.voltage"]
    carrier = int(bound.layout.sf_point[cells[0]])
    at = plan.place(bound.layout.fc[[*cells, carrier]], bound.layout.address[[*cells, carrier]])
    for n, sweep in enumerate(sweeps):
        sweep.image[at] = chance.integers(3280, 3340, len(at)) if exponent else chance.integers(2, 4, len(at))
        sweep.image[at[0]] = 0xFFFF
        sweep.image[at[-1]] = (exponent + (moves and n % 9 == 8)) & 0xFFFF
        if moves and n == 7:
            sweep.image[at[1]] = 0xFFFF
    mine = slice(bound.first, bound.first + bound.size)
    given = bound, plan, binding.ids[mine], binding.low[mine], binding.high[mine]
    quick, slow = Reducer(*given), Reducer(*given)
    assert any(lot._lot.form.scaled for lot in quick._lots)
    slow._lots = []
    edition = Edition(1, "a", 0, "tcp", 1, "", "", plan.requests)
    batch = batch_of(edition, plan, tick_of(sweeps), np.arange(len(sweeps)))
    one, other = quick.minutes(batch), slow.minutes(batch)
    for name in ("low", "high", "count", "left_out"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), name)
    np.testing.assert_allclose(one.mean, other.mean, rtol=1e-12)
    (found,), (expected,) = list(quick.extremes(batch)), list(slow.extremes(batch))
    for name in ("low", "high", "count"):
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name), name)
    assert (expected.count > 0).any() == (exponent < 4000)
