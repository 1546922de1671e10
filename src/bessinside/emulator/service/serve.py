"""The emulated plant behind real Modbus servers, one for each device address of the plant file."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator, Sequence
from math import ceil

import numpy as np

from bessinside.emulator.basis.design import Design
from bessinside.emulator.service.moment import said
from bessinside.emulator.service.pace import Pace, spoken
from bessinside.emulator.trouble import scenario as scenarios
from bessinside.emulator.trouble.plays import Plays
from bessinside.emulator.whole.plant import SOC
from bessinside.emulator.whole.plant import Plant as Physics
from bessinside.emulator.whole.schedule import NS, load_schedule
from bessinside.emulator.worlds import sunspec
from bessinside.emulator.worlds.identity import identify
from bessinside.emulator.worlds.world import World
from bessinside.emulator.worlds.writes import Writes
from bessinside.errors import BessError
from bessinside.modbus import EndpointError, Server, parse_endpoint
from bessinside.plant import Device, Plant, bind
from bessinside.registers import RegisterMap, load_map
from bessinside.runtime import clock

log = logging.getLogger(__name__)

REFRESH_S = 1.0  # wall time between two states of the served registers
JUMP_STEP_S = 60.0
PLAY_STEP_S = 10.0  # how often a scenario's levers move at least
_TURN_S = 0.02  # wall time that the physics may take before readers are answered

Progress = Callable[[float], None]


class EmulatorError(BessError):
    """A plant that cannot be emulated."""


class Emulator:
    """Physics, registers and servers of one plant. Use as an async context manager.

    `reserve` is primary control on top of the schedule, W at 200 mHz. Time begins at `at` (ns since the epoch, else
    now) and runs `speed` times as fast as on the wall clock; `hold` lets it stand still, `go_on` lets it run again,
    `go` jumps forward. The registers change once a wall second at most. Everything served is emulated, and every
    unit's device identification says so.
    """

    def __init__(
        self,
        plant: Plant,
        *,
        seed: int = 1,
        schedule: str | None = None,
        reserve: float = 0.0,
        speed: float = 1.0,
        scenario: str | Sequence[str] | None = None,
        years: float | None = None,
        at: int | None = None,
    ) -> None:
        """`scenario` names what goes wrong from the start on, as `weak-cell` or `weak-cell@c1/r04/m2/cell017`.

        Without a `schedule` the plant is then in the setting that the first one's file is written for.
        `years` is how long the plant was at work; that of a first year's plant unless said.
        """
        if not plant.emulated:
            raise EmulatorError(
                f"{plant.path}: `emulated = true` is missing: only a plant that is marked so is emulated"
            )
        self.plant = plant
        self.seed = seed
        self.pace = Pace(speed)
        asked = [scenario] if isinstance(scenario, str) else list(scenario or ())
        start, design = clock.now_ns() if at is None else at, Design.of(plant)
        self.setting = scenarios.load(asked[0].partition("@")[0]).setting if asked and not schedule else None
        course, soc = load_schedule(schedule) if schedule else None, SOC
        if self.setting is not None:
            course, soc = self.setting.schedule(start, design.power), self.setting.soc / 100.0
        self.physics = Physics(
            seed=seed, start_ns=start, schedule=course, soc=soc, reserve=reserve, years=years, design=design
        )
        binding = bind(plant, self._map_of)
        self.world = World(binding, self.physics)
        self.writes = Writes(self.world, self.physics)
        self.servers: dict[str, Server] = {link: Server(units) for link, units in self.world.units.items()}
        self.plays = Plays(self.physics, self.world, self.servers, plant.anatomy, seed)
        self.held = False
        self.jumping = False
        self._task: asyncio.Task[None] | None = None
        for name in asked:
            self.plays.begin(name)
        self._label()

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
        self._task.add_done_callback(_ended)
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
        """Each wall second as many steps as are due. One that came late is made up for, within reason."""
        before = clock.monotonic()
        ends, warned = before, None
        while True:
            ends = max(ends + REFRESH_S, clock.monotonic())
            await clock.sleep(max(0.0, ends - clock.monotonic()))
            now = clock.monotonic()
            if not (self.held or self.jumping):
                await self._frames(self.pace.due(now - before))
                if self.pace.lost >= 1.0 and warned is not self.pace:
                    warned = self.pace
                    log.warning("this machine does not hold %s: `status` says what was left out", spoken(self.speed))
            before = now

    async def _frames(self, count: int) -> None:
        """Frames of steps, and turns for the readers between them, who see whole frames only."""
        pace, turn = self.pace, clock.monotonic() + _TURN_S
        for _ in range(count):
            for _ in range(pace.steps - 1):
                self.advance(pace.step)
                if clock.monotonic() >= turn:
                    await clock.sleep(0)
                    turn = clock.monotonic() + _TURN_S
                if self.held or self.jumping or self.pace is not pace:
                    return
            self.step(pace.step)

    def step(self, seconds: float) -> None:
        """Moves the plant on and shows it in the registers."""
        self.advance(seconds)
        self.show()

    def advance(self, seconds: float) -> None:
        """Moves the plant on; the registers stay as they are."""
        parts = ceil(seconds / PLAY_STEP_S) if self.plays.names else 1
        for _ in range(parts):
            self.plays.step(self.physics.time_ns)
            self.physics.step(seconds / parts)

    def show(self) -> None:
        """Shows the state of the plant in the registers."""
        self.world.refresh()

    @property
    def speed(self) -> float:
        """How many times as fast as the wall clock the plant's time runs."""
        return self.pace.speed

    @speed.setter
    def speed(self, speed: float) -> None:
        self.pace = Pace(speed)
        self._label()

    async def go(self, until_ns: int, progress: Progress | None = None) -> None:
        """Fast-forwards to a later moment in steps of 60 s; `progress` is given the share done, 0 to 1.

        Readers see the plant hurry, a state a wall second. Raises EmulatorError if the moment is past.
        """
        start = self.physics.time_ns
        if until_ns <= start or self.jumping:
            where = "is on its way to another moment" if self.jumping else f"is at {said(start)}"
            raise EmulatorError(f"{said(until_ns)} cannot be gone to: the plant {where}")
        self.jumping = True
        try:
            shown = turn = clock.monotonic()
            while (left := until_ns - self.physics.time_ns) > 0 and self.jumping:
                self.advance(min(JUMP_STEP_S, left / NS))
                now = clock.monotonic()
                if now >= shown + REFRESH_S:
                    self.show()
                    shown = now
                if now >= turn + _TURN_S:
                    if progress is not None:
                        progress((self.physics.time_ns - start) / (until_ns - start))
                    await clock.sleep(0)
                    turn = clock.monotonic()
            self.world.refresh(everything=True)  # at one moment, whatever was shown on the way
        finally:
            self.jumping = False

    def hold(self) -> None:
        """Lets time stand still; ends a jump where it is."""
        self.held = True
        self.jumping = False

    def go_on(self) -> None:
        """Lets time run again; the pause does not count."""
        self.held = False

    def begin(self, scenario: str) -> str:
        """Begins a scenario now and gives where it acts. Raises ScenarioError."""
        where = self.plays.begin(scenario)
        self._label()
        return where

    def end(self, scenario: str) -> None:
        """Ends a scenario. Raises ScenarioError where it is not played."""
        self.plays.end(scenario)
        self._label()

    @property
    def origin(self) -> str:
        """What this plant comes from: `seed 1, scenario weak-cell`."""
        played = self.plays.names
        return f"seed {self.seed}, " + (f"scenario {', '.join(played)}" if played else "no scenario")

    @property
    def label(self) -> str:
        """How this plant comes about: `emulated, 60x real time, seed 1, scenario weak-cell`."""
        return f"emulated, {spoken(self.speed)}, {self.origin}"

    def _label(self) -> None:
        """Says in every unit's device identification what stands behind it."""
        for image in self.world.images:
            image.unit.identification = identify(image.bound, self.plant, self.label)

    def directory(self) -> Iterator[tuple[str, str, str, int, int]]:
        """What is served: device, map, address, unit id, points."""
        for image in self.world.images:
            endpoint = parse_endpoint(image.bound.device.url)
            points = int(np.count_nonzero(image.served))
            yield image.bound.device.id, image.bound.map.id, f"{endpoint.host}:{endpoint.port}", endpoint.unit, points


def _ended(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("the plant's time ended: its registers stay as they are", exc_info=error)
