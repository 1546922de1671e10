"""The anatomy: how many of what lie where."""

from __future__ import annotations

import pytest

from bessinside.plant import Anatomy, Bus, Container, load_plant

SMALL = Anatomy(
    containers=(Container("c1", 2, 3, 4, 1), Container("c2", 1, 1, 2, 0)),
    buses=(Bus("bus1", "pcs1", ("c1/r02", "c2/r01")),),
)


def test_reference_plant_counts() -> None:
    anatomy = load_plant("ref-5m").anatomy
    counts = {kind: len(anatomy.all(kind)) for kind in ("container", "rack", "module", "cell", "sensor", "bus")}
    assert counts == {"container": 1, "rack": 12, "module": 48, "cell": 4992, "sensor": 1152, "bus": 2}
    for kind in counts:
        assert len(set(anatomy.all(kind))) == counts[kind]
    assert anatomy.count("cell", "c1/r04") == 416
    assert anatomy.count("sensor", "c1/r04/m3") == 24
    assert anatomy.count("cell", "bus2") == 6 * 416


def test_parts_below_a_part_come_in_order() -> None:
    assert list(SMALL.below("rack", "c1")) == ["c1/r01", "c1/r02"]
    assert list(SMALL.below("module", "c1"))[2:4] == ["c1/r01/m3", "c1/r02/m1"]
    assert list(SMALL.below("cell", "c1/r02/m3")) == [f"c1/r02/m3/cell00{n}" for n in (1, 2, 3, 4)]
    assert list(SMALL.below("sensor", "c1/r02")) == [f"c1/r02/m{n}/ntc01" for n in (1, 2, 3)]
    assert list(SMALL.below("sensor", "c2")) == []


def test_a_bus_holds_the_racks_that_hang_on_it() -> None:
    assert list(SMALL.below("rack", "bus1")) == ["c1/r02", "c2/r01"]
    assert list(SMALL.below("module", "bus1")) == ["c1/r02/m1", "c1/r02/m2", "c1/r02/m3", "c2/r01/m1"]
    assert SMALL.count("cell", "bus1") == 14


def test_a_part_is_the_only_one_of_its_kind_below_itself() -> None:
    assert list(SMALL.below("rack", "c1/r02")) == ["c1/r02"]


@pytest.mark.parametrize(
    ("kind", "ancestor"), [("rack", "meter"), ("rack", "c1/r01/m1"), ("cooling", "c1"), ("cooling", "bus1")]
)
def test_what_cannot_be_below_a_part(kind: str, ancestor: str) -> None:
    with pytest.raises(ValueError, match=f"no {kind} is below a"):
        list(SMALL.below(kind, ancestor))


def test_all_parts_of_unlike_containers() -> None:
    assert SMALL.all("container") == ("c1", "c2")
    assert SMALL.all("bus") == ("bus1",)
    assert len(SMALL.all("cell")) == 2 * 3 * 4 + 2
    assert SMALL.all("cell")[-1] == "c2/r01/m1/cell002"


def test_an_unknown_container() -> None:
    with pytest.raises(KeyError, match="c3"):
        SMALL.container("c3/r01")
