"""The embedded archive: tail and sealed segments of one folder, read as one. Any number of processes may read."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from bessinside.historian.basis.archive import (
    Edition,
    Event,
    Extremes,
    Image,
    Latest,
    Rollup,
    Step,
    Sweeps,
    Words,
)
from bessinside.historian.basis.folder import Folder, HistoryError, UnknownSweep
from bessinside.historian.basis.latest import latest
from bessinside.historian.basis.peak import Peak, peak_of, widest
from bessinside.historian.basis.reduce import Reducers
from bessinside.historian.embedded.image import exchanges_of, image_of
from bessinside.historian.embedded.pieces import (
    joined_sweeps,
    joined_words,
    sealed_sweeps,
    sealed_words,
    tail_words,
    within,
)
from bessinside.historian.sealed.catalogue import Found, rollup_files, runs_between, runs_with
from bessinside.historian.sealed.rollup import Steps
from bessinside.historian.sealed.sealed import RolledFiles, SealedFiles
from bessinside.historian.tail.batches import batch_of, batches_of, times_of, words_of
from bessinside.historian.tail.known import Known
from bessinside.historian.tail.tail import load_devices
from bessinside.historian.tail.ticks import Ticks
from bessinside.historian.tail.upgrade import check_format
from bessinside.modbus import Exchange
from bessinside.plant import Plant
from bessinside.registers import RegisterMap
from bessinside.runtime import database, disk

T = TypeVar("T")
_NO_EXTREMES = (np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0), np.zeros(0), np.zeros(0, np.int32))
_TRIES = 4


def open_archive(folder: str | Path) -> Store:
    """Opens a historian's folder to ask it. Raises HistoryError where it is none."""
    return Store(folder)


class Store:
    """What a folder holds, see :class:`~bessinside.historian.basis.archive.Archive`. Safe in several threads.

    Raises HistoryError where the folder is none.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Folder(Path(folder))
        if not disk.exists(self.folder.tail):
            raise HistoryError(f"{folder} holds no history: `bessinside run PLANT --history {folder}` records one")
        self._connection = database.connect_to_read(self.folder.tail)
        try:
            check_format(self._connection, folder)
        except BaseException:
            self._connection.close()
            raise
        self._lock = threading.RLock()
        self._known = Known(self.folder, self._connection, self._lock)
        self._ticks = Ticks()
        self._files, self._rolled = SealedFiles(self.folder), RolledFiles(self.folder)
        self._reducers = Reducers(self)

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the folder."""
        with self._lock:
            self._connection.close()

    def devices(self) -> list[str]:
        """See :meth:`Archive.devices`."""
        with self._moment() as connection:
            return list(load_devices(connection).values())

    def span(self, device: str | None = None) -> tuple[int, int] | None:
        """See :meth:`Archive.span`."""
        number = None if device is None else self._known.device(device)
        where, values = ("", ()) if number is None else ("WHERE device = ?", (number,))
        with self._moment() as connection:
            (low, high) = connection.execute(f"SELECT min(begin_ns), max(end_ns) FROM runs {where}", values).fetchone()  # noqa: S608
            ends = [] if low is None else [(low, high)]
            if (tail := self._ticks.span(connection, number)) is not None:
                ends.append(tail)
        return (min(low for low, _ in ends), max(high for _, high in ends)) if ends else None

    def editions(self, device: str) -> list[Edition]:
        """See :meth:`Archive.editions`."""
        return [edition for edition in self._known.editions().values() if edition.device == device]

    def plant(self, plant_hash: str) -> Plant:
        """See :meth:`Archive.plant`."""
        return self._known.plant(plant_hash)

    def register_map(self, map_hash: str) -> RegisterMap:
        """See :meth:`Archive.register_map`."""
        return self._known.register_map(map_hash)

    def sweeps(self, device: str, start_ns: int, end_ns: int) -> Sweeps:
        """See :meth:`Archive.sweeps`."""

        def ask() -> Sweeps:
            number = self._known.device(device)
            with self._moment() as connection:
                sealed = runs_between(connection, number, start_ns, end_ns)
                tail = self._ticks.between(connection, number, start_ns, end_ns)
            return joined_sweeps([sealed_sweeps(self._files, one, start_ns, end_ns) for one in sealed], tail)

        return self._again(ask)

    def words(self, device: str, registers: Sequence[int], start_ns: int, end_ns: int) -> Words:
        """See :meth:`Archive.words`."""
        wanted = np.asarray(registers, np.int64)

        def ask() -> Words:
            number = self._known.device(device)
            with self._moment() as connection:
                sealed = runs_between(connection, number, start_ns, end_ns)
                tail = self._ticks.between(connection, number, start_ns, end_ns)
            pieces = [
                sealed_words(self._files, one, self._known.plan(one.run.edition), wanted, start_ns, end_ns)
                for one in sealed
            ]
            editions = dict.fromkeys(tail.edition.tolist())
            pieces += [tail_words(tail, edition, self._known.plan(edition), wanted) for edition in editions]
            return joined_words(pieces, len(wanted))

        return self._again(ask)

    def image(self, device: str, at_ns: int) -> Image | None:
        """See :meth:`Archive.image`."""

        def ask() -> Image | None:
            number = self._known.device(device)
            with self._moment() as connection:
                tick = self._ticks.newest(connection, number, at_ns)
                sealed = [] if tick is not None else runs_between(connection, number, -(2**62), at_ns + 1, newest=8)
            if tick is not None:
                edition, only = int(tick.edition[0]), np.zeros(1, np.int64)
                plan = self._known.plan(edition)
                words = words_of(plan, tick, only)[:, 0]
                return image_of(self._known.edition(edition), times_of(plan, tick, only), 0, words)
            newest, best, at = -1, None, 0
            for one in sealed:  # the runs of one segment interleave where a device had two editions in it
                if one.run.last < newest:
                    continue
                lists = self._files.sweeps(one.name, one.run)
                mine = np.flatnonzero(lists["end_ns"] <= at_ns)
                if len(mine) and int(lists["number"][mine[-1]]) > newest:
                    newest, best, at = int(lists["number"][mine[-1]]), one, int(mine[-1])
            return None if best is None else self._sealed_image(best, at)

        return self._again(ask)

    def latest(self, device: str, registers: Sequence[int], at_ns: int) -> Latest:
        """See :meth:`Archive.latest`."""
        return latest(self, device, registers, at_ns)

    def exchanges(self, device: str, number: int) -> list[Exchange]:
        """See :meth:`Archive.exchanges`."""

        def ask() -> list[Exchange]:
            known = self._known.device(device)
            with self._moment() as connection:
                tick = self._ticks.numbered(connection, known, number)
                runs = runs_with(connection, known, number)
            if tick is not None:
                edition = int(tick.edition[0])
                plan = self._known.plan(edition)
                times = times_of(plan, tick, np.zeros(1, np.int64))
                return exchanges_of(self._known.edition(edition), plan, times, 0, tick.words.astype(">u2"))
            for one in runs:
                at = np.flatnonzero(self._files.sweeps(one.name, one.run)["number"] == number)
                if len(at):
                    position, plan = int(at[0]), self._known.plan(one.run.edition)
                    words = self._files.sweep(one.name, one.run, position).astype(">u2")
                    times = self._files.times(one.name, one.run)
                    return exchanges_of(self._known.edition(one.run.edition), plan, times, position, words)
            raise UnknownSweep(f"{self.folder.root}: sweep {number} of {device} is not kept, or not any more")

        return self._again(ask)

    def rollup(self, figures: Sequence[str], start_ns: int, end_ns: int, step: Step) -> Rollup:
        """See :meth:`Archive.rollup`."""
        begin = -(-start_ns // step) * step
        steps = max(0, -(-(end_ns - begin) // step))
        wanted = list(figures)

        def ask() -> Rollup:
            with self._moment() as connection:
                names = rollup_files(connection, begin, begin + steps * step, step)
                tail = self._ticks.between(connection, None, begin, begin + steps * step)
            whole = Steps(step, begin, steps, len(wanted))
            for name in names:
                for rows, piece in self._rolled.read(name, wanted):
                    whole.add(piece, rows)
            for number in np.unique(tail.edition).tolist():
                reducer = self._reducers.of(self._known.edition(number))
                place = {name: k for k, name in enumerate(reducer.ids)}
                rows = [k for k, name in enumerate(wanted) if name in place]
                if rows:
                    at, plan = np.flatnonzero(tail.edition == number), self._known.plan(number)
                    batch = batch_of(self._known.edition(number), plan, tail, at)
                    whole.add(reducer.minutes(batch).rows([place[wanted[k]] for k in rows]), rows)
            return whole.rollup()

        return self._again(ask)

    def extremes(self, device: str, metric: str, start_ns: int, end_ns: int) -> Extremes:
        """See :meth:`Archive.extremes`."""

        def ask() -> Extremes:
            known = self._known.device(device)
            with self._moment() as connection:
                sealed = runs_between(connection, known, start_ns, end_ns)
                tail = self._ticks.between(connection, known, start_ns, end_ns)
            pieces: list[tuple[NDArray[Any], ...]] = [_NO_EXTREMES]
            for one in sealed:
                kept = self._files.extremes(one.name, one.run, metric)
                if kept is not None:
                    lists = self._files.sweeps(one.name, one.run)
                    mine = within(lists["end_ns"], start_ns, end_ns)
                    pieces.append(tuple(column[mine] for column in (lists["number"], lists["end_ns"], *kept)))
            for batch in batches_of(tail, self._known.editions()):
                for found in self._reducers.of(batch.edition).extremes(batch):
                    if found.metric == metric:
                        times = batch.times
                        pieces.append((times.number, times.end_ns, found.low, found.high, found.count))
            number, end, low, high, count = (np.concatenate(column) for column in zip(*pieces, strict=True))
            order = np.argsort(number, kind="stable")
            return Extremes(number[order], end[order], low[order], high[order], count[order].astype(np.int32))

        return self._again(ask)

    def peak(self, device: str, metric: str, start_ns: int, end_ns: int) -> Peak | None:
        """The sweep with the largest spread, see :class:`~bessinside.historian.basis.peak.Peaked`: runs that lie
        in the span as a whole are not read."""
        number = self._known.device(device)
        with self._moment() as connection:
            runs = [one.run for one in runs_between(connection, number, start_ns, end_ns)]
            tail = self._ticks.span(connection, number)
        found, spans = [], [] if tail is None else [tail]
        for run in runs:
            if run.peaks is not None and run.begin_ns >= start_ns and run.end_ns < end_ns:
                found += [one for one in run.peaks if one.metric == metric]
            else:
                spans.append((run.begin_ns, run.end_ns))
        for begin, end in spans:
            kept = self.extremes(device, metric, max(start_ns, begin), min(end_ns, end + 1))
            one = peak_of(metric, kept.end_ns, kept.low, kept.high, kept.count)
            found += [] if one is None else [one]
        return widest(found)

    def events(self, start_ns: int, end_ns: int) -> list[Event]:
        """See :meth:`Archive.events`."""
        with self._moment() as connection:
            rows = connection.execute(
                "SELECT time_ns, kind, subject, text FROM events "
                "WHERE time_ns >= ? AND time_ns < ? ORDER BY time_ns, id",
                (start_ns, end_ns),
            ).fetchall()
        return [Event(*row) for row in rows]

    @contextmanager
    def _moment(self) -> Iterator[database.Connection]:
        with self._lock, database.reading(self._connection) as connection:
            yield connection

    def _again(self, ask: Callable[[], T]) -> T:
        """Asks once more where a file went away between the look into the catalogue and the read."""
        for _ in range(_TRIES - 1):
            try:
                return ask()
            except FileNotFoundError:
                continue
        return ask()

    def _sealed_image(self, found: Found, position: int) -> Image:
        edition, words = self._known.edition(found.run.edition), self._files.sweep(found.name, found.run, position)
        if not found.run.failed:
            return image_of(edition, self._files.stamps(found.name, found.run, position), 0, words)
        return image_of(edition, self._files.times(found.name, found.run), position, words)
