"""Writes the past down: every sweep is committed, then acknowledged; polling never waits for the disk."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from bessinside.errors import BessError
from bessinside.historian.basis.archive import Event
from bessinside.historian.basis.folder import Folder
from bessinside.historian.basis.reduce import Reducers
from bessinside.historian.embedded.repair import repair
from bessinside.historian.embedded.spool import COMMIT_EVERY_S, SOON_S, Spool, Waiting
from bessinside.historian.embedded.store import Store
from bessinside.historian.sealed.catalogue import Sealed, enter
from bessinside.historian.sealed.compact import Compacted, compact, remove_old, replace_old
from bessinside.historian.sealed.compact import due as day_due
from bessinside.historian.sealed.retention import RULES, Retention, load_rules, old_minutes, thin, thin_minutes
from bessinside.historian.sealed.rollup import Rolled
from bessinside.historian.sealed.seal import due, seal
from bessinside.historian.tail.editions import Editions
from bessinside.historian.tail.tail import add_events, last_number, open_tail, write_tick
from bessinside.historian.tail.tick import pack
from bessinside.modbus import Sweep
from bessinside.plant import BoundDevice, Plant
from bessinside.runtime import clock, database
from bessinside.runtime.worker import Worker

log = logging.getLogger(__name__)
T = TypeVar("T")

SEAL_EVERY_S = 10.0  # how often it is looked whether a slot is over
SEAL_AGAIN_S = 60.0  # after sealing failed
_BATCH = 2_000
_EVENTS = 10_000
_CLOCK_STEP_NS = 500_000_000


@dataclass(frozen=True, slots=True)
class Health:
    """How recording does. `trouble` is empty while all is well; `waiting` sweeps are not acknowledged yet, `dropped`
    never will be: the spool was full. `acknowledged_ns` is the end of the newest committed sweep, 0 before the first;
    `sealing` says whether files are being sealed. Where servers keep the past, `buffered` sweeps are committed on this
    machine and not on them yet, the oldest for `buffered_s` seconds; the buffer is filled to `buffer_share`."""

    folder: str
    trouble: str
    waiting: int
    dropped: int
    recorded: int
    acknowledged_ns: int
    sealing: bool
    repaired: tuple[str, ...]
    buffered: int = 0
    buffered_s: float = 0.0
    buffer_share: float = 0.0


class Historian:
    """Records the sweeps of one plant into a folder. Use as an async context manager, or `start` and `stop` it.

    `take` is the tap: it never waits. `record` waits for the acknowledgement. A commit gathers what came within
    `commit_every_s`, at most a second where an answer failed, something was noted or somebody waits; sealing goes on in
    a thread of its own. Under a simulated loop all of it runs in line.
    """

    def __init__(self, folder: str | Path, plant: Plant, *, commit_every_s: float = COMMIT_EVERY_S) -> None:
        self.folder = Folder(Path(folder))
        self.plant = plant
        self.repaired: tuple[str, ...] = ()
        self._every = commit_every_s
        self._spool = Spool()
        self._events: list[Event] = []
        self._trouble = ""
        self._seal_trouble = ""
        self._recorded = 0
        self._acknowledged_ns = 0
        self._skew: int | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._ends, self._sealing = asyncio.Event(), asyncio.Lock()
        self._writer, self._sealer = Worker("historian-write"), Worker("historian-seal")
        self._connection: database.Connection
        self._reader: database.Connection | None = None  # the sealer's
        self._editions: Editions
        self._rules = Retention()
        self._last = 0
        self._store: Store | None = None
        self._reducers: Reducers

    async def __aenter__(self) -> Historian:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> None:
        """Opens the folder and puts right what the last run left. Raises HistoryError, OSError, sqlite3.Error."""
        await self._writer.do(self._open)
        for line in self.repaired:
            log.warning("history: %s", line)
            self.note("repair", "", line)
        self.note("start", "", f"recording {self.plant.label}")
        self._tasks = [asyncio.create_task(self._commit_forever()), asyncio.create_task(self._seal_forever())]
        for task in self._tasks:
            task.add_done_callback(_ended)

    async def stop(self) -> None:
        """Commits what waits, as far as the disk lets it, and closes the folder."""
        self._ends.set()
        tasks, self._tasks = self._tasks, []
        await asyncio.gather(*tasks, return_exceptions=True)
        self.note("stop", "", "recording ended")
        while await self._commit() or (self._spool.untold and not self._trouble):
            pass
        await self._sealer.do(self._read_no_more)
        if self._store is not None:
            self._store.close()
        await self._writer.do(self._connection.close)  # the last that closes empties the log
        self._spool.give_up()
        self._writer.close()
        self._sealer.close()

    def take(self, sweep: Sweep, bound: BoundDevice) -> None:
        """Takes a sweep to record. Never waits and never raises; a sweep that finds the spool full is counted lost."""
        self._put(Waiting(sweep, bound, None))

    async def record(self, sweep: Sweep, bound: BoundDevice) -> int:
        """Records a sweep; returns its number once it is committed. Raises BessError where the spool is full."""
        done: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        if not self._put(Waiting(sweep, bound, done)):
            raise BessError(
                f"{self.folder.root}: {len(self._spool)} sweeps wait for the disk: {self._trouble or 'it is slow'}"
            )
        return await done

    def note(self, kind: str, subject: str, text: str) -> None:
        """Records an event with the next commit."""
        if len(self._events) >= _EVENTS:
            return  # for so long nothing could be written; what began it is there
        self._events.append(Event(clock.now_ns(), kind, subject, text))

    def health(self) -> Health:
        """How recording does right now."""
        trouble = self._trouble or self._seal_trouble
        return Health(
            str(self.folder.root), trouble, len(self._spool), self._spool.dropped, self._recorded,
            self._acknowledged_ns, not self._seal_trouble, self.repaired,
        )  # fmt: skip

    def _put(self, waiting: Waiting) -> bool:
        return self._spool.put(waiting)

    def _open(self) -> None:
        self.folder.make()
        plant_hash = self.folder.keep_plant(self.plant)
        self._connection = open_tail(self.folder)
        try:
            self.repaired = tuple(repair(self.folder, self._connection))
            self._rules = load_rules(self.folder)
            self._editions = Editions(self.folder, self._connection, plant_hash)
            self._last = last_number(self._connection)
        except BaseException:
            self._connection.close()
            raise

    async def _commit_forever(self) -> None:
        soon, waited = min(self._every, SOON_S), 0.0
        while not await self._ended_within(soon):
            self._watch_clock()
            waited += soon
            if waited >= self._every or self._events or self._trouble or self._spool.urgent:
                waited = 0.0
                while await self._commit():
                    pass

    async def _ended_within(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                await self._ends.wait()
        except TimeoutError:
            return False
        return True

    def _watch_clock(self) -> None:
        """Notes a step of the wall clock: times of sweeps before and after it do not compare."""
        skew = clock.now_ns() - round(clock.monotonic() * 1e9)
        before, self._skew = self._skew, skew
        if before is not None and abs(skew - before) >= _CLOCK_STEP_NS:
            way = "forward" if skew > before else "back"
            self.note("clock", "", f"the clock of this machine was set {way} by {abs(skew - before) / 1e9:.3f} s")

    async def _commit(self) -> bool:
        """Commits and acknowledges what waits, a part at a time; True where more is left to do at once."""
        batch = self._spool.oldest(_BATCH)
        events, self._events = self._events, []
        if self._spool.untold and not self._trouble:
            lost = f"{self._spool.untold} sweeps were lost: the spool is full"
            events = [*events, Event(clock.now_ns(), "disk", "", lost)]
            self._spool.untold = 0
        if not batch and not events:
            return False
        try:
            await self._writer.do(lambda: self._write(batch, events))
        except (OSError, database.Error, BessError) as error:
            self._events = events + self._events
            self._fail(str(error))
            return False
        if self._trouble:
            log.warning("history: recording goes on")
            self.note("disk", "", f"recording goes on after: {self._trouble}")
            self._trouble = ""
        self._spool.forget(self._last + 1, len(batch))
        if batch:
            self._last += len(batch)
            self._recorded += len(batch)
            self._acknowledged_ns = batch[-1].sweep.end_ns
        return bool(self._spool)

    def _fail(self, why: str) -> None:
        if not self._trouble:
            log.error("history: nothing can be recorded: %s; the sweeps wait in memory", why)
            self.note("disk", "", f"nothing can be recorded: {why}")
        self._trouble = f"nothing can be recorded: {why}"

    def _write(self, batch: list[Waiting], events: list[Event]) -> None:
        """One transaction. A try that failed may have reached the disk all the same: then it is not made again."""
        done = last_number(self._connection) - self._last if self._trouble else 0
        left = batch[done:]
        numbers = [self._editions.of(sweep, bound) for sweep, bound, _ in left]
        devices, editions = [device for device, _ in numbers], [edition for _, edition in numbers]
        packed = pack([waiting.sweep for waiting in left], devices, editions) if left else b""
        with database.transaction(self._connection) as connection:
            self._editions.write(connection)
            if left:
                write_tick(connection, self._last + done + 1, [waiting.sweep.end_ns for waiting in left], packed)
            add_events(connection, events)
        self._editions.written()

    async def _seal_forever(self) -> None:
        while not await self._ended_within(SEAL_AGAIN_S if self._seal_trouble else SEAL_EVERY_S):
            try:
                while await self.seal() or await self.compact():
                    pass
            except (OSError, database.Error, BessError, ValueError) as error:  # Arrow's errors are ValueErrors
                if not self._seal_trouble:
                    log.error("history: nothing can be sealed: %s; sweeps stay in %s", error, self.folder.tail)
                    self.note("disk", "", f"nothing can be sealed: {error}")
                self._seal_trouble = f"nothing can be sealed: {error}"
            else:
                if self._seal_trouble:
                    self.note("disk", "", f"sealing goes on after: {self._seal_trouble}")
                self._seal_trouble = ""

    async def seal(self) -> bool:
        """Seals the oldest slot that is over; False where there is none. Raises OSError, sqlite3.Error."""
        async with self._sealing:
            found = await self._sealer.do(self._seal_files)
            if found is None:
                return False
            sealed, rolled = found

            def commit() -> None:
                with database.transaction(self._connection) as connection:
                    enter(connection, sealed, rolled, self._editions.devices)

            await self._writer.do(commit)
            return True

    async def compact(self) -> bool:
        """Makes one segment of the oldest day that is over, else thins one as the rules say; False where nothing was to
        be done. Raises OSError, sqlite3.Error, HistoryError."""
        async with self._sealing:
            now_ns = clock.now_ns()
            done = await self._sealer.do(lambda: self._compact_files(now_ns))
            if done is None:
                return False

            def commit() -> None:
                with database.transaction(self._connection) as connection:
                    replace_old(connection, done, self._editions.devices)

            await self._writer.do(commit)
            await self._sealer.do(lambda: remove_old(self.folder, done))
            if done.thinned:
                names = ", ".join([*(segment.name for segment in done.segments), *done.rollups])
                self.note("retention", "", f"thinned as {RULES} says: {names}")
            return True

    def _compact_files(self, now_ns: int) -> Compacted | None:
        with self._reading() as connection:
            segments = day_due(connection)
            if segments:
                return compact(self.folder, connection, segments)
            if old := old_minutes(connection, self._rules, now_ns):
                return Compacted(None, (), (), old, thinned=True)
            return thin_minutes(self.folder, connection, self._rules, now_ns) or thin(
                self.folder, connection, self._rules, now_ns
            )

    def _seal_files(self) -> tuple[Sealed, Rolled | None] | None:
        if self._store is None:
            self._store = Store(self.folder.root)
            self._reducers = Reducers(self._store)
        with self._reading() as connection, database.reading(connection):
            last = due(connection)
            return None if last is None else seal(self.folder, connection, last, self._reducers)

    @contextmanager
    def _reading(self) -> Iterator[database.Connection]:
        """The sealer's connection, which stays open: it looks every few seconds. After an error there is another."""
        if self._reader is None:
            self._reader = database.connect_to_read(self.folder.tail)
        try:
            yield self._reader
        except BaseException:
            self._read_no_more()
            raise

    def _read_no_more(self) -> None:
        reader, self._reader = self._reader, None
        if reader is not None:
            reader.close()


def _ended(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("history: a task ended, nothing more is recorded", exc_info=error)
