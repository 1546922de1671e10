"""The whole product at one moment, in one thread under a virtual clock: the same seed gives the same bytes everywhere.

Emulated plant, links, twin and page server run for some seconds on a simulated loop, then time stands still. What the
page asks for is answered by the real application at that moment; the live socket has one frame.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

from bessinside.emulator.service.serve import Emulator
from bessinside.plant import load_plant
from bessinside.runtime import clock
from bessinside.runtime.simulation import SimLoop
from bessinside.twin import Twin
from bessinside.web.app import create_app
from tests.sim import asgi

T = TypeVar("T")
STANDS = datetime(2026, 6, 21, 17, 50, tzinfo=UTC)
AT_WORK_S = 1800.0
WATCHED_S = 8.0  # every device was swept four times


@dataclass(frozen=True, slots=True)
class Story:
    """How the plant came to the moment: a scenario that began `trouble_s` before, registers unread for `asleep_s`."""

    scenario: str | None = None
    trouble_s: float = 0.0
    asleep_s: float = 0.0


class Moment:
    """A product that stands still. Its loop lives in a thread of its own: the browser's has this one."""

    def __init__(self, story: Story) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="moment")
        self._left = AsyncExitStack()
        self._thread.submit(self._begin, story).result()

    def _begin(self, story: Story) -> None:
        started = STANDS.timestamp() - AT_WORK_S - WATCHED_S
        self._loop = SimLoop(1, start_ns=round(started * 1e9))
        self._loop.run_until_complete(self._live(story))
        self._loop.advance(story.asleep_s)  # nobody read anything meanwhile
        self.schema, self.frame = self._loop.run_until_complete(self._newest())
        self.time_ms = self._loop.wall_ns() / 1e6

    async def _live(self, story: Story) -> None:
        plant = load_plant("ref-5m")
        emulator = Emulator(plant, seed=1, reserve=0.4 * (plant.power_w or 0.0))
        await clock.sleep(AT_WORK_S - story.trouble_s)
        await emulator.go(clock.now_ns())
        if story.scenario:
            emulator.begin(story.scenario)
            await clock.sleep(story.trouble_s)
            await emulator.go(clock.now_ns())
        await self._left.enter_async_context(emulator)
        self._app = await self._left.enter_async_context(asgi.Running(create_app(Twin(plant))))
        await clock.sleep(WATCHED_S)

    async def _newest(self) -> tuple[str, bytes]:
        """What a new viewer is sent first: the schema's hash as the socket says it, and a frame."""
        told: list[str | bytes] = []

        async def take(message: str | bytes) -> None:
            told.append(message)
            if isinstance(message, bytes):
                raise ConnectionError

        await asgi.watch(self._app, "/api/live", take)
        text, frame = told[-2:]
        assert isinstance(text, str)
        assert isinstance(frame, bytes)
        assert json.loads(text)["schema"]
        return text, frame

    def get(self, path: str, query: str = "") -> tuple[int, bytes]:
        """Status and body of a request at this moment."""
        return self._do(asgi.get(self._app, path, query))

    def close(self) -> None:
        """Ends the product and its thread."""
        self._do(self._end())
        self._thread.submit(self._loop.close).result()
        self._thread.shutdown()

    async def _end(self) -> None:
        await self._left.aclose()
        left = asyncio.all_tasks() - {asyncio.current_task()}
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    def _do(self, work: Coroutine[Any, Any, T]) -> T:
        return self._thread.submit(self._loop.run_until_complete, work).result()
