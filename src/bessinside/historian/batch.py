"""Sweeps of one edition as arrays: what goes into a segment, and what comes out of one or out of the tail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bessinside.historian.archive import Edition
from bessinside.historian.tail import SweepRow, load_editions, read_tail
from bessinside.modbus import Outcome, ReadPlan
from bessinside.runtime import database

NEVER = -(2**31)
"""µs where nothing was sent or received."""


@dataclass(frozen=True, slots=True, eq=False)
class Times:
    """When n sweeps and their R requests were, and how these ended.

    number, start_ns, end_ns: int64[n]; tid: uint16[n], the first transaction; failed: int32[n], requests without data
    sent_us, received_us: int32[R, n] after the start, NEVER where nothing was sent or received
    outcome, exception: uint8[R, n], None where every answer of every sweep was data
    raw: frames as they came, by request and position; tids: transactions of sweeps where they do not count up
    """

    number: NDArray[np.int64]
    start_ns: NDArray[np.int64]
    end_ns: NDArray[np.int64]
    tid: NDArray[np.uint16]
    failed: NDArray[np.int32]
    sent_us: NDArray[np.int32]
    received_us: NDArray[np.int32]
    outcome: NDArray[np.uint8] | None = None
    exception: NDArray[np.uint8] | None = None
    raw: Mapping[tuple[int, int], bytes] = field(default_factory=dict)
    tids: Mapping[int, NDArray[np.uint16]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.number)


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """n sweeps of an edition. words: uint16[plan.size, n], native: a row is a register, a column a sweep."""

    edition: Edition
    plan: ReadPlan
    times: Times
    words: NDArray[np.uint16]


def tail_batches(
    connection: database.Connection,
    *,
    device: int | None = None,
    begin_ns: int = -(2**62),
    end_ns: int = 2**62,
    last: int = 2**62,
) -> list[Batch]:
    """Sweeps of the tail as arrays, an edition each, devices in the order in which they came."""
    editions = load_editions(connection)
    rows: dict[int, list[SweepRow]] = {}
    for row in read_tail(connection, device=device, begin_ns=begin_ns, end_ns=end_ns, last=last):
        rows.setdefault(row.edition, []).append(row)
    order = sorted(rows, key=lambda number: (rows[number][0].device, number))
    return [batch_of(editions[number], ReadPlan(editions[number].requests), rows[number]) for number in order]


def batch_of(edition: Edition, plan: ReadPlan, rows: Sequence[SweepRow]) -> Batch:
    """Rows of the tail, all of one edition and in the order of their numbers, as arrays."""
    blob = b"".join(row.words for row in rows)
    words = np.frombuffer(blob, ">u2").reshape(len(rows), plan.size)
    native = np.ascontiguousarray(words.T).astype(np.uint16, copy=False)
    return Batch(edition, plan, times_of(plan, rows), native if native.dtype.isnative else native.byteswap().view("u2"))


def times_of(plan: ReadPlan, rows: Sequence[SweepRow]) -> Times:
    """The times of some rows of the tail."""
    count = len(plan.requests)
    stamps = np.frombuffer(b"".join(row.times for row in rows), "<i8").reshape(len(rows), 2, count)
    number, start_ns, end_ns = (
        np.array([row[i] for row in rows], np.int64) for i in (0, 3, 4)
    )  # fmt: skip
    after = _microseconds(stamps, start_ns)
    outcome = exception = None
    raw: dict[tuple[int, int], bytes] = {}
    tids: dict[int, NDArray[np.uint16]] = {}
    for position, row in enumerate(rows):
        trouble = row.troubles()
        if trouble is None:
            continue
        if outcome is None or exception is None:
            outcome = np.full((count, len(rows)), Outcome.OK, np.uint8)
            exception = np.zeros((count, len(rows)), np.uint8)
        outcome[:, position] = np.frombuffer(trouble.outcome, np.uint8)
        exception[:, position] = np.frombuffer(trouble.exception, np.uint8)
        raw.update({(request, position): frame for request, frame in trouble.raw.items()})
        if trouble.tid:
            tids[position] = np.frombuffer(trouble.tid, ">u2").astype(np.uint16)
    return Times(
        number, start_ns, end_ns, np.array([row.tid for row in rows], np.uint16),
        np.array([row.failed for row in rows], np.int32), after[0], after[1], outcome, exception, raw, tids,
    )  # fmt: skip


def _microseconds(stamps: NDArray[np.int64], start_ns: NDArray[np.int64]) -> NDArray[np.int32]:
    """int32[2, R, n] from int64[n, 2, R]: rounded, so that a time is kept to half a microsecond."""
    after = (stamps - start_ns[:, None, None] + 500) // 1000
    after = np.where(stamps == 0, NEVER, np.clip(after, NEVER + 1, 2**31 - 1))
    return np.ascontiguousarray(np.moveaxis(after, 0, -1), np.int32)


def stamps_ns(after_us: NDArray[np.int32], start_ns: int) -> NDArray[np.int64]:
    """Times after a start as times since the epoch, 0 where there is none."""
    return np.where(after_us == NEVER, 0, start_ns + after_us.astype(np.int64) * 1000)
