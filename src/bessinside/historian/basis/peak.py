"""Peaks: of many sweeps the one in which the parts of a device lay furthest apart, kept so that none is read for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import msgspec
import numpy as np
from numpy.typing import NDArray

from bessinside.historian.basis.archive import Archive
from bessinside.historian.basis.reduce import SweepExtremes


class Peak(msgspec.Struct, frozen=True, array_like=True):
    """The first sweep of a run in which `high - low` of a metric was largest, and when it ended."""

    metric: str
    end_ns: int
    low: float
    high: float


@runtime_checkable
class Peaked(Protocol):
    """An archive that keeps peaks."""

    def peak(self, device: str, metric: str, start_ns: int, end_ns: int) -> Peak | None:
        """The peak of the sweeps that ended in a span; None where no value was good."""


def peak(archive: Archive, device: str, metric: str, start_ns: int, end_ns: int) -> Peak | None:
    """The peak of a device's sweeps in a span; None where no value was good, or no extremes were kept."""
    if isinstance(archive, Peaked):
        return archive.peak(device, metric, start_ns, end_ns)
    kept = archive.extremes(device, metric, start_ns, end_ns)
    return peak_of(metric, kept.end_ns, kept.low, kept.high, kept.count)


def peak_of(
    metric: str,
    end_ns: NDArray[np.int64],
    low: NDArray[np.float64],
    high: NDArray[np.float64],
    count: NDArray[np.int32],
) -> Peak | None:
    """The peak of n sweeps by their extremes."""
    some = np.flatnonzero(count > 0)
    if not len(some):
        return None
    row = int(some[np.argmax(high[some] - low[some])])
    return Peak(metric, int(end_ns[row]), float(low[row]), float(high[row]))


def peaks_of(end_ns: NDArray[np.int64], extremes: Sequence[SweepExtremes]) -> list[Peak]:
    """The peaks of a run, a metric each."""
    found = (peak_of(one.metric, end_ns, one.low, one.high, one.count) for one in extremes)
    return [one for one in found if one is not None]


def widest(peaks: Sequence[Peak]) -> Peak | None:
    """The peak of peaks, the first of those that are alike."""
    return max(peaks, key=lambda one: (one.high - one.low, -one.end_ns), default=None)
