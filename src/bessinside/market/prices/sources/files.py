"""Prices of the user's own: CSV or Parquet with the columns `utc_start` and `price_eur_mwh`.

`utc_start` is ISO 8601; without an offset it is UTC. A third column `mtu_min` may name the market time unit. CSV is
comma-separated with a decimal point, plain or gzip (`.csv.gz`). Slots are as long as the shortest distance of two
starts; a file that begins with a day or more of hours may go on with quarters.
"""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bessinside.market.basis.errors import MarketError
from bessinside.market.basis.localtime import HOUR_NS, MINUTE_NS
from bessinside.market.prices.provenance import Provenance
from bessinside.market.prices.series import PriceSeries, iso
from bessinside.runtime import disk

START, PRICE, UNIT = "utc_start", "price_eur_mwh", "mtu_min"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MOST_EUR_MWH = 100_000.0  # ten times what balancing energy may cost; beyond it the unit is wrong


class PriceFileError(MarketError):
    """A price file that cannot be used: `path`, `line` (0 where none can be named), `column`."""

    def __init__(self, path: Path, line: int, column: str, expected: str) -> None:
        self.path, self.line, self.column = path, line, column
        where = f"{path}:{line}" if line else f"{path}"
        super().__init__(f"{where}: {column}: {expected}" if column else f"{where}: {expected}")


def read(path: str | Path, provenance: Provenance | None = None) -> PriceSeries:
    """The prices of a file. Raises PriceFileError that names file, line and column, OSError where it cannot be read."""
    path = Path(path)
    table = _parquet(path) if path.suffix in (".parquet", ".pq") else _csv(path)
    start, price, unit, line = table
    if not start.size:
        raise PriceFileError(path, 0, "", "no prices in it: expected a header and one line for each slot")
    order = np.diff(start)
    if (order <= 0).any():
        at = int(np.flatnonzero(order <= 0)[0]) + 1
        same = order[at - 1] == 0
        why = "the same start as the line before; is this local time, with the hour that comes twice?" if same else ""
        hint = why or "earlier than the line before; expected starts in ascending order"
        raise PriceFileError(path, int(line[at]), START, hint)
    length = lengths_ns(start)
    if unit is None:
        unit = length
    source = provenance or Provenance("file", "prices of the user", path.name, 0, "", f"file {path.name}", kept=False)
    return PriceSeries(start, length, np.maximum(unit, length), price, (source,))


def lengths_ns(start: NDArray[np.int64]) -> NDArray[np.int64]:
    """How long each slot lasts when only starts are known, int64[n] ns. See the module for the rule."""
    if start.size < 2:
        return np.full(start.size, HOUR_NS, np.int64)
    apart = np.diff(start)
    shortest = int(min(apart.min(), HOUR_NS))
    found = np.full(start.size, shortest, np.int64)
    if shortest < HOUR_NS:
        hours = int(np.argmax(apart % HOUR_NS != 0)) if (apart % HOUR_NS != 0).any() else 0
        if hours >= 24 and (apart[:hours] == HOUR_NS).mean() > 0.5:
            found[:hours] = HOUR_NS
    return found


Table = tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.int64] | None, NDArray[np.int64]]


def _csv(path: Path) -> Table:
    raw = disk.read_bytes(path)
    try:
        text = (gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw).decode("utf-8-sig")
    except (UnicodeDecodeError, gzip.BadGzipFile, EOFError) as error:
        raise PriceFileError(path, 0, "", f"not a text file: {error}") from error
    rows = csv.reader(io.StringIO(text))
    header = [name.strip() for name in next(rows, [])]
    for name in (START, PRICE):
        if name not in header:
            hint = " (separated by ';'? use commas)" if any(";" in one for one in header) else ""
            raise PriceFileError(path, 1, name, f"no such column; the header is {', '.join(header) or 'empty'}{hint}")
    starts, prices, units, lines = [], [], [], []
    for line, row in _rows(rows, len(header), path):
        starts.append(_instant(row[header.index(START)], path, line))
        prices.append(_price(row[header.index(PRICE)], path, line))
        if UNIT in header:
            units.append(_unit(row[header.index(UNIT)], path, line))
        lines.append(line)
    unit = np.array(units, np.int64) if UNIT in header else None
    return np.array(starts, np.int64), np.array(prices, np.float64), unit, np.array(lines, np.int64)


def _rows(rows: Any, columns: int, path: Path) -> Iterator[tuple[int, list[str]]]:
    for row in rows:
        if not any(cell.strip() for cell in row):
            continue
        if len(row) != columns:
            hint = f"expected {columns} columns, got {len(row)}; write decimals with a point"
            raise PriceFileError(path, rows.line_num, "", hint)
        yield rows.line_num, row


def _instant(text: str, path: Path, line: int) -> int:
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise PriceFileError(path, line, START, f"expected a time such as 2025-10-01T00:15Z, got {text!r}") from error
    found = found.replace(tzinfo=UTC) if found.tzinfo is None else found
    at = round((found - _EPOCH).total_seconds()) * 10**9
    if at % MINUTE_NS:
        raise PriceFileError(path, line, START, f"expected a full minute, got {text!r}")
    return at


def _price(text: str, path: Path, line: int) -> float:
    try:
        found = float(text)
    except ValueError as error:
        hint = "; leave a slot without a price out" if not text.strip() else ""
        raise PriceFileError(path, line, PRICE, f"expected a number, got {text!r}{hint}") from error
    if not abs(found) <= MOST_EUR_MWH:
        raise PriceFileError(path, line, PRICE, f"expected EUR/MWh within ±{MOST_EUR_MWH:,.0f}, got {text!r}")
    return found


def _unit(text: str, path: Path, line: int) -> int:
    if text.strip() not in ("5", "15", "30", "60"):
        raise PriceFileError(path, line, UNIT, f"expected 5, 15, 30 or 60 minutes, got {text!r}")
    return int(text) * MINUTE_NS


def _parquet(path: Path) -> Table:
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(io.BytesIO(disk.read_bytes(path)))
    except pa.ArrowException as error:
        raise PriceFileError(path, 0, "", f"not a Parquet file: {error}") from error
    for name in (START, PRICE):
        if name not in table.column_names:
            raise PriceFileError(path, 0, name, f"no such column; it has {', '.join(table.column_names)}")
    kind = table.schema.field(START).type
    if pa.types.is_timestamp(kind):
        starts = table[START].cast(pa.timestamp("ns", kind.tz)).cast(pa.int64()).to_numpy()
    elif pa.types.is_string(kind) or pa.types.is_large_string(kind):
        starts = np.array([_instant(text or "", path, row) for row, text in enumerate(table[START].to_pylist(), 1)])
    else:
        raise PriceFileError(path, 0, START, f"expected timestamps or ISO texts, got {kind}")
    if table[PRICE].null_count or table[START].null_count:
        column = PRICE if table[PRICE].null_count else START
        row = pc.index(pc.is_null(table[column]), True).as_py() + 1
        raise PriceFileError(path, int(row), column, "nothing in this row; leave a slot without a price out")
    prices = [_price(str(one), path, row) for row, one in enumerate(table[PRICE].to_pylist(), 1)]
    unit = None
    if UNIT in table.column_names:
        unit = np.array([_unit(str(one), path, row) for row, one in enumerate(table[UNIT].to_pylist(), 1)], np.int64)
    rows = np.arange(1, len(prices) + 1)
    return np.asarray(starts, np.int64), np.array(prices, np.float64), unit, rows


def write_csv(prices: PriceSeries) -> str:
    """The series as a CSV that :func:`read` takes."""
    lines = [f"{START},{PRICE},{UNIT}"]
    for at, price, unit in zip(prices.start_ns, prices.price, prices.unit_ns, strict=True):
        lines.append(f"{iso(int(at))},{price:g},{int(unit) // MINUTE_NS}")
    return "\n".join(lines) + "\n"
