"""A small plant whose past is made of numbers that a hand can check: a meter, a converter, a rack, a sweep a minute."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np

from bessinside.market.basis.localtime import MINUTE_NS, midnight_ns
from bessinside.modbus import Outcome, Quirks, ReadPlan, Sweep
from bessinside.plant import BoundDevice, Plant, bind, load_plant
from bessinside.twin.readings import Readings
from tests.historian.made import Folders

FIRST, DAYS = date(2026, 10, 8), 2
POWER_W, ENERGY_WH, SHARE, DRAW_W = 1e6, 2e6, 0.96, 6000.0
START_NS = midnight_ns(FIRST)
MINUTES = DAYS * 1440
GAP = range(8 * 60 + 7, 9 * 60 + 37)  # minutes of the first day without a sweep
LOST = (601, 602, 603)  # sweeps of the meter that brought no data
START_SOC = 0.3

_HEAD = (
    "x-source: {document: A document, issue: '1', date: 2026-01-31, from: a shelf}\nx-addressing: {printed: 40001}\n"
)
MAPS = {
    "meter": "id: meter\nlabel: A meter\nx-class: meter\n" + _HEAD + """\
group:
  name: meter
  x-anatomy: meter
  points:
    - {name: out, type: uint32, units: Wh, x-address: 0, x-metric: energy_export}
    - {name: into, type: uint32, units: Wh, x-address: 2, x-metric: energy_import}
""",
    "pcs": "id: pcs\nlabel: A converter\nx-class: pcs\n" + _HEAD + """\
group:
  name: pcs
  x-anatomy: pcs
  points:
    - {name: out, type: uint32, units: Wh, x-address: 0, x-metric: ac_energy_discharged}
    - {name: into, type: uint32, units: Wh, x-address: 2, x-metric: ac_energy_charged}
    - {name: wanted, type: int32, units: W, x-address: 4, x-metric: active_power_setpoint, x-sign: discharge-positive}
    - {name: fault, type: uint16, x-address: 6, x-metric: state_fault}
""",
    "rack": "id: rack\nlabel: A rack\nx-class: bms\n" + _HEAD + """\
group:
  name: rack
  x-anatomy: rack
  points:
    - {name: soc, type: uint16, sf: -2, units: "%", x-address: 0, x-metric: soc}
    - {name: soh, type: uint16, sf: -1, units: "%", x-address: 1, x-metric: soh}
""",
}  # fmt: skip
PLANT = """\
[plant]
id = "counted"
label = "A counted plant"
emulated = true
nameplate = {{ power = "1 MW", energy = "2 MWh" }}

[anatomy.c1]
racks = 1
modules = 1
cells = 1

[bus.bus1]
pcs = "pcs1"
racks = ["c1/r01"]
"""
DEVICE = """
[[device]]
id = "{id}"
map = "{id}.yaml"
at = "{at}"
url = "modbus+tcp://127.0.0.1:{port}?unit=1"
every = "60 s"
"""


@dataclass(frozen=True)
class Day:
    """What the plant does, minute by minute: powers W float64[MINUTES], state of charge at each minute's end."""

    wanted_w: np.ndarray[tuple[int], np.dtype[np.float64]]
    pcs_w: np.ndarray[tuple[int], np.dtype[np.float64]]
    meter_w: np.ndarray[tuple[int], np.dtype[np.float64]]
    soc: np.ndarray[tuple[int], np.dtype[np.float64]]
    fault: np.ndarray[tuple[int], np.dtype[np.bool_]]


def day() -> Day:
    """Charges at noon and discharges in the evening; on the second evening the converter trips for an hour."""
    minute = np.arange(MINUTES) % 1440
    wanted = np.where((minute >= 660) & (minute < 810), -500e3, 0.0)
    wanted = np.where((minute >= 1140) & (minute < 1275), 500e3, wanted)
    fault = (np.arange(MINUTES) >= 1440 + 1170) & (np.arange(MINUTES) < 1440 + 1230)
    pcs = np.where(fault, 0.0, wanted)
    cells = np.where(pcs < 0, -pcs * SHARE, -pcs / SHARE) / 60
    soc = START_SOC + np.cumsum(cells) / ENERGY_WH
    assert soc.min() > 0
    assert soc.max() < 1
    return Day(wanted, pcs, pcs - DRAW_W, soc, fault)


def files(folder: Path, port: int = 1001) -> Path:
    """Writes the plant file and its maps; the path of the plant file."""
    text = PLANT.format()
    for at, (name, part) in enumerate({"meter": "meter", "pcs": "pcs1", "rack": "c1/r01"}.items()):
        (folder / f"{name}.yaml").write_text(MAPS[name])
        text += DEVICE.format(id=name, at=part, port=port + at)
    path = folder / "counted.toml"
    path.write_text(text)
    return path


def record(folder: Path, plant: Plant | None = None, root: str = "past", gap: bool = True) -> Path:
    """Records two days into `folder/root`: counters as they stand at the end of each minute."""
    plant = plant or load_plant(files(folder))
    kept = Folders(folder / root, plant)
    does = day()
    words = {"meter": _meter(does), "pcs": _pcs(does), "rack": _rack(does)}
    waiting: list[tuple[Sweep, BoundDevice]] = []
    number = 0
    devices = [(bound, Readings(bound, Quirks()).plan) for bound in bind(plant).devices]
    try:
        for minute in range(MINUTES + 1):
            if gap and minute in GAP:
                continue
            for bound, plan in devices:
                number += 1
                name = bound.device.id
                waiting.append((_sweep(number, name, plan, minute, words[name](minute), gap), bound))
            if len(waiting) > 1500:
                kept.commit(waiting)
                waiting.clear()
        kept.commit(waiting)
        kept.seal()
    finally:
        kept.close()
    return folder / root


def _sweep(number: int, name: str, plan: ReadPlan, minute: int, values: list[int], lossy: bool) -> Sweep:
    assert plan.size == len(values), (plan.size, values)
    count = len(plan.requests)
    at = START_NS + minute * MINUTE_NS
    lost = lossy and name == "meter" and minute in LOST
    outcome = np.full(count, Outcome.TIMEOUT if lost else 0, np.uint8)
    received = np.full(count, 0 if lost else at - 1_000_000, np.int64)
    return Sweep(
        number, name, "tcp", 1, at - 3_000_000, at, plan, np.array(values, ">u2"), np.zeros(count, np.uint16),
        np.full(count, at - 2_000_000, np.int64), received, outcome, np.zeros(count, np.uint8), {}, {},
    )  # fmt: skip


def _counter(
    power_w: np.ndarray[tuple[int], np.dtype[np.float64]], sign: float
) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """A counter at the end of each minute, the first before all."""
    return np.round(7_000_000 + np.concatenate([[0.0], np.cumsum(np.maximum(sign * power_w, 0) / 60)])).astype(np.int64)


def _long(value: int) -> list[int]:
    return [value >> 16 & 0xFFFF, value & 0xFFFF]


Words = Callable[[int], list[int]]


def _meter(does: Day) -> Words:
    out, into = _counter(does.meter_w, 1), _counter(does.meter_w, -1)
    return lambda minute: _long(int(out[minute])) + _long(int(into[minute]))


def _pcs(does: Day) -> Words:
    out, into = _counter(does.pcs_w, 1), _counter(does.pcs_w, -1)

    def words(minute: int) -> list[int]:
        now = min(minute, MINUTES - 1)
        wanted, fault = int(does.wanted_w[now]), int(does.fault[now])
        return _long(int(out[minute])) + _long(int(into[minute])) + _long(wanted & 0xFFFFFFFF) + [fault]

    return words


def _rack(does: Day) -> Words:
    soc = np.concatenate([[START_SOC], does.soc])
    return lambda minute: [round(1e4 * float(soc[minute])), 990]
