"""The twin of one plant: it polls the devices, keeps what they answered, and says what is true now."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from bessinside.errors import BessError
from bessinside.modbus import Quirks, Sweep, parse_endpoint, parse_quirks
from bessinside.plant import SUNSPEC, Binding, BoundDevice, Device, Plant, bind, load_plant
from bessinside.registers import RegisterMap, load_map
from bessinside.runtime import clock
from bessinside.twin import discovery
from bessinside.twin.derived import Derived
from bessinside.twin.line import Line
from bessinside.twin.poller import Poller
from bessinside.twin.readings import Readings
from bessinside.twin.state import State

log = logging.getLogger(__name__)

DISCOVERY_S = 3.0
DISCOVER_AGAIN_S = 10.0

SweepTap = Callable[[Sweep, BoundDevice], None]
"""Is given every sweep as it comes, with the device that it is of."""
LostTap = Callable[[str, str], None]
"""Is told which device (by its id) cannot be reached at all, and why; its next sweep ends that."""


class Twin(State):
    """A plant as its devices describe it. Use as an async context manager, or `start` and `stop` it.

    `binding` and `derived` change only when a device that lists its own registers (SunSpec) was discovered;
    `undiscovered` says by device id why it was not yet.
    """

    def __init__(self, plant: Plant | str | Path) -> None:
        self.plant = plant if isinstance(plant, Plant) else load_plant(plant)
        self.pollers: list[Poller] = []
        self.undiscovered = {device.id: "not asked yet" for device in self.plant.devices if device.map == SUNSPEC}
        self._maps: dict[str, RegisterMap] = {
            device.map: load_map(device.map) for device in self.plant.devices if device.map != SUNSPEC
        }
        self._found: dict[str, RegisterMap] = {}
        self._asked: dict[str, int] = {}
        self._lines: dict[str, Line] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._tap: SweepTap | None = None
        self._lost: LostTap | None = None
        self._bind()

    def _bind(self) -> None:
        polled = {poller.readings.bound.device.id: poller for poller in self.pollers}
        self.binding: Binding = bind(self.plant, self._map_of)
        self.derived = Derived(self.binding)
        self.pollers = [self._poller(bound, polled.get(bound.device.id)) for bound in self.binding.devices]
        self.devices = [poller.readings for poller in self.pollers]

    def _poller(self, bound: BoundDevice, polled: Poller | None) -> Poller:
        """The poller of a device; one that is there already goes on, its device only has another place."""
        if polled is not None:
            polled.readings.bound = bound
            return polled
        readings = Readings(bound, parse_quirks({**bound.map.quirks, **bound.device.quirks}))
        self._tell(readings)
        return Poller(readings, self._line(bound.device, readings.quirks))

    def listen(self, tap: SweepTap | None, lost: LostTap | None = None) -> None:
        """Gives every sweep of every device to `tap` from now on, those of devices found later too, and tells `lost` of
        devices that cannot be reached; None ends that.

        Neither may wait or raise: they are called while a device is polled.
        """
        self._tap, self._lost = tap, lost
        for readings in self.devices:
            self._tell(readings)

    def _tell(self, readings: Readings) -> None:
        tap, lost = self._tap, self._lost
        readings.tap = None if tap is None else lambda sweep: tap(sweep, readings.bound)
        readings.lost = None if lost is None else lambda why: lost(readings.bound.device.id, why)

    def _line(self, device: Device, quirks: Quirks) -> Line:
        """The connection to a device's address, which everybody behind that address shares."""
        endpoint = parse_endpoint(device.url)
        return self._lines.setdefault(endpoint.link, Line(endpoint, quirks, device.id))

    def _map_of(self, device: Device) -> RegisterMap | None:
        return self._found.get(device.id) if device.map == SUNSPEC else self._maps[device.map]

    async def __aenter__(self) -> Twin:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> None:
        """Begins to poll. Devices that list their own registers are asked for the list first, a few seconds at most."""
        await self._discover()
        for poller in self.pollers:
            self._begin(poller.run())
        if self.undiscovered:
            self._begin(self._discover_late())

    async def stop(self) -> None:
        """Ends polling and closes every connection."""
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for line in self._lines.values():
            await line.close()

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        task.add_done_callback(_ended)
        self._tasks.append(task)

    async def _discover(self) -> None:
        """Asks every device that has not listed its registers yet; binds anew if one did."""
        waiting: dict[str, list[Device]] = {}
        for device in self.plant.devices:
            if device.id in self.undiscovered:
                waiting.setdefault(parse_endpoint(device.url).link, []).append(device)
        if any(await asyncio.gather(*(self._ask_in_turn(devices) for devices in waiting.values()))):
            self._bind()

    async def _ask_in_turn(self, devices: list[Device]) -> bool:
        """Asks the devices behind one address, one after the other; those that it has no time for come next time."""
        ends = clock.monotonic() + DISCOVERY_S
        found = False
        for device in sorted(devices, key=lambda device: self._asked.get(device.id, 0)):
            if clock.monotonic() < ends:
                self._asked[device.id] = self._asked.get(device.id, 0) + 1
                found |= await self._ask(device)
        return found

    async def _ask(self, device: Device) -> bool:
        line = self._line(device, parse_quirks(device.quirks))
        try:
            async with asyncio.timeout(DISCOVERY_S):
                found = await discovery.discover_map(line, parse_endpoint(device.url).unit)
            bind(self.plant, lambda one: found if one is device else None)  # the list may not fit this plant
        except (BessError, TimeoutError) as error:
            why = str(error) or f"no list of models within {DISCOVERY_S:g} s"
            if why != self.undiscovered[device.id]:
                log.warning("%s is left out: %s", device.id, why)
            self.undiscovered[device.id] = why
            if all(poller.line is not line for poller in self.pollers):
                await line.close()
            return False
        self._found[device.id] = found
        del self.undiscovered[device.id]
        return True

    async def _discover_late(self) -> None:
        """Goes on asking devices that did not answer at the start; those that are polled already are left alone."""
        while self.undiscovered:
            await clock.sleep(DISCOVER_AGAIN_S)
            polled = self.pollers
            await self._discover()
            for poller in self.pollers:
                if poller not in polled:
                    self._begin(poller.run())

    def now_ns(self) -> int:
        """UTC now, in ns."""
        return clock.now_ns()


def _ended(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("a task of the twin ended: its device is not read any more", exc_info=error)
