"""The shipped maps of PCS, cabinet, meters, cooling and safety devices against the facts they were made from."""

from __future__ import annotations

import csv
import os
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from bessinside.registers import Codec, Point, RegisterMap, core_unit, flatten, load_map
from bessinside.registers.lint import lint
from bessinside.registers.metrics import metrics

# Registers that each document or driver lists; fields packed in one word count once.
ROWS = {
    "sinexcel-pws": 206,
    "inpower-pcs-v23": 135,
    "huawei-luna2000b": 88,
    "janitza-umg96rme": 27,
    "schneider-iem3000": 22,
    "carlo-gavazzi-em300": 40,
    "meta-orv3-rpu": 93,
    "systemsensor-faast": 25,
    "rle-seahawk-10k": 22,
}
TABLES = {
    "sinexcel-pws": "pcs_sinexcel_pws.csv",
    "inpower-pcs-v23": "pcs_inpower_v23.csv",
    "huawei-luna2000b": "ess_huawei_luna2000b.csv",
    "janitza-umg96rme": "meter_janitza_umg96rme.csv",
    "schneider-iem3000": "meter_schneider_iem3000.csv",
    "carlo-gavazzi-em300": "meter_carlo_gavazzi_em300.csv",
    "meta-orv3-rpu": "thermal_meta_orv3_rpu.csv",
    "systemsensor-faast": "safety_systemsensor_faast.csv",
    "rle-seahawk-10k": "safety_rle_seahawk10k.csv",
}
KINDS = {
    "sinexcel-pws": "pcs",
    "inpower-pcs-v23": "pcs",
    "huawei-luna2000b": "container",
    "janitza-umg96rme": "meter",
    "schneider-iem3000": "meter",
    "carlo-gavazzi-em300": "meter",
    "meta-orv3-rpu": "cooling",
    "systemsensor-faast": "smoke",
    "rle-seahawk-10k": "leak",
}
TYPES = {
    "u16": ("uint16", "enum16"),  # a plain code may have become an enumeration
    "i16": ("int16",),
    "u32": ("uint32",),
    "i32": ("int32",),
    "i64": ("int64",),
    "f32": ("float32",),
    "bit": ("uint16",),
    "string": ("string",),
    "bitfield16": ("bitfield16",),
    "enum16": ("enum16",),
    "bytes2": ("uint16",),
    "i8lo": ("int16",),
}


@cache
def shipped(map_id: str) -> RegisterMap:
    return load_map(map_id)


def table(name: str) -> list[dict[str, str]]:
    """Rows of a table of register facts; skips the test where BESSINSIDE_DATA does not lead to it."""
    folder = os.environ.get("BESSINSIDE_DATA")
    if folder is None:
        pytest.skip("BESSINSIDE_DATA is not set: the register tables are not compared")
    path = Path(folder) / "registers" / name
    if not path.exists():
        pytest.skip(f"{path} is missing: the register table is not compared")
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def at(map_id: str, address: int, fc: int) -> list[Point]:
    """Points that the map has at an address of a function code."""
    found = [p for p in shipped(map_id).points() if (p.fc, p.address) == (fc, address)]
    assert found, f"{map_id} has no point at {address}, function code {fc}"
    return found


def one(map_id: str, name: str) -> Point:
    (found,) = (p for p in shipped(map_id).points() if p.name == name)
    return found


@pytest.mark.parametrize("map_id", ROWS)
def test_every_documented_register_is_there(map_id: str) -> None:
    assert shipped(map_id).rows == ROWS[map_id]


@pytest.mark.parametrize("map_id", ROWS)
def test_every_point_says_what_it_is_and_where_it_was_read(map_id: str) -> None:
    source = shipped(map_id).source
    assert source.document
    assert source.read_from
    for point in shipped(map_id).points():
        assert point.label, point.name
        assert point.source, point.name


@pytest.mark.parametrize("map_id", ROWS)
def test_root_stands_for_the_part_it_measures(map_id: str) -> None:
    group = shipped(map_id).group
    assert group.anatomy == KINDS[map_id]
    bound = [p.metric for p in group.points if p.metric]
    assert len(bound) == len(set(bound)), "two points of the part carry the same metric"
    assert all((group.anatomy, metric) in metrics() for metric in bound)


@pytest.mark.parametrize("map_id", ROWS)
def test_every_direction_is_stated(map_id: str) -> None:
    """Nobody may take the sign of a power or a current for granted."""
    for point in shipped(map_id).group.points:
        known = metrics().get((KINDS[map_id], point.metric or ""))
        if known and known.directed and point.wire_type.kind != "uint":
            assert point.sign_stated, f"{point.name} has no x-sign"


@pytest.mark.parametrize("map_id", ROWS)
def test_registers_agree_with_the_table_of_facts(map_id: str) -> None:
    for row in table(TABLES[map_id]):
        for point in at(map_id, int(row["address"]), int(row["function_code"])):
            where = f"{map_id} {point.name} at {point.address}"
            assert point.type in TYPES[row["type"]], where
            assert point.words == int(row["count"]), where
            assert (point.access == "RW") == ("w" in row["access"]), where
            assert point.write_only == (row["access"] == "w"), where
            assert point.offset == float(row["offset"]), where
            if row["word_order"]:
                assert point.low_first == (row["word_order"] == "little"), where
            assert isinstance(point.sf, int), where
            unit, factor = core_unit(point.units)
            listed_unit, listed_factor = core_unit(row["unit"])
            if " or " in row["unit"]:
                unit, factor, listed_unit, listed_factor = "", 1.0, "", 1.0  # the map says which it takes
            assert unit == listed_unit, where
            assert factor * 10.0**point.sf == pytest.approx(listed_factor * float(row["scale"])), where
            if row["type"] in ("bitfield16", "enum16") and "0 " in row["description"]:
                assert point.symbols, f"{where} has lost its list of bits or codes"


def test_every_register_of_the_levels_carries_a_metric() -> None:
    maps = {name: map_id for map_id, name in TABLES.items()}
    asked = [row for row in table("levels.csv") if row["map"] in maps]
    assert len(asked) == 113
    for row in asked:
        map_id, address, name = maps[row["map"]], row["address_or_point"], row["register_name"]
        (listed,) = (r for r in table(row["map"]) if (r["name"], r["address"]) == (name, address))
        for point in at(map_id, int(address), int(listed["function_code"])):
            assert point.metric, f"level {row['level']} needs {map_id} {point.name} at {address}"


@pytest.mark.parametrize("map_id", ROWS)
def test_lint_finds_no_error(map_id: str) -> None:
    assert [str(finding) for finding in lint(shipped(map_id)) if finding.level == "error"] == []


def test_power_reads_discharge_positive() -> None:
    assert one("inpower-pcs-v23", "active_power").sign == -1
    assert one("inpower-pcs-v23", "active_power_setpoint").sign == -1
    assert one("inpower-pcs-v23", "dc_current").sign == -1
    assert one("inpower-pcs-v23", "reactive_power").sign == 1  # positive capacitive is over-excited already
    assert one("sinexcel-pws", "active_power").sign == 1
    for meter in ("janitza-umg96rme", "schneider-iem3000", "carlo-gavazzi-em300"):
        assert one(meter, "active_power").sign == -1  # grid import counts positive on the wire


@pytest.mark.parametrize(
    ("map_id", "address", "fc", "why"),
    [
        *(("sinexcel-pws", address, 3, "factor") for address in (224, 225, 226)),
        *(("sinexcel-pws", address, 3, "direction") for address in (144, 146)),
        *(("sinexcel-pws", address, 3, "sign") for address in (104, 123, 141, 143)),
        *(("inpower-pcs-v23", address, 4, "bytes") for address in (258, 259, 260, 261)),
        *(("inpower-pcs-v23", address, 4, "sign") for address in (204, 224, 226, 287)),
        *(("inpower-pcs-v23", address, 4, "factor") for address in (290, 291)),
        *(("huawei-luna2000b", address, 3, "bits") for address in (30455, 30510, 32133)),
        *(("huawei-luna2000b", address, 3, "sign") for address in (30417, 32037, 32986, 33000, 33025, 42915)),
        *(("schneider-iem3000", address, 3, "sign") for address in (3053, 3059, 3067)),
        *(("carlo-gavazzi-em300", address, 3, "sign") for address in (12, 44)),
        ("carlo-gavazzi-em300", 51, 3, "type"),
        *(("janitza-umg96rme", address, 3, "sign") for address in (19012, 19042)),
        *(("meta-orv3-rpu", address, 3, "type") for address in (36865, 36866)),
        *(("systemsensor-faast", address, 3, "half word") for address in (7, 12, 14, 35, 36, 67)),
        *(("systemsensor-faast", address, 3, "word order") for address in (0, 68)),
        *(("rle-seahawk-10k", address, 4, "unit") for address in (1, 4)),
    ],
)
def test_what_the_sources_leave_open_is_marked(map_id: str, address: int, fc: int, why: str) -> None:
    for point in at(map_id, address, fc):
        assert point.suspect
        assert why in point.suspect


def test_igbt_temperatures_are_packed_two_in_a_word() -> None:
    for number in range(1, 9):
        point = one("inpower-pcs-v23", f"igbt_temperature_{number}")
        assert point.address == 258 + (number - 1) // 2
        assert (point.mask, point.shift) == ((0xFF00, 8) if number % 2 else (0x00FF, 0))


def test_sinexcel_energy_without_a_value_is_not_a_number() -> None:
    assert one("sinexcel-pws", "ac_energy_charged").sentinel == (0xFFFFFFFF,)


def read(map_id: str, words: dict[int, int], fc: int, counts: dict[str, int] | None = None) -> dict[str, float]:
    """Values in the map's own units by point name, of the points that lie within ``words`` (by address)."""
    layout = flatten(shipped(map_id), counts)
    places = {address: place for place, address in enumerate(sorted(words))}
    offset = np.full(len(layout), -1, np.int32)
    for i in range(len(layout)):
        address, last = int(layout.address[i]), int(layout.address[i] + layout.words[i] - 1)
        if layout.fc[i] == fc and last in places:
            offset[i] = places.get(address, -1)
    values, state = np.empty(len(layout)), np.empty(len(layout), np.uint8)
    image = np.array([words[address] for address in sorted(words)], np.uint16)
    Codec(layout, offset).decode(image, values, state)
    return {layout.name(i): float(values[i]) for i in np.flatnonzero(state == 0).tolist()}


def test_examples_printed_in_the_inpower_document() -> None:
    """201 to 203 hold 223.0 V; -50 A means discharging; 81 and 88 on means shut down at the grid."""
    counts = {"pcs": 2}
    telemetry = read("inpower-pcs-v23", {201: 0x08B6, 202: 0x08B6, 203: 0x08B6}, 4, counts)
    assert telemetry == {f"pcs[1].voltage_l{i}": pytest.approx(223.0) for i in (1, 2, 3)}
    setpoints = read("inpower-pcs-v23", {301: 0x0003, 302: 0x02EE, 303: 0xFFCE}, 3, counts)
    assert setpoints == {
        "pcs[1].run_mode": 3,
        "pcs[1].dc_voltage_setpoint": 750,
        "pcs[1].dc_current_setpoint": 50,  # the product counts discharging positive
    }
    states = read("inpower-pcs-v23", {81: 1, 82: 0, 83: 0, 88: 1}, 2, counts)
    assert states["pcs[1].state_shutdown"] == states["pcs[1].state_grid_connected"] == 1
    assert states["pcs[1].state_running"] == 0


def test_second_inpower_pcs_lies_a_thousand_addresses_on() -> None:
    assert read("inpower-pcs-v23", {1225: 13312}, 4, {"pcs": 2}) == {"pcs[2].dc_voltage": pytest.approx(1331.2)}


def test_three_encodings_of_the_meters() -> None:
    """The same 1.5 MW drawn from the grid: float in W, float in kW, whole number with its low word first."""
    assert read("janitza-umg96rme", {19026: 0x49B7, 19027: 0x1B00}, 3) == {"active_power": -1.5e6}
    assert read("schneider-iem3000", {3059: 0x44BB, 3060: 0x8000}, 3) == {"active_power": -1500.0}
    assert read("carlo-gavazzi-em300", {40: 0xE1C0, 41: 0x00E4}, 3) == {"active_power": pytest.approx(-1.5e6)}


def test_seahawk_float_has_its_low_word_first() -> None:
    assert read("rle-seahawk-10k", {8000: 0x0000, 8001: 0x4148}, 4) == {"distance_metres": 12.5}


def test_huawei_packs_and_alarm_words_repeat() -> None:
    names = flatten(shipped("huawei-luna2000b")).names()
    assert sum(name.startswith("pack[") for name in names) == 4 * 3
    assert sum(name.startswith("alarm_") for name in names) == 12 + 8 + 32
    assert read("huawei-luna2000b", {34262: 3328}, 3) == {"pack[4].voltage": pytest.approx(332.8)}
