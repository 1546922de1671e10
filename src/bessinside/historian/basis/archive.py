"""What can be asked of the past, whatever keeps it: devices, editions, sweeps, words, exchanges, rollups, events.

A register is named by one number, `fc << 16 | address` (see :func:`register`), so that a question outlives a change of
the read plan. Times are UTC in ns since the epoch. A sweep counts at its end: at a moment t those sweeps are known that
had ended by t. Spans are half-open, [start, end). Numbers of sweeps grow in the order in which they were recorded and
are never used twice.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from bessinside.modbus import Exchange, ReadPlan, Request
from bessinside.plant import Plant
from bessinside.registers import RegisterMap

MINUTE_NS = 60_000_000_000
HOUR_NS = 60 * MINUTE_NS


def register(fc: int, address: int) -> int:
    """The number of a register (or bit) by which the archive knows it."""
    return fc << 16 | address


class Step(enum.IntEnum):
    """How long one row of a rollup is, in ns; rows begin at whole minutes and hours UTC."""

    MINUTE = MINUTE_NS
    HOUR = HOUR_NS


@dataclass(frozen=True, slots=True)
class Edition:
    """One way in which a device was read; a device gets a new one when its plan, map or plant file changes.

    The same plan that comes back later is the same edition. `since_ns` is the end of its first sweep. `plant_hash` and
    `map_hash` (sha256, hexadecimal) name the files in the folder, see :meth:`Archive.plant`.
    """

    number: int
    device: str
    since_ns: int
    framing: str
    unit: int
    plant_hash: str
    map_hash: str
    requests: tuple[Request, ...]

    def plan(self) -> ReadPlan:
        """The plan that these requests make; its image is what :class:`Image` carries."""
        return _plan(self.requests)


@lru_cache(maxsize=512)
def _plan(requests: tuple[Request, ...]) -> ReadPlan:
    """Made once: a plan is never changed, and the past asks for the same few again and again."""
    return ReadPlan(requests)


@dataclass(frozen=True, slots=True, eq=False)
class Sweeps:
    """n sweeps of one device in the order of their numbers.

    number, start_ns, end_ns: int64[n]; edition: int32[n]; failed: int32[n], requests that brought no data
    """

    number: NDArray[np.int64]
    start_ns: NDArray[np.int64]
    end_ns: NDArray[np.int64]
    edition: NDArray[np.int32]
    failed: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.number)


@dataclass(frozen=True, slots=True, eq=False)
class Words:
    """k registers in n sweeps of one device.

    number, end_ns: int64[n] of the sweeps; words: uint16[n, k]; ok: bool[n, k], False where the register was not read
    in that sweep (its request failed, or the plan of that time left it out) and the word means nothing
    """

    number: NDArray[np.int64]
    end_ns: NDArray[np.int64]
    words: NDArray[np.uint16]
    ok: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Image:
    """One whole sweep; R requests.

    words: uint16[plan.size], native, as the plan of the edition lays them out; those of a failed request are what the
    twin held before. sent_ns, received_ns: int64[R], 0 where nothing was sent or received; outcome: uint8[R] of
    :class:`~bessinside.modbus.Outcome`; exception: uint8[R], the code where the outcome is EXCEPTION
    """

    number: int
    edition: Edition
    start_ns: int
    end_ns: int
    words: NDArray[np.uint16]
    sent_ns: NDArray[np.int64]
    received_ns: NDArray[np.int64]
    outcome: NDArray[np.uint8]
    exception: NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Latest:
    """What was known of k registers at a moment.

    words: uint16[k], the newest good answer; received_ns: int64[k], when its last byte came, 0 where there was none
    within the time that was looked back (the word means nothing then); outcome: uint8[k] of the newest attempt,
    NOT_SENT where no plan of that time reads the register
    """

    words: NDArray[np.uint16]
    received_ns: NDArray[np.int64]
    outcome: NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Rollup:
    """m steps of k figures, decoded to SI units.

    begin_ns: int64[m]; low, high, mean: float64[m, k], NaN where nothing was counted; count: int32[m, k], sweeps with a
    good value; left_out: int32[m, k], sweeps without one (failed, not implemented, outside of what can be)
    """

    begin_ns: NDArray[np.int64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    mean: NDArray[np.float64]
    count: NDArray[np.int32]
    left_out: NDArray[np.int32]


@dataclass(frozen=True, slots=True, eq=False)
class Extremes:
    """The lowest and highest good value among all points of one metric of one device, sweep by sweep.

    number, end_ns: int64[n]; low, high: float64[n] in SI units, NaN where no value was good; count: int32[n], good ones
    """

    number: NDArray[np.int64]
    end_ns: NDArray[np.int64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    count: NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened. `kind`: start, stop, link, repair, clock, disk, alarm, retention; `subject` is a device
    or a part of the plant, empty for the historian itself; `text` is for people, in English. A `link` event says that a
    device could not be reached at all (no sweep tells of it): its figures had no answer from then to its next sweep."""

    time_ns: int
    kind: str
    subject: str
    text: str


class Archive(Protocol):
    """The past of one plant. Every answer covers what is sealed and what is not yet, without a seam."""

    def devices(self) -> list[str]:
        """Ids of all devices that were ever recorded, in the order of their first sweep."""

    def span(self, device: str | None = None) -> tuple[int, int] | None:
        """Ends of the first and the last sweep of a device, or of all; None where nothing is recorded."""

    def editions(self, device: str) -> list[Edition]:
        """All editions of a device, by number."""

    def plant(self, plant_hash: str) -> Plant:
        """The plant file of that content."""

    def register_map(self, map_hash: str) -> RegisterMap:
        """The register map of that content; of a SunSpec device the models that it listed."""

    def sweeps(self, device: str, start_ns: int, end_ns: int) -> Sweeps:
        """The sweeps of a device that ended in a span."""

    def words(self, device: str, registers: Sequence[int], start_ns: int, end_ns: int) -> Words:
        """The words of some registers in every sweep that ended in a span."""

    def image(self, device: str, at_ns: int) -> Image | None:
        """The newest sweep that had ended by a moment (the moment included); None where there is none."""

    def latest(self, device: str, registers: Sequence[int], at_ns: int) -> Latest:
        """The newest good answer of some registers by a moment, looking back an hour at most."""

    def exchanges(self, device: str, number: int) -> list[Exchange]:
        """The exchanges of a sweep, frames byte for byte, times to the microsecond. Raises UnknownSweep."""

    def rollup(self, figures: Sequence[str], start_ns: int, end_ns: int, step: Step) -> Rollup:
        """Steps of some figures (ids as the twin names readings) whose beginning lies in a span."""

    def extremes(self, device: str, metric: str, start_ns: int, end_ns: int) -> Extremes:
        """Lowest and highest value of a metric (`cell.voltage`) in every sweep of a device that ended in a span."""

    def events(self, start_ns: int, end_ns: int) -> list[Event]:
        """What happened in a span, by time."""
