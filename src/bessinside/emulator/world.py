"""One world of registers: what the physics knows, written into the register images of the plant's devices.

A point is served only if the physics has its quantity (or it is a constant of the device, such as its model). Every
other register of the map answers exception 2: nothing is invented to fill a map.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bessinside.emulator import sunspec
from bessinside.emulator.plant import Plant as Physics
from bessinside.emulator.wording import NAMES, symbol_names
from bessinside.modbus import Table, Unit, parse_endpoint
from bessinside.plant import Binding, BoundDevice
from bessinside.plant.anatomy import Anatomy
from bessinside.registers import Codec, Point

_TABLES = {1: "coils", 2: "discrete", 3: "holding", 4: "input"}


@dataclass(frozen=True, slots=True)
class _Source:
    """Points that carry one quantity: their indices, and which entry of the quantity's array each shows."""

    kind: str
    name: str
    points: NDArray[np.int64]
    entries: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class _Coded:
    """A state or alarm word: the symbols of the vendor's map stand for the names that the physics uses."""

    kind: str
    name: str
    point: int
    entry: int
    values: Mapping[str, int]
    bits: bool


class DeviceImage:
    """The registers that one device serves. `refresh` writes values float64[n] of its points."""

    def __init__(self, bound: BoundDevice, served: NDArray[np.bool_], fixed: sunspec.Constants) -> None:
        self.bound = bound
        self.unit = Unit()
        self.fixed = fixed
        layout = bound.layout
        self.served = served
        # one compact word image over all tables: word k of the image is address where[k] of table fc[k]
        keys = sorted(
            {
                (int(layout.fc[i]), int(layout.address[i]) + word)
                for i in np.flatnonzero(served)
                for word in range(int(layout.words[i]))
            }
        )
        place = {key: k for k, key in enumerate(keys)}
        first = [place.get((int(layout.fc[i]), int(layout.address[i])), -1) for i in range(bound.size)]
        offset = np.where(served, first, -1).astype(np.int32)
        self.codec = Codec(layout, offset, bound.factor)
        self.words = np.zeros(len(keys), dtype=np.uint16)
        self._spans: list[tuple[Table, NDArray[np.int64], NDArray[np.int64]]] = []
        for fc, name in _TABLES.items():
            mine = np.array([k for k, key in enumerate(keys) if key[0] == fc], dtype=np.int64)
            if len(mine):
                addresses = np.array([keys[k][1] for k in mine], dtype=np.int64)
                table: Table = getattr(self.unit, name)
                table.readable[addresses] = True
                self._spans.append((table, addresses, mine))
        numeric = np.array([layout.definition(i).wire_type.numeric for i in range(bound.size)], dtype=bool)
        self._factors = served & np.array(
            [layout.definition(i).type == "sunssf" for i in range(bound.size)], dtype=bool
        )
        self._numbers = served & numeric & ~self._factors
        for i, text in fixed.texts.items():
            self.codec.write_text(i, text, self.words)
        for address, word in fixed.words.items():
            self.unit.holding.put(address, word)

    def refresh(self, values: NDArray[np.float64]) -> None:
        """Encodes the values and publishes them; a reader sees the old sweep or the new one, never a mixture."""
        if self._factors.any():
            self.codec.encode(values, self.words, self._factors)
        self.codec.encode(values, self.words, self._numbers)
        self.publish()

    def publish(self) -> None:
        """Copies the word image into the served tables."""
        for table, addresses, mine in self._spans:
            table.words[addresses] = self.words[mine]


class World:
    """All devices of a plant as registers. `units[url link][unit id]` is what a server serves."""

    def __init__(self, binding: Binding, physics: Physics) -> None:
        self.binding = binding
        self.physics = physics
        self.values = np.full(binding.size, np.nan)
        self._sources: list[_Source] = []
        self._coded: list[_Coded] = []
        known = self._connect()
        self.images = [self._image(bound, known) for bound in binding.devices]
        self.units: dict[str, dict[int, Unit]] = {}
        for image in self.images:
            endpoint = parse_endpoint(image.bound.device.url)
            self.units.setdefault(endpoint.link, {})[endpoint.unit] = image.unit
        self.refresh()

    def _image(self, bound: BoundDevice, known: NDArray[np.bool_]) -> DeviceImage:
        span = slice(bound.first, bound.first + bound.size)
        if bound.map.id != sunspec.MAP:
            return DeviceImage(bound, known[span], sunspec.Constants())
        fixed = sunspec.constants(bound, self.binding.plant)
        for i, value in fixed.values.items():
            self.values[bound.first + i] = value
        return DeviceImage(bound, np.ones(bound.size, dtype=bool), fixed)

    def _connect(self) -> NDArray[np.bool_]:
        """Finds for every point the quantity that it shows; which points can be served."""
        places = _Places(self.binding.plant.anatomy)
        points: dict[tuple[str, str], list[tuple[int, int]]] = {}
        known = np.zeros(self.binding.size, dtype=bool)
        for index, metric in enumerate(self.binding.metrics):
            bound, i = self.binding.locate(index)
            hidden = sunspec.hidden_metric(bound, i) if metric is None and bound.map.id == sunspec.MAP else None
            key = (metric.kind, metric.name) if metric is not None else hidden
            if key is None or not self._has(*key):
                continue
            entry = places.entry(key[0], self.binding.parts[index])
            point = bound.point(i)
            if entry is None or (key in NAMES and not point.symbols):
                continue  # a word whose bits the map cannot name says nothing
            known[index] = True
            if key in NAMES:
                self._coded.append(_coded(*key, index, entry, point))
            else:
                points.setdefault(key, []).append((index, entry))
        for (kind, name), pairs in points.items():
            table = np.array(pairs, dtype=np.int64)
            self._sources.append(_Source(kind, name, table[:, 0], table[:, 1]))
        return known

    def _has(self, kind: str, name: str) -> bool:
        if (kind, name) in NAMES:
            return True
        try:
            self.physics.quantity(kind, name)
        except KeyError:
            return False
        return True

    def refresh(self) -> None:
        """Shows the state of the physics in all registers."""
        for source in self._sources:
            self.values[source.points] = self.physics.quantity(source.kind, source.name)[source.entries]
        for coded in self._coded:
            names = symbol_names(self.physics, coded.kind, coded.name, coded.entry)
            numbers = [coded.values[name] for name in names if name in coded.values]
            self.values[coded.point] = sum(1 << n for n in numbers) if coded.bits else sum(numbers[:1])
        for image in self.images:
            span = slice(image.bound.first, image.bound.first + image.bound.size)
            image.refresh(self.values[span])


def _coded(kind: str, name: str, index: int, entry: int, point: Point) -> _Coded:
    values = {symbol.name: symbol.value for symbol in point.symbols}
    return _Coded(kind, name, index, entry, values, point.type.startswith("bitfield"))


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
