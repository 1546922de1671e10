"""Words of devices that count their own way, worked out by hand, against the shipped maps and the codec."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import numpy as np
import pytest

from bessinside.registers import OK, SENTINEL, Codec, Group, Layout, flatten, load_map

COUNTS = {"pcs": 2, "container": 1, "rack": 5, "module": 20, "cell": 104, "sensor": 24}


@cache
def laid_out(map_id: str) -> Layout:
    """The map with as many instances as it allows, or a plausible number where it does not say."""

    def count(group: Group, _: str) -> int:
        return group.count if isinstance(group.count, int) and group.count else COUNTS[group.anatomy or ""]

    return flatten(load_map(map_id), count)


@cache
def whole_memory(map_id: str) -> Codec:
    """A codec over an image in which each register stands at its own address; all function codes share it."""
    return Codec(laid_out(map_id), laid_out(map_id).address)


def read(map_id: str, words: Mapping[int, int]) -> dict[str, float | None]:
    """Values by name, in the map's own units, of every point all of whose words are given; None for a sentinel."""
    layout = laid_out(map_id)
    image = np.zeros(65536, np.uint16)
    for address, word in words.items():
        image[address] = word
    values, states = np.empty(len(layout)), np.empty(len(layout), np.uint8)
    whole_memory(map_id).decode(image, values, states)
    given = np.zeros(65537, np.int64)
    given[[address + 1 for address in words]] = 1
    before = np.cumsum(given)
    complete = before[layout.address + layout.words] - before[layout.address] == layout.words
    found: dict[str, float | None] = {}
    for i in np.flatnonzero(complete).tolist():
        assert states[i] in (OK, SENTINEL)
        found[layout.name(i)] = None if states[i] == SENTINEL else float(values[i])
    return found


def pair(address: int, first: int, second: int) -> dict[int, int]:
    """Two registers in the order of the wire."""
    return {address: first, address + 1: second}


# 3295 = 12 * 256 + 223 = 0xCDF      3301 = 0xCE5      -5 as eight bits = 256 - 5 = 251 = 0xFB
# temperature | second cell | first cell = FB | CE5 | CDF = 0xFBCE5CDF; the low word 0x5CDF goes first on the wire.
PACKED = (0x5CDF, 0xFBCE)


def test_fenecon_packs_two_cells_and_a_temperature_in_one_word() -> None:
    assert read("fenecon-commercial", pair(3200, *PACKED)) == {
        "tower[1].module[1].cell_1_voltage": pytest.approx(3.295),
        "tower[1].module[1].cell_2_voltage": pytest.approx(3.301),
        "tower[1].module[1].temperature_1": pytest.approx(-5.0),
    }


def test_fenecon_third_word_of_a_far_module() -> None:
    # tower 2, module 3: 3200 + 768 + 2 * 20 = 4008; cells 5 and 6 in its third pair of registers, 4012.
    assert read("fenecon-commercial", pair(4012, *PACKED)) == {
        "tower[2].module[3].cell_5_voltage": pytest.approx(3.295),
        "tower[2].module[3].cell_6_voltage": pytest.approx(3.301),
        "tower[2].module[3].temperature_3": pytest.approx(-5.0),
    }


def test_fenecon_zero_is_no_value() -> None:
    # An empty word, then one with 25 °C = 0x19 in the upper byte of the second register and nothing below.
    assert set(read("fenecon-commercial", pair(3210, 0, 0)).values()) == {None}
    assert read("fenecon-commercial", pair(3212, 0x0000, 0x1900)) == {"tower[1].module[1].temperature_7": 25.0}
    assert read("fenecon-commercial", {2684: 0}) == {"soc": None}


def test_fenecon_packed_word_is_written_field_by_field() -> None:
    layout = laid_out("fenecon-commercial")
    names = layout.names()
    fields = {"cell_1_voltage": 3.295, "cell_2_voltage": 3.301, "temperature_1": -5.0}
    image = np.full(65536, 0xFFFF, np.uint16)
    for field, value in fields.items():
        which, values = np.zeros(len(layout), np.bool_), np.zeros(len(layout))
        i = names.index(f"tower[1].module[1].{field}")
        which[i], values[i] = True, value
        whole_memory("fenecon-commercial").encode(values, image, which)
    assert tuple(image[3199:3203].tolist()) == (0xFFFF, *PACKED, 0xFFFF)


def test_fenecon_has_the_low_word_first_but_not_everywhere() -> None:
    # 768.43 V = 76843 counts = 1 * 65536 + 11307 = 0x0001 0x2C2B
    assert read("fenecon-commercial", pair(2680, 0x2C2B, 0x0001)) == {"voltage": pytest.approx(768.43)}
    # -123.45 A = -12345 counts; 12345 = 0x3039, so 0xFFFF 0xCFC7
    assert read("fenecon-commercial", pair(2682, 0xCFC7, 0xFFFF)) == {"current": pytest.approx(-123.45)}
    # 350000 ohm = 5 * 65536 + 22320 = 0x0005 0x5730, high word first in this one block; tower 2 begins at 3072 + 768
    assert read("fenecon-commercial", pair(3150 + 768, 0x0005, 0x5730)) == {"tower[2].insulation_positive": 350000.0}


def test_fenecon_fields_of_plain_registers() -> None:
    assert read("fenecon-commercial", {2785: 0x0307}) == {"tower_count": 3.0}
    # hottest module 2 in the low byte, coldest module 4 in the high byte
    assert read("fenecon-commercial", {3096: 0x0402}) == {
        "tower[1].temperature_max_module": 2.0,
        "tower[1].temperature_min_module": 4.0,
    }
    # bit 0 EEPROM, bit 9 cell undervoltage of level 1, bit 15 cell overvoltage of level 2: 0x8201
    assert read("fenecon-commercial", {3122: 0x8201}) == {
        "tower[1].hardware_faults": 0x0001,
        "tower[1].alarm_level_1": 0x0200,
        "tower[1].alarm_level_2_overvoltage": 0x8000,
    }


def test_carlo_gavazzi_has_the_low_word_first_and_counts_drawn_power() -> None:
    # 230.4 V = 2304 = 0x0900
    assert read("carlo-gavazzi-em300", pair(0, 0x0900, 0x0000)) == {"voltage_l1": pytest.approx(230.4)}
    # 12345.6 W = 123456 = 1 * 65536 + 57920 = 0x0001 0xE240, positive when drawn; the product counts feed-in positive.
    assert read("carlo-gavazzi-em300", pair(18, 0xE240, 0x0001)) == {"active_power_l1": pytest.approx(-12345.6)}
    # -100.0 W = -1000 = 0xFFFF 0xFC18
    assert read("carlo-gavazzi-em300", pair(18, 0xFC18, 0xFFFF)) == {"active_power_l1": pytest.approx(100.0)}


def test_inpower_puts_two_temperatures_in_one_register() -> None:
    # 75 = 0x4B in the upper byte, 50 = 0x32 in the lower; the second PCS follows 1000 registers on.
    assert read("inpower-pcs-v23", {258: 0x4B32, 1259: 0x0119}) == {
        "pcs[1].igbt_temperature_1": 75.0,
        "pcs[1].igbt_temperature_2": 50.0,
        "pcs[2].igbt_temperature_3": 1.0,
        "pcs[2].igbt_temperature_4": 25.0,
    }


def test_inpower_counts_discharge_negative() -> None:
    # -50.0 kW = -500 = 65536 - 500 = 0xFE0C goes to the grid: +50.0
    assert read("inpower-pcs-v23", {211: 0xFE0C}) == {"pcs[1].active_power": pytest.approx(50.0)}


def test_soltaro_racks_lie_4096_registers_apart() -> None:
    # rack 3 begins at 0x4000, its cells at 0x4800 = 18432; module 2, cell 5 is cell 12 + 5 = 17 of the rack.
    assert read("soltaro-cluster-c", {18432 + 16: 3312}) == {"rack[3].cell[17].voltage": pytest.approx(3.312)}
    # rack 5, temperature 24: 0x6C00 + 23 = 27671
    assert read("soltaro-cluster-c", {27671: 253}) == {"rack[5].sensor[24].temperature": pytest.approx(25.3)}
    # rack 2, coldest cell, signed: -12.5 °C = -125 = 0xFF83 at 8460 + 4096
    assert read("soltaro-cluster-c", {12556: 0xFF83}) == {"rack[2].temperature_min": pytest.approx(-12.5)}


def test_discover_adds_offsets() -> None:
    # 32000 counts are 0 A; 33250 are 125.0 A above, 30750 as much below.
    assert read("discover-aes-bcu", {1002: 32000}) == {"current": 0.0}
    assert read("discover-aes-bcu", {1502: 33250}) == {"pack[3].current": pytest.approx(125.0)}
    assert read("discover-aes-bau", {1002: 30750}) == {"current": pytest.approx(-125.0)}
    # 40 counts are 0 °C. Pack 4, sensor 24: 30001 + 3 * 250 + 23 = 30774
    assert read("discover-aes-bcu", {30774: 65}) == {"pack_temperatures[4].sensor[24].temperature": 25.0}
    assert read("discover-aes-bcu", {1022: 15}) == {"temperature_min": -25.0}
    # Pack 4, cell 104: 10001 + 3 * 500 + 103 = 11604
    assert read("discover-aes-bcu", {11604: 3287}) == {"pack_cells[4].cell[104].voltage": pytest.approx(3.287)}
    # 12345.6 kWh = 123456 = 0x0001 0xE240, high word first; pack 2: 1328 + 100
    assert read("discover-aes-bcu", pair(1428, 0x0001, 0xE240)) == {"pack[2].energy_charged": pytest.approx(12345.6)}
