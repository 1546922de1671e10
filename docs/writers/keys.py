"""Every key of a map file and of a plant file: which exist is asked of the program, what they mean is said here."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from bessinside.errors import BessError
from bessinside.modbus import parse_endpoint, parse_quirks
from bessinside.modbus.endpoint import SCHEMES
from bessinside.plant import parse_plant
from bessinside.registers.schema import map_schema
from writers import meanings
from writers.markdown import code, table

MAP_INTRO = """# Keys of a map file

A map is YAML. Its vocabulary is that of SunSpec's models, plus keys that begin with `x-` for what SunSpec cannot
say. The loader refuses a key that is not here and names file, line and the nearest known one. `bessinside maps
schema` prints the JSON Schema for editors. A guided example: [add a map](../guides/add-a-map.md).
"""
PLACES = (
    ("A map", ""),
    ("x-source", "source"),
    ("A group", "group"),
    ("A point", "point"),
    ("A symbol", "symbol"),
)
PLANT_INTRO = """# Keys of a plant file

A plant file is TOML. A key that is not here is refused with file, line and the keys that would be right. In whole
sentences: [a plant of one's own](../guides/own-plant.md).
"""
_PLANT = '[plant]\nid = "p"\nlabel = "P"\n'
_DEVICE = '[[device]]\nid = "d"\nmap = "m"\nat = "meter"\nurl = "u"\n'
_PLANT_TABLES = {
    "The file": f"{{}}\n{_PLANT}{_DEVICE}",
    "[plant]": f"{_PLANT}{{}}\n{_DEVICE}",
    "[anatomy.c1]": f"{_PLANT}[anatomy.c1]\n{{}}\n{_DEVICE}",
    "[bus.bus1]": f"{_PLANT}[bus.bus1]\n{{}}\n{_DEVICE}",
    "[emulator]": f"{_PLANT}[emulator]\n{{}}\n{_DEVICE}",
    "[[device]]": f"{_PLANT}{_DEVICE}{{}}\n",
    "[economics]": f"{_PLANT}[economics]\n{{}}\n{_DEVICE}",
    "[warranty]": f"{_PLANT}[warranty]\n{{}}\n{_DEVICE}",
}
UNKNOWN = "no-such-key"


def map_keys_page() -> str:
    """Keys of a map by where they stand."""
    schema = map_schema()
    parts = [MAP_INTRO]
    for title, name in PLACES:
        where = schema["$defs"][name] if name else schema
        rows = [
            (code(key), "yes" if key in where["required"] else "", _value(value), meanings.of(title, key))
            for key, value in where["properties"].items()
        ]
        parts.append(_section(title, table(("Key", "Needed", "Value", "Meaning"), rows)))
    parts.append(_section("x-transport", _meanings("Key", meanings.TRANSPORT)))
    parts.append(_known_keys("quirks", quirk_keys()))
    return "\n".join(parts)


def plant_file_keys_page() -> str:
    """Keys of a plant file by table, then those of a device URL and of quirks."""
    parts = [PLANT_INTRO, *(_known_keys(title, keys) for title, keys in plant_keys().items())]
    urls = url_keys()
    schemes = [(code(f"{name}://"), meanings.SCHEMES[name], ", ".join(map(code, keys))) for name, keys in urls.items()]
    parameters = {key: meanings.of("url", key) for keys in urls.values() for key in keys}
    parts.append(_section("url", table(("Scheme", "Meaning", "Parameters"), schemes)))
    parts.append(_meanings("Parameter", dict(sorted(parameters.items()))))
    parts.append(_known_keys("quirks", quirk_keys()))
    return "\n".join(parts)


def _known_keys(title: str, keys: Iterable[str]) -> str:
    return _section(title, _meanings("Key", {key: meanings.of(title, key) for key in keys}))


def _section(title: str, body: str) -> str:
    return f"## {title}\n\n{meanings.PLACES[title]}\n\n{body}"


def _meanings(what: str, words: Mapping[str, str]) -> str:
    return table((what, "Meaning"), [(code(key), meaning) for key, meaning in words.items()])


def plant_keys() -> dict[str, tuple[str, ...]]:
    """For each table of a plant file the keys it may have, as the reader says when it meets one that it may not."""
    return {title: _known(parse_plant, text.format(f"{UNKNOWN} = 1")) for title, text in _PLANT_TABLES.items()}


def quirk_keys() -> tuple[str, ...]:
    """The quirks that a map or a plant file may state."""
    return _known(parse_quirks, {UNKNOWN: 1})


def url_keys() -> dict[str, tuple[str, ...]]:
    """The parameters of each kind of device URL."""
    return {scheme: _known(parse_endpoint, f"{scheme}://127.0.0.1/?{UNKNOWN}=1") for scheme in SCHEMES}


def _known(read: Callable[[Any], object], wrong: object) -> tuple[str, ...]:
    """The keys that a reader lists in its error about an unknown one."""
    try:
        read(wrong)
    except BessError as error:
        listed = re.search(r"(?:expected one of|known are|knows) ([\w, -]+)", str(error))
        if UNKNOWN in str(error) and listed:
            return tuple(key.strip() for key in listed[1].split(","))
        raise
    raise AssertionError("an unknown key was accepted")


def _value(schema: dict[str, Any]) -> str:
    """What the schema says about a key's value, in words."""
    if "enum" in schema:
        words = list(map(str, schema["enum"]))
        return "a metric" if len(words) > 60 else ", ".join(map(code, words))
    if "$ref" in schema:
        return f"a {schema['$ref'].rsplit('/', 1)[-1]}"
    if "anyOf" in schema:
        return " or ".join(_value(one) for one in schema["anyOf"])
    kinds = schema.get("type", "any")
    names = " or ".join(_KINDS.get(kind, kind) for kind in ([kinds] if isinstance(kinds, str) else kinds))
    if kinds == "array":
        return f"a list of {_value(schema['items']).removeprefix('a ')}s"
    return names + _limits(schema)


def _limits(schema: dict[str, Any]) -> str:
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is not None and high is not None:
        return f", {low} to {high}".replace("-", "−")
    return f", from {low}" if low is not None else ""


_KINDS = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "true or false",
    "object": "a mapping",
}
