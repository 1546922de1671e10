"""How the plant's devices do right now: what `GET /api/health` says."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from bessinside.runtime import clock
from bessinside.twin import Quality, Twin

if TYPE_CHECKING:
    from bessinside.historian.embedded.record import Health as Recorded

Recording = Callable[[], "Recorded"]
"""Says how recording does."""


class DeviceHealth(msgspec.Struct, frozen=True):
    """One device: `state` is connecting, up, partly or down; ages in seconds, null before the first answer."""

    id: str
    label: str
    url: str
    state: str
    last_sweep_ms: float | None
    age_s: float | None
    sweeps: int
    refused: int
    error: str


class HistoryHealth(msgspec.Struct, frozen=True):
    """How recording does. `trouble` is empty while all is well; `waiting` sweeps are not on the disk yet, `dropped`
    never got there; `repaired` is what the last start put right. Where servers keep the past, `buffered` sweeps are
    on this machine's disk and not on them, the oldest for `buffered_s` seconds; the buffer is full to
    `buffer_share`."""

    folder: str
    trouble: str
    waiting: int
    dropped: int
    recorded: int
    acknowledged_age_s: float | None
    sealing: bool
    repaired: list[str]
    buffered: int = 0
    buffered_s: float = 0.0
    buffer_share: float = 0.0


class Health(msgspec.Struct, frozen=True):
    """`status` is `starting` before every device answered once, `ok` while all answer and what they answer is recorded
    (where it should be), `degraded` otherwise; `history` is null where nothing is recorded."""

    status: str
    plant: str
    emulated: bool
    devices: list[DeviceHealth]
    readings: int
    oldest_age_s: float | None
    history: HistoryHealth | None = None


def health_of(twin: Twin, recording: Recording | None = None) -> Health:
    """The state of every device, of the plant as a whole, and of its recording."""
    now = clock.now_ns()
    rows, ages = [], []
    for readings, poller in zip(twin.devices, twin.pollers, strict=True):
        read = readings.block_time[readings.block_time > 0]
        age = float(now - read.min()) / 1e9 if len(read) else None
        if age is not None:
            ages.append(age)
        sweep = readings.sweep
        rows.append(
            DeviceHealth(
                readings.bound.device.id,
                readings.bound.device.label,
                readings.bound.device.url,
                poller.state,
                (sweep.end_ns - sweep.start_ns) / 1e6 if sweep else None,
                age,
                readings.sweeps,
                len(readings.refusals.registers),
                readings.error,
            )
        )
    for device in twin.plant.devices:
        if device.id in twin.undiscovered:
            why = twin.undiscovered[device.id]
            rows.append(DeviceHealth(device.id, device.label, device.url, "down", None, None, 0, 0, why))
    states = {row.state for row in rows}
    status = "ok" if states == {"up"} else "starting" if not ages or "connecting" in states else "degraded"
    history = None if recording is None else _history(recording(), now)
    if history is not None and history.trouble and status == "ok":
        status = "degraded"
    good = int(np.count_nonzero(twin.snapshot().quality == Quality.GOOD))
    return Health(status, twin.plant.id, twin.plant.emulated, rows, good, max(ages, default=None), history)


def _history(found: Recorded, now_ns: int) -> HistoryHealth:
    age = (now_ns - found.acknowledged_ns) / 1e9 if found.acknowledged_ns else None
    return HistoryHealth(
        found.folder, found.trouble, found.waiting, found.dropped, found.recorded, age, found.sealing,
        list(found.repaired), found.buffered, found.buffered_s, found.buffer_share,
    )  # fmt: skip
