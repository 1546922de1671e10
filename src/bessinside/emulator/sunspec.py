"""A rack served as a SunSpec device: the chain of models, their constants, and what is not implemented said so.

A SunSpec reader takes whole models, so every register of the chain is served; a point that this plant does not have
carries the model's own value for "not implemented".
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from bessinside.plant import BoundDevice, Device, Plant, parts
from bessinside.registers import RegisterMap
from bessinside.registers.sunspec import SunSpecDevice, bindings, chain, sunspec_map

MAP = "sunspec"
BASE = 0
PAD = 0x8000
LITHIUM_ION, CONNECTED, REMOTE = 4, 3, 0  # 802.Typ, 802.State, 802.LocRemCtl

# Scale factors by the name of their point: what fits a 16-bit register and resolves as well as the sensors do.
SCALE = {
    "AHRtg_SF": -1,
    "WHRtg_SF": 1,
    "WChaDisChaMax_SF": 1,
    "DisChaRte_SF": -1,
    "SoC_SF": -1,
    "DoD_SF": -1,
    "SoH_SF": -1,
    "V_SF": -1,
    "CellV_SF": -3,
    "A_SF": -1,
    "AMax_SF": -1,
    "W_SF": 1,
    "ModTmp_SF": -1,
    "Tmp_SF": -1,
}


@dataclass(frozen=True, slots=True)
class Constants:
    """What does not change in a served device: numbers and texts by point, and words of the chain by address."""

    values: dict[int, float] = field(default_factory=dict)
    texts: dict[int, str] = field(default_factory=dict)
    words: dict[int, int] = field(default_factory=dict)


def rack_chain(rack: str, plant: Plant) -> SunSpecDevice:
    """The models of one rack from base 0: 1, 802, 803, 804 and one 805 per module."""
    container = plant.anatomy.container(rack)
    modules = [
        (805, {"lithium-ion-module-cell": container.cells, "StrIdx": 1, "ModIdx": number})
        for number in range(1, container.modules + 1)
    ]
    string = {"NMod": container.modules, "Idx": 1}
    return chain([(1, {}), (802, {}), (803, {"NStr": 1}), (804, string), *modules], base=BASE)


def device_map(device: Device, plant: Plant) -> RegisterMap:
    """The map of the SunSpec device that stands at a rack."""
    return sunspec_map(rack_chain(device.at[0], plant))


def hidden_metric(bound: BoundDevice, i: int) -> tuple[str, str] | None:
    """The metric of a point that a more detailed model of the same device carries too: it shows the same thing."""
    groups = bound.layout.groups[bound.layout.point[i]]
    model, name = groups[1].name, bound.point(i).name
    number = _MODELS.get(model)
    known = bindings().get(f"{number}-one-string") or bindings().get(str(number))
    if known is None:
        return None
    for group in groups[2:]:
        known = known.groups.get(group.name)
        if known is None:
            return None
    entry = known.points.get(name)
    return (parts.kind_of(bound.parts[i]), entry[0]) if entry else None


_MODELS = {"battery": 802, "lithium_ion_bank": 803, "lithium_ion_string": 804, "lithium-ion-module": 805}


def constants(bound: BoundDevice, plant: Plant) -> Constants:
    """Chain, scale factors, counts, ratings and nameplate texts of a rack's SunSpec device."""
    rack = bound.device.at[0]
    container = plant.anatomy.container(rack)
    number = parts.numbers(rack)["rack"]
    device = rack_chain(rack, plant)
    header = device.header_words()
    energy = (plant.energy_wh or 0.0) / container.racks
    numbers = {
        "NStr": 1.0,
        "NStrCon": 1.0,
        "StrNMod": float(container.modules),
        "ModNCell": float(container.cells),
        "NCell": float(container.cells),
        "Idx": 1.0,
        "StrIdx": 1.0,
        "WHRtg": energy,
        "AHRtg": round(energy / (container.modules * container.cells * 3.2), 1),
        "Typ": float(LITHIUM_ION),
        "State": float(CONNECTED),
        "LocRemCtl": float(REMOTE),
    }
    texts = {"Mn": "BESS Inside emulator", "Md": plant.id, "Vr": "1", "SN": f"EMULATED-R{number:02d}"}
    layout = bound.layout
    found = Constants(words=dict(header))
    for i in range(bound.size):
        point, address = bound.point(i), int(layout.address[i])
        group = layout.groups[layout.point[i]][-1]
        if point.type == "sunssf":
            found.values[i] = float(SCALE[point.name])
        elif point.name == "SunS":
            found.values[i] = float(header[address] << 16 | header[address + 1])
        elif address in header:
            found.values[i] = float(header[address])
        elif point.name == "ModIdx":
            found.values[i] = float(layout.index[i][0])
        elif point.name in numbers:
            found.values[i] = numbers[point.name]
        elif group.name == "common" and point.name in texts:
            found.texts[i] = texts[point.name]
    _pads(bound, device, found)
    return found


def _pads(bound: BoundDevice, device: SunSpecDevice, found: Constants) -> None:
    """Registers between the points of the chain are padding."""
    layout = bound.layout
    taken = np.zeros(65536, dtype=bool)
    for address, words in zip(layout.address.tolist(), layout.words.tolist(), strict=True):
        taken[address : address + words] = True
    for address in range(device.base, device.models[-1].end):
        if not taken[address]:
            found.words.setdefault(address, PAD)
