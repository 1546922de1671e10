"""Out of the buffer into the servers: words first, sweeps last, so that what has a sweep is whole.

Whatever is not marked as done is written again after a failure, with the same rows, of which every table keeps one.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bessinside.errors import BessError
from bessinside.historian.basis.archive import Event
from bessinside.historian.basis.batch import Batch
from bessinside.historian.basis.folder import Folder
from bessinside.historian.basis.reduce import Reducers, SweepExtremes
from bessinside.historian.clickhouse import rows
from bessinside.historian.clickhouse.buffer import Marks
from bessinside.historian.clickhouse.door import Door
from bessinside.historian.clickhouse.ledger import Registrar
from bessinside.historian.clickhouse.migration import migrate
from bessinside.historian.clickhouse.tables import (
    EVENTS,
    EXTREMES,
    MINUTES,
    ROLLED,
    SWEEPS,
    WORDS,
    Table,
    half_md5,
)

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Joined:
    """Rows for one table from several batches."""

    table: Table
    parts: list[rows.Rows]

    def put(self, door: Door) -> None:
        count = sum(size for _, size in self.parts)
        if not count:
            return
        columns: dict[str, object] = {}
        for name, kind in self.table.columns.items():
            found = [part[name] for part, _ in self.parts]
            columns[name] = _concatenated(found, listed=kind == "String" or kind.startswith("Array("))
        door.put(self.table.name, self.table.columns, columns, count)


def _concatenated(parts: Sequence[Sequence[object]], *, listed: bool) -> object:
    if listed:
        return [value for part in parts for value in part]
    return np.concatenate([np.asarray(part) for part in parts])


class Writer:
    """Writes into the servers; in one thread. All raise ServerError, ServerAway, HistoryError.

    `reducers` are those of the buffer's own archive.
    """

    def __init__(self, door: Door, database: str, folder: Folder, reducers: Reducers) -> None:
        self.door = door
        self._database = database
        self._registrar = Registrar(door, folder)
        self._reducers = reducers
        self._met = False

    def failed(self) -> None:
        """The servers did not take something: before the next try they are met anew."""
        self._met = False
        self._registrar.forget()

    def meet(self) -> None:
        """Makes the tables, or brings them up to date, once after every failure."""
        if not self._met:
            migrate(self.door, self._database)
            self._met = True

    def bases(self, marks: Marks, first: Mapping[str, int]) -> dict[str, int]:
        """What to add to the numbers of devices, given by the first that is not sent, where it is not known yet or
        somebody else recorded the device since: numbers of a device only ever grow."""
        if not first:
            return {}
        names = {half_md5(name): name for name in first}
        found = self.door.ask(
            f"SELECT device, max(number) AS number FROM {SWEEPS.name} "  # noqa: S608  numbers
            f"WHERE device IN ({', '.join(map(str, names))}) AND writer != {marks.writer} GROUP BY device",
            ["device", "number"],
        )
        others = {
            names[device]: number
            for device, number in zip(found["device"].tolist(), found["number"].tolist(), strict=True)
        }
        changed = {}
        for name, number in first.items():
            base = max(marks.bases.get(name, 0), others.get(name, 0) - number + 1)
            if base != marks.bases.get(name):
                changed[name] = base
        return changed

    def send(self, batches: Sequence[Batch], marks: Marks) -> None:
        """Sweeps with their words and extremes."""
        numbers = [self._registrar.register(batch.edition) for batch in batches]
        bases = [marks.bases[batch.edition.device] for batch in batches]
        every = list(zip(batches, bases, strict=True))
        _Joined(WORDS, [rows.word_rows(batch, base) for batch, base in every]).put(self.door)
        _Joined(EXTREMES, [rows.extreme_rows(batch, base, self._extremes(batch)) for batch, base in every]).put(
            self.door
        )
        _Joined(
            SWEEPS,
            [
                rows.sweep_rows(batch, base, number, marks.writer)
                for (batch, base), number in zip(every, numbers, strict=True)
            ],
        ).put(self.door)

    def roll(self, batches: Sequence[Batch], marks: Marks) -> None:
        """The minutes of a slot. A device whose map or plant file cannot be used has none."""
        made = _Joined(MINUTES, [])
        done = _Joined(ROLLED, [])
        for batch in batches:
            base = marks.bases[batch.edition.device]
            try:
                reducer = self._reducers.of(batch.edition)
            except BessError as error:
                log.error("history: no minutes of %s are made: %s", batch.edition.device, error)
            else:
                if reducer.ids:
                    made.parts.append(rows.minute_rows(batch, base, reducer.minutes(batch)))
            done.parts.append(rows.rolled_rows(batch, base))
        made.put(self.door)
        done.put(self.door)

    def tell(self, events: Sequence[tuple[int, Event]], marks: Marks) -> None:
        """Events, each with its number in the buffer."""
        columns = {
            "time_ns": [event.time_ns for _, event in events], "writer": [marks.writer] * len(events),
            "id": [number for number, _ in events], "kind": [event.kind for _, event in events],
            "subject": [event.subject for _, event in events], "text": [event.text for _, event in events],
        }  # fmt: skip
        self.door.put(EVENTS.name, EVENTS.columns, columns, len(events))

    def _extremes(self, batch: Batch) -> list[SweepExtremes]:
        try:
            return list(self._reducers.of(batch.edition).extremes(batch))
        except BessError as error:
            log.error("history: no extremes of %s are made: %s", batch.edition.device, error)
            return []
