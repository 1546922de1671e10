"""The tail: sweeps that are committed but not sealed, and the catalogue of what is, in one SQLite file.

What one commit brought is one row of the table `ticks`. One transaction moves sweeps from the tail into the catalogue,
so that a reader sees each exactly once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from bessinside.historian.basis.archive import Edition, Event
from bessinside.historian.basis.folder import Folder, HistoryError
from bessinside.historian.tail.tick import VERSION, Tick, unpack_all
from bessinside.historian.tail.upgrade import upgrade
from bessinside.modbus import Request
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
  extremes INTEGER NOT NULL, peaks BLOB);
CREATE INDEX IF NOT EXISTS runs_of ON runs (device, first);
CREATE TABLE IF NOT EXISTS rollups (
  id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, step_ns INTEGER NOT NULL, first INTEGER NOT NULL,
  last INTEGER NOT NULL, begin_ns INTEGER NOT NULL, end_ns INTEGER NOT NULL, bytes INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS events (
  id INTEGER PRIMARY KEY, time_ns INTEGER NOT NULL, kind TEXT NOT NULL, subject TEXT NOT NULL, text TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS events_at ON events (time_ns);
"""


def write_tick(connection: database.Connection, first: int, ends_ns: Sequence[int], packed: bytes) -> None:
    """Writes packed sweeps, numbered one after the other, as one row: all come back or none. In the caller's
    transaction."""
    connection.execute(
        "INSERT INTO ticks VALUES (?, ?, ?, ?, ?)",
        (first, first + len(ends_ns) - 1, min(ends_ns), max(ends_ns), packed),
    )


def read_ticks(
    connection: database.Connection, *, begin_ns: int = -(2**62), end_ns: int = 2**62, last: int = 2**62
) -> Tick:
    """The ticks of the tail with sweeps that ended in [begin, end), up to a number, in order, as one. Raises
    HistoryError."""
    rows = connection.execute(
        "SELECT first, sweeps FROM ticks WHERE end_ns >= ? AND begin_ns < ? AND first <= ? ORDER BY first",
        (begin_ns, end_ns, last),
    )
    return unpack_all(rows)


def open_tail(folder: Folder) -> database.Connection:
    """Opens the tail to write, brought to the format of today where it is of an older one. Raises HistoryError where it
    is of a newer one, sqlite3.Error where it is damaged."""
    connection = database.connect(folder.tail)
    connection.executescript(_SCHEMA)
    connection.execute("INSERT OR IGNORE INTO about VALUES ('format', ?)", (VERSION,))
    (found,) = connection.execute("SELECT value FROM about WHERE key = 'format'").fetchone()
    if found > VERSION:
        connection.close()
        raise HistoryError(
            f"{folder.tail} has format {found}, this program writes {VERSION}: take the program it is from"
        )
    upgrade(connection, found)
    return connection


def last_number(connection: database.Connection) -> int:
    """The highest number ever given to a sweep that is kept, 0 where there is none."""
    found = connection.execute(
        "SELECT max(n) FROM (SELECT max(last) n FROM ticks UNION ALL SELECT max(last) FROM runs)"
    ).fetchone()
    return int(found[0] or 0)


def load_editions(connection: database.Connection) -> dict[int, Edition]:
    """All editions by number. One question: a recorder may add a device with its edition at any time."""
    return {
        number: Edition(number, device, since, framing, unit, plant_hash, map_hash, unpack_requests(requests))
        for number, device, since, framing, unit, plant_hash, map_hash, requests in connection.execute(
            "SELECT number, name, since_ns, framing, unit, plant_hash, map_hash, requests"
            " FROM editions JOIN devices ON devices.id = device ORDER BY number"
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
    if not events:
        return
    connection.executemany(
        "INSERT INTO events (time_ns, kind, subject, text) VALUES (?, ?, ?, ?)",
        [(event.time_ns, event.kind, event.subject, event.text) for event in events],
    )
