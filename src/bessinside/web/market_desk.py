"""The calculator behind the page: one thread that solves, warm solvers for the last questions, bounds on all of it."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
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
from bessinside.market.worth.question import Question
from bessinside.market.worth.revenue import LONGEST_BACK, Desk, Revenue, Worth
from bessinside.market.worth.schedule import write_csv
from bessinside.web.market_rows import PricesRow, SlotsRow, prices_row, slots_row

MOST_DAYS = 2 * 366
MOST_SLOT_DAYS = 31
MOST_WAITING = 8
WARM = 3  # solvers of a year hold some 60 MB each
ANSWERS = 6
T = TypeVar("T")
Step = Callable[[str], None]


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
        self._desks: OrderedDict[tuple[date, date, bool], Desk] = OrderedDict()
        self._answers: OrderedDict[str, Worth] = OrderedDict()

    def close(self) -> None:
        """Ends the thread; what still waits is dropped."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def prices(self, first: date | None, last: date | None) -> PricesRow:
        """The prices of local days; the sample where none are named."""
        begin, end = _span(first, last)
        return await self._run("", lambda _: prices_row(self._known(begin, end, 0), self._cache))

    async def answer(self, asked: Question, first: date | None, last: date | None, ticket: str) -> tuple[str, Revenue]:
        """The whole answer and its id."""
        begin, end = _span(first, last)
        return await self._run(ticket, partial(self._answer, asked, begin, end))

    async def bound(self, asked: Question, first: date | None, last: date | None, ticket: str) -> Bound:
        """The bound alone."""
        begin, end = _span(first, last)
        return await self._run(ticket, lambda _: self._desk(asked, begin, end).bound(asked))

    async def slots(self, answer: str, first: date | None, last: date | None, language: str) -> SlotsRow:
        """Slots of an answer, at most 31 days; the first seven days unless said."""
        worth = self._kept(answer)
        begin = first or day_of(int(worth.prices.start_ns[0]))
        end = last or min(begin + timedelta(days=6), day_of(worth.prices.end_ns - 1))
        if not 0 <= (end - begin).days < MOST_SLOT_DAYS:
            raise MarketError(f"from {begin} to {end}: ask for 1 to {MOST_SLOT_DAYS} days of slots")
        return await self._run("", lambda _: slots_row(worth, begin, end, language))

    async def csv(self, answer: str) -> str:
        """The whole schedule of an answer."""
        worth = self._kept(answer)
        return await self._run("", lambda _: write_csv(worth))

    async def _run(self, ticket: str, work: Callable[[Step], T]) -> T:
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

    def _known(self, first: date, last: date, before_days: int) -> PriceSeries:
        start, end = midnight_ns(first), midnight_ns(last + timedelta(days=1))
        found = at_hand(start - before_days * DAY_NS, end, cache=self._cache)
        if found is None or not found.between(start, end).size:
            raise MarketError(
                f"no prices from {first} to {last} on this machine; they are fetched with: "
                f"bessinside prices fetch --from {first} --to {last}"
            )
        return found

    def _desk(self, asked: Question, first: date, last: date) -> Desk:
        key = (first, last, asked.hourly)
        if key in self._desks:
            self._desks.move_to_end(key)
            return self._desks[key]
        known = self._known(first, last, LONGEST_BACK + 1)
        start, end = midnight_ns(first), midnight_ns(last + timedelta(days=1))
        self._desks[key] = Desk.open(known, asked, start, end)
        if len(self._desks) > WARM:
            self._desks.popitem(last=False)
        return self._desks[key]

    def _answer(self, asked: Question, first: date, last: date, step: Step) -> tuple[str, Revenue]:
        name = f"{first:%Y%m%d}-{last:%Y%m%d}-{_hash(asked)}"
        if name not in self._answers:
            self._answers[name] = self._desk(asked, first, last).answer(asked, step)
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


def _hash(asked: Question) -> str:
    import hashlib

    return hashlib.sha256(msgspec.json.encode(asked)).hexdigest()[:16]
