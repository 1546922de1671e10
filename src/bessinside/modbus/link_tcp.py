"""The client's side of Modbus/TCP: many answers may be in flight, told apart by their transaction identifier."""

from __future__ import annotations

from array import array

from bessinside.modbus.errors import (
    DuplicateAnswer,
    FrameError,
    NotModbus,
    OverLong,
    Unsolicited,
    WrongFunction,
    WrongLength,
    WrongTransaction,
    WrongUnit,
)
from bessinside.modbus.frames import MAX_LENGTH
from bessinside.modbus.job import FLYING, Job
from bessinside.modbus.link import ALL_FLYING, HELD_S, Link
from bessinside.modbus.quirks import Quirks


class TcpLink(Link):
    """MBAP framing, plain or inside TLS. Every frame that is not an expected answer ends the connection."""

    framing = "tcp"

    def __init__(self, device: str, quirks: Quirks) -> None:
        super().__init__(device, quirks)
        self._shape = (0, 0)  # of the answers that the two views below cut, windows being alike
        self._heads = self._data = self._array[:0].reshape(0, 9)

    def buffer_updated(self, nbytes: int) -> None:
        end = self._end = self._end + nbytes
        job = self._job
        if job is None:
            if self.error is None:
                self.error = Unsolicited(f"{self.device}: {end} bytes came while nothing was asked")
            self._end = 0
            self.close()
            return
        now = self._time()
        if self._some and now - self._last > HELD_S:
            self._waited()
        self._last = now
        store, view, at = self._store, self._view, 0
        if job.flying == 1:
            if (job.heads or job.cut()) and self._alone(job, end, now):
                return
        elif job.next <= job.even and end == job.flying * job.sizes[0] and self._together(job, end, now):
            return
        heads = job.heads or job.cut()
        try:
            while end - at >= 9:
                i = ((store[at] << 8 | store[at + 1]) - job.base) & 0xFFFF
                if heads and i < job.count and job.outcome[i] == FLYING and store.startswith(heads[i], at):
                    stop = at + job.sizes[i]
                    if stop > end:
                        break
                    span = job.spans[i]
                    if span is not None:
                        job.view[span] = view[at + 9 : stop]
                    else:
                        self._bits(job, i, at + 9, stop, at)
                    job.outcome[i] = 0
                    job.received[i] = now
                    job.flying -= 1
                    at = stop
                elif taken := self._judge(job, at, end):
                    at += taken
                else:
                    break
            else:
                if end - at >= 6:
                    self._judge(job, at, end)
            if end > at and not job.flying:
                raise OverLong(f"{end - at} bytes behind the end of the answer")
        except FrameError as fault:
            # Without a request in flight it is the last answered one that has an answer too many.
            i = job.oldest()
            self._bad(job, i if i >= 0 else job.next - 1, at, fault)
            return
        if self._grace:
            self._grace = 0.0
        if end > at:
            store[: end - at] = store[at:end]
        self._end = end - at
        self._some = self.window > 1 and job.flying > 0
        if at:
            self._took(job)
        if self._acknowledge is not None:
            self._acknowledge()

    def _alone(self, job: Job, end: int, now: float) -> bool:
        """Takes the one answer that is awaited, where it came alone, whole and right: the usual case by far."""
        i = job.next - 1
        span = job.spans[i]
        if end != job.sizes[i] or span is None or not self._store.startswith(job.heads[i]) or job.outcome[i] != FLYING:
            return False
        job.view[span] = self._view[9:end]
        job.outcome[i] = 0
        job.received[i] = now
        self._end = 0
        self._grace = 0.0
        i += 1
        if i < job.count and self.window == 1 and not self.pause:
            job.outcome[i] = FLYING
            job.sent[i] = now
            job.next = i + 1
            self._write(job.frames[i])
        else:
            job.flying = 0
            self._took(job)
        return True

    def _together(self, job: Job, end: int, now: float) -> bool:
        """Takes all answers of a window at once, where they came whole, right and in order: arrays, no loop."""
        count, size, first, last = job.flying, job.sizes[0], job.next - job.flying, job.next
        if self._shape != (count, size):
            answers = self._array[:end].reshape(count, size)
            self._shape, self._heads, self._data = (count, size), answers[:, :9], answers[:, 9:]
        if job.outcome[first:last] != ALL_FLYING[:count] or self._heads.tobytes() != job.begins[9 * first : 9 * last]:
            return False
        job.grid[first:last] = self._data
        job.outcome[first:last] = bytes(count)
        job.received[first:last] = array("d", (now,)) * count
        job.flying = 0
        self._end = 0
        self._grace = 0.0
        self._some = False
        self._took(job)
        if self._acknowledge is not None:
            self._acknowledge()
        return True

    def _judge(self, job: Job, at: int, end: int) -> int:
        """Bytes of the frame at `at` where it is an exception or the answer of a free request, 0 where more bytes
        are needed to tell; raises the FrameError that names what is wrong with it."""
        head = self._store[at : min(end, at + 9)]
        transaction = head[0] << 8 | head[1]
        i = (transaction - job.base) & 0xFFFF
        protocol, length = head[2] << 8 | head[3], head[4] << 8 | head[5]
        if protocol:
            raise NotModbus(f"protocol identifier {protocol}, Modbus has 0")
        if length > MAX_LENGTH:
            raise OverLong(f"length {length}, a frame has {MAX_LENGTH} at most")
        if i >= job.next:
            raise WrongTransaction(f"transaction {transaction} was not asked")
        if job.outcome[i] != FLYING:
            raise DuplicateAnswer(f"transaction {transaction} was answered before")
        if len(head) > 6 and head[6] != job.unit:
            raise WrongUnit(f"answer of unit {head[6]}")
        if length < 3:
            raise WrongLength(f"length {length}, an answer has 3 at least")
        if len(head) > 7 and head[7] & 0x7F != job.fcs[i]:
            raise WrongFunction(f"answer with function code {head[7]}")
        if len(head) < 9:
            return 0
        if head[7] & 0x80:
            if length != 3 and not (length == 4 and self.quirks.short_exception):
                raise WrongLength(f"length {length} for an exception, which has 3")
            self._refused(job, i, head[8], None if length == 3 else bytes(head))
            return 9
        expected = job.expect[i]
        if expected is not None:
            name = OverLong if length > expected[1] else WrongLength
            raise name(f"length {length} and byte count {head[8]}, {expected[1]} and {expected[4]} were asked for")
        if end - at < 6 + length:
            return 0
        job.result = bytes(self._store[at + 7 : at + 6 + length])
        job.outcome[i] = 0
        job.received[i] = self._last
        job.flying -= 1
        return 6 + length
