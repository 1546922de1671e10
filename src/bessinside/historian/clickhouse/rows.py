"""Batches as rows of the servers' tables, and back."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from bessinside.historian.basis.batch import Batch, Times
from bessinside.historian.basis.reduce import Minutes, SweepExtremes
from bessinside.historian.clickhouse.stamps import packed, unpacked
from bessinside.historian.clickhouse.tables import SLOT_S, half_md5
from bessinside.historian.tail.tick import Trouble
from bessinside.modbus import Outcome, ReadPlan

Rows = tuple[dict[str, Any], int]
"""Columns of a table by name, and how many rows they have."""
_AGAIN = 1 << 24


@lru_cache(maxsize=256)
def registers_of(plan: ReadPlan) -> NDArray[np.int64]:
    """int64[plan.size]: `fc << 16 | address` of every word of an image.

    A register that a plan reads twice (captures of other programs do) is told apart by a number in the highest byte;
    the word that :meth:`ReadPlan.place` names has 0 there.
    """
    codes, addresses = plan.registers()
    keys = codes << 16 | addresses
    other = np.flatnonzero(plan.place(codes, addresses) != np.arange(plan.size))
    for turn, position in enumerate(other.tolist(), 1):
        keys[position] += (turn % 255 + 1) * _AGAIN
    keys.setflags(write=False)
    return keys


def slots_of(end_ns: NDArray[np.int64]) -> NDArray[np.int64]:
    """The slot of every sweep, by its end."""
    return np.clip(end_ns // 1_000_000_000, 0, 2**32 - 1) // SLOT_S * SLOT_S


def word_rows(batch: Batch, base: int) -> Rows:
    """One row for each word of each sweep, register by register."""
    size, count = batch.words.shape
    device = half_md5(batch.edition.device)
    times = batch.times
    columns = {
        "device": np.full(size * count, device, np.uint64),
        "slot": np.tile(slots_of(times.end_ns), size),
        "register": np.repeat(registers_of(batch.plan), count),
        "number": np.tile(times.number + base, size),
        "word": batch.words.reshape(-1),
    }
    return columns, size * count


def sweep_rows(batch: Batch, base: int, edition: int, writer: int) -> Rows:
    """One row for each sweep."""
    times, count = batch.times, len(batch.times)
    sent, received, far = packed(times.sent_us, times.received_us)
    columns = {
        "device": np.full(count, half_md5(batch.edition.device), np.uint64), "slot": slots_of(times.end_ns),
        "number": times.number + base, "edition": np.full(count, edition, np.uint32), "start_ns": times.start_ns,
        "end_ns": times.end_ns, "tid": times.tid, "failed": times.failed, "sent": sent,
        "received": received, "far": far, "trouble": [_trouble(times, k) for k in range(count)],
        "writer": np.full(count, writer, np.uint64),
    }  # fmt: skip
    return columns, count


def extreme_rows(batch: Batch, base: int, found: Sequence[SweepExtremes]) -> Rows:
    """One row for each sweep and metric."""
    times, count, many = batch.times, len(batch.times), len(found)
    none = np.zeros(0)
    columns = {
        "device": np.full(count * many, half_md5(batch.edition.device), np.uint64),
        "slot": np.tile(slots_of(times.end_ns), many), "metric": [one.metric for one in found for _ in range(count)],
        "number": np.tile(times.number + base, many), "end_ns": np.tile(times.end_ns, many),
        "low": np.concatenate([none, *(one.low for one in found)]),
        "high": np.concatenate([none, *(one.high for one in found)]),
        "count": np.concatenate([none, *(one.count for one in found)]),
    }  # fmt: skip
    return columns, count * many


def minute_rows(batch: Batch, base: int, minutes: Minutes) -> Rows:
    """One row for each figure and minute that had a sweep."""
    figure, minute = np.nonzero(minutes.count + minutes.left_out)
    count = len(figure)
    ids = np.array([half_md5(name) for name in minutes.ids], np.uint64)
    begin = (minutes.begin_ns + minute * minutes.step_ns) // 1_000_000_000
    columns = {
        "device": np.full(count, half_md5(batch.edition.device), np.uint64), "slot": begin // SLOT_S * SLOT_S,
        "figure": ids[figure], "minute": begin, "batch": np.full(count, batch_number(batch, base), np.uint64),
        **{name: getattr(minutes, name)[figure, minute] for name in ("low", "high", "mean", "count", "left_out")},
    }  # fmt: skip
    return columns, count


def rolled_rows(batch: Batch, base: int) -> Rows:
    """One row for each slot of a batch whose minutes are made."""
    times = batch.times
    slots, at = np.unique(slots_of(times.end_ns), return_inverse=True)
    count = len(slots)
    number = times.number + base
    low, high = (np.full(count, start, np.int64) for start in (2**62, -(2**62)))
    begin, end = low.copy(), high.copy()
    np.minimum.at(low, at, number)
    np.maximum.at(high, at, number)
    np.minimum.at(begin, at, times.end_ns)
    np.maximum.at(end, at, times.end_ns)
    columns = {
        "device": np.full(count, half_md5(batch.edition.device), np.uint64), "slot": slots,
        "batch": np.full(count, batch_number(batch, base), np.uint64), "first": low, "last": high, "begin_ns": begin,
        "end_ns": end, "sweeps": np.bincount(at, minlength=count),
    }  # fmt: skip
    return columns, count


def batch_number(batch: Batch, base: int) -> int:
    """The number of a batch: that of its first sweep."""
    return int(batch.times.number[0]) + base


def _trouble(times: Times, position: int) -> bytes:
    """What a sweep has beyond times and words; empty where every answer was data and the transactions count up."""
    raw = {request: frame for (request, at), frame in times.raw.items() if at == position}
    odd = times.tids.get(position)
    if not times.failed[position] and not raw and odd is None:
        return b""
    some = times.outcome is not None and times.exception is not None
    requests = len(times.sent_us)
    outcome = times.outcome[:, position] if some and times.outcome is not None else np.zeros(requests, np.uint8)
    exception = times.exception[:, position] if some and times.exception is not None else np.zeros(requests, np.uint8)
    tids = b"" if odd is None else odd.astype(">u2").tobytes()
    return msgspec.msgpack.encode(Trouble(outcome.tobytes(), exception.tobytes(), raw, tids))


def trouble_from(kept: bytes) -> Trouble | None:
    """What a row of the table of sweeps has under `trouble`; None where every answer was plain."""
    return msgspec.msgpack.decode(kept, type=Trouble) if kept else None


def times_from(found: dict[str, Any], requests: int) -> Times:
    """The times of the sweeps of one edition, in the order of their rows in `found` (of the table of sweeps)."""
    count = len(found["number"])
    sent, received = unpacked(found["sent"], found["received"], found["far"], requests)
    outcome = exception = None
    raw: dict[tuple[int, int], bytes] = {}
    tids: dict[int, NDArray[np.uint16]] = {}
    for position, kept in enumerate(found["trouble"]):
        trouble = trouble_from(kept)
        if trouble is None:
            continue
        if outcome is None or exception is None:
            outcome = np.full((requests, count), Outcome.OK, np.uint8)
            exception = np.zeros((requests, count), np.uint8)
        outcome[:, position] = np.frombuffer(trouble.outcome, np.uint8)
        exception[:, position] = np.frombuffer(trouble.exception, np.uint8)
        raw.update({(request, position): frame for request, frame in trouble.raw.items()})
        if trouble.tid:
            tids[position] = np.frombuffer(trouble.tid, ">u2").astype(np.uint16)
    number, start_ns, end_ns = (found[name].astype(np.int64) for name in ("number", "start_ns", "end_ns"))
    return Times(
        number, start_ns, end_ns, found["tid"].astype(np.uint16), found["failed"].astype(np.int32), sent, received,
        outcome, exception, raw, tids,
    )  # fmt: skip
