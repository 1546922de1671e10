"""REF-1M over sockets: pymodbus, a second decoder and arithmetic of our own against the physics, then our twin.

Which entry of the physics a register shows is told here by counting, not by the package's binding.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

import bessinside
from bessinside.emulator.service.serve import Emulator
from bessinside.modbus import parse_endpoint
from bessinside.plant import Plant, parse_plant
from bessinside.twin import Quality, Snapshot
from tests.peers.conftest import Background, on_ports, wait_for_two_sweeps
from tests.peers.decoder import SI, Row, decode, quantum, read_rows
from tests.peers.wire import blocks, read_with_pymodbus

pytestmark = [pytest.mark.peer, pytest.mark.xdist_group("ref-1m")]
PACKAGE = Path(str(files("bessinside")))
TEXT = (PACKAGE / "plant" / "plants" / "ref-1m.toml").read_text(encoding="utf-8")
DEVICES = re.findall(r'^id = "([a-z0-9]+)"\nlabel', TEXT, re.MULTILINE)
INSTANCES = {"rack": 2, "cell": 240, "sensor": 80}
LEFT_OUT = {("bus", "current"), ("bus", "insulation")}
CODED = {
    "pcs": {"state", "dc_state", *(f"fault_word_{n}" for n in range(1, 6)), *(f"dc_fault_word_{n}" for n in (1, 2, 3))},
    "bus": {"run_state", "charge_indication", "alarm_word_1", "alarm_1_low", "alarm_2_low", "alarm_3_low"},
    "rack": {
        *("run_state", "charge_indication", "connection_state", "maintenance_low", "alarm_word_2"),
        *(f"alarm_{n}_low" for n in (1, 2, 3)),
    },
}
"""Words whose bits the physics names; `tests/emulator/worlds/test_wording.py` says which bit must be set when."""


@dataclass(frozen=True)
class Served:
    plant: Plant
    emulator: Emulator

    def rows(self, device: str) -> list[Row]:
        map_id = self.plant.device(device).map
        file = PACKAGE / "registers" / "maps" / f"{map_id}.yaml"
        return read_rows(file, lambda path, stated: INSTANCES.get(path.split(".")[-1], stated))

    def place(self, device: str, row: Row) -> tuple[str, int]:
        """The kind of part that a row tells of, and which of them in plant order."""
        unit = int(re.sub(r"\D", "", device) or 1) - 1
        found = re.fullmatch(r"(?:rack\[(\d+)\]\.)?(?:(cell|sensor)\[(\d+)\]\.)?\w+", row.name)
        assert found, row.name
        if found[1] is None:
            return {"carlo-gavazzi-em300": "meter", "sinexcel-pws": "pcs"}.get(
                self.plant.device(device).map, "bus"
            ), unit
        rack = 2 * unit + int(found[1]) - 1
        return ("rack", rack) if found[2] is None else (found[2], rack * INSTANCES[found[2]] + int(found[3]) - 1)

    def truth(self, device: str, row: Row) -> float | str | None:
        """What the physics hands to a register: a number, "coded" for a word of bits, None where it knows nothing."""
        kind, entry = self.place(device, row)
        if row.metric is None or (kind, row.metric) in LEFT_OUT:
            return None
        if row.metric in CODED.get(kind, ()):
            return "coded"
        try:
            return float(self.emulator.physics.quantity(kind, row.metric)[entry])
        except KeyError:
            return None


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("ref-1m") / "ref-1m.toml"
    path.write_text(on_ports(TEXT), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def served(background: Background, file: Path) -> Iterator[Served]:
    plant = parse_plant(file.read_text(encoding="utf-8"), str(file))
    busy = file.with_name("busy.csv")
    busy.write_text("time,power\n00:00,700000\n", encoding="utf-8")

    async def begin() -> Emulator:
        emulator = Emulator(plant, seed=11, schedule=str(busy))
        emulator.hold()
        for _ in range(60):
            emulator.step(10.0)
        return await emulator.__aenter__()

    emulator = background.run(begin())
    yield Served(plant, emulator)
    background.run(emulator.__aexit__())


@pytest.fixture(scope="module")
def now(served: Served, file: Path) -> Iterator[tuple[bessinside.session.Session, Snapshot]]:
    with bessinside.open(file) as twin:
        twin.wait(30.0)
        wait_for_two_sweeps(twin)
        yield twin, twin.snapshot()


def test_the_devices_are_those_of_the_plant_on_ports_of_their_own() -> None:
    assert ["meter", *(f"pcs{n}" for n in range(1, 5)), *(f"cluster{n}" for n in range(1, 5))] == DEVICES
    other = (PACKAGE / "plant" / "plants" / "ref-5m.toml").read_text(encoding="utf-8")
    taken = {text: set(re.findall(r":(\d+)\?", text)) for text in (TEXT, other)}
    assert len(taken[TEXT]) == len(DEVICES)
    assert not taken[TEXT] & taken[other]


@pytest.mark.parametrize(("device", "count"), [("meter", 35), ("pcs2", 47), ("cluster3", 706)])
def test_what_is_served_is_what_the_physics_knows(device: str, count: int, served: Served) -> None:
    known = {row.name for row in served.rows(device) if served.truth(device, row) is not None}
    image = next(image for image in served.emulator.world.images if image.bound.device.id == device)
    names = image.bound.layout.names()
    assert {names[i] for i in np.flatnonzero(image.served)} == known
    assert len(known) == count


@pytest.mark.parametrize("device", DEVICES)
def test_every_register_is_the_physics_within_half_a_quantum(device: str, served: Served) -> None:
    known = [(row, truth) for row in served.rows(device) if (truth := served.truth(device, row)) is not None]
    endpoint = parse_endpoint(served.plant.device(device).url)
    words = asyncio.run(read_with_pymodbus(endpoint.port, endpoint.unit, blocks(row for row, _ in known)))
    compared = 0
    for row, truth in known:
        if isinstance(truth, str):
            continue
        found = decode(row, words)
        assert isinstance(found, Fraction), row.name
        factor = SI[row.units]
        assert abs(float(found * factor) - truth) <= 0.5 * float(quantum(row, words) * factor) * (1 + 1e-9), row.name
        compared += 1
    assert compared > 30


def test_our_twin_shows_what_others_read(served: Served, now: tuple[bessinside.session.Session, Snapshot]) -> None:
    twin, snapshot = now
    shown = 0
    for readings in twin.twin.devices:
        device = readings.bound.device.id
        rows = {row.name: row for row in served.rows(device)}
        for i, name in enumerate(readings.bound.layout.names()):
            truth = served.truth(device, rows[name])
            quality = Quality(snapshot.quality[readings.bound.first + i])
            if truth is None:
                assert quality is not Quality.GOOD, (device, name)
                continue
            assert quality is Quality.GOOD, (device, name, quality)
            shown += 1
            if not isinstance(truth, str):
                row = rows[name]
                step = float(Fraction(10) ** int(row.sf) * SI[row.units])
                assert snapshot.values[readings.bound.first + i] == pytest.approx(truth, abs=0.51 * step), name
    assert shown == 35 + 4 * 47 + 4 * 706


def test_the_figures_hang_together_over_all_makes(now: tuple[bessinside.session.Session, Snapshot]) -> None:
    """Different devices of different makes tell of one plant."""
    twin, snapshot = now

    def value(figure: str) -> float:
        index = twin.twin.binding.find(figure)
        assert index is not None, figure
        return float(snapshot.values[index])

    power = sum(value(f"pcs{n}/active_power") for n in range(1, 5))
    assert value("meter/active_power") == pytest.approx(power, rel=0.01)
    for n in range(1, 5):
        racks = [f"c1/r{2 * n - 1:02d}", f"c1/r{2 * n:02d}"]
        assert sum(value(f"{rack}/current") for rack in racks) == pytest.approx(value(f"pcs{n}/dc_current"), rel=0.01)
        for rack in racks:
            cells = [value(f"{rack}/m{m}/cell{c:03d}/voltage") for m in range(1, 21) for c in range(1, 13)]
            assert sum(cells) == pytest.approx(value(f"{rack}/voltage"), rel=0.005)
            highest = int(value(f"{rack}/cell_voltage_max_position")) - 1
            assert cells[highest] == pytest.approx(value(f"{rack}/cell_voltage_max"), abs=0.0011)
