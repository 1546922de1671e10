"""A historian whose past is on ClickHouse servers: sweeps are committed into a buffer on this machine and sent on.

While the servers are away nothing is lost and nobody waits: the buffer grows, up to its bound, and health says how much
it holds and since when.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from bessinside.errors import BessError
from bessinside.historian.basis.batch import Batch
from bessinside.historian.basis.reduce import Reducers
from bessinside.historian.clickhouse import buffer
from bessinside.historian.clickhouse.address import Address, parse_address
from bessinside.historian.clickhouse.door import Door, HttpDoor
from bessinside.historian.clickhouse.writer import Writer
from bessinside.historian.embedded.record import Health, Historian
from bessinside.historian.embedded.spool import COMMIT_EVERY_S, Waiting
from bessinside.historian.embedded.store import Store
from bessinside.plant import Plant
from bessinside.runtime import clock, database, invariants

log = logging.getLogger(__name__)

SEND_EVERY_S = 10.0
AGAIN_S = (1.0, 2.0, 5.0, 10.0)
"""After a failure, and the ones that follow it."""
BUFFER_BYTES = 8 * 1024**3
_ROOM_AGAIN = 0.9
"""A buffer that was full takes sweeps again below this share."""
_ROW_BYTES = 64
"""What a sweep takes beside its words and times, about."""
_WORDS = 1_500_000
"""Words in one insert, about."""


class Recorder(Historian):
    """Records the sweeps of a plant into servers; used as :class:`~bessinside.historian.embedded.record.Historian` is.

    `bound` is the most bytes that sweeps in the buffer may take: further ones are refused, counted, and told of.
    """

    def __init__(
        self,
        where: str | Path | Address,
        plant: Plant,
        *,
        commit_every_s: float = COMMIT_EVERY_S,
        send_every_s: float = SEND_EVERY_S,
        bound: int = BUFFER_BYTES,
        door: Door | None = None,
    ) -> None:
        self.address = where if isinstance(where, Address) else parse_address(where)
        super().__init__(buffer.buffer_folder(self.address, plant.id), plant, commit_every_s=commit_every_s)
        self._door = HttpDoor(self.address) if door is None else door
        self._send_every, self._bound = send_every_s, bound
        self._held = buffer.Waiting(0, 0, 0)
        self._refused = 0
        self._since_count = 0  # bytes that came since it was counted
        self._sender: Writer | None = None
        self._bases_known: set[str] = set()

    def health(self) -> Health:
        """How recording does right now."""
        plain = super().health()
        held = self._held
        since = (clock.now_ns() - held.oldest_ns) / 1e9 if held.sweeps else 0.0
        return replace(
            plain, folder=self.address.text, buffered=held.sweeps, buffered_s=max(0.0, since),
            buffer_share=self._filled() / self._bound,
        )  # fmt: skip

    async def stop(self) -> None:
        """Commits what waits and sends what the servers take at once; the rest stays in the buffer for later."""
        self._tell_refused()
        await super().stop()
        self._sender = self._store = None  # it closed them
        try:
            await asyncio.get_running_loop().run_in_executor(None, self._send_last)
        except (OSError, database.Error, BessError) as error:
            log.warning("history: %s sweeps stay in %s: %s", self._held.sweeps, self.folder.root, error)
        if (store := self._store) is not None:
            store.close()
        self._door.close()

    def _open(self) -> None:
        super()._open()
        with database.transaction(self._connection) as connection:
            buffer.prepare(connection)
        self._held = buffer.waiting(self._connection, buffer.load_marks(self._connection).sweeps)

    def _put(self, waiting: Waiting) -> bool:
        sweep = waiting.sweep
        size = 2 * sweep.plan.size + 18 * len(sweep.plan.requests) + sum(map(len, sweep.raw.values())) + _ROW_BYTES
        if self._filled() + size > self._bound * (_ROOM_AGAIN if self._refused else 1.0):
            if not self._refused:
                invariants.sometimes("historian: the buffer for the servers was full")
                self.note("disk", "", "the buffer for the servers is full: new sweeps are lost until it has room again")
            self._refused += 1
            self._spool.dropped += 1
            return False
        self._tell_refused()
        self._since_count += size
        return super()._put(waiting)

    def _tell_refused(self) -> None:
        if self._refused:
            self.note("disk", "", f"{self._refused} sweeps were lost: the buffer for the servers was full")
            self._refused = 0

    def _filled(self) -> int:
        return self._held.bytes + self._since_count

    async def seal(self) -> bool:
        """Sends a part of what waits, or the minutes of a slot that is over; False where nothing is left to do.

        Raises ServerError, ServerAway.
        """
        return await self._sealer.do(self._send_step)

    async def compact(self) -> bool:
        """Nothing: the servers merge what they hold."""
        return False

    async def _seal_forever(self) -> None:
        failures = 0
        pause = 0.0  # the tables are made at once
        while not await self._ended_within(pause):
            try:
                more = True
                while more:
                    more = await self.seal()
                    failures = 0
                    self._taken_again()
            except (OSError, database.Error, BessError, ValueError) as error:
                failures += 1
                if not self._seal_trouble:
                    log.error("history: the servers take nothing: %s; sweeps wait in %s", error, self.folder.root)
                    self.note("disk", "", f"the servers take nothing: {error}")
                self._seal_trouble = f"the servers take nothing: {error}"
                if self._sender is not None:
                    self._sender.failed()
                await self._count()
            pause = AGAIN_S[min(failures, len(AGAIN_S)) - 1] if failures else self._send_every

    def _taken_again(self) -> None:
        if self._seal_trouble:
            log.warning("history: the servers take sweeps again")
            self.note("disk", "", f"the servers take sweeps again after: {self._seal_trouble}")
            self._seal_trouble = ""

    async def _count(self) -> None:
        try:
            await self._sealer.do(self._counted)
        except database.Error as error:  # health goes on showing what was counted before
            log.warning("history: %s cannot be counted: %s", self.folder.tail, error)

    def _send_last(self) -> None:
        while self._send_step():
            pass

    def _send_step(self) -> bool:
        connection = database.connect(self.folder.tail)
        try:
            sender = self._writer_of()
            sender.meet()
            more = self._sent(connection, sender)
            return self._rolled(connection, sender) or more
        finally:
            connection.close()

    def _sent(self, connection: database.Connection, sender: Writer) -> bool:
        """Sends the oldest sweeps and events that the servers do not have; whether more may be waiting."""
        with database.reading(connection):
            marks = buffer.load_marks(connection)
            batches = buffer.unsent(connection, marks.sweeps, _WORDS)
            events = buffer.unsent_events(connection, marks.events)
        marks = self._numbered(connection, sender, marks, batches)
        done = {}
        if batches:
            sender.send(batches, marks)
            done["sweeps"] = max(int(batch.times.number[-1]) for batch in batches)
        if events:
            sender.tell(events, marks)
            done["events"] = events[-1][0]
        if done:
            with database.transaction(connection):
                buffer.mark(connection, **done)
        self._counted(connection)
        return sum(batch.words.size for batch in batches) >= _WORDS or len(events) >= buffer.MOST_EVENTS

    def _numbered(
        self, connection: database.Connection, sender: Writer, marks: buffer.Marks, batches: Sequence[Batch]
    ) -> buffer.Marks:
        """Marks that have a base for every device; a device that this run has not sent yet is asked for."""
        first: dict[str, int] = {}
        for batch in batches:
            device, number = batch.edition.device, int(batch.times.number[0])
            if device not in self._bases_known:
                first[device] = min(number, first.get(device, number))
        changed = sender.bases(marks, first)
        if changed:
            with database.transaction(connection):
                buffer.mark_bases(connection, changed)
            marks = buffer.load_marks(connection)
        self._bases_known |= set(first)
        return marks

    def _rolled(self, connection: database.Connection, sender: Writer) -> bool:
        """Makes the minutes of the oldest slot that is over, and takes it out of the buffer; whether there was one."""
        with database.reading(connection):
            marks = buffer.load_marks(connection)
            last = buffer.due(connection, marks)
            batches = [] if last is None else buffer.between(connection, marks.rolled, last)
        if last is None:
            return False
        sender.roll(batches, marks)
        with database.transaction(connection):
            buffer.mark(connection, rolled=last)
            buffer.forget(connection, last)
        self._counted(connection)
        return True

    def _counted(self, connection: database.Connection | None = None) -> None:
        """Counts what the buffer holds."""
        reader = database.connect_to_read(self.folder.tail) if connection is None else connection
        try:
            self._held = buffer.waiting(reader, buffer.load_marks(reader).sweeps)
            self._since_count = self._spool.bytes  # what is not committed yet
        finally:
            if connection is None:
                reader.close()

    def _writer_of(self) -> Writer:
        if self._sender is None:
            self._store = Store(self.folder.root)
            self._reducers = Reducers(self._store)
            self._sender = Writer(self._door, self.address.database, self.folder, self._reducers)
        return self._sender
