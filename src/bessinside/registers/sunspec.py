"""SunSpec devices: the list of models that they carry, and the map that follows from it.

Source: SunSpec Device Information Model Specification 1.2, clause 6 (Modbus): the list begins at 40000, 0 or 50000 with
``SunS``; each model gives its number and length; number 0xFFFF ends it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from bessinside.errors import BessError
from bessinside.registers.loader import ANATOMY, BINDINGS, MAPS
from bessinside.registers.located import Entries, parse
from bessinside.registers.point import Addressing, Group, MapSource, Point, RegisterMap
from bessinside.registers.sunspec_models import (
    UNBOUND,
    Binding,
    Model,
    SunSpecError,
    count_key,
    definition,
    instance_counts,
    place,
    repeated,
    size,
)
from bessinside.runtime import disk

BASES = (40000, 0, 50000)
MARKER = (0x5375, 0x6E53)
END = 0xFFFF

Read = Callable[[int, int, int], Awaitable[Sequence[int]]]

# Which string a model 804 or 805 belongs to, and which module an 805 is.
_PLACE = {804: ("Idx",), 805: ("StrIdx", "ModIdx")}
_CLASSES = {"pcs": "pcs", "meter": "meter"}


@dataclass(frozen=True, slots=True)
class SunSpecDevice:
    """What a device carries: the address of ``SunS`` and the models after it, in their order."""

    base: int
    models: tuple[Model, ...]

    def header_words(self) -> dict[int, int]:
        """The words that make the list, by address: marker, numbers and lengths, the end. For serving a device."""
        words = {self.base: MARKER[0], self.base + 1: MARKER[1]}
        for found in self.models:
            words |= {found.address: found.id, found.address + 1: found.length}
        end = self.models[-1].end if self.models else self.base + 2
        return words | {end: END, end + 1: 0}


async def discover(read: Read, bases: Sequence[int] = BASES) -> SunSpecDevice:
    """Finds the list of models of a device. ``read(fc, address, count)`` gives the words or raises a BessError.

    Raises :class:`SunSpecError` where no base has the marker, or the list breaks off.
    """
    tried = []
    for base in bases:
        try:
            words = tuple(int(word) for word in await read(3, base, 2))
        except BessError as error:
            tried.append(f"{base}: {error}")
            continue
        if words == MARKER:
            return SunSpecDevice(base, await _walk(read, base + 2))
        tried.append(f"{base}: no 'SunS' there, but {' '.join(f'0x{w:04X}' for w in words)}")
    raise SunSpecError(f"no SunSpec model list found; {'; '.join(tried)}")


async def _walk(read: Read, address: int) -> tuple[Model, ...]:
    models: list[Model] = []
    while True:
        after = f"after model {models[-1].id}" if models else "after the marker"
        try:
            model_id, length = await _head(read, address)
            if model_id == END:
                return tuple(models)
        except BessError as error:
            raise SunSpecError(f"the model list breaks off at {address}, {after}: {error}") from error
        found = Model(int(model_id), address, int(length))
        if model_id == 0 or found.end > 65535:
            raise SunSpecError(f"the model list breaks off at {address}, {after}: number {model_id}, length {length}")
        models.append(replace(found, values=await _values(read, found)))
        address = found.end


async def _head(read: Read, address: int) -> tuple[int, int]:
    """Number and length of a model. Some devices end with the number alone: there it is asked for by itself."""
    try:
        model_id, length = await read(3, address, 2)
    except BessError:
        (model_id,) = await read(3, address, 1)
        if model_id == END:
            return END, 0
        (length,) = await read(3, address + 1, 1)
    return int(model_id), int(length)


async def _values(read: Read, found: Model) -> dict[str, int]:
    """Reads the points that say how often a group repeats and where in the plant a model belongs."""
    document = definition(found.id)
    if document is None:
        return {}
    wanted = {count_key(g) for g in repeated(document["group"]) if isinstance(g["count"], str)}
    wanted |= set(_PLACE.get(found.id, ()))
    places, offset = {}, 0
    for point in document["group"]["points"]:
        if point["name"] in wanted and offset + point["size"] <= found.length + 2:
            places[point["name"]] = offset
        offset += point["size"]
    if not places:
        return {}
    first, last = min(places.values()), max(places.values())
    words = await read(3, found.address + first, last - first + 1)
    return {name: int(words[at - first]) for name, at in places.items() if words[at - first] != END}


def chain(models: Iterable[tuple[int, Mapping[str, int]]], base: int = 40000) -> SunSpecDevice:
    """Lays models out from ``base`` on, as a device would carry them.

    ``models`` are (number, counts): instances by the name of the group or of the point that carries the count, and the
    indices ``Idx``, ``StrIdx``, ``ModIdx``. Raises :class:`SunSpecError` where they do not fit below 65536.
    """
    address, laid = base + 2, []
    for model_id, counts in models:
        document = definition(model_id)
        if document is None:
            raise SunSpecError(f"model {model_id} is not among the public SunSpec models")
        missing = [count_key(g) for g in repeated(document["group"]) if count_key(g) not in counts]
        if missing:
            raise SunSpecError(f"model {model_id} repeats {missing[0]}; give its count")
        length = size(document["group"], lambda g, counts=counts: counts[count_key(g)]) - 2  # type: ignore[misc]
        laid.append(Model(model_id, address, length, dict(counts)))
        address += length + 2
    if address + 2 > 65536:
        raise SunSpecError(
            f"the models need registers up to {address + 1}, past 65535; begin lower or split the device"
        )
    return SunSpecDevice(base, tuple(laid))


def sunspec_map(device: SunSpecDevice | Iterable[Model]) -> RegisterMap:
    """The map of a device: one group per model, at its address, with metrics as ``maps/sunspec.yaml`` binds them.

    Where all models sit at one kind of part, the root group has that anatomy; a battery of one string is a rack, of
    several a container with racks in it.
    """
    models = device.models if isinstance(device, SunSpecDevice) else tuple(device)
    base = device.base if isinstance(device, SunSpecDevice) else (models[0].address - 2 if models else 0)
    strings = _strings(models)
    bound = _bound(models, _singles(models, strings))
    kinds = {b.anatomy for number, b in bound.items() if b.anatomy and number != 805}
    top = kinds.pop() if len(kinds) == 1 else ("container" if kinds == {"container", "rack"} else None)
    groups: list[Group] = [_marker(base)]
    seen: dict[int, int] = {}
    racks: dict[int, list[Group]] = {}
    for found in models:
        seen[found.id] = seen.get(found.id, 0) + 1
        group = _placed(found, bound[found.id])
        if found.id in _PLACE:
            rack, number = _position(found, seen[found.id])
            group = replace(group, count=1, stride=size_of(found), first=number)
            if found.id == 805:
                racks.setdefault(rack, []).append(group)
                continue
            if top == "rack":
                group = replace(group, anatomy=None, count=None, stride=0, first=1)
        elif sum(other.id == found.id for other in models) > 1:
            group = replace(group, count=1, stride=size_of(found), first=seen[found.id])
        groups.append(replace(group, anatomy=None) if group.anatomy == top and not group.repeats else group)
    for rack, modules in racks.items():
        numbered = Group("string", "String", "rack", 1, 1, (), tuple(modules), first=rack)
        groups += modules if len(strings) <= 1 else [numbered]
    document = "SunSpec information models"
    return RegisterMap(
        id="sunspec",
        label=f"SunSpec models {', '.join(dict.fromkeys(str(m.id) for m in models))}",
        cls=_CLASSES.get(top or "", "bms"),
        source=MapSource(document, "pysunspec2, models/json", note="the list of models was read from the device"),
        group=Group("sunspec", "SunSpec device", top, groups=tuple(groups)),
        addressing=Addressing(0, f"the list of models begins at {base}"),
        path=BINDINGS,
    )


def size_of(found: Model) -> int:
    """Registers of a model, with ID and L."""
    return found.length + 2


def _marker(base: int) -> Group:
    point = Point("SunS", "uint32", base, words=2, label="Marker of the model list", static=True)
    return Group("marker", "Marker", points=(point,))


def _placed(found: Model, binding: Binding) -> Group:
    document = definition(found.id)
    if document is not None:
        return place(document["group"], found.address, instance_counts(found), binding, found.end)
    heads = tuple(
        Point(name, "uint16", found.address + i, label=label, static=True, sentinel=(0xFFFF,))
        for i, (name, label) in enumerate((("ID", "Model ID"), ("L", "Model Length")))
    )
    return Group(
        f"model_{found.id}",
        f"Model {found.id}",
        points=heads,
        desc="No public definition; its registers are not decoded.",
    )


def _strings(models: Sequence[Model]) -> set[int]:
    """Numbers of the battery strings in a device, as far as its models tell."""
    numbers = {_position(m, 0)[0] for m in models if m.id == 805 and "StrIdx" in m.values}
    counted = [m for m in models if m.id == 804]
    most = max([len(counted), *(instance_counts(m)(_group(803)) for m in models if m.id == 803)], default=0)
    return numbers if len(numbers) > most else set(range(1, most + 1))


def _group(model_id: int) -> Mapping[str, Any]:
    """The repeated group of a model."""
    document = definition(model_id)
    assert document is not None
    return repeated(document["group"])[0]


def _position(found: Model, order: int) -> tuple[int, int]:
    """Number of the string, and the number the group carries: of the string (804) or of the module in it (805)."""
    if found.id == 804:
        number = found.values.get("Idx") or order
        return number, number
    return found.values.get("StrIdx") or 1, found.values.get("ModIdx") or order


def _singles(models: Sequence[Model], strings: set[int]) -> tuple[str, ...]:
    """Which bindings of their own the models have: a battery of one string, a converter of one port."""
    ports = {instance_counts(m)(_group(714)) for m in models if m.id == 714}
    return (*(["one-string"] if len(strings) <= 1 else []), *(["one-port"] if ports == {1} else []))


def _bound(models: Sequence[Model], singles: Sequence[str]) -> dict[int, Binding]:
    """Bindings by model number; a metric that a more detailed model carries is bound there alone."""
    taken: set[tuple[str | None, str]] = set()
    bound = {}
    for model_id in sorted({m.id for m in models}, reverse=True):
        keys = [*(f"{model_id}-{single}" for single in singles), str(model_id)]
        binding = next((bindings()[key] for key in keys if key in bindings()), UNBOUND)
        fresh = set(_metrics(binding, None))
        bound[model_id] = _without(binding, taken, None)
        taken |= fresh
    return bound


@cache
def carried() -> frozenset[str]:
    """What SunSpec devices may carry at all, as kind and metric: `rack.soc`."""
    return frozenset(f"{kind}.{metric}" for binding in bindings().values() for kind, metric in _metrics(binding, None))


def _metrics(binding: Binding, kind: str | None) -> Iterable[tuple[str | None, str]]:
    kind = binding.anatomy or kind
    yield from ((kind, metric) for metric, _ in binding.points.values())
    for below in binding.groups.values():
        yield from _metrics(below, kind)


def _without(binding: Binding, taken: set[tuple[str | None, str]], kind: str | None) -> Binding:
    kind = binding.anatomy or kind
    points = {name: bound for name, bound in binding.points.items() if (kind, bound[0]) not in taken}
    groups = {name: _without(below, taken, kind) for name, below in binding.groups.items()}
    return Binding(binding.anatomy, points, groups)


@cache
def bindings() -> dict[str, Binding]:
    """What ``maps/sunspec.yaml`` says: bindings by model number, or number and ``-one-string``."""
    path = MAPS / BINDINGS
    top = parse(disk.read_text(path), str(path))
    top.allow("the SunSpec bindings", {"remarks", "models"})
    models = top.entries("models", required=True)
    return {key: _binding(models.entries(key)) for key in models}


def _binding(entries: Entries) -> Binding:
    entries.allow("a binding", {"anatomy", "points", "groups"})
    points, groups = entries.entries("points"), entries.entries("groups")
    return Binding(
        entries.choice("anatomy", ANATOMY) if "anatomy" in entries else None,
        {name: _metric(points, name) for name in points},
        {name: _binding(groups.entries(name)) for name in groups},
    )


def _metric(points: Entries, name: str) -> tuple[str, str | None]:
    if isinstance(points[name], str):
        return points.text(name), None
    entry = points.entries(name)
    entry.allow("a bound point", {"metric", "suspect"})
    return entry.text("metric"), entry.text("suspect", "") or None
