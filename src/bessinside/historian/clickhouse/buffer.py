"""The buffer: sweeps on this machine's disk, in a tail as every history has one, until the servers hold them.

A sweep is acknowledged when it is committed here. It leaves after the servers took it and the minutes of its slot. What
was done is marked in the same database, so that after a crash everything not marked is done again, with the same rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bessinside.historian.basis.archive import Event
from bessinside.historian.basis.batch import Batch
from bessinside.historian.clickhouse.address import Address
from bessinside.historian.clickhouse.tables import SLOT_S, half_md5
from bessinside.historian.tail.batches import batches_of
from bessinside.historian.tail.tail import load_editions
from bessinside.historian.tail.tick import Tick, together, unpack
from bessinside.runtime import chance, database, folders

_SCHEMA = "CREATE TABLE IF NOT EXISTS sent (key TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID"
_SLOT_NS = SLOT_S * 1_000_000_000
_LATE_NS = 5_000_000_000  # a slot is over when a sweep ended so much after it
_BASE = "base:"
MOST_EVENTS = 5000


@dataclass(frozen=True, slots=True)
class Marks:
    """What was done. writer: who writes here, a number of its own; sweeps, events: the last that the servers hold;
    rolled: the last whose minutes they hold; bases: what is added to the numbers of a device's sweeps."""

    writer: int
    sweeps: int
    events: int
    rolled: int
    bases: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Waiting:
    """What the servers do not have yet: sweeps, the end of the oldest (0 for none), and bytes of the whole buffer."""

    sweeps: int
    oldest_ns: int
    bytes: int


def buffer_folder(address: Address, plant_id: str) -> Path:
    """Where the buffer of a plant and a database is: where the address says, else in the program's own folder."""
    if address.buffer is not None:
        return address.buffer
    return folders.state_folder() / "buffer" / f"{plant_id}-{half_md5(f'{address.hosts} {address.database}'):016x}"


def prepare(connection: database.Connection) -> None:
    """Makes what is missing in a tail, so that it is a buffer."""
    connection.execute(_SCHEMA)
    writer = int.from_bytes(chance.random_bytes(7), "big")
    connection.execute("INSERT OR IGNORE INTO sent VALUES ('writer', ?)", (writer,))


def load_marks(connection: database.Connection) -> Marks:
    """What was done by now."""
    found = dict(connection.execute("SELECT key, value FROM sent").fetchall())
    bases = {key.removeprefix(_BASE): value for key, value in found.items() if key.startswith(_BASE)}
    return Marks(found["writer"], found.get("sweeps", 0), found.get("events", 0), found.get("rolled", 0), bases)


def mark(connection: database.Connection, **done: int) -> None:
    """Marks what was done, inside the caller's transaction."""
    connection.executemany("INSERT OR REPLACE INTO sent VALUES (?, ?)", list(done.items()))


def mark_bases(connection: database.Connection, bases: Mapping[str, int]) -> None:
    """Writes down what is added to the numbers of some devices, inside the caller's transaction."""
    connection.executemany(
        "INSERT OR REPLACE INTO sent VALUES (?, ?)", [(_BASE + device, base) for device, base in bases.items()]
    )


def unsent(connection: database.Connection, after: int, most_words: int) -> list[Batch]:
    """The oldest sweeps behind a number as arrays, an edition each: whole ticks of about so many words together."""
    return _batches(connection, "first > ?", (after,), most_words)


def between(connection: database.Connection, after: int, last: int) -> list[Batch]:
    """The sweeps with numbers in (after, last] as arrays."""
    return _batches(connection, "first > ? AND last <= ?", (after, last), None)


def _batches(
    connection: database.Connection, where: str, values: tuple[int, ...], most_words: int | None
) -> list[Batch]:
    found: list[Tick] = []
    words = 0
    ticks = connection.execute(f"SELECT first, sweeps FROM ticks WHERE {where} ORDER BY first", values)  # noqa: S608
    for first, packed in ticks:
        found.append(unpack(first, packed))
        words += len(found[-1].words)
        if most_words is not None and words >= most_words:
            break
    return list(batches_of(together(found), load_editions(connection))) if found else []


def due(connection: database.Connection, marks: Marks) -> int | None:
    """The last sweep of the oldest slot whose minutes are not made, if that slot is over and the servers hold it."""
    slot: int | None = None
    last: int | None = None
    ticks = connection.execute(
        "SELECT last, begin_ns, end_ns FROM ticks WHERE first > ? AND last <= ? ORDER BY first",
        (marks.rolled, marks.sweeps),
    )
    for number, begin_ns, end_ns in ticks:
        slot = begin_ns // _SLOT_NS if slot is None else slot
        if begin_ns // _SLOT_NS == slot:
            last = number
        elif end_ns < slot * _SLOT_NS or end_ns > (slot + 1) * _SLOT_NS + _LATE_NS:
            return last
    return None


def forget(connection: database.Connection, rolled: int) -> None:
    """Takes out what the servers hold with its minutes, inside the caller's transaction. The newest tick stays: it says
    which number comes next."""
    connection.execute("DELETE FROM ticks WHERE last <= ? AND last < (SELECT max(last) FROM ticks)", (rolled,))


def unsent_events(connection: database.Connection, after: int, most: int = MOST_EVENTS) -> list[tuple[int, Event]]:
    """Events behind a number, each with its own."""
    rows = connection.execute(
        "SELECT id, time_ns, kind, subject, text FROM events WHERE id > ? ORDER BY id LIMIT ?", (after, most)
    )
    return [(int(number), Event(*event)) for number, *event in rows]


def waiting(connection: database.Connection, sent: int) -> Waiting:
    """How much waits for the servers."""
    count, oldest = connection.execute(
        "SELECT coalesce(sum(last - first + 1), 0), coalesce(min(begin_ns), 0) FROM ticks WHERE first > ?", (sent,)
    ).fetchone()
    (size,) = connection.execute("SELECT coalesce(sum(length(sweeps)), 0) FROM ticks").fetchone()
    return Waiting(int(count), int(oldest), int(size))
