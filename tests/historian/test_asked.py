"""`bessinside.open(…, history=…)`: the past from a script, in the forms that scripts take."""

from __future__ import annotations

import datetime
from pathlib import Path

import numpy as np
import pytest

import bessinside
from bessinside.errors import BessError
from bessinside.historian.asked import History
from bessinside.historian.basis.rows import Rows
from bessinside.historian.basis.when import WhenError
from bessinside.historian.opened import opened
from tests.historian.memory import MemoryArchive

SECOND = 1_000_000_000
Recorded = tuple[Path, MemoryArchive]


def test_a_plant_has_its_past(recorded: Recorded) -> None:
    folder, _ = recorded
    plant = bessinside.open(folder.parent / "plant.toml", history=folder)
    past = plant.history
    start, end = past.span()
    with opened(folder) as plain:
        assert (
            past.series("c1/r01/soc", start, end + 1).value.tolist()
            == plain.series("c1/r01/soc", start, end + 1).value.tolist()
        )
        assert past.at("-100s").figure("c1/r01/soc") == plain.at(end - 100 * SECOND).figure("c1/r01/soc")
    assert len(past.series("c1/r01/soc", "-1min")) in (30, 31)  # a sweep every two seconds
    plant.close()
    plant.close()


def test_every_answer_is_a_table(recorded: Recorded) -> None:
    with History(recorded[0]) as past:
        answers: dict[str, Rows] = {
            "series": past.series("c1/cell_voltage_spread", "-2min"),
            "plot": past.plot("c1/r01/soc", "-10min", pixels=5),
            "cells": past.cells("cell.voltage", "-1min"),
            "field": past.field("cell.voltage", "c1/r02", "-10min", columns=7),
            "spread": past.spread("cell.voltage", "-5min"),
            "distribution": past.distribution("cell.voltage", bins=5),
            "completeness": past.completeness("-10min"),
            "alarms": past.alarms("-10min"),
        }
        counted = past.counted("c1/r01/cycles", "-10min")
    for name, answer in answers.items():
        columns, table = answer.columns(), answer.arrow()
        assert table.column_names == list(columns), name
        assert {len(column) for column in columns.values()} == {len(table)}, name
    assert (counted.total, counted.resets) == (0.0, 0)
    assert len(answers["cells"].arrow()) == 12
    pandas = pytest.importorskip("pandas")
    frame = answers["series"].frame()
    assert isinstance(frame, pandas.DataFrame)
    assert str(frame["time"].dtype) == "datetime64[ns, UTC]"


def test_moments_as_people_and_programs_write_them(recorded: Recorded) -> None:
    with History(recorded[0]) as past:
        _, end = past.span()
        moment = datetime.datetime.fromtimestamp(end // SECOND, datetime.UTC)
        assert past.ns(moment) == end // SECOND * SECOND
        assert (past.ns("end"), past.ns("-10s"), past.ns(17)) == (end, end - 10 * SECOND, 17)
        with pytest.raises(WhenError, match="needs its time zone"):
            past.ns(datetime.datetime(2026, 6, 21))
        with pytest.raises(WhenError, match="must begin before it ends"):
            past.series("c1/r01/soc", "end", "-1h")


def test_what_is_missing_says_what_to_do(recorded: Recorded, tmp_path: Path) -> None:
    with pytest.raises(BessError, match=r"history=DIR"):
        _ = bessinside.open(recorded[0].parent / "plant.toml").history
    with pytest.raises(BessError, match="is the history of small, not of ref-5m"):
        _ = bessinside.open("ref-5m", history=recorded[0]).history
    with pytest.raises(BessError, match="holds no history"):
        History(tmp_path)


def test_a_field_is_its_figures_drawn_together(recorded: Recorded) -> None:
    with History(recorded[0]) as past:
        start, end = past.span()
        begin = start // (60 * SECOND) * 60 * SECOND
        for columns in (12, 100):  # from minutes, and sweep by sweep
            found = past.field("cell.voltage", "c1/r02", begin, end + 1, columns)
            assert found.source == ("minute" if columns == 12 else "sweeps")
            for k, name in enumerate(found.id):
                series = past.series(name, begin, end + 1)
                span = (series.time - found.begin_ns) // found.step_ns
                for m in range(found.mean.shape[1]):
                    mine = span == m
                    good = mine & series.good
                    assert found.count[k, m] == good.sum()
                    assert found.left_out[k, m] == (mine & ~series.good).sum()
                    if good.any():
                        value = series.value[good]
                        wanted = value.mean(), value.min(), value.max()
                        got = found.mean[k, m], found.low[k, m], found.high[k, m]
                        np.testing.assert_allclose(got, wanted, rtol=1e-6)
                    else:
                        assert np.isnan(found.mean[k, m])
