"""A day in one set of files says what its many sets said."""

from __future__ import annotations

import io
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bessinside.historian import Step, register
from bessinside.historian.embedded.store import Store
from bessinside.historian.sealed import compact, footer, seal
from bessinside.historian.sealed.catalogue import load_segments
from bessinside.historian.tail.tail import load_devices, open_tail
from bessinside.runtime import database
from tests.historian.made import START_NS, Folders, filled

FIGURES = ["c1/r01/soc", "c1/r02/soc", "c1/r01/m1/cell001/voltage", "c1/r01/insulation", "c1/r02/temperature_max"]
HOUR_NS = 3_600_000_000_000


def answers(store: Store) -> list[object]:
    """What a store says to a handful of questions, as plain lists."""
    found: list[object] = [store.devices(), store.span()]
    for device in store.devices():
        sweeps = store.sweeps(device, 0, 2**62)
        words = store.words(device, [register(3, 0), register(3, 111), register(1, 3), register(4, 0)], 0, 2**62)
        extremes = store.extremes(device, "cell.voltage", 0, 2**62)
        image = store.image(device, START_NS + 250_000_000_000)
        assert image is not None
        found += [getattr(sweeps, name).tolist() for name in ("number", "start_ns", "end_ns", "edition", "failed")]
        found += [words.words[words.ok].tolist(), words.ok.tolist(), image.number, image.words.tolist()]
        found += [np.nan_to_num(one, nan=-1.0).tolist() for one in (extremes.low, extremes.high, extremes.count)]
        found += [store.exchanges(device, number) for number in sweeps.number[::37].tolist()]
        found += [store.peak(device, "cell.voltage", START_NS + low * 10**9, START_NS + 10**13) for low in (0, 90)]
    for step in Step:
        rollup = store.rollup(FIGURES, START_NS - HOUR_NS, START_NS + 2 * HOUR_NS, step)
        found += [getattr(rollup, name).tolist() for name in ("begin_ns", "count", "left_out")]
        found += [np.nan_to_num(getattr(rollup, name), nan=-1.0).round(9).tolist() for name in ("low", "high", "mean")]
    return found


def compacted(folders: Folders) -> compact.Compacted | None:
    """Compacts the oldest day that is due."""
    connection = open_tail(folders.folder)
    try:
        segments = compact.due(connection)
        if not segments:
            return None
        done = compact.compact(folders.folder, connection, segments)
        devices = {name: number for number, name in load_devices(connection).items()}
        with database.transaction(connection):
            compact.replace_old(connection, done, devices)
        compact.remove_old(folders.folder, done)
        return done
    finally:
        connection.close()


def test_a_compacted_day_gives_the_same_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seal, "SLOT_NS", 60_000_000_000)
    monkeypatch.setattr(compact, "DAY_NS", 600_000_000_000)
    folders = filled(tmp_path, 1600)
    live = answers(folders.store)
    while folders.seal() is not None:
        pass
    sealed = answers(folders.store)
    assert sealed == live
    with Store(folders.folder.root) as long_open:
        before = answers(long_open)
        done = compacted(folders)
        assert done is not None
        assert len(done.segments) == 10
        assert compacted(folders) is None
        assert answers(long_open) == before  # one that looked before the files went away
    with Store(folders.folder.root) as fresh:
        assert answers(fresh) == live
    connection = open_tail(folders.folder)
    names = {segment.name for segment in load_segments(connection)}
    connection.close()
    there = {path.name.split(".")[0] for path in folders.folder.segments.glob("*.parquet")}
    assert there == names
    folders.close()


def test_joined_files_are_read_by_others_as_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seal, "SLOT_NS", 60_000_000_000)
    monkeypatch.setattr(compact, "DAY_NS", 600_000_000_000)
    folders = filled(tmp_path, 1600)
    while folders.seal() is not None:
        pass
    slots = sorted(folders.folder.segments.glob("*.words.parquet"))[:10]
    before = pa.concat_tables([pq.read_table(path) for path in slots])
    sizes = [
        meta.row_group(k).num_rows
        for path in slots
        for meta in [pq.read_metadata(path)]
        for k in range(meta.num_row_groups)
    ]
    assert compacted(folders) is not None
    folders.close()
    (day,) = (path for path in folders.folder.segments.glob("*.words.parquet") if "T" not in path.name)
    assert pq.read_table(day).equals(before)
    query = "SELECT count(*), sum(list_sum(words)) FROM read_parquet(?)"
    with duckdb.connect() as database:
        counted = database.execute(query, [str(day)]).fetchone()
    words = before.column("words").combine_chunks().flatten()
    assert counted == (len(before), pc.sum(words).as_py())
    joined = pq.read_metadata(day)
    assert [joined.row_group(k).num_rows for k in range(joined.num_row_groups)] == sizes


@given(st.binary(max_size=200))
def test_what_is_no_parquet_file_is_refused(content: bytes) -> None:
    with pytest.raises((footer.FooterError, IndexError)):
        footer.read_footer(io.BytesIO(content))
