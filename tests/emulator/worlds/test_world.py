"""From physics to words: what is served, how often it is brought up to date, and what becomes of it on the way."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from bessinside.emulator.whole.plant import Plant as Physics
from bessinside.emulator.worlds import cadence, sunspec
from bessinside.emulator.worlds.image import DeviceImage
from bessinside.emulator.worlds.world import World
from bessinside.plant import Device, bind, load_plant
from bessinside.registers import RegisterMap, load_map

START = 1_760_000_000_000_000_000


@pytest.fixture
def world() -> World:
    plant = load_plant("ref-5m")

    def of(device: Device) -> RegisterMap:
        return sunspec.device_map(device, plant) if device.map == sunspec.MAP else load_map(device.map)

    return World(bind(plant, of), Physics(4, START))


def image(world: World, device: str) -> DeviceImage:
    return next(one for one in world.images if one.bound.device.id == device)


def point(world: World, device: str, figure: str) -> int:
    """The number of a figure's point in its device."""
    index = world.binding.find(f"{figure}@{device}")
    if index is None:
        index = world.binding.find(figure)
    assert index is not None
    bound, i = world.binding.locate(index)
    assert bound.device.id == device
    return i


def word(world: World, device: str, figure: str) -> int:
    """The word of a figure that a reader gets."""
    one, i = image(world, device), point(world, device, figure)
    layout = one.bound.layout
    return int(one.unit.table(int(layout.fc[i])).words[layout.address[i]])


def decoded(one: DeviceImage) -> Any:
    values, state = np.empty(one.bound.size), np.empty(one.bound.size, np.uint8)
    one.codec.decode(one.words, values, state)
    return values


def test_the_image_of_a_device_is_what_its_unit_serves(world: World) -> None:
    for one in world.images:
        layout, codec = one.bound.layout, one.codec
        assert one.served.any()
        for i in np.flatnonzero(one.served):
            table = one.unit.table(int(layout.fc[i]))
            span = slice(int(layout.address[i]), int(layout.address[i]) + int(layout.words[i]))
            assert table.readable[span].all()
            assert tuple(table.words[span].tolist()) == codec.raw(int(i), one.words)
            first = int(codec.offset[i])
            assert one.place(int(layout.fc[i]), int(layout.address[i])) == first
        hidden = [i for i in range(one.bound.size) if not one.served[i]]
        readable = {(fc, a) for fc in (1, 2, 3, 4) for a in np.flatnonzero(one.unit.table(fc).readable).tolist()}
        taken = {
            (int(layout.fc[i]), int(layout.address[i]) + k)
            for i in np.flatnonzero(one.served)
            for k in range(int(layout.words[i]))
        }
        assert not {(int(layout.fc[i]), int(layout.address[i])) for i in hidden} & (readable - taken)


def test_values_are_what_was_handed_to_the_registers(world: World) -> None:
    world.physics.step(30.0)
    world.refresh(everything=True)
    compared = 0
    for one in world.images:
        shown = decoded(one)
        known = one.served & np.isfinite(shown)
        handed = world.values[one.bound.first : one.bound.first + one.bound.size]
        for i in np.flatnonzero(known):
            limit = one.codec.quantum(int(i), one.words) / 2 * (1 + 1e-6) + 1e-9 * abs(handed[i])
            assert abs(shown[i] - handed[i]) <= limit, one.bound.layout.name(int(i))
            compared += 1
    assert compared > 9000


def test_devices_are_brought_up_to_date_at_their_own_pace(world: World) -> None:
    """Over ten steps of a second: which figures' words may change when."""
    figures = {
        "meter/active_power": ("meter", 1),
        "c1/r04/current": ("bcu04", 1),
        "c1/r04/cell_voltage_mean": ("bcu04", 2),
        "c1/r04/m3/cell026/voltage": ("bcu04", 2),
        "c1/coolant_supply_temperature": ("thermal", 2),
        "c1/smoke1/obscuration": ("smoke", 5),
    }
    figures = {name: found for name, found in figures.items() if world.binding.find(name) is not None}
    assert len(figures) >= 5
    for second in range(1, 11):
        world.values[:] = np.where(np.isnan(world.values), np.nan, -1.0)  # whoever is refreshed is no longer -1
        world.physics.step(1.0)
        assert world.physics.time_ns == START + second * 1_000_000_000
        world.refresh()
        for name, (_, seconds) in figures.items():
            index = world.binding.find(name)
            refreshed = world.values[index] != -1.0
            assert refreshed == ((START // 1_000_000_000 + second) % seconds == 0), (name, second)


def test_a_longer_step_refreshes_everything(world: World) -> None:
    world.values[:] = -1.0
    world.physics.step(5.0)
    world.refresh()
    moving = np.concatenate([group.points for group in world._groups.values()])
    assert (world.values[moving] != -1.0).all()


def test_no_time_no_change(world: World) -> None:
    before = [one.words.copy() for one in world.images]
    world.refresh()
    assert all(np.array_equal(a, one.words) for a, one in zip(before, world.images, strict=True))
    assert not cadence.due(cadence.OWN, START, START)


def test_a_fault_spoils_what_is_published_and_nothing_else(world: World) -> None:
    one, i = image(world, "bcu04"), point(world, "bcu04", "c1/r04/m3/cell026/voltage")
    at, right = int(one.codec.offset[i]), word(world, "bcu04", "c1/r04/m3/cell026/voltage")
    neighbour = word(world, "bcu04", "c1/r04/m3/cell027/voltage")

    def spoil(words: Any) -> None:
        words[at] = 4711

    one.spoil.append(spoil)
    world.refresh(everything=True)
    assert word(world, "bcu04", "c1/r04/m3/cell026/voltage") == 4711
    assert word(world, "bcu04", "c1/r04/m3/cell027/voltage") == neighbour
    assert int(one.words[at]) == right
    one.spoil.remove(spoil)
    world.refresh(everything=True)
    assert word(world, "bcu04", "c1/r04/m3/cell026/voltage") == right


def test_a_value_that_is_gone_is_said_to_be_or_stays(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A vendor's cell without a sentinel keeps its last value, SunSpec's says 0xFFFF."""
    vendor, sunspec_id = "c1/r12/m1/cell005/voltage", "c1/r12/m1/cell005/voltage@ss12"
    index = world.binding.find(sunspec_id)
    assert index is not None
    i = world.binding.locate(index)[1]
    before = word(world, "bcu12", vendor)
    cells = dict(world.physics.readings("cell"))
    gone = np.array(cells["voltage"])
    gone[11 * 416 + 4] = np.nan
    readings = type(world.physics).readings

    def silent(self: Physics, kind: str) -> Any:
        found = readings(self, kind)
        return {**found, "voltage": gone} if kind == "cell" else found

    monkeypatch.setattr(type(world.physics), "readings", silent)
    world.refresh(everything=True)
    assert np.isnan(world.values[index])
    theirs = image(world, "ss12")
    assert int(theirs.words[theirs.codec.offset[i]]) == 0xFFFF
    ours, k = image(world, "bcu12"), point(world, "bcu12", vendor)
    sentinels = ours.bound.point(k).sentinel
    assert word(world, "bcu12", vendor) == (sentinels[0] if sentinels else before)


def test_what_no_register_can_hold_shows_the_nearest(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    readings = type(world.physics).readings

    def absurd(self: Physics, kind: str) -> Any:
        found = readings(self, kind)
        return {**found, "voltage": np.full(4992, 1e6)} if kind == "cell" else found

    monkeypatch.setattr(type(world.physics), "readings", absurd)
    world.refresh(everything=True)
    assert word(world, "ss12", "c1/r12/m1/cell005/voltage") == 0xFFFE


def test_the_same_seed_and_moments_give_the_same_words() -> None:
    def run() -> list[bytes]:
        plant = load_plant("ref-5m-sunspec")
        found = World(bind(plant, lambda device: sunspec.device_map(device, plant)), Physics(9, START))
        for _ in range(5):
            found.physics.step(1.0)
            found.refresh()
        return [one.words.tobytes() for one in found.images]

    assert run() == run()
