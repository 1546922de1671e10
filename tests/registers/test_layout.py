"""Groups that nest and repeat, laid out."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from bessinside.registers import LayoutError, RegisterMap, flatten

MakeMap = Callable[[str], RegisterMap]

# Racks 0x1000 apart, modules 20 apart inside, cells 1 apart; a scale factor per rack.
NESTED = """
group:
  name: cluster
  points: [{name: state, type: uint16, x-address: 0x100}]
  groups:
  - name: rack
    x-anatomy: rack
    count: 5
    x-stride: 0x1000
    points: [{name: V_SF, type: sunssf, x-address: 0x2000}, {name: n, type: uint16}]
    groups:
    - name: module
      x-anatomy: module
      count: n
      x-stride: 20
      points: [{name: status, type: uint16, x-address: 0x2010}]
      groups:
      - name: cell
        x-anatomy: cell
        count: 0
        points: [{name: voltage, type: uint16, sf: V_SF, units: V, x-address: 0x2800}]
"""


def test_addresses_add_up(make_map: MakeMap) -> None:
    layout = flatten(make_map(NESTED), {"rack": 2, "module": 3, "cell": 4})
    names = layout.names()
    assert len(layout) == 1 + 2 * (2 + 3 * (1 + 4))
    assert names[0] == "state"
    i = names.index("rack[2].module[3].cell[4].voltage")
    assert layout.address[i] == 0x2800 + 0x1000 + 2 * 20 + 3
    assert layout.index[i].tolist() == [2, 3, 4]
    assert layout.index[0].tolist() == [0, 0, 0]
    assert layout.index[names.index("rack[2].n")].tolist() == [2, 0, 0]
    assert layout.anatomy(i) == (("rack", 2), ("module", 3), ("cell", 4))
    assert names[int(layout.sf_point[i])] == "rack[2].V_SF"
    assert layout.sf_point[0] == -1


def test_counts_by_path_name_point_or_function(make_map: MakeMap) -> None:
    found = make_map(NESTED)
    by_name = flatten(found, {"rack": 1, "module": 2, "cell": 3})
    by_path = flatten(found, {"rack": 1, "rack.module": 2, "rack.module.cell": 3})
    by_point = flatten(found, {"rack": 1, "n": 2, "cell": 3})
    by_function = flatten(found, lambda group, path: {"rack": 1, "module": 2, "cell": 3}[group.name])
    assert by_name.names() == by_path.names() == by_point.names() == by_function.names()


def test_a_count_in_the_map_is_the_most_there_can_be(make_map: MakeMap) -> None:
    found = make_map(NESTED)
    assert len(flatten(found, {"module": 1, "cell": 1})) == 1 + 5 * 4
    with pytest.raises(LayoutError, match=r"t.yaml:10: group 'rack': the map allows 5 instances, the plant wants 6"):
        flatten(found, {"rack": 6, "module": 1, "cell": 1})


def test_a_missing_count_says_so(make_map: MakeMap) -> None:
    found = make_map(NESTED)
    with pytest.raises(LayoutError, match=r"'rack.module' repeats as often as point 'n' says; read it and give counts"):
        flatten(found, {"cell": 1})
    with pytest.raises(LayoutError, match=r"'rack.module.cell' repeats as often as the plant has it; give counts"):
        flatten(found, {"module": 1})
    with pytest.raises(LayoutError, match="expected a count of 0 or more"):
        flatten(found, {"module": -1, "cell": 1})


def test_too_many_instances(make_map: MakeMap) -> None:
    found = make_map("group: {name: g, count: 0, points: [{name: p, type: uint16, x-address: 0}]}\n")
    assert len(flatten(found, {"g": 32766})) == 32766
    with pytest.raises(LayoutError, match="expected instance numbers up to 32767"):
        flatten(found, {"g": 40000})


def test_none_of_a_group(make_map: MakeMap) -> None:
    layout = flatten(make_map(NESTED), {"rack": 2, "module": 0, "cell": 4})
    assert layout.names() == ["state", "rack[1].V_SF", "rack[1].n", "rack[2].V_SF", "rack[2].n"]


def test_an_address_past_the_end_is_refused(make_map: MakeMap) -> None:
    found = make_map(
        "group: {name: g, count: 0, x-stride: 1000, points: [{name: p, type: uint32, x-address: 64000}]}\n"
    )
    assert flatten(found, {"g": 2}).names() == ["g[1].p", "g[2].p"]
    with pytest.raises(LayoutError, match=r"g\[3\].p would lie at address 66000, past 65535"):
        flatten(found, {"g": 3})


def test_pads_are_left_out(make_map: MakeMap) -> None:
    layout = flatten(
        make_map("group: {name: g, points: [{name: a, type: uint16, x-address: 1}, {name: x, type: pad, size: 2},"
                 " {name: b, type: uint16}]}\n")
    )  # fmt: skip
    assert layout.names() == ["a", "b"]
    assert layout.address.tolist() == [1, 4]


def test_a_selection_keeps_its_scale_factors(make_map: MakeMap) -> None:
    layout = flatten(make_map(NESTED), {"rack": 2, "module": 1, "cell": 2})
    names = layout.names()
    second = layout.select(np.array([name.startswith("rack[2]") for name in names]))
    assert second.names() == [name for name in names if name.startswith("rack[2]")]
    i = second.names().index("rack[2].module[1].cell[2].voltage")
    assert second.name(int(second.sf_point[i])) == "rack[2].V_SF"
    with pytest.raises(LayoutError, match=r"selected without its scale factor rack\[1\].V_SF"):
        layout.select(np.array([name.endswith("voltage") for name in names]))


def test_a_scale_factor_in_the_own_group_comes_before_one_around_it(make_map: MakeMap) -> None:
    text = (
        "group: {name: g, points: [{name: S, type: sunssf, x-address: 1}], groups: [{name: h, count: 2, points: ["
        "{name: a, type: uint16, sf: S}, {name: S, type: sunssf}]}]}\n"
    )
    layout = flatten(make_map(text))
    names = layout.names()
    assert [names[k] for k in layout.sf_point[[1, 3]]] == ["h[1].S", "h[2].S"]
