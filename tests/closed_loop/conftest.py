"""Every shipped plant as a closed loop: physics, registers, sockets, twin, web server and the page's own decoding.

The emulator, the twin and the server run on one loop in a thread; strangers and the page are on the other side.
"""

from __future__ import annotations

import asyncio
import json
import urllib.request
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from websockets.sync.client import connect

from bessinside.emulator.service.moment import moment
from bessinside.emulator.service.serve import Emulator
from bessinside.plant import parse_plant, shipped_plants
from bessinside.plant.plantfile import SHIPPED
from bessinside.twin import Twin
from bessinside.web import Listen, make_server
from tests.peers.conftest import Background, free_ports, on_ports
from tests.sim.page import Frame, Page, read_frame

START = moment("2026-06-21T14:00")
PLANTS = shipped_plants()

Floats = NDArray[np.float64]


@dataclass(eq=False)
class Moment:
    """What the registers were given from `since_ms` (wall clock) on, by point of the world."""

    since_ms: float
    values: Floats


class Witnessed(Emulator):
    """The emulator, with a witness who writes down what the registers are given, and when."""

    moments: deque[Moment]

    def show(self) -> None:
        super().show()
        if hasattr(self, "moments"):
            from bessinside.runtime import clock

            self.moments.append(Moment(clock.now_ns() / 1e6, self.world.values.copy()))


@dataclass
class Loop:
    """A plant from its physics to its page. `page` decodes frames with nothing but the schema."""

    background: Background
    emulator: Witnessed
    twin: Twin
    url: str
    page: Page = field(init=False)

    def __post_init__(self) -> None:
        with urllib.request.urlopen(f"{self.url}/api/schema", timeout=20) as answer:
            self.page = Page(answer.read())

    def get(self, path: str) -> Any:
        with urllib.request.urlopen(self.url + path, timeout=20) as answer:
            return json.load(answer)

    def frame(self) -> Frame:
        """The next frame of the live socket that begins after now."""
        with connect(self.url.replace("http", "ws") + "/api/live", origin=self.url) as socket:  # type: ignore[arg-type]
            while True:
                message = socket.recv(timeout=20)
                if isinstance(message, bytes):
                    return read_frame(message)

    def until_discovered(self) -> None:
        """Waits until every device that lists its own registers was asked for them."""

        async def discovered() -> None:
            async with asyncio.timeout(60):
                while self.twin.undiscovered:
                    await asyncio.sleep(0.05)

        self.background.run(discovered(), 70)

    def until_swept(self, times: int = 2) -> None:
        """Waits until every device was swept so often from here on."""

        async def swept() -> None:
            before = [poller.readings.sweeps for poller in self.twin.pollers]
            async with asyncio.timeout(60):
                while not all(
                    poller.state == "up" and poller.readings.sweeps >= sweeps + times
                    for poller, sweeps in zip(self.twin.pollers, before, strict=True)
                ):
                    await asyncio.sleep(0.05)

        self.background.run(swept(), 70)


def closed(name: str, folder: Path) -> Iterator[Loop]:
    """A plant at work since a quarter of an hour, standing still."""
    background = Background()
    file = folder / f"{name}.toml"
    file.write_text(on_ports((SHIPPED / f"{name}.toml").read_text()))
    plant = parse_plant(file.read_text(), str(file))
    busy = folder / "busy.csv"
    busy.write_text(f"time,power\n00:00,{0.45 * (plant.power_w or 0.0):.0f}\n")
    (port,) = free_ports(1)

    async def begin() -> tuple[Witnessed, Twin, Any, asyncio.Task[None]]:
        emulator = Witnessed(plant, seed=5, schedule=str(busy), reserve=2e5, at=START)
        emulator.hold()
        for _ in range(90):
            emulator.advance(10.0)
        emulator.world.refresh(everything=True)
        emulator.moments = deque(maxlen=200)
        await emulator.__aenter__()
        twin = Twin(plant)
        server = make_server(twin, Listen(port=port))
        task = asyncio.create_task(server.serve())
        async with asyncio.timeout(30):
            while not server.started:
                assert not task.done(), "the server ended at once"
                await asyncio.sleep(0.01)
        return emulator, twin, server, task

    async def finish() -> None:
        server.should_exit = True
        await task
        await emulator.__aexit__()

    emulator, twin, server, task = background.run(begin(), 90)
    try:
        loop = Loop(background, emulator, twin, f"http://127.0.0.1:{port}")
        loop.until_discovered()
        loop.until_swept(3)
        loop.__post_init__()  # the schema with all that was discovered and all that is refused
        yield loop
    finally:
        background.run(finish())
        background.close()


@pytest.fixture(scope="module", params=PLANTS)
def standing(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loop]:
    yield from closed(request.param, tmp_path_factory.mktemp(request.param))


@pytest.fixture(scope="module", params=PLANTS)
def moving(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loop]:
    for loop in closed(request.param, tmp_path_factory.mktemp(request.param)):
        loop.emulator.speed = 10.0
        loop.emulator.go_on()
        yield loop
