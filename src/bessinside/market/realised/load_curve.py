"""A load curve of the user's own in place of the plant's registers: what a meter counted, as its operator sends it.

CSV with a header, comma-separated with a decimal point: `utc_start` (ISO 8601; without an offset it is UTC) and
either `power_kw`, the mean of the slot, positive out of the battery, or `out_kwh` and `in_kwh`, both zero or more.
Slots are as long as the shortest distance of two starts: 5, 15, 30 or 60 minutes. Some may be missing; none is made up.
Empty lines and lines that begin with `#` are skipped, and errors count them: the line they name is that of the file.
"""

from __future__ import annotations

import csv
import io
import math
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from bessinside.market.basis.errors import MarketError
from bessinside.market.basis.localtime import HOUR_NS, MINUTE_NS
from bessinside.market.dispatch.battery import Floats
from bessinside.market.realised.metered import Gap, Metered, Times, runs

START, POWER, OUT, IN = "utc_start", "power_kw", "out_kwh", "in_kwh"
MOST_KW = 1e8
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class CurveFileError(MarketError):
    """A load curve that cannot be used: `name` of the file, `line` (0 where none can be named), `column`."""

    def __init__(self, name: str, line: int, column: str, expected: str) -> None:
        self.name, self.line, self.column = name, line, column
        where = f"{name}:{line}" if line else name
        super().__init__(f"{where}: {column}: {expected}" if column else f"{where}: {expected}")


@dataclass(frozen=True, slots=True, eq=False)
class LoadCurve:
    """`start_ns` int64[n] UTC, ascending, each once; `out_wh`, `in_wh` float64[n] of slots that last `slot_ns`."""

    name: str
    start_ns: Times
    slot_ns: int
    out_wh: Floats
    in_wh: Floats

    @property
    def end_ns(self) -> int:
        """End of the last slot."""
        return int(self.start_ns[-1]) + self.slot_ns

    def over(self, start_ns: int, end_ns: int, slot_ns: int) -> Metered:
        """The energies of slots of [start, end), which may be longer than those of the file but not shorter."""
        if slot_ns % self.slot_ns:
            raise MarketError(
                f"{self.name} counts {self.slot_ns // MINUTE_NS} min: it cannot be cut into {slot_ns // MINUTE_NS} min"
            )
        starts = np.arange(start_ns, end_ns, slot_ns, dtype=np.int64)
        inside = (self.start_ns >= start_ns) & (self.start_ns + self.slot_ns <= start_ns + len(starts) * slot_ns)
        at = (self.start_ns[inside] - start_ns) // slot_ns
        each = np.bincount(at, minlength=len(starts)) == slot_ns // self.slot_ns
        out, into = (
            np.where(each, np.bincount(at, wh[inside], len(starts)), np.nan) for wh in (self.out_wh, self.in_wh)
        )
        gaps = tuple(
            Gap(int(starts[first]), int(starts[last - 1]) + slot_ns, None, None) for first, last in runs(~each)
        )
        return Metered(starts, slot_ns, out, into, gaps, (), self.name)


def parse(name: str, raw: bytes) -> LoadCurve:
    """A load curve from the bytes of a file. Raises CurveFileError that names file, line and column."""
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CurveFileError(name, 0, "", f"not a text file: {error}") from error
    lines = [(n, one) for n, one in enumerate(io.StringIO(text, newline=None), 1) if _says(one)]
    header = [one.strip() for one in _cells(name, *lines[0])] if lines else []
    columns = _columns(name, lines[0][0] if lines else 1, header)
    starts: list[int] = []
    energies: list[tuple[float, ...]] = []
    for line, raw_row in lines[1:]:
        row = _cells(name, line, raw_row)
        if len(row) != len(header):
            hint = f"expected {len(header)} columns, got {len(row)}; write decimals with a point"
            raise CurveFileError(name, line, "", hint)
        at = _instant(name, line, row[header.index(START)])
        if starts and at <= starts[-1]:
            same = "the same start as the line before; is this local time, with the hour that comes twice?"
            hint = same if at == starts[-1] else "earlier than the line before; expected starts in ascending order"
            raise CurveFileError(name, line, START, hint)
        starts.append(at)
        energies.append(tuple(_number(name, line, column, row[header.index(column)]) for column in columns))
    if len(starts) < 2:
        raise CurveFileError(name, 0, "", "expected a header and at least two lines, one for each slot")
    return _curve(name, np.array(starts, np.int64), np.array(energies), columns)


def _says(line: str) -> bool:
    """Whether a line of the file is more than a comment or a row of empty cells."""
    return bool(line.strip(" \t\r\n,")) and not line.lstrip().startswith("#")


def _cells(name: str, line: int, text: str) -> list[str]:
    """The cells of one line: a row is a line, so that a quote that nobody closed spoils no other."""
    try:
        return next(csv.reader([text]))
    except csv.Error as error:
        raise CurveFileError(name, line, "", f"not a row of a CSV: {error}") from error


def _columns(name: str, line: int, header: list[str]) -> tuple[str, ...]:
    hint = " (separated by ';'? use commas)" if any(";" in one for one in header) else ""
    if START not in header:
        raise CurveFileError(name, line, START, f"no such column; the header is {', '.join(header) or 'empty'}{hint}")
    if POWER in header:
        return (POWER,)
    if OUT in header and IN in header:
        return OUT, IN
    raise CurveFileError(
        name, line, POWER, f"expected this column, or {OUT} and {IN}; the header is {', '.join(header)}"
    )


def _curve(name: str, starts: Times, energies: Floats, columns: tuple[str, ...]) -> LoadCurve:
    slot_ns = int(np.diff(starts).min())
    if slot_ns not in [minutes * MINUTE_NS for minutes in (5, 15, 30, 60)] or (starts % slot_ns).any():
        raise CurveFileError(name, 0, START, "expected slots of 5, 15, 30 or 60 minutes that begin on full ones")
    if columns == (POWER,):
        wh = energies[:, 0] * 1e3 * slot_ns / HOUR_NS
        return LoadCurve(name, starts, slot_ns, np.maximum(wh, 0.0), np.maximum(-wh, 0.0))
    return LoadCurve(name, starts, slot_ns, energies[:, 0] * 1e3, energies[:, 1] * 1e3)


def _instant(name: str, line: int, text: str) -> int:
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise CurveFileError(name, line, START, f"expected a time such as 2026-10-01T00:15Z, got {text!r}") from error
    found = found.replace(tzinfo=UTC) if found.tzinfo is None else found
    return round((found - _EPOCH).total_seconds()) * 10**9


def _number(name: str, line: int, column: str, text: str) -> float:
    try:
        found = float(text)
    except ValueError as error:
        hint = "; leave a slot without a value out" if not text.strip() else ""
        raise CurveFileError(name, line, column, f"expected a number, got {text!r}{hint}") from error
    least = -MOST_KW if column == POWER else 0.0
    if not math.isfinite(found) or not least <= found <= MOST_KW:
        raise CurveFileError(name, line, column, f"expected a number from {least:,.0f} to {MOST_KW:,.0f}, got {text!r}")
    return found
