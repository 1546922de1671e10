"""The twin of one plant: it polls the devices, keeps what they answered, and says what is true now."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Coroutine, Iterable
from pathlib import Path
from typing import Any

import numpy as np

from bessinside.errors import BessError
from bessinside.modbus import Quirks, parse_endpoint, parse_quirks
from bessinside.plant import SUNSPEC, Binding, BoundDevice, Device, Plant, bind, levels, load_plant, vocabulary
from bessinside.registers import RegisterMap, load_map
from bessinside.runtime import clock
from bessinside.twin import asked, discovery
from bessinside.twin.derived import Derived
from bessinside.twin.figure import FigureRow, LevelRow
from bessinside.twin.formulas import FORMULAS
from bessinside.twin.line import Line
from bessinside.twin.passport import DerivedPassport, Passport, Trend, derived_inputs, finite, reading_passport
from bessinside.twin.poller import Poller
from bessinside.twin.quality import Quality
from bessinside.twin.readings import Readings
from bessinside.twin.snapshot import Snapshot, take_snapshot

log = logging.getLogger(__name__)

DISCOVERY_S = 3.0
DISCOVER_AGAIN_S = 10.0


class UnknownFigure(BessError):
    """A figure id that this plant does not have."""


class Twin:
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
        return Poller(readings, self._line(bound.device, readings.quirks))

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

    def snapshot(self) -> Snapshot:
        """The plant now. Costs about a millisecond for 10,000 points."""
        return take_snapshot(clock.now_ns(), self.binding, self.devices, self.derived)

    def ids(self) -> Iterable[str]:
        """Ids of all figures, readings first."""
        yield from self.binding.ids
        yield from self.derived.ids

    def figure(self, figure_id: str, snapshot: Snapshot | None = None, language: str = "en") -> FigureRow:
        """One figure with value, unit, quality and age. Raises UnknownFigure."""
        now = snapshot or self.snapshot()
        index = self.binding.find(figure_id)
        if index is not None:
            return self._reading_row(index, now, language)
        index = self.derived.find(figure_id)
        if index is not None:
            return self._derived_row(index, now, language)
        row = asked.sweep_figure(self.pollers, figure_id, now.time_ns, language)
        row = row or asked.residual_row(self.binding, figure_id, now, language)
        if row is not None:
            return row
        carried = ", ".join(name for name in self.ids() if name.split("@")[0] == figure_id)
        hint = f"there are {carried}" if carried else f"`bessinside read {self.plant.name} '*'` lists all"
        raise UnknownFigure(f"{figure_id}: this plant has no such figure; {hint}")

    def sweeps(self, language: str = "en") -> list[FigureRow]:
        """Facts of every device's newest sweep: requests, failures, time from the first question to the last answer."""
        return list(asked.sweep_rows(self.pollers, clock.now_ns(), language))

    def levels(self, language: str = "en", snapshot: Snapshot | None = None) -> list[LevelRow]:
        """The 14 levels, each with its figures; a metric that no device carries is there as not mapped."""
        now = snapshot or self.snapshot()
        return [
            LevelRow(
                level.id,
                level.key,
                level.title(language),
                level.question(language),
                [row for key in level.show for row in self._rows(key, now, language)],
            )
            for level in levels()
        ]

    def _rows(self, key: str, now: Snapshot, language: str) -> list[FigureRow]:
        if key.startswith("derived."):
            formula_key = key.removeprefix("derived.")
            rows = [self._derived_row(index, now, language) for index in self.derived.of_key(formula_key)]
            label = next(formula.label(language) for formula in FORMULAS if formula.key == formula_key)
            unit = next(formula.unit for formula in FORMULAS if formula.key == formula_key)
        else:
            rows = [self._reading_row(index, now, language) for index in self.binding.of_metric(key)]
            label, unit = vocabulary()[key].label(language), vocabulary()[key].unit
        return rows or [FigureRow(key, label, "", None, None, unit, Quality.NOT_MAPPED.label, None)]

    def _reading_row(self, index: int, now: Snapshot, language: str) -> FigureRow:
        binding = self.binding
        metric = binding.metrics[index]
        bound, i = binding.locate(index)
        label = metric.label(language) if metric else bound.point(i).label or bound.point(i).name
        return FigureRow(
            binding.ids[index],
            label,
            binding.parts[index],
            finite(now.values[index]),
            self.text(index),
            binding.units[index],
            Quality(now.quality[index]).label,
            _age(now.time_ns, now.read_ns[index]),
        )

    def _derived_row(self, index: int, now: Snapshot, language: str) -> FigureRow:
        formula, part, _ = self.derived.locate(index)
        return FigureRow(
            self.derived.ids[index],
            formula.label(language),
            part,
            finite(now.derived_values[index]),
            None,
            formula.unit,
            Quality(now.derived_quality[index]).label,
            _age(now.time_ns, now.derived_ns[index]),
        )

    def text(self, index: int) -> str | None:
        """The text of a point that carries one (serial number, address), None for numbers and before the first read."""
        bound, i = self.binding.locate(index)
        readings = self.devices[bound.number]
        if bound.point(i).wire_type.kind != "text" or readings.block[i] < 0:
            return None
        return readings.codec.text(i, readings.words) or None

    def passport(self, figure_id: str, language: str = "en") -> Passport:
        """Where a figure comes from. Raises UnknownFigure."""
        now = self.snapshot()
        row = self.figure(figure_id, now, language)
        index = self.binding.find(figure_id)
        if index is None:
            return self._derived_passport(figure_id, row, now, language)
        bound, i = self.binding.locate(index)
        readings = self.devices[bound.number]
        metric = self.binding.metrics[index]
        times, values = readings.trend(i)
        return Passport(
            id=figure_id,
            label=row.label,
            kind="reading",
            part=row.part,
            metric=metric.key if metric else None,
            value=row.value,
            text=row.text,
            unit=row.unit,
            quality=row.quality,
            quality_note=readings.note(i),
            age_s=row.age,
            time_ms=_milliseconds(now.read_ns[index]),
            emulated=self.plant.emulated,
            reading=reading_passport(readings, i, figure_id, self.plant.name),
            derived=None,
            trend=Trend(times, [finite(value) for value in values]),
        )

    def _derived_passport(self, figure_id: str, row: FigureRow, now: Snapshot, language: str) -> Passport:
        index = self.derived.find(figure_id)
        if index is None:
            emulated = self.plant.emulated
            found = asked.sweep_passport(self.pollers, figure_id, now.time_ns, language, emulated)
            found = found or asked.residual_passport(self.binding, figure_id, now, language, emulated)
            if found is None:
                raise UnknownFigure(figure_id)
            return found
        formula, part, inputs = self.derived.locate(index)
        marks = [Quality(mark) for mark in now.quality[inputs]]
        times = now.read_ns[inputs]
        read = times[times > 0]
        return Passport(
            id=figure_id,
            label=row.label,
            kind="derived",
            part=part,
            metric=None,
            value=row.value,
            text=None,
            unit=row.unit,
            quality=row.quality,
            quality_note="",
            age_s=row.age,
            time_ms=_milliseconds(now.derived_ns[index]),
            emulated=self.plant.emulated,
            reading=None,
            derived=DerivedPassport(
                formula=formula.equation,
                reference=formula.reference,
                model=formula.model,
                inputs=derived_inputs(
                    [self.binding.ids[i] for i in inputs],
                    now.values[inputs],
                    [self.binding.units[i] for i in inputs],
                    marks,
                ),
                inputs_total=len(inputs),
                left_out=sum(mark is not Quality.GOOD for mark in marks),
                skew_ms=float(np.ptp(read)) / 1e6 if len(read) else None,
            ),
            trend=Trend([], []),
        )


def _ended(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("a task of the twin ended: its device is not read any more", exc_info=error)


def _age(now_ns: int, read_ns: int) -> float | None:
    age = (now_ns - int(read_ns)) / 1e9
    return round(age, 3) if read_ns and math.isfinite(age) else None


def _milliseconds(read_ns: int) -> float | None:
    return int(read_ns) / 1e6 if read_ns else None
