"""Our Modbus client and server beside pymodbus, in one run on one machine: what counts are the ratios.

"limit" is what the machine allows: fixed bytes sent and taken on bare sockets with epoll, nothing read in them.
"asyncio" is the least that Python's own loop can cost. Where uvloop is installed (the extra `fast`, which `bessinside
run` and `emulate` then use), ours runs on both loops. One container is 9,000 registers, read in 72 requests of 125.
CPU is user and system time of the process measured; servers run in processes of their own, over loopback. The C server
that clients are measured against never sleeps, nor does the load that servers are measured under, so that neither pays
for waking its peer, as none does on a network.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import platform
import shutil
import tempfile
import time
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import TypeVar

import numpy as np
from modbus_peers import PLAN, REGISTERS, EpollLoad, Load, bare_load, installed, our_load, pymodbus_load, served

from bessinside.modbus import connect
from bessinside.modbus.sweep import Image
from bessinside.runtime.loop import seldom_collect
from bessinside.twin.poller import GRID_S

Figures = dict[str, object]
T = TypeVar("T")
TURNS = 8


def run(work: Coroutine[None, None, T], loop: str = "asyncio") -> T:
    """Runs `work` on a loop, as `bessinside run` does."""
    seldom_collect()
    if loop == "uvloop":
        import uvloop

        result: T = uvloop.run(work)
        return result
    return asyncio.run(work)


def loops() -> list[str]:
    """The loops that ours is measured on."""
    return ["asyncio", *(["uvloop"] if installed("uvloop") else [])]


def measure(load: Load, connections: int, seconds: float, loop: str = "asyncio") -> tuple[float, float]:
    """Requests a second, and µs of this process's CPU for each."""
    run(load(connections, min(0.2, seconds)), loop)  # warm up
    cpu, began = time.process_time(), time.monotonic()
    done = run(load(connections, seconds), loop)
    return done / (time.monotonic() - began), (time.process_time() - cpu) / done * 1e6


def limit(port: int, connections: int, window: int, seconds: float) -> float:
    """µs of CPU for a request on bare sockets."""
    load = EpollLoad(port, connections, window)
    cpu = time.process_time()
    done = load.run(seconds)
    cost = (time.process_time() - cpu) / done * 1e6
    load.close()
    return cost


# the four tables


def clients(folder: Path, seconds: float, device: str) -> Figures:
    """Clients against the same server: µs of CPU a request."""
    found: Figures = {}
    with served(device, folder) as server:
        for connections, window in ((1, 1), (10, 1), (100, 1), (1, 8), (10, 8)):
            row: dict[str, float] = {}
            for loop in loops():
                rate, cost = measure(our_load(server.port, window), connections, seconds, loop)
                row |= {f"{loop}_requests_s": round(rate), f"{loop}_cpu_us": round(cost, 1)}
            best = min(row[f"{loop}_cpu_us"] for loop in loops())
            least = limit(server.port, connections, window, seconds)
            row |= {"limit_cpu_us": round(least, 1), "times_the_limit": round(best / least, 1)}
            if window == 1:
                row["bare_asyncio_cpu_us"] = round(measure(bare_load(server.port), connections, seconds)[1], 1)
            if window == 1 and installed("pymodbus"):
                peer_rate, peer_cost = measure(pymodbus_load(server.port), connections, seconds)
                row |= {"pymodbus_requests_s": round(peer_rate), "pymodbus_cpu_us": round(peer_cost, 1)}
                row["times_less_cpu"] = round(peer_cost / best, 1)
            found[f"connections_{connections}_in_flight_{window}"] = row
            names = ("asyncio_requests_s", "asyncio_cpu_us", "uvloop_cpu_us", "limit_cpu_us", "times_the_limit",
                     "bare_asyncio_cpu_us", "pymodbus_cpu_us", "times_less_cpu")  # fmt: skip
            cells = " ".join(f"{row[name]:>9,}" if name in row else f"{'–':>9}" for name in names)
            print(f"{connections:>11} {window:>9} {cells}", flush=True)
    return found


def servers(folder: Path, seconds: float, compiled: bool) -> Figures:
    """Servers under a bare load that never sleeps: µs of the server's CPU for each request of 125 registers.

    They take turns of a part of a second, so that what else the machine does befalls all of them alike.
    """
    found: Figures = {}
    kinds = ["ours", *(["ours-uvloop"] if installed("uvloop") else [])]
    kinds += [*(["pymodbus"] if installed("pymodbus") else []), *(["c"] if compiled else [])]
    with contextlib.ExitStack() as stack:
        running = {kind: stack.enter_context(served(kind, folder)) for kind in kinds}
        for connections, window in ((1, 1), (10, 1), (100, 1), (1, 8), (10, 8)):
            # pymodbus answers the first request of a segment and loses the rest
            here = {kind: server for kind, server in running.items() if kind != "pymodbus" or window == 1}
            loads = {kind: EpollLoad(server.port, connections, window, True) for kind, server in here.items()}
            spent: dict[str, list[tuple[int, float, float]]] = {kind: [] for kind in here}
            for turn in range(TURNS + 1):  # the first warms up
                for kind, server in here.items():
                    cpu, began = server.cpu(), time.monotonic()
                    done = loads[kind].run(seconds / TURNS)
                    if turn:
                        spent[kind].append((done, server.cpu() - cpu, time.monotonic() - began))
            costs = {kind: np.array([cpu / done for done, cpu, _ in spent[kind]]) * 1e6 for kind in here}
            for kind, load in loads.items():
                load.close()
                done, cpu, wall = (sum(column) for column in zip(*spent[kind], strict=True))
                row = {"requests_s": round(done / wall), "cpu_us": round(cpu / done * 1e6, 2)}
                if compiled:
                    row["times_c"] = round(float(np.median(costs[kind] / costs["c"])), 2)
                found[f"{kind}_connections_{connections}_in_flight_{window}"] = row
                cells = f"{row['requests_s']:>10,} {row['cpu_us']:>8.2f} {row.get('times_c', float('nan')):>8.2f}"
                print(f"{kind:>11} {connections:>11} {window:>9} {cells}", flush=True)
    return found


async def pace(containers: int, seconds: float, read: Callable[[int], Awaitable[None]]) -> tuple[float, float]:
    """Reads each container once a second; share of a core, and the 99th percentile of a read in ms.

    The containers are spread over the slots of the grid on which the twin's pollers begin their sweeps.
    """
    spans: list[float] = []
    start = time.monotonic() + 0.05

    async def run(number: int) -> None:
        due = start + number % round(1 / GRID_S) * GRID_S
        while due < start + seconds:
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            began = time.monotonic()
            await read(number)
            spans.append(time.monotonic() - began)
            due += 1.0

    cpu, began = time.process_time(), time.monotonic()
    await asyncio.gather(*map(run, range(containers)))
    share = (time.process_time() - cpu) / max(time.monotonic() - began, seconds)
    return share, float(np.percentile(spans, 99)) * 1e3


async def paced_ours(port: int, containers: int, window: int, seconds: float) -> tuple[float, float]:
    clients = [await connect(f"modbus+tcp://127.0.0.1:{port}") for _ in range(containers)]
    for client in clients:
        client.window = window
    decode = decoder()

    async def read(number: int) -> None:
        sweep = await clients[number].sweep(PLAN)
        if not sweep.ok:
            raise RuntimeError(next(iter(sweep.error.values())))
        decode(sweep.image)

    for number in range(containers):
        await read(number)  # as after its first second
    result = await pace(containers, seconds, read)
    for client in clients:
        await client.close()
    return result


async def paced_pymodbus(port: int, containers: int, seconds: float) -> tuple[float, float]:
    from pymodbus.client import AsyncModbusTcpClient

    clients = [AsyncModbusTcpClient("127.0.0.1", port=port) for _ in range(containers)]
    for client in clients:
        await client.connect()

    async def read(number: int) -> None:
        client = clients[number]
        for request in PLAN.requests:
            answer = await client.read_holding_registers(request.address, count=request.count, device_id=1)
            if answer.isError():
                raise RuntimeError(str(answer))
            words = client.convert_from_registers(answer.registers, client.DATATYPE.UINT16)
            [word * 0.001 for word in words]

    result = await pace(containers, seconds, read)
    for client in clients:
        client.close()
    return result


def paced(folder: Path, seconds: float, device: str) -> Figures:
    """Containers a core can poll and decode at 1 Hz, from the CPU that some take: up to half a core each."""
    found: Figures = {}
    runs = [(loop, window, load) for window, load in ((1, 400), (8, 1000)) for loop in loops()]
    runs += [("pymodbus", 1, 20)] if installed("pymodbus") else []
    with served(device, folder) as server:
        for kind, window, containers in runs:
            if kind == "pymodbus":
                share, slow = run(paced_pymodbus(server.port, containers, seconds))
            else:
                share, slow = run(paced_ours(server.port, containers, window, seconds), kind)
            a_core = containers / share
            name = kind if kind == "pymodbus" else f"ours_{kind}"
            found[f"{name}_in_flight_{window}"] = {
                "containers": containers, "core_share": round(share, 4), "p99_ms": round(slow, 2),
                "containers_a_core": round(a_core),
            }  # fmt: skip
            print(f"{name:>13} {window:>9} {containers:>10} {share:>9.1%} {slow:>9.2f} {a_core:>12,.0f}", flush=True)
    return found


CONTAINER_MAP = """\
id: container
x-class: bms
label: One container for the benchmark
x-source: {document: none, from: the benchmark itself}
group:
  name: container
  groups:
  - {name: cell, count: 4992, points: [{name: voltage, type: uint16, sf: -3, units: V, x-address: 0}]}
  - {name: sensor, count: 2508, points: [{name: temperature, type: int16, sf: -1, units: C, x-address: 4992}]}
  - {name: other, count: 1500, points: [{name: value, type: uint16, x-address: 7500}]}
"""


def decoder() -> Callable[[Image], object]:
    """Decodes a container's image to 9,000 float64 values with the registers' codec."""
    from bessinside.registers import Codec, flatten, parse_map

    layout = flatten(parse_map(CONTAINER_MAP, "container.yaml"), {})
    codec = Codec(layout, PLAN.place(layout.fc, layout.address))
    values, state = np.empty(len(layout)), np.empty(len(layout), np.uint8)

    def decode(image: Image) -> object:
        codec.decode(image, values, state)
        return values

    return decode


def decoding(seconds: float) -> Figures:
    """µs to decode a container."""
    decode, image = decoder(), np.arange(REGISTERS).astype(">u2")
    best, until = float("inf"), time.monotonic() + seconds
    while time.monotonic() < until:
        began = time.perf_counter()
        for _ in range(100):
            decode(image)
        best = min(best, (time.perf_counter() - began) / 100)
    print(f"{best * 1e6:.1f} µs for {REGISTERS:,} registers")
    return {"us_a_container": round(best * 1e6, 1)}


def heading(title: str, columns: str) -> None:
    """Prints a title and columns written `name:width`."""
    cells = (column.rsplit(":", 1) for column in columns.split())
    print(f"\n{title}\n" + " ".join(f"{name.replace('-', ' '):>{width}}" for name, width in cells), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="shorter runs, less than a minute in all")
    parser.add_argument("--json", action="store_true", help="one JSON object with all figures on the last line")
    options = parser.parse_args()
    seconds, long = (0.6, 3.0) if options.quick else (4.0, 20.0)
    compiled = shutil.which("cc") is not None
    device = "c-awake" if compiled else "ours"
    if not compiled:
        print("No C compiler (cc): the C server is left out, clients are measured against our own server.")
    if not installed("pymodbus"):
        print("pymodbus is not installed: it is left out.")
    figures: Figures = {"python": platform.python_version(), "machine": platform.machine(), "clients_against": device}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        columns = "connections:11 in-flight:9 req/s:9 CPU-µs:9 uvloop:9 limit:9 times:9 asyncio:9 pymodbus:9 times:9"
        heading(f"Clients, against the {device} server", columns)
        figures["clients"] = clients(folder, seconds, device)
        heading("Servers, under bare sockets", "server:11 connections:11 in-flight:9 req/s:10 CPU-µs:8 times-C:8")
        figures["servers"] = servers(folder, seconds, compiled)
        columns = "client:13 in-flight:9 containers:10 of-a-core:9 p99-ms:9 a-core:12"
        heading("At 1 Hz, 9,000 registers a container", columns)
        figures["paced"] = paced(folder, long, device)
        print("\nDecoding a container")
        figures["decode"] = decoding(seconds)
    if options.json:
        print(json.dumps(figures))


if __name__ == "__main__":
    main()
