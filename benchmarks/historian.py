"""A day of the reference plant in the historian, and the same words in DuckDB, SQLite and chDB, in one run.

REF-5M at 1 Hz, emulated from midnight on, is recorded as `bessinside run --history` does it: on its event loop, with
its collector of cycles, a commit each five seconds, files of ten minutes, rollups. A day is over when the first ten
minutes of the next are sealed; then its files become one. That counts too: bytes and CPU are of all that was recorded,
and the past is asked when it is done. What is asked of a day that is still in files of ten minutes is beside it as
`today`. A sample is one register in one sweep. CPU is user and system time of this process while it records, without
the emulator, which makes a minute of sweeps ahead, as the rows of the peers are made ahead. Peers get the words of one
hour, a row a sample, in batches of ten minutes, no time but the second, and no rollups; their figures over a day are
scaled from that and marked so. Latencies are the best of five, each of another cell or moment; `_cpu_ms` is what the
same took of the processor, which a busy machine does not blur.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from historian_day import MIDNIGHT, SECOND, Day
from historian_peers import Asked, fill, measure, peers
from numpy.typing import NDArray

from bessinside.historian import Step
from bessinside.historian.embedded.record import Historian
from bessinside.historian.embedded.spool import COMMIT_EVERY_S
from bessinside.historian.opened import opened
from bessinside.historian.past.cells import Spread
from bessinside.historian.sealed import compact
from bessinside.modbus import Sweep
from bessinside.plant import BoundDevice
from bessinside.runtime import loop

DAY_S = 86_400
LATE_S = 610  # so much later the first ten minutes of the next day are sealed, and the day becomes one
STARTED_S = 660  # by then the first ten minutes are sealed
TARGETS = {
    "bytes_a_sample": 0.4,
    "cpu_ms_a_plant_second": 0.6,
    "cell_day_rollup_ms": 10.0,
    "cell_day_raw_ms": 250.0,
    "cells_at_ms": 40.0,
    "spread_day_ms": 50.0,
    "spread_day_recomputed_ms": 6000.0,
    "snapshot_ms": 60.0,
}
Kept = list[tuple[int, NDArray[np.uint16]]]
Second = list[tuple[Sweep, BoundDevice]]


def best(ask: Callable[[], Any], times: int = 5) -> float:
    """ms of the quickest of some tries."""
    return min(clocked(ask)[0] for _ in range(times))


def clocked(ask: Callable[[], Any]) -> tuple[float, float]:
    """ms on the wall and of the processor."""
    began, used = time.perf_counter(), time.process_time()
    ask()
    return (time.perf_counter() - began) * 1e3, (time.process_time() - used) * 1e3


async def record(day: Day, folder: Path, seconds: int, keep_s: int) -> tuple[dict[str, float], Kept]:
    """Records some seconds, and what it takes to seal them; figures, and the words of the first `keep_s` seconds for
    the peers."""
    used, kept, began = 0.0, [], time.perf_counter()
    before_compaction: dict[str, float] = {}
    started = 0.0  # what loading, binding and the first files cost once
    historian = Historian(folder, day.plant, commit_every_s=3600.0)
    await historian.start()
    for task in historian._tasks:  # what they do by the clock of the wall is done here by that of the plant
        task.cancel()
    loop.seldom_collect()  # as the server does
    ticks, ahead = day.seconds(), list[Second]()
    for second in range(seconds + LATE_S):
        if not ahead:
            ahead = [next(ticks) for _ in range(60)][::-1]
        sweeps = ahead.pop()
        if second < keep_s:
            words = np.concatenate([sweep.image for sweep, _ in sweeps]).astype(np.uint16)
            kept.append((MIDNIGHT // SECOND + second, words))
        before = time.process_time()
        for sweep, bound in sweeps:
            historian.take(sweep, bound)
        if second % COMMIT_EVERY_S == 0 or historian._spool.urgent:
            await historian._commit()
        if second % 60 == 59 or second >= seconds:
            while await historian.seal():
                pass
        used += time.process_time() - before
        if second == STARTED_S:
            started = used
        if second == seconds + LATE_S - 1:
            before_compaction = {f"today_{name}": value for name, value in ask(folder, seconds, again=False).items()}
        if second % 3600 == 3599:
            print(f"  {(second + 1) // 3600} h recorded, {time.perf_counter() - began:.0f} s", flush=True)
    before = time.process_time()
    while await historian.compact():
        pass
    compacted = time.process_time() - before
    await historian.stop()
    used += time.process_time() - before
    took = time.perf_counter() - began
    figures = {
        "cpu_ms_a_plant_second": used * 1e3 / (seconds + LATE_S),
        "cpu_ms_once_started": (used - started) * 1e3 / (seconds + LATE_S - STARTED_S),
        "compaction_cpu_s": compacted,
        "wall_s": took,
    }
    return figures | before_compaction, kept


def size(folder: Path) -> int:
    """Bytes of all files."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def ask(folder: Path, seconds: int, *, again: bool = True) -> dict[str, float]:
    """ms of each question about the recorded span; what is computed from every cell `again` too."""
    start, end = MIDNIGHT, MIDNIGHT + seconds * SECOND
    numbers = iter(range(1, 10_000))
    with opened(folder) as past:

        def cell() -> str:
            n = next(numbers)
            return f"c1/r{n % 12 + 1:02d}/m{n % 4 + 1}/cell{n * 7 % 104 + 1:03d}/voltage"

        def moment() -> int:
            return start + next(numbers) * 7_919 % max(1, seconds - 60) * SECOND + 60 * SECOND

        def recomputed() -> list[Spread]:
            return past.spread("cell.voltage", start, end, recompute=True)

        past.at(end).snapshot()  # maps, plant file and formulas are read once
        questions: dict[str, tuple[Callable[[], Any], int]] = {
            "cell_day_rollup": (lambda: past.rollup(cell(), start, end, Step.MINUTE), 5),
            "cell_day_raw": (lambda: past.series(cell(), start, end), 5),
            "cells_at": (lambda: past.cells("cell.voltage", moment()), 15),
            "spread_day": (lambda: past.spread("cell.voltage", start, end), 5),
            **({"spread_day_recomputed": (recomputed, 1)} if again else {}),
            "snapshot": (lambda: past.at(moment()).snapshot(), 15),
        }
        figures: dict[str, float] = {}
        for name, (question, times) in questions.items():
            tries = [clocked(question) for _ in range(times)]
            figures[f"{name}_ms"], figures[f"{name}_cpu_ms"] = (min(column) for column in zip(*tries, strict=True))
        if again:
            kept = past.spread("cell.voltage", start, end)
            assert [(one.device, one.spread) for one in kept] == [(one.device, one.spread) for one in recomputed()]
    return figures


def main() -> None:
    """Runs it and prints a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="twenty minutes instead of a day, a minute for the peers")
    parser.add_argument("--hours", type=float, help="hours of the plant to record (24)")
    parser.add_argument("--no-peers", action="store_true", help="ours only")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="leave the recorded folder here")
    parser.add_argument("--json", action="store_true", help="one JSON object with all figures on the last line")
    options = parser.parse_args()
    seconds = round(3600 * options.hours) if options.hours else 1200 if options.quick else DAY_S
    compact.DAY_NS = seconds * SECOND  # a shorter span is a day all the same
    peer_s = 60 if options.quick else min(seconds, 3600)
    with tempfile.TemporaryDirectory() as scratch:
        day = Day(Path(scratch))
        folder = Path(scratch) / "history"
        print(f"REF-5M: {day.words:,} registers, {day.points:,} points a second; {seconds:,} s of it", flush=True)
        ours, kept = loop.run(record(day, folder, seconds, 0 if options.no_peers else peer_s))
        samples = day.words * (seconds + LATE_S)
        ours |= {
            "seconds": seconds,
            "samples": samples,
            "bytes_a_sample": size(folder) / samples,
            **ask(folder, seconds),
        }
        figures: dict[str, Any] = {"ours": ours}
        if not options.no_peers:
            figures |= beside(Path(scratch), day, kept)
        if options.keep is not None:
            shutil.copytree(folder, options.keep)
    table(figures, seconds)
    if options.json:
        print(json.dumps(figures))


def beside(scratch: Path, day: Day, kept: Kept) -> dict[str, dict[str, float]]:
    """The peers on the words of `kept`; over a day scaled by their number."""
    bcu = next(wire for wire in day.wires if wire.bound.device.id == "bcu01")
    first = sum(wire.plan.size for wire in day.wires[: day.wires.index(bcu)])
    cells = [i for i in range(bcu.bound.size) if (m := bcu.bound.metrics[i]) is not None and m.key == "cell.voltage"]
    layout = bcu.bound.layout
    places = first + bcu.plan.place(layout.fc[cells], layout.address[cells]).astype(np.int64)
    asked = Asked(int(places[100]), places, kept[0][0], kept[-1][0])
    found = {}
    for peer in peers(scratch):
        used, taken = fill(peer, kept)
        samples = day.words * len(kept)
        figures = {
            "seconds": len(kept),
            "bytes_a_sample": taken / samples,
            "cpu_ms_a_plant_second": used * 1e3 / len(kept),
            **measure(peer, asked, best),
        }
        # a day holds so many times what was asked here
        figures["cell_day_raw_ms_scaled"] = figures.pop("cell_minutes_ms") * DAY_S / len(kept)
        figures["spread_day_recomputed_ms_scaled"] = figures.pop("spread_ms") * 12 * DAY_S / len(kept)
        found[peer.name.split()[0].lower()] = figures
        print(f"  {peer.name}: {len(kept):,} s written", flush=True)
    return found


def table(figures: dict[str, dict[str, float]], seconds: int) -> None:
    """Figures beside each other, and what ours must hold over a whole day."""
    names = list(dict.fromkeys(name for row in figures.values() for name in row))
    print(f"{'':34}" + "".join(f"{who:>14}" for who in figures) + f"{'must':>10}")
    for name in names:
        row = "".join(f"{figures[who][name]:>14,.3f}" if name in figures[who] else f"{'—':>14}" for who in figures)
        print(f"{name:34}{row}" + (f"{'≤ ' + format(TARGETS[name], 'g'):>10}" if name in TARGETS else ""))
    if seconds < DAY_S:
        print(f"ours holds {seconds / 3600:g} h, not a day: latencies over a day are of that span")


if __name__ == "__main__":
    main()
