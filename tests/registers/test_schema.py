"""The editor's schema agrees with the loader."""

from __future__ import annotations

from functools import cache
from typing import Any

import jsonschema
import pytest

from bessinside.registers import load_map, shipped_maps
from bessinside.registers.located import parse
from bessinside.registers.schema import map_schema
from bessinside.runtime import disk

HEAD = "id: t\nlabel: Test device\nx-class: bms\nx-source: {document: A document, from: a shelf}\n"


@cache
def validator() -> Any:
    jsonschema.Draft202012Validator.check_schema(map_schema())
    return jsonschema.Draft202012Validator(map_schema())


@pytest.mark.parametrize("map_id", shipped_maps())
def test_shipped_maps_are_valid(map_id: str) -> None:
    path = load_map(map_id).path
    assert [e.message for e in validator().iter_errors(parse(disk.read_text(path), path))] == []


@pytest.mark.parametrize(
    "body",
    [
        "group: {name: g, points: [{name: p, type: unit16, x-address: 1}]}",
        "group: {name: g, points: [{name: p, type: uint16, x-adress: 1}]}",
        "group: {name: g, points: [{name: p, type: uint16, x-address: -1}]}",
        "group: {name: g, points: [{name: p, type: uint16, x-fc: 5}]}",
        "group: {name: g, points: [{name: p, type: uint16, x-metric: volts}]}",
        "group: {name: g, points: [{name: p, type: uint16, x-part: cell3}]}",
        "group: {name: g, points: [{name: p, type: uint16, x-sentinel: never}]}",
        "group: {name: g, x-anatomy: pack}",
        "group: {points: []}",
        "x-word-order: little\ngroup: {name: g}",
        "",
    ],
)
def test_mistakes_are_marked(body: str) -> None:
    assert list(validator().iter_errors(parse(HEAD + body, "t.yaml")))
