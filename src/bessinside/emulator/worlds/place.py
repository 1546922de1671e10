"""Where something takes place: part paths in plant order, parts drawn by chance, and which parts belong together."""

from __future__ import annotations

import re
from functools import cache

import numpy as np
from numpy.typing import NDArray

from bessinside.errors import BessError
from bessinside.plant import load_plant, parts
from bessinside.plant.anatomy import Anatomy

DEFAULT = "ref-5m"
PHASES = ("l1", "l2", "l3")
_IN_ANATOMY = ("container", "bus", "rack", "module", "cell", "sensor")
_ANY = re.compile(r"any (\w+)( with a sensor)?")


class PlaceError(BessError):
    """A part that the plant does not have."""


class Places:
    """All parts of a plant by kind. Phases of the meter count as a kind, though they are no parts."""

    def __init__(self, anatomy: Anatomy) -> None:
        self.anatomy = anatomy
        pcs = tuple(bus.pcs for bus in anatomy.buses if bus.pcs is not None)
        self.paths: dict[str, tuple[str, ...]] = {
            **{kind: anatomy.all(kind) for kind in _IN_ANATOMY},
            "pcs": pcs,
            "phase": PHASES,
            "meter": ("meter",),
        }
        self._entry = {kind: {path: n for n, path in enumerate(paths)} for kind, paths in self.paths.items()}
        self._bus_of = {rack: bus for bus in anatomy.buses for rack in bus.racks}

    def entry(self, kind: str, path: str) -> int:
        """Its position in plant order. PlaceError where the plant has no such part of that kind."""
        found = self._entry.get(kind, {}).get(path)
        if found is None:
            raise PlaceError(
                f"{path!r} is no {kind} of this plant; the first is {self.paths.get(kind, ('none',))[0]!r}"
            )
        return found

    def entries(self, kind: str, path: str) -> NDArray[np.intp]:
        """The positions of all parts of `kind` at `path`: the part itself, what is inside it, all where it is empty."""
        if not kind:
            return np.zeros(1, dtype=np.intp)
        there = self.paths[kind] if not path else self.related(path, kind)
        return np.array([self.entry(kind, one) for one in there], dtype=np.intp)

    def draw(self, words: str, chance: np.random.Generator) -> str:
        """The path that `words` mean: `any rack` and `any cell with a sensor` are drawn, a path stands for itself."""
        match = _ANY.fullmatch(words)
        if match is None:
            kind = "phase" if words in PHASES else self.kind(words)
            if kind in self.paths:
                self.entry(kind, words)
            return words
        paths = self.paths.get(match[1])
        if paths is None:
            raise PlaceError(f"{words!r}: expected 'any' and one of {', '.join(self.paths)}")
        if match[2]:
            paths = tuple(path for path in paths if self._has_sensor(path))
        if not paths:
            raise PlaceError(f"{words!r}: this plant has none")
        return paths[int(chance.integers(len(paths)))]

    def _has_sensor(self, cell: str) -> bool:
        return parts.numbers(cell)["cell"] in self.anatomy.container(cell).sensor_cells

    def kind(self, path: str) -> str:
        """The kind of a path. PlaceError where it is none."""
        try:
            return parts.kind_of(path)
        except ValueError as error:
            raise PlaceError(str(error)) from error

    def related(self, path: str, kind: str) -> tuple[str, ...]:
        """The parts of `kind` that `path` is, lies in or holds; all of them where the two have nothing to do."""
        known = self.paths.get(kind, ())
        if not path or path in PHASES:
            return (path,) if kind == "phase" and path else known
        own = self.kind(path)
        if own == kind:
            return (path,)
        near = tuple(one for one in known if one.startswith(f"{path}/") or path.startswith(f"{one}/"))
        if near:
            return near
        if own == "sensor" and kind == "cell":
            return (self._cell_of(path),)
        if own == "cell" and kind == "sensor":
            return tuple(one for one in self.related(path.rsplit("/", 1)[0], "sensor") if self._cell_of(one) == path)
        return self._by_bus(path, own, kind) or known

    def _cell_of(self, sensor: str) -> str:
        module, numbers = sensor.rsplit("/", 1)[0], parts.numbers(sensor)
        cell = self.anatomy.container(sensor).sensor_cells[numbers["sensor"] - 1]
        return f"{module}/{parts.segment('cell', cell)}"

    def _by_bus(self, path: str, own: str, kind: str) -> tuple[str, ...]:
        """Between racks (and what is in them), their DC bus and the PCS on it."""
        buses = [bus for bus in self.anatomy.buses if path in (bus.id, bus.pcs)]
        inside = next((bus for rack, bus in self._bus_of.items() if path.startswith(f"{rack}/") or path == rack), None)
        buses = buses or ([inside] if inside is not None else [])
        if kind in ("bus", "pcs"):
            return tuple(name for bus in buses if (name := bus.id if kind == "bus" else bus.pcs) is not None)
        if own in ("bus", "pcs") and kind in ("rack", "module", "cell", "sensor"):
            return tuple(one for bus in buses for rack in bus.racks for one in self.related(rack, kind))
        return ()

    def others(self, path: str) -> tuple[str, ...]:
        """Its siblings: what else of its kind is on the same bus, or in the same part."""
        kind = self.kind(path)
        if kind == "rack" and path in self._bus_of:
            family: tuple[str, ...] = self._bus_of[path].racks
        else:
            around = path.rpartition("/")[0]
            family = tuple(one for one in self.paths[kind] if one.rpartition("/")[0] == around)
        return tuple(one for one in family if one != path)


@cache
def default_places() -> Places:
    """Those of the reference plant."""
    return Places(load_plant(DEFAULT).anatomy)
