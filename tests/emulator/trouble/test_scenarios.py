"""Every shipped scenario against its own signature, in the registers; and a healthy plant shows none of them."""

from __future__ import annotations

import os
from collections import defaultdict

import msgspec
import pytest

from bessinside.emulator.trouble.act import Seconds
from bessinside.emulator.trouble.scenario import Scenario, Setting, load, names
from bessinside.emulator.trouble.signature import Signature
from bessinside.emulator.trouble.stage import NS, Stage
from bessinside.emulator.whole.plant import Plant
from bessinside.emulator.worlds import sunspec
from bessinside.emulator.worlds.world import World
from bessinside.plant import Binding, bind, levels, load_plant
from bessinside.registers import load_map

MORNING = 1_750_000_000 // 86400 * 86400 * NS + 9 * 3600 * NS
LONG = {"soft-leak"}  # days of the plant's time
FULL = bool(os.environ.get("BESSINSIDE_FULL"))
SEED = 3

SCENARIOS = {name: load(name) for name in names()}
PLAYED = [
    name
    for name, scenario in SCENARIOS.items()
    if scenario.alarm or any(one.relation != "silent" for one in scenario.expect)
]
GROUPS: dict[Setting, list[Scenario]] = defaultdict(list)
for name in PLAYED:
    if FULL or name not in LONG:
        GROUPS[SCENARIOS[name].setting].append(SCENARIOS[name])


@pytest.fixture(scope="module")
def binding() -> Binding:
    file = load_plant("ref-5m")
    return bind(
        file, lambda device: sunspec.device_map(device, file) if device.map == "sunspec" else load_map(device.map)
    )


def play(binding: Binding, scenarios: list[Scenario], seed: int = SEED) -> tuple[Stage, list[Signature]]:
    """Plays scenarios of one setting together until all of them should have shown."""
    setting = scenarios[0].setting
    plant = Plant(seed, MORNING, setting.schedule(MORNING), soc=setting.soc / 100.0)
    world = World(binding, plant)
    for _ in range(12):
        plant.step(10.0)
    world.refresh()
    stage = Stage(plant, scenarios, plant.time_ns, seed=seed, anatomy=binding.plant.anatomy)
    stage.join(world)
    signatures = [Signature(stage, scenario, world) for scenario in scenarios]
    last = max(one.within for scenario in scenarios for one in (*scenario.expect, *scenario.alarm))
    for signature in signatures:
        signature.look(plant.time_ns)
    while plant.time_ns < stage.start_ns + last * NS:
        stage.step(plant.time_ns)
        plant.step(setting.step)
        world.refresh()
        for signature in signatures:
            signature.look(plant.time_ns)
    return stage, signatures


def never(scenario: Scenario) -> Scenario:
    """The scenario at the same parts, with acts that never begin."""
    far = tuple(
        msgspec.structs.replace(act, start=Seconds(1e9), end=None, every=None, ramp=Seconds(0.0))
        for act in scenario.act
    )
    return msgspec.structs.replace(scenario, act=far)


def long(name: str) -> object:
    skip = pytest.mark.skipif(not FULL, reason="days of the plant's time: BESSINSIDE_FULL=1 plays it")
    return pytest.param(name, marks=[pytest.mark.slow, skip, pytest.mark.timeout(1200)]) if name in LONG else name


@pytest.mark.parametrize("name", [long(name) for name in PLAYED])
def test_a_scenario_shows_where_and_when_its_file_says(name: str, binding: Binding) -> None:
    _, (signature,) = play(binding, [SCENARIOS[name]])
    assert [(one, signature.met.get(one)) for one in signature.missed()] == []


@pytest.mark.timeout(1200 if FULL else 120)
@pytest.mark.parametrize("setting", GROUPS, ids=lambda setting: GROUPS[setting][0].id)
def test_a_healthy_plant_shows_none_of_it(setting: Setting, binding: Binding) -> None:
    _, signatures = play(binding, [never(scenario) for scenario in GROUPS[setting]])
    false = [
        (signature.scenario.id, one, time)
        for signature in signatures
        for one, time in signature.met.items()
        if time <= one.within
    ]
    assert false == []


@pytest.mark.parametrize("name", names())
def test_every_level_that_must_show_it_shows_an_expected_figure(name: str) -> None:
    scenario = SCENARIOS[name]
    figures = {one.figure for one in scenario.expect} | {one.against.removeprefix("sum ") for one in scenario.expect}
    shown = {level.id for level in levels() if figures & set(level.metrics)}
    assert set(scenario.levels) <= shown


@pytest.mark.parametrize("name", names())
def test_both_languages_tell_something_of_their_own(name: str) -> None:
    scenario = SCENARIOS[name]
    for words in (scenario.title, scenario.story):
        assert words.en.strip()
        assert words.de.strip()
        assert words.en != words.de


def test_every_fault_that_a_plant_can_have_is_there() -> None:
    levers = {act.lever for scenario in SCENARIOS.values() for act in scenario.act}
    assert {lever.split(".")[0] for lever in levers} == {
        "cell", "module", "sensor", "rack", "pcs", "coolant", "safety", "grid", "meter", "register", "wire",
    }  # fmt: skip
    assert len(SCENARIOS) == 30


def test_a_dead_sensor_is_in_no_maximum_and_no_minimum(binding: Binding) -> None:
    for name in ("ntc-open", "ntc-short"):
        stage, _ = play(binding, [SCENARIOS[name]])
        assert stage.plant.quantity("rack", "temperature_min").min() > 15.0
        assert stage.plant.quantity("rack", "temperature_max").max() < 40.0


@pytest.mark.parametrize("name", ["grid-frequency", "grid-voltage"])
def test_when_the_grid_is_back_the_converters_come_back_slowly(name: str, binding: Binding) -> None:
    stage, _ = play(binding, [SCENARIOS[name]])
    scenario, power = SCENARIOS[name], {}
    assert scenario.ends is not None
    end = stage.start_ns + round(scenario.ends) * NS
    while stage.plant.time_ns < end + 240 * NS:
        stage.step(stage.plant.time_ns)
        stage.plant.step(1.0)
        power[(stage.plant.time_ns - end) // NS] = float(stage.plant.quantity("pcs", "active_power").sum())
    assert max(abs(watts) for second, watts in power.items() if second <= 55) < 1e4
    assert 1e5 < power[180] < power[240] < 1.2e6


def test_a_rack_that_stayed_behind_is_not_connected_again(binding: Binding) -> None:
    scenario = SCENARIOS["contactor-opens"]
    stage, _ = play(binding, [scenario])
    rack = stage.places.entry("rack", stage.part(scenario.id, "any rack"))
    stage.plant.step(17 * 60.0)
    stage.step(stage.plant.time_ns)
    stage.plant.step(60.0)
    assert stage.truth(stage.plant.time_ns) == []
    assert not stage.plant.circuit.closed[rack]
    apart = abs(stage.plant.circuit.emf[rack] - stage.plant.quantity("bus", "voltage")[rack // 6])
    assert apart > 5.0
