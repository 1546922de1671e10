"""Which shipped map carries which metric."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from bessinside.registers import Group, RegisterMap, load_map, shipped_maps
from bessinside.registers.sunspec import bindings
from bessinside.registers.sunspec_models import Binding


@cache
def shipped() -> tuple[RegisterMap, ...]:
    """All maps that come with the package."""
    return tuple(load_map(name) for name in shipped_maps())


def metrics_of(found: RegisterMap) -> set[str]:
    """Keys of the metrics that a map binds."""
    return set(_of_group(found.group, None))


def _of_group(group: Group, kind: str | None) -> Iterator[str]:
    kind = group.anatomy or kind
    for point in group.points:
        if point.metric:
            yield f"{point.part.split('/')[0] if point.part else kind}.{point.metric}"
    for below in group.groups:
        yield from _of_group(below, kind)


def metrics_of_model(binding: Binding, kind: str | None = None) -> dict[str, str]:
    """Metric keys of a SunSpec model's binding, each with the name of its point."""
    kind = binding.anatomy or kind
    found = {f"{kind}.{metric}": point for point, (metric, _) in binding.points.items()}
    for below in binding.groups.values():
        found |= metrics_of_model(below, kind)
    return found


@cache
def maps_of() -> dict[str, tuple[str, ...]]:
    """Ids of the maps that carry each metric; `sunspec` stands for devices that list their own models."""
    found: dict[str, list[str]] = {}
    for one in shipped():
        for key in sorted(metrics_of(one)):
            found.setdefault(key, []).append(one.id)
    for key in {key for binding in bindings().values() for key in metrics_of_model(binding)}:
        found.setdefault(key, []).append("sunspec")
    return {key: tuple(ids) for key, ids in found.items()}


def links(key: str, folder: str = "maps/") -> str:
    """The maps of a metric as links."""
    return ", ".join(f"[{name}]({folder}{name}.md)" for name in maps_of().get(key, ()))
