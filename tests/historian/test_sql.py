"""SQL over a folder says what the past says."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from bessinside.historian import Step
from bessinside.historian.opened import opened
from bessinside.historian.sql.sql import tables
from bessinside.twin import Quality
from tests.historian.memory import MemoryArchive

Recorded = tuple[Path, MemoryArchive]


def test_readings_in_sql_are_the_series_of_the_past(recorded: Recorded) -> None:
    folder, _ = recorded
    with opened(folder) as past, tables(folder) as sql:
        start, end = past.span()
        rows: dict[str, list[tuple[int, float | None, str]]] = {}
        asked = "SELECT id, epoch_ns(time), value, quality FROM readings ORDER BY time"
        for name, *row in sql.execute(asked).fetchall():
            rows.setdefault(name, []).append(tuple(row))
        for name in past.newest().binding.ids:
            found = past.series(name, start, end + 1)
            if name not in rows:  # a register that is never read has no row
                assert not found.good.any()
                continue
            time, value, quality = (np.array(column) for column in zip(*rows[name], strict=True))
            np.testing.assert_array_equal(time, found.time, err_msg=name)
            np.testing.assert_array_equal(value.astype(float), found.value, err_msg=name)
            assert quality.tolist() == [Quality(mark).label for mark in found.quality], name


def test_a_span_is_all_that_is_looked_at(recorded: Recorded) -> None:
    folder, _ = recorded
    with opened(folder) as past:
        _, end = past.span()
    begin = end - 60_000_000_000
    with tables(folder, begin, end) as sql:
        first, last, count = sql.execute(
            "SELECT min(epoch_ns(time)), max(epoch_ns(time)), count(*) FROM readings WHERE id = 'c1/r01/soc'"
        ).fetchall()[0]
    assert begin <= first < last < end
    assert count == 30


def test_cells_points_sweeps_and_events_are_there(recorded: Recorded) -> None:
    folder, memory = recorded
    with tables(folder) as sql:
        cells = sql.execute("SELECT DISTINCT rack, module, number FROM cells ORDER BY ALL").fetchall()
        assert cells == [(f"c1/r{r:02d}", m, n) for r in (1, 2) for m in (1, 2) for n in (1, 2, 3)]
        (sweeps,) = sql.execute("SELECT count(*) FROM sweeps").fetchall()[0]
        assert sweeps == sum(map(len, memory.kept.values()))
        (unit,) = sql.execute("SELECT unit FROM points WHERE id = 'c1/r01/soc'").fetchall()[0]
        assert unit == "%"
        kinds = {kind for (kind,) in sql.execute("SELECT DISTINCT kind FROM events").fetchall()}
        assert "start" in kinds


def test_rollups_in_sql_are_the_rollups_of_the_past(recorded: Recorded) -> None:
    folder, _ = recorded
    with opened(folder) as past, tables(folder) as sql:
        start, end = past.span()
        kept = past.rollup("c1/r01/soh", start - 60_000_000_000, end + 1, Step.MINUTE)
        asked = (
            "SELECT epoch_ns(time), low, high, mean, count, left_out FROM minutes WHERE id = 'c1/r01/soh' ORDER BY time"
        )
        rows = sql.execute(asked).fetchall()
    assert len(rows) >= 8  # what is sealed; the tail has no rollup yet
    for k, (time, low, high, mean, count, left_out) in enumerate(rows[:-1]):
        assert (time, count, left_out) == (kept.time[k], kept.count[k], kept.left_out[k])
        np.testing.assert_array_equal(np.array([low, high, mean], float), [kept.low[k], kept.high[k], kept.mean[k]])
