"""Prices of FCR, fetched from regelleistung.net when somebody presses the button: into this process, never onto a disk.

All rights to them are reserved there, so that nothing of them ships, and nothing stays when the program ends. One fetch
at a time; what it brought is a file like those that a person opens, with its source and licence.
"""

from __future__ import annotations

import os
from datetime import date, timedelta
from typing import Annotated, Any

import msgspec
import numpy as np
from litestar import get, post
from litestar.exceptions import ClientException, HTTPException, NotFoundException
from litestar.params import FromPath, QueryParameter
from litestar.status_codes import HTTP_200_OK, HTTP_409_CONFLICT, HTTP_502_BAD_GATEWAY

from bessinside.errors import BessError
from bessinside.market.basis.localtime import midnight_ns
from bessinside.market.prices.provenance import credits
from bessinside.market.prices.reserve_prices import BlockPrices
from bessinside.market.prices.series import PriceSeries
from bessinside.market.prices.sources import regelleistung
from bessinside.runtime import clock
from bessinside.runtime.http import HttpError, client
from bessinside.web.market_brought import BroughtRow
from bessinside.web.market_desk import MarketDesk

KINDS = ("fcr",)
MOST_DAYS = 366
ADDRESS = "BESSINSIDE_REGELLEISTUNG_URL"
FURTHER = "open a file of FCR prices of your own, or try again later"

Day = Annotated[str, QueryParameter(pattern=r"^(\d{4}-\d{2}-\d{2})?$", description="Local day, such as 2026-10-01.")]


class FetchRow(msgspec.Struct, frozen=True):
    """How far a fetch is. `state`: idle, running, done or failed; `done` of `total` months; `detail`: what went wrong
    and what to do; `file`: what was brought, with `attribution` and `licence` of its source."""

    state: str = "idle"
    first: str = ""
    last: str = ""
    done: int = 0
    total: int = 0
    detail: str = ""
    file: BroughtRow | None = None
    attribution: str = ""
    licence: str = ""


class Fetching(BessError):
    """Another fetch is under way."""


class FetchDesk:
    """Fetches for the page; what it brings is kept by the market's desk."""

    def __init__(self, market: MarketDesk) -> None:
        self._market = market
        self.now = FetchRow()

    async def fetch(self, first: date, last: date) -> FetchRow:
        """Brings FCR prices of local days, month by month. Raises Fetching, BessError in words that say what to do."""
        if self.now.state == "running":
            raise Fetching(f"prices from {self.now.first} to {self.now.last} are being fetched; wait for them")
        if not 0 <= (last - first).days < MOST_DAYS:
            raise BessError(f"from {first} to {last}: ask for at least a day and at most {MOST_DAYS} days")
        parts = months(first, last)
        self.now = FetchRow("running", str(first), str(last), 0, len(parts))
        found: list[BlockPrices] = []
        try:
            base = os.environ.get(ADDRESS, regelleistung.BASE)
            async with client() as http:
                for begin, end in parts:
                    stop = midnight_ns(end + timedelta(days=1))
                    found.append(
                        await regelleistung.fetch_fcr(http, midnight_ns(begin), stop, base=base, now_ns=clock.now_ns())
                    )
                    self.now = msgspec.structs.replace(self.now, done=len(found))
            series = together(found)
            row = await self._market.hold("fcr", f"{regelleistung.NAME} {first} – {last}", series)
        except BaseException as error:
            words = f"{error}; {FURTHER}" if isinstance(error, BessError) else "the fetch was broken off"
            self.now = msgspec.structs.replace(self.now, state="failed", detail=words)
            raise
        licence = series.provenance[0].licence
        self.now = msgspec.structs.replace(
            self.now, state="done", file=row, attribution=credits(series.provenance), licence=licence
        )
        return self.now


def months(first: date, last: date) -> list[tuple[date, date]]:
    """The days by calendar months, for so they are published."""
    found = []
    begin = first
    while begin <= last:
        after = (begin.replace(day=28) + timedelta(days=4)).replace(day=1)
        found.append((begin, min(last, after - timedelta(days=1))))
        begin = after
    return found


def together(parts: list[BlockPrices]) -> PriceSeries:
    """Blocks that follow each other as one series, EUR/MW of the whole block."""
    start, length, price = (
        np.concatenate([getattr(one, name) for one in parts]) for name in ("start_ns", "length_ns", "price")
    )
    return PriceSeries(start, length, length, price, parts[0].provenance)


def fetch_routes(market: MarketDesk) -> list[Any]:
    """The routes of the button."""
    desk = FetchDesk(market)

    @get("/api/market/fetch/{kind:str}", summary="How far a fetch of prices is that somebody asked for")
    async def get_fetch(kind: FromPath[str]) -> FetchRow:
        _known(kind)
        return desk.now

    @post(
        "/api/market/fetch/{kind:str}",
        summary="Fetches prices from their publisher now: fcr from regelleistung.net; kept in memory only",
        status_code=HTTP_200_OK,
    )
    async def post_fetch(kind: FromPath[str], first: Day = "", last: Day = "") -> FetchRow:
        _known(kind)
        try:
            return await desk.fetch(date.fromisoformat(first), date.fromisoformat(last))
        except ValueError as error:
            raise ClientException(f"expected days such as 2026-10-01: {error}") from error
        except Fetching as error:
            raise HTTPException(str(error), status_code=HTTP_409_CONFLICT) from error
        except HttpError as error:
            raise HTTPException(desk.now.detail or str(error), status_code=HTTP_502_BAD_GATEWAY) from error
        except BessError as error:
            raise ClientException(desk.now.detail or str(error)) from error

    return [get_fetch, post_fetch]


def _known(kind: str) -> None:
    if kind not in KINDS:
        raise NotFoundException(f"nothing is fetched for {kind!r}: expected {', '.join(KINDS)}")
