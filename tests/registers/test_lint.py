"""What the linter sees, and that clean maps are clean."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bessinside.registers import RegisterMap, load_map, shipped_maps
from bessinside.registers.lint import Finding, lint

MakeMap = Callable[[str], RegisterMap]

GOOD = "label: L, x-source: p. 1"


def findings(
    make_map: MakeMap, points: str, anatomy: str = "x-anatomy: rack, ", head: str = ""
) -> list[tuple[str, str, str]]:
    found = lint(make_map(f"{head}group: {{name: g, {anatomy}points: [{points}]}}\n"))
    return [(f.level, f.key, f.text) for f in found]


CASES = {
    "unknown metric": (
        "{name: a, type: uint16, x-address: 1, x-metric: volts, %s}",
        "error",
        "x-metric",
        "no metric of a rack",
    ),
    "unit does not lead": (
        "{name: a, type: uint16, x-address: 1, units: A, x-metric: voltage, %s}",
        "error",
        "units",
        "does not lead",
    ),
    "unit missing": ("{name: a, type: uint16, x-address: 1, x-metric: voltage, %s}", "error", "units", "does not lead"),
    "number as text": (
        "{name: a, type: string, size: 2, x-address: 1, x-metric: soc, %s}",
        "error",
        "type",
        "is a number",
    ),
    "unit unknown": ("{name: a, type: uint16, x-address: 1, units: furlong, %s}", "warning", "units", "is not known"),
    "sign silent": (
        "{name: a, type: int16, x-address: 1, units: A, x-metric: current, %s}",
        "warning",
        "x-sign",
        "which way",
    ),
    "no source": ("{name: a, type: uint16, x-address: 1, label: L}", "note", "x-source", "no page"),
    "suspect": ("{name: a, type: uint16, x-address: 1, x-suspect: odd, %s}", "note", "x-suspect", "odd"),
    "no label": ("{name: a, type: uint16, x-address: 1, x-source: p}", "warning", "label", "no label"),
    "name style": ("{name: Volt, type: uint16, x-address: 1, %s}", "warning", "name", "snake_case"),
    "bit outside": (
        "{name: a, type: bitfield16, x-address: 1, symbols: [{name: X, value: 16}], %s}",
        "error",
        "symbols",
        "bit 16",
    ),
    "value outside": (
        "{name: a, type: enum16, x-address: 1, symbols: [{name: X, value: 65536}], %s}",
        "error",
        "symbols",
        "value 65536",
    ),
    "value twice": (
        "{name: a, type: enum16, x-address: 1, symbols: [{name: X, value: 1}, {name: Y, value: 1}], %s}",
        "warning",
        "symbols",
        "value 1 stands 2 times",
    ),
    "range out of reach": (
        "{name: a, type: uint16, sf: -1, x-address: 1, x-range: [7000, 8000], %s}",
        "error",
        "x-range",
        "none of it",
    ),
    "overlap": (
        "{name: a, type: uint32, x-address: 1, %s}, {name: b, type: uint16, x-address: 2, %s}",
        "warning",
        "x-address",
        "b and a both lie at fc 3 address 2",
    ),
    "metric twice": (
        "{name: a, type: uint16, units: V, x-address: 1, x-metric: voltage, %s}, {name: b, type: uint16, units: V,"
        " x-metric: voltage, %s}",
        "warning",
        "x-metric",
        "bound already by a on line 5",
    ),
    "no sentinel": (
        "{name: a, type: uint16, units: V, x-address: 1, x-metric: voltage, %s}",
        "note",
        "x-sentinel",
        "1 points",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_it_sees(case: str, make_map: MakeMap) -> None:
    points, level, key, text = CASES[case]
    found = findings(make_map, points.replace("%s", GOOD))
    assert [f for f in found if f[:2] == (level, key) and text in f[2]], found


def test_a_metric_without_a_part(make_map: MakeMap) -> None:
    found = findings(
        make_map, f"{{name: a, type: uint16, units: V, x-address: 1, x-metric: voltage, {GOOD}}}", anatomy=""
    )
    assert ("error", "x-metric", "a: no enclosing group has an x-anatomy, so the metric belongs to no part") in found


def test_the_kind_of_a_packed_part(make_map: MakeMap) -> None:
    point = f"{{name: a, type: uint16, units: V, x-address: 1, x-metric: voltage, x-part: cell/1, {GOOD}}}"
    assert not [f for f in findings(make_map, point) if f[0] == "error"]


def test_when_a_counter_wraps(make_map: MakeMap) -> None:
    point = f"{{name: a, type: uint16, sf: -1, units: kWh, x-address: 1, x-metric: energy_charged, {GOOD}}}"
    assert ("warning", "type", "a: the counter wraps after 0.273 days at 1 MW") in findings(
        make_map, point, "x-anatomy: module, "
    )
    wide = point.replace("uint16", "uint32")
    assert ("note", "type", "a: the counter wraps after 49 years at 1 MW") in findings(
        make_map, wide, "x-anatomy: module, "
    )


@pytest.mark.parametrize("name", ["bms_chargeable_energy", "bms_dischargeable_energy"])
def test_energy_that_is_left_is_no_counter(make_map: MakeMap, name: str) -> None:
    point = f"{{name: a, type: uint16, sf: -1, units: kWh, x-address: 1, x-metric: {name}, {GOOD}}}"
    found = findings(make_map, point, "x-anatomy: pcs, ")
    assert not [text for _, _, text in found if "wraps" in text]
    counts = point.replace(name, "dc_energy_charged")
    assert [text for _, _, text in findings(make_map, counts, "x-anatomy: pcs, ") if "wraps" in text]


def test_fields_side_by_side_do_not_overlap(make_map: MakeMap) -> None:
    fields = (
        "{name: a, type: uint32, x-mask: 0xFFF, x-address: 1, %s},"
        "{name: b, type: uint32, x-mask: 0xFFF000, x-address: 1, %s},"
        "{name: c, type: uint16, x-mask: 0xFF00, x-address: %d, %s}"
    )
    for order, free in (("high-first", 1), ("low-first", 2)):
        text = fields.replace("%d", str(free)).replace("%s", GOOD)
        found = findings(make_map, text, head=f"x-word-order: {order}\n")
        assert not [f for f in found if f[1] == "x-address"]
    crossed = fields.replace("%d", "2").replace("%s", GOOD)
    assert [f for f in findings(make_map, crossed) if f[1] == "x-address"]


def test_instances_that_overlap(make_map: MakeMap) -> None:
    point = f"{{name: a, type: uint32, x-address: 1, {GOOD}}}"
    found = lint(make_map(f"group: {{name: g, count: 3, x-stride: 1, points: [{point}]}}\n"))
    assert [f for f in found if "g[2].a and g[1].a both lie at fc 3 address 2" in f.text]


def test_a_finding_reads_as_one_line() -> None:
    assert str(Finding("error", "m.yaml", 3, "units", "no")) == "m.yaml:3: error: units: no"


@pytest.mark.parametrize("map_id", shipped_maps())
def test_shipped_maps_have_no_errors(map_id: str) -> None:
    assert [str(f) for f in lint(load_map(map_id)) if f.level == "error"] == []
