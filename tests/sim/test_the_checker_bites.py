"""Bugs planted on purpose: the checker finds each of them, so its silence about the rest says something."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from bessinside.modbus import Sweep
from bessinside.modbus.split import Refusals
from bessinside.twin import Quality
from bessinside.twin.poller import Poller
from bessinside.twin.readings import Readings
from bessinside.web.live import Live
from tests.sim.world import run

Plant = Callable[[pytest.MonkeyPatch], None]


def failures_are_forgotten(patch: pytest.MonkeyPatch) -> None:
    """A device that cannot be reached keeps its good readings."""
    patch.setattr(Readings, "fail", lambda self, note: None)
    patch.setattr("bessinside.twin.readings._STALE_AFTER", 1e9)


def words_are_shown_before_their_sweep_is_over(patch: pytest.MonkeyPatch) -> None:
    """The client writes into the very words that are shown."""
    patch.setattr(Readings, "image", lambda self: self.words)


def words_are_swapped(patch: pytest.MonkeyPatch) -> None:
    """The first two words of a device change places from time to time."""
    take = Readings.take

    def wrong(self: Readings, sweep: Sweep) -> None:
        if len(sweep.image) > 1 and self.sweeps % 7 == 6:
            sweep.image[:2] = sweep.image[1::-1].copy()
        take(self, sweep)

    patch.setattr(Readings, "take", wrong)


def a_refusal_is_believed_at_once(patch: pytest.MonkeyPatch) -> None:
    """One damaged request is enough to never ask for a register again."""

    async def learn(self: Poller, client: Any, sweep: Sweep) -> bool:
        found: Refusals = await self._look(client, sweep)
        known, self.readings.refusals = self.readings.refusals, found
        if found != known:
            self.readings.replan()
        return bool(found != known)

    patch.setattr(Poller, "_learn", learn)


def the_frame_builder_dies(patch: pytest.MonkeyPatch) -> None:
    """The sixtieth frame cannot be built."""
    schema, calls = Live.current_schema, iter(range(10**6))

    def fails(self: Live) -> str:
        if next(calls) == 60:
            raise ValueError("planted")
        return schema(self)

    patch.setattr(Live, "current_schema", fails)


def silence_is_good(patch: pytest.MonkeyPatch) -> None:
    """What was not answered in the newest sweep counts as answered."""
    quality = Readings.quality

    def wrong(self: Readings, now_ns: int, low: Any, high: Any) -> Any:
        marks = quality(self, now_ns, low, high)
        return np.where(marks == Quality.NO_ANSWER, Quality.GOOD, marks).astype(np.uint8)

    patch.setattr(Readings, "quality", wrong)


BUGS: list[tuple[Plant, str]] = [
    (failures_are_forgotten, "old but good"),
    (words_are_shown_before_their_sweep_is_over, "never served"),
    (words_are_swapped, "never served"),
    (a_refusal_is_believed_at_once, "quality 5"),
    (the_frame_builder_dies, "planted"),
    (silence_is_good, "old but good"),
]


@pytest.mark.parametrize(("plant", "found"), BUGS, ids=[plant.__name__ for plant, _ in BUGS])
def test_a_planted_bug_is_found(plant: Plant, found: str, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch)
    for seed in (13, 7, 2, 1, 3, 4):
        story = run(seed, 45.0)
        if any(found in line for line in [*story.wrong, *story.failures, *story.unhealed]):
            return
    raise AssertionError(f"{plant.__doc__} Nobody noticed: {story.wrong} {story.failures} {story.unhealed}")
