"""A corrected map over the past: rollups of the new decoding, beside those of the old one."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from bessinside.historian.backup import backup, check, restore
from bessinside.historian.basis import decoding
from bessinside.historian.basis.archive import HOUR_NS, MINUTE_NS, Step
from bessinside.historian.basis.folder import HistoryError
from bessinside.historian.basis.series import draw
from bessinside.historian.embedded.record import Historian
from bessinside.historian.foreign.column_map import load_columns
from bessinside.historian.foreign.foreign import Foreign
from bessinside.historian.foreign.table import read_table
from bessinside.historian.opened import opened
from bessinside.historian.past.past import Past
from bessinside.historian.redecode import apply
from bessinside.runtime.simulation import SimLoop
from tests.conftest import SMALL_MAP
from tests.historian.made import START_NS, Maker, plant_in

HOURS = 5
FIXED = SMALL_MAP.replace("name: soc, type: uint16, sf: -1", "name: soc, type: uint16, sf: -2")
AS_SIGNED = SMALL_MAP.replace("name: soc, type: uint16, sf: -1", "name: soc, type: int16, sf: -1, x-offset: 3")


@pytest.fixture(scope="module")
def hours(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five hours of both racks, a sweep every twenty seconds, among them some that failed."""
    scratch = tmp_path_factory.mktemp("hours")
    plant = plant_in(scratch)

    async def record() -> None:
        maker = Maker(plant)
        async with Historian(scratch / "history", plant, commit_every_s=0.01) as historian:
            for number in range(0, HOURS * 7200, 40):
                for one in (number, number + 1):
                    historian.take(maker.sweep(one), maker.bound_of(one))
                if number % 1200 == 0:
                    await historian.record(maker.sweep(number + 2), maker.bound_of(number + 2))
            while await historian.seal():
                pass

    SimLoop(1).run(record())
    return scratch / "history"


def corrected(hours: Path, tmp_path: Path, text: str, first: int, last: int) -> Path:
    folder = tmp_path / "history"
    shutil.copytree(hours, folder)
    fixed = tmp_path / "small-bms.yaml"
    fixed.write_text(text)
    with opened(folder) as past:
        apply(folder, past.archive, fixed, first, last, "a test")
    return folder


def by_sweeps(past: Past, name: str, start: int, end: int, step: int) -> dict[int, tuple[float, ...]]:
    plot = draw(past.series(name, start, end), start, step)
    return {
        int(t): (low, high, mean, count, left)
        for t, low, high, mean, count, left in zip(
            plot.time, plot.low, plot.high, plot.mean, plot.count, plot.left_out, strict=True
        )
    }


@pytest.mark.parametrize("text", [FIXED, AS_SIGNED], ids=["another scale", "another type"])
@pytest.mark.parametrize("step", [Step.MINUTE, Step.HOUR])
def test_rollups_are_those_of_the_new_decoding(hours: Path, tmp_path: Path, text: str, step: Step) -> None:
    first = START_NS + HOUR_NS + 17 * MINUTE_NS + 5_000_000_000  # amid an hour and a minute
    folder = corrected(hours, tmp_path, text, first, START_NS + 4 * HOUR_NS + MINUTE_NS)
    with opened(folder) as past, opened(folder, as_recorded=True) as old:
        start, end = START_NS, START_NS + HOURS * HOUR_NS
        for name in ("c1/r01/soc", "c1/r01/voltage"):
            found, wanted = past.rollup(name, start, end, step), by_sweeps(past, name, start, end, step)
            assert found.time.tolist() == list(wanted)
            rows = np.column_stack([found.low, found.high, found.mean, found.count, found.left_out])
            np.testing.assert_allclose(rows, np.array(list(wanted.values())), rtol=1e-12)
        assert (
            old.rollup("c1/r01/soc", start, end, step).low.tolist()
            != past.rollup("c1/r01/soc", start, end, step).low.tolist()
        )


def test_they_lie_in_files_that_the_list_names(hours: Path, tmp_path: Path) -> None:
    folder = corrected(hours, tmp_path, FIXED, 0, 2**62)
    (one,) = decoding.load(folder)
    assert {name.split(".", 1)[1] for name in one.files} == {"minutes.parquet", "hours.parquet"}
    assert (one.rolled_from_ns % HOUR_NS, one.rolled_to_ns % HOUR_NS) == (0, 0)
    with opened(folder) as past:
        assert past.worlds.decoded_anew("a", START_NS, START_NS + 1, ["c1/r01/soc"])
        assert not past.worlds.decoded_anew("a", START_NS, START_NS + 1, ["c1/r01/voltage"]), "its scale is the same"
        # the files are what is read: without one, the question fails, and names it
        (folder / "decoded" / "rollups" / one.files[0]).unlink()
    with opened(folder) as past, pytest.raises(FileNotFoundError, match=r"minutes\.parquet"):
        past.rollup("c1/r01/soc", START_NS, START_NS + 2 * HOUR_NS, Step.MINUTE)


def test_what_no_list_names_is_removed_by_the_next_run(hours: Path, tmp_path: Path) -> None:
    folder = corrected(hours, tmp_path, FIXED, 0, 2**62)
    left = folder / "decoded" / "rollups" / "0-0-20260621.minutes.parquet"
    left.write_bytes(b"cut short")
    fixed = tmp_path / "small-bms.yaml"
    fixed.write_text(AS_SIGNED)
    with opened(folder) as past:
        apply(folder, past.archive, fixed, 0, 2**62)
    assert not left.exists()
    named = {name for one in decoding.load(folder) for name in one.files}
    assert {path.name for path in (folder / "decoded" / "rollups").iterdir()} == named


def test_a_backup_of_it_answers_as_the_folder_does(hours: Path, tmp_path: Path) -> None:
    first = START_NS + HOUR_NS + 17 * MINUTE_NS
    folder = corrected(hours, tmp_path, FIXED, first, 2**62)
    (tmp_path / "scada.toml").write_text('time = "t"\n[[column]]\nname = "P"\nid = "power"\nunit = "kW"\n')
    (tmp_path / "scada.csv").write_text("t,P\n2026-06-21T12:00:00Z,1.5\n2026-06-21T13:00:00Z,-2\n")
    columns = load_columns(tmp_path / "scada.toml")
    table = read_table(tmp_path / "scada.csv", columns)
    Foreign(folder).keep("scada", tmp_path / "scada.csv", table, columns.column)
    backup(folder, tmp_path / "kept")
    files = check(tmp_path / "kept")
    restore(tmp_path / "kept", tmp_path / "again")
    end = START_NS + HOURS * HOUR_NS
    with opened(folder) as old, opened(tmp_path / "again") as new:
        assert new.worlds.decodings == old.worlds.decodings
        for name in ("c1/r01/soc", "c1/r02/voltage"):
            for step in (Step.MINUTE, Step.HOUR):
                found, wanted = (one.rollup(name, START_NS, end, step) for one in (new, old))
                for column in ("time", "low", "high", "mean", "count", "left_out"):
                    np.testing.assert_array_equal(getattr(found, column), getattr(wanted, column))
            found, wanted = (one.series(name, START_NS, end) for one in (new, old))
            np.testing.assert_array_equal(found.value, wanted.value)
        assert new.series("foreign/scada/power", START_NS, end).value.tolist() == [1500.0, -2000.0]
        at = START_NS + 2 * HOUR_NS
        assert new.at(at).figure("c1/r01/soc").value == old.at(at).figure("c1/r01/soc").value
    (table_file,) = (tmp_path / "kept" / "foreign").iterdir()
    table_file.write_bytes(table_file.read_bytes()[:-9])
    with pytest.raises(HistoryError, match=r"foreign/scada.*\.parquet is damaged"):
        restore(tmp_path / "kept", tmp_path / "third")
    table_file.unlink()
    assert check(tmp_path / "kept") == files - 1, "it is named by nothing else"


def test_of_sweeps_a_minute_apart_there_are_hours_only(tmp_path: Path) -> None:
    plant = plant_in(tmp_path)
    maker = Maker(plant)

    async def record() -> None:
        async with Historian(tmp_path / "history", plant, commit_every_s=0.01) as historian:
            for number in range(0, 4 * 7200, 120):
                for one in (number, number + 1):
                    historian.take(maker.sweep(one), maker.bound_of(one))
            await historian.record(maker.sweep(4 * 7200), maker.bound_of(0))
            while await historian.seal():
                pass

    SimLoop(1).run(record())
    fixed = tmp_path / "fixed" / "small-bms.yaml"
    fixed.parent.mkdir()
    fixed.write_text(FIXED)
    with opened(tmp_path / "history") as past:
        apply(tmp_path / "history", past.archive, fixed, START_NS + 90 * MINUTE_NS, 2**62)
    (one,) = decoding.load(tmp_path / "history")
    assert [name.split(".", 1)[1] for name in one.files] == ["hours.parquet"]
    with opened(tmp_path / "history") as past:
        for step in (Step.MINUTE, Step.HOUR):
            found = past.rollup("c1/r01/soc", START_NS, START_NS + 4 * HOUR_NS, step)
            wanted = by_sweeps(past, "c1/r01/soc", START_NS, START_NS + 4 * HOUR_NS, step)
            rows = np.column_stack([found.low, found.high, found.mean, found.count, found.left_out])
            np.testing.assert_allclose(rows, np.array(list(wanted.values())), rtol=1e-12)


def test_the_last_decoding_holds_and_a_way_back_exists(hours: Path, tmp_path: Path) -> None:
    folder = corrected(hours, tmp_path, FIXED, 0, 2**62)
    back = tmp_path / "small-bms.yaml"
    back.write_text(SMALL_MAP)
    with opened(folder) as past, opened(folder, as_recorded=True) as old:
        start, end = START_NS, START_NS + HOURS * HOUR_NS
        wanted = old.rollup("c1/r01/soc", start, end, Step.HOUR)
        assert past.rollup("c1/r01/soc", start, end, Step.HOUR).high[0] != wanted.high[0]
        apply(folder, past.archive, back, 0, 2**62, "it was right")
    assert len(decoding.load(folder)) == 2
    with opened(folder) as past:
        assert past.rollup("c1/r01/soc", start, end, Step.HOUR).high.tolist() == wanted.high.tolist()
