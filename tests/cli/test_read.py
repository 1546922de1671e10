"""`bessinside read`: figures in the terminal with their raw words, for people and for programs."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bessinside.cli import screen


def rows(ran: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(ran.out)
    return found


def test_one_figure_for_a_program(run: Any, live: Any) -> None:
    ran = run("read", str(live.file()), "c1/r01/voltage", "--json")
    assert ran.code == 0
    (row,) = rows(ran)
    assert 0 <= row.pop("age") < 5
    assert row == {
        "id": "c1/r01/voltage",
        "value": 1330.24,
        "unit": "V",
        "quality": "good",
        "device": "a",
        "unit_id": 1,
        "function_code": 3,
        "address": 2,
        "words": ["4C40", "0014"],
    }


def test_a_derived_figure_and_a_text_for_a_program(run: Any, live: Any) -> None:
    total, serial = rows(run("read", str(live.file()), "c1/r01/m1/cell_voltage_sum", "c1/r01/serial", "--json"))
    assert total["value"] == pytest.approx(9.903)
    assert (total["formula"], total["inputs"]) == ("U_Σ = Σ U_cell", 3)
    assert (serial["value"], serial["words"]) == ("R-01", ["522D", "3031", "0000", "0000"])


def test_patterns_keep_their_order_and_name_each_figure_once(run: Any, live: Any) -> None:
    ran = run("read", str(live.file()), "c1/r0?/soc", "c1/r01/m1/cell00[12]/voltage", "c1/r01/soc", "--json")
    wanted = ["c1/r01/soc", "c1/r02/soc", "c1/r01/m1/cell001/voltage", "c1/r01/m1/cell002/voltage"]
    assert [row["id"] for row in rows(ran)] == wanted


def test_a_register_by_device_function_code_and_address(run: Any, live: Any) -> None:
    ran = run("read", str(live.file()), "b:3:15", "a:1:3", "a:4:0", "--json")
    names = ["c1/r02/temperature_max", "c1/r02/temperature_min", "c1/r01/relay_positive", "c1/r01/cycles"]
    assert [row["id"] for row in rows(ran)] == names


def test_a_name_that_two_devices_carry_gives_both(run: Any, live: Any) -> None:
    text = live.text().replace('at = "c1/r02"', 'at = "c1/r01"')
    ran = run("read", str(live.file(text)), "c1/r01/soc", "--json")
    assert [row["id"] for row in rows(ran)] == ["c1/r01/soc", "c1/r01/soc@b"]


def test_a_table_for_a_person(run: Any, live: Any) -> None:
    live.units["a"].holding.put(6, 0xFFFF)
    live.units["a"].holding.put(10, [0x5B72, 0x6564, 0x5D00, 0])  # "[red]" is a serial number, no colour
    ran = run("read", str(live.file()), "c1/r01/*")
    assert ran.code == 1  # one figure is not good
    assert ran.out.startswith("EMULATOR Two racks")
    lines = {line.split()[0].lstrip("│"): line for line in ran.out.splitlines() if "c1/r01/" in line}
    assert {"87.3", "%", "●", "a", "FC3", "0", "0369"} <= set(lines["c1/r01/soc"].split())
    assert "100.000 kW" in lines["c1/r01/power"]
    assert "2.500 MΩ" in lines["c1/r01/insulation"]
    assert "[red]" in lines["c1/r01/serial"]
    assert "—" in lines["c1/r01/soh"]
    assert "◌" in lines["c1/r01/soh"]
    assert "formula" in lines["c1/r01/cell_voltage_sum"]


def test_without_a_wish_the_figures_of_the_levels(run: Any, live: Any) -> None:
    ids = {row["id"] for row in rows(run("read", str(live.file()), "--json"))}
    assert {"c1/r01/soc", "c1/r02/m2/voltage", "c1/cells_read"} <= ids
    assert "c1/r01/ins_sf" not in ids  # carried, but on no level


def test_a_device_that_does_not_answer_is_exit_code_1(run: Any, live: Any) -> None:
    text = live.text(b="modbus+tcp://127.0.0.1:9?unit=1")
    ran = run("read", str(live.file(text)), "*/soc", "--json")
    assert ran.code == 1
    good, bad = rows(ran)
    assert (good["value"], good["quality"]) == (87.3, "good")
    assert (bad["value"], bad["quality"], bad["age"], bad["words"]) == (None, "no answer", None, [])


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (None, "V", "—"),
        (float("nan"), "V", "—"),
        (0.0, "A", "0 A"),
        (3.3010, "V", "3.301 V"),
        (-1234.5, "A", "-1,234.5 A"),
        (999.0, "W", "999 W"),
        (-2.5e6, "W", "-2.500 MW"),
        (1500.0, "var", "1.500 kvar"),
        (0.98, "1", "0.98"),
        (258.0, "code", "258 (0x0102)"),
        (-1.0, "code", "-1"),
        (21.0, "°C", "21 °C"),
    ],
)
def test_values_as_a_person_reads_them(value: float | None, unit: str, text: str) -> None:
    assert screen.human(value, unit) == text


def test_every_quality_has_a_mark() -> None:
    from bessinside.twin import Quality

    assert set(screen.MARKS) == {quality.label for quality in Quality}
