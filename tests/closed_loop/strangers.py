"""Programs that are not ours read every register of a device: pymodbus with its own reading of the map, pysunspec2."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from sunspec2.modbus.client import SunSpecModbusClientDeviceTCP

from bessinside.emulator.worlds.world import DeviceImage
from bessinside.modbus import parse_endpoint
from tests.peers.decoder import SI, Row, decode, quantum, read_rows
from tests.peers.wire import blocks, read_with_pymodbus

MAPS = Path(__file__).parents[2] / "src" / "bessinside" / "registers" / "maps"


SUNSPEC = dict.fromkeys(("WH", "Var", "Varh", "varh", "VAh"), Fraction(1))
"""Units as the models write them."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a stranger makes of one point: a number or text in the map's units, None for "not implemented"; its step."""

    value: Fraction | float | str | None
    step: float


def read(image: DeviceImage) -> dict[int, Said]:
    """Every served point of a device (by its number) as a stranger reads it over a socket."""
    return _read_sunspec(image) if image.bound.map.id == "sunspec" else _read_map(image)


def _read_map(image: DeviceImage) -> dict[int, Said]:
    bound, endpoint = image.bound, parse_endpoint(image.bound.device.url)
    names = bound.layout.names()
    rows = {row.name: row for row in read_rows(MAPS / f"{bound.map.id}.yaml", lambda path, _: _most(names, path))}
    mine: dict[int, Row] = {int(i): rows[names[i]] for i in np.flatnonzero(image.served)}
    words = asyncio.run(read_with_pymodbus(endpoint.port, endpoint.unit, blocks(mine.values())))
    found = {}
    for i, row in mine.items():
        value = decode(row, words)
        step = 0.0 if isinstance(value, str) or value is None else float(quantum(row, words))
        found[i] = Said(value, step)
    return found


def _most(names: list[str], path: str) -> int:
    """How many instances of a group this device has, by the names of its points."""
    group = path.split(".")[-1]
    return max((int(n) for name in names for n in re.findall(rf"\b{group}\[(\d+)\]", name)), default=0)


def _read_sunspec(image: DeviceImage) -> dict[int, Said]:
    bound, endpoint = image.bound, parse_endpoint(image.bound.device.url)
    device = SunSpecModbusClientDeviceTCP(endpoint.unit, endpoint.host, endpoint.port, timeout=20.0)
    device.scan()
    device.close()
    place = {int(address): i for i, address in enumerate(bound.layout.address)}
    found = {}
    for model in device.model_list:
        assert not model.error_info, model.error_info
        for point in _points(model):
            if point.pdef["type"] == "pad":
                continue
            i = place[model.model_addr + point.offset]
            if point.value is None or point.value == "":
                found[i] = Said(None, 0.0)
            elif isinstance(point.value, str):
                found[i] = Said(point.value, 0.0)
            else:
                value = point.cvalue  # it looks its scale factor up on the way
                floats = point.pdef["type"].startswith("float")
                step = float(np.spacing(np.float32(abs(point.value)))) if floats else 10.0 ** (point.sf_value or 0)
                found[i] = Said(value, step)
    return found


def _points(group: Any) -> Iterator[Any]:
    yield from group.points.values()
    for below in group.groups.values():
        for one in below if isinstance(below, list) else [below]:
            yield from _points(one)


def factor(units: str, shown: str) -> Fraction:
    """From the map's unit to the one shown."""
    if shown == "1" and units in ("Pct", "%"):
        return Fraction(1, 100)
    return Fraction(1) if units == shown else (SI | SUNSPEC)[units]
