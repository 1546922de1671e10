"""What the plant really said: the registers that were served, and the physics behind them, second by second."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bessinside.emulator.service.serve import Emulator
from bessinside.plant import Plant
from bessinside.runtime import clock
from tests.sim.page import Page, Words

KEPT = 14
"""Moments that are remembered: more than three periods of the slowest device."""


@dataclass(eq=False)
class Moment:
    """The registers from `since_ms` on: words by (device id, function code), and values in SI units by figure id."""

    since_ms: float
    tables: dict[tuple[str, int], NDArray[np.uint16]]
    values: NDArray[np.float64]
    until_ms: float = float("inf")
    seen: dict[str, Words] = field(default_factory=dict)

    def words(self, page: Page) -> Words:
        """The words that a frame would hold had the page seen exactly this moment."""
        if page.hash not in self.seen:
            image = np.zeros(page.size, np.uint16)
            for device, fc, addresses, places in page.places:
                image[places] = self.tables[page.devices[device]["id"], fc][addresses]
            self.seen[page.hash] = image
        return self.seen[page.hash]


class WatchedEmulator(Emulator):
    """The emulator, with a witness who writes down what it serves."""

    def __init__(self, plant: Plant, *, seed: int = 1) -> None:
        super().__init__(plant, seed=seed)
        self.moments: deque[Moment] = deque(maxlen=KEPT)
        served = np.concatenate([image.served for image in self.world.images])
        self.number = {name: n for n, name in enumerate(self.world.binding.ids) if served[n]}
        self._tables = [
            ((image.bound.device.id, fc), image.unit.table(fc))
            for image in self.world.images
            for fc in sorted(set(image.bound.layout.fc.tolist()))
        ]
        self._write_down()

    def step(self, seconds: float) -> None:
        super().step(seconds)
        self._write_down()

    def _write_down(self) -> None:
        now = clock.now_ns() / 1e6
        if self.moments:
            self.moments[-1].until_ms = now
        tables = {key: table.words.astype(np.uint16) for key, table in self._tables}
        self.moments.append(Moment(now, tables, self.world.values.copy()))

    def between(self, first_ms: float, last_ms: float) -> Iterator[Moment]:
        """The moments that were served at some time of a span."""
        return (moment for moment in self.moments if moment.since_ms <= last_ms and moment.until_ms >= first_ms)

    def readable(self, page: Page) -> NDArray[np.bool_]:
        """bool[P]: whether the plant answers every register of a point at all."""
        tables = dict(self._tables)
        device = [found["id"] for found in page.devices]
        rows = zip(page.device.tolist(), page.fc.tolist(), page.address.tolist(), page.length.tolist(), strict=True)
        return np.array([bool(tables[device[d], fc].readable[a : a + n].all()) for d, fc, a, n in rows])
