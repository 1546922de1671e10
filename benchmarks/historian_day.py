"""The emulated day: REF-5M swept once a plant second straight from its word images, as the poller would hand it on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from bessinside.emulator.service.serve import Emulator
from bessinside.emulator.worlds.world import DeviceImage
from bessinside.modbus import Outcome, Sweep, parse_endpoint, parse_quirks, plan
from bessinside.plant import BoundDevice, load_plant

SECOND = 1_000_000_000
MIDNIGHT = 1_781_481_600 * SECOND  # 2026-06-15T00:00Z
STEP_S = 1.0


class Wire:
    """One device: its reads, and its sweeps with times as a link of half a millisecond an answer gives them."""

    def __init__(self, image: DeviceImage, seed: int) -> None:
        self.bound: BoundDevice = image.bound
        self._unit = image.unit
        layout = self.bound.layout
        writes_only = np.array([point.write_only for point in layout.points], dtype=bool)[layout.point]
        mine = np.flatnonzero(image.served & ~writes_only)
        quirks = parse_quirks({**self.bound.map.quirks, **self.bound.device.quirks})
        self.points = len(mine)
        self.plan = plan(
            layout.fc[mine], layout.address[mine], layout.words[mine],
            max_registers=quirks.max_registers, max_bits=quirks.max_bits,
        )  # fmt: skip
        self._unit_id = parse_endpoint(self.bound.device.url).unit
        self._random = np.random.default_rng(seed)
        self._slot = int(self._random.integers(10)) * SECOND // 10  # sweeps are spread over the second
        self._tid = self._number = 0

    def sweep(self, now_ns: int) -> Sweep:
        """One pass over the device, its words as they are served now."""
        requests = self.plan.requests
        image = np.empty(self.plan.size, ">u2")
        for request, start in zip(requests, self.plan.starts.tolist(), strict=True):
            table = self._unit.table(request.fc)
            image[start : start + request.count] = table.words[request.address : request.address + request.count]
        took = self._random.normal(500_000, 60_000, len(requests)).clip(150_000).astype(np.int64)
        start_ns = now_ns + self._slot + int(self._random.integers(300_000))
        received = start_ns + np.cumsum(took + 20_000)
        tids = (np.arange(len(requests)) + self._tid + 1 & 0xFFFF).astype(np.uint16)
        self._tid, self._number = self._tid + len(requests), self._number + 1
        none = np.zeros(len(requests), np.uint8)
        return Sweep(
            self._number, self.bound.device.id, "tcp", self._unit_id, start_ns, int(received[-1]) + 10_000, self.plan,
            image, tids, received - took, received, np.full(len(requests), Outcome.OK, np.uint8), none,
        )  # fmt: skip


class Day:
    """The plant from midnight on; `seconds()` gives what every device answered in each."""

    def __init__(self, folder: Path) -> None:
        from bessinside.plant.plantfile import SHIPPED

        self.file = folder / "ref-5m.toml"
        self.file.write_text(re.sub(r"127\.0\.0\.1:15", "127.0.0.1:25", (SHIPPED / "ref-5m.toml").read_text()))
        self.plant = load_plant(self.file)
        self._emulator = Emulator(self.plant, at=MIDNIGHT)
        self.wires = [Wire(image, seed) for seed, image in enumerate(self._emulator.world.images)]
        self.words = sum(wire.plan.size for wire in self.wires)
        self.points = sum(wire.points for wire in self.wires)

    def seconds(self) -> Iterator[list[tuple[Sweep, BoundDevice]]]:
        """Second after second, without end."""
        while True:
            now = self._emulator.physics.time_ns
            yield [(wire.sweep(now), wire.bound) for wire in self.wires]
            self._emulator.step(STEP_S)
