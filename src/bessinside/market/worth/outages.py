"""When a battery, or a part of its power, is not there: spans of time, or a file of shares, laid on slots."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import pairwise
from typing import Annotated

import msgspec
import numpy as np
from msgspec import Meta

from bessinside.market.basis.days import Stamps
from bessinside.market.basis.errors import MarketError
from bessinside.market.dispatch.battery import Floats
from bessinside.market.prices.series import iso

START, AVAILABLE = "utc_start", "available"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EXAMPLE = "2026-10-01T08:00/2026-10-01T20:00, or with =0.5 behind it where half of the power is left"


class Outage(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """From `begin` to `end`, ISO 8601 and UTC without an offset, `available` of the power is left both ways."""

    begin: str
    end: str
    available: Annotated[float, Meta(ge=0.0, le=1.0)] = 0.0


def available(outages: Sequence[Outage], starts_ns: Stamps, slot_ns: int) -> Floats | None:
    """The share of power that each slot has, float64[n]; None without an outage. A slot of which an outage takes a part
    loses that part of its power. Raises MarketError for times that are none, and for outages that overlap."""
    if not outages:
        return None
    spans = sorted((instant(one.begin), instant(one.end), one.available) for one in outages)
    begin, end = (np.array([span[k] for span in spans], np.int64) for k in (0, 1))
    if (end <= begin).any():
        k = int(np.argmax(end <= begin))
        raise MarketError(f"an outage ends at {iso(int(end[k]))}, before it begins at {iso(int(begin[k]))}")
    if (begin[1:] < end[:-1]).any():
        at = iso(int(begin[1 + int(np.argmax(begin[1:] < end[:-1]))]))
        raise MarketError(f"two outages overlap at {at}: say which share of the power is left in each span")
    # what was missing up to a moment, in ns of the whole power: straight lines through the ends of all outages
    missing = (end - begin) * (1.0 - np.array([left for _, _, left in spans]))
    after = np.cumsum(missing)
    lost = np.column_stack([after - missing, after]).ravel()
    edges = np.append(starts_ns, starts_ns[-1:] + slot_ns)
    whole = np.interp(edges - begin[0], np.column_stack([begin, end]).ravel() - begin[0], lost)
    found: Floats = np.clip(1.0 - np.diff(whole) / slot_ns, 0.0, 1.0)
    return found


def parse(text: str) -> Outage:
    """An outage as it is typed: FROM/TO, or FROM/TO=SHARE. Raises MarketError."""
    span, _, share = text.partition("=")
    begin, slash, end = span.partition("/")
    try:
        found = Outage(begin.strip(), end.strip(), float(share) if share else 0.0)
    except ValueError:
        slash = ""
    if not slash or not 0.0 <= found.available <= 1.0:
        raise MarketError(f"--unavailable: expected {_EXAMPLE}; got {text!r}")
    if instant(found.end) <= instant(found.begin):
        raise MarketError(f"--unavailable: {text!r} ends before it begins")
    return found


def read(name: str, raw: bytes) -> tuple[Outage, ...]:
    """Outages from a CSV with `utc_start` and `available`, 0 to 1; each row holds until the next, and the last row only
    ends the one before. Lines with # are skipped. Raises MarketError that names file, line and column."""
    rows: list[tuple[int, float]] = []
    header: list[str] = []
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise MarketError(f"{name}: not a text file: {error}") from error
    for number, line in enumerate(io.StringIO(text, newline=None), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        cells = [cell.strip() for cell in next(csv.reader([line]))]
        if not header:
            header = cells
            if not {START, AVAILABLE} <= set(header):
                raise MarketError(
                    f"{name}:{number}: expected the columns {START} and {AVAILABLE}, got {line.strip()!r}"
                )
            continue
        if len(cells) != len(header):
            raise MarketError(f"{name}:{number}: expected {len(header)} columns, got {len(cells)}")
        row = dict(zip(header, cells, strict=True))
        rows.append((_instant(f"{name}:{number}: {START}", row[START]), _share(f"{name}:{number}", row[AVAILABLE])))
        if len(rows) > 1 and rows[-1][0] <= rows[-2][0]:
            raise MarketError(f"{name}:{number}: {START}: not after the line before; expected ascending times")
    if len(rows) < 2:
        raise MarketError(f"{name}: expected a header and two rows or more, the last one for the end")
    return tuple(Outage(iso(begin), iso(end), share) for (begin, share), (end, _) in pairwise(rows) if share < 1)


def instant(text: str) -> int:
    """A moment, UTC ns. Raises MarketError."""
    return _instant("an outage", text)


def _instant(where: str, text: str) -> int:
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise MarketError(f"{where}: expected a time such as 2026-10-01T08:00Z, got {text!r}") from error
    found = found.replace(tzinfo=UTC) if found.tzinfo is None else found
    return round((found - _EPOCH).total_seconds()) * 10**9


def _share(where: str, text: str) -> float:
    try:
        found = float(text)
    except ValueError:
        found = float("nan")
    if not 0.0 <= found <= 1.0:
        raise MarketError(f"{where}: {AVAILABLE}: expected a share from 0 to 1, got {text!r}")
    return found
