"""Devices of a plant as SunSpec devices: the chain of models for each kind, and what in it never changes.

    meter       1, 203                             three-phase wye meter
    pcs         1, 701, 713, 714                   AC measurement, storage capacity, one DC port
    rack        1, 802, 803, 804, 805 per module   a battery of one string
    container   1, 802, 803                        a battery of all its strings

A SunSpec reader takes whole models, so every register of the chain is served; a point that this plant does not have
carries the model's own value for "not implemented". A rack alone at its address lists its models from 0, everything
else from 40000: both are places where readers look.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache

import numpy as np

from bessinside.emulator.basis.design import Design
from bessinside.emulator.worlds.sunspec_scale import scale_factors
from bessinside.modbus import parse_endpoint
from bessinside.plant import BoundDevice, Device, Plant, PlantError, parts
from bessinside.registers import RegisterMap
from bessinside.registers.sunspec import SunSpecDevice, bindings, chain, sunspec_map
from bessinside.registers.sunspec_models import definition

MAP = "sunspec"
ALONE, USUAL = 0, 40000
PAD = 0x8000
MODELS = (1, 203, 701, 713, 714, 802, 803, 804, 805)
LITHIUM_ION, REMOTE, THREE_PHASE, GRID_FOLLOWING, ESS = 4, 0, 2, 1, 1

# What is the same in every device that has the point.
FIXED: dict[tuple[int, str], float] = {
    (701, "ACType"): THREE_PHASE,
    (701, "DERMode"): GRID_FOLLOWING,
    (714, "NPrt"): 1.0,
    (714, "PrtTyp"): ESS,
    (714, "ID"): 1.0,
    (802, "Typ"): LITHIUM_ION,
    (802, "LocRemCtl"): REMOTE,
    (802, "AlmRst"): 0.0,
    # Words for events beyond the standard's: this maker has none.
    **{(802, word): 0.0 for word in ("Evt2", "EvtVnd1", "EvtVnd2")},
    **{(803, word): 0.0 for word in ("StrEvt2", "StrEvtVnd1", "StrEvtVnd2")},
    **{(804, word): 0.0 for word in ("Evt2", "EvtVnd1", "EvtVnd2")},
}
# A battery of one string has only string 1.
ONE_STRING: dict[tuple[int, str], float] = {
    (802, "CellVMaxStr"): 1.0,
    (802, "CellVMinStr"): 1.0,
    **{(803, f"{what}Str"): 1.0 for what in ("ModTmpMax", "ModTmpMin", "StrVMax", "StrVMin", "StrAMax", "StrAMin")},
    (804, "Idx"): 1.0,
    (805, "StrIdx"): 1.0,
}


@dataclass(frozen=True, slots=True)
class Constants:
    """What does not change in a served device: numbers and texts by point, and words of the chain by address."""

    values: dict[int, float] = field(default_factory=dict)
    texts: dict[int, str] = field(default_factory=dict)
    words: dict[int, int] = field(default_factory=dict)


def device_map(device: Device, plant: Plant) -> RegisterMap:
    """The map of a SunSpec device by where it stands. Raises PlantError where no chain is known for that."""
    return sunspec_map(device_chain(device, plant))


def device_chain(device: Device, plant: Plant) -> SunSpecDevice:
    """The models of a device and their addresses."""
    kind = parts.kind_of(device.at[0])
    models: dict[str, Iterable[tuple[int, dict[str, int]]]] = {
        "meter": [(1, {}), (203, {})],
        "pcs": [(1, {}), (701, {}), (713, {}), (714, {"NPrt": 1})],
    }
    if kind in ("rack", "container"):
        models |= {"rack": _rack(device, plant), "container": _container(device, plant)}
    if kind not in models or len(device.at) > 1:
        what = f"a SunSpec device is emulated at one part: a {', a '.join(('meter', 'pcs', 'rack'))} or a container"
        raise PlantError(plant.path, device.line, f"device.{device.id}.at", what)
    shared = [one for one in plant.devices if parse_endpoint(one.url).link == parse_endpoint(device.url).link]
    return chain(models[kind], base=ALONE if kind == "rack" and len(shared) == 1 else USUAL)


def _rack(device: Device, plant: Plant) -> Iterable[tuple[int, dict[str, int]]]:
    container = plant.anatomy.container(device.at[0])
    yield from [(1, {}), (802, {}), (803, {"NStr": 1}), (804, {"NMod": container.modules, "Idx": 1})]
    for number in range(1, container.modules + 1):
        yield 805, {"lithium-ion-module-cell": container.cells, "StrIdx": 1, "ModIdx": number}


def _container(device: Device, plant: Plant) -> Iterable[tuple[int, dict[str, int]]]:
    return [(1, {}), (802, {}), (803, {"NStr": plant.anatomy.container(device.at[0]).racks})]


@cache
def _numbers() -> dict[str, int]:
    """Numbers of the served models by the name of their group."""
    return {found["group"]["name"]: number for number in MODELS if (found := definition(number)) is not None}


def model_of(bound: BoundDevice, i: int) -> int | None:
    """The number of the model that point `i` belongs to; None for the marker of the list."""
    groups = bound.layout.groups[bound.layout.point[i]]
    return next((_numbers()[group.name] for group in groups if group.name in _numbers()), None)


def hidden_metric(bound: BoundDevice, i: int) -> tuple[str, str] | None:
    """The metric of a point that a more detailed model of the same device carries too: it shows the same thing."""
    number = model_of(bound, i)
    several = any(one == 803 and bound.layout.index[k][0] > 1 for k, one in _strings(bound))
    known = (None if several else bindings().get(f"{number}-one-string")) or bindings().get(str(number))
    groups = bound.layout.groups[bound.layout.point[i]]
    names = [group.name for group in groups]
    at = next((n for n, name in enumerate(names) if name in _numbers()), len(names))
    for name in names[at + 1 :]:
        known = known.groups.get(name) if known is not None else None
    entry = known.points.get(bound.point(i).name) if known is not None else None
    return (parts.kind_of(bound.parts[i]), entry[0]) if entry else None


def _strings(bound: BoundDevice) -> Iterable[tuple[int, int | None]]:
    return ((k, model_of(bound, k)) for k in range(bound.size) if bound.point(k).name == "StrNMod")


def constants(bound: BoundDevice, plant: Plant) -> Constants:
    """Chain, scale factors, counts, ratings and nameplate texts of a SunSpec device."""
    at = bound.device.at[0]
    kind = parts.kind_of(at)
    device = device_chain(bound.device, plant)
    header = device.header_words()
    numbers = FIXED | _ratings(at, plant) | (ONE_STRING if kind == "rack" else {})
    scales = scale_factors(kind, Design.of(plant))
    texts = {
        "Mn": "BESS Inside emulator",
        "Md": plant.id,
        "Vr": "1",
        "SN": f"EMULATED-{at.rsplit('/', 1)[-1].upper()}",
        "IDStr": next((bus.id for bus in plant.anatomy.buses if bus.pcs == at), ""),
    }
    layout, found = bound.layout, Constants()
    for i in range(bound.size):
        point, address, number = bound.point(i), int(layout.address[i]), model_of(bound, i)
        if point.name == "SunS":
            found.values[i] = float(header[address] << 16 | header[address + 1])
        elif address in header:
            found.values[i] = float(header[address])
        elif number is None:
            continue
        elif point.type == "sunssf":
            found.values[i] = float(scales[number, point.name])
        elif point.name == "ModIdx":
            found.values[i] = float(layout.index[i][0])
        elif (number, point.name) in numbers:
            found.values[i] = numbers[number, point.name]
        elif number in (1, 714) and texts.get(point.name):
            found.texts[i] = texts[point.name]
    _pads(bound, device, found)
    return found


def _ratings(at: str, plant: Plant) -> dict[tuple[int, str], float]:
    """Counts and ratings by point: of the racks that a device is responsible for."""
    kind, every = parts.kind_of(at), plant.anatomy.all("rack")
    if kind == "meter":
        return {}
    on_bus = next((bus.racks for bus in plant.anatomy.buses if bus.pcs == at), every)
    racks = {"pcs": len(on_bus), "rack": 1, "container": len(every)}[kind]
    energy = (plant.energy_wh or float("nan")) * racks / len(every)
    if kind == "pcs":
        return {(713, "WHRtg"): energy}
    container, capacity = plant.anatomy.container(at), Design.of(plant).cell.capacity
    return {
        (802, "WHRtg"): energy,
        (802, "AHRtg"): capacity * racks,
        (803, "NStr"): float(racks),
        (803, "StrNMod"): float(container.modules),
        (804, "NMod"): float(container.modules),
        (804, "ModNCell"): float(container.cells),
        (805, "NCell"): float(container.cells),
    }


def _pads(bound: BoundDevice, device: SunSpecDevice, found: Constants) -> None:
    """Registers between the points of the chain are padding."""
    layout = bound.layout
    taken = np.zeros(65536, dtype=bool)
    for address, words in zip(layout.address.tolist(), layout.words.tolist(), strict=True):
        taken[address : address + words] = True
    for address, word in device.header_words().items():
        if not taken[address]:
            found.words[address] = word
    for address in range(device.base, device.models[-1].end):
        if not taken[address]:
            found.words.setdefault(address, PAD)
