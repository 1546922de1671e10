"""regelleistung.net of the German transmission system operators: capacity prices of FCR, fetched when asked for.

All rights are reserved there (imprint), so nothing of it ships with this program and nothing stays in its cache. A
list, one month at a time, names the result files; each is an xlsx with a row for each day and block, `PRODUCTNAME`
`NEGPOS_00_04` to `NEGPOS_20_24`, and the price EUR/MW of the whole block. Blocks go by the clock on the wall of Berlin.
"""

from __future__ import annotations

import io
from datetime import date, datetime, timedelta
from typing import Any

import msgspec

from bessinside.market.basis.errors import MarketError
from bessinside.market.basis.localtime import day_of
from bessinside.market.prices.provenance import Provenance
from bessinside.market.prices.reserve_prices import BlockPrices, blocks
from bessinside.runtime.http import Http

NAME = "regelleistung"
BASE = "https://www.regelleistung.net/apps/crds/api/v2/tenders"
PRICES = ("GERMANY_SETTLEMENTCAPACITY_PRICE_[EUR/MW]", "DE_SETTLEMENTCAPACITY_PRICE_[EUR/MW]")


async def fetch_fcr(http: Http, start_ns: int, end_ns: int, *, base: str = BASE, now_ns: int) -> BlockPrices:
    """Settlement prices of FCR for the blocks of the local days in [start, end). Raises MarketError, HttpError."""
    first, last = day_of(start_ns), day_of(end_ns - 1)
    source = Provenance(
        source=NAME,
        product="FCR capacity, Germany",
        url=f"{base}/files",
        fetched_ns=now_ns,
        licence="all rights reserved; fetched for this use, not kept",
        attribution="regelleistung.net",
        kept=False,
    )
    rows: dict[tuple[date, int], float] = {}
    for begin, end in _months(first, last):
        query = {"productTypes": "FCR", "from": begin.isoformat(), "to": end.isoformat()}
        names = result_files((await http.get(f"{base}/files", query)).body)
        if not names:
            raise MarketError(f"{NAME}: no results of FCR from {begin} to {end}")
        for name in names:
            rows |= parse((await http.get(f"{base}/files/{name}")).body, name)
    inside = [(day, block, price) for (day, block), price in rows.items() if first <= day <= last]
    missing = (last - first).days * 6 + 6 - len(inside)
    if missing:
        raise MarketError(f"{NAME}: {missing} of {len(inside) + missing} blocks from {first} to {last} have no price")
    return blocks(inside, "FCR", (source,))


def result_files(body: bytes) -> list[str]:
    """Names of the monthly result files of capacity in a list of files."""
    try:
        table: Any = msgspec.json.decode(body)
        rows = table if isinstance(table, list) else table["files"]
        return [
            str(row["fileName"])
            for row in rows
            if row["fileType"] == "RESULTS" and row["dateRangeType"] == "MONTH" and row.get("market") == "CAPACITY"
        ]
    except (msgspec.DecodeError, KeyError, TypeError) as error:
        raise MarketError(f"{NAME}: the list of files is not as known ({error}); has the service changed?") from error


def parse(body: bytes, name: str) -> dict[tuple[date, int], float]:
    """(day, block) → EUR/MW of the block, first tender only. Raises MarketError."""
    import openpyxl

    try:
        sheet = openpyxl.load_workbook(io.BytesIO(body), read_only=True, data_only=True).worksheets[0]
        table = list(sheet.iter_rows(values_only=True))
    except Exception as error:  # openpyxl raises whatever its parts raise
        raise MarketError(f"{NAME}: {name} is not an xlsx: {error}") from error
    header = [str(cell or "").strip().upper() for cell in (table[0] if table else ())]
    price = next((header.index(one) for one in PRICES if one in header), None)
    need = ("DATE_FROM", "PRODUCTNAME")
    if price is None or any(one not in header for one in need):
        raise MarketError(f"{NAME}: {name} lacks DATE_FROM, PRODUCTNAME or {PRICES[0]}")
    tender = header.index("TENDER_NUMBER") if "TENDER_NUMBER" in header else None
    found: dict[tuple[date, int], float] = {}
    for line, row in enumerate(table[1:], 2):
        first = tender is None or str(row[tender]) in ("1", "1.0", "None")
        if row[header.index("PRODUCTNAME")] is None or not first:
            continue
        product = str(row[header.index("PRODUCTNAME")])
        if not product.startswith("NEGPOS_"):
            continue
        found[_day(row[header.index("DATE_FROM")], name, line), int(product[7:9]) // 4] = _price(row[price], name, line)
    return found


def _day(cell: object, name: str, line: int) -> date:
    if isinstance(cell, datetime):
        return cell.date()
    for form in ("%Y-%m-%d", "%d.%m.%Y"):
        try:
            return datetime.strptime(str(cell)[:10], form).date()
        except ValueError:
            continue
    raise MarketError(f"{NAME}: {name}:{line}: DATE_FROM: expected a day, got {cell!r}")


def _price(cell: object, name: str, line: int) -> float:
    try:
        return float(str(cell).replace(",", "."))
    except ValueError as error:
        raise MarketError(f"{NAME}: {name}:{line}: expected a price in EUR/MW, got {cell!r}") from error


def _months(first: date, last: date) -> list[tuple[date, date]]:
    """Whole months, for the files are monthly."""
    found = []
    begin = first.replace(day=1)
    while begin <= last:
        after = (begin.replace(day=28) + timedelta(days=4)).replace(day=1)
        found.append((begin, after - timedelta(days=1)))
        begin = after
    return found
