"""Makes a map out of a table: CSV, or Excel with a table of points and, if there is one, a sheet of cells.

The result is text to read over, not a finished map: what the table leaves open is marked in it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from bessinside.errors import BessError
from bessinside.registers.located import did_you_mean, scalar
from bessinside.registers.sheets import Sheet, find_cells, read_sheets
from bessinside.registers.wire_types import WIRE_TYPES


class TableError(BessError):
    """A table cannot become a map. The text names file, sheet, row, column and what was expected."""

    def __init__(self, sheet: Sheet, row: int, column: str, expected: str) -> None:
        super().__init__(f"{sheet.file}: {sheet.title} row {row}, {column!r}: {expected}")
        self.row, self.column, self.expected = row, column, expected


# The headings that stand for each column, compared in lower case without blanks and punctuation.
HEADINGS: dict[str, tuple[str, ...]] = {
    "name": ("name", "signal", "signalname", "parameter", "register", "registername", "variable", "point", "item"),
    "address": ("address", "addr", "registeraddress", "startaddress", "reg", "offsetaddress", "modbusaddress"),
    "function_code": ("functioncode", "fc", "function", "fcode", "readfunction"),
    "count": ("count", "words", "length", "size", "quantity", "registers", "numberofregisters", "len"),
    "type": ("type", "datatype", "format", "dataformat"),
    "word_order": ("wordorder", "endian", "endianness", "order", "byteorder"),
    "scale": ("scale", "factor", "gain", "resolution", "scaling", "multiplier", "coefficient"),
    "offset": ("offset", "bias"),
    "unit": ("unit", "units"),
    "access": ("access", "rw", "readwrite", "permission", "mode"),
    "description": ("description", "desc", "remark", "remarks", "note", "notes", "comment", "meaning"),
    "level": ("level",),
    "repeat": ("repeat", "repetition", "instances"),
    "source": ("source", "page", "reference"),
}
_TYPES = {
    "u": "uint",
    "uint": "uint",
    "unsigned": "uint",
    "unsignedint": "uint",
    "i": "int",
    "s": "int",
    "int": "int",
    "sint": "int",
    "signed": "int",
    "signedint": "int",
    "f": "float",
    "float": "float",
    "real": "float",
    "bitfield": "bitfield",
    "bitmap": "bitfield",
    "enum": "enum",
    "packed": "uint",
    "acc": "acc",
}
_WHOLE_TYPES = {
    "word": "uint16",
    "ushort": "uint16",
    "short": "int16",
    "dword": "uint32",
    "float": "float32",
    "single": "float32",
    "double": "float64",
    "bit": "uint16",
    "bool": "uint16",
    "coil": "uint16",
    "bytes2": "uint16",
    "str": "string",
    "ascii": "string",
}
_UNITS = {
    "degC": "C",
    "°C": "C",
    "℃": "C",
    "Ω": "Ohm",
    "kΩ": "kOhm",
    "KW": "kW",
    "Kw": "kW",
    "kvarh": "kvarh",
    "mv": "mV",
}
_LOW_FIRST = {"little", "low", "lowfirst", "lowwordfirst", "cdab", "swapped", "lsw", "lswfirst"}
_BYTES = re.compile(r"8[ _]?(lo|low|hi|high)$")
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_./ -]*")
_REPEAT = re.compile(r"(?:(\d+)\s+)?([a-z]+?)s?\b[^;0-9]*stride\s+(\d+)", re.IGNORECASE)


@dataclass(slots=True)
class _Group:
    count: int = 0
    stride: int | None = None
    points: list[dict[str, Any]] = field(default_factory=list)
    groups: dict[tuple[str, int, int | None], _Group] = field(default_factory=dict)


def read_table(
    path: str | Path,
    *,
    map_id: str | None = None,
    label: str | None = None,
    cls: str = "bms",
    document: str | None = None,
) -> str:
    """A register table as the YAML text of a map. Raises :class:`TableError` naming sheet, row and column.

    One sheet (or the CSV) has a heading row with at least name, address and type; columns as in :data:`HEADINGS`, under
    many usual names. A sheet of cells has one column per cell, or one row per cell, with the addresses below or beside.
    """
    file = Path(path)
    sheets = read_sheets(file)
    tables = [(sheet, row, columns) for sheet in sheets for row, columns in [_heading(sheet)] if columns]
    cells = [found for sheet in sheets for found in find_cells(sheet)]
    if not tables and not cells:
        heads = ", ".join(repr(sheet.title) for sheet in sheets)
        raise BessError(f"{file}: no heading row with name, address and type in {heads}, and no sheet of cells")
    root = _Group()
    for sheet, row, columns in tables:
        for number in range(row + 1, len(sheet.rows) + 1):
            _take(sheet, number, columns, root)
    for cell in cells:
        group = root
        for name, count, stride in cell.levels:
            group = group.groups.setdefault((name, count, stride), _Group(count, stride))
        group.points.append(
            {"name": cell.quantity, "label": cell.quantity.capitalize(), "type": "uint16", **cell.facts()}
        )
    name = map_id or re.sub(r"[^a-z0-9]+", "-", file.stem.lower()).strip("-")
    lines = [
        f"# Made from {file.name}. Read it over: metrics (x-metric), kinds of part (x-anatomy) and signs are open.",
        f"id: {_plain(name)}",
        f"label: {_plain(label or file.stem)}",
        f"x-class: {cls}",
        f"x-source: {{document: {_plain(document or file.name)}, from: {_plain(file.name)}}}",
        "group:",
        f"  name: {_plain(_identifier(name))}",
        *_lines(root, "  "),
    ]
    return "\n".join(lines) + "\n"


def _heading(sheet: Sheet) -> tuple[int, dict[str, int]]:
    """The row (from 1) that names the columns, and where each is; an empty mapping where the sheet has none."""
    known = {word: column for column, words in HEADINGS.items() for word in words}
    for number, row in enumerate(sheet.rows[:20], 1):
        columns: dict[str, int] = {}
        for at, title in enumerate(row):
            column = known.get(re.sub(r"[^a-z]", "", title.lower().split("(")[0]))
            if column and column not in columns:
                columns[column] = at
        if {"name", "address", "type"} <= columns.keys():
            return number, columns
    return 0, {}


def _take(sheet: Sheet, number: int, columns: dict[str, int], root: _Group) -> None:
    row = sheet.rows[number - 1]
    cells = {column: row[at].strip() if at < len(row) else "" for column, at in columns.items()}
    if not cells["name"] and not cells["address"]:
        return
    *groups, name = [_identifier(part) for part in re.split(r"[./]", cells["name"])]
    group = root
    strides = [
        (noun.lower(), int(times or 0), int(stride)) for times, noun, stride in _REPEAT.findall(cells.get("repeat", ""))
    ]
    if strides and not groups:
        groups = [noun for noun, _, _ in strides]
    for depth, part in enumerate(groups):
        fits = [s for s in strides if part.startswith(s[0]) or s[0].startswith(part)] or strides[depth : depth + 1]
        count, stride = fits[0][1:] if fits else (0, None)
        group = group.groups.setdefault((part, count, stride), _Group(count, stride))
    group.points.append(_point(sheet, number, cells, name))


def _point(sheet: Sheet, number: int, cells: dict[str, str], name: str) -> dict[str, Any]:
    words = _integer(sheet, number, "count", cells.get("count", ""), 0)
    point: dict[str, Any] = {"name": name, "label": _sentence(name), "type": _type(sheet, number, cells["type"], words)}
    if not WIRE_TYPES[point["type"]].words:
        point["size"] = words or 1
    sf, doubt = _exponent(sheet, number, cells.get("scale", ""))
    if sf:
        point["sf"] = sf
    unit = cells.get("unit", "")
    if unit and unit not in ("-", "/", "N/A"):
        point["units"] = _UNITS.get(unit, unit)
    if field := _BYTES.search(cells["type"].lower()):
        point["x-mask"] = 0xFF if field[1].startswith("l") else 0xFF00
    if "w" in cells.get("access", "").lower():
        point["access"] = "RW"
    point["x-address"] = _integer(sheet, number, "address", cells["address"], None)
    fc = _integer(sheet, number, "function_code", cells.get("function_code", ""), 3)
    if fc != 3:
        point["x-fc"] = fc
    if re.sub(r"[^a-z]", "", cells.get("word_order", "").lower()) in _LOW_FIRST:
        point["x-word-order"] = "low-first"
    if cells.get("offset") and float(_decimal(sheet, number, "offset", cells["offset"])):
        point["x-offset"] = float(_decimal(sheet, number, "offset", cells["offset"]))
    if cells.get("description") and cells["description"].lower() != point["label"].lower():
        point["desc"] = cells["description"]
    if cells.get("source"):
        point["x-source"] = cells["source"]
    if cells["type"].lower().startswith("bytes"):
        doubt = "the table says that bytes are packed in this register; split it with x-mask"
    if doubt:
        point["x-suspect"] = doubt
    return point


def _type(sheet: Sheet, number: int, text: str, words: int) -> str:
    word = re.sub(r"[^a-z0-9]", "", text.lower())
    if word in WIRE_TYPES:
        return word
    if word in _WHOLE_TYPES:
        return _WHOLE_TYPES[word]
    if field := re.fullmatch(r"([a-z]+)8(lo|low|hi|high)", word):
        return f"{_TYPES.get(field[1], 'uint')}16"
    stem, bits = re.sub(r"\d+$", "", word), re.sub(r"^\D+", "", word)
    found = f"{_TYPES.get(stem, '')}{bits or 16 * (words or 1)}"
    if found in WIRE_TYPES:
        return found
    raise TableError(sheet, number, "type", f"type {text!r} is not known; {did_you_mean(word, WIRE_TYPES)}")


def _exponent(sheet: Sheet, number: int, text: str) -> tuple[int, str | None]:
    """The power of ten of a factor; a factor that is none cannot be said in a map and becomes a doubt."""
    if not text:
        return 0, None
    factor = _decimal(sheet, number, "scale", text)
    if factor > 0:
        exponent = factor.adjusted()
        if factor == Decimal(10) ** exponent:
            return exponent, None
    return 0, f"the table says factor {text}, which is no power of ten; the value is not scaled"


def _decimal(sheet: Sheet, number: int, column: str, text: str) -> Decimal:
    try:
        return Decimal(text.replace(",", ".").split()[0])
    except (InvalidOperation, IndexError) as error:
        raise TableError(sheet, number, column, f"expected a number, found {text!r}") from error


def _integer(sheet: Sheet, number: int, column: str, text: str, default: int | None) -> int:
    if not text and default is not None:
        return default
    word = re.sub(r"\.0$", "", text.strip())
    word = f"0x{word[:-1]}" if re.fullmatch(r"[0-9A-Fa-f]+[hH]", word) else word
    value = scalar(word)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 65535:
        raise TableError(sheet, number, column, f"expected a whole number from 0 to 65535, found {text!r}")
    return value


def _lines(group: _Group, indent: str) -> list[str]:
    lines = []
    names: set[str] = set()
    if group.points:
        lines.append(f"{indent}points:")
        for point in group.points:
            point["name"] = _fresh(point["name"], names)
            inside = ", ".join(f"{key}: {_plain(value)}" for key, value in point.items())
            lines.append(f"{indent}  - {{{inside}}}")
    if group.groups:
        lines.append(f"{indent}groups:")
        for (name, _, stride), below in group.groups.items():
            lines.append(f"{indent}  - name: {_plain(_fresh(name, names))}")
            if stride is not None:
                lines += [f"{indent}    count: {below.count}", f"{indent}    x-stride: {stride}"]
            lines += _lines(below, indent + "    ")
    return lines


def _fresh(name: str, taken: set[str]) -> str:
    """``name``, or the first of name_2, name_3 … that is free: names are unique in a group."""
    number, found = 1, name
    while found in taken:
        number += 1
        found = f"{name}_{number}"
    taken.add(found)
    return found


def _identifier(text: str) -> str:
    word = re.sub(r"[^a-z0-9]+", "_", text.strip().lower()).strip("_") or "point"
    return word if word[0].isalpha() else f"n_{word}"


def _sentence(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _plain(value: Any) -> str:
    """A value as one YAML scalar (or flow list), quoted wherever another reading is possible."""
    if isinstance(value, Sequence) and not isinstance(value, str):
        return f"[{', '.join(_plain(item) for item in value)}]"
    if not isinstance(value, str):
        return str(value)
    safe = _PLAIN.fullmatch(value) and value == value.strip() and scalar(value) == value
    return value if safe else '"' + value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ") + '"'
