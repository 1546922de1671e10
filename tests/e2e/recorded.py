"""A short scenario, recorded by the product's own recorder under a virtual clock: a minute of plant in some seconds."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

from bessinside.emulator.service.serve import Emulator
from bessinside.historian.embedded.record import Historian
from bessinside.plant import load_plant
from bessinside.runtime import clock
from bessinside.runtime.simulation import SimLoop
from bessinside.twin import Twin

BEGINS = datetime(2026, 6, 21, 17, 50, tzinfo=UTC)
AT_WORK_S = 600.0
SECONDS = 75.0


def record(plant: Path, folder: Path, scenario: str) -> None:
    """Records a plant whose trouble begins with the recording. The simulated loop gets a thread of its own: this one
    may have another."""
    with ThreadPoolExecutor(1) as alone:
        alone.submit(_record, plant, folder, scenario).result()


def _record(plant: Path, folder: Path, scenario: str) -> None:
    loop = SimLoop(1, start_ns=round((BEGINS.timestamp() - AT_WORK_S) * 1e9))
    loop.run(_lived(plant, folder, scenario))


async def _lived(file: Path, folder: Path, scenario: str) -> None:
    plant = load_plant(file)
    emulator = Emulator(plant, seed=1, reserve=0.4 * (plant.power_w or 0.0))
    await clock.sleep(AT_WORK_S)
    await emulator.go(clock.now_ns())
    emulator.begin(scenario)
    async with emulator:
        twin = Twin(plant)
        async with Historian(folder, plant, commit_every_s=5.0) as historian:
            twin.listen(historian.take, lambda device, why: historian.note("link", device, why))
            async with twin:
                await clock.sleep(SECONDS)
            twin.listen(None)
