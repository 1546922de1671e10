"""While the plant moves, what is shown lies between what was true around the moment when it was read.

The bound: half a step of the register, and what the truth changed from the begin of the sweep to its answer.
"""

from __future__ import annotations

import time

import numpy as np
import pytest

from tests.closed_loop.conftest import Floats, Loop, Moment
from tests.sim.page import Page

SWEEP_MS = 700.0  # the longest that an answer may be behind its request here
pytestmark = pytest.mark.xdist_group("closed-loop-moving")
ROUNDING = 1e-9


def test_every_shown_number_was_true_within_the_skew(moving: Loop) -> None:
    world, page = moving.emulator.world, moving.page
    time.sleep(4.0)
    frames = []
    for _ in range(3):
        frames.append(moving.frame())
        time.sleep(1.3)
    place = {name: n for n, name in enumerate(page.ids)}
    served = np.concatenate([image.served for image in world.images])
    points = np.array([index for index in np.flatnonzero(served) if world.binding.ids[index] in place])
    numbers = np.array([place[world.binding.ids[index]] for index in points])
    numeric = page.numeric[numbers]
    points, numbers = points[numeric], numbers[numeric]
    moments = moving.background.run(_moments(moving))
    began = np.array([moment.since_ms for moment in moments])
    values = np.array([moment.values[points] for moment in moments])
    shows = []
    for frame in frames:
        shown = page.values(frame.words)[numbers]
        read_ms = frame.block_ms[page.block[numbers]]
        # the moments served from a sweep's begin to its answer: the last that began before, and all within
        first = np.maximum(np.searchsorted(began, read_ms - SWEEP_MS) - 1, 0)
        last = np.searchsorted(began, read_ms, side="right")
        assert (last > first).all()
        low, high = np.full(len(points), np.inf), np.full(len(points), -np.inf)
        for n in range(len(moments)):
            here = (first <= n) & (n < last)
            low = np.where(here, np.fmin(low, values[n]), low)
            high = np.where(here, np.fmax(high, values[n]), high)
        step = steps(page, page.values(frame.words))[numbers]
        known = np.isfinite(shown)
        assert known.mean() > 0.5
        slack = step / 2 + ROUNDING * np.abs(shown)
        wrong = known & ~((low - slack <= shown) & (shown <= high + slack))
        assert not wrong.any(), [
            (page.ids[numbers[n]], shown[n], low[n], high[n], step[n]) for n in np.flatnonzero(wrong)[:10]
        ]
        shows.append(shown)
    assert (shows[0] != shows[-1]).sum() > 50  # a plant that stands still proves nothing here


def steps(page: Page, values: Floats) -> Floats:
    """The smallest step of each point; where a register carries the scale factor, by what that register says."""
    found = page.quantum(values)
    scaled = np.flatnonzero(page.sf_point >= 0)
    found[scaled] = 10.0 ** values[page.sf_point[scaled]] * np.abs(np.array(page.columns["factor"])[scaled])
    return found


async def _moments(loop: Loop) -> list[Moment]:
    return list(loop.emulator.moments)
