"""An archive in memory: every sweep as it came, and every answer found by looking through all of them.

Slow and plain on purpose: what the archive on disk answers is held against it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from bessinside.historian import Edition, Event, Extremes, Image, Latest, Rollup, Step, Sweeps, Words
from bessinside.historian.basis.series import draw
from bessinside.historian.past.past import Past
from bessinside.modbus import Exchange, Outcome, Sweep, exchanges
from bessinside.plant import BoundDevice, Plant
from bessinside.registers import RegisterMap
from bessinside.runtime import clock
from bessinside.twin import Quality, Twin


class MemoryArchive:
    """Keeps what a twin swept. `watch` listens to every device of a twin."""

    def __init__(self) -> None:
        self.kept: dict[str, list[tuple[int, Sweep]]] = {}
        self.known: dict[str, list[Edition]] = {}
        self.plants: dict[str, Plant] = {}
        self.maps: dict[str, RegisterMap] = {}
        self.happened: list[Event] = []

    def watch(self, twin: Twin) -> None:
        twin.listen(self.recorder(twin), self.lose)

    def recorder(self, twin: Twin) -> Callable[[Sweep, BoundDevice], None]:
        return lambda sweep, bound: self.record(sweep, twin.plant, bound.map)

    def lose(self, device: str, why: str) -> None:
        self.happened.append(Event(clock.now_ns(), "link", device, why))

    def record(self, sweep: Sweep, plant: Plant, found: RegisterMap) -> None:
        plant_hash, map_hash = _hash(plant), _hash(found)
        self.plants[plant_hash], self.maps[map_hash] = plant, found
        editions = self.known.setdefault(sweep.device, [])
        same = [
            edition
            for edition in editions
            if (edition.requests, edition.plant_hash, edition.map_hash) == (sweep.plan.requests, plant_hash, map_hash)
        ]
        if not same:
            number = sum(map(len, self.known.values()))
            made = Edition(
                number, sweep.device, sweep.end_ns, sweep.framing, sweep.unit, plant_hash, map_hash, sweep.plan.requests
            )
            editions.append(made)
            same = [made]
        copied = Sweep(
            **{name: getattr(sweep, name) for name in Sweep.__dataclass_fields__} | {"image": sweep.image.copy()}
        )
        self.kept.setdefault(sweep.device, []).append((same[0].number, copied))

    def devices(self) -> list[str]:
        return list(self.kept)

    def span(self, device: str | None = None) -> tuple[int, int] | None:
        ends = [sweep.end_ns for name in self.kept if device in (None, name) for _, sweep in self.kept[name]]
        return (min(ends), max(ends)) if ends else None

    def editions(self, device: str) -> list[Edition]:
        return list(self.known.get(device, []))

    def plant(self, plant_hash: str) -> Plant:
        return self.plants[plant_hash]

    def register_map(self, map_hash: str) -> RegisterMap:
        return self.maps[map_hash]

    def _inside(self, device: str, start_ns: int, end_ns: int) -> list[tuple[int, int, Sweep]]:
        every = enumerate(self.kept.get(device, []))
        return [(n, edition, sweep) for n, (edition, sweep) in every if start_ns <= sweep.end_ns < end_ns]

    def sweeps(self, device: str, start_ns: int, end_ns: int) -> Sweeps:
        found = self._inside(device, start_ns, end_ns)
        return Sweeps(
            np.array([n for n, _, _ in found], np.int64),
            np.array([sweep.start_ns for _, _, sweep in found], np.int64),
            np.array([sweep.end_ns for _, _, sweep in found], np.int64),
            np.array([edition for _, edition, _ in found], np.int32),
            np.array([np.count_nonzero(sweep.outcome) for _, _, sweep in found], np.int32),
        )

    def words(self, device: str, registers: Sequence[int], start_ns: int, end_ns: int) -> Words:
        found = self._inside(device, start_ns, end_ns)
        asked = np.asarray(registers, np.int64)
        words = np.zeros((len(found), len(asked)), np.uint16)
        ok = np.zeros((len(found), len(asked)), bool)
        for row, (_, _, sweep) in enumerate(found):
            block = sweep.plan.block(asked >> 16, asked & 0xFFFF)
            place = sweep.plan.place(asked >> 16, asked & 0xFFFF)
            ok[row] = (block >= 0) & (sweep.outcome[block] == Outcome.OK)
            words[row] = np.where(ok[row], sweep.image[place], 0)
        numbers = np.array([n for n, _, _ in found], np.int64)
        return Words(numbers, np.array([sweep.end_ns for _, _, sweep in found], np.int64), words, ok)

    def image(self, device: str, at_ns: int) -> Image | None:
        found = self._inside(device, 0, at_ns + 1)
        if not found:
            return None
        number, edition, sweep = found[-1]
        mine = next(one for one in self.known[device] if one.number == edition)
        return Image(
            number, mine, sweep.start_ns, sweep.end_ns, sweep.image.astype(np.uint16), sweep.sent_ns,
            sweep.received_ns, sweep.outcome, sweep.exception,
        )  # fmt: skip

    def latest(self, device: str, registers: Sequence[int], at_ns: int) -> Latest:
        asked = np.asarray(registers, np.int64)
        words, received = np.zeros(len(asked), np.uint16), np.zeros(len(asked), np.int64)
        outcome = np.full(len(asked), Outcome.NOT_SENT, np.uint8)
        for _, _, sweep in self._inside(device, at_ns - 3_600_000_000_000, at_ns + 1):
            block = sweep.plan.block(asked >> 16, asked & 0xFFFF)
            place = sweep.plan.place(asked >> 16, asked & 0xFFFF)
            outcome = np.where(block >= 0, sweep.outcome[block], outcome)
            good = (block >= 0) & (sweep.outcome[block] == Outcome.OK)
            words[good], received[good] = sweep.image[place[good]], sweep.received_ns[block[good]]
        return Latest(words, received, outcome)

    def exchanges(self, device: str, number: int) -> list[Exchange]:
        return list(exchanges(self.kept[device][number][1]))

    def rollup(self, figures: Sequence[str], start_ns: int, end_ns: int, step: Step) -> Rollup:
        past, span = Past(self), int(step)
        first = -(-start_ns // span) * span
        begin = np.arange(first, end_ns, span, dtype=np.int64)
        shape = len(begin), len(figures)
        low, high, mean = (np.full(shape, np.nan) for _ in range(3))
        count, left_out = np.zeros(shape, np.int32), np.zeros(shape, np.int32)
        for k, figure in enumerate(figures):
            found = draw(past.series(figure, first, first + len(begin) * span), first, span)
            rows = (found.time - first) // span
            low[rows, k], high[rows, k], mean[rows, k] = found.low, found.high, found.mean
            count[rows, k], left_out[rows, k] = found.count, found.left_out
        return Rollup(begin, low, high, mean, count, left_out)

    def extremes(self, device: str, metric: str, start_ns: int, end_ns: int) -> Extremes:
        past = Past(self)
        binding = past.newest().binding
        ids = [
            binding.ids[index] for index in binding.of_metric(metric) if binding.locate(index)[0].device.id == device
        ]
        found = [past.series(name, start_ns, end_ns) for name in ids]
        value = np.stack([np.where(one.quality == Quality.GOOD, one.value, np.nan) for one in found], axis=1)
        count = np.isfinite(value).sum(axis=1).astype(np.int32)
        low = np.where(count > 0, np.min(np.where(np.isfinite(value), value, np.inf), axis=1), np.nan)
        high = np.where(count > 0, np.max(np.where(np.isfinite(value), value, -np.inf), axis=1), np.nan)
        sweeps = self.sweeps(device, start_ns, end_ns)
        return Extremes(sweeps.number, sweeps.end_ns, low, high, count)

    def events(self, start_ns: int, end_ns: int) -> list[Event]:
        return [event for event in self.happened if start_ns <= event.time_ns < end_ns]


def _hash(what: Any) -> str:
    return hashlib.sha256(repr(what).encode()).hexdigest()
