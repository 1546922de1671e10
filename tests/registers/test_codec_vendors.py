"""Words of real devices, decoded by hand."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from bessinside.registers import OK, SENTINEL, Codec, Layout

MakeCodec = Callable[..., tuple[Codec, Layout]]
Decode = Callable[[Codec, list[int]], tuple[list[float], list[int]]]


def test_carlo_gavazzi_low_word_first(make_codec: MakeCodec, decode: Decode) -> None:
    # 230.5 V = 2305 tenths = 0x00000901; -12.5 kW = -125000 tenths of a watt = 0xFFFE17B8
    codec, _ = make_codec(
        "{name: voltage, type: int32, sf: -1, units: V, x-address: 0}, {name: power, type: int32, sf: -1, units: W}",
        head="x-word-order: low-first\n",
    )
    assert decode(codec, [0x0901, 0x0000, 0x17B8, 0xFFFE]) == ([230.5, -12500.0], [OK, OK])


def test_fenecon_two_cells_and_a_temperature_in_one_word(make_codec: MakeCodec, decode: Decode) -> None:
    # -21 °C = 0xEB, 3.312 V = 0xCF0, 3.298 V = 0xCE2: 0xEBCF0CE2, low word first
    codec, layout = make_codec(
        "group: {name: battery, groups: [{name: tower, x-anatomy: rack, count: 2, x-stride: 768, groups: ["
        "{name: module, x-anatomy: module, count: 0, x-stride: 20, points: ["
        "{name: c1, type: uint32, sf: -3, x-mask: 0x00000FFF, x-sentinel: 0, x-part: cell/1, x-address: 3200},"
        "{name: c2, type: uint32, sf: -3, x-mask: 0x00FFF000, x-sentinel: 0, x-part: cell/2, x-address: 3200},"
        "{name: t1, type: int32, x-mask: 0xFF000000, x-part: sensor/1, x-address: 3200}]}]}]}\n",
        head="x-word-order: low-first\n",
        counts={"module": 3},
    )
    words = np.zeros(codec.size, np.uint16)
    at = 768 + 2 * 20  # tower 2, module 3
    words[at : at + 2] = [0x0CE2, 0xEBCF]
    values, states = decode(codec, words.tolist())
    found = dict(zip(layout.names(), zip(values, states, strict=True), strict=True))
    assert found["tower[2].module[3].c1"] == (3.298, OK)
    assert found["tower[2].module[3].c2"] == (3.312, OK)
    assert found["tower[2].module[3].t1"] == (-21.0, OK)
    assert found["tower[1].module[1].c1"][1] == SENTINEL
    assert found["tower[1].module[1].t1"] == (0.0, OK)
    back = np.zeros(codec.size, np.uint16)
    codec.encode(np.array(values), back)
    np.testing.assert_array_equal(back, words)


def test_inpower_two_temperatures_a_word(make_codec: MakeCodec, decode: Decode) -> None:
    codec, _ = make_codec(
        "{name: igbt_1, type: uint16, units: C, x-mask: 0xFF00, x-address: 258, x-fc: 4},"
        "{name: igbt_2, type: uint16, units: C, x-mask: 0x00FF, x-address: 258, x-fc: 4},"
        "{name: igbt_3, type: int16, units: C, x-mask: 0xFF00, x-fc: 4}"
    )
    assert decode(codec, [0x4F31, 0xF600]) == ([79.0, 49.0, -10.0], [OK] * 3)


def test_inpower_charges_as_positive(make_codec: MakeCodec, decode: Decode) -> None:
    # 1250.0 kW into the grid reads as -12500 tenths of a kW
    codec, _ = make_codec(
        "{name: p, type: int16, sf: -1, units: kW, x-sign: discharge-negative, x-address: 211}", factor=1000.0
    )
    assert decode(codec, [0xCF2C]) == ([1_250_000.0], [OK])
    words = np.zeros(1, np.uint16)
    codec.encode(np.array([-800_000.0]), words)
    assert words.tolist() == [8000]


def test_soltaro_racks_stand_0x1000_apart(make_codec: MakeCodec) -> None:
    _, layout = make_codec(
        "group: {name: cluster, groups: [{name: rack, x-anatomy: rack, count: 5, x-stride: 0x1000, points: ["
        "{name: voltage, type: uint16, sf: -1, units: V, x-address: 0x2100}], groups: ["
        "{name: cell, x-anatomy: cell, count: 0, points: ["
        "{name: voltage, type: uint16, sf: -3, units: V, x-address: 0x2800}]}]}]}\n",
        counts={"cell": 240},
    )
    at = dict(zip(layout.names(), layout.address.tolist(), strict=True))
    assert at["rack[1].voltage"] == 0x2100
    assert at["rack[5].voltage"] == 0x6100
    assert at["rack[3].cell[240].voltage"] == 0x2800 + 2 * 0x1000 + 239
    assert layout.anatomy(layout.names().index("rack[3].cell[240].voltage")) == (("rack", 3), ("cell", 240))


def test_discover_counts_from_minus_3200_and_minus_40(make_codec: MakeCodec, decode: Decode) -> None:
    codec, _ = make_codec(
        "{name: current, type: uint16, sf: -1, units: A, x-offset: -3200, x-address: 1002},"
        "{name: temperature, type: uint16, units: C, x-offset: -40}"
    )
    assert decode(codec, [30500, 65]) == ([-150.0, 25.0], [OK, OK])
    words = np.zeros(2, np.uint16)
    codec.encode(np.array([12.34, -40.0]), words)
    assert words.tolist() == [32123, 0]


def test_one_power_in_three_encodings(make_codec: MakeCodec, decode: Decode) -> None:
    # 1 802 500 W as f32, as i32 tenths of a watt low word first, as f32 in kW
    janitza, _ = make_codec("{name: p, type: float32, units: W, x-address: 19026}")
    gavazzi, _ = make_codec("{name: p, type: int32, sf: -1, units: W, x-word-order: low-first, x-address: 40}")
    schneider, _ = make_codec("{name: p, type: float32, units: kW, x-address: 3059}", factor=1000.0)
    assert decode(janitza, [0x49DC, 0x0820]) == ([1_802_500.0], [OK])
    assert decode(gavazzi, [0x0A28, 0x0113]) == ([1_802_500.0], [OK])
    assert decode(schneider, [0x44E1, 0x5000]) == ([1_802_500.0], [OK])


def test_a_bit_is_a_word_of_its_own(make_codec: MakeCodec, decode: Decode) -> None:
    codec, _ = make_codec("{name: run, type: uint16, x-fc: 2, x-address: 83}, {name: fault, type: uint16, x-fc: 2}")
    assert decode(codec, [1, 0]) == ([1.0, 0.0], [OK, OK])
