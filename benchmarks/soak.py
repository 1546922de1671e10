"""A recorded day once more at speed: every sweep of it is recorded again, and nothing may pile up.

A day of REF-5M at 1 Hz is taken in so fast that it is over in a quarter of an hour, while the past is asked as pages
and scripts do: snapshots, series, rollups, cells. The times of the sweeps are those of the day; commits, sealing,
rollups and compaction happen as often as in it. Watched are memory, open files, threads and what waits. At the end
every sweep must be there (completeness 100 %, no gap, none twice), and memory, files and threads no more than they were
after half the day.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import os
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from historian_day import MIDNIGHT, SECOND, Day

from bessinside.historian import Step
from bessinside.historian.embedded.record import Historian
from bessinside.historian.embedded.spool import COMMIT_EVERY_S
from bessinside.historian.opened import opened
from bessinside.historian.past.past import Past
from bessinside.modbus import Sweep
from bessinside.plant import BoundDevice

DAY_S = 86_400
RECORDED_S = 600  # so much is emulated; the day repeats it
ASK_EVERY_S = 600  # seconds of the plant
CELL = "c1/r04/m3/cell026/voltage"
MEMORY_MB, FILES = 64.0, 8
"""Most that may be more at the end than after half the day; caches are full by then."""
CACHES_MB, OPEN = 400.0, 160
"""Most that caches take, and that may be open at all."""
Second = list[tuple[Sweep, BoundDevice]]


@dataclass(frozen=True, slots=True)
class Sample:
    """How the process was at a second of the day."""

    second: int
    rss_mb: float
    files: int
    threads: int
    waiting: int


def sample(second: int, historian: Historian) -> Sample:
    """Resident memory in MB, open files and threads of this process."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    files = len(os.listdir("/proc/self/fd"))
    return Sample(
        second, pages * os.sysconf("SC_PAGE_SIZE") / 1e6, files, threading.active_count(), historian.health().waiting
    )


def seconds(recorded: list[Second], count: int) -> Iterator[Second]:
    """The recorded seconds again and again, each as late as its turn comes."""
    for second in range(count):
        late = second // len(recorded) * len(recorded) * SECOND
        yield [
            (
                replace(
                    sweep, start_ns=sweep.start_ns + late, end_ns=sweep.end_ns + late, sent_ns=sweep.sent_ns + late,
                    received_ns=sweep.received_ns + late,
                ),
                bound,
            )
            for sweep, bound in recorded[second % len(recorded)]
        ]  # fmt: skip


def look(past: Past, second: int) -> None:
    """Asks as a page does that stands on a moment."""
    now = MIDNIGHT + second * SECOND
    past.at(now).snapshot()
    past.series(CELL, now - 600 * SECOND, now)
    past.rollup(CELL, MIDNIGHT, now, Step.MINUTE)
    past.cells("cell.voltage", now)


async def soak(folder: Path, day: Day, count: int, within_s: float) -> list[Sample]:
    """Records so many seconds, each when it is due; how the process was meanwhile."""
    ticks = day.seconds()
    recorded = [next(ticks) for _ in range(min(RECORDED_S, count))]
    samples, began = [], time.monotonic()
    async with Historian(folder, day.plant, commit_every_s=3600.0) as historian:
        with opened(folder) as past:
            for second, sweeps in enumerate(seconds(recorded, count)):
                for sweep, bound in sweeps:
                    historian.take(sweep, bound)
                if second % COMMIT_EVERY_S == 0:
                    await historian._commit()
                if second % 20 == 19:
                    await asyncio.sleep(max(0.0, began + second * within_s / count - time.monotonic()))
                if second % 60 == 59:
                    while await historian.seal() or await historian.compact():
                        pass
                if second % ASK_EVERY_S == ASK_EVERY_S - 1:
                    await asyncio.to_thread(look, past, second)
                    gc.collect()
                    samples.append(sample(second, historian))
        if historian.health().trouble or historian.health().dropped:
            raise SystemExit(f"recording had trouble: {historian.health()}")
    return samples


def judge(folder: Path, day: Day, count: int, samples: list[Sample]) -> dict[str, float]:
    """Figures of the run. Ends the program where a sweep is missing or something grew."""
    with opened(folder) as past:
        devices = past.archive.devices()
        found = [past.archive.sweeps(device, 0, 2**62) for device in devices]
        complete = past.completeness(MIDNIGHT, MIDNIGHT + count * SECOND)
    sweeps = sum(map(len, found))
    gap_s = max(float(np.diff(one.end_ns).max()) / 1e9 for one in found)
    numbers = np.sort(np.concatenate([one.number for one in found]))
    early = [one for one in samples if one.second <= count // 2] or samples[:1]
    base, last = early[-1], samples[-1]
    room = (MEMORY_MB, FILES) if count >= DAY_S // 2 else (CACHES_MB, OPEN)
    figures = {
        "seconds": float(count),
        "sweeps": float(sweeps),
        "missing": float(count * len(day.wires) - sweeps),
        "twice": float(len(numbers) - len(np.unique(numbers))),
        "largest_gap_s": gap_s,
        "completeness": float(complete.share.min()),
        "rss_mb_early": base.rss_mb,
        "rss_mb_end": last.rss_mb,
        "files_early": float(base.files),
        "files_end": float(last.files),
        "threads_end": float(last.threads),
    }
    wrong = [
        (figures["missing"] != 0, "sweeps are missing"),
        (figures["twice"] != 0, "sweeps are there twice"),
        (gap_s > 1.5, "there is a gap"),
        (float(complete.share.min()) < 1.0, "completeness is below 100 %"),
        (last.rss_mb - base.rss_mb > room[0], "memory grew"),
        (last.files - base.files > room[1] or last.files > OPEN, "open files grew"),
        (last.threads > base.threads, "threads grew"),
    ]
    said = "; ".join(text for bad, text in wrong if bad)
    if said:
        raise SystemExit(f"{said}: {json.dumps(figures)}")
    return figures


def main() -> None:
    """Runs it and prints figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="an hour and a half of the plant within a minute")
    parser.add_argument("--seconds", type=int, help="seconds of the plant (a day)")
    parser.add_argument("--within", type=float, help="real seconds for it (900)")
    parser.add_argument("--json", action="store_true", help="one JSON object with all figures on the last line")
    options = parser.parse_args()
    count = options.seconds or (5_400 if options.quick else DAY_S)
    within = options.within or (48.0 if options.quick else 900.0)
    with tempfile.TemporaryDirectory() as scratch:
        day, folder = Day(Path(scratch)), Path(scratch) / "history"
        began = time.monotonic()
        samples = asyncio.run(soak(folder, day, count, within))
        figures = judge(folder, day, count, samples) | {"wall_s": time.monotonic() - began}
    for one in samples[:: max(1, len(samples) // 24)]:
        print(f"{one.second + 1:>7} s {one.rss_mb:7.1f} MB {one.files:4} files {one.threads:3} threads {one.waiting:5}")
    for name, value in figures.items():
        print(f"{name:20}{value:>16,.3f}")
    if options.json:
        print(json.dumps({"soak": figures}))


if __name__ == "__main__":
    main()
