"""Emulated sweeps straight from the word images into a capture, without sockets: days in minutes.

Every device of the plant is swept at the same moment, in the requests that a reader of its points would send. No wire
was there, so an exchange is sent and received at that moment, and the file's header says that it is emulated.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from bessinside.emulator.service.moment import said
from bessinside.emulator.service.serve import Emulator, EmulatorError
from bessinside.emulator.whole.schedule import NS
from bessinside.emulator.worlds.world import DeviceImage
from bessinside.modbus import Capture, Exchange, Outcome, Quirks, ReadPlan, Request, parse_endpoint, parse_quirks, plan
from bessinside.modbus.capture import line_of
from bessinside.modbus.frames import pack_bits, read_pdu, tcp_frame

LONGEST_STEP_S = 60.0
_FRAMING = "tcp"
_AT_WORK = 1.4  # a day of REF-5M that begins at rest took 1.25 times what its first sweep did


class _Sweeper:
    """Reads one device as it is served. `rest`: requests for registers that belong to no point (a SunSpec chain)."""

    def __init__(self, image: DeviceImage) -> None:
        bound, self.unit = image.bound, image.unit
        self.device = bound.device.id
        self.unit_id = parse_endpoint(bound.device.url).unit
        layout = bound.layout
        writes_only = np.array([point.write_only for point in layout.points], dtype=bool)[layout.point]
        mine = np.flatnonzero(image.served & ~writes_only)
        quirks = parse_quirks({**bound.map.quirks, **bound.device.quirks})
        self.plan = plan(
            layout.fc[mine], layout.address[mine], layout.words[mine],
            max_registers=quirks.max_registers, max_bits=quirks.max_bits,
        )  # fmt: skip
        self.rest = self._rest(quirks)
        self._transaction = 0

    def _rest(self, quirks: Quirks) -> ReadPlan:
        places = []
        for fc in (1, 2, 3, 4):
            left = self.unit.table(fc).readable.copy()
            for request in self.plan.requests:
                if request.fc == fc:
                    left[request.address : request.address + request.count] = False
            places += [(fc, int(address)) for address in np.flatnonzero(left)]
        if not places:
            return ReadPlan(())
        codes, addresses = np.array(places).T
        one = np.ones(len(places), np.int64)
        return plan(codes, addresses, one, max_registers=quirks.max_registers, max_bits=quirks.max_bits)

    def exchanges(self, now_ns: int, requests: tuple[Request, ...]) -> Iterator[Exchange]:
        for request in requests:
            words = self.unit.table(request.fc).words[request.address : request.address + request.count]
            payload = pack_bits(words) if request.bits else words.tobytes()
            self._transaction = self._transaction + 1 & 0xFFFF
            asked = tcp_frame(self._transaction, self.unit_id, read_pdu(request.fc, request.address, request.count))
            answered = tcp_frame(self._transaction, self.unit_id, bytes((request.fc, len(payload))) + payload)
            yield Exchange(now_ns, now_ns, _FRAMING, self.unit_id, Outcome.OK, asked, answered)


class Recording:
    """`span_s` of a plant, a sweep of all devices each `every_s`, into the new file `path`, compressed.

    `sweeps` is how many there will be, `registers` how many one reads, `size` about how many bytes the file gets at
    most: what a first sweep takes, compressed alone, times their number and what a plant at work takes more.
    """

    def __init__(self, emulator: Emulator, path: str | Path, span_s: float, every_s: float) -> None:
        if every_s > span_s:
            raise EmulatorError(f"a sweep every {every_s:g} s is none within {span_s:g} s; shorten the first")
        self.emulator = emulator
        self.path = Path(path)
        self.every_s = every_s
        self.sweeps = int(span_s / every_s) + 1
        self._sweepers = [_Sweeper(image) for image in emulator.world.images]
        self.registers = sum(sweeper.plan.size for sweeper in self._sweepers)
        self.size = round(_AT_WORK * self._one_sweep() * self.sweeps)

    def _one_sweep(self) -> int:
        now = self.emulator.physics.time_ns
        lines = (
            line_of(exchange, sweeper.device)
            for sweeper in self._sweepers
            for exchange in sweeper.exchanges(now, sweeper.plan.requests)
        )
        return len(zlib.compress(b"".join(lines), 6))

    def write(self, progress: Callable[[int], None] | None = None) -> int:
        """Runs the plant and writes the file; `progress` is given the sweeps done. Gives the exchanges written."""
        emulator, written = self.emulator, 0
        begin = emulator.physics.time_ns
        end = begin + round((self.sweeps - 1) * self.every_s * NS)
        label = (
            f"emulated: {emulator.plant.label}, {emulator.origin}, a sweep every {self.every_s:g} s "
            f"from {said(begin)} to {said(end)}"
        )
        devices = [sweeper.device for sweeper in self._sweepers]
        with Capture(self.path, emulator.plant.id, _FRAMING, emulated=label, devices=devices, compress=True) as capture:
            for number in range(self.sweeps):
                if number:
                    self._advance(begin + round(number * self.every_s * NS))
                now = emulator.physics.time_ns
                for sweeper in self._sweepers:
                    requests = sweeper.plan.requests if number else sweeper.plan.requests + sweeper.rest.requests
                    for exchange in sweeper.exchanges(now, requests):
                        capture.add(exchange, sweeper.device)
                        written += 1
                if progress is not None:
                    progress(number + 1)
        return written

    def _advance(self, until_ns: int) -> None:
        while (left := (until_ns - self.emulator.physics.time_ns) / NS) > 0.0:
            self.emulator.advance(min(left, LONGEST_STEP_S))
        self.emulator.show()
