"""A process that records as fast as it can and says what was acknowledged: `python -m tests.historian.writer FOLDER`.

Sweep n is what `Maker` makes of n. Of device b one sweep each ten seconds stays once a day is over. Sealing, compacting
and thinning go on all the time, so that a kill meets them; with a third argument they are done in turn, all that is due
after every commit. `python -m tests.historian.writer` alone forks one for each line of its standard input
(`FOLDER UNTIL`, always in turn): it stops until somebody continues it, and what it says goes to `FOLDER/said`.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import traceback
from pathlib import Path

from bessinside.historian.embedded.record import Historian
from bessinside.historian.sealed import compact, seal
from bessinside.historian.sealed.retention import RULES
from bessinside.runtime import disk
from tests.historian.made import Maker, plant_in

SLOT_NS, DAY_NS = 6_000_000_000, 60_000_000_000  # ten minutes and a day take too long to wait for


async def main(root: Path, until: int, in_turn: bool) -> None:
    seal.SLOT_NS, compact.DAY_NS = SLOT_NS, DAY_NS
    plant = plant_in(root)
    maker = Maker(plant)
    disk.make_dir(root / "history")
    disk.write_atomic(root / "history" / RULES, b'[[rule]]\nof = "b"\nafter = "1 s"\nkeep = "10 s"\n')
    async with Historian(root / "history", plant, commit_every_s=0.001) as historian:
        for line in historian.repaired:
            print("repaired", line, flush=True)
        number = historian._last
        ends = asyncio.Event()
        sealing = asyncio.create_task(asyncio.sleep(0) if in_turn else _seal_always(historian, ends))
        while number < until:
            waiting = [historian.record(maker.sweep(k), maker.bound_of(k)) for k in range(number + 1, number + 17)]
            try:
                done = await asyncio.wait_for(asyncio.gather(*waiting), 5.0)
            except TimeoutError:
                os.write(1, f"trouble {historian.health().trouble}\n".encode())
                os._exit(3)
            for k, given in enumerate(done):
                assert given == number + 1 + k, (given, number)
            number = done[-1]
            os.write(1, f"{number}\n".encode())
            while in_turn and (await historian.seal() or await historian.compact()):
                os.write(1, b"sealed\n")
        ends.set()
        await sealing


async def _seal_always(historian: Historian, ends: asyncio.Event) -> None:
    while not ends.is_set():
        try:
            if await historian.seal():
                os.write(1, b"sealed\n")
            await historian.compact()
        except OSError as error:
            os.write(1, f"sealing {error}\n".encode())
        await asyncio.sleep(0.002)


def fork(root: Path, until: int) -> int:
    """The id of a writer that shares what this process has loaded."""
    child = os.fork()
    if child:
        return child
    said = os.open(root / "said", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.dup2(said, 1)
    os.dup2(said, 2)
    os.kill(os.getpid(), signal.SIGSTOP)
    try:
        asyncio.run(main(root, until, in_turn=True))
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(1)
    os._exit(0)


def serve() -> None:
    """For each line a process's id, and how it ended."""
    for line in sys.stdin:
        root, until = line.rsplit(maxsplit=1)
        child = fork(Path(root), int(until))
        print(child, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 2**62, len(sys.argv) > 3))
    else:
        serve()
