"""The shipped maps of battery management systems against the facts they were made from."""

from __future__ import annotations

import csv
import os
from collections import Counter
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from bessinside.registers import Group, Layout, Point, RegisterMap, core_unit, factor, flatten, load_map
from bessinside.registers.lint import lint
from bessinside.registers.metrics import metrics

# Registers that each document or driver lists; fields packed in one word count once.
ROWS = {
    "discover-aes-bcu": 92,
    "discover-aes-bau": 76,
    "soltaro-cluster-c": 163,
    "byd-c130": 34,
    "fenecon-commercial": 116,
}
TABLES = {
    "discover-aes-bcu": "bms_discover_aes_cab_bcu.csv",
    "discover-aes-bau": "bms_discover_aes_cab_bau.csv",
    "soltaro-cluster-c": "bms_soltaro_cluster_c.csv",
    "byd-c130": "bms_byd_c130.csv",
    "fenecon-commercial": "bms_fenecon_commercial.csv",
}
TYPES = {
    "u16": ("uint16", "enum16", "bitfield16"),
    "i16": ("int16",),
    "u32": ("uint32", "bitfield32"),
    "i32": ("int32",),
    "i64": ("int64",),
    "string": ("string",),
    "bitfield16": ("bitfield16",),
    "bitfield32": ("bitfield32", "uint32"),  # one of them carries a number beside its flags
    "enum16": ("enum16",),
    "packed32": ("uint32", "int32"),
}
# Two cells and a temperature share a word: no row of the table states their factor.
PACKED = "packed32"
MODEST = {"container": 1, "rack": 2, "module": 3, "cell": 5, "sensor": 4}


@cache
def shipped(map_id: str) -> RegisterMap:
    """The map, read once for all tests."""
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


def small(map_id: str) -> Layout:
    """The map laid out with a few instances of everything."""

    def count(group: Group, _: str) -> int:
        return MODEST[group.anatomy or ""]

    return flatten(shipped(map_id), count)


def kind(layout: Layout, i: int) -> str:
    """The kind of part that point ``i`` reports about."""
    point = layout.definition(i)
    return point.part.split("/")[0] if point.part else layout.anatomy(i)[-1][0]


def at(map_id: str, address: int) -> list[Point]:
    """Points that the map has at an address, in the first instance of everything."""
    found = [p for p in shipped(map_id).points() if p.address == address]
    assert found, f"{map_id} has no point at {address}"
    return found


@pytest.mark.parametrize(("map_id", "rows"), ROWS.items())
def test_every_register_of_the_source_is_there(map_id: str, rows: int) -> None:
    assert shipped(map_id).rows == rows


@pytest.mark.parametrize("map_id", ROWS)
def test_every_point_says_where_it_was_read(map_id: str) -> None:
    register_map = shipped(map_id)
    assert register_map.source.read_from
    assert [p.name for p in register_map.points() if not (p.source and p.label)] == []


@pytest.mark.parametrize("map_id", ROWS)
def test_registers_agree_with_the_table(map_id: str) -> None:
    rows = table(TABLES[map_id])
    assert {int(row["address"]) for row in rows} == {p.address for p in shipped(map_id).points()}
    for row in rows:
        for point in at(map_id, int(row["address"])):
            told = f"{map_id}: {row['name']} and {point.name}, line {point.line}"
            assert point.fc == int(row["function_code"]), told
            assert point.words == int(row["count"]), told
            assert point.type in TYPES[row["type"]], told
            assert (point.access == "RW") == (row["access"] != "r"), told
            assert point.write_only == (row["access"] == "w"), told
            assert point.offset == float(row["offset"] or 0), told
            if row["type"] == PACKED:
                continue
            assert isinstance(point.sf, int)
            scale = 10.0**point.sf * core_unit(point.units)[1]
            unit, expected = core_unit(row["unit"])
            assert scale == pytest.approx(float(row["scale"]) * expected), told
            assert core_unit(point.units)[0] in (unit, "K" if "diff" in row["name"] else unit), told


@pytest.mark.parametrize("map_id", ROWS)
def test_word_order_agrees_with_the_table(map_id: str) -> None:
    for row in table(TABLES[map_id]):
        for point in at(map_id, int(row["address"])):
            if point.name == "submaster_map":
                assert point.suspect is not None, "the table takes it high word first, the driver writes it low first"
            elif int(row["count"]) > 1 and point.wire_type.numeric:
                assert point.low_first == (row["word_order"] == "little"), f"{map_id}: {row['name']}"


def test_every_register_of_the_levels_has_a_metric() -> None:
    maps = {file: map_id for map_id, file in TABLES.items()}
    wanted = {(maps[row["map"]], int(row["address_or_point"])) for row in table("levels.csv") if row["map"] in maps}
    assert len(wanted) > 60
    missing = sorted((m, a) for m, a in wanted if not any(p.metric for p in at(m, a)))
    assert missing == []


@pytest.mark.parametrize("map_id", ROWS)
def test_every_metric_is_known_and_its_unit_can_be_reached(map_id: str) -> None:
    layout = small(map_id)
    for i in range(len(layout)):
        point = layout.definition(i)
        if point.metric is not None:
            metric = metrics()[kind(layout, i), point.metric]
            assert factor(point.units, metric.unit) > 0, layout.name(i)


@pytest.mark.parametrize("map_id", ROWS)
def test_a_figure_has_one_register(map_id: str) -> None:
    layout = small(map_id)
    ids = Counter(
        (layout.anatomy(i), layout.definition(i).part, layout.definition(i).metric or layout.definition(i).name)
        for i in range(len(layout))
    )
    assert [figure for figure, times in ids.items() if times > 1] == []


@pytest.mark.parametrize("map_id", ROWS)
def test_every_direction_is_stated_or_suspect(map_id: str) -> None:
    layout = small(map_id)
    directed = 0
    for i in range(len(layout)):
        point = layout.definition(i)
        if point.metric is not None and metrics()[kind(layout, i), point.metric].directed:
            directed += 1
            assert point.sign_stated, layout.name(i)
            assert point.suspect is not None, layout.name(i)
            assert "sign" in point.suspect, layout.name(i)
    assert directed > 0


SUSPECTS = {
    "discover-aes-bcu": [1002, 1102, 1302, 1328, 1330, 10001, 30001, *range(50502, 50510), 60101, 1113, 1114],
    "discover-aes-bau": [1002, *range(1301, 1329), 1330, 1332],
    "soltaro-cluster-c": [4165, 4170, 8458, 8460, 8462, 8265, 9218, 9225, 11264],
    "byd-c130": [8449, 11264],
    "fenecon-commercial": [2682, 2688, 2692, 3116, 3118, 3150, 3152, 3087],
}


@pytest.mark.parametrize(("map_id", "addresses"), SUSPECTS.items())
def test_contradictions_of_the_sources_are_marked(map_id: str, addresses: list[int]) -> None:
    unmarked = [p.name for address in addresses for p in at(map_id, address) if not p.suspect]
    assert unmarked == []


def test_what_both_documents_agree_on_is_not_suspect() -> None:
    assert [p.suspect for p in at("discover-aes-bcu", 1001)] == [None]
    assert [p.suspect for p in at("discover-aes-bau", 10001)] == [None]
    assert [p.suspect for p in at("soltaro-cluster-c", 10240)] == [None]


# One register read for the whole and, with its siblings, for each part: the vocabulary knows it at one of the two only.
READ_TWICE = {"discover-aes-bcu": [50506, 50507], "fenecon-commercial": [3168]}


@pytest.mark.parametrize("map_id", ROWS)
def test_lint_finds_nothing_but_registers_that_are_read_twice(map_id: str) -> None:
    found = [finding for finding in lint(shipped(map_id)) if finding.level != "note"]
    told = [str(finding) for finding in found if finding.key != "x-address"]
    assert told == []
    assert [int(finding.text.rsplit(" ", 1)[1]) for finding in found] == READ_TWICE.get(map_id, [])


@pytest.mark.parametrize("map_id", ROWS)
def test_bits_fit_their_field(map_id: str) -> None:
    for point in shipped(map_id).points():
        values = [symbol.value for symbol in point.symbols]
        assert len(set(values)) == len(values), point.name
        assert len({symbol.name for symbol in point.symbols}) == len(values), point.name
        assert all(symbol.name == symbol.name.upper() and symbol.label for symbol in point.symbols), point.name
        if point.type.startswith("bitfield"):
            field = (point.mask or (1 << 16 * point.words) - 1) >> point.shift
            assert all(field >> value & 1 for value in values), point.name


@pytest.mark.parametrize(
    ("map_id", "counts", "name", "address"),
    [
        # 32 packs of 250 temperatures end where the address table ends.
        ("discover-aes-bcu", {"sensor": 250, "cell": 500}, "pack_temperatures[32].sensor[250].temperature", 38000),
        ("discover-aes-bcu", {"sensor": 24, "cell": 104}, "pack_cells[4].cell[104].voltage", 11604),
        ("discover-aes-bcu", {"sensor": 24, "cell": 104}, "pack[32].number", 4432),
        ("discover-aes-bcu", {"sensor": 24, "cell": 104}, "pack_information[32].insulation_detection", 52052),
        ("discover-aes-bau", {"cell": 416}, "cluster_cells[32].cell[416].voltage", 25916),
        ("discover-aes-bau", {"cell": 416}, "cluster_relays[12].relay_positive", 60211),
        ("soltaro-cluster-c", {"cell": 240, "sensor": 240}, "rack[5].voltage", 24832),
        ("soltaro-cluster-c", {"cell": 240, "sensor": 240}, "rack[5].sensor[240].temperature", 27887),
        ("byd-c130", {}, "cell[216].voltage", 10455),
        ("byd-c130", {}, "sensor[48].temperature", 11311),
        ("fenecon-commercial", {"tower_count": 3, "modules_per_tower": 20}, "tower[3].module[20].status", 5133),
    ],
)
def test_last_instances_lie_where_the_strides_put_them(
    map_id: str, counts: dict[str, int], name: str, address: int
) -> None:
    layout = flatten(shipped(map_id), counts)
    assert int(layout.address[layout.names().index(name)]) == address


def test_cells_are_numbered_through_below_their_part() -> None:
    layout = flatten(shipped("discover-aes-bcu"), {"pack_cells": 4, "pack_temperatures": 4, "cell": 104, "sensor": 24})
    points = np.array([layout.anatomy(i)[-1][0] == "cell" for i in range(len(layout))])
    assert points.sum() == 4 * 104
    last = int(np.flatnonzero(points)[-1])
    assert layout.anatomy(last) == (("rack", 0), ("module", 4), ("cell", 104))
