"""A month of one-minute sweeps of the reference plant, recorded with a wrong map and then corrected, twice.

A day of REF-5M is emulated in steps of a minute and recorded thirty times over as `bessinside run --history` does it,
but with a map of its twelve BCUs in which two scales are wrong: that of every cell voltage (4,992 cells) and that of
the cabinets' SoC (one register a device). `history redecode` corrects the SoC over the whole month, then the cells.
After each, figures, trends, plausibility and passports are compared with what a right map makes of the words, and the
past as it was recorded with what it was before. CPU is user and system time of this process.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import shutil
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from historian_day import MIDNIGHT, SECOND, Wire

from bessinside.emulator.service.serve import Emulator
from bessinside.historian.basis import decoding
from bessinside.historian.basis.archive import Step
from bessinside.historian.embedded import record
from bessinside.historian.embedded.record import Historian
from bessinside.historian.opened import opened
from bessinside.historian.redecode import apply
from bessinside.modbus import Sweep
from bessinside.plant import SUNSPEC, bind, load_plant
from bessinside.plant.plantfile import SHIPPED
from bessinside.registers.loader import MAPS, load_map
from bessinside.twin.quality import Quality

MAP = "discover-aes-bcu"
CELL = "{name: voltage, label: Cell voltage, type: uint16, sf: -3"
SOC = '{name: soc, label: State of charge, type: uint16, sf: -1, units: "%", x-address: 1003'
PERIOD_S = 60
DAY_S = 86_400
HOUR_NS = 3600 * SECOND
CELLS = 4_992
MOST_S = 60.0
"""Seconds that a correction of a month may take: of the processor, which on a free core is what passes on the wall."""
RACKS = [f"c1/r{rack:02d}" for rack in range(1, 13)]


def maps(folder: Path) -> dict[str, Path]:
    """Map files: as it is shipped, with the scale of the cells wrong, and with that of the SoC wrong too."""
    right = (MAPS / f"{MAP}.yaml").read_text()
    cells = right.replace(CELL, CELL.replace("sf: -3", "sf: -4"))
    both = cells.replace(SOC, SOC.replace("sf: -1", "sf: -2"))
    assert len({right, cells, both}) == 3, "the map writes its cells or its SoC in other words now"
    found = {}
    for name, text in (("right", right), ("cells", cells), ("both", both)):
        found[name] = folder / name / f"{MAP}.yaml"
        found[name].parent.mkdir(parents=True, exist_ok=True)
        found[name].write_text(text)
    return found


async def month(scratch: Path, days: int) -> float:
    """Records some days into `scratch`/history; seconds of CPU that the historian took."""
    text = (SHIPPED / "ref-5m.toml").read_text()
    text = re.sub(r'every = "[^"]+"', f'every = "{PERIOD_S} s"', text)
    file = scratch / "ref-5m.toml"
    file.write_text(text)
    emulator = Emulator(load_plant(file), at=MIDNIGHT)
    wires = [Wire(image, seed) for seed, image in enumerate(emulator.world.images)]
    maps(scratch)
    file.write_text(text.replace(f'map = "{MAP}"', f'map = "both/{MAP}.yaml"'))
    plant = load_plant(file)
    listed = {wire.bound.device.id: wire.bound.map for wire in wires if wire.bound.device.map == SUNSPEC}
    binding = bind(plant, lambda device: listed.get(device.id) or load_map(device.map))
    known = {bound.device.id: bound for bound in binding.devices}
    day: list[Sweep] = []
    for _ in range(DAY_S // PERIOD_S):
        day += [wire.sweep(emulator.physics.time_ns) for wire in wires]
        emulator.step(PERIOD_S)
    historian = Historian(scratch / "history", plant, commit_every_s=3600.0)
    record._BATCH = len(day)
    used = time.process_time()
    await historian.start()
    for half in range(2 * days + 1):  # the last one is still in the tail
        later, first = half // 2 * DAY_S * SECOND, half % 2 * len(day) // 2
        for sweep in day[first : first + len(day) // 2]:
            historian.take(moved(sweep, later), known[sweep.device])
        await historian._commit()  # what the task does once a second of the wall, here twice a day of the plant
        while await historian.seal() or await historian.compact():
            pass
        print(f"  {half / 2:g} d recorded", flush=True)
    await historian.stop()
    return time.process_time() - used


def moved(sweep: Sweep, by_ns: int) -> Sweep:
    """The same sweep, so much later."""
    return replace(
        sweep, start_ns=sweep.start_ns + by_ns, end_ns=sweep.end_ns + by_ns, sent_ns=sweep.sent_ns + by_ns,
        received_ns=sweep.received_ns + by_ns,
    )  # fmt: skip


def correct(folder: Path, file: Path) -> dict[str, float]:
    """Corrects the whole past; what it took, and what its rollups take on the disk."""
    with opened(folder) as past:
        began, before = time.perf_counter(), time.process_time()
        (added,) = apply(folder, past.archive, file, MIDNIGHT, 2**62, "a wrong scale")
        figures = {"wall_s": time.perf_counter() - began, "cpu_s": time.process_time() - before}
    size = sum((folder / "decoded" / "rollups" / name).stat().st_size for name in added.files)
    return {**figures, "files": len(added.files), "bytes": size}


def show(folder: Path, days: int, name: str, wrong: float, mark: Quality) -> None:
    """Asserts that a figure of the past is the corrected one wherever it is asked for, and the recorded one beside it
    `wrong` times that, with the mark that the rule of what can be at all gave it."""
    start, end = MIDNIGHT, MIDNIGHT + days * DAY_S * SECOND
    chance = np.random.default_rng(days)
    with opened(folder) as past, opened(folder, as_recorded=True) as old:
        trend = past.plot(name, start, end, 1000)
        assert int(trend.count.sum()) == days * DAY_S // PERIOD_S, trend
        assert not trend.left_out.any()
        begin = start + int(chance.integers(days * 24 - 1)) * HOUR_NS
        exact, was = (one.series(name, begin, begin + HOUR_NS) for one in (past, old))
        np.testing.assert_allclose(was.value, exact.value * wrong, rtol=1e-12)
        assert (exact.quality == Quality.GOOD).all()
        assert (was.quality == mark).all()
        kept = past.rollup(name, begin, begin + HOUR_NS, Step.MINUTE)
        np.testing.assert_array_equal(kept.mean, exact.value)
        (hour,) = past.rollup(name, begin, begin + HOUR_NS, Step.HOUR).mean
        np.testing.assert_allclose(hour, exact.value.mean(), rtol=1e-12)
        then, at_the_time = (one.at(int(exact.time[7])) for one in (past, old))
        assert then.figure(name).value == exact.value[7]
        passport, before = then.passport(name).reading, at_the_time.passport(name).reading
        assert passport is not None
        assert before is not None
        assert passport.scale != before.scale


def main() -> None:
    """Runs it and prints a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a day instead of a month")
    parser.add_argument("--days", type=int, help="days of the plant (30)")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="leave the month here as it was recorded")
    parser.add_argument("--again", type=Path, metavar="DIR", help="a month that --keep left, instead of a new one")
    parser.add_argument("--json", action="store_true", help="one JSON object with all figures on the last line")
    options = parser.parse_args()
    days = options.days or (1 if options.quick else 30)
    figures: dict[str, Any] = {"days": days, "sweeps": days * DAY_S // PERIOD_S}
    with tempfile.TemporaryDirectory() as made:
        scratch = Path(made)
        if options.again is not None:
            shutil.copytree(options.again, scratch, dirs_exist_ok=True)
        else:
            figures["recorded_cpu_s"] = asyncio.run(month(scratch, days))
        if options.keep is not None:
            shutil.copytree(scratch, options.keep)
        folder, files = scratch / "history", maps(scratch)
        figures["bytes"] = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
        figures["soc"] = correct(folder, files["cells"])
        show(folder, days, "c1/r07/soc", 0.1, Quality.GOOD)
        figures["cells"] = correct(folder, files["right"])
        show(folder, days, "c1/r07/soc", 0.1, Quality.GOOD)
        for cell in ("c1/r01/m1/cell001/voltage", "c1/r12/m4/cell104/voltage"):
            show(folder, days, cell, 0.1, Quality.IMPLAUSIBLE)
        assert len(decoding.load(folder)) == 2, "both decodings are on record"
    for name, value in figures.items():
        rows = value.items() if isinstance(value, dict) else [("", value)]
        for key, one in rows:
            print(f"{name + ' ' + key:34}{one:>16,.2f}")
    print(f"a correction of a month must take less than {MOST_S:g} s")
    assert max(figures[name]["cpu_s"] for name in ("soc", "cells")) < MOST_S
    if options.json:
        print(json.dumps(figures))


if __name__ == "__main__":
    main()
