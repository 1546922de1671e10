"""What answers at an address, and which map fits best, by evidence: registers that answer, values that make sense."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bessinside.errors import BessError
from bessinside.modbus import Client, ModbusError, Outcome, Quirks, parse_endpoint, plan
from bessinside.plant import Metric, vocabulary
from bessinside.registers import (
    Codec,
    Group,
    Layout,
    RegisterMap,
    discover,
    flatten,
    load_map,
    shipped_maps,
    sunspec_map,
)
from bessinside.runtime import clock
from bessinside.twin.line import Line

PAUSE_S = 0.02  # between reads: a scan asks strangers, so it asks gently
MOST_BLOCKS = 24  # a map is tried on no more than this many reads
QUIRKS = Quirks(timeout_s=0.5, connect_s=1.0, window=1)


@dataclass(frozen=True, slots=True)
class Fit:
    """How well one map fits: points asked for, answered, and of those with a plausible value.

    `score` is the share answered times the share plausible, 0 to 1.
    """

    map: str
    label: str
    asked: int
    answered: int
    plausible: int
    judged: int

    @property
    def score(self) -> float:
        return (
            self.answered / self.asked * (self.plausible / self.judged if self.judged else 0.5) if self.asked else 0.0
        )

    @property
    def evidence(self) -> str:
        """The score's reasons in words."""
        return f"{self.answered} of {self.asked} points answer, {self.plausible} of {self.judged} values are plausible"


@dataclass(frozen=True, slots=True)
class Found:
    """One unit that answered: its SunSpec models if it lists them, else the maps that fit, best first."""

    url: str
    sunspec: RegisterMap | None
    fits: tuple[Fit, ...]


async def scan(host: str, ports: Iterable[int], units: Iterable[int]) -> AsyncIterator[tuple[str, Found | None]]:
    """Tries each port and unit in turn; gives the address tried and what was found, None where nothing answers."""
    maps = [load_map(name) for name in shipped_maps()]
    units = tuple(units)
    for port in ports:
        for unit in units:
            url = f"modbus+tcp://{host}:{port}?unit={unit}"
            line = Line(parse_endpoint(url), QUIRKS)
            try:
                await line.client()
            except ModbusError:
                yield url, None
                break  # nobody listens there, whatever the unit
            try:
                found = await _unit(line, url, maps)
            except ModbusError:
                found = None
            finally:
                await line.close()
            yield url, found


async def _unit(line: Line, url: str, maps: list[RegisterMap]) -> Found | None:
    async def read(fc: int, address: int, count: int) -> list[int]:
        await clock.sleep(PAUSE_S)
        return await line.read(fc, address, count)

    try:
        return Found(url, sunspec_map(await discover(read)), ())
    except BessError:
        pass
    fits = [await fit(await line.client(), line.endpoint.unit, one) for one in maps]
    answering = sorted((one for one in fits if one.answered), key=lambda one: -one.score)
    return Found(url, None, tuple(answering)) if answering else None


async def fit(client: Client, unit: int, found: RegisterMap) -> Fit:
    """Tries one map on one unit with a few reads. One instance stands for each group that repeats."""
    layout = flatten(found, lambda group, _: 1)
    metrics = _metrics(layout)
    chosen = np.array([metric is not None for metric in metrics]) | (layout.sf_point >= 0)
    if not chosen.any():
        chosen[:] = True
    picked = np.flatnonzero(chosen)
    reads = plan(layout.fc[picked], layout.address[picked], layout.words[picked])
    reads = plan(*_first(layout, picked, reads.block_of))
    words = np.zeros(reads.size, dtype=">u2")
    offset = np.full(len(layout), -1, dtype=np.int32)
    answered = np.zeros(len(layout), dtype=bool)
    block = reads.block(layout.fc[picked], layout.address[picked])
    await clock.sleep(PAUSE_S)
    sweep = await client.sweep(reads, unit, words)
    good = np.append(sweep.outcome == Outcome.OK, False)  # block -1 is no block
    answered[picked] = good[block]
    offset[picked] = reads.place(layout.fc[picked], layout.address[picked])
    values, state = np.full(len(layout), np.nan), np.zeros(len(layout), dtype=np.uint8)
    Codec(layout, offset).decode(words, values, state)
    judged = plausible = 0
    for i in picked[answered[picked]]:
        point, metric = layout.definition(int(i)), metrics[int(i)]
        if metric is not None and metric.range is not None and point.wire_type.numeric and state[i] == 0:
            judged += 1
            # values stay in the map's unit here; a range three decades wide of the mark is what tells maps apart
            plausible += bool(
                np.isfinite(values[i]) and abs(values[i]) <= max(map(abs, metric.range)) and values[i] != 0
            )
    asked = int((block >= 0).sum())
    return Fit(found.id, found.label, asked, int(answered[picked].sum()), plausible, judged)


def _first(
    layout: Layout, picked: NDArray[np.intp], block: NDArray[np.int32]
) -> tuple[NDArray[np.uint8], NDArray[np.int32], NDArray[np.uint8]]:
    few = picked[(block >= 0) & (block < MOST_BLOCKS)]
    return layout.fc[few], layout.address[few], layout.words[few]


def _metrics(layout: Layout) -> list[Metric | None]:
    known = vocabulary()
    metrics = []
    for i in range(len(layout)):
        point = layout.definition(i)
        kind = point.part.split("/")[0] if point.part else _kind(layout.groups[layout.point[i]])
        metrics.append(known.get(f"{kind}.{point.metric}") if point.metric and kind else None)
    return metrics


def _kind(groups: tuple[Group, ...]) -> str | None:
    return next((group.anatomy for group in reversed(groups) if group.anatomy), None)
