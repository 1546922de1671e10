"""What prices are worth: prices on this machine with their source, and the calculator. Nothing is fetched but FCR."""

from __future__ import annotations

from collections.abc import Awaitable
from datetime import date
from typing import Annotated, Any, TypeVar

import msgspec
from litestar import Request, Response, get, post
from litestar.exceptions import ClientException, HTTPException, NotFoundException, ValidationException
from litestar.params import FromPath, JSONBody, QueryParameter
from litestar.status_codes import HTTP_200_OK, HTTP_409_CONFLICT, HTTP_503_SERVICE_UNAVAILABLE

from bessinside.errors import BessError
from bessinside.market.worth.question import Question
from bessinside.market.worth.revenue import CAVEAT, Revenue
from bessinside.web.history import HistoryDesk
from bessinside.web.market_brought import KINDS, MOST_BYTES, BroughtRow, NoSuchFile
from bessinside.web.market_desk import Asked, Busy, MarketDesk, NoSuchAnswer, Superseded
from bessinside.web.market_fetch import fetch_routes
from bessinside.web.market_realised import NoHistory, RealisedDesk, RealisedRow, WaterfallRow
from bessinside.web.market_rows import IndexRow, Plan, PricesRow, SlotsRow, WholeYear, indices, whole_years

From = Annotated[
    str, QueryParameter(name="from", pattern=r"^(\d{4}-\d{2}-\d{2})?$", description="First local day, 2026-10-01.")
]
To = Annotated[str, QueryParameter(name="to", pattern=r"^(\d{4}-\d{2}-\d{2})?$", description="Last local day.")]
Language = Annotated[str, QueryParameter(name="lang", pattern="^(en|de)$", description="Language: en or de.")]
Power = Annotated[float, QueryParameter(ge=1e3, le=1e11, description="Power at the meter, W.")]
Energy = Annotated[float, QueryParameter(ge=1e3, le=1e12, description="Energy at the cells, Wh.")]
RoundTrip = Annotated[float, QueryParameter(gt=0.2, le=1.0, description="Energy out over energy in at the meter.")]
Cycles = Annotated[float, QueryParameter(ge=0.0, le=24.0, description="Most full cycles in a local day; 0: no cap.")]

Own = Annotated[str, QueryParameter(max_length=40, description="Id of a file that was opened here; empty for none.")]
FileName = Annotated[str, QueryParameter(max_length=120, description="Name of the file, for what is said of it.")]

T = TypeVar("T")


class RevenueRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A question about local days `first` to `last` (empty: all that ships).

    `ticket`: who asks; a newer question of the same ticket takes the place of one that still waits. `own`, `fcr`: ids
    of files that were opened here, prices in place of those of this machine and prices of FCR beside them.
    """

    question: Question = msgspec.field(default_factory=Question)
    first: Annotated[str, msgspec.Meta(pattern=r"^(\d{4}-\d{2}-\d{2})?$")] = ""
    last: Annotated[str, msgspec.Meta(pattern=r"^(\d{4}-\d{2}-\d{2})?$")] = ""
    ticket: Annotated[str, msgspec.Meta(max_length=64)] = ""
    own: Annotated[str, msgspec.Meta(max_length=40)] = ""
    fcr: Annotated[str, msgspec.Meta(max_length=40)] = ""

    def asked(self) -> Asked:
        """As the desk takes it. Raises ValidationException where a day does not exist."""
        return Asked(self.question, _day(self.first), _day(self.last), self.own, self.fcr, self.ticket)


class RevenueAnswer(msgspec.Struct, frozen=True):
    """The answer and its `id`, by which its slots can be had for a while."""

    id: str
    revenue: Revenue


class BoundAnswer(msgspec.Struct, frozen=True):
    """The bound alone, for a slider that is being moved."""

    bound_eur: float
    eur_mw: float
    duality_gap_eur: float
    seconds: float
    caveat: str


class Comparison(msgspec.Struct, frozen=True):
    """Whole years by this program, and figures that others published."""

    years: list[WholeYear]
    indices: list[IndexRow]


def market_routes(desk: MarketDesk | None = None, history: HistoryDesk | None = None) -> list[Any]:
    """The routes of the market. Work is done by one thread; see :class:`MarketDesk` for what bounds it."""
    market = desk or MarketDesk()
    counted = RealisedDesk(market, history)

    @get("/api/prices", summary="Day-ahead prices on this machine with source and licence; which days there are")
    async def get_prices(first: From = "", last: To = "", own: Own = "") -> PricesRow:
        return await _told(market.prices(_day(first), _day(last), own))

    @post(
        "/api/revenue",
        summary="What a battery could have earned: an upper bound",
        status_code=HTTP_200_OK,
        exception_handlers={ValidationException: _said},
    )
    async def post_revenue(data: JSONBody[RevenueRequest]) -> RevenueAnswer:
        return RevenueAnswer(*await _told(market.answer(data.asked())))

    @get("/api/revenue", summary="The same for a battery in the address, for scripts")
    async def get_revenue(
        first: From = "",
        last: To = "",
        power: Power = 1e6,
        energy: Energy = 2e6,
        rte: RoundTrip = 0.88,
        cycles: Cycles = 1.5,
    ) -> RevenueAnswer:
        asked = Question(power_w=power, energy_wh=energy, round_trip=rte, cycles_day=cycles or None)
        return RevenueAnswer(*await _told(market.answer(Asked(asked, _day(first), _day(last)))))

    @post(
        "/api/revenue/bound",
        summary="The bound alone, at once: for a slider that moves",
        status_code=HTTP_200_OK,
        exception_handlers={ValidationException: _said},
    )
    async def post_bound(data: JSONBody[RevenueRequest]) -> BoundAnswer:
        found = await _told(market.bound(data.asked()))
        mw = data.question.power_w / 1e6
        proof = found.certificate
        return BoundAnswer(found.eur, found.eur / mw, proof.duality_gap_eur, found.seconds, CAVEAT)

    @get("/api/revenue/compare", summary="Whole years by this program, and published figures with their sources")
    async def get_comparison(lang: Language = "en") -> Comparison:
        return Comparison(whole_years(), indices(lang))

    @get("/api/revenue/{answer:str}/slots", summary="The schedule of an answer, slot by slot, with the reason of each")
    async def get_slots(answer: FromPath[str], first: From = "", last: To = "", lang: Language = "en") -> SlotsRow:
        return await _told(market.slots(answer, _day(first), _day(last), lang))

    @get("/api/revenue/{answer:str}/schedule.csv", summary="The schedule of an answer as a file", media_type="text/csv")
    async def get_schedule(request: Request[Any, Any, Any], answer: FromPath[str]) -> Response[bytes]:
        body = await _told(market.csv(answer))
        headers = {"Content-Disposition": 'attachment; filename="schedule.csv"'}
        return Response(body.encode(), media_type="text/csv; charset=utf-8", headers=headers)

    @get("/api/revenue/{answer:str}/schedule.json", summary="The schedule of an answer for another program")
    async def get_plan(answer: FromPath[str]) -> Response[Plan]:
        found = await _told(market.plan(answer))
        return Response(found, headers={"Content-Disposition": 'attachment; filename="schedule.json"'})

    @post(
        "/api/market/files/{kind:str}",
        summary="Opens a file of one's own: prices, fcr or curve; it is kept in memory for a while and nowhere else",
        status_code=HTTP_200_OK,
        request_max_body_size=MOST_BYTES,
    )
    async def post_file(
        request: Request[Any, Any, Any], kind: FromPath[str], name: FileName = "file.csv"
    ) -> BroughtRow:
        if kind not in KINDS:
            raise NotFoundException(f"no files of kind {kind!r}: expected {', '.join(KINDS)}")
        return await _told(market.bring(kind, name, await request.body()))

    @get("/api/market/realised", summary="What the plant's meter counted, slot by slot, and what it was worth")
    async def get_realised(first: From = "", last: To = "", curve: Own = "", own: Own = "") -> RealisedRow:
        return await _told(counted.realised(_day(first), _day(last), curve, own))

    @get("/api/market/waterfall", summary="From the upper bound to what was realised, each step with its slots")
    async def get_waterfall(
        first: From = "",
        last: To = "",
        power: Power = 1e6,
        energy: Energy = 2e6,
        rte: RoundTrip = 0.88,
        cycles: Cycles = 1.5,
        curve: Own = "",
        own: Own = "",
    ) -> WaterfallRow:
        asked = Question(power_w=power, energy_wh=energy, round_trip=rte, cycles_day=cycles or None)
        return await _told(counted.waterfall(_day(first), _day(last), asked, curve, own))

    return [
        get_prices, post_revenue, get_revenue, post_bound, get_comparison, get_slots, get_schedule, get_plan, post_file,
        get_realised, get_waterfall, *fetch_routes(market),
    ]  # fmt: skip


def _said(_: Request[Any, Any, Any], error: ValidationException) -> Response[Any]:
    """A question that breaks its bounds, with the key that does."""
    extra = error.extra if isinstance(error.extra, list) else []
    words = "; ".join(f"{one.get('key', '')}: {one.get('message', '')}" for one in extra)
    detail = f"{error.detail} ({words})" if words else error.detail
    return Response({"status": 400, "detail": detail}, status_code=400)


def _day(text: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ValidationException(f"no such day: {text!r}") from error


async def _told(work: Awaitable[T]) -> T:
    """The work's result; what is wrong with the question becomes an answer in words."""
    try:
        return await work
    except Superseded as error:
        raise HTTPException(str(error), status_code=HTTP_409_CONFLICT) from error
    except Busy as error:
        raise HTTPException(str(error), status_code=HTTP_503_SERVICE_UNAVAILABLE) from error
    except (NoSuchAnswer, NoSuchFile, NoHistory) as error:
        raise NotFoundException(str(error)) from error
    except BessError as error:
        raise ClientException(str(error)) from error
