"""The wire types against the tables of an independent SunSpec implementation."""

from __future__ import annotations

import json
import struct
from importlib.resources import files

import pytest
from sunspec2 import mb

from bessinside.registers import WIRE_TYPES

SHARED = sorted(WIRE_TYPES.keys() & mb.point_type_info.keys())


def test_every_type_of_the_sunspec_schema_is_known() -> None:
    schema = json.loads(files("sunspec2").joinpath("models/json/schema.json").read_text())
    assert set(schema["definitions"]["point"]["properties"]["type"]["enum"]) == set(WIRE_TYPES)


@pytest.mark.parametrize("name", SHARED)
def test_length(name: str) -> None:
    if WIRE_TYPES[name].words:
        assert WIRE_TYPES[name].words == mb.point_type_info[name].len


@pytest.mark.parametrize("name", [n for n in SHARED if WIRE_TYPES[n].numeric])
def test_sentinel(name: str) -> None:
    wire_type = WIRE_TYPES[name]
    if wire_type.sentinel is None:
        assert name == "raw16"
        return
    assert wire_type.sentinel.to_bytes(2 * wire_type.words, "big") == mb.create_unimpl_value(name)


def test_float_sentinels_are_the_quiet_nan() -> None:
    for name, code in (("float32", ">f"), ("float64", ">d")):
        wire_type = WIRE_TYPES[name]
        assert wire_type.sentinel is not None
        value = struct.unpack(code, wire_type.sentinel.to_bytes(2 * wire_type.words, "big"))[0]
        assert value != value


def test_only_numbers_are_numeric() -> None:
    assert {n for n, t in WIRE_TYPES.items() if not t.numeric} == {"string", "ipaddr", "ipv6addr", "eui48", "pad"}
