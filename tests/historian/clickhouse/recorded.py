"""One past, recorded at once into a folder and into any number of other places."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bessinside.historian.clickhouse.recorder import Recorder
from bessinside.historian.embedded.record import Historian
from bessinside.modbus import Sweep
from bessinside.plant import BoundDevice
from bessinside.runtime import clock
from bessinside.runtime.simulation import SimLoop
from bessinside.twin import Twin
from tests.conftest import Small
from tests.historian.made import START_NS, Maker

SECONDS = 1400
MADE = 1300


def record(small: Small, folder: Path, recorders: Sequence[Recorder]) -> None:
    """25 minutes of the small plant, read every four seconds, then made sweeps of it of some months later.

    Rack 1: SoC moves, SoH is not implemented now and then, the counter rolls over, some minutes refuse a register.
    Rack 2: cells move, and it is away for a minute. The made sweeps have every kind of failure, and two plans.
    """
    text = small.text().replace('every = "200 ms"', 'every = "4 s"')
    plant = small.file(text)

    async def scenario() -> None:
        await small.start()
        twin = Twin(plant)
        historian = Historian(folder, twin.plant, commit_every_s=20.0)
        every = [historian, *recorders]
        for one in every:
            await one.start()

        def take(sweep: Sweep, bound: BoundDevice) -> None:
            for one in every:
                one.take(sweep, bound)

        def lose(device: str, why: str) -> None:
            for one in every:
                one.note("link", device, why)

        twin.listen(take, lose)
        async with twin:
            for second in range(SECONDS):
                _move(small, second)
                if second == 400:
                    await small.stop("b")
                if second == 460:
                    await small.start("b")
                await clock.sleep(1.0)
        twin.listen(None)
        maker = Maker(twin.plant)
        for number in range(1, MADE + 1):
            take(maker.sweep(number), maker.bound_of(number))
            if number % 40 == 0:  # a tick is what came within seconds
                await clock.sleep(20.0)
        while await historian.seal():
            pass
        for one in every:
            await one.stop()

    SimLoop(1).run(scenario())


def _move(small: Small, second: int) -> None:
    a, b = small.units["a"], small.units["b"]
    a.holding.put(0, [200 + second // 2, 0xFC18 + second % 400])
    a.holding.put(6, [98 if second // 20 % 2 else 0xFFFF])
    a.input.put(0, [(65_000 + 2 * second) % 65_536])
    a.holding.put(110, [3300 + second % 90, 3301, 3302])
    b.holding.put(110, [3300 + second // 4, 3290, 3295 - second % 7])
    a.holding.readable[16] = not 700 <= second < 820


MADE_BEGIN_NS = START_NS
MADE_END_NS = START_NS + (MADE // 2 + 2) * 1_000_000_000
