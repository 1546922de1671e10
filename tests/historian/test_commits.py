"""When what came is committed: together while all is well, soon where something happened or somebody waits."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np

from bessinside.historian.embedded.record import Historian
from bessinside.historian.embedded.store import Store
from bessinside.modbus import Outcome
from bessinside.runtime import clock
from bessinside.runtime.simulation import SimLoop
from tests.historian.made import Maker, plant_in


def commits(folder: Path) -> list[int]:
    """How many sweeps each commit brought."""
    with Store(folder) as store:
        rows = store._connection.execute("SELECT first, last FROM ticks ORDER BY first")
        return [last - first + 1 for first, last in rows]


def test_calm_seconds_are_committed_together_and_others_at_once(tmp_path: Path) -> None:
    plant = plant_in(tmp_path)
    maker = Maker(plant)
    recorded, waited = [], []

    async def scenario() -> None:
        async with Historian(tmp_path / "history", plant) as historian:
            await clock.sleep(1.5)  # the note that recording began is committed
            for number in range(1, 31):
                sweep = maker.sweep(number)
                sweep = replace(sweep, outcome=np.full_like(sweep.outcome, Outcome.OK), raw={})
                if number == 18:
                    sweep = replace(sweep, outcome=np.full_like(sweep.outcome, Outcome.TIMEOUT))
                historian.take(sweep, maker.bound_of(number))
                await clock.sleep(1.0)
                recorded.append(historian.health().recorded)
            began = clock.monotonic()
            await historian.record(maker.sweep(31), maker.bound_of(31))
            waited.append(clock.monotonic() - began)

    SimLoop(3).run(scenario())
    assert recorded[17] == 18, "an answer failed: committed within a second"
    assert {later - earlier for earlier, later in pairwise(recorded)} <= {0, 2, 3, 4, 5}
    assert sorted(commits(tmp_path / "history"))[-1] == 5
    assert waited[0] <= 1.0


def test_somebody_who_asks_often_waits_no_longer(tmp_path: Path) -> None:
    plant = plant_in(tmp_path)
    maker = Maker(plant)

    async def scenario() -> None:
        async with Historian(tmp_path / "history", plant, commit_every_s=0.25) as historian:
            for number in range(1, 9):
                historian.take(maker.sweep(number), maker.bound_of(number))
                await asyncio.sleep(0.3)
                assert historian.health().waiting == 0

    SimLoop(3).run(scenario())
    assert sum(commits(tmp_path / "history")) == 8
