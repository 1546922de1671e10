"""The plant files and maps that were in force, bound together: what every register of the past means."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from bessinside.historian.basis.archive import Archive, Edition
from bessinside.historian.basis.columns import Columns
from bessinside.historian.basis.decoding import Decoding, pieces
from bessinside.plant import Binding, BoundDevice, Device, bind
from bessinside.registers import MapError, Point, RegisterMap, load_map
from bessinside.runtime import clock
from bessinside.twin.derived import Derived

LOOK_AGAIN_S = 1.0  # whoever records may have begun a new edition


@dataclass(frozen=True, slots=True, eq=False)
class World:
    """One plant file with the maps of its devices, and the formulas over them."""

    plant_hash: str
    maps: Mapping[str, str]
    binding: Binding
    derived: Derived

    def bound(self, device: str) -> BoundDevice | None:
        """The device of that id, None where this world does not have it."""
        return next((bound for bound in self.binding.devices if bound.device.id == device), None)


@dataclass(frozen=True, slots=True, eq=False)
class Stretch:
    """What a device was read in for a time: sweeps of these editions that ended in [from_ns, to_ns) are decoded so."""

    world: World
    editions: list[int]
    from_ns: int
    to_ns: int


class Worlds:
    """All worlds of an archive, with the maps of their time or those that came to stand for them."""

    def __init__(self, archive: Archive, decodings: Sequence[Decoding] = ()) -> None:
        self.archive = archive
        self.decodings = tuple(decodings)
        self._worlds: dict[tuple[str, tuple[tuple[str, str], ...]], World] = {}
        self._maps: dict[str, RegisterMap] = {}
        self._editions: dict[str, list[Edition]] = {}
        self._looked = -LOOK_AGAIN_S
        self._columns: dict[tuple[int, tuple[int, ...]], tuple[BoundDevice, Columns]] = {}
        self._changed: dict[tuple[str, str, str, str], frozenset[str]] = {}

    def over(self, archive: Archive) -> Worlds:
        """The same worlds over another archive of the same past, for another thread; nothing is bound again."""
        found = Worlds(archive, self.decodings)
        found._worlds, found._maps, found._changed = dict(self._worlds), dict(self._maps), dict(self._changed)
        return found

    def editions(self, device: str) -> list[Edition]:
        """The editions of a device, as they were a moment ago."""
        now = clock.monotonic()
        if now - self._looked > LOOK_AGAIN_S:
            self._looked = now
            self._editions.clear()
        if device not in self._editions:
            self._editions[device] = self.archive.editions(device)
        return self._editions[device]

    def map_of(self, edition: Edition, at_ns: int) -> str:
        """The map that a sweep of an edition is decoded with: its own, or the one that came to stand for it."""
        return next(by for by, low, high in pieces(self.decodings, edition.map_hash) if low <= at_ns < high)

    def decoded_anew(self, device: str, start_ns: int, end_ns: int, ids: Sequence[str] | None = None) -> bool:
        """Whether anything of a device in a span, or one of some figures, is decoded otherwise than when recorded."""
        return any(
            by != edition.map_hash
            and low < end_ns
            and high > start_ns
            and (ids is None or not self.changed(edition, by).isdisjoint(ids))
            for edition in (self.editions(device) if self.decodings else ())
            for by, low, high in pieces(self.decodings, edition.map_hash)
        )

    def changed(self, edition: Edition, by: str) -> frozenset[str]:
        """Ids of an edition's figures that another map decodes otherwise, or that one of the two maps does not know."""
        key = edition.device, edition.plant_hash, edition.map_hash, by
        if key not in self._changed:
            plant = self.archive.plant(edition.plant_hash)
            sides = [
                dict(_meanings(bind(plant, partial(_only, edition.device, self.register_map(name)))))
                for name in (edition.map_hash, by)
            ]
            old, new = sides
            self._changed[key] = frozenset(name for name in old.keys() | new.keys() if old.get(name) != new.get(name))
        return self._changed[key]

    def of(self, editions: Sequence[Edition], at_ns: int = 2**62 - 1) -> World:
        """The world in which devices (one edition each) were read at a moment (the newest decoding unless said); the
        newest of them says which plant file held.

        A device without an edition in the plant file of that time has the map that its newest edition has, else the
        one that the plant file names, and is left out where that cannot be had.
        """
        newest = max(editions, key=lambda edition: edition.since_ns)
        plant = self.archive.plant(newest.plant_hash)
        known = {edition.device: self.map_of(edition, at_ns) for edition in editions}
        for device in plant.devices:
            if device.id not in known and (found := self.editions(device.id)):
                known[device.id] = self.map_of(found[-1], at_ns)
        maps = {device.id: known[device.id] for device in plant.devices if device.id in known}
        key = newest.plant_hash, tuple(sorted(maps.items()))
        if key not in self._worlds:
            binding = bind(plant, lambda device: self._map(device, maps))
            self._worlds[key] = World(newest.plant_hash, maps, binding, Derived(binding))
        return self._worlds[key]

    def _map(self, device: Device, maps: Mapping[str, str]) -> RegisterMap | None:
        if device.id in maps:
            return self.register_map(maps[device.id])
        try:
            return load_map(device.map)
        except MapError:
            return None  # it was never read, and what it would be read with is not here

    def register_map(self, map_hash: str) -> RegisterMap:
        """The map of that content, read once; its file is called as it was before it was kept under its hash."""
        if map_hash not in self._maps:
            found = self.archive.register_map(map_hash)
            self._maps[map_hash] = replace(found, path=f"{found.id}.yaml") if found.path else found
        return self._maps[map_hash]

    def add_map(self, map_hash: str, found: RegisterMap) -> None:
        """Makes a map known that the archive does not hold."""
        self._maps[map_hash] = found

    def newest(self) -> World | None:
        """The world of the newest edition of every device; None where nothing was recorded."""
        last = [found[-1] for device in self.archive.devices() if (found := self.editions(device))]
        return self.of(last) if last else None

    def of_device(self, device: str) -> list[Stretch]:
        """The worlds in which a device was read, each with its editions and the time that it holds for."""
        groups: dict[tuple[int, int, int], Stretch] = {}
        for edition in self.editions(device):
            for _, low, high in pieces(self.decodings, edition.map_hash):
                world = self.of([edition], low)
                found = groups.setdefault((id(world), low, high), Stretch(world, [], low, high))
                found.editions.append(edition.number)
        return list(groups.values())

    def columns(self, bound: BoundDevice, points: Sequence[int]) -> Columns:
        """The decoder of some points of a device, made once."""
        key = id(bound), tuple(points)
        if key not in self._columns:
            if len(self._columns) > 256:
                self._columns.clear()
            self._columns[key] = bound, Columns(bound, points)  # the device is held, so that its id stays its own
        return self._columns[key][1]


def _only(device: str, found: RegisterMap, asked: Device) -> RegisterMap | None:
    return found if asked.id == device else None


def _bare(point: Point) -> Point:
    """A point without what is only told of it."""
    return replace(
        point, label="", access="", symbols=(), source="", verified_by=(), suspect=None, desc="", detail="", notes="",
        line=0, mandatory=False, static=False, sign_stated=False,
    )  # fmt: skip


def _meanings(binding: Binding) -> Iterator[tuple[str, object]]:
    """For each figure what its value depends on: its point without what is only told of it, its place, its scale."""
    plain: dict[int, object] = {}

    def meaning(bound: BoundDevice, i: int) -> object:
        point = bound.point(i)
        if id(point) not in plain:
            plain[id(point)] = _bare(point)
        layout = bound.layout
        return plain[id(point)], int(layout.fc[i]), int(layout.address[i]), float(bound.factor[i])

    for bound in binding.devices:
        for i in range(bound.size):
            index, carrier = bound.first + i, int(bound.layout.sf_point[i])
            yield (
                binding.ids[index],
                (
                    meaning(bound, i), meaning(bound, carrier) if carrier >= 0 else None, binding.units[index],
                    float(binding.low[index]), float(binding.high[index]),
                ),
            )  # fmt: skip
