"""Groups against SunSpec's own JSON Schema, and words against an independent decoder."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Any

import jsonschema
import numpy as np
import pytest
from sunspec2 import device as peer

from bessinside.registers import (
    OK,
    Codec,
    Group,
    Point,
    RegisterMap,
    chain,
    flatten,
    load_map,
    shipped_maps,
    sunspec_map,
)
from bessinside.registers.sunspec_models import as_definition

MODELS = [
    (1, {}),
    (103, {}),
    (203, {}),
    (213, {}),
    (701, {}),
    (704, {}),
    (705, {"NCrv": 2, "NPt": 3}),
    (713, {}),
    (714, {"NPrt": 2}),
    (802, {}),
    (803, {"NStr": 1}),
    (804, {"NMod": 2, "Idx": 1}),
    (805, {"lithium-ion-module-cell": 5, "StrIdx": 1, "ModIdx": 1}),
    (805, {"lithium-ion-module-cell": 5, "StrIdx": 1, "ModIdx": 2}),
]


@cache
def schema() -> Any:
    found = json.loads(files("sunspec2").joinpath("models/json/schema.json").read_text())
    return jsonschema.Draft7Validator(found | {"required": ["id", "group"]})


def groups(group: Group) -> Iterator[Group]:
    yield group
    for below in group.groups:
        yield from groups(below)


@pytest.mark.parametrize("map_id", [*shipped_maps(), "sunspec"])
def test_every_expanded_group_validates_against_the_schema_of_sunspec(map_id: str) -> None:
    found = sunspec_map(chain(MODELS, 0)) if map_id == "sunspec" else load_map(map_id)
    for group in groups(found.group):
        errors = list(schema().iter_errors({"id": 64999, "group": as_definition(group)}))
        assert not errors, f"{found.id} {group.name}: {errors[0].json_path} {errors[0].message}"


def words_for(found: RegisterMap, seed: int) -> tuple[Codec, np.ndarray[Any, Any]]:
    layout = flatten(found)
    codec = Codec(layout, layout.address)
    words = np.random.default_rng(seed).integers(1, 0x7000, codec.size).astype(np.uint16)
    for i, point in enumerate(layout.points[p] for p in layout.point):
        at = int(layout.address[i])
        if point.type == "sunssf":
            words[at] = np.random.default_rng(i).integers(-5, 4) & 0xFFFF
        elif point.type == "string":
            words[at : at + point.words] = 0x4142
    return codec, words


@pytest.mark.parametrize("seed", range(3))
def test_sunspec_models_decode_as_the_peer_decodes_them(seed: int) -> None:
    laid = chain(MODELS, 0)
    codec, words = words_for(sunspec_map(laid), seed)
    for address, word in laid.header_words().items():
        if address < codec.size:
            words[address] = word
    for found in laid.models:
        for name, value in found.values.items():
            i = [k for k, n in enumerate(codec.layout.names()) if n.endswith(f".{name}")]
            at = [codec.layout.address[k] for k in i if found.address <= codec.layout.address[k] < found.end]
            if at:
                words[at[0]] = value
    layout = codec.layout
    # one in ten is not implemented
    for i in np.random.default_rng(seed).choice(len(layout), len(layout) // 10, replace=False).tolist():
        point = layout.definition(i)
        if point.sentinel and point.name not in ("ID", "L", "NCrv", "NPt", "NPrt", "NStr", "NMod", "SunS"):
            raw = point.sentinel[0]
            for k in range(point.words):
                words[layout.address[i] + k] = raw >> 16 * (point.words - 1 - k) & 0xFFFF
    values, state = np.zeros(len(layout)), np.zeros(len(layout), np.uint8)
    codec.decode(words, values, state)
    places = {int(a): i for i, a in enumerate(layout.address)}
    compared = 0
    for found in laid.models:
        data = words[found.address : found.end].astype(">u2").tobytes()
        theirs = peer.Model(found.id, found.address, found.length, data=data)
        assert not theirs.error_info
        for point in peer_points(theirs):
            place = places.get(found.address + point.offset)
            if place is None:
                assert point.pdef["type"] == "pad"
                continue
            compared += 1
            compare(codec, place, words, values[place], int(state[place]), point)
    assert compared == len(layout) - 1  # all but the marker


def peer_points(group: Any) -> Iterator[Any]:
    yield from group.points.values()
    for below in group.groups.values():
        for one in below if isinstance(below, list) else [below]:
            yield from peer_points(one)


def compare(codec: Codec, i: int, words: np.ndarray[Any, Any], value: float, state: int, theirs: Any) -> None:
    point = codec.layout.definition(i)
    if point.wire_type.kind == "text":
        assert codec.text(i, words) == (theirs.value or "").strip()
        return
    if theirs.value is None:
        assert state != OK
        return
    exponent = codec.exponent(i, words)
    if exponent is None:
        assert state != OK  # the peer shows the raw number without its scale factor
        return
    assert state == OK
    # the peer rounds to the decimals of the scale factor
    assert value == pytest.approx(theirs.value * 10.0**exponent, rel=1e-12)


def reason(point: Point) -> str | None:
    """Why SunSpec's vocabulary cannot say this point; None where it can."""
    checks = (
        (point.fc in (1, 2), "bit"),
        (point.fc == 4, "input register"),
        (point.mask is not None, "field of a word"),
        (point.low_first and point.words > 1 and point.wire_type.numeric, "low word first"),
        (point.offset != 0, "offset"),
        (point.sign < 0, "charging counted as positive"),
        (point.bcd, "decimal digits"),
    )
    return next((text for applies, text in checks if applies), None)


def stretches(group: Group) -> Iterator[list[Point]]:
    """Neighbouring points of a group that SunSpec's vocabulary can say."""
    run: list[Point] = []
    for point in sorted(group.points, key=lambda p: p.address):
        if run and (reason(point) or point.address != run[-1].address + run[-1].words):
            yield run
            run = []
        if reason(point) is None:
            run.append(point)
    if run:
        yield run


@pytest.mark.parametrize("map_id", shipped_maps())
def test_what_sunspec_can_say_the_peer_decodes_alike(map_id: str) -> None:
    found = load_map(map_id)
    layout = flatten(found, lambda group, _: 1)
    codec = Codec(layout, layout.address)
    # printable characters: no text breaks, no pattern is a sentinel of any type
    octets = np.random.default_rng(3).integers(0x21, 0x7E, 2 * codec.size).astype(np.uint8)
    words = octets.view(">u2").astype(np.uint16)
    values, state = np.zeros(len(layout)), np.zeros(len(layout), np.uint8)
    codec.decode(words, values, state)
    at = {id(layout.definition(i)): i for i in range(len(layout))}
    for group in groups(found.group):
        for run in stretches(group):
            points = [as_definition(Group("g", points=(p,)))["points"][0] for p in run]
            document = {"id": 64999, "group": {"name": "g", "type": "group", "points": points}}
            end = run[-1].address + run[-1].words
            data = words[run[0].address : end].astype(">u2").tobytes()
            theirs = peer.Model(model_def=document, data=data)
            for point in run:
                i = at[id(point)]
                compare(codec, i, words, values[i], int(state[i]), theirs.points[point.name])


def test_most_rows_are_said_in_the_words_of_sunspec() -> None:
    reasons = Counter(reason(p) for map_id in shipped_maps() for p in load_map(map_id).points())
    assert set(reasons) <= {
        None,
        "bit",
        "input register",
        "field of a word",
        "low word first",
        "offset",
        "charging counted as positive",
        "decimal digits",
    }
    assert reasons[None] / reasons.total() > 0.7
