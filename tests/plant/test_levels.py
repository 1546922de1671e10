"""The 14 levels: every metric they name is known, and every public register that belongs to a level is served there."""

from __future__ import annotations

import csv
import json
import os
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from bessinside.plant import levels, vocabulary
from bessinside.registers import Group, RegisterMap, load_map, shipped_maps
from bessinside.registers.sunspec import bindings
from bessinside.registers.sunspec_models import Binding
from bessinside.twin.formulas import FORMULAS

DATA = Path(os.environ.get("BESSINSIDE_DATA", "nowhere")) / "registers"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="BESSINSIDE_DATA names no folder with registers/")

MAPS = {
    "bms_byd_c130.csv": "byd-c130",
    "bms_discover_aes_cab_bau.csv": "discover-aes-bau",
    "bms_discover_aes_cab_bcu.csv": "discover-aes-bcu",
    "bms_fenecon_commercial.csv": "fenecon-commercial",
    "bms_soltaro_cluster_c.csv": "soltaro-cluster-c",
    "ess_huawei_luna2000b.csv": "huawei-luna2000b",
    "meter_carlo_gavazzi_em300.csv": "carlo-gavazzi-em300",
    "meter_janitza_umg96rme.csv": "janitza-umg96rme",
    "meter_schneider_iem3000.csv": "schneider-iem3000",
    "pcs_inpower_v23.csv": "inpower-pcs-v23",
    "pcs_sinexcel_pws.csv": "sinexcel-pws",
    "safety_rle_seahawk10k.csv": "rle-seahawk-10k",
    "safety_systemsensor_faast.csv": "systemsensor-faast",
    "thermal_meta_orv3_rpu.csv": "meta-orv3-rpu",
}
LEVELS = {level.id: level for level in levels()}


def rows() -> list[dict[str, str]]:
    """The references of levels.csv, without those that name no map."""
    with (DATA / "levels.csv").open() as file:
        return [row for row in csv.DictReader(file) if row["map"]]


def metrics_at(found: RegisterMap) -> dict[int, set[str]]:
    """The metrics that a map binds to each register of its first instances."""
    served: dict[int, set[str]] = defaultdict(set)

    def walk(group: Group, kind: str | None) -> None:
        kind = group.anatomy or kind
        for point in group.points:
            if point.metric:
                own = point.part.split("/")[0] if point.part else kind
                for address in range(point.address, point.address + point.words):
                    served[address].add(f"{own}.{point.metric}")
        for below in group.groups:
            walk(below, kind)

    walk(found.group, None)
    return served


def sunspec_metrics(reference: str) -> Iterator[str]:
    """The metrics that a SunSpec reference such as `805.lithium-ion-module-cell[i].CellV` is bound to."""
    model, *path, name = re.sub(r"\[i\]", "", reference).split(".")
    for key in (model, f"{model}-one-string"):
        if key not in bindings():
            continue
        chain: list[Binding] = [bindings()[key]]
        for group in path:
            if group in chain[-1].groups:
                chain.append(chain[-1].groups[group])
        if len(chain) == len(path) + 1 and name in chain[-1].points:
            kind = next((one.anatomy for one in reversed(chain) if one.anatomy), None)
            yield f"{kind}.{chain[-1].points[name][0]}"


def test_fourteen_levels_in_order() -> None:
    assert [level.id for level in levels()] == list(range(1, 15))
    assert len({level.key for level in levels()}) == 14
    for level in levels():
        for language in ("en", "de"):
            assert level.title(language)
            assert level.question(language).endswith("?")
        assert level.question("en") != level.question("de")
        assert level.title("fr") == level.title("en")


@pytest.mark.parametrize("number", range(1, 15))
def test_every_metric_of_a_level_exists(number: int) -> None:
    level = LEVELS[number]
    assert level.show
    assert set(level.metrics) <= set(vocabulary())
    derived = {key.removeprefix("derived.") for key in level.show if key.startswith("derived.")}
    assert derived <= {formula.key for formula in FORMULAS}
    assert len({*level.show, *level.also}) == len(level.show) + len(level.also)


def test_every_derived_figure_belongs_to_a_level() -> None:
    shown = {key.removeprefix("derived.") for level in levels() for key in level.show if key.startswith("derived.")}
    assert {formula.key for formula in FORMULAS} == shown


def test_the_maps_have_1139_rows() -> None:
    assert set(shipped_maps()) == set(MAPS.values())
    assert sum(load_map(name).rows for name in shipped_maps()) == 1139


@needs_data
@pytest.mark.parametrize("name", MAPS)
def test_every_public_row_of_a_map_is_in_it(name: str) -> None:
    stated = json.loads((DATA / "maps.json").read_text())[name]["rows"]
    with (DATA / name).open() as file:
        table = list(csv.DictReader(file))
    found = load_map(MAPS[name])
    assert len(table) == stated == found.rows
    addresses = {point.address for point in found.points()}
    assert {int(row["address"]) for row in table} <= addresses


@needs_data
@pytest.mark.parametrize("name", [*MAPS, "sunspec_points.csv"])
def test_every_reference_is_served_by_a_metric_of_its_level(name: str) -> None:
    mine = [row for row in rows() if row["map"] == name]
    assert mine
    missing = []
    for row in mine:
        level, reference = LEVELS[int(row["level"])], row["address_or_point"]
        vendor = name in MAPS
        served = metrics_at(load_map(MAPS[name]))[int(reference)] if vendor else set(sunspec_metrics(reference))
        if not served & set(level.metrics):
            missing.append(f"level {level.id}: {reference} {row['register_name']} gives {sorted(served)}")
    assert not missing


@needs_data
@pytest.mark.parametrize("name", MAPS)
def test_a_map_serves_the_levels_that_the_references_name(name: str) -> None:
    from bessinside.cli.maps import served_levels

    wanted = {int(row["level"]) for row in rows() if row["map"] == name}
    assert wanted <= set(served_levels(load_map(MAPS[name])))
