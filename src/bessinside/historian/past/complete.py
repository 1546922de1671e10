"""What share of the sweeps that should have come did come, for each device and hour."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bessinside.historian.basis.archive import HOUR_NS
from bessinside.historian.basis.images import spans
from bessinside.historian.basis.rows import Rows
from bessinside.historian.basis.world import Worlds


@dataclass(frozen=True, slots=True, eq=False)
class Completeness(Rows):
    """One row for each device and hour (UTC) of a span.

    device: n texts; time: int64[n], the beginning of the hour, UTC ns; expected, came: int64[n] sweeps; failed:
    int64[n], of those that came the ones with a request that brought no data; share: float64[n], came of expected,
    at most 1
    """

    device: tuple[str, ...]
    time: NDArray[np.int64]
    expected: NDArray[np.int64]
    came: NDArray[np.int64]
    failed: NDArray[np.int64]
    share: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.device)

    def columns(self) -> dict[str, Any]:
        names = ("device", "time", "expected", "came", "failed", "share")
        return {name: list(self.device) if name == "device" else getattr(self, name) for name in names}


def completeness(worlds: Worlds, start_ns: int, end_ns: int, device: str | None = None) -> Completeness:
    """Sweeps that came of those that a device's period promises: whole hours, the first and last as far as the span.

    A device counts from its first sweep on; expected = time of the hour inside the span / period.
    """
    names, times, expected, came, failed = [], [], [], [], []
    for name, first in spans(worlds.archive, worlds.archive.devices() if device is None else [device]).items():
        begin = max(start_ns, first[0])
        sweeps = worlds.archive.sweeps(name, begin, end_ns)
        period = _period_ns(worlds, name)
        for hour in range(begin // HOUR_NS * HOUR_NS, end_ns, HOUR_NS):
            low, high = np.searchsorted(sweeps.end_ns, (hour, hour + HOUR_NS))
            inside = min(hour + HOUR_NS, end_ns) - max(hour, begin)
            names.append(name)
            times.append(hour)
            expected.append(max(1, round(inside / period)))
            came.append(int(high - low))
            failed.append(int(np.count_nonzero(sweeps.failed[low:high])))
    wanted, got = np.array(expected, np.int64), np.array(came, np.int64)
    return Completeness(
        tuple(names), np.array(times, np.int64), wanted, got, np.array(failed, np.int64),
        np.minimum(1.0, got / np.maximum(wanted, 1)),
    )  # fmt: skip


def _period_ns(worlds: Worlds, device: str) -> float:
    """The poll period of a device as its newest plant file has it."""
    plant = worlds.archive.plant(worlds.editions(device)[-1].plant_hash)
    return plant.device(device).every_s * 1e9
