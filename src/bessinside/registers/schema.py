"""The JSON Schema of a map file, for editors: completion and red lines while writing. The loader is the judge."""

from __future__ import annotations

from typing import Any

from bessinside.registers.loader import (
    ANATOMY,
    CLASSES,
    GROUP_KEYS,
    MAP_KEYS,
    POINT_KEYS,
    SIGNS,
    SOURCE_KEYS,
    SYMBOL_KEYS,
    WORD_ORDERS,
)
from bessinside.registers.metrics import metrics
from bessinside.registers.units import UNITS
from bessinside.registers.wire_types import WIRE_TYPES

DIALECT = "https://json-schema.org/draft/2020-12/schema"

_TEXT = {"type": "string"}
_SCALAR = {"type": ["string", "number"]}
_FLAG = {"type": "boolean"}
_ADDRESS = {"type": "integer", "minimum": 0, "maximum": 65535}
_NAME = {"type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_-]*$"}

_VALUES: dict[str, dict[str, Any]] = {
    "name": _NAME,
    "type": {"enum": list(WIRE_TYPES)},
    "size": {"type": "integer", "minimum": 1, "maximum": 125},
    "sf": {"type": ["integer", "string"], "minimum": -10, "maximum": 10},
    "units": {"type": "string", "examples": sorted(UNITS)},
    "access": {"enum": ["R", "RW"]},
    "static": {"enum": ["S", "D"]},
    "mandatory": {"enum": ["M", "O"]},
    "symbols": {"type": "array", "items": {"$ref": "#/$defs/symbol"}},
    "count": {"type": ["integer", "string"], "minimum": 0},
    "value": {"type": "integer", "minimum": 0},
    "points": {"type": "array", "items": {"$ref": "#/$defs/point"}},
    "groups": {"type": "array", "items": {"$ref": "#/$defs/group"}},
    "group": {"$ref": "#/$defs/group"},
    "x-address": _ADDRESS | {"description": "Address on the wire, in the first instance of every group around it."},
    "x-addressing": {
        "type": "object",
        "properties": {
            "printed": {"type": "integer", "description": "Added to the wire address, it is as printed."},
            "note": _TEXT,
        },
        "additionalProperties": False,
    },
    "x-anatomy": {"enum": list(ANATOMY)},
    "x-bcd": _FLAG,
    "x-class": {"enum": list(CLASSES)},
    "x-fc": {"type": "integer", "minimum": 1, "maximum": 4},
    "x-mask": {"type": "integer", "minimum": 1},
    "x-metric": {"enum": list(dict.fromkeys(name for _, name in metrics()))},
    "x-offset": {"type": "number", "description": "Added after scaling, in units."},
    "x-part": {"type": "string", "pattern": f"^({'|'.join(ANATOMY)})/[1-9][0-9]*$"},
    "x-range": {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2},
    "x-sentinel": {
        "anyOf": [
            {"enum": ["none", "sunspec"]},
            {"type": "integer"},
            {"type": "array", "items": {"type": "integer"}},
        ],
    },
    "x-shift": {"type": "integer", "minimum": 0},
    "x-sign": {"enum": list(SIGNS)},
    "x-stride": {"type": "integer", "minimum": 1, "description": "Registers from one instance to the next."},
    "x-transport": {"type": "object"},
    "x-verified-by": {"anyOf": [_TEXT, {"type": "array", "items": _TEXT}]},
    "x-word-order": {"enum": list(WORD_ORDERS)},
    "x-write-only": _FLAG,
}


def map_schema() -> dict[str, Any]:
    """The schema, JSON Schema draft 2020-12."""
    source = dict.fromkeys(sorted(SOURCE_KEYS), _SCALAR)
    return {
        "$schema": DIALECT,
        "title": "BESS Inside register map",
        **_object(MAP_KEYS, ("id", "label", "x-class", "x-source", "group"), {"x-source": {"$ref": "#/$defs/source"}}),
        "$defs": {
            "source": _strict(source, ("document", "from")),
            "group": _object(GROUP_KEYS, ("name",), {"type": {"enum": ["group", "sync"]}}),
            "point": _object(POINT_KEYS, ("name", "type"), {}),
            "symbol": _object(SYMBOL_KEYS, ("name", "value"), {}),
        },
    }


def _object(keys: set[str], required: tuple[str, ...], special: dict[str, Any]) -> dict[str, Any]:
    return _strict({key: special.get(key) or _VALUES.get(key, _SCALAR) for key in sorted(keys)}, required)


def _strict(properties: dict[str, Any], required: tuple[str, ...]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(required), "additionalProperties": False}
