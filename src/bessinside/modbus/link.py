"""One connection to one or more units: sends what a job holds, takes the answers, ends the job whatever happens."""

from __future__ import annotations

import asyncio
from array import array
from collections.abc import Callable
from typing import ClassVar, cast

import numpy as np

from bessinside.modbus.errors import AnswerTimeout, DeviceException, FrameError, LinkClosed, ModbusError, Truncated
from bessinside.modbus.frames import pack_bits, unpack_bits
from bessinside.modbus.job import FLYING, Job
from bessinside.modbus.quirks import Quirks
from bessinside.modbus.sweep import Outcome
from bessinside.runtime import net

KEPT = 300
"""Most bytes kept of a frame that could not be read."""
_STORE = 4096
_LOOK_S = 0.01  # for reading what came while this side was held up; no time for the device
ALL_FLYING = bytes((FLYING,)) * 256
HELD_S = 0.03
"""A silence this long between two answers of one window looks like a delayed acknowledgement (Linux: 40 ms)."""


class Link(asyncio.BufferedProtocol):
    """What TCP and RTU framing share. A framing gives `buffer_updated`, which calls `_took` after each answer."""

    framing: ClassVar[str]

    def __init__(self, device: str, quirks: Quirks) -> None:
        self.device = device
        self.quirks = quirks
        self.window = 1
        self.pause = quirks.pause_s
        self.error: ModbusError | None = None
        self.transport: asyncio.Transport | None = None
        self._loop = asyncio.get_running_loop()
        self._time = self._loop.time
        self._grace = quirks.first_answer_s
        self._store = bytearray(_STORE)
        self._view = memoryview(self._store)
        self._array = np.frombuffer(self._store, np.uint8)
        self._end = 0
        self._last = 0.0
        self._some = False  # some answers of a window came, others are awaited
        self._job: Job | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._later: asyncio.TimerHandle | None = None
        self._acknowledge: Callable[[], None] | None = None

    # the protocol side

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport = cast("asyncio.Transport", transport)  # other loops have transports of their own
        self.transport = transport
        self._write = net.writer(transport)

    def get_buffer(self, sizehint: int) -> memoryview:
        return self._view[self._end :] if self._end else self._view

    def eof_received(self) -> None:
        return None

    def connection_lost(self, exc: Exception | None) -> None:
        self.transport = None
        if self.error is None:
            self.error = LinkClosed(f"{self.device}: connection closed" + (f" ({exc})" if exc else " by the device"))
        job = self._job
        if job is not None:
            oldest = job.oldest()
            if oldest >= 0 and self._end:
                job.raw[oldest] = bytes(self._store[: min(self._end, KEPT)])
            part = f" after {self._end} bytes of an answer" if self._end else ""
            self._abandon(job, LinkClosed(f"{self.error}{part}"))

    # the client side

    def widen(self, window: int) -> None:
        """Sets how many requests may be in flight."""
        self.window = window

    def start(self, job: Job) -> None:
        """Begins to send; the job's waiter is set when every request has its outcome."""
        self._job = job
        self._last = self._time()
        self._arm(job)
        self._send(job)

    def close(self) -> None:
        """Closes the connection; a job under way ends with CLOSED."""
        if self.error is None:
            self.error = LinkClosed(f"{self.device}: closed by this side")
        if self.transport is not None:
            self.transport.abort()

    def _send(self, job: Job) -> None:
        """Fills the window with the next requests."""
        first = job.next
        last = min(first + self.window - job.flying, job.count)
        self._last = now = self._time()
        count = last - first
        job.outcome[first:last] = ALL_FLYING[:count]
        job.sent[first:last] = array("d", (now,)) * count
        job.next = last
        job.flying += count
        self._write(job.blob[first * job.stride : last * job.stride])
        if self._acknowledge is not None:
            self._acknowledge()

    def _waited(self) -> None:
        """A device that writes its answers one by one waits for our acknowledgement after the first: hurry it."""
        if self._acknowledge is None and self.transport is not None:
            self._acknowledge = net.quick_ack(self.transport)

    def _took(self, job: Job) -> None:
        """Goes on after answers have been taken."""
        if job.next < job.count:
            if not self.pause:
                self._send(job)
            elif not job.flying:
                self._later = self._loop.call_later(self.pause, self._send, job)
        elif not job.flying:
            self._finish(job)

    def _finish(self, job: Job) -> None:
        self._job = None
        for handle in (self._timer, self._later):
            if handle is not None:
                handle.cancel()
        if not job.waiter.done():
            job.waiter.set_result(None)

    # what goes wrong

    def _arm(self, job: Job) -> None:
        limit = self.quirks.timeout_s + self._grace
        self._timer = self._loop.call_at(self._last + limit, self._check, job, limit)

    def _check(self, job: Job, limit: float, again: bool = True) -> None:
        """One timer serves a whole job: it moves on as long as there was progress."""
        now, due = self._time(), self._last + limit
        if now < due or not job.flying:
            self._last = self._last if job.flying else now
            self._arm(job)
            return
        if again and now > due:  # this side is late: the answer may lie there unread, so nobody is blamed yet
            self._timer = self._loop.call_later(_LOOK_S, self._check, job, limit, False)
            return
        i = job.oldest()
        if self._end:
            job.raw[i] = bytes(self._store[: min(self._end, KEPT)])
            fault: ModbusError = Truncated(f"{self._name(job, i)}: {self._end} bytes of an answer, then silence")
            self._break(job, i, Outcome.BAD_FRAME, fault)
        else:
            fault = AnswerTimeout(f"{self._name(job, i)}: no answer within {limit:g} s")
            self._break(job, i, Outcome.TIMEOUT, fault)

    def _break(self, job: Job, i: int, outcome: Outcome, fault: ModbusError) -> None:
        """Gives request `i` its outcome and drops the connection: what comes next on it cannot be trusted."""
        self._mark(job, i, outcome, fault)
        self.window = 1
        self.error = fault
        self._end = 0
        if self.transport is not None:
            self.transport.abort()
        self._abandon(job, LinkClosed(f"{self.device}: dropped after another request failed ({fault})"))

    def _mark(self, job: Job, i: int, outcome: Outcome, fault: ModbusError) -> None:
        if job.outcome[i] == FLYING:
            job.flying -= 1
        job.outcome[i] = outcome
        job.faults[i] = fault

    def _abandon(self, job: Job, fault: ModbusError) -> None:
        """Ends a job: what is in flight is CLOSED, what was not sent stays NOT_SENT."""
        while (i := job.oldest()) >= 0:
            self._mark(job, i, Outcome.CLOSED, fault)
        job.next = job.count
        self._finish(job)

    def _bad(self, job: Job, i: int, at: int, fault: FrameError) -> None:
        job.raw[i] = bytes(self._store[at : min(self._end, at + KEPT)])
        job.received[i] = self._last
        self._break(job, i, Outcome.BAD_FRAME, type(fault)(f"{self._name(job, i)}: {fault}"))

    def _name(self, job: Job, i: int) -> str:
        return f"{self.device}, {job.describe(i)}"

    # answers

    def _refused(self, job: Job, i: int, code: int, frame: bytes | None) -> None:
        """Request `i` was answered with an exception; `frame` where it is not the frame the code would give."""
        job.exception[i] = code
        job.received[i] = self._last
        if frame is not None:
            job.raw[i] = frame
        self._mark(job, i, Outcome.EXCEPTION, DeviceException(self._name(job, i), code))

    def _bits(self, job: Job, i: int, at: int, stop: int, frame_at: int) -> None:
        """Unpacks the bits of answer `i` from the bytes `at` to `stop`, one word each."""
        assert job.plan is not None
        request, start = job.plan.requests[i], int(job.plan.starts[i])
        words = job.image[start : start + request.count]
        words[:] = unpack_bits(self._store[at:stop], request.count)
        if pack_bits(words) != self._store[at:stop]:  # a device may leave anything behind the last bit
            job.raw[i] = bytes(self._store[frame_at:stop])
