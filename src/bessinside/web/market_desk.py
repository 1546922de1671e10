"""The calculator behind the page: one thread that solves, warm solvers for the last questions, bounds on all of it."""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from typing import TypeVar

import msgspec

from bessinside.errors import BessError
from bessinside.market.basis.errors import MarketError
from bessinside.market.basis.localtime import DAY_NS, day_of, midnight_ns
from bessinside.market.dispatch.model import Bound
from bessinside.market.prices.cache import PriceCache
from bessinside.market.prices.day_ahead import at_hand
from bessinside.market.prices.sample import sample
from bessinside.market.prices.series import PriceSeries
from bessinside.market.realised.load_curve import LoadCurve
from bessinside.market.worth.question import Question
from bessinside.market.worth.revenue import LONGEST_BACK, Desk, Revenue, Worth
from bessinside.market.worth.schedule import write_csv
from bessinside.web.market_brought import Brought, BroughtRow
from bessinside.web.market_rows import Plan, PricesRow, SlotsRow, plan_row, prices_row, slots_row

MOST_DAYS = 2 * 366
MOST_SLOT_DAYS = 31
MOST_WAITING = 8
WARM = 3  # solvers of a year hold some 60 MB each
ANSWERS = 6
T = TypeVar("T")
Step = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Asked:
    """A question about local days. `own`, `fcr`: ids of files that were brought, empty for the prices of this machine
    and for no FCR; `ticket`: who asks."""

    question: Question
    first: date | None = None
    last: date | None = None
    own: str = ""
    fcr: str = ""
    ticket: str = ""


class Busy(BessError):
    """Too many questions wait."""


class Superseded(BessError):
    """A newer question of the same ticket took the place."""


class NoSuchAnswer(BessError):
    """The answer is no longer kept."""


class MarketDesk:
    """Answers for the web: prices of this machine only, at most two years, one solve at a time, at most eight wait."""

    def __init__(self, cache: PriceCache | None = None) -> None:
        self._cache = cache or PriceCache()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="market")
        self._waiting = 0
        self._newest: dict[str, int] = {}
        self._count = 0
        self._desks: OrderedDict[tuple[date, date, bool, str, str], Desk] = OrderedDict()
        self._answers: OrderedDict[str, Worth] = OrderedDict()
        self._brought = Brought()

    def close(self) -> None:
        """Ends the thread; what still waits is dropped."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def prices(self, first: date | None, last: date | None, own: str = "") -> PricesRow:
        """The prices of local days; the sample, or all of the file that was brought, where none are named."""
        begin, end = self._span(first, last, own)
        return await self.run("", lambda _: self._row(begin, end, own))

    async def answer(self, asked: Asked) -> tuple[str, Revenue]:
        """The whole answer and its id."""
        begin, end = self._span(asked.first, asked.last, asked.own)
        return await self.run(asked.ticket, partial(self._answer, asked, begin, end))

    async def bound(self, asked: Asked) -> Bound:
        """The bound alone."""
        begin, end = self._span(asked.first, asked.last, asked.own)
        return await self.run(asked.ticket, lambda _: self._desk(asked, begin, end).bound(asked.question))

    async def slots(self, answer: str, first: date | None, last: date | None, language: str) -> SlotsRow:
        """Slots of an answer, at most 31 days; the first seven days unless said."""
        worth = self._kept(answer)
        begin = first or day_of(int(worth.prices.start_ns[0]))
        end = last or min(begin + timedelta(days=6), day_of(worth.prices.end_ns - 1))
        if not 0 <= (end - begin).days < MOST_SLOT_DAYS:
            raise MarketError(f"from {begin} to {end}: ask for 1 to {MOST_SLOT_DAYS} days of slots")
        return await self.run("", lambda _: slots_row(worth, begin, end, language))

    async def csv(self, answer: str) -> str:
        """The whole schedule of an answer."""
        worth = self._kept(answer)
        return await self.run("", lambda _: write_csv(worth))

    async def plan(self, answer: str) -> Plan:
        """The same as rows for another program."""
        worth = self._kept(answer)
        return await self.run("", lambda _: plan_row(worth))

    async def bring(self, kind: str, name: str, raw: bytes) -> BroughtRow:
        """Takes a file of the user's: `prices`, `fcr` or `curve`. It stays in this process."""
        return await self.run("", lambda _: self._brought.take(kind, name, raw))

    async def hold(self, kind: str, name: str, found: PriceSeries) -> BroughtRow:
        """Takes a series that was fetched. It stays in this process."""
        return await self.run("", lambda _: self._brought.hold(kind, name, found))

    def curve(self, name: str) -> LoadCurve:
        """A load curve that was brought. Raises NoSuchFile."""
        return self._brought.curve(name)

    def known_or_none(self, start_ns: int, end_ns: int, own: str) -> PriceSeries | None:
        """Prices of this machine, or of a file that was brought, with their gaps; None where there are none."""
        if own:
            found: PriceSeries | None = self._brought.prices(own).between(start_ns, end_ns)
        else:
            found = at_hand(start_ns, end_ns, cache=self._cache)
        found = None if found is None else found.between(start_ns, end_ns)
        return found if found is not None and found.size else None

    async def run(self, ticket: str, work: Callable[[Step], T]) -> T:
        """Does the work in the one thread, until a newer question of the same ticket comes.

        `work` gets a function to call between its steps; the call ends it where it is no longer wanted.
        """
        if self._waiting >= MOST_WAITING:
            raise Busy(f"{MOST_WAITING} questions are being answered; ask again in a moment")
        self._count += 1
        number = self._count
        if ticket:
            self._newest[ticket] = number

        def go_on(_: str = "") -> None:
            if ticket and self._newest.get(ticket) != number:
                raise Superseded("a newer question took the place of this one")

        def begin() -> T:
            go_on()
            return work(go_on)

        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, begin)
        finally:
            self._waiting -= 1
            if self._newest.get(ticket) == number:
                del self._newest[ticket]

    def _row(self, first: date, last: date, own: str) -> PricesRow:
        start, end = midnight_ns(first), midnight_ns(last + timedelta(days=1))
        return prices_row(self._known(first, last, 0, own).between(start, end), self._cache)

    def _known(self, first: date, last: date, before_days: int, own: str = "") -> PriceSeries:
        start, end = midnight_ns(first), midnight_ns(last + timedelta(days=1))
        if own:
            return self._brought.prices(own)
        found = at_hand(start - before_days * DAY_NS, end, cache=self._cache)
        if found is None or not found.between(start, end).size:
            raise MarketError(
                f"no prices from {first} to {last} on this machine; they are fetched with: "
                f"bessinside prices fetch --from {first} --to {last}"
            )
        return found

    def _span(self, first: date | None, last: date | None, own: str) -> tuple[date, date]:
        """The days asked for, all of a file that was brought unless said; a file's days are no more than it has."""
        if not own:
            return _span(first, last)
        days = self._brought.prices(own).days().days
        begin, end = days[0].item(), days[-1].item()
        return _span(max(first or begin, begin), min(last or end, end))

    def _desk(self, asked: Asked, first: date, last: date) -> Desk:
        key = (first, last, asked.question.hourly, asked.own, asked.fcr)
        if key in self._desks:
            self._desks.move_to_end(key)
            return self._desks[key]
        known = self._known(first, last, LONGEST_BACK + 1, asked.own)
        start, end = midnight_ns(first), midnight_ns(last + timedelta(days=1))
        if asked.own:  # a file need not begin and end with the day
            start, end = max(start, int(known.start_ns[0])), min(end, known.end_ns)
        capacity = (self._brought.capacity(asked.fcr),) if asked.fcr else ()
        self._desks[key] = Desk.open(known, asked.question, start, end, capacity)
        if len(self._desks) > WARM:
            self._desks.popitem(last=False)
        return self._desks[key]

    def _answer(self, asked: Asked, first: date, last: date, step: Step) -> tuple[str, Revenue]:
        name = f"{first:%Y%m%d}-{last:%Y%m%d}-{_hash(asked)}"
        if name not in self._answers:
            self._answers[name] = self._desk(asked, first, last).answer(asked.question, step)
        self._answers.move_to_end(name)
        if len(self._answers) > ANSWERS:
            self._answers.popitem(last=False)
        return name, self._answers[name].revenue

    def _kept(self, answer: str) -> Worth:
        if answer not in self._answers:
            raise NoSuchAnswer("this answer is no longer kept: ask the question again")
        return self._answers[answer]


def _span(first: date | None, last: date | None) -> tuple[date, date]:
    days = sample().days().days
    begin = first or (last if last is not None else days[0].item())
    end = last or (first if first is not None else days[-1].item())
    if not 0 <= (end - begin).days < MOST_DAYS:
        raise MarketError(f"from {begin} to {end}: ask for at least a day and at most {MOST_DAYS} days")
    return begin, end


def _hash(asked: Asked) -> str:
    return hashlib.sha256(msgspec.json.encode([asked.question, asked.own, asked.fcr])).hexdigest()[:16]
