"""The plant as the page draws it: nameplate, anatomy and the one-line diagram, all from the plant file."""

from __future__ import annotations

from typing import Any

import msgspec

from bessinside.plant import parts
from bessinside.twin import Twin


class Node(msgspec.Struct, frozen=True):
    """One part of the one-line diagram; the grid has no part path."""

    id: str
    kind: str
    label: str


class Edge(msgspec.Struct, frozen=True):
    """Power flows between two nodes; `ac` or `dc`."""

    source: str
    target: str
    kind: str


class OneLine(msgspec.Struct, frozen=True):
    """Who is wired to whom, from the grid to the racks."""

    nodes: list[Node]
    edges: list[Edge]


class PlantRow(msgspec.Struct, frozen=True):
    """Everything about the plant that does not change while it runs."""

    id: str
    label: str
    badge: str
    source: str
    nameplate: dict[str, Any]
    power_w: float | None
    energy_wh: float | None
    metadata: dict[str, Any]
    anatomy: dict[str, Any]
    oneline: OneLine
    sensor_positions: list[int]


def plant_row(twin: Twin, language: str = "en") -> PlantRow:
    """The plant of a twin, with part names in the given language."""
    plant = twin.plant
    hosts = sorted({poller.endpoint.link for poller in twin.pollers})
    anatomy = {
        "containers": [
            {"id": c.id, "racks": c.racks, "modules": c.modules, "cells": c.cells, "sensors": c.sensors}
            for c in plant.anatomy.containers
        ],
        "buses": [{"id": bus.id, "pcs": bus.pcs, "racks": list(bus.racks)} for bus in plant.anatomy.buses],
    }
    return PlantRow(
        id=plant.id,
        label=plant.label,
        badge="EMULATOR" if plant.emulated else "PLANT",
        source=f"{len(hosts)} × Modbus, {hosts[0]} …" if hosts else "",
        nameplate={key: str(value) for key, value in plant.nameplate.items()},
        power_w=plant.power_w,
        energy_wh=plant.energy_wh,
        metadata=dict(plant.metadata),
        anatomy=anatomy,
        oneline=_oneline(twin, language),
        sensor_positions=list(plant.anatomy.containers[0].sensor_cells) if plant.anatomy.containers else [],
    )


def _oneline(twin: Twin, language: str) -> OneLine:
    paths = list(dict.fromkeys(path for device in twin.plant.devices for path in device.at))
    meters = [path for path in paths if parts.kind_of(path) == "meter"]
    converters = [path for path in paths if parts.kind_of(path) == "pcs"]
    nodes = [Node("grid", "grid", "Netz" if language == "de" else "Grid")]
    edges = []
    for path in (*meters, *converters):
        nodes.append(Node(path, parts.kind_of(path), parts.title(path, language)))
    edges += [Edge("grid", meter, "ac") for meter in meters]
    edges += [Edge(meters[0] if meters else "grid", converter, "ac") for converter in converters]
    for bus in twin.plant.anatomy.buses:
        nodes.append(Node(bus.id, "bus", parts.title(bus.id, language)))
        if bus.pcs is not None:
            edges.append(Edge(bus.pcs, bus.id, "dc"))
        for rack in bus.racks:
            nodes.append(Node(rack, "rack", parts.title(rack.split("/")[-1], language)))
            edges.append(Edge(bus.id, rack, "dc"))
    return OneLine(nodes, edges)
