"""The three views: facts over one fact base, which later questions may name, so that all see the same values."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from typing import Annotated, Any, TypeVar

from litestar import Request, get
from litestar.exceptions import HTTPException, NotFoundException, ValidationException
from litestar.params import FromPath, QueryParameter
from litestar.status_codes import HTTP_503_SERVICE_UNAVAILABLE

from bessinside.historian.basis.folder import NothingRecorded
from bessinside.historian.clickhouse.address import is_address
from bessinside.historian.past.past import Past
from bessinside.twin import Twin
from bessinside.twin.snapshot import Snapshot
from bessinside.twin.state import State, UnknownFigure
from bessinside.views import ROLES, Evidence, FactBase, UnknownFact, UnknownRole, roles, view
from bessinside.views.fact import Fact, FactPassport, RolesRow, View
from bessinside.views.formulas import facts_of
from bessinside.views.kept import LATE_NS
from bessinside.views.remembering import Remembering
from bessinside.web.access import COOKIE
from bessinside.web.history import HistoryDesk
from bessinside.web.users import Accounts

KEPT = 6  # bases
MOST_WAITING = 6
USUAL_NS = 7 * 86_400_000_000_000
LONGEST_NS = 2 * 366 * 86_400_000_000_000
LIVE_NS = 5_000_000_000  # a span that ends so shortly ago is of now
LATE_ON_SERVERS_NS = 86_400_000_000_000  # a poller that lost its servers brings them what it kept meanwhile

T = TypeVar("T")

Language = Annotated[str, QueryParameter(name="lang", pattern="^(en|de)$", description="Language of words: en or de.")]
Begin = Annotated[
    float | None, QueryParameter(name="from", description="Begin of the span, UTC ms; seven days before its end.")
]
End = Annotated[float | None, QueryParameter(name="to", description="End of the span and the moment, UTC ms; now.")]
Base = Annotated[
    str, QueryParameter(name="base", max_length=80, description="The `base` of an earlier answer: the same values.")
]


class ViewDesk:
    """Makes fact bases, one at a time, and keeps the last few."""

    def __init__(self, twin: Twin, history: HistoryDesk) -> None:
        self.twin = twin
        self.history = history
        self._bases: OrderedDict[str, FactBase] = OrderedDict()
        self._past: tuple[Past, Remembering] | None = None
        self._turn = asyncio.Lock()
        self._waiting = 0

    async def view(self, role: str, base: str, begin: float | None, end: float | None, language: str) -> View:
        """What a role sees, of a base that is kept or of a new one."""
        return await self._run(base, begin, end, lambda found: view(found, role, language, live=self._live(found)))

    async def fact(self, name: str, base: str, begin: float | None, end: float | None, language: str) -> Fact:
        """One fact."""
        return await self._run(base, begin, end, lambda found: found.fact(name, language))

    async def passport(
        self, name: str, base: str, begin: float | None, end: float | None, language: str
    ) -> FactPassport:
        """Where a fact comes from. Passports of live figures are made on the twin's own loop, after the fact."""
        found, _ = await self._run(base, begin, end, lambda made: (made, made.fact(name, language)))
        if self._live(found):
            return found.passport(name, language)
        return await self._run(found.name, None, None, lambda kept: kept.passport(name, language))

    def _live(self, base: FactBase) -> bool:
        return base.evidence.state is self.twin

    async def _run(self, base: str, begin: float | None, end: float | None, work: Callable[[FactBase], T]) -> T:
        if self._waiting >= MOST_WAITING:
            words = f"{MOST_WAITING} questions are being answered; ask again in a moment"
            raise HTTPException(words, status_code=HTTP_503_SERVICE_UNAVAILABLE)
        self._waiting += 1
        try:
            async with self._turn:
                now = self.twin.snapshot()  # on the loop of the twin: whole sweeps only
                return await asyncio.to_thread(self._work, base, begin, end, now, work)
        except (UnknownFact, UnknownRole, NothingRecorded, UnknownFigure) as error:
            raise NotFoundException(str(error)) from error
        finally:
            self._waiting -= 1

    def _work(
        self, base: str, begin: float | None, end: float | None, now: Snapshot, work: Callable[[FactBase], T]
    ) -> T:
        kept = self._bases.get(base)
        if kept is None:
            past = None if self.history.folder is None else self._remembered()
            kept = self._keep(self._without(end, now) if past is None else self._over(past, begin, end, now))
        return work(kept)

    def _remembered(self) -> Past:
        """The past that other readers share, each question behind their lock by itself; anew where it is another."""
        with self.history.past() as shared:
            if self._past is None or self._past[0] is not shared:
                late_ns = LATE_ON_SERVERS_NS if is_address(self.history.folder or "") else LATE_NS
                self._past = shared, Remembering(shared, self.history.past, late_ns)
            return self._past[1]

    def _over(self, past: Past, begin: float | None, end: float | None, now: Snapshot) -> FactBase:
        """A base over what is recorded; of the present alone where nothing is recorded yet."""
        try:
            first, _ = past.span()
        except NothingRecorded:
            return self._without(end, now)
        end_ns = now.time_ns if end is None else min(_ns(end), now.time_ns)
        start_ns = max(first, end_ns - USUAL_NS) if begin is None else max(_ns(begin), first)
        if start_ns >= end_ns:
            if end is None and begin is None:
                return self._without(end, now)
            raise ValidationException("from must lie before to, and to after the first recorded sweep")
        if end_ns - start_ns > LONGEST_NS:
            raise ValidationException("ask for two years at most")
        known = next((one for one in self._bases.values() if self._over_same(one, past, start_ns, end_ns)), None)
        if known is not None:
            return known
        state: State = self.twin
        if now.time_ns - end_ns > LIVE_NS:
            state = past.at(end_ns)
            now = state.snapshot()
        return facts_of(Evidence(state, now, past, start_ns, end_ns, owner=self.twin.plant), _name(now, start_ns))

    def _over_same(self, base: FactBase, past: Past, start_ns: int, end_ns: int) -> bool:
        """Whether a base is of the same span of the same past, whose end is no longer now."""
        of = base.evidence
        return of.past is past and not self._live(base) and (of.start_ns, of.end_ns) == (start_ns, end_ns)

    def _without(self, end: float | None, now: Snapshot) -> FactBase:
        if end is not None and now.time_ns - _ns(end) > LIVE_NS:
            raise ValidationException("nothing was recorded: only the present can be asked; leave out from and to")
        return facts_of(Evidence(self.twin, now), _name(now, 0))

    def _keep(self, base: FactBase) -> FactBase:
        self._bases[base.name] = base
        if len(self._bases) > KEPT:
            self._bases.popitem(last=False)
        return base


def view_routes(twin: Twin, history: HistoryDesk, accounts: Accounts | None) -> list[Any]:
    """The routes of the three views."""
    desk = ViewDesk(twin, history)

    @get("/api/views", summary="The three roles, and which is that of the person signed in")
    async def get_views(request: Request[Any, Any, Any], lang: Language = "en") -> RolesRow:
        session = accounts.session(request.cookies.get(COOKIE)) if accounts is not None else None
        mine = session.role if session is not None and session.role in ROLES else ""
        return RolesRow([role.row(lang) for role in roles().values()], mine, not mine)

    @get("/api/views/{role:str}", summary="What one role sees: its facts in groups, and what matters on each level")
    async def get_view(
        role: FromPath[str], begin: Begin = None, end: End = None, base: Base = "", lang: Language = "en"
    ) -> View:
        return await desk.view(role, base, begin, end, lang)

    @get("/api/facts/{fact_id:str}", summary="One fact")
    async def get_fact(
        fact_id: FromPath[str], begin: Begin = None, end: End = None, base: Base = "", lang: Language = "en"
    ) -> Fact:
        return await desk.fact(fact_id, base, begin, end, lang)

    @get("/api/facts/{fact_id:str}/passport", summary="Where a fact comes from, down to the figures and prices")
    async def get_passport(
        fact_id: FromPath[str], begin: Begin = None, end: End = None, base: Base = "", lang: Language = "en"
    ) -> FactPassport:
        return await desk.passport(fact_id, base, begin, end, lang)

    return [get_views, get_view, get_fact, get_passport]


def _name(now: Snapshot, start_ns: int) -> str:
    return f"{start_ns // 10**6}-{now.time_ns // 10**6}"


def _ns(ms: float) -> int:
    if not 0 <= ms < 9e12:
        raise ValidationException(f"{ms}: expected ms since 1970, UTC")
    return round(ms * 1e6)
