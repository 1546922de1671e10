"""Bugs planted on purpose: the checker finds each of them, so its silence about the rest says something."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from bessinside.modbus import Ask, ReadPlan, Reply, Sweep, Trouble, split
from bessinside.modbus.frames import exception_pdu
from bessinside.twin import Quality
from bessinside.twin.readings import Readings
from bessinside.web.live import Live
from tests.sim.world import Story, run

Plant = Callable[[pytest.MonkeyPatch], None]
STILL = ((60.0, {}),)


def failures_are_forgotten(patch: pytest.MonkeyPatch) -> None:
    """A device that cannot be reached keeps its good readings."""
    patch.setattr(Readings, "fail", lambda self, note: None)
    patch.setattr("bessinside.twin.readings._STALE_AFTER", 1e9)


def words_are_shown_before_their_sweep_is_over(patch: pytest.MonkeyPatch) -> None:
    """The client writes into the very words that are shown."""
    patch.setattr(Readings, "image", lambda self, plan: self.words)


def words_are_swapped(patch: pytest.MonkeyPatch) -> None:
    """The first two words of a device change places from time to time."""
    take = Readings.take

    def wrong(self: Readings, sweep: Sweep) -> None:
        if len(sweep.image) > 1 and self.sweeps % 7 == 6:
            sweep.image[:2] = sweep.image[1::-1].copy()
        take(self, sweep)

    patch.setattr(Readings, "take", wrong)


def a_refusal_is_believed_at_once(patch: pytest.MonkeyPatch) -> None:
    """One damaged request is enough to leave a register alone."""

    async def believed(*_: Any) -> bool:
        return True

    patch.setattr(split, "_refused", believed)


def fickle(random: np.random.Generator) -> Trouble:
    """A device, or a link, for which every second request is wrong when it comes for the first time."""
    met: set[bytes] = set()

    def trouble(ask: Ask) -> Reply | None:
        first = ask.pdu not in met
        met.add(ask.pdu)
        return Reply(ask.frame(exception_pdu(ask.pdu[0], 2))) if first and random.random() < 0.5 else None

    return trouble


def readings_are_forgotten_when_the_reads_are_planned_anew(patch: pytest.MonkeyPatch) -> None:
    """A device that is found to refuse a register begins without readings."""
    replan = Readings.replan

    def wrong(self: Readings) -> None:
        self._begin(ReadPlan(()))
        replan(self)

    patch.setattr(Readings, "replan", wrong)


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

    def wrong(self: Readings, now_ns: int, low: Any, high: Any, times: Any) -> Any:
        marks = quality(self, now_ns, low, high, times)
        return np.where(marks == Quality.NO_ANSWER, Quality.GOOD, marks).astype(np.uint8)

    patch.setattr(Readings, "quality", wrong)


BUGS: list[tuple[Plant, str]] = [
    (failures_are_forgotten, "old but good"),
    (words_are_shown_before_their_sweep_is_over, "never served"),
    (words_are_swapped, "never served"),
    (readings_are_forgotten_when_the_reads_are_planned_anew, "unread again"),
    (the_frame_builder_dies, "planted"),
    (silence_is_good, "old but good"),
]


def said(story: Story) -> list[str]:
    return [*story.wrong, *story.failures, *story.unhealed]


@pytest.mark.parametrize(("plant", "found"), BUGS, ids=[plant.__name__ for plant, _ in BUGS])
def test_a_planted_bug_is_found(plant: Plant, found: str, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch)
    for seed in (13, 7, 2, 1, 3, 4):
        story = run(seed, 45.0)
        if any(found in line for line in said(story)):
            return
    raise AssertionError(f"{plant.__doc__} Nobody noticed: {said(story)}")


@pytest.mark.parametrize("seed", range(3))
def test_refusals_that_do_not_last_are_not_believed_and_one_who_believes_is_found(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert said(run(seed, 5.0, weather=STILL, trouble=fickle)) == []
    a_refusal_is_believed_at_once(monkeypatch)
    assert any("quality 5" in line for line in said(run(seed, 5.0, weather=STILL, trouble=fickle)))
