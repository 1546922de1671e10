"""States and alarms of REF-1M in the words of its makes: which bit of which register stands for what.

Addresses, bits and codes are those of the vendors' drivers, written down by hand.
"""

from __future__ import annotations

import numpy as np
import pytest

from bessinside.emulator.basis.design import Design
from bessinside.emulator.bms.alarm import RULES
from bessinside.emulator.whole.plant import Plant
from bessinside.emulator.whole.schedule import Schedule
from bessinside.emulator.worlds.wording import NAMES, symbol_names
from bessinside.emulator.worlds.world import World
from bessinside.modbus import parse_endpoint
from bessinside.plant import bind, load_plant

NOON = 1_750_000_000 * 10**9
STATE, FAULT_1, FAULT_2, FAULT_3, DC_STATE, DC_FAULT_1 = 32, 36, 37, 38, 40, 44  # Sinexcel
MASTER_INDICATION, MASTER_RUN, MASTER_COMMUNICATION, MASTER_ALARMS = 4164, 4168, 4226, 4243  # Soltaro
CONTACTOR, INDICATION, RUN, LEVEL_2, LEVEL_1, PRE_ALARM = 8208, 8450, 8467, 8512, 8513, 8514  # of its first rack
SLAVE_FAULTS, COMMUNICATION_FAULTS = 8581, 8613
RACK = 4096
STANDBY, DISCHARGE, CHARGE = 0, 1, 2
NORMAL, FULL, EMPTY, RESTING, STOPPED = range(5)


class Words:
    """The registers of a plant that is worked at by hand."""

    def __init__(self, power: float) -> None:
        file = load_plant("ref-1m")
        schedule = Schedule.parse(f"time,power\n00:00,{power}\n")
        self.plant = Plant(seed=4, start_ns=NOON, schedule=schedule, design=Design.of(file))
        self.world = World(bind(file), self.plant)
        self._units = {
            device.id: self.world.units[parse_endpoint(device.url).link][parse_endpoint(device.url).unit]
            for device in file.devices
        }

    def run(self, seconds: int) -> Words:
        for _ in range(seconds):
            self.plant.step(1.0)
        self.world.refresh(everything=True)
        return self

    def word(self, device: str, address: int) -> int:
        table = self._units[device].holding
        assert table.readable[address], (device, address)
        return int(table.words[address])

    def bits(self, device: str, address: int) -> set[int]:
        word = self.word(device, address)
        return {bit for bit in range(16) if word >> bit & 1}


@pytest.mark.parametrize(
    ("power", "state", "dc_state", "indication", "run"),
    [
        (800e3, {2, 3, 6}, {1}, DISCHARGE, NORMAL),
        (-600e3, {2, 3, 6}, {0}, CHARGE, NORMAL),
        (0.0, {6, 7}, set(), STANDBY, RESTING),
    ],
)
def test_what_the_plant_does(power: float, state: set[int], dc_state: set[int], indication: int, run: int) -> None:
    words = Words(power).run(20)
    for n in range(1, 5):
        assert words.bits(f"pcs{n}", STATE) == state
        assert words.bits(f"pcs{n}", DC_STATE) == dc_state
        assert words.word(f"cluster{n}", MASTER_INDICATION) == indication
        assert words.word(f"cluster{n}", MASTER_RUN) == run
        for rack in (0, RACK):
            assert words.word(f"cluster{n}", CONTACTOR + rack) == 3
            assert words.word(f"cluster{n}", INDICATION + rack) == indication
            assert words.word(f"cluster{n}", RUN + rack) == run
        for address in (FAULT_1, FAULT_2, FAULT_3, 39, DC_FAULT_1, 45, 47):
            assert words.bits(f"pcs{n}", address) == set()
        for address in (MASTER_COMMUNICATION, MASTER_ALARMS, LEVEL_1, LEVEL_2, PRE_ALARM):
            assert words.bits(f"cluster{n}", address) == set()


def test_a_rack_that_is_off_the_bus_is_stopped_its_neighbour_is_not() -> None:
    words = Words(0.0).run(2)
    words.plant.bms.disconnect(2)
    words.run(2)
    assert (words.word("cluster2", CONTACTOR), words.word("cluster2", RUN)) == (0, STOPPED)
    assert (words.word("cluster2", CONTACTOR + RACK), words.word("cluster2", RUN + RACK)) == (3, RESTING)
    assert words.word("cluster2", MASTER_RUN) == RESTING
    words.plant.bms.disconnect(3)
    words.run(2)
    assert words.word("cluster2", MASTER_RUN) == STOPPED
    assert words.word("cluster1", MASTER_RUN) == RESTING


def test_full_and_empty() -> None:
    words = Words(0.0).run(2)
    words.plant.bms.full[:] = [True, False, False, False, False, False, False, False]
    words.world.refresh(everything=True)
    assert [words.word("cluster1", address) for address in (MASTER_RUN, RUN, RUN + RACK)] == [FULL, FULL, RESTING]
    assert words.bits("pcs1", DC_STATE) == {2}
    words.plant.bms.discharge_limit = np.where(np.arange(8) // 2 == 2, 0.0, words.plant.bms.discharge_limit)
    words.world.refresh(everything=True)
    assert [words.word("cluster3", address) for address in (MASTER_RUN, RUN, RUN + RACK)] == [EMPTY, EMPTY, EMPTY]
    assert words.bits("pcs3", DC_STATE) == {3}


def test_an_empty_cell_raises_all_three_steps_and_the_alarm_of_its_pcs() -> None:
    words = Words(0.0).run(2)
    words.plant.cells.soc[5, 17] = -0.01
    words.run(3)
    for address in (PRE_ALARM, LEVEL_1, LEVEL_2):
        assert 3 in words.bits("cluster3", address + RACK)
        assert words.bits("cluster3", address) == set()
    for step in range(3):
        assert 3 in words.bits("cluster3", MASTER_ALARMS + step)
        assert words.bits("cluster2", MASTER_ALARMS + step) == set()
    assert words.word("cluster3", CONTACTOR + RACK) == 0
    assert words.bits("pcs3", DC_FAULT_1) == {3}
    assert {1} <= words.bits("pcs3", STATE)
    assert 5 in words.bits("pcs3", DC_STATE)
    assert words.bits("pcs2", DC_FAULT_1) == set()


# Bits of Soltaro's alarm words by the rule of the BMS that stands for them.
@pytest.mark.parametrize(
    ("rule", "bit"),
    [
        ("CELL_OVERVOLTAGE", 0),
        ("RACK_OVERVOLTAGE", 1),
        ("CHARGE_OVERCURRENT", 2),
        ("CELL_UNDERVOLTAGE", 3),
        ("RACK_UNDERVOLTAGE", 4),
        ("DISCHARGE_OVERCURRENT", 5),
        ("HIGH_CHARGE_TEMPERATURE", 6),
        ("LOW_CHARGE_TEMPERATURE", 7),
        ("LOW_SOC", 8),
        ("TEMPERATURE_SPREAD", 9),
        ("CELL_VOLTAGE_SPREAD", 11),
        ("LOW_INSULATION", 12),
        ("HIGH_DISCHARGE_TEMPERATURE", 14),
        ("LOW_DISCHARGE_TEMPERATURE", 15),
    ],
)
def test_every_alarm_of_the_bms_has_its_bit(rule: str, bit: int) -> None:
    words = Words(0.0).run(1)
    active = words.plant.bms.alarms.active
    active[:] = False
    active[0, [known.name for known in RULES].index(rule), 6] = True
    words.world.refresh(everything=True)
    assert words.bits("cluster4", PRE_ALARM) == {bit}
    assert words.bits("cluster4", MASTER_ALARMS) == {bit}
    assert words.bits("cluster4", PRE_ALARM + RACK) == words.bits("cluster4", LEVEL_1) == set()


def test_a_slave_unit_that_is_silent_and_a_sensor_that_is_broken() -> None:
    words = Words(0.0).run(2)
    words.plant.bms.silent[-1] = True  # the last module of the last rack
    words.plant.sensors.forced[0] = 150.0  # the first sensor of the first
    words.run(3)
    assert words.bits("cluster4", COMMUNICATION_FAULTS + RACK) == {1}
    assert words.bits("cluster4", SLAVE_FAULTS + RACK) == {10}
    assert words.bits("cluster1", SLAVE_FAULTS) == {5}
    for address in (COMMUNICATION_FAULTS, SLAVE_FAULTS):
        assert words.bits("cluster4", address) == set()
        assert words.bits("cluster1", address + RACK) == set()


@pytest.mark.parametrize(
    ("fault", "address", "bit"),
    [
        ("AC_OVERVOLTAGE", FAULT_1, 0),
        ("AC_UNDERVOLTAGE", FAULT_1, 1),
        ("AC_OVERFREQUENCY", FAULT_1, 2),
        ("AC_UNDERFREQUENCY", FAULT_1, 3),
        ("DC_BUS_OVERVOLTAGE", FAULT_2, 8),
        ("DC_BUS_UNDERVOLTAGE", FAULT_2, 9),
        ("OVERTEMPERATURE", FAULT_2, 15),
        ("FAN_FAULT", FAULT_2, 7),
        ("BUS_UNBALANCE", FAULT_2, 10),
        ("DC_BUS_OVERVOLTAGE", DC_FAULT_1, 0),
        ("DC_BUS_UNDERVOLTAGE", DC_FAULT_1, 1),
    ],
)
def test_every_trip_of_a_pcs_has_its_bit(fault: str, address: int, bit: int) -> None:
    words = Words(0.0).run(1)
    words.plant.pcs.faults[3] = {fault}
    words.run(1)
    assert words.bits("pcs4", address) == {bit}
    assert words.bits("pcs4", STATE) == {0, 1}
    assert words.bits("pcs4", DC_STATE) == ({4} if fault.startswith("DC_") else set())
    assert words.bits("pcs1", address) == set()


def test_the_emergency_stop_is_emergency_power_off() -> None:
    words = Words(0.0).run(1)
    words.plant.pcs.estop = True
    words.run(1)
    for n in range(1, 5):
        assert words.bits(f"pcs{n}", FAULT_2) == {0}
        assert 6 not in words.bits(f"pcs{n}", STATE)


def test_words_do_not_depend_on_the_order_of_sets() -> None:
    """An enumeration has one value: no state of the plant may name two of them."""
    words = Words(500e3)
    binding = words.world.binding
    enums = [
        (metric.kind, metric.name, {symbol.name for symbol in bound.point(i).symbols})
        for bound in binding.devices
        for i, metric in enumerate(bound.metrics)
        if metric is not None and (metric.kind, metric.name) in NAMES and not bound.point(i).type.startswith("bitfield")
    ]
    assert len(enums) == 4 * (2 + 2 * 3)
    for moment in ("working", "full", "open"):
        if moment == "full":
            words.plant.bms.full[:] = True
        if moment == "open":
            words.plant.bms.disconnect(0)
        words.run(10)
        for kind, name, symbols in enums:
            for entry in range(words.plant.parts[kind]):
                assert len(symbols & symbol_names(words.plant, kind, name, entry)) == 1, (kind, name)


def test_a_silent_module_a_dead_sensor_and_a_weak_converter() -> None:
    words = Words(800e3).run(20)
    slave_faults, communication_faults = 8581, 8613
    for address in (slave_faults, communication_faults):
        assert words.bits("cluster1", address) == set()
    words.plant.bms.silent[0] = True
    words.plant.sensors.forced[-1] = 150.0
    words.plant.pcs.fan[1], words.plant.pcs.ripple[2] = 0.0, 0.08
    words.run(3)
    assert words.bits("cluster1", slave_faults) == {10}
    assert words.bits("cluster1", communication_faults) == {1}
    assert words.bits("cluster4", slave_faults + RACK) == {5}
    assert words.bits("cluster4", slave_faults) == set()
    assert [words.bits(f"pcs{n}", FAULT_2) & {7, 10} for n in (1, 2, 3, 4)] == [set(), {7}, {10}, set()]
