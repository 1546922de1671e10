"""SunSpec devices: the list of models, the counts, the map, and what it means to the plant."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pytest

from bessinside.errors import BessError
from bessinside.registers import (
    SENTINEL,
    Codec,
    Group,
    Model,
    SunSpecDevice,
    SunSpecError,
    chain,
    discover,
    factor,
    flatten,
    model,
    shipped_models,
    sunspec_map,
)
from bessinside.registers.metrics import metrics
from bessinside.registers.sunspec import bindings
from bessinside.registers.sunspec_models import Binding, definition

CELL = "lithium-ion-module-cell"


def rack(modules: int, cells: int, string: int = 1) -> list[tuple[int, dict[str, int]]]:
    return [
        (1, {}),
        (802, {}),
        (803, {"NStr": 1}),
        (804, {"NMod": modules, "Idx": string}),
        *((805, {CELL: cells, "StrIdx": string, "ModIdx": m}) for m in range(1, modules + 1)),
    ]


class Served:
    """A device that serves a list of models and the values named in it; counts what was asked."""

    def __init__(self, device: SunSpecDevice) -> None:
        self.words = device.header_words()
        self.asked: list[tuple[int, int, int]] = []
        for found in device.models:
            at, document = found.address, definition(found.id)
            assert document is not None
            for point in document["group"]["points"]:
                for k in range(point["size"]):
                    self.words.setdefault(at + k, found.values.get(point["name"], 0))
                at += point["size"]

    async def read(self, fc: int, address: int, count: int) -> Sequence[int]:
        self.asked.append((fc, address, count))
        missing = [a for a in range(address, address + count) if a not in self.words]
        if missing:
            raise BessError(f"exception 2 at {missing[0]}")
        return [self.words[a] for a in range(address, address + count)]


@pytest.mark.parametrize("base", [40000, 0, 50000])
async def test_discovery_finds_the_list_wherever_it_begins(base: int) -> None:
    laid = chain(rack(4, 104), base)
    served = Served(laid)
    found = await discover(served.read)
    assert found.base == base
    assert [(m.id, m.address, m.length) for m in found.models] == [(m.id, m.address, m.length) for m in laid.models]
    assert [m.values for m in found.models] == [
        {},
        {},
        {"NStr": 1},
        {"Idx": 1, "NMod": 4},
        *({"StrIdx": 1, "ModIdx": m} for m in (1, 2, 3, 4)),
    ]
    assert {fc for fc, _, _ in served.asked} == {3}


async def test_no_marker_tells_what_was_found() -> None:
    served = Served(chain([(1, {})], 60000))
    served.words |= {0: 1, 1: 2}
    with pytest.raises(
        SunSpecError, match=r"40000: exception 2 at 40000; 0: no 'SunS' there, but 0x0001 0x0002; 50000"
    ):
        await discover(served.read)


async def test_a_list_that_breaks_off() -> None:
    served = Served(chain([(1, {}), (701, {})], 0))
    end = max(served.words)
    del served.words[end - 1]
    with pytest.raises(SunSpecError, match=rf"breaks off at {end - 1}, after model 701: exception 2"):
        await discover(served.read)
    served.words[end - 1] = 0
    with pytest.raises(SunSpecError, match=rf"breaks off at {end - 1}, after model 701: number 0, length 0"):
        await discover(served.read)
    served.words |= {end - 1: 7, end: 65535}
    with pytest.raises(SunSpecError, match="number 7, length 65535"):
        await discover(served.read)


async def test_an_end_without_length() -> None:
    served = Served(chain([(1, {})], 0))
    del served.words[max(served.words)]
    assert [m.id for m in (await discover(served.read)).models] == [1]


def test_lengths_of_the_storage_models() -> None:
    # sizes with ID and L, as the standard gives them
    sizes = {
        m.id: m.length + 2
        for m in chain([*rack(8, 52), (103, {}), (203, {}), (213, {}), (701, {}), (713, {})], 0).models
    }
    assert sizes == {
        1: 68,
        802: 64,
        803: 28 + 32,
        804: 48 + 16 * 8,
        805: 44 + 4 * 52,
        103: 52,
        203: 107,
        213: 126,
        701: 155,
        713: 9,
    }
    (ports,) = chain([(714, {"NPrt": 3})], 0).models
    assert ports.length + 2 == 20 + 25 * 3


def test_a_plant_of_12_racks_needs_base_0() -> None:
    models = [entry for n in range(1, 13) for entry in rack(8, 52, n)[3:]]
    assert chain([(1, {}), (802, {}), (803, {"NStr": 12}), *models], 0).models[-1].end < 65536
    with pytest.raises(SunSpecError, match="past 65535; begin lower or split the device"):
        chain([(1, {}), (802, {}), (803, {"NStr": 12}), *models], 40000)


def test_counts_come_from_points_or_from_the_length() -> None:
    by_length = flatten(sunspec_map([Model(803, 2, 26 + 32 * 5), Model(805, 188, 42 + 4 * 13)])).names()
    assert "lithium_ion_bank.string[5].StrSt" in by_length
    assert "string[1].lithium-ion-module[1].lithium-ion-module-cell[13].CellSt" in by_length
    spare = flatten(sunspec_map([Model(804, 2, 46 + 16 * 9, {"NMod": 4})])).names()
    assert [n for n in spare if n.endswith("ModNCell")][
        -1
    ] == "lithium_ion_string.lithium_ion_string_module[4].ModNCell"


def test_counts_that_contradict_the_length() -> None:
    with pytest.raises(SunSpecError, match="model 804 at 2: NMod = 5 needs length 126, the device says 110"):
        sunspec_map([Model(804, 2, 46 + 16 * 4, {"NMod": 5})])
    with pytest.raises(SunSpecError, match="leaves 6 registers for lithium-ion-module-cell, which takes 4 each"):
        sunspec_map([Model(805, 2, 42 + 6)])
    with pytest.raises(SunSpecError, match="NCrv, NPt are needed to lay it out"):
        sunspec_map([Model(705, 2, 100)])


def test_curves_nest() -> None:
    laid = chain([(705, {"NCrv": 2, "NPt": 3})], 40000)
    layout = flatten(sunspec_map(laid))
    names = layout.names()
    first, second = (names.index(f"DERVoltVar.Crv[{k}].Pt[3].Var") for k in (1, 2))
    each = layout.address[second] - layout.address[first]
    assert (
        each
        == layout.address[names.index("DERVoltVar.Crv[2].ActPt")]
        - layout.address[names.index("DERVoltVar.Crv[1].ActPt")]
    )
    assert layout.address[second] + 1 == laid.models[0].end
    assert names[int(layout.sf_point[second])] == "DERVoltVar.DeptRef_SF"


def test_an_older_shorter_model_is_cut() -> None:
    layout = flatten(sunspec_map([Model(1, 40002, 65)]))
    assert layout.names()[-1] == "common.DA"
    short = flatten(sunspec_map([Model(103, 40002, 48)]))
    assert max(short.address + short.words) <= 40002 + 50
    assert "inverter_three_phase.EvtVnd4" not in short.names()


def test_a_model_that_is_not_public_keeps_its_place() -> None:
    layout = flatten(sunspec_map([Model(64200, 2, 30), Model(701, 34, 153)]))
    assert layout.names()[1:3] == ["model_64200.ID", "model_64200.L"]
    assert layout.address[layout.names().index("DERMeasureAC.W")] == 34 + 10


def test_one_string_is_a_rack() -> None:
    found = sunspec_map(chain(rack(4, 104, string=12), 0))
    layout = flatten(found)
    assert (found.group.anatomy, found.cls) == ("rack", "bms")
    names = layout.names()
    i = names.index("lithium-ion-module[3].lithium-ion-module-cell[104].CellV")
    assert layout.anatomy(i) == (("rack", 0), ("module", 3), ("cell", 104))
    assert layout.definition(i).metric == "voltage"
    assert layout.anatomy(names.index("lithium_ion_string.SoC")) == (("rack", 0),)
    assert layout.definition(names.index("battery.SoCMax")).metric == "soc_max"


def test_several_strings_are_racks_of_a_container() -> None:
    models = [(1, {}), (802, {}), (803, {"NStr": 2}), *rack(2, 3, 1)[3:], *rack(2, 3, 2)[3:]]
    found = sunspec_map(chain(models, 0))
    layout = flatten(found)
    assert found.group.anatomy == "container"
    last = layout.names().index("string[2].lithium-ion-module[2].lithium-ion-module-cell[3].CellV")
    assert layout.anatomy(last) == (("container", 0), ("rack", 2), ("module", 2), ("cell", 3))
    assert layout.anatomy(layout.names().index("lithium_ion_string[2].SoC")) == (("container", 0), ("rack", 2))
    assert layout.definition(layout.names().index("battery.SoC")).metric == "soc"


def bound(group: Group, path: tuple[str, ...] = ()) -> Iterable[tuple[tuple[str, ...], str]]:
    path = (*path, group.anatomy) if group.anatomy else path
    yield from ((path, p.metric) for p in group.points if p.metric)
    for below in group.groups:
        yield from bound(below, path)


@pytest.mark.parametrize(
    "models",
    [rack(4, 2), [(103, {}), (701, {}), (704, {}), (713, {}), (714, {"NPrt": 1})], [(203, {}), (213, {})]],
    ids=["battery", "pcs", "meter"],
)
def test_a_metric_of_a_part_is_bound_once(models: list[tuple[int, dict[str, int]]]) -> None:
    found = sunspec_map(chain(models, 0))
    at_parts = [b for b in bound(found.group) if b[0][-1:] not in (("module",), ("cell",))]
    assert len(at_parts) == len(set(at_parts))
    assert at_parts


def test_the_more_detailed_model_carries_the_metric() -> None:
    found = sunspec_map(chain([(103, {}), (701, {})], 0))
    by_name = {g.name: {p.name: p.metric for p in g.points} for g in found.group.groups}
    assert by_name["DERMeasureAC"]["W"] == "active_power"
    assert by_name["inverter_three_phase"]["W"] is None
    assert by_name["inverter_three_phase"]["DCV"] == "dc_voltage"


def walk(binding: Binding, group: Group, kind: str | None = None) -> Iterable[tuple[Group, str | None, str, str]]:
    kind = binding.anatomy or kind
    yield from ((group, kind, name, metric) for name, (metric, _) in binding.points.items())
    below = {g.name: g for g in group.groups}
    for name, inner in binding.groups.items():
        yield from walk(inner, below[name], kind)


@pytest.mark.parametrize("key", list(bindings()))
def test_every_binding_names_a_point_and_a_metric_with_a_unit_that_leads_there(key: str) -> None:
    vocabulary = metrics()
    for group, kind, name, metric in walk(bindings()[key], model(int(key.split("-")[0]))):
        point = {p.name: p for p in group.points}[name]
        entry = vocabulary[kind or "", metric]
        assert factor("" if entry.unit in ("code", "text") else point.units, entry.unit) > 0
        assert (entry.unit == "text") != point.wire_type.numeric


# The SunSpec points that carry the plant's levels: model, point.
LEVELS = [
    "203.W",
    "213.W",
    "203.TotWhExp",
    "203.TotWhImp",
    "701.InvSt",
    "103.St",
    "701.W",
    "701.Var",
    "704.WSet",
    "704.VarSet",
    "802.SoC",
    "713.SoC",
    "802.V",
    "802.A",
    "804.V",
    "802.SoH",
    "804.SoH",
    "805.lithium-ion-module-cell.CellV",
    "802.CellVAvg",
    "804.CellVAvg",
    "805.CellVAvg",
    "805.lithium-ion-module-cell.CellTmp",
    "802.AChaMax",
    "802.WChaRteMax",
    "802.SoCMax",
    "802.SoCMin",
    "804.lithium_ion_string_module.ModSoC",
    "805.SoC",
    "802.Evt1",
    "803.string.StrEvt1",
    "804.Evt1",
    "803.string.StrSt",
    "804.ConSt",
    "802.CellVMax",
    "802.CellVMin",
    "803.string.StrCellVMax",
    "804.CellVMax",
    "804.CellVMaxMod",
    "804.CellVMin",
    "804.ModTmpMax",
    "701.TmpSw",
    "701.Alrm",
    "103.Evt1",
    "714.Prt.DCV",
    "103.DCV",
    "714.Prt.DCA",
    "714.Prt.DCW",
    "103.W",
    "103.VAr",
    "701.VL1",
    "701.AL1",
    "701.PF",
    "701.Hz",
    "203.WphA",
    "203.TotWhImpPhA",
]


@pytest.mark.parametrize("reference", LEVELS)
def test_every_point_of_the_levels_is_bound(reference: str) -> None:
    number, *groups, point = reference.split(".")
    candidates = [bindings()[key] for key in (number, f"{number}-one-string") if key in bindings()]
    for name in groups:
        candidates = [b.groups[name] for b in candidates]
    assert any(point in b.points for b in candidates)


def test_every_shipped_model_can_be_laid_out() -> None:
    assert len(shipped_models()) > 100
    for number in shipped_models():
        group = model(number, instances=2)
        assert group.points[0].name == "ID"
        assert all(p.words > 0 for p in group.walk())


def test_cells_without_a_sensor_are_not_implemented() -> None:
    found = sunspec_map(chain(rack(1, 2), 0))
    layout = flatten(found)
    codec = Codec(layout, layout.address)
    words = np.zeros(codec.size, np.uint16)
    i = layout.names().index("lithium-ion-module[1].lithium-ion-module-cell[2].CellTmp")
    words[layout.address[i]] = 0x8000
    values, state = np.zeros(len(layout)), np.zeros(len(layout), np.uint8)
    codec.decode(words, values, state)
    assert state[i] == SENTINEL


def test_what_is_missing_for_a_list_is_named() -> None:
    with pytest.raises(SunSpecError, match="model 804 repeats NMod; give its count"):
        chain([(804, {})])
    with pytest.raises(SunSpecError, match="model 65000 is not among"):
        chain([(65000, {})])
    with pytest.raises(SunSpecError, match="model 65000 is not among"):
        model(65000)
