"""REF-5M on free loopback ports, standing still, with our twin that reads it by its sockets alone."""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
import threading
from collections.abc import Coroutine, Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pytest

import bessinside
from bessinside.emulator.service.serve import Emulator
from bessinside.modbus import parse_endpoint
from bessinside.plant import Plant, parse_plant
from bessinside.session import Session
from bessinside.twin import Quality, Snapshot
from bessinside.twin.readings import Readings

T = TypeVar("T")
REF_5M = (Path(str(files("bessinside"))) / "plant" / "plants" / "ref-5m.toml").read_text(encoding="utf-8")


def free_ports(count: int) -> list[int]:
    """Ports of loopback that nobody listens on, below those that the system gives to outgoing connections."""
    found: list[int] = []
    for port in np.random.default_rng().permutation(np.arange(16_000, 32_000)).tolist():
        with socket.socket() as one, contextlib.suppress(OSError):
            one.bind(("127.0.0.1", port))
            found.append(port)
        if len(found) == count:
            return found
    raise RuntimeError("no free ports")


def on_ports(text: str, ports: Sequence[int] = ()) -> str:
    """A plant file's text with every address moved to one of `ports`, by default to free ones."""
    named = sorted(set(re.findall(r"127\.0\.0\.1:(\d+)", text)))
    moved = dict(zip(named, ports or free_ports(len(named)), strict=True))
    return re.sub(r"127\.0\.0\.1:(\d+)", lambda found: f"127.0.0.1:{moved[found[1]]}", text)


class Background:
    """An event loop in a thread of its own, so that plain programs and libraries can be on the other side."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, T], seconds: float = 60.0) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(seconds)

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


@dataclass(frozen=True)
class Held:
    """A plant that stands still: what it serves (`emulator`), what our twin shows (`twin`, `now`)."""

    plant: Plant
    emulator: Emulator
    twin: Session
    now: Snapshot

    def readings(self, device: str) -> Readings:
        return next(found for found in self.twin.twin.devices if found.bound.device.id == device)

    def port(self, device: str) -> int:
        return parse_endpoint(self.plant.device(device).url).port

    def unit(self, device: str) -> int:
        return parse_endpoint(self.plant.device(device).url).unit

    def quality(self, readings: Readings) -> list[Quality]:
        """The quality of each point of a device."""
        span = slice(readings.bound.first, readings.bound.first + readings.bound.size)
        return [Quality(mark) for mark in self.now.quality[span]]

    def values(self, readings: Readings) -> np.ndarray[Any, np.dtype[np.float64]]:
        """What the twin shows for each point of a device, in SI units."""
        return self.now.values[readings.bound.first : readings.bound.first + readings.bound.size]


@pytest.fixture(scope="session")
def background() -> Iterator[Background]:
    found = Background()
    yield found
    found.close()


@pytest.fixture(scope="session")
def held(background: Background, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Held]:
    folder = tmp_path_factory.mktemp("plant")
    file = folder / "ref-5m.toml"
    file.write_text(on_ports(REF_5M), encoding="utf-8")
    busy = folder / "busy.csv"
    busy.write_text("time,power\n00:00,1100000\n", encoding="utf-8")
    plant = parse_plant(file.read_text(encoding="utf-8"), str(file))

    async def begin() -> Emulator:
        emulator = Emulator(plant, seed=5, schedule=str(busy))
        emulator.hold()
        for _ in range(90):  # until currents and temperatures are those of a plant at work
            emulator.step(10.0)
        return await emulator.__aenter__()

    emulator = background.run(begin())
    try:
        with bessinside.open(file) as twin:
            twin.wait(30.0)
            wait_for_two_sweeps(twin)
            yield Held(plant, emulator, twin, twin.snapshot())
    finally:
        background.run(emulator.__aexit__())


def wait_for_two_sweeps(twin: Session) -> None:
    """Until every device was read twice in full: all that is refused is known, all that is answered is there."""

    async def swept() -> None:
        while not all(poller.state == "up" and poller.readings.sweeps > 1 for poller in twin.twin.pollers):
            await asyncio.sleep(0.05)

    assert twin._loop is not None
    asyncio.run_coroutine_threadsafe(swept(), twin._loop).result(60.0)
