"""Tables as rows of text, and what a sheet of cells says: the addresses of a value, cell by cell."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from openpyxl import load_workbook

from bessinside.errors import BessError
from bessinside.registers.located import scalar
from bessinside.runtime import disk

_CELL = re.compile(r"(?:cell|zelle)[ _#.-]*(?:no\.?)?\s*(\d+)", re.IGNORECASE)
_NUMBERED = re.compile(r"cell|zelle|no\.?|number|nr\.?|index|#", re.IGNORECASE)
_TEMPERATURE = re.compile(r"temp|ntc|°c", re.IGNORECASE)
_VOLTAGE = re.compile(r"volt|spannung|mv", re.IGNORECASE)
_SENSOR = re.compile(r"ntc|sensor|probe", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet: rows of text; numbers of a spreadsheet as they would be typed."""

    file: str
    title: str
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Cells:
    """One quantity of every cell: (group, count, stride) from the outside, and the address of the first."""

    quantity: str
    levels: tuple[tuple[str, int, int], ...]
    address: int

    def facts(self) -> dict[str, Any]:
        """What the table does not say is marked as doubtful."""
        return {"x-address": self.address, "x-suspect": "factor, unit and sign are not in the sheet of cells"}


def read_sheets(path: Path) -> list[Sheet]:
    """The sheets of an ``.xlsx``, or the one table of a ``.csv`` (comma, semicolon or tab)."""
    if not disk.exists(path):
        raise BessError(f"{path}: the file does not exist")
    if path.suffix.lower() in (".xlsx", ".xlsm"):
        try:
            book = load_workbook(io.BytesIO(disk.read_bytes(path)), read_only=True, data_only=True)
        except Exception as error:  # openpyxl raises whatever zip, XML or its own reader raise
            raise BessError(f"{path}: cannot be read as an Excel workbook: {error}") from error
        return [
            Sheet(str(path), sheet.title, tuple(tuple(_text(value) for value in row) for row in sheet.values))
            for sheet in book.worksheets
        ]
    if path.suffix.lower() not in (".csv", ".tsv", ".txt"):
        raise BessError(f"{path}: expected a .csv or .xlsx file")
    text = disk.read_bytes(path).decode("utf-8-sig", "replace")
    head = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=head.count)
    rows = tuple(tuple(row) for row in csv.reader(io.StringIO(text), delimiter=delimiter))
    return [Sheet(str(path), path.name, rows)]


def _text(value: Any) -> str:
    if value is None:
        return ""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def find_cells(sheet: Sheet) -> list[Cells]:
    """What a sheet of cells says; empty where the sheet is none.

    Either one column per cell (headings ``Cell 1``, ``Cell 2`` …, one row per rack or module), or one row per cell
    (first heading ``Cell``, one column per quantity). Addresses must progress evenly, or a BessError is raised.
    """
    for number, row in enumerate(sheet.rows[:20]):
        columns = [at for at, title in enumerate(row) if _CELL.fullmatch(title.strip())]
        if len(columns) >= 2:
            return [_by_columns(sheet, number, columns)]
        titles = [title.strip() for title in row]
        if titles and re.search(r"cell|zelle", titles[0], re.IGNORECASE) and _NUMBERED.search(titles[0]):
            found = list(_by_rows(sheet, number, titles))
            if found:
                return found
    return []


def _by_columns(sheet: Sheet, heading: int, columns: list[int]) -> Cells:
    rows = [
        (n, row)
        for n, row in enumerate(sheet.rows[heading + 1 :], heading + 2)
        if any(row[at : at + 1] for at in columns)
    ]
    table = [[_address(sheet, n, row, at) for at in columns] for n, row in rows if any(row)]
    if not table:
        raise BessError(f"{sheet.file}: {sheet.title}: expected addresses below the headings of row {heading + 1}")
    stride = _even(sheet, table[0], f"row {rows[0][0]}")
    for (n, _), addresses in zip(rows, table, strict=True):
        if [a - addresses[0] for a in addresses] != [a - table[0][0] for a in table[0]]:
            raise BessError(
                f"{sheet.file}: {sheet.title} row {n}: expected the cells {stride} apart, as in row {rows[0][0]}"
            )
    quantity = _quantity(sheet.title)
    inner = (_part(sheet), len(columns), stride)
    if len(table) == 1:
        return Cells(quantity, (inner,), table[0][0])
    outer = (_outer(sheet, heading), len(table), _even(sheet, [a[0] for a in table], f"column {columns[0] + 1}"))
    return Cells(quantity, (outer, inner), table[0][0])


def _by_rows(sheet: Sheet, heading: int, titles: list[str]) -> Iterator[Cells]:
    rows = [(n, row) for n, row in enumerate(sheet.rows[heading + 1 :], heading + 2) if row and row[0].strip()]
    if len(rows) < 2 or not all(isinstance(scalar(_number(row[0])), int) for _, row in rows):
        return
    for at, title in enumerate(titles[1:], 1):
        if re.search(r"addr|voltage|temp|register|mv|°c", title, re.IGNORECASE):
            addresses = [_address(sheet, n, row, at) for n, row in rows]
            stride = _even(sheet, addresses, f"column {title!r}")
            yield Cells(_quantity(title, sheet.title), ((_part(sheet), len(rows), stride),), addresses[0])


def _number(text: str) -> str:
    match = _CELL.fullmatch(text.strip())
    return match.group(1) if match else text.strip()


def _outer(sheet: Sheet, heading: int) -> str:
    first = sheet.rows[heading][0].strip().lower()
    return next((name for name in ("rack", "module", "pack", "string", "cluster") if name in first), "rack")


def _part(sheet: Sheet) -> str:
    return "sensor" if _SENSOR.search(sheet.title) else "cell"


def _quantity(*titles: str) -> str:
    """What the first title that says so speaks of; a sheet of cells that says nothing holds voltages."""
    for title in titles:
        if _VOLTAGE.search(title):
            return "voltage"
        if _TEMPERATURE.search(title):
            return "temperature"
    return "voltage"


def _address(sheet: Sheet, number: int, row: tuple[str, ...], at: int) -> int:
    text = row[at].strip() if at < len(row) else ""
    value = scalar(text)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 65535:
        raise BessError(
            f"{sheet.file}: {sheet.title} row {number} column {at + 1}: expected an address, found {text!r}"
        )
    return value


def _even(sheet: Sheet, addresses: list[int], where: str) -> int:
    steps = {b - a for a, b in pairwise(addresses)}
    if len(steps) > 1 or min(steps, default=1) < 1:
        raise BessError(
            f"{sheet.file}: {sheet.title} {where}: expected addresses at one even distance, found steps of "
            f"{', '.join(str(s) for s in sorted(steps))}; split the sheet where the pattern changes"
        )
    return steps.pop() if steps else 1
