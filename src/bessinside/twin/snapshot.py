"""The plant at one moment: the newest reading of every point and every derived figure, as arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bessinside.plant import Binding
from bessinside.twin.derived import Derived
from bessinside.twin.readings import Readings


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """All figures of a plant at one moment. P points, F derived figures.

    time_ns: when it was taken, UTC
    values: float64[P] in SI units, NaN before the first read; quality: uint8[P] of `Quality`; read_ns: int64[P], time
    of the last byte of the answer, 0 before the first
    derived_values, derived_quality: the same for derived figures; derived_ns: int64[F], the oldest input's time
    """

    time_ns: int
    values: NDArray[np.float64]
    quality: NDArray[np.uint8]
    read_ns: NDArray[np.int64]
    derived_values: NDArray[np.float64]
    derived_quality: NDArray[np.uint8]
    derived_ns: NDArray[np.int64]


def take_snapshot(now_ns: int, binding: Binding, devices: Sequence[Readings], derived: Derived) -> Snapshot:
    """Puts the newest readings of all devices together and computes what is derived from them."""
    values, quality, times = [np.empty(0)], [np.empty(0, np.uint8)], [np.empty(0, np.int64)]
    for readings in devices:
        span = slice(readings.bound.first, readings.bound.first + readings.bound.size)
        read = readings.times()
        values.append(readings.shown(read))
        quality.append(readings.quality(now_ns, binding.low[span], binding.high[span], read))
        times.append(read)
    all_values, all_quality, all_times = np.concatenate(values), np.concatenate(quality), np.concatenate(times)
    derived_values, derived_quality = derived.compute(all_values, all_quality)
    return Snapshot(
        now_ns, all_values, all_quality, all_times, derived_values, derived_quality, derived.oldest(all_times)
    )
