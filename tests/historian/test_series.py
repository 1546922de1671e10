"""Figures over time: series, plots, rollups, cells, spread, completeness, against what the registers were set to."""

from __future__ import annotations

import numpy as np
import pytest

from bessinside.historian import Step
from bessinside.historian.basis.series import Series, draw, merge
from bessinside.historian.past.counter import counted
from bessinside.historian.past.past import Past
from bessinside.runtime import clock
from bessinside.runtime.simulation import SimLoop
from bessinside.twin import Quality, Twin, UnknownFigure
from tests.conftest import Small
from tests.historian.memory import MemoryArchive

SECOND = 1_000_000_000


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Past:
    """Three minutes of the small plant: SoC and two cells move every second, rack 2 is away for twenty seconds."""
    small, archive = Small(tmp_path_factory.mktemp("small")), MemoryArchive()

    async def scenario() -> None:
        await small.start()
        twin = Twin(small.plant(small.text().replace('every = "200 ms"', 'every = "1 s"')))
        archive.watch(twin)
        async with twin:
            for second in range(180):
                small.units["a"].holding.put(0, [800 + second])
                small.units["a"].holding.put(6, [98 if second % 2 else 0xFFFF])
                small.units["b"].holding.put(110, [3300 + second, 3290])
                if second == 60:
                    await small.stop("b")
                if second == 80:
                    await small.start("b")
                await clock.sleep(1.0)

    SimLoop(1).run(scenario())
    return Past(archive)


def test_a_series_has_a_value_for_every_sweep(past: Past) -> None:
    start, end = past.span()
    found = past.series("c1/r01/soc", start, end + 1)
    assert len(found) == len(past.archive.sweeps("a", start, end + 1))
    assert found.unit == "%"
    assert found.good.all()
    assert set(np.round(found.value * 10).astype(int)) <= set(range(800, 980))
    assert len(set(found.value)) > 170
    assert (np.diff(found.value) >= 0).all()


def test_what_is_not_implemented_is_left_out_and_marked(past: Past) -> None:
    start, end = past.span()
    found = past.series("c1/r01/soh", start, end + 1)
    assert set(found.quality) == {Quality.GOOD, Quality.NOT_IMPLEMENTED}
    assert np.isnan(found.value[~found.good]).all()
    drawn = draw(found, start, 20 * SECOND)
    assert (drawn.count + drawn.left_out).sum() == len(found)
    assert (drawn.left_out > 0).all()


def test_a_gap_is_a_gap(past: Past) -> None:
    start, end = past.span()
    found = past.series("c1/r02/m1/cell001/voltage", start, end + 1)
    assert np.diff(found.time).max() > 15 * SECOND
    drawn = past.plot("c1/r02/m1/cell001/voltage", start, end + 1, 180)
    assert len(drawn) < 170  # a span without any sweep is not there
    assert np.nanmax(drawn.high) == pytest.approx(3.479)


def test_many_points_of_unlike_types_decode_as_one_sweep_does(past: Past) -> None:
    then = past.at(past.span()[1])
    now = then.snapshot()
    for index, name in enumerate(then.binding.ids):
        device = then.binding.locate(index)[0].device.id
        _, end = past.archive.span(device) or (0, 0)
        found = past.series(name, end, end + 1)
        np.testing.assert_array_equal(found.value[-1:], now.values[index : index + 1], err_msg=name)


def test_derived_figures_have_a_past_too(past: Past) -> None:
    start, end = past.span()
    found = past.series("c1/cell_voltage_spread", start, end + 1)
    assert found.good.any()
    for k in range(0, len(found), 97):
        if found.good[k]:
            then = past.at(int(found.time[k]))
            assert then.figure("c1/cell_voltage_spread").value == pytest.approx(found.value[k], abs=1e-12)


def test_rollups_are_what_the_sweeps_say(past: Past) -> None:
    start, end = past.span()
    kept = past.rollup("c1/r01/soc", start, end, Step.MINUTE)
    again = draw(past.series("c1/r01/soc", start, end + 1), 0, int(Step.MINUTE))
    whole = np.isin(again.time, kept.time)
    np.testing.assert_array_equal(again.low[whole], kept.low)
    np.testing.assert_array_equal(again.mean[whole], kept.mean)
    with pytest.raises(UnknownFigure, match="is derived"):
        past.rollup("c1/cell_voltage_spread", start, end, Step.MINUTE)


def test_merging_what_was_drawn_is_drawing_it_wider() -> None:
    time = np.arange(0, 600 * SECOND, SECOND, dtype=np.int64)
    value = np.sin(time / 3e10)
    quality = np.where(np.arange(600) % 7, Quality.GOOD, Quality.NO_ANSWER).astype(np.uint8)
    series = Series("x", "x", "1", time, np.where(quality == Quality.GOOD, value, np.nan), quality)
    fine, wide = draw(series, 0, 10 * SECOND), draw(series, 0, 120 * SECOND)
    merged = merge(fine, 0, 120 * SECOND)
    for name in ("time", "low", "high", "count", "left_out"):
        np.testing.assert_array_equal(getattr(merged, name), getattr(wide, name))
    np.testing.assert_allclose(merged.mean, wide.mean, rtol=1e-12)


def test_all_cells_at_a_moment(past: Past) -> None:
    at = past.span()[1]
    found, then = past.cells("cell.voltage", at), past.at(at)
    assert list(found.id) == [then.binding.ids[i] for i in then.binding.of_metric("cell.voltage")]
    rows = [then.figure(name) for name in found.id]
    assert found.value.tolist() == [row.value for row in rows]
    assert [Quality(mark).label for mark in found.quality] == [row.quality for row in rows]
    lies = past.distribution("cell.voltage", at)
    assert (lies.count, lies.left_out, lies.counts.sum()) == (12, 0, 12)
    with pytest.raises(UnknownFigure, match=r"cell\.colour"):
        past.cells("cell.colour", at)


@pytest.mark.parametrize("recompute", [False, True])
def test_the_largest_spread_and_where_it_was(past: Past, recompute: bool) -> None:
    start, end = past.span()
    first, second = past.spread("cell.voltage", start, end + 1, recompute=recompute, named=1)
    assert (first.device, first.lowest, first.highest) == (
        "b",
        "c1/r02/m1/cell002/voltage",
        "c1/r02/m1/cell001/voltage",
    )
    assert first.spread == pytest.approx(0.189)
    assert (second.device, second.lowest) == ("a", "")
    assert past.at(first.time_ns).figure(first.highest).value == first.high


def test_completeness_counts_what_should_have_come(past: Past) -> None:
    start, end = past.span()
    found = past.completeness(start, end + 1)
    share = dict(zip(found.device, found.share, strict=True))
    assert share["a"] > 0.99
    assert 0.7 < share["b"] < 0.95
    assert found.arrow().column_names == ["device", "time", "expected", "came", "failed", "share"]


def test_answers_leave_as_arrow_and_as_a_frame(past: Past) -> None:
    start, end = past.span()
    table = past.series("c1/r01/soh", start, end + 1).arrow()
    assert str(table.schema.field("time").type) == "timestamp[ns, tz=UTC]"
    assert table["value"].null_count == int((~past.series("c1/r01/soh", start, end + 1).good).sum())
    pytest.importorskip("pandas")
    frame = past.cells("cell.voltage", end).frame()
    assert list(frame.columns) == ["id", "part", "time", "value", "quality"]
    assert len(frame) == 12


def test_a_counter_counts_over_gaps_and_rollovers_and_not_over_resets() -> None:
    time = np.arange(6, dtype=np.int64) * SECOND
    time[3:] += 500 * SECOND
    found = counted(time, np.array([65000.0, 65500.0, 100.0, 300.0, 0.0, 10.0]), 65536.0)
    assert (found.total, found.rollovers, found.resets) == (500 + 136 + 200 + 10, 1, 1)
    assert found.longest_gap_ns == 501 * SECOND
    assert np.isnan(counted(time[:1], np.array([1.0]), None).total)
    assert counted(time[:2], np.array([65500.0, 100.0]), None).resets == 1
