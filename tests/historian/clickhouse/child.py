"""A recorder in a process of its own, to be killed: says the number of every sweep that it acknowledged."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from bessinside.historian.clickhouse.recorder import Recorder
from tests.historian.made import Maker, plant_in


async def main(folder: Path, address: str, first: int) -> None:
    plant = plant_in(folder)
    maker = Maker(plant)
    async with Recorder(address, plant, commit_every_s=0.02, send_every_s=0.05) as recorder:
        for number in range(first, first + 100_000, 10):
            waiting = [recorder.record(maker.sweep(one), maker.bound_of(one)) for one in range(number, number + 10)]
            for one, _ in enumerate(await asyncio.gather(*waiting), number):
                print(one, flush=True)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
