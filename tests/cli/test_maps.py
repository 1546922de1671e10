"""`bessinside maps` and `bessinside plant`: what ships, what is in a map, what is wrong with one's own."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from bessinside.registers import load_map, shipped_maps

OWN = """\
id: own
label: My [own] device
x-class: bms
x-source: {document: A list, from: the shelf}
group:
  name: rack
  x-anatomy: rack
  points:
    - {name: soc, type: uint16, units: "%", x-address: 1, x-metric: soc}
    - {name: current, type: int16, units: A, x-address: 2, x-metric: current, x-sign: discharge-positive,
       x-suspect: "sign: not stated in the [old] source"}
  groups:
    - {name: word, count: 3, x-stride: 1, points: [{name: alarm, type: bitfield16, x-address: 10}]}
"""


@pytest.fixture
def own(tmp_path: Path) -> str:
    path = tmp_path / "own.yaml"
    path.write_text(OWN)
    return str(path)


def test_the_list_names_every_map_with_its_rows(run: Any) -> None:
    ran = run("maps", "list")
    assert (ran.code, ran.err) == (0, "")
    for name in shipped_maps():
        (line,) = [line for line in ran.out.splitlines() if f" {name} " in line]
        assert f" {load_map(name).rows} " in line
    assert re.search(r"14 maps .* 1139 ", ran.out)


def test_the_list_fits_a_narrow_terminal_without_cutting_names(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from bessinside.cli import screen

    monkeypatch.setattr(screen.console, "_width", 80)
    out = run("maps", "list").out
    assert all(name in out for name in shipped_maps())


def test_the_list_for_a_program(run: Any) -> None:
    rows = json.loads(run("maps", "list", "--json").out)
    assert [row["id"] for row in rows] == list(shipped_maps())
    assert sum(row["rows"] for row in rows) == 1139
    bcu = next(row for row in rows if row["id"] == "discover-aes-bcu")
    assert {3, 4, 5, 6, 7, 8, 9, 11, 14} <= set(bcu["levels"])
    assert all(row["suspect"] > 0 for row in rows)


@pytest.mark.parametrize("name", shipped_maps())
def test_every_map_can_be_shown(run: Any, name: str) -> None:
    ran = run("maps", "show", name)
    assert (ran.code, ran.err) == (0, "")
    assert f"({name}, " in ran.out
    assert "read from" in ran.out


def test_ones_own_map_is_shown_as_it_is_written(run: Any, own: str) -> None:
    out = run("maps", "show", own).out
    assert "My [own] device (own, bms): 3 rows" in out
    assert "rack.word[3]" in out
    assert "suspect: sign: not stated in the [old] source" in out


def test_shipped_maps_have_no_error(run: Any) -> None:
    ran = run("maps", "lint")
    assert ran.code == 0
    assert "14 maps: 0 errors" in ran.out


def test_lint_finds_what_is_wrong_with_ones_own(run: Any, own: str) -> None:
    Path(own).write_text(OWN.replace("x-address: 2,", "x-address: 1,"))
    ran = run("maps", "lint", own)
    assert re.search(r"own\.yaml:\d+: (error|warning): ", ran.out)
    assert "1 maps: " in ran.out
    assert (ran.code == 1) == (" 0 errors" not in ran.out)
    assert len(run("maps", "lint", own, "--notes").out) > len(ran.out)


def test_a_list_becomes_a_map(run: Any, tmp_path: Path) -> None:
    table = tmp_path / "list.csv"
    table.write_text(
        "name,address,function_code,count,type,scale,unit\nsoc,100,3,1,u16,0.1,%\nvoltage,101,4,2,u32,0.01,V\n"
    )
    shown = run("maps", "import", str(table), "--id", "mine")
    assert yaml.safe_load(shown.out)["id"] == "mine"
    target = tmp_path / "mine.yaml"
    written = run("maps", "import", str(table), "--id", "mine", "--to", str(target))
    assert (written.code, written.err) == (0, "")
    assert "check it with `bessinside maps lint" in written.out
    assert target.read_text() == shown.out.rstrip("\n") + "\n"
    points = {point.name: point for point in load_map(target).points()}
    assert (points["soc"].address, points["soc"].sf, points["voltage"].fc, points["voltage"].words) == (100, -1, 4, 2)


def test_the_schema_is_one(run: Any, own: str) -> None:
    schema = json.loads(run("maps", "schema").out)
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(yaml.safe_load(OWN), schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(yaml.safe_load(OWN) | {"colour": "red"}, schema)


def test_shipped_plants_are_listed(run: Any) -> None:
    ran = run("plant", "list")
    assert ran.code == 0
    assert re.search(r"ref-5m .* Reference plant REF-5M .* 21 ", ran.out)


def test_a_plant_is_checked_without_asking_its_devices(run: Any, small: Any) -> None:
    ran = run("plant", "check", str(small.file()))
    assert (ran.code, ran.err) == (0, "")
    assert "Two racks: 46 points" in ran.out
    assert re.search(r"│ a +│ .*small-bms\.yaml +│ c1/r01 +│ +23 │", ran.out)
    assert re.search(r"│ 03 +│ Rack and BMS +│", ran.out)
    assert re.search(r"│ 01 +│ Grid handover +│ 0 +│ Active power", ran.out)  # no meter: holes are named


def test_the_reference_plant_is_checked(run: Any) -> None:
    ran = run("plant", "check", "ref-5m")
    assert ran.code == 0
    assert re.search(r"│ ss12 +│ sunspec +│ c1/r12 +│ +by discovery │", ran.out)
    levels = re.findall(r"│ (\d\d) +│ [^│]+ │ (\d+) +│", ran.out)
    assert [int(number) for number, _ in levels] == list(range(1, 15))
    assert all(int(figures) > 0 for _, figures in levels)
