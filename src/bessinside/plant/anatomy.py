"""What stands where: containers with their racks, modules, cells and sensors, and the DC buses that tie them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bessinside.plant import parts

# What a part is inside of, from the container's first level down.
_WAY = {
    "rack": ("rack",),
    "module": ("rack", "module"),
    "cell": ("rack", "module", "cell"),
    "sensor": ("rack", "module", "sensor"),
}


@dataclass(frozen=True, slots=True)
class Container:
    """One container: racks in it, modules a rack, cells and NTC sensors a module.

    `sensor_cells` is the cell of a module at which each sensor sits, from 1; empty where the plant file does not say.
    """

    id: str
    racks: int
    modules: int
    cells: int
    sensors: int
    sensor_cells: tuple[int, ...] = ()

    def count(self, kind: str) -> int:
        """How many of `kind` one part of the next larger kind holds (sensors sit in modules)."""
        return {"rack": self.racks, "module": self.modules, "cell": self.cells, "sensor": self.sensors}[kind]


@dataclass(frozen=True, slots=True)
class Bus:
    """One DC bus: the converter that feeds it and the racks that hang on it, as part paths."""

    id: str
    pcs: str | None
    racks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Anatomy:
    """The parts of a plant, and who is below whom."""

    containers: tuple[Container, ...]
    buses: tuple[Bus, ...]

    def container(self, path: str) -> Container:
        """The container a path lies in; KeyError where the plant has none of that name."""
        name = path.split("/", 1)[0]
        for container in self.containers:
            if container.id == name:
                return container
        raise KeyError(name)

    def count(self, kind: str, below: str) -> int:
        """How many parts of `kind` lie anywhere below the part `below`."""
        return sum(1 for _ in self.below(kind, below))

    def below(self, kind: str, ancestor: str) -> Iterator[str]:
        """The paths of all parts of `kind` below `ancestor`, in order; a bus holds the racks that hang on it, and
        a part of that kind itself is the only one.

        Raises ValueError where such a part cannot be below the ancestor (a rack below a meter).
        """
        top = parts.kind_of(ancestor)
        if top == kind:  # the only string of a rack's SunSpec device is the rack itself
            yield ancestor
            return
        if top == "bus" and kind in _WAY:
            bus = next(bus for bus in self.buses if bus.id == ancestor)
            for rack in bus.racks:
                yield from [rack] if kind == "rack" else self.below(kind, rack)
            return
        way = _WAY.get(kind, ())
        if not way or top not in ("container", *way):
            raise ValueError(f"no {kind} is below a {top}")
        container = self.container(ancestor)
        paths = [ancestor]
        for step in way[way.index(top) + 1 if top in way else 0 :]:
            numbers = range(1, container.count(step) + 1)
            paths = [f"{path}/{parts.segment(step, n)}" for path in paths for n in numbers]
        yield from paths

    def all(self, kind: str) -> tuple[str, ...]:
        """The paths of every part of `kind` (container, rack, module, cell or sensor) in plant order."""
        if kind == "container":
            return tuple(container.id for container in self.containers)
        if kind == "bus":
            return tuple(bus.id for bus in self.buses)
        return tuple(path for container in self.containers for path in self.below(kind, container.id))
