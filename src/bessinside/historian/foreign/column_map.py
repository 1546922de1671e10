"""What the columns of a foreign table are: a TOML file that a person writes."""

from __future__ import annotations

import re
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec

from bessinside.errors import BessError
from bessinside.registers.units import UNITS
from bessinside.runtime import disk

EPOCHS = {"s": 1_000_000_000, "ms": 1_000_000, "us": 1000, "ns": 1}


class ColumnMapError(BessError):
    """A file of columns that cannot be used."""


class ForeignColumn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One column: its `name` in the table, the `id` that it gets, the `unit` that it is in; `missing` lists texts that
    mean that there is no value, beside an empty field."""

    name: str
    id: str
    unit: str = "1"
    label: str = ""
    missing: tuple[str, ...] = ()

    @property
    def core_unit(self) -> str:
        """The SI unit that values are kept in."""
        return UNITS[self.unit][0]

    @property
    def factor(self) -> float:
        """What a value of the table is multiplied by."""
        return UNITS[self.unit][1]


class ColumnMap(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`time`: the name of the column of times. `format`: how they are written, as strptime has it, or s, ms, us, ns
    since 1970; ISO 8601 unless said. `zone`: of times that do not name their offset. `delimiter`, `decimal`: of CSV."""

    time: str
    column: tuple[ForeignColumn, ...]
    format: str = ""
    zone: str = "UTC"
    delimiter: str = ","
    decimal: str = "."


def load_columns(path: str | Path) -> ColumnMap:
    """Reads a file of columns. Raises ColumnMapError with file, key and what was expected."""
    try:
        found = msgspec.toml.decode(disk.read_text(path), type=ColumnMap)
    except (msgspec.DecodeError, FileNotFoundError) as error:
        raise ColumnMapError(
            f"{path}: {error}; a file of columns has `time = …` and [[column]] with name, id, unit"
        ) from error
    if not found.column:
        raise ColumnMapError(f"{path}: column: at least one [[column]] with name, id and unit is needed")
    for k, one in enumerate(found.column, 1):
        if not re.fullmatch(r"[a-z0-9_]+", one.id) or one.id == "time":
            raise ColumnMapError(
                f"{path}: column {k}: id: {one.id!r}; expected small letters, digits and _, not `time`"
            )
        if one.unit not in UNITS:
            raise ColumnMapError(
                f"{path}: column {k}: unit: {one.unit!r} is unknown; known are {', '.join(sorted(UNITS))}"
            )
    names = [one.id for one in found.column]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise ColumnMapError(f"{path}: id: {twice} is there twice")
    try:
        ZoneInfo(found.zone)
    except (KeyError, ValueError, OSError) as error:
        raise ColumnMapError(
            f"{path}: zone: {found.zone!r} is no time zone; expected one such as Europe/Berlin"
        ) from error
    if len(found.delimiter) != 1 or found.decimal not in (".", ",") or found.delimiter == found.decimal:
        raise ColumnMapError(f"{path}: delimiter, decimal: expected one sign, and . or , which is not the delimiter")
    return found
