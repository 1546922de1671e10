"""A folder with some minutes of the small plant in it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bessinside.historian.embedded.record import Historian
from bessinside.runtime import clock
from bessinside.runtime.simulation import SimLoop
from bessinside.twin import Twin
from tests.conftest import Small
from tests.historian.memory import MemoryArchive


@pytest.fixture(scope="session")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, MemoryArchive]:
    """The small plant over twelve minutes in a folder (sealed and tail), and the same in memory.

    SoC of rack 1 and a cell of rack 2 move with the seconds; rack 2 is away from the fourth to the fifth minute.
    """
    small = Small(tmp_path_factory.mktemp("small"))
    folder, memory = small.folder / "history", MemoryArchive()
    text = small.text().replace('every = "200 ms"', 'every = "2 s"')

    async def scenario() -> None:
        await small.start()
        twin = Twin(small.file(text))
        async with Historian(folder, twin.plant, commit_every_s=20.0) as historian:
            twin.listen(
                _both(memory.recorder(twin), historian), lambda device, why: lose(historian, memory, device, why)
            )
            async with twin:
                for second in range(720):
                    small.units["a"].holding.put(0, [200 + second])
                    small.units["a"].holding.put(6, [98 if second // 20 % 2 else 0xFFFF])
                    small.units["b"].holding.put(110, [3300 + second // 4, 3290])
                    if second == 240:
                        await small.stop("b")
                    if second == 300:
                        await small.start("b")
                    await clock.sleep(1.0)

    SimLoop(1).run(scenario())
    return folder, memory


def _both(keep: Callable[[Any, Any], None], historian: Historian) -> Callable[[Any, Any], None]:
    def take(sweep: Any, bound: Any) -> None:
        keep(sweep, bound)
        historian.take(sweep, bound)

    return take


def lose(historian: Historian, memory: MemoryArchive, device: str, why: str) -> None:
    memory.lose(device, why)
    historian.note("link", device, why)
