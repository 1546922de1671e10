"""Holds what a viewer sees against what the plant really said: wrong and old values must be marked."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bessinside.twin.derived import Derived
from bessinside.twin.poller import FIRST_RETRY_S
from tests.sim.page import GOOD, NOT_YET, Frame, Page
from tests.sim.truth import WatchedEmulator

FLIGHT_MS = 1100.0
"""Longest time between a request and an answer that is still taken: the client's time limit, and the way."""
PERIODS = 3.0
CLOSE_LOOK = 20
"""Every so many frames the values are held against the physics, and derived figures are worked out again."""


@dataclass(frozen=True, slots=True)
class Lie:
    """A block that shows words which were never served, because a bit turned over on its way: device, block, answer."""

    device: str
    block: int
    answer_ms: float


@dataclass
class Checker:
    """Gets every frame once. `wrong` is what must not be; `lies` what Modbus/TCP cannot notice, and until when."""

    plant: WatchedEmulator
    flips: dict[str, list[float]]
    wrong: list[str] = field(default_factory=list)
    lies: dict[Lie, float] = field(default_factory=dict)
    seen: Counter[str] = field(default_factory=Counter)
    read_once: set[str] = field(default_factory=set)
    sweeps: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    derived: Derived | None = None

    def check(self, frame: Frame, page: Page) -> None:
        """Every good value is young, and was served when its answer came."""
        assert frame.schema == page.hash
        good = (frame.quality == GOOD) & page.carried
        block_ms = np.minimum(frame.block_ms[page.block], frame.block_ms[page.carrier])
        self.seen["frames"] += 1
        for mark, count in enumerate(np.bincount(frame.quality, minlength=8).tolist()):
            self.seen[f"quality {mark}"] += count
        too_old = good & (frame.time_ms - block_ms > PERIODS * page.every_ms[page.device] + 1.0)
        self._note("old but good", too_old, frame, page)
        self._note("good without an answer", good & (block_ms == 0.0), frame, page)
        self._never_forgotten(frame, page)
        served = self._served(frame, page)
        self._lies(good & ~served, frame, page)
        if self.seen["frames"] % CLOSE_LOOK == 0:
            self._physics(good & served, frame, page)
            self._derived(frame, page)

    def _served(self, frame: Frame, page: Page) -> NDArray[np.bool_]:
        """bool[P]: the point's words were served together between its request and its answer."""
        found = np.zeros(len(page.ids), bool)
        block_ms = frame.block_ms[page.block]
        if not (answered := frame.block_ms[frame.block_ms > 0]).size:
            return found
        for moment in self.plant.between(answered.min() - FLIGHT_MS, answered.max()):
            then = (moment.since_ms <= block_ms) & (moment.until_ms >= block_ms - FLIGHT_MS)
            found |= then & page.same(frame.words != moment.words(page))
        return found

    def _lies(self, wrong: NDArray[np.bool_], frame: Frame, page: Page) -> None:
        for block in np.unique(page.block[wrong]).tolist():
            here = wrong & (page.block == block)
            hit = [b for b in {block, *page.carrier[here].tolist()} if self._turned(b, frame, page)]
            for b in hit:
                lie = Lie(page.devices[page.block_device[b]]["id"], b, float(frame.block_ms[b]))
                self.lies[lie] = frame.time_ms
            if not hit:
                self._note("never served", here, frame, page)

    def _turned(self, block: int, frame: Frame, page: Page) -> bool:
        """Whether a bit turned over on the device's link between the request and the answer of a block."""
        answer_ms = float(frame.block_ms[block])
        flips = self.flips.get(page.devices[page.block_device[block]]["id"], ())
        return any(answer_ms - FLIGHT_MS <= flip <= answer_ms for flip in flips)

    def _physics(self, sound: NDArray[np.bool_], frame: Frame, page: Page) -> None:
        """The numbers of a page are those of the physics, to half a step of the register."""
        self.seen["close looks"] += 1
        values = page.values(frame.words)
        step = page.quantum(values)
        index = np.array([self.plant.number.get(name, -1) for name in page.ids])
        block_ms = frame.block_ms[page.block]
        near = np.zeros(len(page.ids), bool)
        looked = sound & page.numeric & np.isfinite(step) & np.isfinite(values) & (index >= 0)
        for moment in self.plant.between(block_ms[looked].min(initial=np.inf) - FLIGHT_MS, frame.time_ms):
            then = (moment.since_ms <= block_ms) & (moment.until_ms >= block_ms - FLIGHT_MS)
            truth = moment.values[index]
            with np.errstate(invalid="ignore"):
                near |= then & (np.abs(values - truth) <= 0.5 * step * (1 + 1e-6) + 1e-12 * np.abs(truth))
        self.seen["values held against the physics"] += int(looked.sum())
        self._note("not what the physics has", looked & ~near, frame, page)

    def turn_to(self, page: Page, derived: Derived) -> None:
        """A new schema: what is still read keeps its readings; what the device refuses now has none."""
        self.derived = derived
        self.read_once &= {page.ids[i] for i in np.flatnonzero(page.carried).tolist()}

    def _never_forgotten(self, frame: Frame, page: Page) -> None:
        """What was read once may become old, wrong or silent, but not unread."""
        blank = page.carried & (frame.quality == NOT_YET)
        if blank.any():
            again = np.array([name in self.read_once for name in page.ids]) & blank
            self._note("read before and unread again", again, frame, page)
        read = page.carried & (frame.quality != NOT_YET)
        if int(read.sum()) != len(self.read_once):
            self.read_once |= {page.ids[i] for i in np.flatnonzero(read).tolist()}

    def _derived(self, frame: Frame, page: Page) -> None:
        """Derived figures are those of the readings in the same frame."""
        assert self.derived is not None
        values, marks = self.derived.compute(page.values(frame.words), frame.quality)
        if not (marks == frame.figure_quality).all():
            i = int(np.flatnonzero(marks != frame.figure_quality)[0])
            self.wrong.append(f"{self.derived.ids[i]}: quality {frame.figure_quality[i]}, its inputs give {marks[i]}")
        good = marks == GOOD
        if not np.allclose(values[good], frame.figures[good], rtol=1e-9, atol=1e-9):
            self.wrong.append(f"{frame.time_ms:.0f} ms: derived figures are not those of the frame's readings")
        self.seen["derived figures worked out"] += int(good.sum())

    def long_lies(self, every_s: dict[str, float]) -> list[str]:
        """Lies that outlived the next sweep, or waited longer for it to begin than a period, or than a poller waits
        after its link broke. Call it at the end."""
        found = []
        for lie, last_ms in self.lies.items():
            after = [sweep for sweep in self.sweeps.get(lie.device, ()) if sweep[1] >= lie.answer_ms]
            period = 1e3 * max(1.05 * every_s[lie.device], 1.5 * FIRST_RETRY_S)
            own_end = after[0][1] if after and after[0][0] <= lie.answer_ms else lie.answer_ms
            following = next((sweep for sweep in after if sweep[0] >= own_end), (math.inf, math.inf))
            if last_ms > following[1] or (
                last_ms > max(own_end, following[0]) and following[0] > own_end + period + 1.0
            ):
                found.append(f"{lie} was shown as good until {last_ms:.0f}, the next sweep was {following}")
        return found

    def _note(self, what: str, where: NDArray[np.bool_], frame: Frame, page: Page) -> None:
        if where.any() and len(self.wrong) < 20:
            i = int(np.flatnonzero(where)[0])
            age = frame.time_ms - frame.block_ms[page.block[i]]
            self.wrong.append(
                f"{frame.time_ms:.0f} ms: {what}: {int(where.sum())} points, first {page.ids[i]} of "
                f"{page.devices[page.device[i]]['id']} (quality {frame.quality[i]}, answered {age:.0f} ms ago)"
            )
