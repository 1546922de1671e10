"""The tail: sweeps that are committed but not sealed, and the catalogue of what is, in one SQLite file.

What one commit brought is one row of the table `ticks`. One transaction moves sweeps from the tail into the catalogue,
so that a reader sees each exactly once.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from bessinside.historian.archive import Edition, Event
from bessinside.historian.folder import FORMAT, Folder, HistoryError
from bessinside.modbus import Request, Sweep
from bessinside.runtime import database

_SCHEMA = """
CREATE TABLE IF NOT EXISTS about (key TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS devices (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS editions (
  number INTEGER PRIMARY KEY, device INTEGER NOT NULL, since_ns INTEGER NOT NULL, framing TEXT NOT NULL,
  unit INTEGER NOT NULL, plant_hash TEXT NOT NULL, map_hash TEXT NOT NULL, requests BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS ticks (
  first INTEGER PRIMARY KEY, last INTEGER NOT NULL, begin_ns INTEGER NOT NULL, end_ns INTEGER NOT NULL,
  sweeps BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS segments (
  id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,
  begin_ns INTEGER NOT NULL, end_ns INTEGER NOT NULL, sweeps INTEGER NOT NULL, bytes INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS runs (
  segment INTEGER NOT NULL, device INTEGER NOT NULL, edition INTEGER NOT NULL, first INTEGER NOT NULL,
  last INTEGER NOT NULL, begin_ns INTEGER NOT NULL, end_ns INTEGER NOT NULL, sweeps INTEGER NOT NULL,
  failed INTEGER NOT NULL, part INTEGER NOT NULL, words_group INTEGER NOT NULL, words_groups INTEGER NOT NULL,
  extremes INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS runs_of ON runs (device, first);
CREATE TABLE IF NOT EXISTS rollups (
  id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, step_ns INTEGER NOT NULL, first INTEGER NOT NULL,
  last INTEGER NOT NULL, begin_ns INTEGER NOT NULL, end_ns INTEGER NOT NULL, bytes INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS events (
  id INTEGER PRIMARY KEY, time_ns INTEGER NOT NULL, kind TEXT NOT NULL, subject TEXT NOT NULL, text TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS events_at ON events (time_ns);
"""


class Trouble(msgspec.Struct, array_like=True, omit_defaults=True):
    """What a sweep has beyond words and times where not every answer was plain: one byte a request for outcome and
    exception, frames as they came by request, and transactions (big-endian) where they do not count up."""

    outcome: bytes
    exception: bytes
    raw: dict[int, bytes]
    tid: bytes = b""


class SweepRow(NamedTuple):
    """A sweep in the tail. words: the image, big-endian; times: int64, when every request was sent, then when it was
    answered, little-endian."""

    number: int
    device: int
    edition: int
    start_ns: int
    end_ns: int
    tid: int
    failed: int
    words: bytes
    times: bytes
    trouble: bytes | None

    def troubles(self) -> Trouble | None:
        """The exceptions to the rule, None where every request was answered plainly."""
        return None if self.trouble is None else msgspec.msgpack.decode(self.trouble, type=Trouble)


def row_of(sweep: Sweep, number: int, device: int, edition: int) -> SweepRow:
    """A sweep as the tail keeps it. The bytes are copied: the sweep may be forgotten."""
    requests, tids, outcome = len(sweep.outcome), sweep.tid, sweep.outcome.tobytes()
    base = int(tids[0]) if requests else 0
    rising = sweep.framing != "tcp" or bool((tids - _counting(requests) == tids[:1]).all())
    trouble, failed = None, requests - outcome.count(0)
    if failed or sweep.raw or not rising:
        odd = b"" if rising else tids.astype(">u2").tobytes()
        trouble = msgspec.msgpack.encode(Trouble(outcome, sweep.exception.tobytes(), dict(sweep.raw), odd))
    times = _little(sweep.sent_ns) + _little(sweep.received_ns)
    return SweepRow(
        number, device, edition, sweep.start_ns, sweep.end_ns, base, failed, sweep.image.tobytes(), times, trouble
    )  # fmt: skip


def _little(times: NDArray[np.int64]) -> bytes:
    return (times if sys.byteorder == "little" else times.byteswap()).tobytes()


@cache
def _counting(requests: int) -> NDArray[np.uint16]:
    return np.arange(requests, dtype=np.uint16)


def write_tick(connection: database.Connection, rows: Sequence[SweepRow]) -> None:
    """Writes sweeps, numbered one after the other, as one row: all come back or none. In the caller's transaction."""
    ends = [row.end_ns for row in rows]
    connection.execute(
        "INSERT INTO ticks VALUES (?, ?, ?, ?, ?)",
        (rows[0].number, rows[-1].number, min(ends), max(ends), _ENCODER.encode(rows)),
    )


def read_tail(
    connection: database.Connection,
    *,
    device: int | None = None,
    begin_ns: int = -(2**62),
    end_ns: int = 2**62,
    last: int = 2**62,
) -> Iterator[SweepRow]:
    """Sweeps of the tail that ended in [begin, end), of one device or all, up to a number, in order."""
    ticks = connection.execute(
        "SELECT sweeps FROM ticks WHERE end_ns >= ? AND begin_ns < ? AND first <= ? ORDER BY first",
        (begin_ns, end_ns, last),
    )
    for (packed,) in ticks:
        for row in _DECODER.decode(packed):
            if (device is None or row.device == device) and begin_ns <= row.end_ns < end_ns and row.number <= last:
                yield row


def newest_in_tail(connection: database.Connection, device: int, at_ns: int) -> SweepRow | None:
    """The newest sweep of a device in the tail that had ended by a moment."""
    for (packed,) in connection.execute("SELECT sweeps FROM ticks WHERE begin_ns <= ? ORDER BY first DESC", (at_ns,)):
        found = [row for row in _DECODER.decode(packed) if row.device == device and row.end_ns <= at_ns]
        if found:
            return found[-1]
    return None


def numbered_in_tail(connection: database.Connection, number: int) -> SweepRow | None:
    """A sweep of the tail by its number."""
    found = connection.execute("SELECT sweeps FROM ticks WHERE first <= ? AND last >= ?", (number, number)).fetchone()
    return None if found is None else next(row for row in _DECODER.decode(found[0]) if row.number == number)


def tail_span(connection: database.Connection, device: int | None) -> tuple[int, int] | None:
    """Ends of the first and the last sweep in the tail."""
    if device is None:
        low, high = connection.execute("SELECT min(begin_ns), max(end_ns) FROM ticks").fetchone()
        return None if low is None else (low, high)
    ends = [row.end_ns for row in read_tail(connection, device=device)]
    return (min(ends), max(ends)) if ends else None


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(list[SweepRow])


@dataclass(frozen=True, slots=True)
class Run:
    """The sweeps of one edition in one segment: `part` is its row group in the files of times, `words_group` its first
    of `words_groups` row groups in the file of words, `extremes` its row group in the file of extremes, -1 for none."""

    segment: int
    device: int
    edition: int
    first: int
    last: int
    begin_ns: int
    end_ns: int
    sweeps: int
    failed: int
    part: int
    words_group: int
    words_groups: int
    extremes: int


@dataclass(frozen=True, slots=True)
class Segment:
    """One set of sealed files, or of rollups where `kind` says so."""

    id: int
    name: str
    kind: str
    first: int
    last: int
    begin_ns: int
    end_ns: int
    sweeps: int
    bytes: int


def open_tail(folder: Folder) -> database.Connection:
    """Opens the tail to write. Raises HistoryError where it is of another format, sqlite3.Error where it is damaged."""
    connection = database.connect(folder.tail)
    connection.executescript(_SCHEMA)
    connection.execute("INSERT OR IGNORE INTO about VALUES ('format', ?)", (FORMAT,))
    (found,) = connection.execute("SELECT value FROM about WHERE key = 'format'").fetchone()
    if found != FORMAT:
        connection.close()
        raise HistoryError(
            f"{folder.tail} has format {found}, this program writes {FORMAT}: take the program it is from"
        )
    return connection


def last_number(connection: database.Connection) -> int:
    """The highest number ever given to a sweep that is kept, 0 where there is none."""
    found = connection.execute(
        "SELECT max(n) FROM (SELECT max(last) n FROM ticks UNION ALL SELECT max(last) FROM runs)"
    ).fetchone()
    return int(found[0] or 0)


def load_editions(connection: database.Connection) -> dict[int, Edition]:
    """All editions by number."""
    names = load_devices(connection)
    return {
        number: Edition(number, names[device], since, framing, unit, plant_hash, map_hash, unpack_requests(requests))
        for number, device, since, framing, unit, plant_hash, map_hash, requests in connection.execute(
            "SELECT * FROM editions ORDER BY number"
        )
    }


def load_devices(connection: database.Connection) -> dict[int, str]:
    """Names of the devices by their number."""
    return {int(number): str(name) for number, name in connection.execute("SELECT id, name FROM devices ORDER BY id")}


def pack_requests(requests: Iterable[Request]) -> bytes:
    """Requests as JSON: [[fc, address, count], …]."""
    return msgspec.json.encode([(one.fc, one.address, one.count) for one in requests])


def unpack_requests(packed: bytes) -> tuple[Request, ...]:
    """The requests that :func:`pack_requests` packed."""
    return tuple(Request(*one) for one in msgspec.json.decode(packed, type=list[tuple[int, int, int]]))


def add_events(connection: database.Connection, events: Sequence[Event]) -> None:
    """Writes events down, inside the caller's transaction."""
    connection.executemany(
        "INSERT INTO events (time_ns, kind, subject, text) VALUES (?, ?, ?, ?)",
        [(event.time_ns, event.kind, event.subject, event.text) for event in events],
    )


def load_segments(connection: database.Connection) -> list[Segment]:
    """The catalogue of sealed files, oldest first."""
    return [Segment(*row) for row in connection.execute("SELECT * FROM segments ORDER BY first")]


def load_runs(connection: database.Connection, segment: int) -> list[Run]:
    """The runs of a segment in the order of its files."""
    return [Run(*row) for row in connection.execute("SELECT * FROM runs WHERE segment = ? ORDER BY part", (segment,))]
