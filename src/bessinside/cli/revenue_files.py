"""What `bessinside revenue` is asked about: prices of days or files, reserves beside them, a schedule of one's own."""

from __future__ import annotations

import asyncio
import os
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bessinside.cli.screen import errors

if TYPE_CHECKING:
    from bessinside.market.dispatch.battery import Floats
    from bessinside.market.prices.reserve_prices import BlockPrices
    from bessinside.market.prices.series import PriceSeries
    from bessinside.market.worth.converter import CurvePoint
    from bessinside.market.worth.outages import Outage


def busy(words: str) -> AbstractContextManager[Any]:
    """Says what is waited for, on a terminal only."""
    return errors.status(words) if errors.is_terminal else nullcontext()


def span(begin: str, end: str) -> tuple[int | None, int | None]:
    """Start and end of the days asked for, UTC ns; None where none is named. Raises MarketError."""
    from bessinside.market.basis.errors import MarketError
    from bessinside.market.basis.localtime import day_after, midnight_ns, parse_day

    start = midnight_ns(parse_day(begin, "--from")) if begin else None
    stop = midnight_ns(day_after(end, "--to")) if end else None
    if start is not None and stop is not None and stop <= start:
        raise MarketError(f"--to: {end} ends before {begin} begins")
    return start, stop


def prices(file: Path | None, begin: str, end: str) -> PriceSeries:
    """The user's file, or what is known of the days asked for; days that are missing are fetched."""
    from bessinside.market.basis.errors import MarketError
    from bessinside.market.prices.sample import sample
    from bessinside.market.prices.sources import files

    if file is not None:
        return files.read(file)
    if not begin and not end:
        return sample()
    if not begin or not end:
        raise MarketError("give both --from and --to, or neither for the days that ship with the program")
    from bessinside.market.basis.localtime import DAY_NS
    from bessinside.market.prices.day_ahead import at_hand, day_ahead
    from bessinside.market.prices.series import joined
    from bessinside.market.worth.revenue import LONGEST_BACK

    start, stop = span(begin, end)
    assert start is not None
    assert stop is not None
    with busy("prices …") as status:

        def progress(source: str, done: int, days: int) -> None:
            if status is not None:
                status.update(f"prices from {source}: {done} of {days} days …")

        found = asyncio.run(day_ahead(start, stop, progress=progress))
    past = at_hand(start - (LONGEST_BACK + 1) * DAY_NS, start)
    return joined([past, found]) if past is not None else found


def capacity(
    start_ns: int, end_ns: int, fcr: bool, fcr_file: Path | None, up_file: Path | None, down_file: Path | None
) -> list[BlockPrices]:
    """Prices of the reserves that are sold beside. Raises MarketError where FCR and aFRR are both asked for."""
    from bessinside.market.basis.errors import MarketError
    from bessinside.market.prices.reserve_prices import from_series
    from bessinside.market.prices.sources import files

    named = (("aFRR+", up_file), ("aFRR-", down_file))
    afrr = [from_series(files.read(file), product) for product, file in named if file is not None]
    if afrr and (fcr or fcr_file is not None):
        raise MarketError("FCR and aFRR in one question: they are alternatives; ask for one and then the other")
    if fcr_file is not None:
        return [from_series(files.read(fcr_file), "FCR")]
    if not fcr:
        return afrr
    with busy("prices of FCR from regelleistung.net …"):
        return [asyncio.run(_fetch_fcr(start_ns, end_ns))]


def curve(file: Path | None) -> tuple[CurvePoint, ...]:
    """The efficiencies of a file, empty without one. Raises MarketError that names file, line and column."""
    from bessinside.market.worth.converter import read
    from bessinside.runtime import disk

    return () if file is None else read(str(file), disk.read_bytes(file))


def outages(typed: list[str], file: Path | None) -> tuple[Outage, ...]:
    """The outages of options and of a file together. Raises MarketError."""
    from bessinside.market.worth.outages import parse, read
    from bessinside.runtime import disk

    kept = () if file is None else read(str(file), disk.read_bytes(file))
    return (*(parse(one) for one in typed), *kept)


def own_schedule(file: Path, slots: PriceSeries) -> Floats:
    """The powers of a schedule file on the slots that are asked about, W, positive out of the battery.

    Raises MarketError that names file, line and column, or the first slot that the file does not cover.
    """
    from bessinside.market.basis.errors import MarketError
    from bessinside.market.prices.series import iso
    from bessinside.market.realised.load_curve import parse
    from bessinside.runtime import disk

    found = parse(str(file), disk.read_bytes(file))
    length = int(slots.length_ns[0])
    if found.slot_ns <= length:
        power = found.over(int(slots.start_ns[0]), slots.end_ns, length).power_w
    else:  # a longer slot's power holds in each of its parts
        at = np.searchsorted(found.start_ns, slots.start_ns, side="right") - 1
        covered = (at >= 0) & (slots.start_ns + length <= found.start_ns[at] + found.slot_ns)
        mean = (found.out_wh - found.in_wh) * (3600e9 / found.slot_ns)
        power = np.where(covered, mean[at], np.nan)
    missing = np.flatnonzero(~np.isfinite(power))
    if len(missing):
        raise MarketError(
            f"{file}: no power for {len(missing)} of {len(power)} slots, the first at "
            f"{iso(int(slots.start_ns[missing[0]]))}; write 0 where the battery rests"
        )
    return power


async def _fetch_fcr(start_ns: int, end_ns: int) -> BlockPrices:
    from bessinside.market.prices.sources import regelleistung
    from bessinside.runtime import clock
    from bessinside.runtime.http import client

    async with client() as http:
        base = os.environ.get("BESSINSIDE_REGELLEISTUNG_URL", regelleistung.BASE)
        return await regelleistung.fetch_fcr(http, start_ns, end_ns, base=base, now_ns=clock.now_ns())
