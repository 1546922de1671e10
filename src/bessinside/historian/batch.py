"""Sweeps of one edition as arrays: what goes into a segment, and what comes out of one or out of the tail."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bessinside.historian.archive import Edition
from bessinside.historian.tail import load_editions, read_ticks
from bessinside.historian.tick import Tick, together
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
    ticks = read_ticks(connection, begin_ns=begin_ns, end_ns=end_ns, last=last)
    mine = together([tick.some(tick.where(device, begin_ns, end_ns, last)) for tick in ticks])
    return batches_of(mine, load_editions(connection))


def batches_of(tick: Tick, editions: Mapping[int, Edition]) -> list[Batch]:
    """Sweeps as arrays, an edition each, by the numbers of devices and editions."""
    numbers, first = np.unique(tick.edition, return_index=True)
    order = np.lexsort((numbers, tick.device[first]))
    return [
        batch_of(editions[number], ReadPlan(editions[number].requests), tick, np.flatnonzero(tick.edition == number))
        for number in numbers[order].tolist()
    ]


def batch_of(edition: Edition, plan: ReadPlan, tick: Tick, at: NDArray[np.int64]) -> Batch:
    """The sweeps at some positions, all of one edition, as arrays."""
    return Batch(edition, plan, times_of(plan, tick, at), words_of(plan, tick, at))


def words_of(
    plan: ReadPlan, tick: Tick, at: NDArray[np.int64], place: NDArray[np.int64] | None = None
) -> NDArray[np.uint16]:
    """uint16[plan.size, n], native: the words of some sweeps of one edition; or those at some places of its image."""
    rows = _rows(tick.words, tick.words_at[at], plan.size)
    return (rows if place is None else rows[:, place]).T.astype(np.uint16, order="C")


def times_of(plan: ReadPlan, tick: Tick, at: NDArray[np.int64]) -> Times:
    """The times of some sweeps of one edition."""
    count = len(plan.requests)
    number, _, _, start_ns, end_ns, tid, failed = tick.head[:7, at]
    stamps = _rows(tick.times, tick.times_at[at], 2 * count).reshape(len(at), 2, count)
    sent, received = _microseconds(stamps, start_ns)
    outcome = exception = None
    raw: dict[tuple[int, int], bytes] = {}
    tids: dict[int, NDArray[np.uint16]] = {}
    for position, k in enumerate(at.tolist()) if tick.troubles else ():
        trouble = tick.troubles.get(k)
        if trouble is None:
            continue
        if outcome is None or exception is None:
            outcome = np.full((count, len(at)), Outcome.OK, np.uint8)
            exception = np.zeros((count, len(at)), np.uint8)
        outcome[:, position] = np.frombuffer(trouble.outcome, np.uint8)
        exception[:, position] = np.frombuffer(trouble.exception, np.uint8)
        raw.update({(request, position): frame for request, frame in trouble.raw.items()})
        if trouble.tid:
            tids[position] = np.frombuffer(trouble.tid, ">u2").astype(np.uint16)
    return Times(
        number, start_ns, end_ns, tid.astype(np.uint16), failed.astype(np.int32), sent, received, outcome,
        exception, raw, tids,
    )  # fmt: skip


def _rows(flat: NDArray[Any], at: NDArray[np.int64], size: int) -> NDArray[Any]:
    """[n, size]: so many entries from each place on."""
    every = [flat[a : a + size] for a in at.tolist()]
    return np.concatenate(every).reshape(len(at), size) if every else np.zeros((0, size), flat.dtype)


def _microseconds(stamps: NDArray[np.int64], start_ns: NDArray[np.int64]) -> NDArray[np.int32]:
    """int32[2, R, n] from int64[n, 2, R]: rounded, so that a time is kept to half a microsecond."""
    after = (stamps - start_ns[:, None, None] + 500) // 1000
    after = np.where(stamps == 0, NEVER, np.clip(after, NEVER + 1, 2**31 - 1))
    return np.ascontiguousarray(np.moveaxis(after, 0, -1), np.int32)


def stamps_ns(after_us: NDArray[np.int32], start_ns: int) -> NDArray[np.int64]:
    """Times after a start as times since the epoch, 0 where there is none."""
    return np.where(after_us == NEVER, 0, start_ns + after_us.astype(np.int64) * 1000)
