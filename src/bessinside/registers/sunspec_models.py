"""SunSpec's models as groups of points: the JSON files that ``pysunspec2`` ships, placed at an address.

Source: SunSpec Device Information Model Specification 1.2; model definitions as of pysunspec2.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from bessinside.errors import BessError
from bessinside.registers.point import Group, Point, Symbol
from bessinside.registers.wire_types import WIRE_TYPES
from bessinside.runtime import disk

_MODELS = Path(str(files("sunspec2"))) / "models" / "json"

Definition = Mapping[str, Any]


class SunSpecError(BessError):
    """A SunSpec device or model chain is not what the specification says. The text names device address and model."""


@dataclass(frozen=True, slots=True)
class Model:
    """One model in a device: its number, the address of its ID register, its length L (without ID and L).

    ``values`` are those of its top-level points that were read with the chain: counts and indices.
    """

    id: int
    address: int
    length: int
    values: Mapping[str, int] = field(default_factory=dict)

    @property
    def end(self) -> int:
        """The address after its last register."""
        return self.address + 2 + self.length


@dataclass(frozen=True, slots=True)
class Binding:
    """What the points of one group mean to the plant: the kind of part, and (metric, suspect) by point."""

    anatomy: str | None = None
    points: Mapping[str, tuple[str, str | None]] = field(default_factory=dict)
    groups: Mapping[str, Binding] = field(default_factory=dict)


UNBOUND = Binding()


def shipped_models() -> tuple[int, ...]:
    """Numbers of the models that are known."""
    return tuple(sorted(int(name.stem.removeprefix("model_")) for name in _MODELS.glob("model_*.json")))


@cache
def definition(model_id: int) -> Definition | None:
    """The JSON definition of a model, None where it is not public."""
    path = _MODELS / f"model_{model_id}.json"
    if not disk.exists(path):
        return None
    found: Definition = json.loads(disk.read_text(path))
    return found


def model(model_id: int, instances: int = 1) -> Group:
    """A model as a group at address 0, each repeated group with ``instances`` instances. For documents and tests."""
    found = definition(model_id)
    if found is None:
        raise SunSpecError(f"model {model_id} is not among the public SunSpec models")
    return place(found["group"], 0, lambda _: instances)


def place(
    group: Definition,
    address: int,
    counts: Callable[[Definition], int],
    binding: Binding = UNBOUND,
    end: int = 65536,
) -> Group:
    """A group at an address. Points that would lie past ``end`` are left out: the device has an older model."""
    points, at = [], address
    for point in group.get("points", ()):
        if at + point["size"] <= end:
            points.append(_point(point, at, binding))
        at += point["size"]
    groups = []
    for below in group.get("groups", ()):
        times = counts(below) if "count" in below else 1
        if times and at < end:
            groups.append(place(below, at, counts, binding.groups.get(below["name"], UNBOUND), end))
        at += times * size(below, counts)
    repeats = "count" in group
    return Group(
        group["name"],
        group.get("label", ""),
        binding.anatomy,
        counts(group) if repeats else None,
        at - address if repeats else 0,
        tuple(points),
        tuple(groups),
        type=group["type"],
        desc=group.get("desc", ""),
    )


def size(group: Definition, counts: Callable[[Definition], int]) -> int:
    """Registers of one instance of a group."""
    below = sum(size(g, counts) * (counts(g) if "count" in g else 1) for g in group.get("groups", ()))
    return int(sum(point["size"] for point in group.get("points", ()))) + below


def repeated(group: Definition) -> list[Definition]:
    """The repeated groups below a group, outermost first."""
    found: list[Definition] = []
    for below in group.get("groups", ()):
        found += [below, *repeated(below)] if "count" in below else repeated(below)
    return found


def count_key(group: Definition) -> str:
    """What its number of instances is known by: the point that carries it, or the group's own name."""
    return str(group["count"]) if isinstance(group["count"], str) else str(group["name"])


def instance_counts(found: Model) -> Callable[[Definition], int]:
    """How often each repeated group of a model is there: from the points that were read, or from the model's length."""
    group = _known(found)
    keys = dict.fromkeys(count_key(g) for g in repeated(group))
    known = {key: found.values[key] for key in keys if key in found.values}
    open_keys = [key for key in keys if key not in known]
    if len(open_keys) > 1:
        raise SunSpecError(
            f"model {found.id} at {found.address}: {', '.join(open_keys)} are needed to lay it out; read them first"
        )

    def with_open(times: int) -> Callable[[Definition], int]:
        return lambda g: known.get(count_key(g), times)

    if open_keys:
        fixed = size(group, with_open(0))
        each = size(group, with_open(1)) - fixed
        room = max(found.length + 2 - fixed, 0)
        if each and room % each:
            raise SunSpecError(
                f"model {found.id} at {found.address}: length {found.length} leaves {room} registers for "
                f"{open_keys[0]}, which takes {each} each"
            )
        return with_open(room // each if each else 0)
    needed = size(group, with_open(0)) - 2
    if known and needed > found.length:
        told = ", ".join(f"{key} = {value}" for key, value in known.items())
        raise SunSpecError(
            f"model {found.id} at {found.address}: {told} needs length {needed}, the device says {found.length}"
        )
    return with_open(0)


def _known(found: Model) -> Definition:
    document = definition(found.id)
    if document is None:
        raise SunSpecError(f"model {found.id} at {found.address} is not among the public SunSpec models")
    group: Definition = document["group"]
    return group


def _point(point: Definition, address: int, binding: Binding) -> Point:
    wire_type = WIRE_TYPES[point["type"]]
    metric, suspect = binding.points.get(point["name"], (None, None))
    sf = point.get("sf", 0)
    return Point(
        name=point["name"],
        type=point["type"],
        address=address,
        words=point["size"],
        label=point.get("label") or point["name"],
        units=point.get("units", ""),
        access=point.get("access", "R"),
        sf=int(sf) if str(sf).lstrip("-").isdigit() else sf,
        sentinel=() if wire_type.sentinel is None or not wire_type.numeric else (wire_type.sentinel,),
        metric=metric,
        symbols=tuple(
            Symbol(s["name"], int(s["value"]), s.get("label", ""))
            for s in point.get("symbols", ())
            if isinstance(s["value"], int)
        ),
        static=point.get("static") == "S",
        mandatory=point.get("mandatory") == "M",
        suspect=suspect,
        desc=point.get("desc", ""),
        detail=point.get("detail", ""),
        notes=point.get("notes", ""),
        sign_stated=suspect is None,
    )


def as_definition(group: Group) -> dict[str, Any]:
    """A group as SunSpec's JSON says it; what SunSpec has no word for stands in ``x-`` keys, as its schema allows."""
    found: dict[str, Any] = {"name": group.name, "type": group.type}
    if group.repeats:
        found |= {"count": group.count, "x-stride": group.stride}
    found |= {key: value for key, value in (("label", group.label), ("desc", group.desc)) if value}
    if group.anatomy:
        found["x-anatomy"] = group.anatomy
    found["points"] = [_as_definition(point) for point in group.points]
    found["groups"] = [as_definition(below) for below in group.groups]
    return found


def _as_definition(point: Point) -> dict[str, Any]:
    found: dict[str, Any] = {"name": point.name, "type": point.type, "size": point.words, "access": point.access}
    found |= {"x-address": point.address, "x-fc": point.fc}
    stated: tuple[tuple[str, Any], ...] = (
        ("sf", point.sf),
        ("units", point.units),
        ("label", point.label),
        ("desc", point.desc),
        ("detail", point.detail),
        ("notes", point.notes),
        ("static", "S" if point.static else ""),
        ("mandatory", "M" if point.mandatory else ""),
        ("x-word-order", "low-first" if point.low_first else ""),
        ("x-offset", point.offset),
        ("x-mask", point.mask),
        ("x-shift", point.shift),
        ("x-bcd", point.bcd),
        ("x-sentinel", list(point.sentinel)),
        ("x-sign", "discharge-negative" if point.sign < 0 else ""),
        ("x-metric", point.metric),
        ("x-suspect", point.suspect),
    )
    found |= {key: value for key, value in stated if value}
    if point.symbols:
        found["symbols"] = [
            {"name": s.name, "value": s.value} | ({"label": s.label} if s.label else {}) for s in point.symbols
        ]
    return found
