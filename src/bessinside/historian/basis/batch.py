"""Sweeps of one edition as arrays: what goes into a segment, and what comes out of one or of the tail."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bessinside.historian.basis.archive import Edition
from bessinside.modbus import ReadPlan

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


def stamps_ns(after_us: NDArray[np.int32], start_ns: int) -> NDArray[np.int64]:
    """Times after a start as times since the epoch, 0 where there is none."""
    return np.where(after_us == NEVER, 0, start_ns + after_us.astype(np.int64) * 1000)
