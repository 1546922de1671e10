"""The whole reference plant, polled as a user polls it: what one container costs a core, and what a look at it costs.

REF-5M is served by an emulator in a process of its own; this process polls, decodes and keeps it, and nothing else. CPU
is user and system time of this process. The peer reads the same registers with pymodbus and decodes none of them.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bessinside.modbus import parse_endpoint
from bessinside.twin import Twin
from bessinside.web.frame import encode_frame
from bessinside.web.schema import page_schema

ROOT = Path(__file__).parents[1]
OFFSET = 9000  # below the ports that a system lends for outgoing connections
Figures = dict[str, float]


@contextmanager
def emulated() -> Iterator[Path]:
    """REF-5M on ports of its own; gives its plant file."""
    text = (ROOT / "src/bessinside/plant/plants/ref-5m.toml").read_text()
    moved = re.sub(r"127\.0\.0\.1:(\d+)", lambda found: f"127.0.0.1:{int(found[1]) + OFFSET}", text)
    with tempfile.TemporaryDirectory() as folder:
        plant = Path(folder) / "ref-5m.toml"
        plant.write_text(moved)
        command = [sys.executable, "-m", "bessinside", "emulate", str(plant)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        try:
            assert process.stdout is not None
            while "serving" not in process.stdout.readline():
                if process.poll() is not None:
                    raise SystemExit("the emulator ended")
            yield plant
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=10)


def cpu() -> float:
    """CPU seconds of this process."""
    times = os.times()
    return times.user + times.system


async def poll(plant: Path, seconds: float) -> Figures:
    """CPU of polling, and the cost of a snapshot, a frame, a schema and a passport."""
    async with Twin(plant) as twin:
        while any(readings.sweeps < 3 for readings in twin.devices):
            await asyncio.sleep(0.1)
        sweeps = sum(readings.sweeps for readings in twin.devices)
        before, began = cpu(), time.perf_counter()
        await asyncio.sleep(seconds)
        share = (cpu() - before) / (time.perf_counter() - began)
        swept = sum(readings.sweeps for readings in twin.devices) - sweeps
        reads = sum(len(r.plan.requests) / r.bound.device.every_s for r in twin.devices)
        schema, _ = page_schema(twin)
        now = twin.snapshot()
        return {
            "points": float(twin.binding.size),
            "reads_per_second": reads,
            "sweeps_per_second": swept / seconds,
            "cpu_share_of_a_core": share,
            "cpu_us_per_read": share / reads * 1e6,
            "snapshot_ms": milliseconds(twin.snapshot),
            "frame_ms": milliseconds(lambda: encode_frame(twin, now, schema)),
            "frame_bytes": float(len(encode_frame(twin, now, schema))),
            "levels_ms": milliseconds(twin.levels, 5),
            "passport_ms": milliseconds(lambda: twin.passport("c1/r04/m3/cell026/voltage"), 20),
            "schema_ms": milliseconds(lambda: page_schema(twin), 3),
        }


def milliseconds(work: Callable[[], object], times: int = 50) -> float:
    """The best of several runs."""
    best = float("inf")
    for _ in range(times):
        began = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - began)
    return best * 1e3


async def peer(plant: Path, seconds: float) -> Figures:
    """The same reads at the same pace by pymodbus, one client a device, words thrown away."""
    from pymodbus.client import AsyncModbusTcpClient

    async with Twin(plant) as twin:
        while any(readings.sweeps < 3 for readings in twin.devices):
            await asyncio.sleep(0.1)
        work = [(r.bound.device.url, r.bound.device.every_s, r.plan.requests) for r in twin.devices]

    async def run(url: str, every: float, requests: tuple[object, ...]) -> None:
        endpoint = parse_endpoint(url)
        client = AsyncModbusTcpClient(endpoint.host, port=endpoint.port)
        await client.connect()
        read = {
            1: client.read_coils,
            2: client.read_discrete_inputs,
            3: client.read_holding_registers,
            4: client.read_input_registers,
        }
        due = time.perf_counter()
        try:
            while True:
                for request in requests:
                    await read[request.fc](request.address, count=request.count, device_id=endpoint.unit)  # type: ignore[attr-defined]
                due = max(due + every, time.perf_counter())
                await asyncio.sleep(due - time.perf_counter())
        finally:
            client.close()

    tasks = [asyncio.create_task(run(*one)) for one in work]
    await asyncio.sleep(1.0)
    before, began = cpu(), time.perf_counter()
    await asyncio.sleep(seconds)
    share = (cpu() - before) / (time.perf_counter() - began)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return {"pymodbus_cpu_share_of_a_core": share}


def main() -> None:
    """Runs it and prints a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="shorter runs, less than a minute in all")
    parser.add_argument("--json", action="store_true", help="one JSON object with all figures on the last line")
    options = parser.parse_args()
    seconds = 8.0 if options.quick else 60.0
    with emulated() as plant:
        figures = asyncio.run(poll(plant, seconds)) | asyncio.run(peer(plant, seconds))
    figures["times_pymodbus"] = figures["pymodbus_cpu_share_of_a_core"] / figures["cpu_share_of_a_core"]
    for name, value in figures.items():
        print(f"{name:32} {value:12,.3f}")
    if options.json:
        print(json.dumps(figures))


if __name__ == "__main__":
    main()
