"""The reference plant as SunSpec devices: chains, scale factors, states and events, without a socket between."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import numpy as np
import pytest

from bessinside.emulator.basis.codes import PcsState
from bessinside.emulator.basis.design import REF_5M, Design
from bessinside.emulator.whole.plant import Plant as Physics
from bessinside.emulator.worlds import sunspec
from bessinside.emulator.worlds.sunspec_scale import fitting, scale_factors
from bessinside.emulator.worlds.world import World, world_file
from bessinside.plant import Plant, PlantError, bind, load_plant, parse_plant
from bessinside.registers.sunspec_models import definition

START = 1_760_000_000_000_000_000


def served(plant: Plant, seed: int = 3) -> World:
    physics = Physics(seed, START, design=Design.of(plant))
    return World(bind(plant, lambda device: sunspec.device_map(device, plant)), physics)


@pytest.fixture(scope="module")
def plant() -> Plant:
    return load_plant("ref-5m-sunspec")


@pytest.fixture
def world(plant: Plant) -> World:
    return served(plant)


def value(world: World, device: str, model: int, point: str, which: int = 0) -> float:
    """What the registers of a device say, decoded."""
    image = next(image for image in world.images if image.bound.device.id == device)
    values, state = np.empty(image.bound.size), np.empty(image.bound.size, np.uint8)
    image.codec.decode(image.words, values, state)
    bound = image.bound
    found = [i for i in range(bound.size) if sunspec.model_of(bound, i) == model and bound.point(i).name == point]
    return float(values[found[which]])


def symbols(model: int, point: str) -> dict[str, int]:
    def walk(group: Any) -> Any:
        yield from group["points"]
        for below in group.get("groups", ()):
            yield from walk(below)

    document = definition(model)
    assert document is not None
    found = next(one for one in walk(document["group"]) if one["name"] == point)
    return {symbol["name"]: symbol["value"] for symbol in found["symbols"]}


def test_worlds_of_a_plant_have_names() -> None:
    assert world_file("ref-5m", "vendor") == "ref-5m"
    assert world_file("ref-5m", "sunspec") == "ref-5m-sunspec"
    with pytest.raises(KeyError, match="ref-9m is not shipped in a sunspec world"):
        world_file("ref-9m", "sunspec")


def test_both_worlds_are_one_plant(plant: Plant) -> None:
    vendor = load_plant("ref-5m")
    assert plant.anatomy == vendor.anatomy
    assert (plant.power_w, plant.energy_wh, plant.nameplate) == (vendor.power_w, vendor.energy_wh, vendor.nameplate)
    ours, theirs = Design.of(plant), Design.of(vendor)
    assert {name: getattr(ours, name) for name in Design.__slots__ if name != "id"} == {
        name: getattr(theirs, name) for name in Design.__slots__ if name != "id"
    }


def test_every_kind_of_device_has_its_chain(plant: Plant) -> None:
    chains = {device.id: sunspec.device_chain(device, plant) for device in plant.devices}
    numbers = {name: (found.base, [model.id for model in found.models]) for name, found in chains.items()}
    rack = [1, 802, 803, 804, 805, 805, 805, 805]
    assert numbers["meter"] == (40000, [1, 203])
    assert numbers["pcs1"] == numbers["pcs2"] == (40000, [1, 701, 713, 714])
    assert {numbers[f"bms{n:02d}"][0] for n in range(1, 7)} == {40000}
    assert {numbers[f"bms{n:02d}"][0] for n in range(7, 13)} == {0}
    assert all(numbers[f"bms{n:02d}"][1] == rack for n in range(1, 13))


def elsewhere(plant: Plant, at: str) -> Plant:
    text = f'[[device]]\nid = "x"\nmap = "sunspec"\nat = {at}\nurl = "modbus+tcp://127.0.0.1:15199?unit=1"\n'
    with open(plant.path, encoding="utf-8") as file:
        return parse_plant(file.read().split("[[device]]")[0] + text, "x.toml")


def test_a_container_is_a_battery_of_all_its_strings(plant: Plant) -> None:
    bank = elsewhere(plant, '"c1"')
    found = sunspec.device_chain(bank.devices[0], bank)
    assert [model.id for model in found.models] == [1, 802, 803]
    world = served(bank)
    physics = world.physics
    say = partial(value, world, "x")
    assert say(802, "WHRtg") == pytest.approx(5.01596e6, abs=50)
    assert say(802, "AHRtg") == 12 * 314
    assert say(803, "NStr") == say(803, "NStrCon") == 12
    current = physics.quantity("rack", "current")
    assert say(802, "A") == pytest.approx(current.sum(), abs=0.0501)
    assert [say(803, "StrA", n) for n in range(12)] == pytest.approx(current, abs=0.0501)
    assert say(803, "StrVMax") == pytest.approx(physics.quantity("rack", "voltage").max(), abs=0.0501)
    assert say(802, "State") == symbols(802, "State")["CONNECTED"]
    for rack in range(12):
        physics.bms.disconnect(rack)
    stepped(world)
    assert say(802, "State") == symbols(802, "State")["DISCONNECTED"]
    assert say(803, "NStrCon") == 0


@pytest.mark.parametrize("at", ['"c1/smoke1"', '"bus1"', '["pcs1", "pcs2"]'])
def test_what_has_no_chain_is_refused(plant: Plant, at: str) -> None:
    other = elsewhere(plant, at)
    with pytest.raises(PlantError, match=r"x\.toml:\d+: device\.x\.at: a SunSpec device is emulated at one part"):
        sunspec.device_map(other.devices[0], other)


def test_scale_factors_are_as_fine_as_the_value_allows() -> None:
    assert fitting(3.0e6, 32767, 0) == 2
    assert fitting(3.3e6, 32767, 0) == 3
    assert fitting(5.0, 32767, -3) == -3
    for kind in ("meter", "pcs", "rack", "container"):
        assert set(scale_factors(kind, REF_5M).values()) <= set(range(-3, 4))
    meter, pcs = scale_factors("meter", REF_5M), scale_factors("pcs", REF_5M)
    assert meter[203, "W_SF"] == pcs[701, "W_SF"] == 2
    assert (meter[203, "V_SF"], pcs[701, "V_SF"], pcs[701, "Hz_SF"]) == (0, -1, -3)


def test_mandatory_points_say_something(world: World) -> None:
    """But the commands of model 802, which nobody gave, and temperatures of cells without a sensor."""
    silent = set()
    for image in world.images:
        bound, values = image.bound, np.empty(image.bound.size)
        state = np.empty(bound.size, np.uint8)
        image.codec.decode(image.words, values, state)
        for i in range(bound.size):
            point = bound.point(i)
            if point.mandatory and point.wire_type.numeric and math.isnan(values[i]):
                silent.add((sunspec.model_of(bound, i), point.name))
    assert silent == {(802, "SetOp"), (802, "SetInvState"), (805, "CellTmp")}


def test_temperatures_are_those_of_the_cells_beside_the_sensors(world: World) -> None:
    sensors = world.physics.quantity("sensor", "temperature").reshape(12, 4, 24)
    cells = [value(world, "bms02", 805, "CellTmp", n) for n in range(104)]
    known = [n + 1 for n, temperature in enumerate(cells) if not math.isnan(temperature)]
    assert tuple(known) == REF_5M.sensor_cells
    assert [cells[n - 1] for n in known] == pytest.approx(sensors[1, 0], abs=0.0501)
    hottest = int(value(world, "bms02", 805, "CellTmpMaxCell"))
    assert hottest == REF_5M.sensor_cells[int(sensors[1, 0].argmax())]
    assert cells[hottest - 1] == pytest.approx(value(world, "bms02", 805, "CellTmpMax"), abs=0.0501)


def stepped(world: World, seconds: float = 1.0, times: int = 1) -> None:
    for _ in range(times):
        world.physics.step(seconds)
    world.refresh(everything=True)


def test_the_states_of_a_pcs(world: World) -> None:
    states, alarms = symbols(701, "InvSt"), symbols(701, "Alrm")
    say = partial(value, world, "pcs1")
    physics = world.physics
    physics.set_active_power(1, 800e3)
    stepped(world, times=30)
    assert physics.pcs.state[0] is PcsState.RUNNING
    assert (say(701, "InvSt"), say(701, "St"), say(701, "ConnSt")) == (states["RUNNING"], 1, 1)
    assert (say(701, "Alrm"), say(714, "DCSta"), say(713, "Sta")) == (0, 1, 0)
    assert say(701, "W") == pytest.approx(physics.quantity("pcs", "active_power")[0], abs=50.1)
    assert say(701, "PF") == pytest.approx(1.0, abs=0.1)
    physics.set_active_power(1, -800e3)
    stepped(world, times=30)
    assert say(701, "PF") < -0.9  # "the sign of power factor should be the sign of active power"
    assert say(714, "DCW", 1) == pytest.approx(physics.quantity("pcs", "dc_power")[0], abs=50.1)
    physics.pcs.faults[0] = {"OVERTEMPERATURE", "DC_BUS_UNDERVOLTAGE"}
    stepped(world)
    assert (say(701, "InvSt"), say(701, "St"), say(701, "ConnSt")) == (states["FAULT"], 0, 0)
    assert say(701, "Alrm") == 2 ** alarms["OVER_TEMP"] + 2 ** alarms["MANUFACTURER_ALRM"]
    assert say(714, "DCSta") == symbols(714, "DCSta")["ERROR"]
    port = symbols(714, "DCAlrm")
    assert say(714, "DCAlrm") == 2 ** port["INPUT_UNDER_VOLTAGE"] + 2 ** port["OVER_TEMP"]
    assert (say(714, "PrtAlrms"), value(world, "pcs2", 714, "PrtAlrms")) == (1, 0)
    physics.pcs.reset_faults()
    physics.pcs.estop = True
    stepped(world)
    assert say(701, "InvSt") == states["OFF"]
    assert int(say(701, "Alrm")) >> alarms["MANUAL_SHUTDOWN"] & 1


def test_the_states_of_a_rack(world: World) -> None:
    physics, say = world.physics, partial(value, world, "bms04")
    state, charge = symbols(802, "State"), symbols(802, "ChaSt")
    stepped(world)
    assert (say(802, "State"), say(804, "St"), say(804, "ConSt"), say(803, "NStrCon")) == (state["CONNECTED"], 3, 1, 1)
    physics.set_active_power(1, 600e3)
    stepped(world, times=30)
    assert say(802, "ChaSt") == charge["DISCHARGING"]
    physics.set_active_power(1, 0.0)
    physics.bms.disconnect(3)
    stepped(world, times=30)
    assert (say(802, "State"), say(802, "ChaSt")) == (state["DISCONNECTED"], charge["OFF"])
    assert (say(804, "St"), say(804, "ConSt"), say(803, "NStrCon"), say(804, "A")) == (0, 0, 0, 0)
    assert say(803, "StrDisRsn") == symbols(803, "StrDisRsn")["OTHER"]
    assert value(world, "bms05", 802, "State") == state["CONNECTED"]
    physics.bms.tripped[3] = True
    stepped(world)
    assert say(802, "State") == state["FAULT"]
    assert say(804, "ConFail") == symbols(804, "ConFail")["STRING_FAULT"]
    assert say(803, "StrDisRsn") == symbols(803, "StrDisRsn")["FAULT"]
    assert value(world, "pcs1", 713, "Sta") == symbols(713, "Sta")["ERROR"]


def test_events_of_a_rack_by_level(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    bits = symbols(804, "Evt1")

    def alarms(level: int | None = None) -> list[set[str]]:
        active: dict[int | None, set[str]] = {
            1: {"HIGH_CHARGE_TEMPERATURE", "CELL_VOLTAGE_SPREAD", "FAST_TEMPERATURE_RISE"},
            2: {"CELL_VOLTAGE_SPREAD", "CELL_OVERVOLTAGE"},
            3: {"LOW_INSULATION"},
        }
        return [active.get(level, set().union(*active.values())) if rack == 6 else set() for rack in range(12)]

    monkeypatch.setattr(world.physics.bms.alarms, "names", alarms)
    world.refresh(everything=True)
    said = {"OVER_TEMP_WARNING", "VOLTAGE_IMBALANCE_WARNING", "OTHER_WARNING", "OVER_VOLT_ALARM", "OTHER_ALARM"}
    for model, point in ((802, "Evt1"), (803, "StrEvt1"), (804, "Evt1")):
        word = int(value(world, "bms07", model, point))
        assert {name for name, bit in bits.items() if word >> bit & 1} == said | {"GROUND_FAULT"}, model
        assert value(world, "bms08", model, point) == 0


def test_a_meter_notes_voltages_outside_its_band(world: World) -> None:
    bits = symbols(203, "Evt")
    assert value(world, "meter", 203, "Evt") == 0
    world.physics.meter.voltage = world.physics.meter.voltage * 0.85
    world.physics._readings.clear()
    world.refresh(everything=True)
    assert value(world, "meter", 203, "Evt") == 2 ** bits["M_EVENT_Under_Voltage"]
