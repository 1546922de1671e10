"""Who was read how: numbers for devices and editions, given once and kept for ever."""

from __future__ import annotations

from dataclasses import dataclass

from bessinside.historian.basis.archive import Edition
from bessinside.historian.basis.folder import Folder
from bessinside.historian.tail.tail import load_devices, load_editions, pack_requests
from bessinside.modbus import ReadPlan, Request, Sweep
from bessinside.plant import BoundDevice
from bessinside.registers import RegisterMap
from bessinside.runtime import database

_REMEMBERED = 1024
Key = tuple[str, str, int, str, str, tuple[Request, ...]]


@dataclass(frozen=True, slots=True)
class _Quick:
    """What a plan and a device came to. Both are held, so that their ids stay their own."""

    plan: ReadPlan
    bound: BoundDevice
    unit: int
    framing: str
    device: int
    edition: int


@dataclass(slots=True)
class New:
    """Rows that the next commit has to write before its sweeps."""

    devices: list[tuple[int, str]]
    editions: list[tuple[int, int, int, str, int, str, str, bytes]]


class Editions:
    """The editions of a folder, known by what they say; what is new waits in `new` until it is committed."""

    def __init__(self, folder: Folder, connection: database.Connection, plant_hash: str) -> None:
        self.folder = folder
        self.plant_hash = plant_hash
        self.devices = {name: number for number, name in load_devices(connection).items()}
        self.known: dict[Key, int] = {_key(edition): edition.number for edition in load_editions(connection).values()}
        self.last = max(self.known.values(), default=0)
        self.new = New([], [])
        self._maps: dict[int, tuple[RegisterMap, str]] = {}
        self._quick: dict[tuple[int, int], _Quick] = {}

    def of(self, sweep: Sweep, bound: BoundDevice) -> tuple[int, int]:
        """The numbers of a sweep's device and edition. Keeps the map where it is new; raises OSError, HistoryError."""
        quick = id(sweep.plan), id(bound)
        found = self._quick.get(quick)
        if found is None or found.unit != sweep.unit or found.framing != sweep.framing:
            number = self._number(bound.device.id, sweep, self.map_hash(bound.map))
            if len(self._quick) >= _REMEMBERED:
                self._quick.clear()
            device = self.devices[bound.device.id]
            found = self._quick[quick] = _Quick(sweep.plan, bound, sweep.unit, sweep.framing, device, number)
        return found.device, found.edition

    def map_hash(self, register_map: RegisterMap) -> str:
        """The hash of a map, which is kept in the folder from now on."""
        found = self._maps.get(id(register_map))
        if found is None:
            found = self._maps[id(register_map)] = register_map, self.folder.keep_map(register_map)
        return found[1]

    def _number(self, name: str, sweep: Sweep, map_hash: str) -> int:
        if name not in self.devices:
            self.devices[name] = max(self.devices.values(), default=0) + 1
            self.new.devices.append((self.devices[name], name))
        key: Key = (name, sweep.framing, sweep.unit, self.plant_hash, map_hash, sweep.plan.requests)
        if key not in self.known:
            self.last += 1
            self.known[key] = self.last
            packed = pack_requests(sweep.plan.requests)
            self.new.editions.append(
                (
                    self.last,
                    self.devices[name],
                    sweep.end_ns,
                    sweep.framing,
                    sweep.unit,
                    self.plant_hash,
                    map_hash,
                    packed,
                )
            )
        return self.known[key]

    def write(self, connection: database.Connection) -> None:
        """Writes what is new, inside the caller's transaction; forget it with :meth:`written` after the commit."""
        if not self.new.devices and not self.new.editions:
            return
        connection.executemany("INSERT OR IGNORE INTO devices VALUES (?, ?)", self.new.devices)
        connection.executemany("INSERT OR IGNORE INTO editions VALUES (?, ?, ?, ?, ?, ?, ?, ?)", self.new.editions)

    def written(self) -> None:
        """What was new is committed."""
        if self.new.devices or self.new.editions:
            self.new = New([], [])


def _key(edition: Edition) -> Key:
    return (
        edition.device, edition.framing, edition.unit, edition.plant_hash, edition.map_hash, edition.requests
    )  # fmt: skip
