"""Maps and plant bound together: every register of every device gets its place, its metric and one stable id.

A map knows the device, a plant file knows the plant. `bind` walks the groups of each map, resolves each instance of a
group with an anatomy to a part of the plant, and names the result `c1/r04/m3/cell026/voltage`. What two devices both
carry keeps both: `c1/r12/soc` is what the first of them in the plant file says, `c1/r12/soc@ss12` the second. Who is
first is settled before anybody was asked: devices with a map of their own come before those that list their registers
(SunSpec), so that a device that answers late renames nobody's figures.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from bessinside.plant import parts
from bessinside.plant.anatomy import Anatomy
from bessinside.plant.plantfile import SUNSPEC, Device, Plant, PlantError
from bessinside.registers import Group, Layout, Point, RegisterMap, UnitError, factor, flatten, load_map
from bessinside.registers.metrics import Metric, vocabulary
from bessinside.registers.sunspec import carried


@dataclass(frozen=True, slots=True)
class BoundDevice:
    """One device with its map laid out over the plant. Arrays have one entry per point of the device.

    `parts` are part paths, `metrics` entries of the vocabulary (None where the point has none), `factor` turns the
    map's unit into the metric's SI unit, `first` is the plant-wide index of the first point. Points that the plant file
    leaves out (`only`, `skip`) are not here.
    """

    number: int
    device: Device
    map: RegisterMap
    layout: Layout
    parts: tuple[str, ...]
    metrics: tuple[Metric | None, ...]
    names: tuple[str, ...]
    factor: NDArray[np.float64]
    first: int

    @property
    def size(self) -> int:
        return len(self.parts)

    def point(self, i: int) -> Point:
        """The definition of the i-th point in the map."""
        return self.layout.definition(i)


@dataclass(frozen=True)
class Binding:
    """Every point of the plant under one index. `ids[i]` names it, `device[i]` says which device carries it."""

    plant: Plant
    devices: tuple[BoundDevice, ...]
    ids: tuple[str, ...]
    device: NDArray[np.int32]
    parts: tuple[str, ...]
    metrics: tuple[Metric | None, ...]
    units: tuple[str, ...]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    _by_id: Mapping[str, int] = field(repr=False)

    @property
    def size(self) -> int:
        return len(self.ids)

    def find(self, figure_id: str) -> int | None:
        """The index of an id, None where the plant has none. `c1/r12/soc@bcu12` may be said of a plain one too."""
        return self._by_id.get(figure_id)

    def locate(self, index: int) -> tuple[BoundDevice, int]:
        """The device of a point and the point's number in that device."""
        bound = self.devices[self.device[index]]
        return bound, index - bound.first

    def may_carry(self, path: str, name: str) -> bool:
        """Whether a device carries the metric `name` of a part, or is a SunSpec device that may when it is found."""
        if any(self.parts[i] == path for i in self.of_metric(f"{parts.kind_of(path)}.{name}")):
            return True
        at = [one for device in self.plant.devices if device.map == SUNSPEC for one in device.at]
        around = any(path == one or path.startswith(f"{one}/") for one in at)
        return around and f"{parts.kind_of(path)}.{name}" in carried()

    @cached_property
    def _by_metric(self) -> Mapping[str, tuple[int, ...]]:
        found: dict[str, list[int]] = {}
        for index, metric in enumerate(self.metrics):
            if metric is not None:
                found.setdefault(metric.key, []).append(index)
        return {key: tuple(indices) for key, indices in found.items()}

    def of_metric(self, key: str) -> tuple[int, ...]:
        """Indices of all points that carry a metric, in plant file order."""
        return self._by_metric.get(key, ())

    def by_part(self, key: str) -> dict[str, int]:
        """For each part the point that carries the metric: the one with the plain id, else the first in the file."""
        found: dict[str, int] = {}
        for index in sorted(self.of_metric(key), key=lambda index: "@" in self.ids[index]):
            found.setdefault(self.parts[index], index)
        return found

    def matrix(self, key: str, paths: tuple[str, ...]) -> NDArray[np.int32]:
        """The point index of a metric for each path, -1 where no device carries it."""
        found = self.by_part(key)
        return np.array([found.get(path, -1) for path in paths], dtype=np.int32)


def bind(plant: Plant, maps: Callable[[Device], RegisterMap | None] | None = None) -> Binding:
    """Binds a plant to its maps. Raises PlantError or MapError.

    `maps` gives the map of a device, None to leave the device out for now (a SunSpec device that was not discovered
    yet); by default the map that the plant file names is loaded.
    """
    find = maps or (lambda device: load_map(device.map))
    devices: list[BoundDevice] = []
    first = 0
    for device in plant.devices:
        found = find(device)
        if found is not None:
            bound = _bind_device(len(devices), device, found, plant, first)
            devices.append(bound)
            first += bound.size
    ids, also = _unique(plant, devices)
    metrics = tuple(metric for bound in devices for metric in bound.metrics)
    limits = [_limits(bound, i) for bound in devices for i in range(bound.size)]
    return Binding(
        plant=plant,
        devices=tuple(devices),
        ids=ids,
        device=np.repeat(np.arange(len(devices), dtype=np.int32), [bound.size for bound in devices]),
        parts=tuple(part for bound in devices for part in bound.parts),
        metrics=metrics,
        units=tuple(
            metric.unit if metric else bound.point(i).units
            for bound in devices
            for i, metric in enumerate(bound.metrics)
        ),
        low=np.array([low for low, _ in limits], dtype=np.float64),
        high=np.array([high for _, high in limits], dtype=np.float64),
        _by_id=also | {name: index for index, name in enumerate(ids)},
    )


def _bind_device(number: int, device: Device, found: RegisterMap, plant: Plant, first: int) -> BoundDevice:
    top = found.group.anatomy
    for path in device.at:
        if top is not None and parts.kind_of(path) != top:
            raise PlantError(
                plant.path, device.line, f"device.{device.id}.at", f"map {found.id} describes a {top}, {path!r} is none"
            )
    most = found.group.count if found.group.repeats else 1
    if isinstance(most, int) and 0 < most < len(device.at):
        what = f"map {found.id} describes {most} {top or 'part'} at most, {len(device.at)} are named"
        raise PlantError(plant.path, device.line, f"device.{device.id}.at", what)
    counts = _counts(found, device, plant.anatomy)
    layout = flatten(found, lambda group, _: counts.get(id(group)))
    place = _Places(plant, found, device)
    known = vocabulary()
    rows: list[tuple[str, str, Metric | None, float]] = []
    reads = np.zeros(len(layout), dtype=bool)
    for i in range(len(layout)):
        point = layout.definition(i)
        where = place.of(layout.groups[layout.point[i]], layout.index[i], point)
        if where is None:
            rows.append(("", "", None, 1.0))
            continue
        path, suffix = where
        metric = known.get(f"{parts.kind_of(path)}.{point.metric}") if point.metric else None
        if point.metric and metric is None:
            key = f"{parts.kind_of(path)}.{point.metric}"
            raise PlantError(found.path, point.line, "x-metric", f"{key!r} is not in the metric vocabulary")
        name = (point.metric or point.name) + suffix
        rows.append((path, name, metric, _factor(found, point, metric)))
        reads[i] = device.reads(f"{path}/{name}")
    scaled = layout.sf_point[reads]
    reads[scaled[scaled >= 0]] = True  # a value is nothing without the register that carries its scale factor
    kept = [row for row, read in zip(rows, reads, strict=True) if read]
    return BoundDevice(
        number=number,
        device=device,
        map=found,
        layout=layout if len(kept) == len(rows) else layout.select(reads),
        parts=tuple(path for path, _, _, _ in kept),
        metrics=tuple(metric for _, _, metric, _ in kept),
        names=tuple(name for _, name, _, _ in kept),
        factor=np.array([factor for _, _, _, factor in kept], dtype=np.float64),
        first=first,
    )


def _counts(found: RegisterMap, device: Device, anatomy: Anatomy) -> dict[int, int]:
    """How many instances of each repeated group (by identity) this plant has, never more than the document allows."""
    counts: dict[int, int] = {}

    def walk(group: Group, paths: list[str], top: bool) -> None:
        most = group.count if isinstance(group.count, int) and group.count > 0 else None
        below = [list(_below(anatomy, group, path, found)) for path in paths] if group.anatomy and not top else None
        if group.repeats:
            have = len(device.at) if top else max(map(len, below)) if below else most
            if have is not None:
                counts[id(group)] = have if most is None else min(have, most)
        if below is not None:
            paths = [children[0] for children in below if children] or paths
        for child in group.groups:
            walk(child, paths, False)

    walk(found.group, list(device.at), True)
    return counts


def _below(anatomy: Anatomy, group: Group, path: str, found: RegisterMap) -> tuple[str, ...]:
    """The parts that the instances of a group stand for."""
    try:
        return tuple(anatomy.below(group.anatomy or "", path))
    except ValueError as error:
        raise PlantError(found.path, group.line, "x-anatomy", f"group {group.name}: {error} ({path})") from error


def _factor(found: RegisterMap, point: Point, metric: Metric | None) -> float:
    """What turns the map's unit into the metric's."""
    if metric is None or metric.unit in ("code", "text"):
        return 1.0
    try:
        return factor(point.units, metric.unit)
    except UnitError as error:
        raise PlantError(found.path, point.line, "units", f"{point.name}: {error}") from error


class _Places:
    """Resolves instances of groups to part paths; remembers what it resolved."""

    def __init__(self, plant: Plant, found: RegisterMap, device: Device) -> None:
        self.plant = plant
        self.found = found
        self.device = device
        self.children: dict[tuple[str, str], tuple[str, ...]] = {}

    def of(self, chain: tuple[Group, ...], index: NDArray[np.int16], point: Point) -> tuple[str, str] | None:
        """The part path of one point, and a suffix for instances that are no parts (alarm word 3).

        None where the map packs more parts into a word than this plant has (a thirteenth cell in a module of twelve).
        """
        path, suffix, depth = self.device.at[0], "", 0
        for level, group in enumerate(chain):
            number = 1
            if group.repeats:
                number = int(index[depth])
                depth += 1
            if level == 0:
                path = self.device.at[number - 1] if group.repeats else path
            elif group.anatomy is not None:
                found = self.below(path, group)
                if not 1 <= number <= len(found):
                    what = f"{path} has {len(found)} {group.anatomy}s, the device speaks of {number}"
                    raise PlantError(self.plant.path, self.device.line, f"device.{self.device.id}", what)
                path = found[number - 1]
            elif group.repeats:
                suffix += f"_{number}"
        if point.part is not None:
            kind, _, number_text = point.part.partition("/")
            found = self.below(path, Group(point.name, anatomy=kind, line=point.line))
            if int(number_text or 1) > len(found):
                return None
            path = found[int(number_text or 1) - 1]
        return path, suffix

    def below(self, path: str, group: Group) -> tuple[str, ...]:
        key = (path, group.anatomy or "")
        if key not in self.children:
            self.children[key] = _below(self.plant.anatomy, group, path, self.found)
        return self.children[key]


def _limits(bound: BoundDevice, i: int) -> tuple[float, float]:
    """What the point can be at all: the range of its metric, else the one that the document states."""
    metric, point = bound.metrics[i], bound.point(i)
    if metric is not None and metric.range is not None:
        return metric.range
    if point.range is None:
        return (-np.inf, np.inf)
    low, high = (float(bound.factor[i]) * limit for limit in point.range)
    return low, high


def _unique(plant: Plant, devices: list[BoundDevice]) -> tuple[tuple[str, ...], dict[str, int]]:
    """One id per point, and the other names of plain ones with their device behind an `@`.

    Plain is the id of the device that comes first among all that carry it once; a SunSpec device takes no plain id
    where one before it in the plant file stands at the same part or around it, whether that was found yet or not.
    """
    texts = [[f"{part}/{name}" for part, name in zip(bound.parts, bound.names, strict=True)] for bound in devices]
    ids: list[list[str]] = [[] for _ in devices]
    also: dict[str, int] = {}
    taken: set[str] = set()
    for number in sorted(range(len(devices)), key=lambda number: devices[number].device.map == SUNSPEC):
        bound, mine = devices[number], texts[number]
        twice = Counter(mine)
        before = _sunspec_before(plant, bound.device)
        for i, (text, part) in enumerate(zip(mine, bound.parts, strict=True)):
            if twice[text] > 1:
                ids[number].append(f"{text}@{bound.device.id}.{bound.layout.fc[i]}-{bound.layout.address[i]}")
            elif text in taken or any(part == path or part.startswith(f"{path}/") for path in before):
                ids[number].append(f"{text}@{bound.device.id}")
            else:
                ids[number].append(text)
                also[f"{text}@{bound.device.id}"] = bound.first + i
        taken.update(mine)
    every = tuple(text for mine in ids for text in mine)
    if len(set(every)) != len(every):
        again = next(text for text, times in Counter(every).items() if times > 1)
        bound = next(bound for bound, mine in zip(devices, ids, strict=True) if again in mine)
        point = bound.point(max(i for i, text in enumerate(ids[bound.number]) if text == again))
        raise PlantError(
            bound.map.path,
            point.line,
            point.name,
            f"two points of {bound.device.id} in {plant.path} would both be {again}; give them names of their own",
        )
    return every, also


def _sunspec_before(plant: Plant, device: Device) -> tuple[str, ...]:
    """Where the SunSpec devices stand that the plant file names before a SunSpec device; none before any other."""
    if device.map != SUNSPEC:
        return ()
    others = plant.devices[: next((n for n, one in enumerate(plant.devices) if one.id == device.id), 0)]
    return tuple(path for one in others if one.map == SUNSPEC for path in one.at)
