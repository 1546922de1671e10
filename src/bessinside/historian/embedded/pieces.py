"""What one question finds in sealed files and in the tail, put together in the order of the sweeps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bessinside.historian.basis.archive import Sweeps, Words
from bessinside.historian.sealed.catalogue import Found
from bessinside.historian.sealed.sealed import SealedFiles
from bessinside.historian.tail.batches import words_of
from bessinside.historian.tail.tick import Tick
from bessinside.modbus import Outcome, ReadPlan

Column = NDArray[Any]


def within(times: NDArray[np.int64], start_ns: int, end_ns: int) -> slice | NDArray[np.bool_]:
    """Which times lie in [start, end), as an index."""
    inside: NDArray[np.bool_] = (times >= start_ns) & (times < end_ns)
    return slice(None) if inside.all() else inside


def sealed_sweeps(files: SealedFiles, found: Found, start_ns: int, end_ns: int) -> tuple[Column, ...]:
    """number, start_ns, end_ns, edition, failed of a run's sweeps in a span."""
    lists = files.sweeps(found.name, found.run)
    mine = within(lists["end_ns"], start_ns, end_ns)
    number, start, end, failed = (lists[name][mine] for name in ("number", "start_ns", "end_ns", "failed"))
    return number, start, end, np.full(len(number), found.run.edition), failed


def joined_sweeps(pieces: Sequence[tuple[Column, ...]], tail: Tick) -> Sweeps:
    """Sweeps of files and of the tail."""
    every = [*pieces, (tail.number, tail.start_ns, tail.end_ns, tail.edition, tail.failed)]
    number, start, end, edition, failed = (
        np.concatenate(column).astype(np.int64) for column in zip(*every, strict=True)
    )
    order = np.argsort(number, kind="stable")
    return Sweeps(
        number[order], start[order], end[order], edition[order].astype(np.int32), failed[order].astype(np.int32)
    )


def sealed_words(
    files: SealedFiles, found: Found, plan: ReadPlan, wanted: NDArray[np.int64], start_ns: int, end_ns: int
) -> Words:
    """The words of some registers in a run's sweeps of a span."""
    name, run = found.name, found.run
    lists = files.sweeps(name, run)
    mine = within(lists["end_ns"], start_ns, end_ns)
    place, block = places(plan, wanted)
    read = place >= 0
    count = len(lists["number"][mine])
    if read.all() and count:  # as it lies in the file, a row for each register
        words = files.words(name, run, place, plan.size)[:, mine].T
        ok = np.ones(words.shape, bool)
    else:
        words, ok = np.zeros((count, len(wanted)), np.uint16), np.zeros((count, len(wanted)), bool)
        if read.any() and count:
            words[:, read] = files.words(name, run, place[read], plan.size)[:, mine].T
            ok[:, read] = True
    if read.any() and count:
        outcome = files.times(name, run).outcome if run.failed else None
        if outcome is not None:
            ok[:, read] = outcome[block[read]][:, mine].T == Outcome.OK
    return Words(lists["number"][mine], lists["end_ns"][mine], words, ok)


def tail_words(tail: Tick, edition: int, plan: ReadPlan, wanted: NDArray[np.int64]) -> Words:
    """The words of some registers in the tail's sweeps of an edition."""
    at = np.flatnonzero(tail.edition == edition)
    place, block = places(plan, wanted)
    read = place >= 0
    words, ok = np.zeros((len(at), len(wanted)), np.uint16), np.zeros((len(at), len(wanted)), bool)
    words[:, read] = words_of(plan, tail, at, place[read]).T
    ok[:, read] = True
    for row, k in enumerate(at.tolist()) if tail.troubles else ():
        trouble = tail.troubles.get(k)
        if trouble is not None:
            ok[row, read] = np.frombuffer(trouble.outcome, np.uint8)[block[read]] == Outcome.OK
    return Words(tail.number[at], tail.end_ns[at], words, ok)


def joined_words(pieces: Sequence[Words], width: int) -> Words:
    """Words of files and of the tail."""
    none = Words(
        np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros((0, width), np.uint16), np.zeros((0, width), bool)
    )
    number, end, words, ok = (
        np.concatenate([getattr(piece, name) for piece in (none, *pieces)])
        for name in ("number", "end_ns", "words", "ok")
    )
    if len(number) > 1 and (np.diff(number) < 0).any():
        order = np.argsort(number, kind="stable")
        number, end, words, ok = number[order], end[order], words[order], ok[order]
    return Words(number, end, words, ok)


def places(plan: ReadPlan, wanted: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where each register is in the image of a plan, and in which request; -1 where it is not read."""
    codes, addresses = wanted >> 16, wanted & 0xFFFF
    return plan.place(codes, addresses).astype(np.int64), plan.block(codes, addresses).astype(np.int64)
