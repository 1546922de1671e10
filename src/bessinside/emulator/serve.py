"""The emulated plant behind real Modbus servers, one for each device address of the plant file."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator

import numpy as np

from bessinside.emulator import sunspec
from bessinside.emulator.plant import Plant as Physics
from bessinside.emulator.schedule import load_schedule
from bessinside.emulator.world import World
from bessinside.errors import BessError
from bessinside.modbus import EndpointError, Server, parse_endpoint
from bessinside.plant import Device, Plant, bind
from bessinside.registers import RegisterMap, load_map
from bessinside.runtime import clock

log = logging.getLogger(__name__)

STEP_S = 1.0


class EmulatorError(BessError):
    """A plant that cannot be emulated."""


class Emulator:
    """Physics, registers and servers of one plant. Use as an async context manager.

    `reserve` is primary control on top of the schedule, W at 200 mHz. Time runs as on the wall clock; `hold` lets it
    stand still, `go_on` lets it run again. Everything served is emulated.
    """

    def __init__(self, plant: Plant, *, seed: int = 1, schedule: str | None = None, reserve: float = 0.0) -> None:
        if not plant.emulated:
            raise EmulatorError(
                f"{plant.path}: `emulated = true` is missing: only a plant that is marked so is emulated"
            )
        self.plant = plant
        self.physics = Physics(
            seed=seed,
            start_ns=clock.now_ns(),
            schedule=load_schedule(schedule) if schedule else None,
            reserve=reserve,
        )
        binding = bind(plant, self._map_of)
        self.world = World(binding, self.physics)
        self.servers: dict[str, Server] = {link: Server(units) for link, units in self.world.units.items()}
        self.held = False
        self._task: asyncio.Task[None] | None = None

    def _map_of(self, device: Device) -> RegisterMap:
        return sunspec.device_map(device, self.plant) if device.map == sunspec.MAP else load_map(device.map)

    async def __aenter__(self) -> Emulator:
        try:
            for link, server in self.servers.items():
                endpoint = parse_endpoint(link)
                await server.start(endpoint.host, endpoint.port, framing=endpoint.framing)
        except EndpointError:
            await self._stop_servers()
            raise
        self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._stop_servers()

    async def _stop_servers(self) -> None:
        for server in self.servers.values():
            await server.stop()

    async def _run(self) -> None:
        """One step a second, as long as the last one took if the machine is slow."""
        before = clock.monotonic()
        while True:
            await clock.sleep(max(0.0, before + STEP_S - clock.monotonic()))
            now = clock.monotonic()
            if not self.held:
                self.step(now - before)
            before = now

    def step(self, seconds: float) -> None:
        """Moves the plant on and shows it in the registers."""
        self.physics.step(seconds)
        self.world.refresh()

    def hold(self) -> None:
        """Lets time stand still."""
        self.held = True

    def go_on(self) -> None:
        """Lets time run again; the pause does not count."""
        self.held = False

    def directory(self) -> Iterator[tuple[str, str, str, int, int]]:
        """What is served: device, map, address, unit id, points."""
        for image in self.world.images:
            endpoint = parse_endpoint(image.bound.device.url)
            points = int(np.count_nonzero(image.served))
            yield image.bound.device.id, image.bound.map.id, f"{endpoint.host}:{endpoint.port}", endpoint.unit, points
