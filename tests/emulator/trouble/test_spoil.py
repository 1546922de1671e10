"""Registers at fault: what a reader gets in place of the truth, and that the truth comes back."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from bessinside.emulator.trouble.signature import Reader
from bessinside.emulator.trouble.spoil import scaled, spoil, targets
from bessinside.emulator.trouble.stage import NS
from bessinside.emulator.whole.plant import Plant
from bessinside.emulator.whole.schedule import Schedule
from bessinside.emulator.worlds import sunspec
from bessinside.emulator.worlds.place import default_places
from bessinside.emulator.worlds.world import World
from bessinside.plant import bind, load_plant
from bessinside.registers import load_map

NOON = 1_750_000_000 // 86400 * 86400 * NS + 12 * 3600 * NS


@pytest.fixture(scope="module")
def world() -> World:
    file = load_plant("ref-5m")
    plant = Plant(2, NOON, Schedule(np.array([0.0, 86399.0]), np.array([1.5e6, 1.6e6])))
    binding = bind(
        file, lambda device: sunspec.device_map(device, file) if device.map == "sunspec" else load_map(device.map)
    )
    for _ in range(60):
        plant.step(1.0)
    return World(binding, plant)


class Fault:
    """A fault on a world whose share a test moves."""

    def __init__(self, world: World, lever: str, part: str, figure: str, value: float = 1.0) -> None:
        self.world, self.share, self.figure, self.part = world, 0.0, figure, part
        self.reader = Reader(world, default_places())
        self.targets = targets(world, part, figure)
        self.changes = [(one, spoil(lever, one, lambda: self.share, value)) for one in self.targets]
        for target, change in self.changes:
            target.image.spoil.append(change)
        world.refresh()

    def step(self, share: float) -> float:
        """One second with the fault at `share`; what the register says then."""
        self.share = share
        self.world.physics.step(1.0)
        self.world.refresh()
        self.reader.renew()
        return float(self.reader.values(self.figure, (self.part,))[0])

    def remove(self) -> None:
        for target, change in self.changes:
            target.image.spoil.remove(change)


@pytest.fixture
def fault(world: World) -> object:
    made: list[Fault] = []

    def make(lever: str, part: str, figure: str, value: float = 1.0) -> Fault:
        made.append(Fault(world, lever, part, figure, value))
        return made[-1]

    yield make
    for one in made:
        one.remove()


Make = Callable[..., Fault]


def truth(world: World) -> float:
    return float(world.physics.quantity("meter", "active_power")[0])


def test_a_stuck_register_keeps_its_words_and_others_live(world: World, fault: Make) -> None:
    stuck = fault("register.stuck", "meter", "meter.active_power")
    before = stuck.step(0.0)
    shown = [stuck.step(1.0) for _ in range(4)]
    assert len(set(shown)) == 1
    assert shown[0] != before
    assert truth(world) != pytest.approx(shown[0], rel=1e-7)
    others = stuck.reader.values("meter.reactive_power", ("meter",))
    assert others[0] == pytest.approx(float(world.physics.quantity("meter", "reactive_power")[0]), rel=1e-6)
    assert stuck.step(0.0) == pytest.approx(truth(world), rel=1e-7)
    assert stuck.step(1.0) != shown[0]


def test_a_sentinel_has_the_bits_of_its_type(world: World, fault: Make) -> None:
    burst = fault("register.sentinel", "meter", "meter.active_power")
    assert np.isnan(burst.step(1.0))
    assert burst.step(0.0) == pytest.approx(truth(world), rel=1e-7)
    fault("register.sentinel", "c1/r02", "rack.voltage").step(1.0)
    (target,) = targets(world, "c1/r02", "rack.voltage")
    i = target.points[0]
    assert target.image.unit.holding.words[int(target.image.bound.layout.address[i])] in (0xFFFF, 0)
    table = {3: "holding", 4: "input"}[int(target.image.bound.layout.fc[i])]
    assert getattr(target.image.unit, table).words[int(target.image.bound.layout.address[i])] == 0xFFFF


def test_a_torn_value_is_the_new_low_word_with_the_old_high_word(world: World, fault: Make) -> None:
    torn = fault("register.torn", "meter", "meter.active_power")
    (target,) = torn.targets
    i = target.points[0]
    true: list[np.ndarray] = []
    for _ in range(40):
        torn.step(1.0)
        true.append(target.image.words[target.words(i)].copy())
        address = int(target.image.bound.layout.address[i])
        table = {3: "holding", 4: "input"}[int(target.image.bound.layout.fc[i])]
        shown = getattr(target.image.unit, table).words[address : address + 2]
        if len(true) > 1:
            assert shown.tolist() == [true[-2][0], true[-1][1]]


def test_a_scale_that_changed_multiplies_the_register(world: World, fault: Make) -> None:
    scale = fault("register.scale", "c1/r05", "rack.voltage", 0.1)
    shown = scale.step(1.0)
    true = float(world.physics.quantity("rack", "voltage")[4])
    assert shown == pytest.approx(true / 10.0, abs=0.06)
    assert scale.step(0.0) == pytest.approx(true, abs=0.2)


@pytest.mark.parametrize(
    ("words", "kind", "low_first", "factor", "result"),
    [
        ([13700], "uint", False, 0.1, [1370]),
        ([60000], "uint", False, 10.0, [0xFFFF]),
        ([0xFF9C], "int", False, 10.0, [0xFC18]),
        ([0x8001], "int", False, 10.0, [0x8000]),
        ([0x0001, 0x0000], "uint", False, 0.5, [0x0000, 0x8000]),
        ([0x0000, 0x0001], "uint", True, 0.5, [0x8000, 0x0000]),
        ([0x4248, 0x0000], "float", False, 0.001, [0x3D4C, 0xCCCD]),
    ],
)
def test_numbers_of_every_kind_are_scaled_and_held_at_their_ends(
    words: list[int], kind: str, low_first: bool, factor: float, result: list[int]
) -> None:
    assert scaled(np.array(words, dtype=np.uint16), kind, low_first, factor).tolist() == result


def test_whoever_stands_at_the_part_suffers_and_whole_where_no_figure_is_named(world: World) -> None:
    assert {one.image.bound.device.id for one in targets(world, "c1/r04", "rack.voltage")} == {"bcu04"}
    (pcs,) = targets(world, "pcs1", "")
    assert {pcs.image.bound.parts[i] for i in pcs.points} == {"pcs1", "pcs2"}
    assert {one.image.bound.device.id for one in targets(world, "c1/r04/m2", "module.voltage")} == {"bcu04"}
    assert targets(world, "c1/r04", "meter.frequency") == []
