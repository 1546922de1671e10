"""Reading a foreign table, CSV or Parquet; what is wrong with it is said by file, line and column."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from bessinside.errors import BessError
from bessinside.historian.foreign.column_map import EPOCHS, ColumnMap, ForeignColumn
from bessinside.runtime import disk

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class TableError(BessError):
    """A table that is not as its columns were said to be."""


@dataclass(frozen=True, slots=True, eq=False)
class ForeignTable:
    """n rows: time int64[n], UTC ns, rising; values, one float64[n] in SI for each column, NaN where there is none."""

    time: NDArray[np.int64]
    values: list[NDArray[np.float64]]


def read_table(path: str | Path, columns: ColumnMap) -> ForeignTable:
    """Reads a table; its ending says whether it is .csv or .parquet. Raises TableError."""
    path = Path(path)
    rows = {".csv": _csv, ".parquet": _parquet}.get(path.suffix)
    if rows is None:
        raise TableError(f"{path}: expected a name that ends in .csv or .parquet")
    times: list[int] = []
    values: list[list[float]] = [[] for _ in columns.column]
    moments = _Moments(columns)
    where = 0
    for where, time, cells in rows(path, columns):
        at = f"{path}:{where}"
        ns = moments.ns(time, at)
        if times and ns <= times[-1]:
            raise TableError(f"{at}: {columns.time}: {time!r} is not after the time of the row before; sort the table")
        times.append(ns)
        for column, one, cell in zip(values, columns.column, cells, strict=True):
            column.append(_number(cell, one, columns, at))
    if not times:
        raise TableError(f"{path}: there is no row in it")
    return ForeignTable(np.array(times, np.int64), [np.array(column, np.float64) for column in values])


def _csv(path: Path, columns: ColumnMap) -> Iterator[tuple[int, object, list[object]]]:
    """Rows with their line (the first is 1), their time and the cells of the columns that are wanted."""
    try:
        text = disk.read_bytes(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise TableError(f"{path}: byte {error.start} is no UTF-8; save the table as UTF-8") from error
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=columns.delimiter, strict=True)
    try:
        head = next(reader, [])
        places = [_place(path, head, name) for name in _names(columns)]
        for row in reader:
            if not row:
                continue
            if len(row) != len(head):
                raise TableError(f"{path}:{reader.line_num}: {len(row)} fields, the first line has {len(head)}")
            time, *cells = (row[place] for place in places)
            yield reader.line_num, time, list(cells)
    except csv.Error as error:
        raise TableError(f"{path}:{reader.line_num}: {error}") from error


def _parquet(path: Path, columns: ColumnMap) -> Iterator[tuple[int, object, list[object]]]:
    """Rows with their number (the first is 1)."""
    try:
        file = pq.ParquetFile(path)
    except (pa.ArrowInvalid, FileNotFoundError) as error:
        raise TableError(f"{path}: no Parquet file: {error}") from error
    for name in _names(columns):
        _place(path, file.schema_arrow.names, name)
    row = 0
    for batch in file.iter_batches(columns=list(dict.fromkeys(_names(columns)))):
        time = batch.column(batch.schema.get_field_index(columns.time))
        plain: Iterable[object] = time.to_pylist()
        if pa.types.is_timestamp(time.type):  # to the nanosecond; without a zone it is a time of the zone said
            if time.type.tz:
                plain = time.cast(pa.timestamp("ns", "UTC")).cast(pa.int64()).to_pylist()
            else:
                plain = time.cast(pa.timestamp("us")).to_pylist()
        cells = [batch.column(batch.schema.get_field_index(one.name)).to_pylist() for one in columns.column]
        for moment, *found in zip(plain, *cells, strict=True):
            row += 1
            yield row, _Ns(moment) if pa.types.is_timestamp(time.type) and isinstance(moment, int) else moment, found


class _Ns(int):
    """ns since 1970, whatever the file of columns says of texts."""


def _names(columns: ColumnMap) -> list[str]:
    return [columns.time, *(one.name for one in columns.column)]


def _place(path: Path, head: list[str], name: str) -> int:
    if head.count(name) != 1:
        said = "is there twice" if name in head else f"is not there; there are {', '.join(head)}"
        raise TableError(f"{path}:1: column {name!r} {said}")
    return head.index(name)


def _number(cell: object, one: ForeignColumn, columns: ColumnMap, at: str) -> float:
    """A value in SI, NaN where there is none."""
    if cell is None or cell == "" or str(cell) in one.missing:
        return math.nan
    try:
        if isinstance(cell, str):
            text = cell.strip()
            if columns.decimal == ",":
                if "." in text:
                    raise ValueError
                text = text.replace(",", ".")
            value = float(text)
        elif isinstance(cell, bool | int | float):
            value = float(cell)
        else:
            raise ValueError
    except ValueError:
        raise TableError(
            f"{at}: {one.name}: {cell!r}; expected a number with {columns.decimal!r} before its decimals, or one of "
            f"`missing` ({', '.join(one.missing) or 'none is named'})"
        ) from None
    if math.isinf(value):
        raise TableError(f"{at}: {one.name}: {cell!r}; expected a number that is not infinite")
    return value * one.factor


class _Moments:
    """Turns what stands in the column of times into ns UTC."""

    def __init__(self, columns: ColumnMap) -> None:
        self._columns = columns
        self._zone = ZoneInfo(columns.zone)
        self._last = -(2**63)

    def ns(self, time: object, at: str) -> int:
        """ns UTC. Of an hour that comes twice a time is the later one once the earlier is behind. Raises TableError."""
        if isinstance(time, _Ns):
            return int(time)
        if self._columns.format in EPOCHS:
            return self._since_epoch(time, at)
        moment = time if isinstance(time, datetime) else self._parsed(time, at)
        if moment.tzinfo is None:
            local = moment.replace(tzinfo=self._zone)
            back = local.astimezone(UTC).astimezone(self._zone).replace(tzinfo=None)
            if back != moment:
                raise TableError(
                    f"{at}: {self._columns.time}: {time!r}: the clock of {self._columns.zone} leaves it out"
                )
            first, second = (_ns(local.replace(fold=fold)) for fold in (0, 1))
            found = second if first <= self._last < second else first
        else:
            found = _ns(moment)
        self._last = found
        return found

    def _since_epoch(self, time: object, at: str) -> int:
        unit = self._columns.format
        try:
            if isinstance(time, str) and time.strip().lstrip("-").isdigit():
                return int(time) * EPOCHS[unit]
            if isinstance(time, int):
                return time * EPOCHS[unit]
            return round(float(str(time)) * EPOCHS[unit])
        except (ValueError, OverflowError):
            raise TableError(f"{at}: {self._columns.time}: {time!r}; expected {unit} since 1970") from None

    def _parsed(self, time: object, at: str) -> datetime:
        form = self._columns.format
        try:
            text = str(time).strip()
            return datetime.strptime(text, form) if form else datetime.fromisoformat(text)
        except ValueError:
            wanted = form or "ISO 8601, such as 2026-06-21T05:00:00Z"
            raise TableError(f"{at}: {self._columns.time}: {time!r}; expected {wanted}") from None


def _ns(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1) * 1000
