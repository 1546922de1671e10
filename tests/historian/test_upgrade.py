"""A tail that an older program wrote is read as the sweeps that it holds, and written on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from bessinside.historian.basis.folder import HistoryError
from bessinside.historian.embedded.store import Store
from bessinside.historian.tail.tail import open_tail
from bessinside.historian.tail.tick import VERSION, Tick, unpack
from bessinside.runtime import database
from tests.historian.made import Folders, Maker, plant_in
from tests.historian.test_compact import answers

Packing = Callable[[Tick], object]


def rows(tick: Tick) -> list[tuple[object, ...]]:
    """A commit as format 1 had it."""
    found: list[tuple[object, ...]] = []
    for k in range(len(tick)):
        words = tick.words[tick.words_at[k] : tick.words_at[k + 1]].astype(">u2").tobytes()
        times = tick.times[tick.times_at[k] : tick.times_at[k + 1]].tobytes()
        trouble = tick.troubles.get(k)
        packed = None if trouble is None else msgspec.msgpack.encode(trouble)
        found.append((*tick.head[:7, k].tolist(), words, times, packed))
    return found


def columns(tick: Tick) -> tuple[object, ...]:
    """A commit as format 2 had it."""
    head, words, times = tick.head[1:].tobytes(), tick.words.astype(">u2").tobytes(), tick.times.tobytes()
    return 2, head, words, times, tick.troubles


@pytest.mark.parametrize(("version", "packed"), [(1, rows), (2, columns)])
def test_a_tail_of_an_older_format_is_brought_to_today(tmp_path: Path, version: int, packed: Packing) -> None:
    folders = Folders(tmp_path / "history", plant_in(tmp_path))
    maker = Maker(folders.plant)
    for first in range(1, 721, 24):
        folders.commit([(maker.sweep(k), maker.bound_of(k)) for k in range(first, first + 24)])
    assert folders.seal(360) == 360
    truth = answers(folders.store)
    connection = folders.historian._connection
    with database.transaction(connection):
        for tick in [unpack(*row) for row in connection.execute("SELECT first, sweeps FROM ticks").fetchall()]:
            sweeps = msgspec.msgpack.encode(packed(tick))
            connection.execute("UPDATE ticks SET sweeps = ? WHERE first = ?", (sweeps, int(tick.number[0])))
        if version == 1:
            connection.execute("ALTER TABLE runs DROP COLUMN peaks")
        connection.execute("UPDATE about SET value = ? WHERE key = 'format'", (version,))
    folders.close()
    with pytest.raises(HistoryError, match="written by an older program: record into it once"):
        Store(tmp_path / "history")
    open_tail(folders.folder).close()
    with Store(tmp_path / "history") as store:
        assert answers(store) == truth
        assert store.peak("a", "cell.voltage", 0, 2**62) is not None  # format 1: from the extremes, no peaks were kept


def test_a_tail_of_tomorrow_is_left_alone(tmp_path: Path) -> None:
    folders = Folders(tmp_path / "history", plant_in(tmp_path))
    folders.historian._connection.execute("UPDATE about SET value = ?", (VERSION + 1,))
    folders.close()
    with pytest.raises(HistoryError, match=f"has format {VERSION + 1}, this program writes {VERSION}"):
        open_tail(folders.folder)
