"""The reference plant on ClickHouse servers: what recording costs, how much it takes, and how fast it answers.

REF-5M at 1 Hz, emulated from midnight on, is recorded as `bessinside run --historian` does it (a commit a second into
the buffer, every ten seconds a batch to the servers, minutes after every slot) onto two servers of the machine's own
package that share the devices, or into chDB, a newer engine with column codecs. A sample is one register in one sweep.
CPU is user and system time: of this process without the emulator, and of the server processes. Sizes are those of the
active parts after `OPTIMIZE`. Latencies are the best of five, `_cpu_ms` what the same took of the processor here and
in the servers, which a busy machine does not blur; `backlog` is how fast minutes that waited in the buffer are taken.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from historian_day import MIDNIGHT, SECOND, Day

from bessinside.historian import Step
from bessinside.historian.clickhouse.address import Address, parse_address
from bessinside.historian.clickhouse.door import Door, HttpDoor
from bessinside.historian.clickhouse.recorder import Recorder
from bessinside.historian.clickhouse.server import Server
from bessinside.historian.past.past import Past
from tests.historian.clickhouse.chdb_door import ChdbDoor
from tests.historian.clickhouse.server import PROGRAM, WITHOUT, Cluster

BATCH_S = 10
BACKLOG_S = 300
TICKS = 100  # of a processor's second, as Linux counts


class Own:
    """CPU seconds of this process and of some others."""

    def __init__(self, pids: list[int]) -> None:
        self._pids = pids
        self.own, self.others = time.process_time(), self._of_others()

    def _of_others(self) -> float:
        fields = [Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split() for pid in self._pids]
        return sum(int(one[11]) + int(one[12]) for one in fields) / TICKS

    def since(self) -> tuple[float, float]:
        return time.process_time() - self.own, self._of_others() - self.others


async def record(recorder: Recorder, day: Day, seconds: int, pids: list[int]) -> dict[str, float]:
    """Records some seconds batch by batch, then as many as wait after an outage at once."""
    await recorder.start()
    for task in recorder._tasks:  # the plant's seconds are quicker than the wall's: commits and batches are made here
        task.cancel()
    own = others = 0.0
    ticks = day.seconds()
    for second in range(seconds + BACKLOG_S):
        if second == seconds:
            while await recorder.seal():
                pass
        sweeps = next(ticks)
        before = Own(pids)
        for sweep, bound in sweeps:
            recorder.take(sweep, bound)
        await recorder._commit()
        if second < seconds and second % BATCH_S == BATCH_S - 1:
            while await recorder.seal():
                pass
        mine, theirs = before.since()
        if second < seconds:
            own, others = own + mine, others + theirs
        if second % 600 == 599:
            print(f"  {second + 1} s recorded", flush=True)
    began, before = time.perf_counter(), Own(pids)
    waited = recorder.health().waiting + BACKLOG_S
    while await recorder.seal():
        pass
    took = time.perf_counter() - began
    assert waited
    mine, theirs = before.since()
    await recorder.stop()
    samples = day.words * BACKLOG_S
    return {
        "recorder_cpu_ms_a_plant_second": own * 1e3 / seconds,
        "servers_cpu_ms_a_plant_second": others * 1e3 / seconds,
        "backlog_samples_a_second": samples / took,
        "backlog_samples_a_cpu_second": samples / (mine + theirs),
    }


def ask(door: Door, seconds: int, pids: list[int]) -> dict[str, float]:
    """ms of each question about what was recorded."""
    past = Past(Server(door))
    start, end = MIDNIGHT, MIDNIGHT + seconds * SECOND
    numbers = iter(range(1, 10_000))

    def cell() -> str:
        n = next(numbers)
        return f"c1/r{n % 12 + 1:02d}/m{n % 4 + 1}/cell{n * 7 % 104 + 1:03d}/voltage"

    def moment() -> int:
        return start + next(numbers) * 7_919 % (seconds - 60) * SECOND + 60 * SECOND

    past.at(end).snapshot()
    questions: dict[str, Callable[[], Any]] = {
        "cell_minutes": lambda: past.rollup(cell(), start, end, Step.MINUTE),
        "cell_raw": lambda: past.series(cell(), start, end),
        "cells_at": lambda: past.cells("cell.voltage", moment()),
        "spread": lambda: past.spread("cell.voltage", start, end),
        "snapshot": lambda: past.at(moment()).snapshot(),
    }
    found = {}
    for name, question in questions.items():
        walls, before = [], Own(pids)
        for _ in range(5):
            began = time.perf_counter()
            question()
            walls.append((time.perf_counter() - began) * 1e3)
        found[f"{name}_ms"], found[f"{name}_cpu_ms"] = min(walls), sum(before.since()) * 1e3 / 5
    return found


def size(doors: list[Door], database: str, samples: int) -> dict[str, float]:
    """Bytes a sample of all tables, and of the words alone."""
    every: dict[str, int] = {}
    for door in doors:
        for name in ("words", "sweeps", "extremes", "minutes"):
            shard = f"{name}_shard" if door.cluster else name
            door.everywhere(f"OPTIMIZE TABLE {database}.{shard} FINAL")
        found = door.ask(
            "SELECT table, sum(bytes_on_disk) AS bytes FROM system.parts "
            f"WHERE active AND database = '{database}' GROUP BY table",
            ("table", "bytes"),
        )
        for table, held in zip(found["table"], found["bytes"].tolist(), strict=True):
            name = table.decode().removesuffix("_shard")
            every[name] = every.get(name, 0) + held
    return {
        "bytes_a_sample": sum(every.values()) / samples,
        **{f"{name}_bytes_a_sample": every[name] / samples for name in ("words", "sweeps", "minutes")},
    }


def main() -> None:
    """Prints the figures as JSON behind what it says meanwhile."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=int, default=1800, help="of the plant, recorded in batches")
    parser.add_argument("--quick", action="store_true", help="twelve minutes of the plant, within a minute")
    parser.add_argument("--json", action="store_true", help="one JSON object with all figures on the last line")
    parser.add_argument("--engine", choices=("servers", "chdb"), default="servers")
    given = parser.parse_args()
    seconds, engine = (700 if given.quick else given.seconds), given.engine
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch)
        day = Day(root)
        cluster = None
        if engine == "servers":
            if PROGRAM is None:
                raise SystemExit(WITHOUT)
            cluster = Cluster(root / "servers")
            cluster.start()
        try:
            pids = [one.process.pid for one in cluster.servers if one.process] if cluster else []
            if cluster:
                address = parse_address(cluster.address("fleet", more=f"&buffer={root / 'buffer'}"))
                recorder = Recorder(address, day.plant)
                doors: list[Door] = [
                    HttpDoor(parse_address(cluster.address("fleet", number, more="&cluster=bess"))) for number in (0, 1)
                ]
                door: Door = HttpDoor(address)
            else:
                from chdb.session import Session

                door = ChdbDoor(Session(str(root / "chdb")), root, "fleet")
                recorder = Recorder(Address((), "fleet", buffer=root / "buffer", text="chdb"), day.plant, door=door)
                doors = [door]
            figures = asyncio.run(record(recorder, day, seconds, pids))
            figures |= size(doors, "fleet", day.words * (seconds + BACKLOG_S))
            figures |= ask(door, seconds, pids)
        finally:
            if cluster:
                cluster.stop()
    about = {"engine": engine, "seconds": seconds, "words_a_second": day.words, "devices": len(day.wires)}
    print(
        json.dumps(about | {name: round(value, 3) for name, value in figures.items()}, indent=None if given.json else 2)
    )


if __name__ == "__main__":
    main()
