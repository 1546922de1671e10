"""What stands where: containers with their racks, modules, cells and sensors, and the DC buses that tie them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bessinside.plant import parts


@dataclass(frozen=True, slots=True)
class Container:
    """One container: racks in it, modules a rack, cells and NTC sensors a module."""

    id: str
    racks: int
    modules: int
    cells: int
    sensors: int

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
        """The paths of all parts of `kind` below `ancestor`, in order; a bus holds the racks that hang on it."""
        top = parts.kind_of(ancestor)
        if top == "bus":
            bus = next(bus for bus in self.buses if bus.id == ancestor)
            for rack in bus.racks:
                yield from [rack] if kind == "rack" else self.below(kind, rack)
            return
        container = self.container(ancestor)
        chain = ("rack", "module", kind) if kind in ("cell", "sensor") else ("rack", "module")[: 1 + (kind == "module")]
        have = parts.numbers(ancestor)
        paths = [ancestor]
        for step in chain:
            if step not in have:
                paths = [
                    f"{path}/{parts.segment(step, n)}" for path in paths for n in range(1, container.count(step) + 1)
                ]
        yield from paths

    def all(self, kind: str) -> tuple[str, ...]:
        """The paths of every part of `kind` (container, rack, module, cell or sensor) in plant order."""
        if kind == "container":
            return tuple(container.id for container in self.containers)
        if kind == "bus":
            return tuple(bus.id for bus in self.buses)
        return tuple(path for container in self.containers for path in self.below(kind, container.id))
