"""Sealing: sweeps of ten minutes leave the tail for files that never change. Compacting: a day of them into one set.

The files are whole and on the disk before one transaction puts them into the catalogue and takes their sweeps out of
the tail. Before it they are nobody's, and :mod:`~bessinside.historian.embedded.repair` removes them; after it they are
the record.
"""

from __future__ import annotations

import datetime
import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack

from bessinside.errors import BessError
from bessinside.historian.basis.archive import Step
from bessinside.historian.basis.batch import Batch
from bessinside.historian.basis.folder import FORMAT, Folder
from bessinside.historian.basis.reduce import Minutes, Reducers, SweepExtremes
from bessinside.historian.sealed.catalogue import Sealed
from bessinside.historian.sealed.rollup import Rolled, write_rollup
from bessinside.historian.sealed.segment import SUFFIXES
from bessinside.historian.sealed.segment_writer import SegmentWriter
from bessinside.historian.tail.batches import batches_of
from bessinside.historian.tail.tail import load_editions, read_ticks
from bessinside.runtime import database, disk

log = logging.getLogger(__name__)

Piece = tuple[Batch, Sequence[SweepExtremes]]
SLOT_NS = 600_000_000_000
_LATE_NS = 5_000_000_000  # a slot is over when a sweep ended so much after it


def due(connection: database.Connection) -> int | None:
    """The number of the last sweep of the oldest slot in the tail if that slot is over, else None."""
    oldest = connection.execute("SELECT begin_ns FROM ticks ORDER BY first LIMIT 1").fetchone()
    newest = connection.execute("SELECT end_ns FROM ticks ORDER BY first DESC LIMIT 1").fetchone()
    if oldest is None or 0 <= newest[0] - oldest[0] // SLOT_NS * SLOT_NS <= SLOT_NS + _LATE_NS:
        return None  # so it is nearly always, and seen without a look at every tick
    slot: int | None = None
    last: int | None = None
    for number, begin_ns, end_ns in connection.execute("SELECT last, begin_ns, end_ns FROM ticks ORDER BY first"):
        slot = begin_ns // SLOT_NS if slot is None else slot
        if begin_ns // SLOT_NS == slot:
            last = number
        elif end_ns < slot * SLOT_NS or end_ns > (slot + 1) * SLOT_NS + _LATE_NS:
            return last
    return None


def seal(
    folder: Folder, connection: database.Connection, last: int, reducers: Reducers
) -> tuple[Sealed, Rolled | None]:
    """Writes the tail's sweeps up to number `last`, and their minutes, into files.

    Raises OSError where the disk is full or fails: then nothing has changed. No minutes are made of a device whose map
    or plant file cannot be used any more; its words are sealed all the same.
    """
    tick = read_ticks(connection, last=last)
    first = int(tick.number.min())
    name = f"{stamp(int(tick.end_ns.min()))}-{first}"
    tables: list[tuple[str, Minutes]] = []

    def pieces() -> Iterator[Piece]:  # one device at a time: what was just put in order is still in the cache
        for batch in batches_of(tick, load_editions(connection)):
            minutes, extremes = _reduced(batch, reducers)
            if minutes:
                tables.append((batch.edition.device, minutes))
            yield batch, extremes

    sealed = write(folder, name, "slot", pieces())
    rolled = write_rollup(folder, name, Step.MINUTE, (first, sealed.last), tables) if tables else None
    return sealed, rolled


def _reduced(batch: Batch, reducers: Reducers) -> tuple[Minutes | None, list[SweepExtremes]]:
    try:
        reducer = reducers.of(batch.edition)
    except BessError as error:
        log.error("history: no minutes of %s are made: %s", batch.edition.device, error)
        return None, []
    return (reducer.minutes(batch) if reducer.ids else None), list(reducer.extremes(batch))


def write(folder: Folder, name: str, kind: str, pieces: Iterable[Piece]) -> Sealed:
    """Writes a segment's files. Raises OSError."""
    paths = {suffix: folder.segments / f"{name}{suffix}" for suffix in SUFFIXES}
    with ExitStack() as stack:
        files = {suffix: stack.enter_context(disk.replacing(path)) for suffix, path in paths.items()}
        writer = SegmentWriter(files)
        for batch, extremes in pieces:
            writer.add(batch, extremes)
        parts = writer.close(FORMAT)
    return Sealed(name, kind, parts, sum(disk.size(path) for path in paths.values()))


def stamp(time_ns: int) -> str:
    """A moment as files are named: 20260621T120000Z."""
    seconds = time_ns // 1_000_000_000
    moment = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC) + datetime.timedelta(seconds=seconds)
    return f"{moment:%Y%m%dT%H%M%SZ}"
