"""What the tail holds, as arrays: the sweeps of its ticks by edition."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bessinside.historian.basis.archive import Edition
from bessinside.historian.basis.batch import NEVER, Batch, Times
from bessinside.historian.tail.tail import load_editions, read_ticks
from bessinside.historian.tail.tick import Tick
from bessinside.modbus import Outcome, ReadPlan
from bessinside.runtime import database

_MOST_US = 2**31 - 1
_AT_ONCE = 64


def tail_batches(
    connection: database.Connection,
    *,
    device: int | None = None,
    begin_ns: int = -(2**62),
    end_ns: int = 2**62,
    last: int = 2**62,
) -> list[Batch]:
    """Sweeps of the tail as arrays, an edition each, devices in the order in which they came."""
    tick = read_ticks(connection, begin_ns=begin_ns, end_ns=end_ns, last=last)
    return list(batches_of(tick.some(tick.where(device, begin_ns, end_ns, last)), load_editions(connection)))


def batches_of(tick: Tick, editions: Mapping[int, Edition]) -> Iterator[Batch]:
    """Sweeps as arrays, an edition each, by the numbers of devices and editions; each is made when it is asked for."""
    numbers, first = np.unique(tick.edition, return_index=True)
    order = np.lexsort((numbers, tick.device[first]))
    for number in numbers[order].tolist():
        edition = editions[number]
        yield batch_of(edition, edition.plan(), tick, np.flatnonzero(tick.edition == number))


def batch_of(edition: Edition, plan: ReadPlan, tick: Tick, at: NDArray[np.int64]) -> Batch:
    """The sweeps at some positions, all of one edition, as arrays."""
    return Batch(edition, plan, times_of(plan, tick, at), words_of(plan, tick, at))


def words_of(
    plan: ReadPlan, tick: Tick, at: NDArray[np.int64], place: NDArray[np.int64] | None = None
) -> NDArray[np.uint16]:
    """uint16[plan.size, n], native: the words of some sweeps of one edition; or those at some places of its image."""
    rows = _rows(tick.words, tick.words_at[at], plan.size)
    turned = _turned(rows if place is None else rows[:, place])
    return turned if turned.dtype.isnative else turned.byteswap(inplace=True).view(np.uint16)


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
    """[n, size]: so many entries from each place on. A view where the places are equally far apart, as they are while
    every commit brought the same devices."""
    if not len(at):
        return np.zeros((0, size), flat.dtype)
    apart = int(at[1] - at[0]) if len(at) > 1 else size
    if apart >= size and (np.diff(at) == apart).all():
        entry = flat.itemsize
        return np.lib.stride_tricks.as_strided(
            flat[int(at[0]) :], (len(at), size), (apart * entry, entry), writeable=False
        )
    return np.concatenate([flat[a : a + size] for a in at.tolist()]).reshape(len(at), size)


def _microseconds(stamps: NDArray[np.int64], start_ns: NDArray[np.int64]) -> NDArray[np.int32]:
    """int32[2, R, n] from int64[n, 2, R]: rounded, so that a time is kept to half a microsecond."""
    after = stamps - (start_ns - 500)[:, None, None]
    after //= 1000
    if after.size and (after.max() > _MOST_US or after.min() <= NEVER):
        after = np.clip(after, NEVER + 1, _MOST_US)
    short = after.astype(np.int32)
    if not stamps.all():
        short[stamps == 0] = NEVER
    return _turned(short.reshape(len(short), -1)).reshape(*short.shape[1:], len(short))


def _turned(rows: NDArray[Any]) -> NDArray[Any]:
    """[k, n] from [n, k], in the order in which it lies: some rows at a time, so that they stay in the cache."""
    out = np.empty(rows.shape[::-1], rows.dtype)
    for first in range(0, len(rows), _AT_ONCE):
        out[:, first : first + _AT_ONCE] = rows[first : first + _AT_ONCE].T
    return out
