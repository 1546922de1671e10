"""The embedded archive: tail and sealed segments of one folder, read as one. Any number of processes may read."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from bessinside.historian.archive import (
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
from bessinside.historian.batch import Times, stamps_ns, tail_batches, times_of
from bessinside.historian.folder import Folder, HistoryError, UnknownSweep
from bessinside.historian.reduce import Reducers
from bessinside.historian.rollup import Steps
from bessinside.historian.sealed import RolledFiles, SealedFiles
from bessinside.historian.tail import (
    Run,
    SweepRow,
    load_devices,
    load_editions,
    newest_in_tail,
    numbered_in_tail,
    read_tail,
    tail_span,
)
from bessinside.modbus import Exchange, Outcome, ReadPlan, Sweep
from bessinside.modbus.exchange import exchanges
from bessinside.plant import Plant
from bessinside.registers import RegisterMap
from bessinside.runtime import database, disk

T = TypeVar("T")
_NO_EXTREMES = (np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0), np.zeros(0), np.zeros(0, np.int32))
LOOK_BACK_NS = 3_600_000_000_000
_TRIES = 4
_RUN = (
    "segment, device, edition, first, last, begin_ns, end_ns, sweeps, failed, part, words_group, words_groups, "
    "extremes"
)  # fmt: skip


def open_archive(folder: str | Path) -> Store:
    """Opens a historian's folder to ask it. Raises HistoryError where it is none."""
    return Store(folder)


@dataclass(frozen=True, slots=True)
class _Sealed:
    name: str
    run: Run


class Store:
    """What a folder holds, see :class:`~bessinside.historian.archive.Archive`. Safe in several threads.

    Raises HistoryError where the folder is none.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Folder(Path(folder))
        if not disk.exists(self.folder.tail):
            raise HistoryError(f"{folder} holds no history: `bessinside run PLANT --history {folder}` records one")
        self._connection = database.connect_to_read(self.folder.tail)
        self._lock = threading.RLock()
        self._files, self._rolled = SealedFiles(self.folder), RolledFiles(self.folder)
        self._reducers = Reducers(self)
        self._devices: dict[str, int] = {}
        self._editions: dict[int, Edition] = {}
        self._plans: dict[int, ReadPlan] = {}
        self._plants: dict[str, Plant] = {}
        self._maps: dict[str, RegisterMap] = {}

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
        number = None if device is None else self._device(device)
        where, values = ("", ()) if number is None else ("WHERE device = ?", (number,))
        with self._moment() as connection:
            (low, high) = connection.execute(f"SELECT min(begin_ns), max(end_ns) FROM runs {where}", values).fetchone()  # noqa: S608
            ends = [] if low is None else [(low, high)]
            if (tail := tail_span(connection, number)) is not None:
                ends.append(tail)
        return (min(low for low, _ in ends), max(high for _, high in ends)) if ends else None

    def editions(self, device: str) -> list[Edition]:
        """See :meth:`Archive.editions`."""
        with self._moment() as connection:
            (newest,) = connection.execute("SELECT max(number) FROM editions").fetchone()
            if newest not in self._editions:  # numbers only grow, and an edition never changes
                self._editions = load_editions(connection)
        return [edition for edition in self._editions.values() if edition.device == device]

    def plant(self, plant_hash: str) -> Plant:
        """See :meth:`Archive.plant`."""
        if plant_hash not in self._plants:
            self._plants[plant_hash] = self.folder.plant(plant_hash)
        return self._plants[plant_hash]

    def register_map(self, map_hash: str) -> RegisterMap:
        """See :meth:`Archive.register_map`."""
        if map_hash not in self._maps:
            self._maps[map_hash] = self.folder.register_map(map_hash)
        return self._maps[map_hash]

    def sweeps(self, device: str, start_ns: int, end_ns: int) -> Sweeps:
        """See :meth:`Archive.sweeps`."""

        def ask() -> Sweeps:
            with self._moment() as connection:
                sealed = self._runs(connection, device, start_ns, end_ns)
                tail = [
                    (row.number, row.start_ns, row.end_ns, row.edition, row.failed)
                    for row in self._tail(connection, device, start_ns, end_ns)
                ]
            found: list[list[NDArray[Any]]] = [[] for _ in range(5)]
            for one in sealed:
                lists = self._files.sweeps(one.name, one.run)
                mine = _within(lists["end_ns"], start_ns, end_ns)
                edition = np.full(len(lists["number"][mine]), one.run.edition)
                columns = (
                    *(lists[name][mine] for name in ("number", "start_ns", "end_ns")),
                    edition,
                    lists["failed"][mine],
                )
                for column, values in zip(found, columns, strict=True):
                    column.append(values)
            if tail:
                for column, values in zip(found, np.array(tail, np.int64).T, strict=True):
                    column.append(values)
            number, start, end, edition, failed = (np.concatenate([np.zeros(0, np.int64), *column]) for column in found)
            order = np.argsort(number, kind="stable")
            return Sweeps(
                number[order], start[order], end[order], edition[order].astype(np.int32), failed[order].astype(np.int32)
            )

        return self._again(ask)

    def words(self, device: str, registers: Sequence[int], start_ns: int, end_ns: int) -> Words:
        """See :meth:`Archive.words`."""
        wanted = np.asarray(registers, np.int64)

        def ask() -> Words:
            with self._moment() as connection:
                sealed = self._runs(connection, device, start_ns, end_ns)
                tail = self._tail(connection, device, start_ns, end_ns)
            pieces = [self._sealed_words(one, wanted, start_ns, end_ns) for one in sealed]
            pieces += self._tail_words(tail, wanted)
            return _joined(pieces, len(wanted))

        return self._again(ask)

    def image(self, device: str, at_ns: int) -> Image | None:
        """See :meth:`Archive.image`."""

        def ask() -> Image | None:
            with self._moment() as connection:
                row = newest_in_tail(connection, self._device(device), at_ns)
                if row is not None:
                    return self._image_of(row)
                sealed = self._runs(connection, device, -(2**62), at_ns + 1, newest=8)
            found: Image | None = None
            for one in sealed:  # the runs of one segment interleave where a device had two editions in it
                if found is not None and one.run.last < found.number:
                    continue
                mine = np.flatnonzero(self._files.sweeps(one.name, one.run)["end_ns"] <= at_ns)
                if len(mine) and (found is None or int(self._number(one, mine[-1])) > found.number):
                    found = self._sealed_image(one, int(mine[-1]))
            return found

        return self._again(ask)

    def latest(self, device: str, registers: Sequence[int], at_ns: int) -> Latest:
        """See :meth:`Archive.latest`."""
        wanted = np.asarray(registers, np.int64)
        words, received = np.zeros(len(wanted), np.uint16), np.zeros(len(wanted), np.int64)
        outcome = np.full(len(wanted), Outcome.NOT_SENT, np.uint8)
        image = self.image(device, at_ns)
        if image is None:
            return Latest(words, received, outcome)
        good = self._take(image, wanted, words, received, outcome)
        if not good.all():
            self._look_back(device, wanted, ~good, at_ns, words, received)
        return Latest(words, received, outcome)

    def exchanges(self, device: str, number: int) -> list[Exchange]:
        """See :meth:`Archive.exchanges`."""

        def ask() -> list[Exchange]:
            with self._moment() as connection:
                held = numbered_in_tail(connection, number)
                runs = connection.execute(
                    f"SELECT s.name, {_prefixed('r')} FROM runs r JOIN segments s ON s.id = r.segment "  # noqa: S608
                    "WHERE r.device = ? AND r.first <= ? AND r.last >= ?",
                    (self._device(device), number, number),
                ).fetchall()
            if held is not None and held.device == self._device(device):
                plan = self._plan(held.edition)
                return self._exchanges(held.edition, times_of(plan, [held]), 0, np.frombuffer(held.words, ">u2"))
            for name, *columns in runs:
                one = _Sealed(name, Run(*columns))
                at = np.flatnonzero(self._files.sweeps(name, one.run)["number"] == number)
                if len(at):
                    position = int(at[0])
                    words = self._whole(one)[:, position].astype(">u2")
                    return self._exchanges(one.run.edition, self._files.times(name, one.run), position, words)
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
                tail = tail_batches(connection, begin_ns=begin, end_ns=begin + steps * step)
            whole = Steps(step, begin, steps, len(wanted))
            for name in names:
                for rows, piece in self._rolled.read(name, wanted):
                    whole.add(piece, rows)
            for batch in tail:
                reducer = self._reducers.of(batch.edition)
                place = {name: k for k, name in enumerate(reducer.ids)}
                rows = [k for k, name in enumerate(wanted) if name in place]
                if rows:
                    whole.add(reducer.minutes(batch).rows([place[wanted[k]] for k in rows]), rows)
            return whole.rollup()

        return self._again(ask)

    def extremes(self, device: str, metric: str, start_ns: int, end_ns: int) -> Extremes:
        """See :meth:`Archive.extremes`."""

        def ask() -> Extremes:
            with self._moment() as connection:
                sealed = self._runs(connection, device, start_ns, end_ns)
                tail = tail_batches(connection, device=self._device(device), begin_ns=start_ns, end_ns=end_ns)
            pieces: list[tuple[NDArray[Any], ...]] = [_NO_EXTREMES]
            for one in sealed:
                kept = self._files.extremes(one.name, one.run, metric)
                if kept is not None:
                    lists = self._files.sweeps(one.name, one.run)
                    mine = _within(lists["end_ns"], start_ns, end_ns)
                    pieces.append(tuple(column[mine] for column in (lists["number"], lists["end_ns"], *kept)))
            for batch in tail:
                for found in self._reducers.of(batch.edition).extremes(batch):
                    if found.metric == metric:
                        times = batch.times
                        pieces.append((times.number, times.end_ns, found.low, found.high, found.count))
            number, end, low, high, count = (np.concatenate(column) for column in zip(*pieces, strict=True))
            order = np.argsort(number, kind="stable")
            return Extremes(number[order], end[order], low[order], high[order], count[order].astype(np.int32))

        return self._again(ask)

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

    def _device(self, name: str) -> int:
        """The number of a device, -1 where it was never recorded."""
        if name not in self._devices:
            with self._lock:
                self._devices = {known: number for number, known in load_devices(self._connection).items()}
        return self._devices.get(name, -1)

    def _edition(self, number: int) -> Edition:
        if number not in self._editions:
            with self._lock:
                self._editions = load_editions(self._connection)
        return self._editions[number]

    def _plan(self, number: int) -> ReadPlan:
        if number not in self._plans:
            self._plans[number] = self._edition(number).plan()
        return self._plans[number]

    def _runs(
        self, connection: database.Connection, device: str, start_ns: int, end_ns: int, newest: int | None = None
    ) -> list[_Sealed]:
        """The runs of a device with sweeps in a span, oldest first, or the newest ones, newest first."""
        order = "ORDER BY r.first" if newest is None else f"ORDER BY r.last DESC LIMIT {newest}"
        rows = connection.execute(
            f"SELECT s.name, {_prefixed('r')} FROM runs r JOIN segments s ON s.id = r.segment "  # noqa: S608
            f"WHERE r.device = ? AND r.end_ns >= ? AND r.begin_ns < ? {order}",
            (self._device(device), start_ns, end_ns),
        )
        return [_Sealed(name, Run(*columns)) for name, *columns in rows]

    def _tail(self, connection: database.Connection, device: str, start_ns: int, end_ns: int) -> list[SweepRow]:
        return list(read_tail(connection, device=self._device(device), begin_ns=start_ns, end_ns=end_ns))

    def _sealed_words(self, one: _Sealed, wanted: NDArray[np.int64], start_ns: int, end_ns: int) -> Words:
        plan, lists = self._plan(one.run.edition), self._files.sweeps(one.name, one.run)
        mine = _within(lists["end_ns"], start_ns, end_ns)
        place, block = _places(plan, wanted)
        read = place >= 0
        count = len(lists["number"][mine])
        words, ok = np.zeros((count, len(wanted)), np.uint16), np.zeros((count, len(wanted)), bool)
        if read.any() and count:
            words[:, read] = self._files.words(one.name, one.run, place[read], plan.size)[:, mine].T
            ok[:, read] = True
            outcome = self._files.times(one.name, one.run).outcome if one.run.failed else None
            if outcome is not None:
                ok[:, read] = outcome[block[read]][:, mine].T == Outcome.OK
        return Words(lists["number"][mine], lists["end_ns"][mine], words, ok)

    def _tail_words(self, rows: list[SweepRow], wanted: NDArray[np.int64]) -> list[Words]:
        pieces = []
        for edition in dict.fromkeys(row.edition for row in rows):
            mine, plan = [row for row in rows if row.edition == edition], self._plan(edition)
            place, block = _places(plan, wanted)
            read = place >= 0
            words, ok = np.zeros((len(mine), len(wanted)), np.uint16), np.zeros((len(mine), len(wanted)), bool)
            for k, row in enumerate(mine):
                words[k, read] = np.frombuffer(row.words, ">u2")[place[read]]
                trouble = row.troubles()
                ok[k, read] = (
                    True if trouble is None else np.frombuffer(trouble.outcome, np.uint8)[block[read]] == Outcome.OK
                )
            number, end = (np.array([row[i] for row in mine], np.int64) for i in (0, 4))
            pieces.append(Words(number, end, words, ok))
        return pieces

    def _number(self, one: _Sealed, position: int) -> int:
        return int(self._files.sweeps(one.name, one.run)["number"][position])

    def _whole(self, one: _Sealed) -> NDArray[np.uint16]:
        size = self._plan(one.run.edition).size
        return self._files.words(one.name, one.run, np.arange(size), size)

    def _sealed_image(self, one: _Sealed, position: int) -> Image:
        times = self._files.times(one.name, one.run)
        return self._image(one.run.edition, times, position, np.ascontiguousarray(self._whole(one)[:, position]))

    def _image_of(self, row: SweepRow) -> Image:
        words = np.frombuffer(row.words, ">u2").astype(np.uint16)
        return self._image(row.edition, times_of(self._plan(row.edition), [row]), 0, words)

    def _image(self, edition: int, times: Times, position: int, words: NDArray[np.uint16]) -> Image:
        start, requests = int(times.start_ns[position]), len(times.sent_us)
        plain = times.outcome is None or times.exception is None
        return Image(
            int(times.number[position]), self._edition(edition), start, int(times.end_ns[position]), words,
            stamps_ns(times.sent_us[:, position], start), stamps_ns(times.received_us[:, position], start),
            np.zeros(requests, np.uint8) if times.outcome is None else times.outcome[:, position].copy(),
            np.zeros(requests, np.uint8) if plain or times.exception is None else times.exception[:, position].copy(),
        )  # fmt: skip

    def _exchanges(self, number: int, times: Times, position: int, words: NDArray[np.uint16]) -> list[Exchange]:
        edition, plan = self._edition(number), self._plan(number)
        image = self._image(number, times, position, words)
        tids = times.tids.get(position)
        if tids is None:
            rising = np.arange(len(plan.requests)) + int(times.tid[position])
            tids = (rising if edition.framing == "tcp" else np.zeros(len(plan.requests))).astype(np.uint16)
        raw = {request: frame for (request, at), frame in times.raw.items() if at == position}
        return list(
            exchanges(
                Sweep(
                    image.number, edition.device, edition.framing, edition.unit, image.start_ns, image.end_ns, plan,
                    words, tids, image.sent_ns, image.received_ns, image.outcome, image.exception, {}, raw,
                )
            )
        )  # fmt: skip

    def _take(
        self,
        image: Image,
        wanted: NDArray[np.int64],
        words: NDArray[np.uint16],
        received: NDArray[np.int64],
        outcome: NDArray[np.uint8],
    ) -> NDArray[np.bool_]:
        """Fills in what one sweep says of some registers; where it has a good answer."""
        place, block = _places(self._plan(image.edition.number), wanted)
        read = place >= 0
        outcome[read] = image.outcome[block[read]]
        good: NDArray[np.bool_] = read & (outcome == Outcome.OK)
        words[good], received[good] = image.words[place[good]], image.received_ns[block[good]]
        return good

    def _look_back(
        self,
        device: str,
        wanted: NDArray[np.int64],
        missing: NDArray[np.bool_],
        at_ns: int,
        words: NDArray[np.uint16],
        received: NDArray[np.int64],
    ) -> None:
        """Finds the newest good answers of registers that the newest sweep has none of."""
        where = np.flatnonzero(missing)
        before = self.words(device, wanted[where].tolist(), at_ns - LOOK_BACK_NS, at_ns + 1)
        some = before.ok.any(axis=0)
        last = len(before.ok) - 1 - before.ok[::-1].argmax(axis=0)
        for row in np.unique(last[some]).tolist() if len(before.ok) else ():
            mine = np.flatnonzero(some & (last == row))
            image = self.image(device, int(before.end_ns[row]))
            if image is None:
                continue
            _, block = _places(self._plan(image.edition.number), wanted[where[mine]])
            words[where[mine]] = before.words[row, mine]
            received[where[mine]] = np.where(block >= 0, image.received_ns[block], image.end_ns)


def rollup_files(connection: database.Connection, start_ns: int, end_ns: int, step: Step) -> list[str]:
    """The rollup files for steps in a span: those of that step, and of minutes where an hour was not made yet."""
    rows = connection.execute(
        "SELECT name, step_ns, first, last FROM rollups "
        "WHERE end_ns > ? AND begin_ns < ? AND step_ns <= ? ORDER BY first",
        (start_ns, end_ns, step),
    ).fetchall()
    long = [(first, last) for _, own, first, last in rows if own == step]
    return [
        str(name)
        for name, own, first, last in rows
        if own == step or not any(low <= first and last <= high for low, high in long)
    ]


def _places(plan: ReadPlan, wanted: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where each register is in the image of a plan, and in which request; -1 where it is not read."""
    codes, addresses = wanted >> 16, wanted & 0xFFFF
    return plan.place(codes, addresses).astype(np.int64), plan.block(codes, addresses).astype(np.int64)


def _within(times: NDArray[np.int64], start_ns: int, end_ns: int) -> slice | NDArray[np.bool_]:
    inside: NDArray[np.bool_] = (times >= start_ns) & (times < end_ns)
    return slice(None) if inside.all() else inside


def _joined(pieces: list[Words], width: int) -> Words:
    none = Words(
        np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros((0, width), np.uint16), np.zeros((0, width), bool)
    )
    every = [none, *pieces]
    number, end, words, ok = (
        np.concatenate([getattr(piece, name) for piece in every]) for name in ("number", "end_ns", "words", "ok")
    )
    if len(number) > 1 and (np.diff(number) < 0).any():
        order = np.argsort(number, kind="stable")
        number, end, words, ok = number[order], end[order], words[order], ok[order]
    return Words(number, end, words, ok)


def _prefixed(table: str) -> str:
    return ", ".join(f"{table}.{name}" for name in _RUN.split(", "))
