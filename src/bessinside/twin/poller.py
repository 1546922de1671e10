"""Reads one device over and over at its own rate. A device that fails is asked less often; the others never notice."""

from __future__ import annotations

import asyncio
import logging
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bessinside.modbus import (
    Client,
    ModbusError,
    Outcome,
    Refusals,
    Sweep,
    ask_again,
    learn,
    parse_endpoint,
    probe_window,
)
from bessinside.runtime import chance, clock
from bessinside.twin.line import Line
from bessinside.twin.quality import Quality
from bessinside.twin.readings import Readings

log = logging.getLogger(__name__)

FIRST_RETRY_S = 1.0
LAST_RETRY_S = 60.0
ASK_AGAIN_S = 3600.0  # what a device refuses is asked again
GRID_S = 0.1  # sweeps begin on a common grid: devices spread over its slots, and one wake-up serves all of a slot


class Poller:
    """One task that keeps one device's readings fresh."""

    def __init__(self, readings: Readings, line: Line) -> None:
        self.readings = readings
        self.line = line
        self.endpoint = parse_endpoint(readings.bound.device.url)
        self.state = "connecting"
        self._ask_again = math.inf  # loop time
        self._random = chance.stream(f"poller {readings.bound.device.id}")

    async def run(self) -> None:
        """Polls until cancelled: connect, sweep, and after a failure back off and try again."""
        wait = FIRST_RETRY_S
        self._ask_again = clock.monotonic() + ASK_AGAIN_S
        while True:
            try:
                client = await self.line.client()
                await self._widen(client)
            except ModbusError as error:
                self._down(str(error))
                await clock.sleep(wait * float(self._random.uniform(0.8, 1.2)))
                wait = min(2 * wait, LAST_RETRY_S)
                continue
            if await self._sweep_while_up(client):
                wait = FIRST_RETRY_S
            await clock.sleep(wait * float(self._random.uniform(0.8, 1.2)))
            wait = min(2 * wait, LAST_RETRY_S)

    async def _widen(self, client: Client) -> None:
        """Puts more than one request in flight where the plant file asks for it and a probe proves it."""
        wanted = self.readings.bound.device.quirks.get("window", 1)
        if wanted > 1 and client.window == 1 and self.readings.plan.requests:
            first = self.readings.due().requests[0]
            client.window = await probe_window(self.endpoint, self.endpoint.unit, first, self.readings.quirks)

    async def _sweep_while_up(self, client: Client) -> bool:
        """Sweeps at the device's rate until the link breaks; whether any sweep brought an answer."""
        readings, period = self.readings, self.readings.bound.device.every_s
        answered = False
        loop = asyncio.get_running_loop()
        due = self._slot(loop.time(), period) - period  # the first sweep is now
        while not client.closed:
            sweep = await self._sweep(client)
            some = bool((sweep.outcome == Outcome.OK).any())
            answered |= some
            if not sweep.ok and (found := await self._look(client, sweep)) != readings.refusals:
                if not self._refuse(found):
                    return False
                continue
            if client.closed and not some:
                break
            self._note()
            if client.closed:
                return answered
            if readings.refusals.registers and loop.time() >= self._ask_again:
                await self._heal(client)
            due += period
            if due < loop.time():  # a sweep took longer than a period: what was missed is not made up for
                due = self._slot(loop.time(), min(period, GRID_S))
            await clock.sleep(due - loop.time())
        self._down(readings.error or str(client.error))
        return answered

    async def _sweep(self, client: Client) -> Sweep:
        readings = self.readings
        plan = readings.due()
        sweep = await client.sweep(plan, self.endpoint.unit, readings.image(plan))
        readings.take(sweep)
        return sweep

    def _slot(self, now: float, within: float) -> float:
        """A random slot of the grid in the next `within` seconds."""
        slots = max(1, round(within / GRID_S))
        return (now // GRID_S + 1 + int(self._random.integers(slots))) * GRID_S

    async def _look(self, client: Client, sweep: Sweep) -> Refusals:
        """What is known to be refused, and what the refused blocks of a sweep add to it as far as the link lasts."""
        found = self._known()
        try:
            await learn(client, sweep, *self._points(), found)
        except ModbusError as error:
            log.info("%s: %s while looking for refused registers", self.readings.bound.device.id, error)
        return found

    async def _heal(self, client: Client) -> None:
        """Asks for the refused registers again: the device may have started late, or have another firmware now."""
        found = self._known()
        self._ask_again = clock.monotonic() + ASK_AGAIN_S
        try:
            await ask_again(client, self.endpoint.unit, *self._points(), found)
        except ModbusError as error:
            log.info("%s: %s while asking for refused registers again", self.readings.bound.device.id, error)
        if found != self.readings.refusals:
            self._refuse(found)

    def _refuse(self, found: Refusals) -> bool:
        """Plans the reads anew without what is refused; False where nothing would be left."""
        log.info("%s refuses %d registers", self.readings.bound.device.id, len(found.registers))
        self._ask_again = clock.monotonic() + ASK_AGAIN_S
        if self.readings.refuse(found):
            return True
        self.state = "partly"
        return False

    def _known(self) -> Refusals:
        return Refusals(dict(self.readings.refusals.registers), set(self.readings.refusals.cuts))

    def _points(self) -> tuple[NDArray[np.uint8], NDArray[np.int32], NDArray[np.integer[Any]]]:
        """Function code, address and words of all points that are read."""
        layout, polled = self.readings.bound.layout, self.readings.polled
        return layout.fc[polled], layout.address[polled], layout.words[polled]

    def _note(self) -> None:
        """What the newest sweep says of the device, and those blocks that it left out."""
        readings = self.readings
        if (readings.block_quality == Quality.GOOD).all():
            if self.state != "up":
                log.info("%s answers", readings.bound.device.id)
            self.state, readings.error, readings.failures = "up", "", 0
        else:
            self.state = "partly"
            readings.error = next((note for note in readings.block_note if note), "")

    def _down(self, why: str) -> None:
        if self.state != "down":
            log.warning("%s does not answer: %s", self.readings.bound.device.id, why)
        self.state = "down"
        self.readings.fail(why)
