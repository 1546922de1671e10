"""Plants for the tests: a small one of two racks behind our own server, and the reference plant on free ports."""

from __future__ import annotations

import asyncio
import re
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pytest
from hypothesis import settings

from bessinside.modbus import EndpointError, Server, Unit
from bessinside.plant import Plant, parse_plant
from bessinside.runtime.simulation import SimLoop
from tests.groups import pytest_xdist_make_scheduler  # noqa: F401  a hook

T = TypeVar("T")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # started in the background of a shell; programs inherit that
    signal.signal(signal.SIGINT, signal.default_int_handler)

settings.register_profile(
    "product", deadline=None
)  # how long an example takes says more of the machine than of the code
settings.load_profile("product")

SMALL_MAP = """\
id: small-bms
label: A small BMS
x-class: bms
x-source: {document: A document, issue: "1.2", date: 2026-01-31, from: a shelf}
x-addressing: {printed: 40001}
group:
  name: rack
  x-anatomy: rack
  points:
    - {name: soc, type: uint16, sf: -1, units: "%", x-address: 0, x-metric: soc}
    - {name: current, type: int16, sf: -1, units: A, x-metric: current, x-sign: discharge-negative}
    - {name: voltage, type: uint32, sf: -3, units: V, x-word-order: low-first, x-metric: voltage}
    - {name: power, type: float32, units: kW, x-metric: power, x-sign: discharge-positive}
    - {name: soh, type: uint16, units: "%", x-sentinel: [0xFFFF], x-metric: soh, x-suspect: not yet checked}
    - {name: insulation, type: uint16, sf: ins_sf, units: kOhm, x-metric: insulation}
    - {name: ins_sf, type: sunssf}
    - {name: serial, type: string, size: 4, x-address: 10}
    - {name: state, type: enum16, x-metric: state, symbols: [{name: IDLE, value: 1}, {name: RUN, value: 2, label: On}]}
    - {name: t_max, type: uint16, units: C, x-address: 15, x-mask: 0xFF00, x-offset: -40, x-metric: temperature_max}
    - {name: t_min, type: uint16, units: C, x-address: 15, x-mask: 0x00FF, x-offset: -40, x-metric: temperature_min}
    - {name: fan_share, type: uint16, units: "%", x-address: 16, x-range: [0, 100]}
    - {name: command, type: uint16, x-address: 20, access: RW, x-write-only: true}
    - {name: relay, type: uint16, x-fc: 1, x-address: 3, x-metric: relay_positive}
    - {name: counter, type: uint16, x-fc: 4, x-address: 0, x-metric: cycles}
  groups:
    - name: module
      x-anatomy: module
      count: 0
      x-stride: 20
      points:
        - {name: voltage, type: uint16, sf: -2, units: V, x-address: 100, x-metric: voltage}
      groups:
        - name: cell
          x-anatomy: cell
          count: 0
          x-stride: 1
          points:
            - {name: voltage, type: uint16, sf: -3, units: V, x-address: 110, x-metric: voltage}
"""

SMALL_PLANT = """\
[plant]
id = "small"
label = "Two racks"
emulated = true
nameplate = {{ power = "200 kW", energy = "0.4 MWh" }}

[metadata.meter]
class = "0.5S"

[anatomy.c1]
racks = 2
modules = 2
cells = 3

[bus.bus1]
racks = ["c1/r01", "c1/r02"]

[[device]]
id = "a"
label = "BMS of rack 1"
map = "small-bms.yaml"
at = "c1/r01"
url = "{a}"
every = "200 ms"
quirks = {{ timeout = "150 ms" }}

[[device]]
id = "b"
map = "small-bms.yaml"
at = "c1/r02"
url = "{b}"
every = "200 ms"
quirks = {{ timeout = "150 ms" }}
"""


def rack_unit() -> Unit:
    """The registers of one rack as a hand would write them."""
    unit = Unit()
    unit.holding.put(0, [873, 0xFC18])  # 87.3 %, raw -1000: 100 A, discharging
    unit.holding.put(2, [0x4C40, 0x0014])  # 0x00144C40 = 1 330 240 mV, low word first
    unit.holding.put(4, [0x42C8, 0x0000])  # 100.0 kW
    unit.holding.put(6, [98, 250, 1])  # 98 %, 250 × 10¹ kΩ
    unit.holding.put(10, list(np.frombuffer(b"R-01\0\0\0\0", ">u2")))
    unit.holding.put(14, [2, 70 << 8 | 61, 40])  # running, 30 °C and 21 °C, 40 %
    unit.coils.put(3, [1])
    unit.input.put(0, [411])
    for module in range(2):
        unit.holding.put(100 + 20 * module, [1000])
        unit.holding.put(110 + 20 * module, [3300, 3301 + module, 3302])
    return unit


class Small:
    """Two racks of two modules of three cells. `units` are their registers; `start` serves one, `stop` ends it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.units = {"a": rack_unit(), "b": rack_unit()}
        self.servers = {name: Server({1: unit}) for name, unit in self.units.items()}
        self.ports = {"a": 1001, "b": 1002}
        (folder / "small-bms.yaml").write_text(SMALL_MAP)

    def text(self, **urls: str) -> str:
        return SMALL_PLANT.format(
            **{name: f"modbus+tcp://127.0.0.1:{port}?unit=1" for name, port in self.ports.items()} | urls
        )

    def plant(self, text: str | None = None) -> Plant:
        return parse_plant(text or self.text(), str(self.folder / "plant.toml"))

    def file(self, text: str | None = None) -> Path:
        path = self.folder / "plant.toml"
        path.write_text(text or self.text())
        return path

    async def start(self, *names: str) -> None:
        for name in names or self.units:
            await self.servers[name].start("127.0.0.1", self.ports[name])

    async def listen(self) -> None:
        """Serves both on free ports of the machine."""
        for name, server in self.servers.items():
            self.ports[name] = await server.start()

    async def stop(self, *names: str) -> None:
        for name in names or self.units:
            await self.servers[name].stop()


@pytest.fixture
def small(tmp_path: Path) -> Small:
    return Small(tmp_path)


@pytest.fixture
async def served(small: Small) -> Any:
    """The small plant on sockets of the machine."""
    await small.listen()
    yield small
    await small.stop()


@pytest.fixture
def live(small: Small) -> Iterator[Small]:
    """The small plant on sockets of the machine, served by a loop in a thread of its own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    asyncio.run_coroutine_threadsafe(small.listen(), loop).result(5)
    yield small
    asyncio.run_coroutine_threadsafe(small.stop(), loop).result(5)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


@pytest.fixture
def simulate() -> Callable[..., Any]:
    """Runs a coroutine under a virtual clock with links in memory."""

    def run(scenario: Any, seed: int = 1) -> Any:
        return SimLoop(seed).run(scenario)

    return run


def reference_text() -> str:
    """The file of the reference plant with all its devices on free ports."""
    from bessinside.plant.plantfile import SHIPPED

    shipped = (SHIPPED / "ref-5m.toml").read_text()
    # below the range that the system gives to outgoing connections
    for base in np.random.default_rng().permutation(np.arange(18000, 32000, 100)):
        text = re.sub(r"127\.0\.0\.1:15(\d{3})", lambda m, b=base: f"127.0.0.1:{b + int(m[1])}", shipped)
        ports = [int(port) for port in re.findall(r"127\.0\.0\.1:(\d+)", text)]
        if all(map(free, ports)):
            return text
    raise RuntimeError("no free ports")


def free(port: int) -> bool:
    with socket.socket() as found:
        try:
            found.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


class Emulated:
    """The reference plant on sockets of the machine, in a thread of its own, standing still unless it is stepped."""

    def __init__(self, folder: Path) -> None:
        from bessinside.emulator.service.serve import Emulator

        (folder / "schedule.csv").write_text("time,power\n00:00,1200000\n")
        self.file = folder / "ref-5m.toml"
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self.loop.run_forever, name="emulator", daemon=True).start()
        for last in (False, False, True):
            self.text = reference_text()
            self.file.write_text(self.text)
            self.plant = parse_plant(self.text, str(self.file))
            self.emulator = self.call(lambda: Emulator(self.plant, seed=5, schedule=str(folder / "schedule.csv")))
            self.emulator.held = True
            try:
                self.run(self.emulator.__aenter__())
                break
            except EndpointError:  # somebody else was faster
                if last:
                    raise
        self.step(5.0)

    def call(self, work: Callable[[], T]) -> T:
        async def on_loop() -> T:
            return work()

        return self.run(on_loop())

    def run(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(60)

    def step(self, seconds: float) -> None:
        self.call(lambda: self.emulator.step(seconds))

    def close(self) -> None:
        self.run(self.emulator.__aexit__())
        self.loop.call_soon_threadsafe(self.loop.stop)


@pytest.fixture(scope="session")
def emulated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulated]:
    plant = Emulated(tmp_path_factory.mktemp("ref-5m"))
    yield plant
    plant.close()


@pytest.fixture
def moved(tmp_path: Path) -> Path:
    """A file of the reference plant on free ports, which nobody serves yet."""
    path = tmp_path / "moved.toml"
    path.write_text(reference_text())
    return path


@pytest.fixture(scope="session")
def opened(emulated: Emulated) -> Iterator[Any]:
    import bessinside

    with bessinside.open(emulated.file) as plant:
        plant.wait(30)
        yield plant


@pytest.fixture
def reference(opened: Any) -> Any:
    """The reference plant as a session that has read every device just now, however busy the machine is."""
    until(lambda: {poller.state for poller in opened.twin.pollers} == {"up"})
    until(lambda: not (opened.snapshot().quality == 2).any())
    return opened


def until(holds: Callable[[], bool], seconds: float = 30.0) -> None:
    """Waits in real time until something holds; fails where it never does."""
    ends = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < ends, f"not within {seconds} s"
        time.sleep(0.02)
