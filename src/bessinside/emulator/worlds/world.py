"""One world of registers: what the physics knows, written into the register images of the plant's devices.

A point is served only if the physics has its quantity (or it is a constant of the device, such as its model). Every
other register of the map answers exception 2: nothing is invented to fill a map. A quantity that is NaN has no value
just now: its register shows its type's "not implemented", or keeps its last value where the type has none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import cast

import numpy as np
from numpy.typing import NDArray

from bessinside.emulator.whole.instant import Instant
from bessinside.emulator.whole.plant import Plant as Physics
from bessinside.emulator.worlds import cadence, sunspec, sunspec_words
from bessinside.emulator.worlds.image import DeviceImage, Spoil
from bessinside.emulator.worlds.joined import join
from bessinside.emulator.worlds.wording import NAMES, symbol_names
from bessinside.modbus import Unit, parse_endpoint
from bessinside.plant import Binding, BoundDevice, parts, shipped_plants
from bessinside.plant.anatomy import Anatomy
from bessinside.registers import Codec, Point

__all__ = ["DeviceImage", "Spoil", "World", "world_file"]

Reading = Callable[[Physics], NDArray[np.float64]]
Quantity = tuple[str, str]  # kind of part and name: the most frequent of readings
Names = Callable[[Physics, int], set[str]]


def world_file(name: str, world: str) -> str:
    """The shipped plant that is plant `name` in another world of registers: `ref-5m`, `sunspec` -> `ref-5m-sunspec`.

    The vendor world is the plant itself. Raises KeyError where no such plant is shipped.
    """
    found = name if world == "vendor" else f"{name}-{world}"
    if found not in shipped_plants():
        raise KeyError(f"{name} is not shipped in a {world} world; shipped plants are {', '.join(shipped_plants())}")
    return found


@dataclass(frozen=True, slots=True)
class _Coded:
    """A state or alarm word: the symbols of the map stand for the names that the physics uses."""

    names: Names
    point: int
    entry: int
    values: Mapping[str, int]
    bits: bool

    def value(self, true: set[str]) -> float:
        """The word for the names that hold now; of several states in an enumeration the highest, the most special."""
        if not true:
            return 0.0
        numbers = [self.values[name] for name in true if name in self.values]
        return float(sum(1 << n for n in numbers) if self.bits else max(numbers, default=0))


class _Group:
    """All points that are refreshed at one pace: readings to ask for, and which of their entries each point shows."""

    def __init__(self) -> None:
        self.readings: dict[object, tuple[Reading | Quantity, list[int], list[int]]] = {}
        self.coded: list[_Coded] = []
        self._words: dict[tuple[Names, int], list[_Coded]] = {}
        self._true: dict[tuple[Names, int], set[str]] = {}  # what each word last said
        self.points: NDArray[np.int64] = np.zeros(0, dtype=np.int64)
        self._entries: NDArray[np.int64] = np.zeros(0, dtype=np.int64)

    def add(self, key: object, reading: Reading | Quantity, point: int, entry: int) -> None:
        _, points, entries = self.readings.setdefault(key, (reading, [], []))
        points.append(point)
        entries.append(entry)

    def close(self, physics: Physics) -> None:
        """Lays the readings end to end, so that one look-up serves all points; words that say the same together."""
        for coded in self.coded:
            self._words.setdefault((coded.names, coded.entry), []).append(coded)
        start, entries = 0, []
        for reading, _, places in self.readings.values():
            entries.append(np.array(places, dtype=np.int64) + start)
            start += len(physics.quantity(*reading) if isinstance(reading, tuple) else reading(physics))
        self._entries = np.concatenate([np.zeros(0, dtype=np.int64), *entries])
        points = [point for _, points, _ in self.readings.values() for point in points]
        self.points = np.array(points, dtype=np.int64)

    def take(self, physics: Physics, values: NDArray[np.float64]) -> None:
        """Writes what the physics says now into `values`."""
        if len(self.points):
            ask = physics.quantity
            found = np.concatenate(
                [
                    ask(*reading) if isinstance(reading, tuple) else reading(physics)
                    for reading, _, _ in self.readings.values()
                ]
            )
            values[self.points] = found[self._entries]
        for key, words in self._words.items():
            names, entry = key
            true = names(physics, entry)
            if self._true.get(key) != true:
                self._true[key] = true
                for word in words:
                    values[word.point] = word.value(true)


class World:
    """All devices of a plant as registers. `units[url link][unit id]` is what a server serves.

    `values` float64[n] is what was last handed to the register of each point, in SI units.
    """

    def __init__(self, binding: Binding, physics: Physics) -> None:
        self.binding = binding
        self.physics = physics
        self.values = np.full(binding.size, np.nan)
        self._groups = {every: _Group() for every in cadence.PERIODS}
        known = self._connect()
        self.images: list[DeviceImage] = []
        constants = []
        for bound in binding.devices:
            whole = bound.map.id == sunspec.MAP  # a SunSpec reader takes whole models
            span = slice(bound.first, bound.first + bound.size)
            self.images.append(DeviceImage(bound, np.full(bound.size, True) if whole else known[span]))
            constants.append(sunspec.constants(bound, binding.plant) if whole else sunspec.Constants())
        self._serve(constants)
        self.units: dict[str, dict[int, Unit]] = {}
        for image in self.images:
            endpoint = parse_endpoint(image.bound.device.url)
            self.units.setdefault(endpoint.link, {})[endpoint.unit] = image.unit
        self._shown_ns = 0
        self.refresh(everything=True)

    def _serve(self, constants: list[sunspec.Constants]) -> None:
        """One word image for the whole plant, with all that never changes in it, and one codec that writes it."""
        starts = np.cumsum([0, *(image.size for image in self.images)])
        self._words = np.zeros(int(starts[-1]), dtype=np.uint16)
        offsets = []
        for image, start in zip(self.images, starts.tolist(), strict=False):
            image.words = self._words[start : start + image.size]
            offsets.append(np.where(image.codec.offset >= 0, image.codec.offset + start, -1).astype(np.int32))
        bounds = [image.bound for image in self.images]
        layout = join([bound.layout for bound in bounds])
        self._codec = Codec(layout, np.concatenate(offsets), np.concatenate([bound.factor for bound in bounds]))
        numeric = np.array([point.wire_type.numeric for point in layout.points])[layout.point]
        factors = np.array([point.type == "sunssf" for point in layout.points])[layout.point]
        served = np.concatenate([image.served for image in self.images]) & numeric
        moving = np.zeros(len(layout), dtype=bool)
        for group in self._groups.values():
            group.close(self._instant())
            moving[group.points] = True
            moving[[coded.point for coded in group.coded]] = True
        for image, fixed in zip(self.images, constants, strict=True):
            for i, value in fixed.values.items():
                self.values[image.bound.first + i] = value
                moving[image.bound.first + i] = False
            for i, text in fixed.texts.items():
                image.codec.write_text(i, text, image.words)
            for address, word in fixed.words.items():
                image.unit.holding.put(address, word)
        self._write_serials()
        # Scale factors go first: a value cannot be written before the register that scales it.
        self._codec.encode(self.values, self._words, served & factors)
        self._codec.encode(self.values, self._words, served & ~factors & ~moving)
        self._due: dict[tuple[int, ...], tuple[Codec, list[DeviceImage]]] = {}
        self._moving = moving & served

    def _write_serials(self) -> None:
        """Texts that the physics knows: serial numbers of modules."""
        places = _Places(self.binding.plant.anatomy)
        for image in self.images:
            for i, metric in enumerate(image.bound.metrics):
                if metric is None or metric.unit != "text" or not image.served[i]:
                    continue
                entry = places.entry(metric.kind, image.bound.parts[i])
                if entry is not None:
                    text = self.physics.text(metric.kind, metric.name)[entry]
                    image.codec.write_text(i, text, image.words)

    def _connect(self) -> NDArray[np.bool_]:
        """Finds for every point what of the physics it shows; which points can be served."""
        places = _Places(self.binding.plant.anatomy)
        known = np.zeros(self.binding.size, dtype=bool)
        for bound in self.binding.devices:
            for i in range(bound.size):
                known[bound.first + i] = self._find(bound, i, places)
        return known

    def _find(self, bound: BoundDevice, i: int, places: _Places) -> bool:
        """Connects one point, if the physics has something for it."""
        point, metric, index = bound.point(i), bound.metrics[i], bound.first + i
        if not point.wire_type.numeric:
            return False
        kind = parts.kind_of(bound.parts[i])
        entry = places.entry(kind, bound.parts[i])
        if entry is None:
            return False
        key = (metric.kind, metric.name) if metric is not None else None
        name = metric.name if metric is not None else ""
        names: Names | None = None
        reading: Reading | Quantity | None = None
        if bound.map.id == sunspec.MAP:
            own = (kind, sunspec.model_of(bound, i) or 0, point.name)
            names, reading = sunspec_words.CODED.get(own), sunspec_words.READINGS.get(own)
            if key is None and names is None and reading is None:
                key = sunspec.hidden_metric(bound, i)
        if names is None and reading is None and key is not None:
            name = key[1]
            if key in NAMES:
                if not point.symbols:
                    return False  # a word whose bits the map cannot name says nothing
                names = _named(*key)
            elif self._has(*key):
                reading = key
        group = self._groups[cadence.period(kind, name or point.name)]
        if names is not None:
            values = {symbol.name: symbol.value for symbol in point.symbols}
            group.coded.append(_Coded(names, index, entry, values, _bits(point)))
        elif reading is not None:
            group.add(key or (kind, reading), reading, index, entry)
        return names is not None or reading is not None

    def _has(self, kind: str, name: str) -> bool:
        try:
            return name in self.physics.readings(kind)
        except KeyError:
            return False

    def _instant(self) -> Physics:
        return cast(Physics, Instant(self.physics))

    def refresh(self, everything: bool = False) -> None:
        """Shows the state of the physics in the registers that are due by now, or in all of them."""
        now, before = self.physics.time_ns, self._shown_ns
        ready = tuple(every for every in cadence.PERIODS if everything or cadence.due(every, before, now))
        self._shown_ns = now
        if not ready:
            return
        instant = self._instant()
        for every in ready:
            self._groups[every].take(instant, self.values)
        writer, images = self._touched(ready)
        writer.encode(self.values, self._words, nearest=True)
        for image in images:
            image.publish()

    def _touched(self, ready: tuple[int, ...]) -> tuple[Codec, list[DeviceImage]]:
        """What writes the points that move at these paces, and the devices that have some."""
        if ready not in self._due:
            which = np.zeros(self.binding.size, dtype=bool)
            for every in ready:
                which[self._groups[every].points] = True
                which[[coded.point for coded in self._groups[every].coded]] = True
            which &= self._moving
            images = [
                image
                for image in self.images
                if len(ready) == len(cadence.PERIODS)
                or which[image.bound.first : image.bound.first + image.bound.size].any()
            ]
            self._due[ready] = (self._codec.writer(which), images)
        return self._due[ready]


@cache
def _named(kind: str, name: str) -> Names:
    return lambda plant, entry: symbol_names(plant, kind, name, entry)


def _bits(point: Point) -> bool:
    return point.type.startswith("bitfield")


class _Places:
    """Which entry of a quantity's array a part is: parts count in plant order within their kind."""

    def __init__(self, anatomy: Anatomy) -> None:
        self._order = {
            kind: {path: n for n, path in enumerate(anatomy.all(kind))}
            for kind in ("container", "rack", "module", "cell", "sensor", "bus")
        }

    def entry(self, kind: str, path: str) -> int | None:
        if kind in self._order:
            return self._order[kind].get(path)
        number = "".join(character for character in path.rsplit("/", 1)[-1] if character.isdigit())
        return int(number or 1) - 1
