"""Netztransparenz of the German transmission system operators: the imbalance price reBAP, fetched when asked for.

Free registration gives a client id and a secret. A token comes from the identity server (client credentials); the
answer is CSV with `;` and decimal commas, times of quarters in UTC. Its licence is not stated, so nothing is kept.
"""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from bessinside.market.basis.errors import MarketError
from bessinside.market.basis.localtime import QUARTER_NS
from bessinside.market.prices.provenance import Provenance
from bessinside.market.prices.series import PriceSeries, joined, series
from bessinside.runtime.http import Http

NAME = "netztransparenz"
TOKEN = "https://identity.netztransparenz.de/users/connect/token"  # noqa: S105  an address, not a secret
BASE = "https://ds.netztransparenz.de/api/v1"
ASKED_DAYS = 31


async def fetch_rebap(
    http: Http,
    start_ns: int,
    end_ns: int,
    *,
    client_id: str,
    secret: str,
    token_url: str = TOKEN,
    base: str = BASE,
    now_ns: int,
) -> PriceSeries:
    """reBAP of each quarter in [start, end), EUR/MWh, quality-assured. Raises MarketError, HttpError."""
    form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret}
    answer = await http.post_form(token_url, form)
    try:
        table: Any = msgspec.json.decode(answer.body)
        token = str(table["access_token"])
    except (msgspec.DecodeError, KeyError, TypeError) as error:
        raise MarketError(f"{NAME}: the identity server gave no token; are client id and secret right?") from error
    parts = []
    step = ASKED_DAYS * 86_400 * 10**9
    for begin in range(start_ns, end_ns, step):
        span = "/".join(_stamp(at) for at in (begin, min(begin + step, end_ns)))
        url = f"{base}/data/NrvSaldo/reBAP/Qualitaetsgesichert/{span}"
        answer = await http.get(url, headers={"Authorization": f"Bearer {token}"})
        source = Provenance(
            source=NAME,
            product="imbalance price reBAP, Germany",
            url=url,
            fetched_ns=now_ns,
            licence="licence not stated; not kept",
            attribution="Netztransparenz.de",
            kept=False,
        )
        parts.append(parse(answer.body, source))
    return joined(parts).between(start_ns, end_ns)


def parse(body: bytes, source: Provenance) -> PriceSeries:
    """The CSV as a series; `N.A.` and empty cells are gaps. Raises MarketError that names line and column."""
    rows = list(csv.reader(io.StringIO(body.decode("utf-8-sig", "replace")), delimiter=";"))
    header = [cell.strip() for cell in rows[0]] if rows else []
    price = next((i for i, cell in enumerate(header) if "rebap" in cell.lower() or "unterdeckt" in cell.lower()), None)
    need = {name: header.index(name) for name in ("Datum", "Zeitzone", "von") if name in header}
    if price is None or len(need) != 3:
        raise MarketError(f"{NAME}: the answer lacks Datum, Zeitzone, von or reBAP: {'; '.join(header)[:120]}")
    starts, prices = [], []
    for line, row in enumerate(rows[1:], 2):
        if len(row) <= price or row[price].strip() in ("", "N.A.", "N.E."):
            continue
        if row[need["Zeitzone"]].strip() != "UTC":
            raise MarketError(f"{NAME}: line {line}: Zeitzone: expected UTC, got {row[need['Zeitzone']]!r}")
        try:
            day = datetime.strptime(f"{row[need['Datum']]} {row[need['von']]}", "%d.%m.%Y %H:%M").replace(tzinfo=UTC)
            prices.append(float(row[price].replace(".", "").replace(",", ".")))
        except ValueError as error:
            raise MarketError(f"{NAME}: line {line}: {error}") from error
        starts.append(int(day.timestamp()) * 10**9)
    return series(starts, prices, QUARTER_NS, (source,))


def _stamp(at_ns: int) -> str:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at_ns // 1000)).strftime("%Y-%m-%dT%H:%M:%S")
