"""What a folder says of who was read how: devices, editions, plans, plant files and maps, each read once."""

from __future__ import annotations

import threading

from bessinside.historian.basis.archive import Edition
from bessinside.historian.basis.folder import Folder
from bessinside.historian.tail.tail import load_devices, load_editions
from bessinside.modbus import ReadPlan
from bessinside.plant import Plant
from bessinside.registers import RegisterMap
from bessinside.runtime import database


class Known:
    """Numbers only grow, and what has one never changes: so it is asked for again only where a number is new.

    `lock` guards the connection, which one thread at a time may use.
    """

    def __init__(self, folder: Folder, connection: database.Connection, lock: threading.RLock) -> None:
        self._folder, self._connection, self._lock = folder, connection, lock
        self._devices: dict[str, int] = {}
        self._editions: dict[int, Edition] = {}
        self._plans: dict[int, ReadPlan] = {}
        self._plants: dict[str, Plant] = {}
        self._maps: dict[str, RegisterMap] = {}

    def device(self, name: str) -> int:
        """The number of a device, -1 where it was never recorded."""
        if name not in self._devices:
            with self._lock:
                self._devices = {known: number for number, known in load_devices(self._connection).items()}
        return self._devices.get(name, -1)

    def editions(self) -> dict[int, Edition]:
        """All editions that there are now."""
        with self._lock:
            (newest,) = self._connection.execute("SELECT max(number) FROM editions").fetchone()
            if newest not in self._editions:
                self._editions = load_editions(self._connection)
        return self._editions

    def edition(self, number: int) -> Edition:
        """The edition of that number."""
        return self._editions[number] if number in self._editions else self.editions()[number]

    def plan(self, number: int) -> ReadPlan:
        """The plan of an edition."""
        if number not in self._plans:
            self._plans[number] = self.edition(number).plan()
        return self._plans[number]

    def plant(self, plant_hash: str) -> Plant:
        """The plant file of that content."""
        if plant_hash not in self._plants:
            self._plants[plant_hash] = self._folder.plant(plant_hash)
        return self._plants[plant_hash]

    def register_map(self, map_hash: str) -> RegisterMap:
        """The map of that content."""
        if map_hash not in self._maps:
            self._maps[map_hash] = self._folder.register_map(map_hash)
        return self._maps[map_hash]
