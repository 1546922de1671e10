"""The minutes of a day, put together page by page, are those that their files say one by one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from bessinside.historian.basis.archive import HOUR_NS, MINUTE_NS, Step
from bessinside.historian.basis.folder import Folder
from bessinside.historian.basis.reduce import Minutes
from bessinside.historian.sealed.day_minutes import roll
from bessinside.historian.sealed.rolled_pages import RolledPages
from bessinside.historian.sealed.rollup import Steps, write_rollup
from bessinside.historian.sealed.sealed import RolledFiles

BEGIN_NS = 1_782_043_200_000_000_000 + 20 * MINUTE_NS  # not at a whole hour
IDS = tuple(f"a/figure{k}" for k in range(40))
OTHERS = tuple(f"b/figure{k}" for k in range(700))


def minutes(ids: tuple[str, ...], first: int, steps: int, seed: int) -> Minutes:
    """Minutes with gaps: some figures never have a good value, others have none now and then."""
    chance = np.random.default_rng(seed)
    shape = len(ids), steps
    count = chance.integers(0, 3, shape).astype(np.int32) * 30
    count[: len(ids) // 3] = 60
    count[3] = 0
    mean = np.where(count > 0, chance.normal(3.3, 0.1, shape), np.nan)
    low, high = mean - chance.random(shape), mean + chance.random(shape)
    return Minutes(ids, BEGIN_NS + first * MINUTE_NS, low, high, mean, count, (60 - count).astype(np.int32))


def rolled(folder: Folder, files: list[list[tuple[str, Minutes]]]) -> list[str]:
    return [
        write_rollup(folder, f"{k:03d}", Step.MINUTE, (k, k), tables).name for k, tables in enumerate(files)
    ]  # fmt: skip


def one_by_one(folder: Folder, names: list[str], device: str, ids: tuple[str, ...], step: Step) -> Minutes:
    """What the files say, figure by figure, as the archive asks them."""
    files = RolledFiles(folder)
    whole = Steps(step, BEGIN_NS // HOUR_NS * HOUR_NS, 4 * HOUR_NS // step, len(ids))
    for name in names:
        for rows, piece in files.read(name, ids, device):
            whole.add(piece, rows)
    return whole.minutes(ids)


def check(folder: Folder, old: list[str], figures: dict[str, tuple[str, ...]]) -> None:
    made = roll(folder, "day", (0, len(old)), old)
    assert [one.step_ns for one in made] == [Step.MINUTE, Step.HOUR]
    for one, step in zip(made, Step, strict=True):
        for device, ids in figures.items():
            expected, found = (one_by_one(folder, names, device, ids, step) for names in (old, [one.name]))
            for name in ("count", "left_out", "low", "high"):
                np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))
            np.testing.assert_allclose(found.mean, expected.mean, rtol=1e-13)
            assert found.count.any()


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    made = Folder(tmp_path)
    made.make()
    return made


def test_minutes_that_follow_each_other_with_a_gap(folder: Folder) -> None:
    firsts = (0, 10, 20, 45, 55, 120)
    files = [[("a", minutes(IDS, at, 10, at)), ("b", minutes(OTHERS, at, 10, at + 1))] for at in firsts]
    check(folder, rolled(folder, files), {"a": IDS, "b": OTHERS})


def test_a_minute_that_two_files_share(folder: Folder) -> None:
    """A commit has sweeps of both sides of a file's end, so that this is so in most."""
    files = [[("a", minutes(IDS, at, 11, at)), ("b", minutes(OTHERS, at, 10, at))] for at in (0, 10, 20, 30)]
    check(folder, rolled(folder, files), {"a": IDS, "b": OTHERS})


def test_figures_that_come_and_go(folder: Folder) -> None:
    files = [
        [("a", minutes(IDS[:30], 0, 10, 1))],
        [("a", minutes(IDS[:30], 10, 6, 2)), ("a", minutes(IDS[5:], 15, 5, 3)), ("b", minutes(OTHERS, 12, 4, 4))],
        [("a", minutes(IDS[5:], 20, 10, 5))],
    ]
    check(folder, rolled(folder, files), {"a": IDS, "b": OTHERS})


def test_a_clock_that_went_back(folder: Folder) -> None:
    files = [[("a", minutes(IDS, at, steps, at))] for at, steps in ((0, 10), (10, 10), (3, 4), (20, 10))]
    check(folder, rolled(folder, files), {"a": IDS})


def test_files_of_other_writers(folder: Folder) -> None:
    """A day that began under an older program, which had Arrow write."""
    files = [[("a", minutes(IDS, at, 10, at)), ("b", minutes(OTHERS, at, 10, at + 1))] for at in (0, 10, 20)]
    names = rolled(folder, files)
    path = folder.rollups / names[1]
    theirs = pq.ParquetFile(path)
    with pq.ParquetWriter(path.with_suffix(".new"), theirs.schema_arrow, compression="zstd") as writer:
        for group in range(theirs.num_row_groups):
            writer.write_table(theirs.read_row_group(group))
        writer.add_key_value_metadata({"bessinside": theirs.metadata.metadata[b"bessinside"]})
    path.with_suffix(".new").replace(path)
    pages = RolledPages(path)
    assert not pages.fill(pages.about.parts[0], [])
    check(folder, names, {"a": IDS, "b": OTHERS})


def test_pages_give_what_arrow_reads(folder: Folder) -> None:
    table = minutes(OTHERS, 0, 10, 9)
    (name,) = rolled(folder, [[("b", table)]])
    pages = RolledPages(folder.rollups / name)
    into = [np.empty((len(OTHERS), 10), kind) for kind in ("f8", "f8", "f8", "i4", "i4")]
    assert pages.fill(pages.about.parts[0], into)
    for found, expected in zip(into, (table.low, table.high, table.mean, table.count, table.left_out), strict=True):
        np.testing.assert_array_equal(found, expected)
