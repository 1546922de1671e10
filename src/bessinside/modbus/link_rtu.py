"""The client's side of RTU framing: on a serial line, or tunnelled through TCP. One request in flight."""

from __future__ import annotations

from bessinside.modbus.errors import (
    BadCrc,
    FrameError,
    ModbusError,
    OverLong,
    Unsolicited,
    WrongFunction,
    WrongLength,
    WrongUnit,
)
from bessinside.modbus.frames import MAX_RTU, WRITE_FUNCTIONS, crc16
from bessinside.modbus.job import Job
from bessinside.modbus.link import Link
from bessinside.modbus.quirks import Quirks
from bessinside.modbus.sweep import Outcome


class RtuLink(Link):
    """RTU framing. A serial line outlives a bad frame: it is listened to until it is silent, then used again."""

    framing = "rtu"

    def __init__(self, device: str, quirks: Quirks, baudrate: int = 0) -> None:
        super().__init__(device, quirks)
        self.serial = baudrate > 0
        self.stray = 0
        """Bytes that came on a serial line while nothing was asked."""
        # 3.5 characters of 11 bits, 1.75 ms above 19200 Bd (serial line specification V1.02, clause 2.5.1.1)
        self._silence = max(38.5 / baudrate, 0.00175) if self.serial else 0.0
        self._frame_time = 11 * MAX_RTU / baudrate if self.serial else 0.0
        self._rest_until = 0.0
        self.pause = max(quirks.pause_s, self._silence)

    def start(self, job: Job) -> None:
        wait = self._rest_until - self._time()
        if wait > 0:
            self._job = job
            self._last = self._time() + wait
            self._arm(job)
            self._later = self._loop.call_later(wait, self._send, job)
        else:
            super().start(job)

    def _send(self, job: Job) -> None:
        self.stray += self._end
        self._end = 0
        super()._send(job)

    def buffer_updated(self, nbytes: int) -> None:
        end = self._end = self._end + nbytes
        job = self._job
        if job is None or not job.flying:
            self._uncalled(end)
            return
        self._last = self._time()
        i = job.oldest()
        try:
            taken = self._judge(job, i, end)
            if taken and end > taken:
                raise OverLong(f"{end - taken} bytes behind the end of the answer")
        except FrameError as fault:
            self._bad(job, i, 0, fault)
            return
        if taken:
            self._grace = 0.0
            self._end = 0
            self._rest_until = self._last + self._silence
            self._took(job)

    def _uncalled(self, end: int) -> None:
        self._end = 0
        if self.serial:
            self.stray += end
            self._rest_until = self._time() + self._silence
            return
        if self.error is None:
            self.error = Unsolicited(f"{self.device}: {end} bytes came while nothing was asked")
        self.close()

    def _judge(self, job: Job, i: int, end: int) -> int:
        """Bytes of the answer to request `i`, 0 where more are needed; raises the FrameError that fits."""
        store = self._store
        if store[0] != job.unit:
            raise WrongUnit(f"answer of unit {store[0]}")
        if end < 2:
            return 0
        function = job.fcs[i]
        if store[1] & 0x7F != function:
            raise WrongFunction(f"answer with function code {store[1]}")
        refused = bool(store[1] & 0x80)
        expected = job.expect[i]
        if end < 3:
            return 0
        if refused:
            size = 5
        elif expected is not None:
            if store[2] != expected[4]:
                raise WrongLength(f"byte count {store[2]}, {expected[4]} were asked for")
            size = 5 + expected[4]
        elif function in WRITE_FUNCTIONS:
            size = 8
        else:
            size = self._free_size(end)
        if end < size:
            return 0
        if crc16(self._view[: size - 2]) != store[size - 2] | store[size - 1] << 8:
            raise BadCrc(f"check sum {store[size - 2 : size].hex()} does not fit the {size} bytes")
        if refused:
            self._refused(job, i, store[2], None)
            return size
        if expected is None:
            job.result = bytes(store[1 : size - 2])
        elif (span := job.spans[i]) is not None:
            job.view[span] = self._view[3 : size - 2]
        else:
            self._bits(job, i, 3, size - 2, 0)
            if i in job.raw:
                job.raw[i] = bytes(store[:size])
        job.outcome[i] = 0
        job.received[i] = self._last
        job.flying -= 1
        return size

    def _free_size(self, end: int) -> int:
        """An answer whose length its head does not tell ends where its check sum fits."""
        for size in range(5, end + 1):
            if crc16(self._view[: size - 2]) == self._store[size - 2] | self._store[size - 1] << 8:
                return size
        if end > MAX_RTU:
            raise OverLong(f"{end} bytes without a fitting check sum")
        return end + 1

    def _break(self, job: Job, i: int, outcome: Outcome, fault: ModbusError) -> None:
        if not self.serial:
            super()._break(job, i, outcome, fault)
            return
        self._mark(job, i, outcome, fault)
        self._end = 0
        # A late answer could pass for the next one: there is no transaction identifier to tell them apart.
        self._rest_until = self._time() + self._silence + self._frame_time
        if outcome == Outcome.TIMEOUT or job.next == job.count:
            self._abandon(job, fault)
        else:
            self._last = self._rest_until
            self._later = self._loop.call_at(self._rest_until, self._send, job)
