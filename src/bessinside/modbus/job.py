"""What a link is busy with: the requests of one sweep, or one free request. Internal to the client."""

from __future__ import annotations

import asyncio
from array import array

import numpy as np
from numpy.typing import NDArray

from bessinside.modbus.errors import ModbusError
from bessinside.modbus.frames import read_pdu, rtu_frame, tcp_frame
from bessinside.modbus.plan import ReadPlan
from bessinside.modbus.sweep import Image, Outcome, Sweep

FLYING = 255  # an outcome while the answer is awaited
Expected = tuple[int, int, int, int, int]
Bytes = NDArray[np.uint8]


class Prepared:
    """A plan made ready for one unit: frames to send but for their transaction, and how each good answer begins."""

    __slots__ = ("_counting", "even", "expect", "fcs", "frames", "heads", "plan", "sizes", "tids", "unit")

    def __init__(self, plan: ReadPlan, unit: int, framing: str) -> None:
        self.plan = plan
        self.unit = unit
        if framing == "tcp":
            self.frames = plan.packed.copy()
            self.frames[:, 6] = unit
        else:
            pdus = (read_pdu(request.fc, request.address, request.count) for request in plan.requests)
            blob = b"".join(rtu_frame(unit, pdu) for pdu in pdus)
            self.frames = np.frombuffer(blob, np.uint8).reshape(-1, 8)
        self.fcs = bytes(request.fc for request in plan.requests)
        self.expect: list[Expected | None] = [
            (0, 3 + size, unit, fc, size) for fc, size in zip(self.fcs, plan.sizes, strict=True)
        ]
        codes, sizes = np.frombuffer(self.fcs, np.uint8), np.array(plan.sizes, np.int64)
        self.heads = np.zeros((len(sizes), 9), np.uint8)  # transaction, protocol 0, length, unit, function, byte count
        self.heads[:, 4], self.heads[:, 5] = (3 + sizes) >> 8, (3 + sizes) & 0xFF
        self.heads[:, 6], self.heads[:, 7], self.heads[:, 8] = unit, codes, sizes
        self._counting = np.arange(len(sizes), dtype=np.uint16)
        self.tids = np.zeros(len(sizes), ">u2")
        self.sizes = [9 + size for size in plan.sizes]
        # How many of the first requests have answers of one size whose data lie one behind the other in the image.
        behind = 2 * plan.starts == np.arange(len(sizes)) * sizes[:1]
        odd = np.flatnonzero((codes < 3) | (sizes != sizes[:1]) | ~behind)
        self.even = int(odd[0]) if len(odd) else len(sizes)

    def number(self, base: int) -> None:
        """Writes the transaction identifiers from `base` on into frames and heads."""
        self.tids[:] = self._counting + base
        self.frames[:, :2] = self.heads[:, :2] = self.tids.view(np.uint8).reshape(-1, 2)


class Job:
    """The state of every request, in plain containers: they are touched once per answer."""

    __slots__ = (
        "base", "begins", "blob", "count", "even", "exception", "expect", "faults", "fcs", "flying", "frames", "grid",
        "heads", "image", "next", "outcome", "plan", "raw", "received", "result", "rows", "sent", "sizes", "spans",
        "stride", "table", "unit", "view", "waiter",
    )  # fmt: skip

    def __init__(self, unit: int, count: int, base: int, waiter: asyncio.Future[None]) -> None:
        self.unit = unit
        self.count = count
        self.base = base
        self.waiter = waiter
        self.next = 0
        self.flying = 0
        self.outcome = bytearray((Outcome.NOT_SENT,)) * count
        self.sent = array("d", bytes(8 * count))
        self.received = array("d", bytes(8 * count))
        self.exception: dict[int, int] = {}
        self.faults: dict[int, ModbusError] = {}
        self.raw: dict[int, bytes] = {}
        self.plan: ReadPlan | None = None
        self.blob: bytes
        self.stride: int
        self.expect: list[Expected | None]
        self.frames: list[bytes] = []
        self.heads: list[bytes] = []
        self.sizes: list[int] = []
        self.table: Bytes
        self.rows: Bytes | None = None
        self.begins = b""
        self.grid: Bytes
        self.even = 0
        self.fcs: bytes
        self.spans: tuple[slice | None, ...]
        self.image: Image
        self.view: memoryview
        self.result = b""

    @classmethod
    def sweep(cls, prepared: Prepared, image: Image, base: int, framing: str, waiter: asyncio.Future[None]) -> Job:
        """All reads of a plan."""
        plan = prepared.plan
        job = cls(prepared.unit, len(plan.requests), base, waiter)
        if framing == "tcp":
            prepared.number(base)
            job.sizes = prepared.sizes
            job.table, job.rows = prepared.frames, prepared.heads
            job.begins = prepared.heads.tobytes()
            job.even = prepared.even
        job.plan = plan
        job.blob = prepared.frames.tobytes()
        job.stride = prepared.frames.shape[1]
        job.expect = prepared.expect
        job.fcs = prepared.fcs
        job.spans = plan.spans
        job.image = image
        words = image.view(np.uint8)
        job.view = words.data
        if prepared.even:
            size = plan.sizes[0]
            job.grid = words[: prepared.even * size].reshape(prepared.even, size)
        return job

    @classmethod
    def call(cls, unit: int, pdu: bytes, base: int, framing: str, waiter: asyncio.Future[None]) -> Job:
        """One free request, whose answer is kept as it came."""
        job = cls(unit, 1, base, waiter)
        job.blob = tcp_frame(base, unit, pdu) if framing == "tcp" else rtu_frame(unit, pdu)
        job.stride = len(job.blob)
        job.expect = [None]
        job.fcs = pdu[:1]
        return job

    def cut(self) -> list[bytes]:
        """Frames and heads one by one, for answers that are taken one by one; the heads."""
        if self.rows is not None:
            self.frames, self.heads = _rows(self.table), _rows(self.rows)
        return self.heads

    def describe(self, i: int) -> str:
        """Request `i` as an error names it."""
        if self.plan is None:
            return f"unit {self.unit}, function code {self.fcs[0]}"
        request = self.plan.requests[i]
        return f"unit {self.unit}, function code {request.fc}, address {request.address}, count {request.count}"

    def oldest(self) -> int:
        """The request that waits longest for its answer; -1 where none waits."""
        return self.outcome.find(FLYING)

    def to_sweep(self, number: int, device: str, framing: str, wall: int, started: float, ended: float) -> Sweep:
        """The finished sweep; `wall` is the wall clock (ns) at the loop time `started`."""
        assert self.plan is not None
        exception = np.zeros(self.count, np.uint8)
        for i, code in self.exception.items():
            exception[i] = code
        tids = (np.arange(self.base, self.base + self.count) & (0xFFFF if framing == "tcp" else 0)).astype(np.uint16)
        stamps = _stamps(self.sent + self.received, wall, started)
        return Sweep(
            number, device, framing, self.unit, wall, wall + int((ended - started) * 1e9), self.plan, self.image,
            tids, stamps[: self.count], stamps[self.count :],
            np.frombuffer(self.outcome, np.uint8), exception, self.faults, self.raw,
        )  # fmt: skip


def _rows(table: np.ndarray[tuple[int, int], np.dtype[np.uint8]]) -> list[bytes]:
    """Each row of a contiguous table of bytes."""
    rows: list[bytes] = table.view(f"V{table.shape[1]}").ravel().tolist()
    return rows


def _stamps(times: array[float], wall: int, started: float) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Loop times to wall clock: one clock reading each, and no jump inside a sweep; 0 stays 0."""
    seconds = np.frombuffer(times, np.float64)
    stamps: np.ndarray[tuple[int], np.dtype[np.int64]] = wall + ((seconds - started) * 1e9).astype(np.int64)
    stamps[seconds == 0.0] = 0
    return stamps
