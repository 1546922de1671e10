"""`read --at`, `history …` and `sql` say what the past says."""

from __future__ import annotations

import csv
import io
import json
import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from bessinside.historian.basis.when import WhenError, iso, when
from bessinside.historian.opened import opened
from tests.cli.conftest import Run, run  # noqa: F401  a fixture
from tests.conftest import SMALL_MAP
from tests.historian.memory import MemoryArchive

Recorded = tuple[Path, MemoryArchive]
SECOND = 1_000_000_000


@pytest.fixture
def folder(recorded: Recorded, tmp_path: Path) -> Path:
    """A copy of the recorded folder, and the plant file beside it."""
    target = tmp_path / "history"
    shutil.copytree(recorded[0], target)
    for name in ("plant.toml", "small-bms.yaml"):
        shutil.copy(recorded[0].parent / name, tmp_path / name)
    return target


def test_read_at_a_moment(run: Run, folder: Path) -> None:  # noqa: F811
    with opened(folder) as past:
        at = past.span()[1] - 100 * SECOND
        then = past.at(at)
        wanted = {name: then.figure(name) for name in then.ids()}
    ran = run("read", str(folder.parent / "plant.toml"), "*", "--at", iso(at), "--history", str(folder), "--json")
    rows = json.loads(ran.out)
    assert [row["id"] for row in rows] == list(wanted)
    for row in rows:
        then_row = wanted[row["id"]]
        assert row["value"] == (then_row.value if then_row.text is None else then_row.text)
        assert (row["quality"], row["age"]) == (then_row.quality, then_row.age)
    ran = run("read", str(folder.parent / "plant.toml"), "c1/r01/soc", "--at", iso(at), "--history", str(folder))
    assert (ran.code, "EMULATOR" in ran.out) == (0, True)


def test_read_in_the_past_needs_both(run: Run, folder: Path) -> None:  # noqa: F811
    ran = run("read", str(folder.parent / "plant.toml"), "--at", "-1min")
    assert (ran.code, "--history DIR" in ran.err) == (1, True)
    ran = run("read", "ref-5m", "--at", "-1min", "--history", str(folder))
    assert (ran.code, "history of small" in ran.err) == (1, True)


def test_info_series_cells_spread_completeness(run: Run, folder: Path) -> None:  # noqa: F811
    facts = json.loads(run("history", "info", str(folder), "--json").out)
    assert [row["device"] for row in facts["devices"]] == ["a", "b"]
    assert facts["emulated"]
    rows = list(csv.DictReader(io.StringIO(run("history", "series", str(folder), "c1/r01/soc", "--csv").out)))
    assert len(rows) == 150  # five minutes of a sweep every two seconds
    assert rows[-1]["quality"] == "good"
    drawn = json.loads(run("history", "series", str(folder), "c1/r01/soc", "--points", "5", "--json").out)
    assert len(drawn) == 5
    assert sum(row["count"] for row in drawn) == 150
    cells = json.loads(run("history", "cells", str(folder), "--json").out)
    assert len(cells) == 12
    assert "median" in run("history", "cells", str(folder)).out
    assert "c1/r02/m1/cell001/voltage" in run("history", "spread", str(folder)).out
    share = json.loads(run("history", "completeness", str(folder), "--json").out)
    assert {row["device"] for row in share} == {"a", "b"}
    counted = json.loads(run("history", "counted", str(folder), "c1/r01/cycles", "--json").out)
    assert (counted["total"], counted["rollovers"], counted["resets"]) == (0.0, 0, 0)


def test_export_is_what_the_past_says(run: Run, folder: Path) -> None:  # noqa: F811
    target = folder.parent / "out.parquet"
    ran = run(
        "history", "export", str(folder), "cell.voltage", "c1/cell_voltage_spread", "-o", str(target), "--from", "-1min"
    )
    assert ran.code == 0, ran.err
    table = pq.read_table(target)
    assert table.column_names == ["time", "id", "value", "unit", "quality"]
    with opened(folder) as past:
        end = past.span()[1]
        found = past.series("c1/r02/m1/cell001/voltage", end - 60 * SECOND, end + 1)
    mine = table.to_pandas().query("id == 'c1/r02/m1/cell001/voltage'") if _pandas() else None
    if mine is not None:
        assert mine["value"].tolist() == found.value.tolist()
    for ending in ("csv", "arrow"):
        other = folder.parent / f"out.{ending}"
        assert run("history", "export", str(folder), "c1/r01/soc", "-o", str(other)).code == 0
        assert other.stat().st_size > 1000
    assert run("history", "export", str(folder), "c1/r01/soc", "-o", str(target)).code == 1
    assert "no figure matches" in run("history", "export", str(folder), "x.y", "-o", str(folder / "x.csv")).err


def _pandas() -> bool:
    try:
        import pandas  # noqa: F401
    except ImportError:
        return False
    return True


def test_backup_and_restore(run: Run, folder: Path) -> None:  # noqa: F811
    kept, again = folder.parent / "kept", folder.parent / "again"
    assert run("history", "backup", str(folder), str(kept)).code == 0
    assert run("history", "restore", str(kept), str(again)).code == 0
    with opened(folder) as old, opened(again) as new:
        assert new.span() == old.span()
        start, end = old.span()
        for name in ("c1/r01/soc", "c1/cell_voltage_spread"):
            assert new.series(name, start, end + 1).value.tolist() == old.series(name, start, end + 1).value.tolist()
    assert "not empty" in run("history", "backup", str(folder), str(kept)).err
    next((kept / "segments").glob("*.words.parquet")).unlink()
    ran = run("history", "restore", str(kept), str(folder.parent / "third"))
    assert (ran.code, "is missing" in ran.err) == (1, True)


def test_a_corrected_map_corrects_the_past_and_both_stay(run: Run, folder: Path) -> None:  # noqa: F811
    with opened(folder) as past:
        start, end = past.span()
        middle = (start + end) // 2
        before = past.series("c1/r01/soc", start, end + 1)
    fixed = folder.parent / "fixed" / "small-bms.yaml"
    fixed.parent.mkdir()
    fixed.write_text(SMALL_MAP.replace("name: soc, type: uint16, sf: -1", "name: soc, type: uint16, sf: -2"))
    asked = ("history", "redecode", str(folder), "--map", str(fixed), "--from", iso(middle))
    ran = run(*asked, "--dry-run")
    assert ran.code == 0, ran.err
    assert "c1/r01/soc" in ran.out
    assert "c1/r01/voltage" not in ran.out
    assert not (folder / "decodings.json").exists()
    assert run(*asked, "--note", "scale").code == 0
    with opened(folder) as past, opened(folder, as_recorded=True) as old:
        after = past.series("c1/r01/soc", start, end + 1)
        assert after.time.tolist() == before.time.tolist()
        late = after.time >= middle // 1_000_000 * 1_000_000  # as exactly as --from was written
        assert after.value[~late].tolist() == before.value[~late].tolist()
        assert (after.value[late] * 10).round(9).tolist() == before.value[late].round(9).tolist()
        assert old.series("c1/r01/soc", start, end + 1).value.tolist() == before.value.tolist()
        then = past.at(end)
        assert then.figure("c1/r01/soc").value == pytest.approx(before.value[-1] / 10)
        passport = then.passport("c1/r01/soc")
        assert passport.reading is not None
        assert passport.reading.scale == "× 10^-2"
        assert past.at(middle - 10 * SECOND).figure("c1/r01/soc").value in before.value
        plot = past.plot("c1/r01/soc", start, end + 1, 3)
        assert plot.high[-1] < 10 < plot.high[0]
    sql = run("sql", str(folder), "SELECT max(value) FROM readings WHERE id = 'c1/r01/soc'", "--csv").out
    assert float(sql.splitlines()[1]) == pytest.approx(before.value[~late].max())


def test_sql(run: Run, folder: Path) -> None:  # noqa: F811
    query = "SELECT rack, count(*) AS n FROM cells GROUP BY rack ORDER BY rack"
    rows = json.loads(run("sql", str(folder), query, "--from", "-1min", "--json").out)
    assert [row["rack"] for row in rows] == ["c1/r01", "c1/r02"]
    assert "c1/r01" in run("sql", str(folder), query, "--from", "-1min").out
    ran = run("sql", str(folder), "SELECT nothing FROM nowhere")
    assert (ran.code, "nowhere" in ran.err) == (1, True)


@pytest.mark.parametrize(
    ("text", "ns"),
    [
        ("2026-06-21T05:00", 1_782_018_000 * SECOND),
        ("2026-06-21T05:00:00.250Z", 1_782_018_000 * SECOND + 250_000_000),
        ("2026-06-21T07:00:00.000000001+02:00", 1_782_018_000 * SECOND + 1),
        ("-90s", 1_000 * SECOND - 90 * SECOND),
        ("end", 1_000 * SECOND),
    ],
)
def test_moments(text: str, ns: int) -> None:
    assert when(text, 1_000 * SECOND) == ns
    assert when(iso(ns), 0) == ns


def test_what_is_no_moment_says_so() -> None:
    with pytest.raises(WhenError, match="expected a date with a time"):
        when("yesterday", 0)


def test_a_capture_becomes_history(run: Run, recorded: Recorded, tmp_path: Path) -> None:  # noqa: F811
    from bessinside.modbus import Capture, exchanges

    _, memory = recorded
    plant = recorded[0].parent / "plant.toml"
    with Capture(tmp_path / "a.capture", "a", "tcp") as capture:
        for _, sweep in memory.kept["a"]:
            for exchange in exchanges(sweep):
                capture.add(exchange)
    target = tmp_path / "history"
    ran = run("history", "import", str(target), str(plant), str(tmp_path / "a.capture"))
    assert ran.code == 0, ran.err
    with opened(target) as new, opened(recorded[0]) as old:
        start, end = new.span()
        found, wanted = new.series("c1/r01/soc", 0, end + 1), old.series("c1/r01/soc", 0, old.span()[1] + 1)
        assert found.value.tolist() == wanted.value.tolist()
        number = int(new.archive.sweeps("a", start, start + 1).number[0])
        first = next(iter(memory.kept["a"]))[1]
        got, sent = new.archive.exchanges("a", number), list(exchanges(first))
        assert [(one.request, one.response) for one in got] == [(one.request, one.response) for one in sent]
    ran = run("history", "import", str(target), str(plant), str(tmp_path / "a.capture"))
    assert (ran.code, "a folder of its own" in ran.err) == (1, True)


def test_the_store_and_a_plain_memory_tell_the_same(recorded: Recorded) -> None:
    import numpy as np

    from bessinside.historian.past.past import Past

    folder, memory = recorded
    plain = Past(memory)
    with opened(folder) as past:
        start, end = plain.span()
        assert list(map(abs, np.subtract(past.span(), (start, end)))) < [2_000, 2_000]
        for at in range(start + SECOND, end, 29 * SECOND):
            one, two = past.at(at).snapshot(), plain.at(at).snapshot()
            np.testing.assert_array_equal(one.values, two.values)
            np.testing.assert_array_equal(one.quality, two.quality)
            np.testing.assert_allclose(one.read_ns, two.read_ns, atol=1_000)  # kept to the microsecond
            np.testing.assert_array_equal(one.derived_values, two.derived_values)
