"""What a link is busy with: the requests of one sweep, or one free request. Internal to the client."""

from __future__ import annotations

import asyncio
import struct
from array import array

import numpy as np
from numpy.typing import NDArray

from bessinside.modbus.errors import ModbusError
from bessinside.modbus.frames import read_pdu, rtu_frame, tcp_frame
from bessinside.modbus.plan import ReadPlan
from bessinside.modbus.sweep import Image, Outcome, Sweep

FLYING = 255  # an outcome while the answer is awaited
HEAD = struct.Struct(">HHBBB")  # what follows the transaction identifier: protocol, length, unit, function, byte count
Expected = tuple[int, int, int, int, int]
Bytes = NDArray[np.uint8]


class Prepared:
    """A plan made ready for one unit: frames to send but for their transaction, and how each good answer begins."""

    __slots__ = ("even", "expect", "fcs", "frames", "heads", "plan", "sizes", "unit")

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
            (0, 3 + size, unit, request.fc, size) for request, size in zip(plan.requests, plan.sizes, strict=True)
        ]
        blob = b"".join(bytes(2) + HEAD.pack(*expected) for expected in self.expect if expected)
        self.heads = np.frombuffer(blob, np.uint8).reshape(-1, 9).copy()
        self.sizes = [9 + size for size in plan.sizes]
        # How many of the first requests have answers of one size whose data lie one behind the other in the image.
        self.even = 0
        for request, size, start in zip(plan.requests, plan.sizes, plan.starts.tolist(), strict=True):
            if request.fc < 3 or size != plan.sizes[0] or 2 * start != self.even * size:
                break
            self.even += 1


class Job:
    """The state of every request, in plain containers: they are touched once per answer."""

    __slots__ = (
        "base", "blob", "bytes", "count", "even", "exception", "expect", "faults", "fcs", "flying", "frames", "heads",
        "image", "next", "outcome", "plan", "raw", "received", "result", "rows", "sent", "sizes", "spans", "stride",
        "unit", "view", "waiter",
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
        self.rows: Bytes
        self.bytes: Bytes
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
            tids = (np.arange(base, base + job.count) & 0xFFFF).astype(">u2")
            prepared.frames[:, :2] = prepared.heads[:, :2] = tids.view(np.uint8).reshape(-1, 2)
            job.frames = _rows(prepared.frames)
            job.heads = _rows(prepared.heads)
            job.sizes = prepared.sizes
            job.rows = prepared.heads
            job.even = prepared.even
        job.plan = plan
        job.blob = prepared.frames.tobytes()
        job.stride = prepared.frames.shape[1]
        job.expect = prepared.expect
        job.fcs = prepared.fcs
        job.spans = plan.spans
        job.image = image
        job.bytes = image.view(np.uint8)
        job.view = job.bytes.data
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
        tids = np.arange(self.base, self.base + self.count) & (0xFFFF if framing == "tcp" else 0)
        return Sweep(
            number, device, framing, self.unit, wall, wall + int((ended - started) * 1e9), self.plan, self.image,
            tids.astype(np.uint16), _stamps(self.sent, wall, started), _stamps(self.received, wall, started),
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
