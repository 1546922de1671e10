"""Reads one device over and over at its own rate. A device that fails is asked less often; the others never notice."""

from __future__ import annotations

import asyncio
import logging

from bessinside.modbus import Client, ModbusError, Outcome, Refusals, Sweep, learn, parse_endpoint, probe_window
from bessinside.runtime import chance, clock
from bessinside.twin.line import Line
from bessinside.twin.readings import Readings

log = logging.getLogger(__name__)

FIRST_RETRY_S = 1.0
LAST_RETRY_S = 60.0
GRID_S = 0.1  # sweeps begin on a common grid: devices spread over its slots, and one wake-up serves all of a slot


class Poller:
    """One task that keeps one device's readings fresh."""

    def __init__(self, readings: Readings, line: Line) -> None:
        self.readings = readings
        self.line = line
        self.endpoint = parse_endpoint(readings.bound.device.url)
        self.state = "connecting"
        self._random = chance.stream(f"poller {readings.bound.device.id}")

    async def run(self) -> None:
        """Polls until cancelled: connect, sweep, and after a failure back off and try again."""
        wait = FIRST_RETRY_S
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
            first = self.readings.plan.requests[0]
            client.window = await probe_window(self.endpoint, self.endpoint.unit, first, self.readings.quirks)

    async def _sweep_while_up(self, client: Client) -> bool:
        """Sweeps at the device's rate until the link breaks; whether any sweep brought an answer."""
        readings, period = self.readings, self.readings.bound.device.every_s
        answered = False
        loop = asyncio.get_running_loop()
        due = self._slot(loop.time(), period) - period  # the first sweep is now
        while not client.closed:
            sweep = await client.sweep(readings.plan, self.endpoint.unit, readings.image())
            readings.take(sweep)
            answered |= bool((sweep.outcome == Outcome.OK).any())
            if not sweep.ok and await self._learn(client, sweep):
                if not readings.plan.requests:
                    self.state, readings.error = "partly", readings.refuse_all()
                    return False
                continue
            if client.closed:
                break
            self._note(sweep.ok)
            due += period
            if due < loop.time():  # a sweep took longer than a period: what was missed is not made up for
                due = self._slot(loop.time(), min(period, GRID_S))
            await clock.sleep(due - loop.time())
        self._down(readings.error or str(client.error))
        return answered

    def _slot(self, now: float, within: float) -> float:
        """A random slot of the grid in the next `within` seconds."""
        slots = max(1, round(within / GRID_S))
        return (now // GRID_S + 1 + int(self._random.integers(slots))) * GRID_S

    async def _learn(self, client: Client, sweep: Sweep) -> bool:
        """Finds out what a refused block refuses; whether the reads were planned anew.

        Two looks must agree: a request that was damaged on its way is answered with an exception too, and what is taken
        for refused is never asked for again.
        """
        readings, known = self.readings, self.readings.refusals
        first = await self._look(client, sweep)
        if first == known:
            return False
        again = await client.sweep(readings.plan, self.endpoint.unit, readings.image())
        readings.take(again)
        second = await self._look(client, again)
        both = {place: code for place, code in first.registers.items() if place in second.registers}
        readings.refusals = Refusals(both, first.cuts & second.cuts)
        if readings.refusals == known:
            return False
        log.info("%s refuses %d registers", readings.bound.device.id, len(both))
        readings.replan()
        return True

    async def _look(self, client: Client, sweep: Sweep) -> Refusals:
        """What is known to be refused, and what the refused blocks of a sweep add to it as far as the link lasts."""
        readings = self.readings
        layout, polled = readings.bound.layout, readings.polled
        points = (layout.fc[polled], layout.address[polled], layout.words[polled])
        found = Refusals(dict(readings.refusals.registers), set(readings.refusals.cuts))
        try:
            await learn(client, sweep, *points, found)
        except ModbusError as error:
            log.info("%s: %s while looking for refused registers", readings.bound.device.id, error)
        return found

    def _note(self, ok: bool) -> None:
        readings = self.readings
        if ok:
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
