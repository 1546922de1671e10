"""`bessinside revenue`: what a battery could have earned, with its proof, beside what simple schedules earn."""

from __future__ import annotations

import asyncio
import os
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer
from rich.console import Group
from rich.markup import escape
from rich.panel import Panel
from rich.table import Column, Table

from bessinside.cli.screen import console, errors

if TYPE_CHECKING:
    from bessinside.market.prices.reserve_prices import BlockPrices
    from bessinside.market.prices.series import PriceSeries
    from bessinside.market.worth.question import Question
    from bessinside.market.worth.revenue import Revenue, Worth

TITLES = {
    "timer": "a clock, no prices",
    "last_week": "last week's prices",
    "yesterday": "yesterday's prices",
    "mean_28_days": "the mean of 28 days",
}
WIDE = 20


def revenue(
    power: Annotated[str, typer.Option(help="Power at the grid meter, both ways.", metavar="POWER")] = "1MW",
    energy: Annotated[str, typer.Option(help="Energy of the cells.", metavar="ENERGY")] = "2MWh",
    rte: Annotated[float, typer.Option(help="Round-trip efficiency at the meter, above 0.2 and up to 1.")] = 0.88,
    cycles: Annotated[float, typer.Option(help="Most full cycles in a local day; 0 for no cap.")] = 1.5,
    cycles_year: Annotated[float, typer.Option(help="Most full cycles in a year; 0 for no cap.")] = 0.0,
    wear: Annotated[float, typer.Option(help="Cost of wear, EUR for each discharged MWh.")] = 0.0,
    begin: Annotated[
        str, typer.Option("--from", help="First day, as 2025-01-01; a month or a year is its first.", metavar="DAY")
    ] = "",
    end: Annotated[
        str, typer.Option("--to", help="Last day, as 2025-12-31; a month or a year is its last.", metavar="DAY")
    ] = "",
    fcr: Annotated[
        bool, typer.Option("--fcr", help="Sell FCR too; its prices are fetched, or see --fcr-prices.")
    ] = False,
    prices: Annotated[
        Path | None, typer.Option(help="CSV or Parquet with utc_start and price_eur_mwh.", metavar="FILE")
    ] = None,
    fcr_prices: Annotated[
        Path | None,
        typer.Option(help="CSV with utc_start of each 4-hour block and its EUR/MW as price_eur_mwh.", metavar="FILE"),
    ] = None,
    hourly: Annotated[bool, typer.Option("--hourly", help="Trade the means of hours.")] = False,
    schedule: Annotated[Path | None, typer.Option(help="Write the schedule there, as CSV.", metavar="FILE")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The answer as JSON.")] = False,
) -> None:
    """What a battery could have earned on the day-ahead market: an upper bound with its proof, not a forecast.

    Without --from and --to the answer is for fifteen days whose prices ship with the program; other days are fetched
    (energy-charts.info, SMARD) and kept on this machine. Exit code 1 if there are no prices or nothing is feasible.

    Examples:

      bessinside revenue
      bessinside revenue --power 10MW --energy 20MWh --cycles 2
      bessinside revenue --from 2025 --to 2025 --json
      bessinside revenue --prices my-prices.csv --schedule plan.csv
    """
    from bessinside.market.basis.errors import MarketError
    from bessinside.market.worth.question import Question, quantity

    try:
        asked = msgspec.convert(
            {
                "power_w": quantity(power, "W", "--power"),
                "energy_wh": quantity(energy, "Wh", "--energy"),
                "round_trip": rte,
                "cycles_day": cycles or None,
                "cycles_year": cycles_year or None,
                "wear_eur_mwh": wear,
                "hourly": hourly,
            },
            Question,
        )
    except msgspec.ValidationError as error:
        raise MarketError(f"a battery that cannot be: {error}") from error
    worth = _answer(asked, _prices(prices, begin, end), begin, end, fcr or fcr_prices is not None, fcr_prices)
    if schedule is not None:
        from bessinside.market.worth.schedule import write_csv
        from bessinside.runtime import disk

        disk.write_atomic(schedule, write_csv(worth).encode())
    if as_json:
        console.out(msgspec.json.encode(worth.revenue).decode(), highlight=False)
        return
    console.print(table(worth.revenue))
    if schedule is not None:
        console.print(f"schedule written to {escape(str(schedule))}", highlight=False)


def _answer(asked: Question, known: PriceSeries, begin: str, end: str, with_fcr: bool, fcr_file: Path | None) -> Worth:
    from bessinside.market.worth.revenue import Desk

    first, last = _span(begin, end)
    start_ns = int(known.start_ns[0]) if first is None else first
    end_ns = known.end_ns if last is None else last
    capacity = _capacity(start_ns, end_ns, fcr_file) if with_fcr else None
    words = {
        "bound": "finding the bound …",
        "schedule": "finding a schedule …",
        "ladder": "planning without foresight …",
    }
    with _busy("laying the slots out …") as status:

        def step(name: str) -> None:
            if status is not None:
                status.update(words.get(name, words["ladder"]))

        return Desk.open(known, asked, start_ns, end_ns, capacity).answer(asked, step)


def _busy(words: str) -> AbstractContextManager[Any]:
    return errors.status(words) if errors.is_terminal else nullcontext()


def _span(begin: str, end: str) -> tuple[int | None, int | None]:
    from bessinside.market.basis.errors import MarketError
    from bessinside.market.basis.localtime import day_after, midnight_ns, parse_day

    start = midnight_ns(parse_day(begin, "--from")) if begin else None
    stop = midnight_ns(day_after(end, "--to")) if end else None
    if start is not None and stop is not None and stop <= start:
        raise MarketError(f"--to: {end} ends before {begin} begins")
    return start, stop


def _prices(file: Path | None, begin: str, end: str) -> PriceSeries:
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

    start, stop = _span(begin, end)
    assert start is not None
    assert stop is not None
    with _busy("prices …") as status:

        def progress(source: str, done: int, days: int) -> None:
            if status is not None:
                status.update(f"prices from {source}: {done} of {days} days …")

        found = asyncio.run(day_ahead(start, stop, progress=progress))
    past = at_hand(start - (LONGEST_BACK + 1) * DAY_NS, start)
    return joined([past, found]) if past is not None else found


def _capacity(start_ns: int, end_ns: int, file: Path | None) -> BlockPrices:
    from bessinside.market.prices.reserve_prices import from_series

    if file is not None:
        from bessinside.market.prices.sources import files

        return from_series(files.read(file), "FCR")
    with _busy("prices of FCR from regelleistung.net …"):
        return asyncio.run(_fetch_fcr(start_ns, end_ns))


async def _fetch_fcr(start_ns: int, end_ns: int) -> BlockPrices:
    from bessinside.market.prices.sources import regelleistung
    from bessinside.runtime import clock
    from bessinside.runtime.http import client

    async with client() as http:
        base = os.environ.get("BESSINSIDE_REGELLEISTUNG_URL", regelleistung.BASE)
        return await regelleistung.fetch_fcr(http, start_ns, end_ns, base=base, now_ns=clock.now_ns())


def table(found: Revenue) -> Panel:
    """The answer as a person reads it."""
    asked = found.question
    mw = asked.power_w / 1e6
    cycles = "any number of cycles" if asked.cycles_day is None else f"{asked.cycles_day:g} cycles a day"
    plant = f"{mw:,.4g} MW, {asked.energy_wh / 1e6:,.4g} MWh, round trip {asked.round_trip:.4g}, {cycles}"
    span = f"{found.first_day} to {found.last_day}, {found.slots:,} slots of {found.slot_min} min"
    proof = (
        f"duality gap {found.proof.duality_gap_eur:.1e} EUR, recomputed apart from the solver; {found.seconds:.2f} s"
    )
    parts: list[str | Table] = [
        f"[bold]{plant}[/bold]",
        span,
        "",
        _bracket(found),
        "",
        _rungs(found),
        "",
        _periods(found),
        "",
        f"[dim]{proof}[/dim]",
        f"[dim]prices: {escape(found.attribution)}[/dim]",
    ]
    caveat = f"[yellow]{found.caveat}[/yellow]"
    return Panel(Group(*parts), title="revenue", subtitle=caveat, expand=False, padding=(1, 2))


def _bracket(found: Revenue) -> Table:
    rows = Table.grid(Column(no_wrap=True), Column(justify="right", no_wrap=True), Column(), padding=(0, 2))
    rows.add_row("[bold]maximum (bound)[/bold]", f"[bold]{found.bound_eur:,.2f} EUR[/bold]", "no schedule earns more")
    rows.add_row("  feasible", f"{found.feasible_eur:,.2f} EUR", f"{found.gap_eur:,.2f} EUR below, by a schedule")
    if found.reserve_eur:
        rows.add_row("  of it FCR capacity", f"{found.reserve_eur:,.2f} EUR", "what it moves is left out")
    rows.add_row("per MW", f"[bold]{found.eur_mw:,.0f} EUR/MW[/bold]", f"in {found.days:,} days")
    if found.slots * found.slot_min not in (8760 * 60, 8784 * 60):
        rows.add_row("  in 8,760 h of such days", f"{found.eur_mw_year:,.0f} EUR/MW", "says nothing of other days")
    rows.add_row("full cycles", f"{found.cycles:,.1f}", f"{found.cycles / found.days:,.2f} a day")
    return rows


def _rungs(found: Revenue) -> Table:
    rows = Table("planned with", *_numbers("EUR", "share", "days"), "", box=None)
    rows.add_row("all prices known", f"{found.feasible_eur:,.0f}", "100 %", str(found.days), _bar(1.0))
    for rung in sorted(found.ladder, key=lambda one: -one.eur):
        share = "—" if rung.share is None else f"{100 * rung.share:.0f} %"
        title = TITLES.get(rung.key, rung.key)
        rows.add_row(title, f"{rung.eur:,.0f}", share, str(rung.days), _bar(rung.share or 0.0))
    return rows


def _periods(found: Revenue) -> Table:
    by_month = len(found.months) <= 24
    shown = found.months if by_month else found.years
    name = "month" if by_month else "year"
    rows = Table(name, *_numbers("EUR/MW", "cycles", "hours"), "", box=None)
    most = max((period.eur for period in shown), default=0.0)
    for period in shown:
        share = period.eur / most if most > 0 else 0.0
        part = f"{period.hours:,.0f}" if period.whole else f"{period.hours:,.0f} (part)"
        rows.add_row(period.name, f"{period.eur_mw:,.0f}", f"{period.cycles:,.1f}", part, _bar(share))
    return rows


def _numbers(*titles: str) -> list[Column]:
    return [Column(title, justify="right", no_wrap=True) for title in titles]


def _bar(share: float) -> str:
    eighths = round(max(0.0, min(1.0, share)) * WIDE * 8)
    return "█" * (eighths // 8) + ("" if eighths % 8 == 0 else " ▏▎▍▌▋▊▉"[eighths % 8])
