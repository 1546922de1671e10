"""The past as fact bases ask it: in short pieces under a lock that others wait for, each closed hour only once.

A base that is made a minute later speaks of almost the same span. What an hour held does not change once it is over and
was recorded; so its minutes, and the peaks of its sweeps, are kept from one base to the next.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bessinside.historian.basis.archive import (
    HOUR_NS,
    Archive,
    Edition,
    Event,
    Extremes,
    Image,
    Latest,
    Rollup,
    Step,
    Sweeps,
    Words,
)
from bessinside.historian.basis.peak import Peak, peak, widest
from bessinside.historian.basis.shelf import Shelf
from bessinside.modbus import Exchange
from bessinside.plant import Plant
from bessinside.registers import RegisterMap
from bessinside.runtime import clock

Door = Callable[[], AbstractContextManager[Archive]]
DAY_NS = 24 * HOUR_NS
BLOCK_NS = HOUR_NS
PIECE_NS = {Step.MINUTE: DAY_NS, Step.HOUR: 64 * DAY_NS}  # most that is asked for while others wait
LATE_NS = 180 * 10**9  # a sweep is recorded within so long after its end
MOST_BYTES = 96 << 20
SPANS_S = 60.0


_Columns = tuple[NDArray[Any], ...]
"""int64[m] begins; low, high, mean, count, left_out: [m, k]."""


@dataclass(frozen=True, slots=True, eq=False)
class _Block:
    """Steps of some figures: `place` says in which column."""

    place: dict[str, int]
    columns: _Columns

    @property
    def time(self) -> NDArray[np.int64]:
        return self.columns[0]

    def bytes(self) -> int:
        return sum(column.nbytes for column in self.columns)

    def has(self, names: list[str]) -> bool:
        return all(name in self.place for name in names)

    def of(self, names: list[str]) -> _Columns:
        rows = [self.place[name] for name in names]
        return (self.time, *(column[:, rows] for column in self.columns[1:]))


class Kept(Archive):
    """An archive that is asked through a door. `late_ns`: how long after its end a sweep may still be recorded."""

    def __init__(self, door: Door, late_ns: int = LATE_NS, most_bytes: int = MOST_BYTES) -> None:
        self._door = door
        self._late_ns, self._most = late_ns, most_bytes
        self._blocks: dict[tuple[Step, int], _Block] = {}
        self._bytes = 0
        self._open: dict[Step, tuple[int, int, _Block]] = {}
        self._peaks = Shelf(20_000)
        self._until = 0
        self._spans: dict[str, tuple[int, int] | None] = {}
        self._looked = -SPANS_S

    def rollup(self, figures: Sequence[str], start_ns: int, end_ns: int, step: Step) -> Rollup:
        """See :meth:`Archive.rollup`; blocks that are closed are asked for once, and what is open once for a span."""
        begin = -(-start_ns // step) * step
        end = begin + max(0, -(-(end_ns - begin) // step)) * step
        block, names = BLOCK_NS, list(figures)
        blocks = range(begin // block * block, min(end, self._closed(end) // block * block), block)
        self._learn(names, [at for at in blocks if not self._has(names, step, at)], step)
        found = [self._of(names, step, at) for at in blocks]
        since = max(begin, blocks[-1] + block) if len(blocks) else begin
        if end > since or not found:
            found.append(self._rest(names, step, since, end))
        time, low, high, mean, count, left_out = (np.concatenate(column) for column in zip(*found, strict=True))
        inside = (time >= begin) & (time < end)
        self._make_room()
        return Rollup(time[inside], low[inside], high[inside], mean[inside], count[inside], left_out[inside])

    def _rest(self, names: list[str], step: Step, since_ns: int, end_ns: int) -> _Columns:
        """What is not over yet: kept only until it is asked for from another moment on, or up to a later one."""
        since, until, held = self._open.get(step, (-1, -1, None))
        if held is None or since != since_ns or until < end_ns:
            held = None
        if held is None or not held.has(names):
            until = end_ns if held is None else until
            with self._in() as archive:
                held = _with(held, names, _columns(archive.rollup(names, since_ns, until, step)))
            self._open[step] = since_ns, until, held
        return held.of(names)

    def _learn(self, names: list[str], missing: list[int], step: Step) -> None:
        """Asks for blocks in pieces of blocks that follow each other."""
        block = BLOCK_NS
        for run in _runs(missing, block, PIECE_NS[step]):
            with self._in() as archive:
                kept = _columns(archive.rollup(names, run[0], run[-1] + block, step))
            bounds = np.searchsorted(kept[0], [*run, run[-1] + block])
            for k, at in enumerate(run):
                part = tuple(column[bounds[k] : bounds[k + 1]].copy() for column in kept)
                self._keep(step, at, _with(self._blocks.get((step, at)), names, part))

    def _keep(self, step: Step, at: int, block: _Block) -> None:
        held = self._blocks.pop((step, at), None)
        self._blocks[step, at] = block
        self._bytes += block.bytes() - (0 if held is None else held.bytes())

    def _make_room(self) -> None:
        """Forgets the blocks that were not asked for the longest."""
        while self._bytes > self._most:
            self._bytes -= self._blocks.pop(next(iter(self._blocks))).bytes()

    def _has(self, names: list[str], step: Step, at: int) -> bool:
        held = self._blocks.get((step, at))
        return held is not None and held.has(names)

    def _of(self, names: list[str], step: Step, at: int) -> _Columns:
        held = self._blocks[step, at] = self._blocks.pop((step, at))
        return held.of(names)

    def peak(self, device: str, metric: str, start_ns: int, end_ns: int) -> Peak | None:
        """See :class:`~bessinside.historian.basis.peak.Peaked`; days that are closed are asked for once."""
        closed = self._closed(end_ns)
        found = []
        for at in range(start_ns // DAY_NS * DAY_NS, end_ns, DAY_NS):
            low, high = max(at, start_ns), min(at + DAY_NS, end_ns)

            def ask(low: int = low, high: int = high) -> Peak | None:
                with self._in() as archive:
                    return peak(archive, device, metric, low, high)

            whole = high - low == DAY_NS and high <= closed
            one = self._peaks.get((device, metric, at), ask) if whole else ask()
            found += [] if one is None else [one]
        return widest(found)

    def _closed(self, end_ns: int) -> int:
        """Until when nothing more will be recorded, as far as it matters for a span that ends at a moment."""
        if end_ns > self._until:
            span = self.span()
            self._until = 0 if span is None else max(self._until, span[1] - self._late_ns)
        return self._until

    def _in(self) -> AbstractContextManager[Archive]:
        return self._door()

    # -- what is handed on as it is

    def devices(self) -> list[str]:
        with self._in() as archive:
            return archive.devices()

    def span(self, device: str | None = None) -> tuple[int, int] | None:
        """See :meth:`Archive.span`; that of one device as it was a minute ago at most."""
        if device is None:
            with self._in() as archive:
                return archive.span()
        now = clock.monotonic()
        if now - self._looked > SPANS_S:
            self._looked = now
            self._spans.clear()
        if device not in self._spans:
            with self._in() as archive:
                self._spans[device] = archive.span(device)
        return self._spans[device]

    def editions(self, device: str) -> list[Edition]:
        with self._in() as archive:
            return archive.editions(device)

    def plant(self, plant_hash: str) -> Plant:
        with self._in() as archive:
            return archive.plant(plant_hash)

    def register_map(self, map_hash: str) -> RegisterMap:
        with self._in() as archive:
            return archive.register_map(map_hash)

    def sweeps(self, device: str, start_ns: int, end_ns: int) -> Sweeps:
        with self._in() as archive:
            return archive.sweeps(device, start_ns, end_ns)

    def words(self, device: str, registers: Sequence[int], start_ns: int, end_ns: int) -> Words:
        with self._in() as archive:
            return archive.words(device, registers, start_ns, end_ns)

    def image(self, device: str, at_ns: int) -> Image | None:
        with self._in() as archive:
            return archive.image(device, at_ns)

    def latest(self, device: str, registers: Sequence[int], at_ns: int) -> Latest:
        with self._in() as archive:
            return archive.latest(device, registers, at_ns)

    def exchanges(self, device: str, number: int) -> list[Exchange]:
        with self._in() as archive:
            return archive.exchanges(device, number)

    def extremes(self, device: str, metric: str, start_ns: int, end_ns: int) -> Extremes:
        with self._in() as archive:
            return archive.extremes(device, metric, start_ns, end_ns)

    def events(self, start_ns: int, end_ns: int) -> list[Event]:
        with self._in() as archive:
            return archive.events(start_ns, end_ns)


def _columns(kept: Rollup) -> _Columns:
    return kept.begin_ns, kept.low, kept.high, kept.mean, kept.count, kept.left_out


def _with(held: _Block | None, names: list[str], columns: _Columns) -> _Block:
    """A block with more figures; the new ones alone where their steps are others."""
    if held is None or not np.array_equal(held.time, columns[0]):
        return _Block({name: k for k, name in enumerate(names)}, columns)
    fresh = {name: k for k, name in enumerate(names) if name not in held.place}
    place = {**held.place, **{name: len(held.place) + n for n, name in enumerate(fresh)}}
    rows = list(fresh.values())
    both = (np.concatenate([old, new[:, rows]], axis=1) for old, new in zip(held.columns[1:], columns[1:], strict=True))
    return _Block(place, (held.time, *both))


def _runs(starts: Sequence[int], block_ns: int, most_ns: int) -> Sequence[Sequence[int]]:
    """Blocks that follow each other within a piece of time (`most_ns`, counted from the epoch)."""
    found: list[list[int]] = []
    for at in starts:
        follows = found and at == found[-1][-1] + block_ns and at // most_ns == found[-1][0] // most_ns
        if follows:
            found[-1].append(at)
        else:
            found.append([at])
    return found
