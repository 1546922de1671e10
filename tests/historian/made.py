"""Sweeps out of nothing for the historian: each is a function of its number, so that what comes back can be judged."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from bessinside.historian.basis.folder import Folder
from bessinside.historian.basis.reduce import Reducers
from bessinside.historian.embedded.record import Historian
from bessinside.historian.embedded.store import Store
from bessinside.historian.sealed.catalogue import enter
from bessinside.historian.sealed.seal import due, seal
from bessinside.historian.tail.tail import load_devices, open_tail
from bessinside.modbus import Outcome, Quirks, ReadPlan, Request, Sweep
from bessinside.plant import BoundDevice, Plant, bind, load_plant
from bessinside.runtime import database
from bessinside.twin.readings import Readings
from tests.conftest import SMALL_MAP, SMALL_PLANT

START_NS = 1_782_043_200_000_000_000  # 2026-06-21T12:00:00Z
PERIOD_NS = 1_000_000_000


def plant_in(folder: Path) -> Plant:
    """The plant of two racks, as files."""
    (folder / "small-bms.yaml").write_text(SMALL_MAP)
    path = folder / "plant.toml"
    urls = {name: f"modbus+tcp://127.0.0.1:{port}?unit=1" for name, port in (("a", 1001), ("b", 1002))}
    path.write_text(SMALL_PLANT.format(**urls).replace('every = "200 ms"', 'every = "1 s"'))
    return load_plant(path)


class Maker:
    """Makes sweeps of both racks of a plant, in turn. Every seventh has failures, every eleventh another plan."""

    def __init__(self, plant: Plant) -> None:
        self.bound: tuple[BoundDevice, ...] = bind(plant).devices
        self.plans = []
        for bound in self.bound:
            whole = Readings(bound, Quirks()).plan
            self.plans.append((whole, ReadPlan(whole.requests[:-1])))

    def bound_of(self, number: int) -> BoundDevice:
        return self.bound[number % 2]

    def sweep(self, number: int) -> Sweep:
        chance = np.random.default_rng(number)
        bound = self.bound_of(number)
        plan = self.plans[number % 2][number % 11 == 0]
        count = len(plan.requests)
        start = START_NS + number // 2 * PERIOD_NS + number % 2 * 400_000_000 + int(chance.integers(1_000_000))
        step = chance.integers(50, 900, 2 * count).cumsum() * 1000
        outcome, exception = np.zeros(count, np.uint8), np.zeros(count, np.uint8)
        sent, received = start + step[0::2], start + step[1::2]
        raw: dict[int, bytes] = {}
        words = chance.integers(0, 900, plan.size).astype(">u2")
        if number % 7 == 0:
            outcome[:] = chance.integers(0, 6, count)
            exception[outcome == Outcome.EXCEPTION] = 2
            received[np.isin(outcome, (Outcome.TIMEOUT, Outcome.CLOSED, Outcome.NOT_SENT))] = 0
            sent[outcome == Outcome.NOT_SENT] = 0
            raw = {int(i): chance.bytes(9) for i in np.flatnonzero(outcome == Outcome.BAD_FRAME)}
        tid = (np.arange(count) + number * count).astype(np.uint16)
        return Sweep(
            number, bound.device.id, "tcp", 1, start, int(start + step[-1] + 10_000), plan, words, tid, sent, received,
            outcome, exception, {}, raw,
        )  # fmt: skip


class Folders:
    """A folder that is written step by step, without a loop."""

    def __init__(self, root: Path, plant: Plant) -> None:
        self.folder = Folder(root)
        self.plant = plant
        self.historian = Historian(root, plant)
        self.historian._open()
        self.store = Store(root)
        self.reducers = Reducers(self.store)

    def commit(self, sweeps: list[tuple[Sweep, BoundDevice]]) -> list[int]:
        """Commits sweeps as one tick; their numbers."""
        from bessinside.historian.embedded.spool import Waiting

        self.historian._write([Waiting(sweep, bound, None) for sweep, bound in sweeps], [])
        first = self.historian._last + 1
        self.historian._last += len(sweeps)
        return list(range(first, first + len(sweeps)))

    def seal(self, last: int | None = None) -> int | None:
        """Seals what is due, or all up to a number; the last number sealed."""
        connection = open_tail(self.folder)
        try:
            last = due(connection) if last is None else last
            if last is None:
                return None
            sealed, rolled = seal(self.folder, connection, last, self.reducers)
            devices = {name: number for number, name in load_devices(connection).items()}
            with database.transaction(connection):
                enter(connection, sealed, rolled, devices)
            return last
        finally:
            connection.close()

    def close(self) -> None:
        self.store.close()
        self.historian._connection.close()


def filled(root: Path, count: int, at_once: int = 16) -> Folders:
    """A folder in `root` with so many sweeps of both devices, some in each commit, nothing sealed."""
    folders = Folders(root / "history", plant_in(root))
    maker = Maker(folders.plant)
    for first in range(1, count + 1, at_once):
        folders.commit([(maker.sweep(number), maker.bound_of(number)) for number in range(first, first + at_once)])
    return folders


def plan_of(requests: list[tuple[int, int, int]]) -> ReadPlan:
    return ReadPlan(Request(*one) for one in requests)
