"""Levers are moved, given back, and add up; parts are drawn by the seed; what is true is written down."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import pytest

from bessinside.emulator.basis.design import Design
from bessinside.emulator.trouble.act import Act, Seconds
from bessinside.emulator.trouble.lever import LEVERS, Grip
from bessinside.emulator.trouble.scenario import Scenario, ScenarioError, load, names
from bessinside.emulator.trouble.stage import NS, Stage
from bessinside.emulator.trouble.truth import Truth, TruthError, read_truths, write_truths
from bessinside.emulator.whole.plant import Plant
from bessinside.emulator.worlds import sunspec
from bessinside.emulator.worlds.place import PlaceError, default_places
from bessinside.emulator.worlds.world import World
from bessinside.plant import bind, load_plant, shipped_plants
from bessinside.registers import load_map

START = 1_750_000_000 * NS
PLACES = default_places()


@pytest.fixture(scope="module")
def plant() -> Plant:
    return Plant(seed=5, start_ns=START)


def at(seconds: float) -> int:
    return START + round(seconds * NS)


def grip(plant: Plant, lever: str, part: str, value: float) -> Grip:
    found = LEVERS[lever]
    return Grip(plant, found, PLACES.entries(found.kind, part), value)


@pytest.mark.parametrize("name", [name for name, lever in LEVERS.items() if lever.how != "call"])
def test_every_lever_moves_its_quantity_there_and_back(plant: Plant, name: str) -> None:
    held = grip(plant, name, "", 0.25)
    before = held._read()
    held.move(0.5)
    half = held._read()
    held.move(1.0)
    whole = held._read()
    assert not np.array_equal(before, whole, equal_nan=True)
    if LEVERS[name].how in ("times", "add"):
        np.testing.assert_allclose(half, (before + whole) / 2.0)
    held.move(0.0)
    np.testing.assert_array_equal(held._read(), before)


def test_a_lever_of_one_part_leaves_all_others_alone(plant: Plant) -> None:
    before = plant.cells.capacity.copy()
    held = grip(plant, "cell.capacity", "c1/r04/m3/cell026", 0.5)
    held.move(1.0)
    moved = np.argwhere(plant.cells.capacity != before)
    assert moved.tolist() == [[3, 2 * 104 + 25]]
    assert plant.cells.capacity[3, 233] == 0.5 * before[3, 233]
    held.move(0.0)


def test_a_lever_moves_all_parts_below_a_larger_one(plant: Plant) -> None:
    assert PLACES.entries("cell", "c1/r02/m1").tolist() == list(range(416, 520))
    assert PLACES.entries("rack", "pcs2").tolist() == list(range(6, 12))
    assert PLACES.entries("phase", "l2").tolist() == [1]


@pytest.mark.parametrize(("lever", "a", "b"), [("cell.leak", 5.0, 3.0), ("rack.joint", 0.02, 0.01)])
@pytest.mark.parametrize("first_back", [0, 1])
def test_two_that_move_the_same_add_up_in_any_order(
    plant: Plant, lever: str, a: float, b: float, first_back: int
) -> None:
    held = grip(plant, lever, "c1/r01", a), grip(plant, lever, "c1/r01", b)
    base = held[0]._read()
    for _ in range(3):
        held[0].move(1.0)
        held[1].move(1.0)
    both = held[0]._read()
    np.testing.assert_allclose(both, base * a * b if lever == "cell.leak" else base + a + b)
    other = held[1 - first_back]
    held[first_back].move(0.0)
    other.move(1.0)
    np.testing.assert_allclose(other._read(), base * other.value if lever == "cell.leak" else base + other.value)
    other.move(0.0)
    np.testing.assert_allclose(other._read(), base)


def test_a_fault_beside_a_healthy_path_ramps_as_a_conductance(plant: Plant) -> None:
    held = grip(plant, "rack.insulation_negative", "c1/r03", 4e5)
    held.move(0.5)
    assert plant.bms.insulation_fault[1, 2] == pytest.approx(8e5)
    assert np.isinf(plant.bms.insulation_fault[0]).all()
    held.move(1.0)
    assert plant.bms.insulation_fault[1, 2] == pytest.approx(4e5)
    held.move(0.0)
    assert np.isinf(plant.bms.insulation_fault).all()


def test_the_seed_draws_the_part_and_the_same_words_mean_the_same_part(plant: Plant) -> None:
    weak = load("weak-cell")
    drawn = {Stage(plant, weak, START, seed=seed).part("weak-cell", "any cell") for seed in range(8)}
    assert len(drawn) == 8
    again = Stage(plant, weak, START, seed=3)
    assert again.part("weak-cell", "any cell") == Stage(plant, weak, START, seed=3).part("weak-cell", "any cell")
    again.step(at(0.0))
    one = np.argwhere(plant.cells.resistance_factor > 1.3)
    entry = PLACES.entry("cell", again.part("weak-cell", "any cell"))
    assert one.tolist() == [[entry // 416, entry % 416]]
    again.leave()
    assert not (plant.cells.resistance_factor > 1.3).any()


def test_a_cell_with_a_sensor_has_one(plant: Plant) -> None:
    short = load("internal-short")
    for seed in range(6):
        cell = Stage(plant, short, START, seed=seed).part(short.id, "any cell with a sensor")
        (sensor,) = PLACES.related(cell, "sensor")
        assert PLACES.related(sensor, "cell") == (cell,)


def test_a_part_that_the_plant_does_not_have_is_refused(plant: Plant) -> None:
    weak = load("weak-cell")
    for part, says in (("c1/r44", "no rack"), ("any turbine", "expected 'any' and one of"), ("turbine", "is no part")):
        wrong = msgspec.structs.replace(weak, act=(msgspec.structs.replace(weak.act[0], part=part),), truth=())
        with pytest.raises(ScenarioError, match=says):
            Stage(plant, wrong, START)
    with pytest.raises(PlaceError):
        PLACES.entry("rack", "c1/r13")


def test_an_end_takes_it_back(plant: Plant) -> None:
    dip = load("grid-voltage")
    stage = Stage(plant, dip, START)
    offsets = []
    for second in (0.0, 30.0, 33.0, 34.0, 60.0):
        stage.step(at(second))
        offsets.append(plant.grid.level_offset)
    assert offsets == [0.0, -0.33, -0.33, 0.0, 0.0]


def test_what_is_true_holds_from_start_to_end_and_names_the_drawn_part(plant: Plant) -> None:
    stage = Stage(plant, [load("contactor-opens"), load("grid-frequency")], START, seed=2)
    rack = stage.part("contactor-opens", "any rack")
    assert stage.truth(at(29.0)) == []
    assert [truth.label for truth in stage.truth(at(45.0))] == ["over-frequency"]
    assert {truth.label: truth.part for truth in stage.truth(at(90.0))} == {
        "over-frequency": "",
        "rack disconnected": rack,
    }
    assert [truth.label for truth in stage.truth(at(300.0))] == ["rack disconnected"]
    assert stage.truth(at(1200.0)) == []


def test_truths_are_written_one_a_line_and_read_again(plant: Plant, tmp_path: Path) -> None:
    path = tmp_path / "truth.jsonl"
    stage = Stage(plant, [load(name) for name in ("weak-cell", "grid-voltage")], START, seed=1)
    write_truths(path, stage.truths())
    lines = [msgspec.json.decode(line) for line in path.read_text().splitlines()]
    assert [line["label"] for line in lines] == ["weak cell", "voltage dip"]
    assert lines[0]["part"] == stage.part("weak-cell", "any cell")
    assert lines[0]["until_ns"] is None
    assert lines[1] == {
        "scenario": "grid-voltage",
        "label": "voltage dip",
        "part": "",
        "since_ns": at(30.0),
        "until_ns": at(34.0),
    }
    assert read_truths(path) == sorted(stage.truths(), key=lambda truth: truth.since_ns)
    path.write_text('{"scenario": "x"}\n')
    with pytest.raises(TruthError, match=r"truth\.jsonl:1: .*label"):
        read_truths(path)
    assert not Truth("s", "l", "", 5, 9).holds(9)


def test_the_same_seed_and_scenario_give_the_same_plant() -> None:
    def run() -> np.ndarray:
        plant = Plant(seed=4, start_ns=START)
        stage = Stage(plant, [load(name) for name in ("weak-cell", "smoke-then-heat")], START, seed=4)
        for _ in range(30):
            stage.step(plant.time_ns)
            plant.step(10.0)
        return plant.quantity("cell", "voltage")

    np.testing.assert_array_equal(run(), run())


@pytest.mark.parametrize("name", names())
def test_every_scenario_can_be_left_and_the_plant_is_as_before(plant: Plant, name: str) -> None:
    def state() -> list[np.ndarray]:
        return [grip(plant, lever, "", 1.0)._read() for lever in LEVERS]

    scenario: Scenario = load(name)
    before = state()
    stage = Stage(plant, scenario, START, seed=1)
    stage.step(at(1e5 if scenario.ends is None else scenario.begins))
    stage.leave()
    if any(act.lever == "rack.contactor" for act in scenario.act):
        plant.step(60.0)  # contactors close by precharge
    for was, now in zip(before, state(), strict=True):
        np.testing.assert_array_equal(was, now)


def test_an_act_without_an_end_lasts() -> None:
    assert Act(lever="rack.joint", start=Seconds(1.0)).share(1e9) == 1.0


@pytest.mark.parametrize("name", shipped_plants())
def test_every_scenario_can_be_played_on_every_plant_that_is_shipped(name: str) -> None:
    file = load_plant(name)
    binding = bind(file, lambda one: sunspec.device_map(one, file) if one.map == sunspec.MAP else load_map(one.map))
    plant = Plant(1, START, design=Design.of(file))
    world = World(binding, plant)
    for scenario in (load(name) for name in names()):
        stage = Stage(plant, scenario, plant.time_ns, seed=1, anatomy=file.anatomy)
        stage.join(world)
        parts = [truth.part for truth in stage.truths()]
        assert all(not part or part in stage.places.paths[stage.places.kind(part)] for part in parts)
        stage.step(plant.time_ns + round(scenario.begins + 1.0) * NS)
        plant.step(5.0)
        world.refresh()
        stage.leave()
        assert not any(image.spoil for image in world.images)
