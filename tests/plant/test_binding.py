"""Maps bound to plants: every register gets its place, its metric, its limits and one stable id."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bessinside.plant import Binding, Device, Plant, PlantError, bind, load_plant, parse_plant
from bessinside.registers import MapError, RegisterMap, chain, load_map, shipped_maps, sunspec_map

HEAD = "id: mine\nlabel: Mine\nx-class: bms\nx-source: {document: A document, from: a shelf}\ngroup:\n"
PLANT = """\
[plant]
id = "t"
label = "T"
[anatomy.c1]
racks = 2
modules = 2
cells = 3
[bus.bus1]
racks = ["c1/r01", "c1/r02"]
[[device]]
id = "x"
map = "mine.yaml"
at = "{at}"
url = "modbus+tcp://127.0.0.1:502"
"""

BindMine = Callable[..., Binding]


@pytest.fixture
def bind_mine(tmp_path: Path) -> BindMine:
    """Binds a map of one's own to a plant of 2 racks of 2 modules of 3 cells."""

    def run(body: str, at: str = "c1/r01", more: str = "") -> Binding:
        (tmp_path / "mine.yaml").write_text(HEAD + body)
        return bind(parse_plant(PLANT.format(at=at) + more, str(tmp_path / "plant.toml")))

    return run


def rack(points: str) -> str:
    return f"  name: rack\n  x-anatomy: rack\n  points: [{points}]\n"


POINT = "{{name: {name}, type: uint16, units: '%', x-address: {address}{more}}}"


def point(name: str, address: int, more: str = "") -> str:
    return POINT.format(name=name, address=address, more=f", {more}" if more else "")


# The reference plant


@pytest.fixture(scope="module")
def reference() -> Binding:
    plant = load_plant("ref-5m")
    return bind(plant, lambda device: None if device.map == "sunspec" else load_map(device.map))


def test_every_id_is_there_once_and_finds_its_point(reference: Binding) -> None:
    assert len(set(reference.ids)) == reference.size > 9000
    for index, figure_id in enumerate(reference.ids):
        assert reference.find(figure_id) == index
    assert reference.find("c1/r13/soc") is None


def test_ids_say_place_and_metric(reference: Binding) -> None:
    wanted = {
        "meter/active_power",
        "pcs1/active_power",
        "pcs2/igbt_temperature_8",
        "bus1/soc",
        "c1/r04/soc",
        "c1/r04/soc@bau1",
        "c1/r04/m3/cell026/voltage",
        "c1/r12/m4/ntc24/temperature",
        "c1/coolant_supply_temperature",
        "c1/cooling1/pump_speed_1",
        "c1/smoke1/alarm_level",
        "c1/leak1/status",
    }
    assert wanted <= set(reference.ids)
    cells = [name for name in reference.ids if re.fullmatch(r"c1/r\d\d/m\d/cell\d{3}/voltage", name)]
    sensors = [name for name in reference.ids if re.fullmatch(r"c1/r\d\d/m\d/ntc\d\d/temperature", name)]
    assert (len(cells), len(sensors)) == (4992, 1152)


def test_a_point_leads_to_its_device_and_register(reference: Binding) -> None:
    index = reference.find("c1/r04/m3/cell026/voltage")
    assert index is not None
    bound, i = reference.locate(index)
    assert bound.device.id == "bcu04"
    assert bound.parts[i] == reference.parts[index] == "c1/r04/m3/cell026"
    first, again = reference.find("c1/r04/m3/cell025/voltage"), reference.find("c1/r05/m3/cell026/voltage")
    assert first is not None
    assert again is not None
    assert bound.layout.address[i] - bound.layout.address[first - bound.first] == 1
    assert reference.locate(again)[0].device.id == "bcu05"


def test_the_same_file_gives_the_same_ids(reference: Binding) -> None:
    again = bind(load_plant("ref-5m"), lambda device: None if device.map == "sunspec" else load_map(device.map))
    assert again.ids == reference.ids


def test_ids_do_not_depend_on_the_order_of_devices(small: Any) -> None:
    text = small.text()
    head, first, second = re.split(r"(?=\[\[device\]\])", text)
    forward, back = bind(small.plant(head + first + second)), bind(small.plant(head + second + first))
    assert forward.ids != back.ids
    assert set(forward.ids) == set(back.ids)


def test_units_and_limits_are_those_of_the_metric(reference: Binding) -> None:
    index = reference.find("meter/active_power")
    assert index is not None
    assert reference.units[index] == "W"
    soc = reference.find("c1/r04/soc")
    assert soc is not None
    assert reference.locate(soc)[0].device.id == "bcu04"
    assert reference.find("c1/r04/soc@bcu04") == soc  # its device may be said, too
    assert (reference.low[soc], reference.high[soc]) == (0.0, 101.5)


def test_a_matrix_of_cells_in_plant_order(reference: Binding) -> None:
    paths = reference.plant.anatomy.all("cell")
    points = reference.matrix("cell.voltage", paths)
    assert [reference.parts[i] for i in points] == list(paths)
    assert reference.matrix("cell.voltage", ("c1/r99/m1/cell001",)).tolist() == [-1]


@pytest.mark.parametrize("name", shipped_maps())
def test_every_shipped_map_can_be_bound(name: str) -> None:
    found = load_map(name)
    at = {"rack": "c1/r01", "container": "c1", "bus": "bus1", "pcs": "pcs1"}.get(
        found.group.anatomy or "", found.group.anatomy
    )
    text = PLANT.format(at=at).replace("mine.yaml", name)
    binding = bind(parse_plant(text))
    assert binding.size >= found.rows / 4
    assert len(set(binding.ids)) == binding.size


# What two registers both carry


def test_two_devices_with_the_same_figure_are_told_apart(small: Any) -> None:
    text = small.text().replace('at = "c1/r02"', 'at = "c1/r01"')
    binding = bind(small.plant(text))
    assert {"c1/r01/soc", "c1/r01/soc@b"} <= set(binding.ids)
    assert "c1/r01/soc@a" not in binding.ids
    first, second = binding.find("c1/r01/soc"), binding.find("c1/r01/soc@b")
    assert first is not None
    assert second is not None
    assert binding.find("c1/r01/soc@a") == first
    assert [binding.locate(i)[0].device.id for i in (first, second)] == ["a", "b"]
    assert binding.by_part("rack.soc") == {"c1/r01": first}
    assert len(binding.of_metric("rack.soc")) == 2
    assert binding.locate(binding.by_part("rack.soc")["c1/r01"])[0].device.id == "a"


def test_two_registers_of_one_device_are_told_apart_by_address(bind_mine: BindMine) -> None:
    binding = bind_mine(rack(point("a", 7, "x-metric: soc") + "," + point("b", 9, "x-metric: soc, x-fc: 4")))
    assert binding.ids == ("c1/r01/soc@x.3-7", "c1/r01/soc@x.4-9")


def test_two_fields_of_one_word_need_names(bind_mine: BindMine) -> None:
    both = [point(name, 7, f"x-metric: soc, x-mask: {mask}") for name, mask in (("a", "0xFF"), ("b", "0xFF00"))]
    with pytest.raises(PlantError, match=r"mine\.yaml:8: b: two points of x in .*would both be c1/r01/soc@x"):
        bind_mine(rack(", ".join(both)))


# Instances


CELLS = """\
  name: rack
  x-anatomy: rack
  groups:
    - name: cell
      x-anatomy: cell
      count: {count}
      x-stride: 1
      points: [{{name: voltage, type: uint16, units: V, x-address: 10, x-metric: voltage}}]
"""


def test_a_flat_array_of_cells_falls_into_modules(bind_mine: BindMine) -> None:
    binding = bind_mine(CELLS.format(count=0))
    assert binding.ids == tuple(f"c1/r01/m{m}/cell00{c}/voltage" for m in (1, 2) for c in (1, 2, 3))
    assert binding.devices[0].layout.address.tolist() == [10, 11, 12, 13, 14, 15]


def test_a_document_may_allow_fewer_or_more_than_the_plant_has(bind_mine: BindMine) -> None:
    assert bind_mine(CELLS.format(count=4)).size == 4
    assert bind_mine(CELLS.format(count=400)).size == 6


def test_instances_that_are_no_parts_are_numbered(bind_mine: BindMine) -> None:
    body = (
        "  name: rack\n  x-anatomy: rack\n  groups:\n    - {name: words, count: 3, x-stride: 1,"
        " points: [{name: alarm, type: bitfield16, x-address: 5}]}\n"
    )
    assert bind_mine(body).ids == ("c1/r01/alarm_1", "c1/r01/alarm_2", "c1/r01/alarm_3")


def test_cells_packed_into_words_stop_where_the_module_ends(bind_mine: BindMine) -> None:
    packed = ", ".join(
        f"{{name: v{n}, type: uint16, units: V, x-address: {n}, x-metric: voltage, x-part: cell/{n}}}"
        for n in range(1, 6)
    )
    body = f"  name: module\n  x-anatomy: module\n  points: [{packed}]\n"
    assert bind_mine(body, at="c1/r01/m2").ids == tuple(f"c1/r01/m2/cell00{n}/voltage" for n in (1, 2, 3))


def test_racks_of_a_bus(bind_mine: BindMine) -> None:
    body = (
        "  name: bus\n  x-anatomy: bus\n  groups:\n    - {name: rack, x-anatomy: rack, count: 32, x-stride: 10,"
        f" points: [{point('soc', 5, 'x-metric: soc')}]}}\n"
    )
    assert bind_mine(body, at="bus1").ids == ("c1/r01/soc", "c1/r02/soc")


# What is chosen


def test_only_and_skip(bind_mine: BindMine) -> None:
    points = ", ".join(point(name, 3 * n) for n, name in enumerate(("one", "two", "three")))
    binding = bind_mine(rack(points), more='only = ["*/t*"]\nskip = ["*/two"]\n')
    assert binding.ids == ("c1/r01/three",)
    assert binding.devices[0].layout.address.tolist() == [6]


def test_a_chosen_point_brings_its_scale_factor(bind_mine: BindMine) -> None:
    body = rack(point("soc", 1, "sf: soc_sf, x-metric: soc") + ", {name: soc_sf, type: sunssf, x-address: 9}")
    binding = bind_mine(body, more='only = ["*/soc"]\n')
    assert binding.ids == ("c1/r01/soc", "c1/r01/soc_sf")
    assert binding.devices[0].layout.sf_point.tolist() == [1, -1]


def test_a_device_may_be_left_out(small: Any) -> None:
    binding = bind(small.plant(), lambda d: load_map(d.map) if d.id == "b" else None)
    assert [bound.device.id for bound in binding.devices] == ["b"]
    assert {part.split("/")[1] for part in binding.parts} == {"r02"}


# Units and limits


def test_the_factor_leads_to_the_metrics_unit(small: Any) -> None:
    binding = bind(small.plant())
    index = binding.find("c1/r01/power")
    assert index is not None
    assert binding.devices[0].factor[index] == 1000.0  # kW
    index = binding.find("c1/r01/insulation")
    assert index is not None
    assert binding.devices[0].factor[index] == 1000.0  # kΩ


def test_a_range_of_the_document_holds_where_the_metric_has_none(bind_mine: BindMine) -> None:
    binding = bind_mine(rack(point("fan", 1, "x-range: [0, 100]") + "," + point("free", 2)))
    assert binding.low.tolist() == [0.0, -np.inf]
    assert binding.high.tolist() == [100.0, np.inf]


# What cannot be bound: file, line, key, expectation


def test_a_map_of_another_kind(bind_mine: BindMine) -> None:
    with pytest.raises(PlantError, match=r"plant\.toml:10: device\.x\.at: map mine describes a rack, 'meter' is none"):
        bind_mine(rack(point("soc", 1)), at="meter")


def test_one_map_for_two_racks(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(HEAD + rack(point("soc", 1)))
    text = PLANT.format(at="").replace('at = ""', 'at = ["c1/r01", "c1/r02"]')
    with pytest.raises(PlantError, match=r":10: device\.x\.at: map mine describes 1 rack at most, 2 are named"):
        bind(parse_plant(text, str(tmp_path / "plant.toml")))


def test_an_unknown_metric(bind_mine: BindMine) -> None:
    with pytest.raises((PlantError, MapError), match=r"mine\.yaml:8: .*x-metric: .*soq"):
        bind_mine(rack(point("soc", 1, "x-metric: soq")))


def test_a_unit_that_does_not_lead_to_the_metrics(bind_mine: BindMine) -> None:
    with pytest.raises((PlantError, MapError), match=r"mine\.yaml:8: .*units"):
        bind_mine(rack("{name: soc, type: uint16, units: V, x-address: 1, x-metric: soc}"))


def test_a_rack_inside_a_meter(bind_mine: BindMine) -> None:
    body = (
        "  name: meter\n  x-anatomy: meter\n  groups:\n    - name: rack\n      x-anatomy: rack\n      count: 0\n"
        f"      x-stride: 10\n      points: [{point('soc', 5)}]\n"
    )
    with pytest.raises((PlantError, MapError), match=r"mine\.yaml:\d+: .*x-anatomy.*meter"):
        bind_mine(body, at="meter")


def test_a_map_with_a_mistake_is_named_by_its_own_file(bind_mine: BindMine) -> None:
    with pytest.raises(MapError, match=r"mine\.yaml:8: .*uint17"):
        bind_mine(rack("{name: soc, type: uint17, x-address: 1}"))


SUN = """
[[device]]
id = "{id}"
map = "sunspec"
at = "{at}"
url = "modbus+tcp://127.0.0.1:{port}?unit=1"
every = "1 s"
"""


def sun(name: str, at: str, port: int) -> str:
    return SUN.format(id=name, at=at, port=port)


def bound(plant: Plant, found: set[str]) -> Binding:
    """The plant with those of its SunSpec devices that were found: racks with models 1, 802 and 804."""
    rack = sunspec_map(chain([(1, {}), (802, {}), (804, {"NMod": 2, "Idx": 1})]))

    def of(device: Device) -> RegisterMap | None:
        if device.map != "sunspec":
            return load_map(device.map)
        return rack if device.id in found else None

    return bind(plant, of)


def owners(binding: Binding) -> dict[str, tuple[str, int]]:
    """By id: the device and the number of the point in it."""
    return {name: (one.device.id, i) for index, name in enumerate(binding.ids) for one, i in [binding.locate(index)]}


def test_a_device_that_is_found_late_renames_nothing(small: Any) -> None:
    """Whatever is found in whatever order, an id means the same register of the same device."""
    head, first, second = re.split(r"(?=\[\[device\]\])", small.text())
    late = [sun("s1", "c1/r02", 1), sun("s2", "c1/r02", 2), sun("s3", "c1/r01", 3)]
    plant = small.plant(head + late[0] + first + late[1] + second + late[2])
    names = ("s1", "s2", "s3")
    every = owners(bound(plant, set(names)))
    for count in range(len(names) + 1):
        for found in itertools.combinations(names, count):
            some = owners(bound(plant, set(found)))
            assert some.items() <= every.items()
            assert {device for device, _ in some.values()} == {"a", "b", *found}
    assert every["c1/r02/soc"][0] == "b"  # a map of its own comes before what must be asked, wherever it stands
    assert every["c1/r02/soc@s1"][0] == "s1"
    assert every["c1/r02/soc@s2"][0] == "s2"
    # what only SunSpec devices carry is the first one's, though it may not be found yet
    assert every["c1/r02/cell_voltage_mean"][0] == "s1"
    assert every["c1/r02/cell_voltage_mean@s2"][0] == "s2"
    assert every["c1/r01/cell_voltage_mean"][0] == "s3"


def test_what_a_sunspec_device_may_carry_is_known_before_it_is_found(small: Any) -> None:
    plant = small.plant(small.text() + sun("s1", "c1/r02", 1))
    binding = bound(plant, set())
    assert binding.may_carry("c1/r02", "cell_voltage_mean")
    assert binding.may_carry("c1/r02/m1", "soc")
    assert not binding.may_carry("c1/r01", "cell_voltage_mean")
    assert not binding.may_carry("c1/r02", "insulation_positive")
    assert binding.may_carry("c1/r02", "insulation")  # read by a device with a map of its own
