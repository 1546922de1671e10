"""Plant files: what one says, and how each mistake is named with its line, its key and what was expected."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bessinside.plant import PlantError, load_plant, parse_plant, shipped_plants

GOOD = """\
[plant]
id = "t"
label = "A test"
nameplate = { power = "2.5 MW", energy = "5015.96 kWh" }

[anatomy.c1]
racks = 12
modules = 4
cells = 104

[bus.bus1]
pcs = "pcs1"
racks = ["c1/r01", "c1/r02"]

[[device]]
id = "meter"
map = "janitza-umg96rme"
at = "meter"
url = "modbus+tcp://127.0.0.1:502?unit=1"

[[device]]
id = "bcu04"
map = "discover-aes-bcu"
at = "c1/r04"
url = "modbus+tcp://127.0.0.1:503?unit=1"
every = "500 ms"
"""


def test_a_good_file() -> None:
    plant = parse_plant(GOOD)
    assert (plant.id, plant.label, plant.emulated) == ("t", "A test", False)
    assert (plant.power_w, plant.energy_wh) == (2.5e6, 5015.96e3)
    assert plant.nameplate["power"] == "2.5 MW"
    assert plant.anatomy.containers[0].sensors == 0
    assert plant.anatomy.buses[0].pcs == "pcs1"
    meter, bcu = plant.devices
    assert (meter.label, meter.every_s, meter.writable, meter.line) == ("meter", 1.0, (), 15)
    assert (bcu.at, bcu.every_s) == (("c1/r04",), 0.5)
    assert plant.device("bcu04") is bcu
    with pytest.raises(KeyError):
        plant.device("bcu05")


# What is changed in the good file, and what the error says: line, key, expectation.
BROKEN = {
    "not TOML": ("[plant]", "[plant", 1, "toml", "Expected ']'"),
    "a key twice": ('id = "t"', 'id = "t"\nid = "u"', 3, "toml", "Cannot overwrite"),
    "unknown table": ("[bus.bus1]", "[buss.bus1]", 11, "buss", "did you mean 'bus'?"),
    "unknown key of the plant": ('label = "A', 'lable = "A', 3, "plant.lable", "did you mean 'label'?"),
    "unknown key of a device": ('every = "500', 'evry = "500', 26, "device.1.evry", "did you mean 'every'?"),
    "a sensor at no cell": (
        "cells = 104",
        "cells = 104\nsensor_cells = [1, 105]",
        10,
        "anatomy.c1.sensor_cells",
        "from 1 to 104",
    ),
    "unknown key of a container": ("cells = 104", "cels = 104", 9, "anatomy.c1.cels", "did you mean 'cells'?"),
    "unknown key without a near one": (
        'pcs = "pcs1"',
        "colour = 1",
        12,
        "bus.bus1.colour",
        "expected one of pcs, racks",
    ),
    "no plant": ('[plant]\nid = "t"\nlabel = "A test"', "[metadata]", 0, "plant", "is missing, expected a table"),
    "no id": ('id = "t"', "", 1, "plant.id", "is missing, expected a text"),
    "an id with capitals": ('id = "t"', 'id = "T 1"', 2, "plant.id", "expected lower-case letters"),
    "no device": (GOOD[GOOD.index("[[device]]") :], "", 0, "device", "is missing, expected a list"),
    "one device as a table": ('[[device]]\nid = "meter"', '[device]\nid = "meter"', 21, "toml", "Cannot"),
    "a device without an id": ('id = "bcu04"', "", 21, "device.1.id", "is missing"),
    "a device id with a slash": ('id = "bcu04"', 'id = "bcu/4"', 22, "device.1.id", "got 'bcu/4'"),
    "an id that is taken": ('id = "bcu04"', 'id = "meter"', 22, "device.1.id", "'meter' is taken by device 1"),
    "a label that is a number": (
        'at = "meter"',
        'at = "meter"\nlabel = 3',
        19,
        "device.0.label",
        "expected a text, got 3",
    ),
    "emulated as a text": ('id = "t"', 'id = "t"\nemulated = "no"', 3, "plant.emulated", "expected true or false"),
    "power without a unit": ('"2.5 MW"', '"2500"', 4, "plant.nameplate.power", "such as '2.5 MW', got '2500'"),
    "power with two points": ('"2.5 MW"', '"2.5.1 MW"', 4, "plant.nameplate.power", "got '2.5.1 MW'"),
    "energy in joules": ('"5015.96 kWh"', '"18 GJ"', 4, "plant.nameplate.energy", "got '18 GJ'"),
    "a nameplate that is a text": (re.search("{ power.*", GOOD)[0], '"big"', 4, "plant.nameplate", "expected a table"),  # type: ignore[index]
    "metadata that is a number": ("[plant]", "metadata = 3\n[plant]", 1, "metadata", "expected a table, got 3"),
    "no container": ("[anatomy.c1]", "[anatomy.r1]", 6, "anatomy.r1", "a rack is not inside nothing"),
    "a container called so": ("[anatomy.c1]", "[anatomy.west]", 6, "anatomy.west", "is no part"),
    "a bus as a container": ("[anatomy.c1]", "[anatomy.bus2]", 6, "anatomy.bus2", "expected a container such as c1"),
    "a container that is a number": (
        "[bus.bus1]",
        "[anatomy]\nc2 = 3\n[bus.bus1]",
        12,
        "anatomy.c2",
        "expected a table",
    ),
    "racks as a text": ("racks = 12", 'racks = "12"', 7, "anatomy.c1.racks", "expected a whole number, got '12'"),
    "racks as truth": ("racks = 12", "racks = true", 7, "anatomy.c1.racks", "expected a whole number, got True"),
    "no cells": ("cells = 104", "", 6, "anatomy.c1.cells", "is missing, expected a whole number"),
    "zero modules": ("modules = 4", "modules = 0", 8, "anatomy.c1.modules", "from 1 to 10000, got 0"),
    "sensors as a text": ("cells = 104", 'cells = 104\nsensors = "x"', 10, "anatomy.c1.sensors", "a whole number"),
    "too many sensors": ("cells = 104", "cells = 104\nsensors = 10001", 10, "anatomy.c1.sensors", "got 10001"),
    "a foreign rack on a bus": ('"c1/r02"]', '"c1/r13"]', 13, "bus.bus1.racks", "'c1/r13' is no rack of this plant's"),
    "a rack that is a number": ('"c1/r02"]', "2]", 13, "bus.bus1.racks", "expected a list of texts, got 2 in it"),
    "a rack on two buses": (
        "[bus.bus1]",
        '[bus.bus2]\nracks = ["c1/r02"]\n[bus.bus1]',
        15,
        "bus.bus1.racks",
        "'c1/r02' hangs on bus2 already",
    ),
    "a bus without racks": ('racks = ["c1/r01", "c1/r02"]', "", 11, "bus.bus1.racks", "is missing, expected a list"),
    "a bus fed by a rack": ('pcs = "pcs1"', 'pcs = "c1/r01"', 12, "bus.bus1.pcs", "expected a pcs such as pcs1"),
    "rack 13 of 12": ("c1/r04", "c1/r13", 24, "device.1.at", "c1 has 12 racks, not 13"),
    "module 5 of 4": ("c1/r04", "c1/r04/m5", 24, "device.1.at", "c1 has 4 modules, not 5"),
    "cell 105 of 104": ("c1/r04", "c1/r04/m1/cell105", 24, "device.1.at", "c1 has 104 cells, not 105"),
    "a sensor of none": ("c1/r04", "c1/r04/m1/ntc01", 24, "device.1.at", "c1 has 0 sensors, not 1"),
    "rack 0": ("c1/r04", "c1/r00", 24, "device.1.at", "numbers begin at 1"),
    "a part spelled otherwise": ("c1/r04", "c1/r4", 24, "device.1.at", "expected 'c1/r04', got 'c1/r4'"),
    "no such container": ("c1/r04", "c2/r04", 24, "device.1.at", "the anatomy has no container 'c2'"),
    "no such part": ("c1/r04", "c1/shelf4", 24, "device.1.at", "'shelf4' is no part"),
    "no such bus": ('"c1/r04"', '"bus2"', 24, "device.1.at", "no bus of this plant; add [bus.bus2] with its racks"),
    "no place": ('at = "c1/r04"', "", 21, "device.1.at", "is missing, expected a text"),
    "an empty list of places": ('at = "c1/r04"', "at = []", 24, "device.1.at", "got an empty list"),
    "a place that is a number": ('at = "c1/r04"', "at = [4]", 24, "device.1.at", "got 4 in it"),
    "a duration without a unit": ('"500 ms"', '"500"', 26, "device.1.every", "such as '1 s' or '500 ms', got '500'"),
    "a duration of nothing": ('"500 ms"', '"0 s"', 26, "device.1.every", "expected 10 ms to 24 h, got '0 s'"),
    "a duration of two points": ('"500 ms"', '"1.2.3 s"', 26, "device.1.every", "got '1.2.3 s'"),
    "a duration that is a number": ('"500 ms"', "5", 26, "device.1.every", "got 5"),
    "writes as wished": (
        'every = "500 ms"',
        'writes = "yes"',
        26,
        "device.1.writes",
        "'refused' or 'allowed', got 'yes'",
    ),
    "points to write, writes refused": (
        'every = "500 ms"',
        'points = ["x"]',
        26,
        "device.1.points",
        "writes are refused",
    ),
    "a pattern instead of a list": ('every = "500 ms"', 'skip = "*/soc"', 26, "device.1.skip", "a list, got '*/soc'"),
    "no map": ('map = "discover-aes-bcu"', "", 21, "device.1.map", "is missing"),
    "an unknown map": ("discover-aes-bcu", "discover-aes-bsu", 23, "device.1.map", "did you mean 'discover-aes-b"),
    "a map of another world": ("discover-aes-bcu", "xyzzy", 23, "device.1.map", "shipped maps are byd-c130, "),
    "a map file that is not there": ("discover-aes-bcu", "mine.yaml", 23, "device.1.map", "there is no file mine.yaml"),
    "no url": ('url = "modbus+tcp://127.0.0.1:503?unit=1"', "", 21, "device.1.url", "is missing"),
    "a web address": (
        "modbus+tcp://127.0.0.1:503",
        "http://127.0.0.1:503",
        25,
        "device.1.url",
        "write one of modbus+tcp",
    ),
    "unit 256": ("503?unit=1", "503?unit=256", 25, "device.1.url", "unit=256 is not a number from 0 to 255"),
    "port 65536": ("127.0.0.1:503", "127.0.0.1:65536", 25, "device.1.url", "65536"),
    "TLS without certificates": (
        "modbus+tcp://127.0.0.1:503",
        "modbus+tls://h:1",
        25,
        "device.1.url",
        "needs ca=<file>",
    ),
    "an unknown quirk": (
        'every = "500 ms"',
        "quirks = { speed = 1 }",
        26,
        "device.1.quirks",
        "quirk 'speed' is not known",
    ),
    "a quirk out of range": (
        'every = "500 ms"',
        "quirks = { max-registers = 126 }",
        26,
        "device.1.quirks",
        "a number from 1 to 125",
    ),
    "quirks as a text": ('every = "500 ms"', 'quirks = "slow"', 26, "device.1.quirks", "expected a table, got 'slow'"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_names_line_key_and_expectation(name: str) -> None:
    old, new, line, key, expected = BROKEN[name]
    assert GOOD.count(old) == 1, "the mistake must be made in one place"
    with pytest.raises(PlantError) as caught:
        parse_plant(GOOD.replace(old, new), "here.toml")
    error = caught.value
    assert (error.path, error.line, error.key) == ("here.toml", line, key)
    assert expected in error.expected
    assert str(error) == f"here.toml:{line}: {key}: {error.expected}"


def test_a_device_that_is_no_table() -> None:
    text = "device = [3]\n" + GOOD[: GOOD.index("[[device]]")]
    with pytest.raises(PlantError, match=r"plant.toml:1: device.0: expected a table, got 3"):
        parse_plant(text)


def test_a_map_file_stands_beside_its_plant_file(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("id: mine\n")
    text = GOOD.replace("discover-aes-bcu", "mine.yaml")
    assert parse_plant(text, str(tmp_path / "plant.toml")).device("bcu04").map == str(tmp_path / "mine.yaml")


def test_patterns_choose_what_is_read() -> None:
    more = 'only = ["c1/r04/*"]\nskip = ["*/cell*/voltage"]\n'
    device = parse_plant(GOOD + more).device("bcu04")
    assert device.reads("c1/r04/soc")
    assert not device.reads("c1/r04/m1/cell001/voltage")
    assert not device.reads("c1/r05/soc")


def test_points_may_be_written_only_where_the_file_says_so() -> None:
    assert parse_plant(GOOD + 'writes = "allowed"\npoints = ["reset"]\n').device("bcu04").writable == ("reset",)
    assert parse_plant(GOOD + 'writes = "refused"\n').device("bcu04").writable == ()


def test_shipped_plants_load_by_id() -> None:
    assert "ref-5m" in shipped_plants()
    for name in shipped_plants():
        plant = load_plant(name)
        assert plant.id == plant.name == name


def test_a_file_that_is_not_there() -> None:
    with pytest.raises(PlantError, match=r"nowhere\.toml:0: file: cannot be read .*shipped plants are: .*ref-5m"):
        load_plant("nowhere.toml")


def test_a_plant_of_ones_own_is_named_by_its_file(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(GOOD)
    assert load_plant(path).name == str(path)


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_bytes(b"[plant]\nlabel = '\xff'\n")
    with pytest.raises(PlantError, match=r"mine\.toml:0: file: is no text in UTF-8"):
        load_plant(path)
