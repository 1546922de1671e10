"""Maps: what the loader fills in, and how it complains."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from bessinside.registers import MapError, RegisterMap, Symbol, load_map, parse_map, shipped_maps

MakeMap = Callable[[str], RegisterMap]

HEAD = "id: t\nlabel: Test device\nx-class: bms\nx-source: {document: A document, from: a shelf}\n"
POINT = "group: {name: g, points: [{name: p, type: uint16, x-address: 1, %s}]}\n"


def test_defaults(make_map: MakeMap) -> None:
    found = make_map("group: {name: g, points: [{name: p, type: uint16, x-address: 7}]}\n")
    (point,) = found.points()
    assert (point.fc, point.words, point.access, point.sf, point.low_first) == (3, 1, "R", 0, False)
    assert (point.sentinel, point.sign, point.offset, point.metric, point.sign_stated) == ((), 1, 0.0, None, False)
    assert point.line == 5
    assert found.group.count is None
    assert found.source.read_from == "a shelf"
    assert found.quirks == {}


def test_everything_a_point_can_say(make_map: MakeMap) -> None:
    found = make_map(
        "x-transport: {quirks: {max-registers: 60}}\n"
        "group:\n  name: r\n  x-anatomy: rack\n  points:\n"
        "    - {name: w, type: int32, sf: -2, units: kW, access: RW, label: Power, desc: d, detail: e, notes: f,\n"
        "       static: S, mandatory: M, x-address: 0x10, x-fc: 4, x-word-order: low-first, x-offset: -3,\n"
        "       x-sentinel: [-1, 0x80000000], x-sign: discharge-negative, x-metric: power, x-part: module/2,\n"
        "       x-source: p. 7, x-verified-by: [a, b], x-suspect: odd, x-write-only: true, x-range: [-5, 5],\n"
        "       symbols: [{name: 'ON', value: 1, label: On}]}\n"
    )
    (p,) = found.points()
    assert (p.address, p.fc, p.words, p.low_first, p.offset, p.sf) == (16, 4, 2, True, -3.0, -2)
    assert p.sentinel == (0xFFFFFFFF, 0x80000000)
    assert (p.sign, p.sign_stated, p.metric, p.part) == (-1, True, "power", "module/2")
    assert (p.source, p.verified_by, p.suspect, p.write_only, p.range) == ("p. 7", ("a", "b"), "odd", True, (-5.0, 5.0))
    assert p.symbols == (Symbol("ON", 1, "On"),)
    assert (p.static, p.mandatory, p.desc, p.detail, p.notes) == (True, True, "d", "e", "f")
    assert found.quirks == {"max-registers": 60}


def test_an_address_follows_the_point_before(make_map: MakeMap) -> None:
    found = make_map(
        "group: {name: g, points: [{name: a, type: uint32, x-address: 10}, {name: b, type: string, size: 3},"
        " {name: c, type: uint16}], groups: [{name: h, points: [{name: d, type: int64}, {name: e, type: uint16}]}]}\n"
    )
    assert [p.address for p in found.points()] == [10, 12, 15, 16, 20]


def test_what_a_map_or_group_says_flows_down(make_map: MakeMap) -> None:
    found = make_map(
        "x-fc: 4\nx-word-order: low-first\nx-sentinel: sunspec\n"
        "group: {name: g, points: [{name: a, type: uint32, x-address: 1}, "
        "{name: b, type: uint32, x-word-order: high-first,"
        " x-sentinel: none}], groups: [{name: h, x-fc: 1, points: [{name: c, type: uint16}]}]}\n"
    )
    a, b, c = found.points()
    assert (a.fc, a.low_first, a.sentinel) == (4, True, (0xFFFFFFFF,))
    assert (b.fc, b.low_first, b.sentinel) == (4, False, ())
    assert (c.fc, c.low_first, c.sentinel) == (1, True, (0xFFFF,))


def test_a_general_sign_turns_round_only_what_has_a_direction(make_map: MakeMap) -> None:
    found = make_map(
        "x-sign: discharge-negative\n"
        "group: {name: g, x-anatomy: rack, points: ["
        "{name: a, type: int16, units: A, x-metric: current, x-address: 1},"
        "{name: b, type: uint16, units: A, x-metric: charge_current_limit},"
        "{name: c, type: int16, units: C, x-metric: temperature_max},"
        "{name: d, type: int16, units: A},"
        "{name: e, type: uint16, units: A, x-offset: -3200, x-metric: power},"
        "{name: f, type: int16, units: A, x-metric: current, x-sign: discharge-positive}]}\n"
    )
    assert [(p.name, p.sign, p.sign_stated) for p in found.points()] == [
        ("a", -1, True),
        ("b", 1, False),
        ("c", 1, False),
        ("d", 1, False),
        ("e", -1, True),
        ("f", 1, True),
    ]


def test_sunspec_sentinels_leave_fields_of_a_word_alone(make_map: MakeMap) -> None:
    found = make_map(
        "x-sentinel: sunspec\ngroup: {name: g, points: [{name: a, type: uint16, x-address: 1, x-mask: 0xFF00},"
        " {name: b, type: int16, x-address: 2}, {name: c, type: acc32}, {name: d, type: string, size: 2}]}\n"
    )
    assert [p.sentinel for p in found.points()] == [(), (0x8000,), (0,), ()]


def test_mask_and_shift(make_map: MakeMap) -> None:
    found = make_map(
        "group: {name: g, points: [{name: a, type: uint16, x-address: 1, x-mask: 0xFF00},"
        " {name: b, type: uint16, x-address: 1, x-mask: 0x00F0, x-shift: 0},"
        " {name: c, type: bitfield16, x-mask: 0x0101}]}\n"
    )
    assert [(p.mask, p.shift, p.bits) for p in found.points()] == [(0xFF00, 8, 8), (0xF0, 0, 8), (0x101, 0, 9)]
    assert found.rows == 2


def test_stride_of_a_contiguous_group_is_its_length(make_map: MakeMap) -> None:
    found = make_map(
        "group: {name: g, groups: [{name: h, count: 3, points: ["
        "{name: a, type: uint32, x-address: 5}, {name: b, type: uint16}]}]}\n"
    )
    assert found.group.groups[0].stride == 3


BROKEN = {
    "unknown key of a map": (HEAD + "x-clas: pcs\n", 5, "x-clas", "did you mean 'x-class'"),
    "unknown key of a point": (HEAD + POINT % "x-adress: 2", 5, "x-adress", "did you mean 'x-address'"),
    "unknown key of a group": (HEAD + "group:\n  name: g\n  x-stryde: 2\n", 7, "x-stryde", "did you mean 'x-stride'"),
    "unknown key of a symbol": (HEAD + POINT % "symbols: [{name: a, valu: 1}]", 5, "valu", "did you mean 'value'"),
    "unknown key of a source": ("x-source: {document: a, form: b}\n", 1, "form", "did you mean 'from'"),
    "unknown key of addressing": (HEAD + "x-addressing: {printd: 1}\n", 5, "printd", "did you mean 'printed'"),
    "no id": (HEAD.replace("id: t\n", "") + POINT % "", 1, "id", "expected text, found nothing"),
    "no source": ("id: t\nlabel: l\nx-class: bms\n", 1, "x-source", "expected a mapping"),
    "no document": (HEAD.replace("document: A document, ", "") + POINT % "", 4, "document", "expected text"),
    "no group": (HEAD, 1, "group", "expected a mapping, found nothing"),
    "quirks no mapping": (HEAD + "x-transport: {quirks: none}\n" + POINT % "", 5, "quirks", "expected a mapping"),
    "unknown class": (HEAD.replace("bms", "bus") + POINT % "", 3, "x-class", "did you mean 'bms'"),
    "empty group": (HEAD + "group: {name: g}\n", 5, "points", "is empty"),
    "points no list": (HEAD + "group: {name: g, points: {name: p}}\n", 5, "points", "expected a list of mappings"),
    "unknown type": (
        HEAD + "group: {name: g, points: [{name: p, type: unit16, x-address: 1}]}\n",
        5,
        "type",
        "did you mean 'uint16'",
    ),
    "no type": (HEAD + "group: {name: g, points: [{name: p, x-address: 1}]}\n", 5, "type", "found nothing"),
    "wrong size": (HEAD + POINT % "size: 2", 5, "size", "expected 1, the length of uint16"),
    "string without size": (
        HEAD + "group: {name: g, points: [{name: p, type: string, x-address: 1}]}\n",
        5,
        "size",
        "whole number",
    ),
    "first point without address": (
        HEAD + "group: {name: g, points: [{name: p, type: uint16}]}\n",
        5,
        "x-address",
        "whole number",
    ),
    "address past the end": (
        HEAD + "group: {name: g, points: [{name: p, type: uint32, x-address: 65535}]}\n",
        5,
        "x-address",
        "65535",
    ),
    "address negative": (
        HEAD + "group: {name: g, points: [{name: p, type: uint16, x-address: -1}]}\n",
        5,
        "x-address",
        "from 0 to 65535",
    ),
    "address text": (
        HEAD + "group: {name: g, points: [{name: p, type: uint16, x-address: 4x}]}\n",
        5,
        "x-address",
        "found '4x'",
    ),
    "function code": (HEAD + POINT % "x-fc: 5", 5, "x-fc", "from 1 to 4"),
    "bits of a wide type": (
        HEAD + "group: {name: g, points: [{name: p, type: uint32, x-address: 1, x-fc: 2}]}\n",
        5,
        "type",
        "for a bit",
    ),
    "word order": (HEAD + POINT % "x-word-order: little", 5, "x-word-order", "high-first"),
    "scale factor too large": (HEAD + POINT % "sf: 11", 5, "sf", "from -10 to 10"),
    "scale factor of no point": (HEAD + POINT % "sf: W_SF", 5, "sf", "no sunssf point"),
    "mask too wide": (HEAD + POINT % "x-mask: 0x10000", 5, "x-mask", "from 1 to 65535"),
    "mask with holes": (HEAD + POINT % "x-mask: 0x0505", 5, "x-mask", "neighbouring bits"),
    "mask of a float": (
        HEAD + "group: {name: g, points: [{name: p, type: float32, x-address: 1, x-mask: 1}]}\n",
        5,
        "x-mask",
        "whole-number types",
    ),
    "shift without mask": (HEAD + POINT % "x-shift: 2", 5, "x-shift", "together with x-mask"),
    "shift that drops bits": (HEAD + POINT % "x-mask: 0xF0, x-shift: 5", 5, "x-shift", "from 0 to 4"),
    "digits of a signed type": (
        HEAD + "group: {name: g, points: [{name: p, type: int16, x-address: 1, x-bcd: true}]}\n",
        5,
        "x-bcd",
        "unsigned",
    ),
    "sentinel out of range": (HEAD + POINT % "x-sentinel: 0x10000", 5, "x-sentinel", "from 0 to 65535"),
    "sentinel no number": (HEAD + POINT % "x-sentinel: nan", 5, "x-sentinel", "raw whole numbers"),
    "sunspec sentinel of a field": (
        HEAD + POINT % "x-mask: 0xF, x-sentinel: sunspec",
        5,
        "x-sentinel",
        "part of a register",
    ),
    "sign": (HEAD + POINT % "x-sign: charge-positive", 5, "x-sign", "did you mean 'discharge-positive'"),
    "part": (HEAD + POINT % "x-part: cell3", 5, "x-part", "like cell/3"),
    "anatomy": (HEAD + "group: {name: g, x-anatomy: pack, points: []}\n", 5, "x-anatomy", "rack"),
    "range turned round": (HEAD + POINT % "x-range: [5, 1]", 5, "x-range", "the lower first"),
    "flag": (HEAD + POINT % "x-write-only: 1", 5, "x-write-only", "true or false"),
    "access": (HEAD + POINT % "access: W", 5, "access", "found 'W'"),
    "name twice": (
        HEAD + "group:\n  name: g\n  points:\n  - {name: p, type: uint16, x-address: 1}\n  - {name: p, type: uint16}\n",
        9,
        "name",
        "stands twice in this group; the first is on line 8",
    ),
    "name with a dot": (
        HEAD + "group: {name: g, points: [{name: a.b, type: uint16, x-address: 1}]}\n",
        5,
        "name",
        "letters, digits",
    ),
    "count of no point": (
        HEAD + "group: {name: g, points: [{name: NMod, type: uint16, x-address: 1}], groups: [{name: m, count: NMood,"
        " points: [{name: p, type: uint16}]}]}\n",
        5,
        "count",
        "did you mean 'NMod'",
    ),
    "count negative": (
        HEAD + "group: {name: g, count: -1, points: [{name: p, type: uint16, x-address: 1}]}\n",
        5,
        "count",
        "from 0",
    ),
    "stride without count": (
        HEAD + "group: {name: g, x-stride: 4, points: [{name: p, type: uint16, x-address: 1}]}\n",
        5,
        "x-stride",
        "without count",
    ),
    "stride not told": (
        HEAD + "group: {name: g, count: 2, points: ["
        "{name: p, type: uint16, x-address: 1}, {name: q, type: uint16, x-address: 5}]}\n",
        5,
        "x-stride",
        "from one instance to the next",
    ),
    "address after a repeated group": (
        HEAD + "group: {name: g, groups: [{name: h, count: 2, points: [{name: p, type: uint16, x-address: 1}]},"
        " {name: i, points: [{name: q, type: uint16}]}]}\n",
        5,
        "x-address",
        "whole number",
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_map_names_file_line_key_and_what_is_expected(case: str) -> None:
    text, line, key, expected = BROKEN[case]
    with pytest.raises(MapError) as caught:
        parse_map(text, "maps/t.yaml")
    error = caught.value
    assert (error.file, error.line, error.key) == ("maps/t.yaml", line, key)
    assert expected in error.expected
    assert str(error) == f"maps/t.yaml:{line}: {key}: {error.expected}"


def test_a_shipped_map_by_id_and_by_path() -> None:
    assert len(shipped_maps()) >= 14
    assert "sunspec" not in shipped_maps()
    found = load_map("janitza-umg96rme")
    assert found.id == "janitza-umg96rme"
    assert load_map(Path(found.path)) == found


def test_an_unknown_id_names_the_nearest() -> None:
    with pytest.raises(MapError, match="did you mean 'janitza-umg96rme'"):
        load_map("janitza-umg96")


def test_a_missing_file() -> None:
    with pytest.raises(MapError, match=r"nowhere/t.yaml:0: map: the file does not exist"):
        load_map("nowhere/t.yaml")


def test_the_id_is_the_name_of_the_file(tmp_path: Path) -> None:
    file = tmp_path / "other.yaml"
    file.write_text(HEAD + POINT % "")
    with pytest.raises(MapError, match="expected 'other', the file's name, found 't'"):
        load_map(file)
