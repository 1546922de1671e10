"""The whole of it in one thread under a virtual clock: emulated plant, links that fail, twin, page server, viewers."""

from __future__ import annotations

import asyncio
import gc
import hashlib
import json
import logging
import re
from collections import Counter
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from bessinside.modbus import Outcome, Sweep, Trouble, parse_endpoint
from bessinside.plant import Plant, parse_plant
from bessinside.runtime import clock, invariants
from bessinside.runtime.faults import KINDS, FaultTable
from bessinside.runtime.simulation import START_NS, SimLoop
from bessinside.twin import Quality, Twin
from bessinside.web.app import create_app
from bessinside.web.live import TICK_S
from tests.sim import asgi
from tests.sim.checker import Checker, Lie
from tests.sim.page import GOOD, Page, read_frame
from tests.sim.truth import WatchedEmulator

REF_5M = (Path(str(files("bessinside"))) / "plant" / "plants" / "ref-5m.toml").read_text(encoding="utf-8")
SMALL = ("meter", "pcs", "bcu04", "bau1", "thermal", "smoke", "leak", "ss12")
MORNING = START_NS + 6 * 3600 * 10**9 + 28 * 60 * 10**9  # two minutes before the plant's power changes
HEAL_S = 80.0  # the longest back-off of a poller, and the sweeps after it
STAY = 12  # frames that a restless viewer takes

CALM = {"lose": 1e-4, "late": 2e-4, "cut": 5e-5, "flip": 1e-4, "duplicate": 1e-4, "split": 1e-3, "hang": 3e-5}
ROUGH = {"lose": 1e-3, "late": 2e-3, "cut": 5e-4, "flip": 1e-3, "duplicate": 1e-3, "split": 1e-2, "hang": 2e-4}
STORM = {"lose": 2e-2, "late": 2e-2, "cut": 1e-2, "flip": 1e-2, "duplicate": 1e-2, "split": 5e-2, "hang": 5e-3}
SLOW = {"late": 0.3, "late_s": 0.9, "flip": 2e-4}
OUTAGE = {"cut": 0.5, "hang": 0.5, "refuse": 0.9}
Weather = tuple[tuple[float, dict[str, float]], ...]
WEATHER: Weather = (
    (60.0, CALM | {"refuse": 0.02}),
    (60.0, ROUGH | {"refuse": 0.1}),
    (30.0, STORM | {"refuse": 0.3}),
    (40.0, SLOW),
    (10.0, OUTAGE),
    (40.0, {}),
)
"""What may befall the links, each for so many seconds at most."""


def small_plant() -> Plant:
    """REF-5M with one device of each kind."""
    head, *devices = re.split(r"(?=^\[\[device\]\])", REF_5M, flags=re.MULTILINE)
    kept = [text for text in devices if re.search(r'^id = "(\w+)"', text, re.MULTILINE)[1] in SMALL]  # type: ignore[index]
    return parse_plant("".join([head, *kept]), "small.toml")


def whole_plant() -> Plant:
    return parse_plant(REF_5M, "ref-5m.toml")


class WatchedLoop(SimLoop):
    """A loop that tells which device a flipped bit was on its way to or from, and how every task ended."""

    def __init__(self, seed: int, ports: dict[int, str]) -> None:
        super().__init__(seed, start_ns=MORNING)
        self.flips: dict[str, list[float]] = {}
        self.failures: list[str] = []
        self._ports = ports
        self._device: dict[int, str] = {}
        self.set_exception_handler(lambda _, context: self.failures.append(f"{context}"))
        self.set_task_factory(self._task)  # type: ignore[arg-type]

    async def create_connection(  # type: ignore[override]
        self, protocol_factory: Callable[[], Any], host: str | None = None, port: int | None = None, **options: Any
    ) -> Any:
        transport, protocol = await super().create_connection(protocol_factory, host, port, **options)
        self._device[transport.get_extra_info("sockname")[1]] = self._ports[port or 0]
        return transport, protocol

    def note(self, link: int, side: int, what: bytes) -> None:
        super().note(link, side, what)
        if what == b"flip":
            self.flips.setdefault(self._device[link], []).append(self.wall_ns() / 1e6)

    def _task(self, loop: Any, work: Coroutine[Any, Any, Any], **options: Any) -> asyncio.Task[Any]:
        task = asyncio.Task(work, loop=self, **options)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[Any]) -> None:
        if task.cancelled() or isinstance(error := task.exception(), asgi.ViewerGone):
            return
        if error is not None:
            self.failures.append(f"{task.get_coro()!r} ended with {error!r}")


@dataclass
class Story:
    """What happened in one run: `hash` over every frame, sweep and chunk; `wrong` and `failures` must be empty."""

    hash: str
    wrong: list[str]
    failures: list[str]
    faults: Counter[str]
    outcomes: Counter[str]
    seen: Counter[str]
    states: Counter[str]
    viewers: Counter[str]
    lies: dict[Lie, float]
    healed_s: float
    unhealed: list[str]
    never: list[str] = field(default_factory=list)


def run(
    seed: int,
    seconds: float,
    plant: Plant | None = None,
    weather: Weather = WEATHER,
    trouble: Callable[[np.random.Generator], Trouble] | None = None,
) -> Story:
    """Runs one world: `seconds` of weather on the links, then still air until everything should be well again.

    `trouble` makes what each device does wrong all the time.
    """
    plant = plant or small_plant()
    loop = WatchedLoop(seed, {parse_endpoint(device.url).port: device.id for device in plant.devices})
    errors = _Errors()
    logger = logging.getLogger("bessinside")
    logger.addHandler(errors)
    logger.propagate = False
    try:
        story = loop.run(World(loop, plant, seed, weather, trouble).live(seconds))
        gc.collect()  # an exception that nobody fetched is told when its task is gone
        story.failures += [*loop.failures, *errors.lines]
        story.never = never(story)
    finally:
        logger.removeHandler(errors)
        logger.propagate = True
        loop.close()
    return story


def never(story: Story) -> list[str]:
    """What should happen in every long run and did not in this one: a run that never met it tested nothing."""
    invariants.reset()
    for kind in KINDS:
        invariants.sometimes(f"a link suffers: {kind}", story.faults[kind] > 0)
    for outcome in Outcome:
        invariants.sometimes(f"a request ends as {outcome.name}", story.outcomes[outcome.name] > 0)
    for state in ("up", "partly", "down", "ok", "degraded"):
        invariants.sometimes(f"health says {state}", story.states[state] > 0)
    for mark in (Quality.GOOD, Quality.STALE, Quality.NO_ANSWER, Quality.DEVICE_EXCEPTION, Quality.NOT_IMPLEMENTED):
        invariants.sometimes(f"a reading is {mark.label}", story.seen[f"quality {mark.value}"] > 0)
    invariants.sometimes("a turned bit passes for a value", bool(story.lies))
    invariants.sometimes("a slow viewer skips frames", 0 < story.viewers["slow"] < story.seen["frames"] / 2)
    invariants.sometimes("a viewer leaves and comes back", story.viewers["restless"] > 2 * STAY)
    return [name for name, count in invariants.counters().items() if not count["held"]]


class _Errors(logging.Handler):
    """Keeps what was logged as an error: data or tasks lost."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(f"{record.getMessage()} {record.exc_info}")


class World:
    """Everything that lives in one run."""

    def __init__(
        self,
        loop: WatchedLoop,
        plant: Plant,
        seed: int,
        weather: Weather,
        trouble: Callable[[np.random.Generator], Trouble] | None,
    ) -> None:
        self.loop = loop
        self.plant = plant
        self.seed = seed
        self.random = np.random.default_rng(seed)
        self.order = [weather[i] for i in self.random.permutation(len(weather))]
        self.trouble = trouble
        self.events = hashlib.blake2b(digest_size=16)
        self.outcomes: Counter[str] = Counter()
        self.states: Counter[str] = Counter()
        self.viewers: Counter[str] = Counter()
        self.newest: bytes = b""

    async def live(self, seconds: float) -> Story:
        self.emulator = WatchedEmulator(self.plant, seed=self.seed + 1)
        for n, server in enumerate(self.emulator.servers.values()):
            server.trouble = self.trouble(np.random.default_rng((self.seed, n))) if self.trouble else None
        self.checker = Checker(self.emulator, self.loop.flips)
        self.twin = Twin(self.plant)
        async with self.emulator:
            weather = asyncio.create_task(self.weather(seconds))
            async with asgi.Running(create_app(self.twin)) as app:
                self.app = app
                watching = [asyncio.create_task(work) for work in self.audience()]
                await weather
                healed, unhealed = await self.heal()
                story = self.story(healed, unhealed)
                for task in watching:
                    task.cancel()
                await asyncio.gather(*watching, return_exceptions=True)
        left = asyncio.all_tasks() - {asyncio.current_task()}
        story.failures += [f"{task.get_coro()!r} is still there" for task in left]
        return story

    def story(self, healed: float, unhealed: list[str]) -> Story:
        self.events.update(self.loop.trace_hash().encode())
        checker = self.checker
        return Story(
            self.events.hexdigest(),
            [*checker.wrong, *checker.long_lies({device.id: device.every_s for device in self.plant.devices})],
            [],
            self.faults,
            self.outcomes,
            checker.seen,
            self.states,
            self.viewers,
            checker.lies,
            healed,
            unhealed,
        )

    # links

    async def weather(self, seconds: float) -> None:
        """Changes what befalls the links every now and then; every kind of weather comes, and the end is rough."""
        self.faults: Counter[str] = Counter()
        ends = clock.monotonic() + seconds
        for n in range(1000):
            most, table = self.order[n % len(self.order)]
            self.loop.faults = FaultTable(**table, counts=self.faults)
            await clock.sleep(min(most * float(self.random.uniform(0.3, 1)), max(0.0, ends - clock.monotonic())))
            if clock.monotonic() >= ends:
                break
        self.loop.faults = FaultTable()

    async def heal(self) -> tuple[float, list[str]]:
        """Seconds until all devices are up and every point that the plant answers is good; what is not so then."""
        began = clock.monotonic()
        while (ills := self.ills()) and clock.monotonic() < began + HEAL_S:
            await clock.sleep(0.5)
        return clock.monotonic() - began, ills

    def ills(self) -> list[str]:
        """What is not well as the newest frame shows it."""
        down = [f"{p.readings.bound.device.id} is {p.state}" for p in self.twin.pollers if p.state != "up"]
        if down or not self.newest:
            return down or ["no frame yet"]
        page, frame = self.page, read_frame(self.newest)
        if frame.schema != page.hash or len(page.devices) != len(self.plant.devices):
            return ["the page does not know all devices"]
        answered = self.emulator.readable(page)
        values = page.values(frame.words)
        bad = answered & (~page.carried | (frame.quality != GOOD) & np.isfinite(values))
        return [f"{page.ids[i]}: quality {frame.quality[i]}" for i in np.flatnonzero(bad)[:5].tolist()]

    # viewers

    def audience(self) -> list[Coroutine[Any, Any, None]]:
        return [
            self.witness(),
            self.viewer("slow", lambda: float(self.random.uniform(0.1, 6.0)), 10**9),
            self.viewer("restless", lambda: 0.0, STAY),
            self.reader(),
        ]

    async def witness(self) -> None:
        """A viewer who sees every frame, and has each one checked."""

        async def take(message: str | bytes) -> None:
            if isinstance(message, str):
                await self.fetch_schema(json.loads(message)["schema"])
                return
            self.newest = message
            self.events.update(message)
            frame = read_frame(message)
            age = clock.now_ns() / 1e6 - frame.time_ms
            if age > 1.0:
                self.checker.wrong.append(f"a frame came {age:.0f} ms after it was made")
            self.checker.check(frame, self.page)

        await asgi.watch(self.app, "/api/live", take)

    async def fetch_schema(self, told: str) -> None:
        status, body = await asgi.get(self.app, "/api/schema")
        assert status == 200
        self.page = Page(body)
        assert self.page.hash == told
        self.checker.turn_to(self.page, self.twin.derived)
        for readings in self.twin.devices:
            readings.tap = self.heard

    async def viewer(self, name: str, pause: Callable[[], float], frames: int) -> None:
        """A viewer who takes a pause after each frame, or leaves after some and comes back."""
        while True:
            left, told, before = frames, "", 0.0

            async def take(message: str | bytes) -> None:
                nonlocal left, told, before
                if isinstance(message, str):
                    told = json.loads(message)["schema"]
                    await clock.sleep(pause())
                    return
                frame, now = read_frame(message), clock.now_ns() / 1e6
                self.viewers[name] += 1
                if frame.schema != told:
                    self.checker.wrong.append(f"the {name} viewer has schema {told}, its frame {frame.schema}")
                if not before < frame.time_ms or now - frame.time_ms > 1e3 * TICK_S + 1.0:
                    self.checker.wrong.append(
                        f"the {name} viewer at {now:.0f} ms: {before:.0f}, then {frame.time_ms:.0f}"
                    )
                before = frame.time_ms
                left -= 1
                if not left:
                    raise ConnectionError
                await clock.sleep(pause())

            await asgi.watch(self.app, "/api/live", take)
            await clock.sleep(float(self.random.uniform(0.0, 20.0)))

    async def reader(self) -> None:
        """Somebody who asks the API: health and levels say what the pollers and the newest readings are."""
        while True:
            await clock.sleep(float(self.random.uniform(1.0, 9.0)))
            status, body = await asgi.get(self.app, "/api/health")
            assert status == 200
            health = json.loads(body)
            self.states.update(device["state"] for device in health["devices"])
            self.states[health["status"]] += 1
            self.events.update(body)
            status, body = await asgi.get(self.app, "/api/levels")
            assert status == 200
            for figure in (figure for level in json.loads(body) for figure in level["figures"]):
                shown = figure["value"] is not None
                if (figure["quality"] == "no reading yet" and shown) or (shown and figure["age"] is None):
                    self.checker.wrong.append(f"/api/levels: {figure}")

    def heard(self, sweep: Sweep) -> None:
        """Hears of every sweep of every device."""
        self.outcomes.update(Outcome(outcome).name for outcome in sweep.outcome.tolist())
        self.checker.sweeps.setdefault(sweep.device, []).append((sweep.start_ns / 1e6, sweep.end_ns / 1e6))
        self.events.update(f"{sweep.device} {sweep.start_ns} {sweep.end_ns}".encode() + sweep.outcome.tobytes())
