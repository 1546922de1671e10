"""`bessinside prices`: day-ahead prices on this machine and the imbalance price, with their source and licence."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskID, TextColumn
from rich.table import Column, Table

from bessinside.cli.screen import console, errors

if TYPE_CHECKING:
    from bessinside.market.prices.series import PriceSeries

app = typer.Typer(
    help="Day-ahead prices: fetch, show and list them, each with its source and licence.", no_args_is_help=True
)

Begin = Annotated[str, typer.Option("--from", help="First day, as 2025-10-01, 2025-10 or 2025.", metavar="DAY")]
End = Annotated[str, typer.Option("--to", help="Last day; as --from unless said.", metavar="DAY")]
Zone = Annotated[str, typer.Option(help="Bidding zone.")]
Csv = Annotated[bool, typer.Option("--csv", help="utc_start, price_eur_mwh and mtu_min of every slot.")]
Json = Annotated[bool, typer.Option("--json", help="The same as JSON, with provenance.")]


def _days(begin: str, end: str) -> tuple[int, int]:
    from bessinside.market.basis.errors import MarketError
    from bessinside.market.basis.localtime import day_after, midnight_ns, parse_day

    start, stop = midnight_ns(parse_day(begin, "--from")), midnight_ns(day_after(end or begin, "--to"))
    if stop <= start:
        raise MarketError(f"--to: {end} ends before {begin} begins")
    return start, stop


@app.command("fetch")
def fetch(
    begin: Begin,
    end: End = "",
    source: Annotated[
        str, typer.Option(help="energy-charts, smard, entsoe; without it the first two are asked and compared.")
    ] = "",
    zone: Zone = "DE-LU",
) -> None:
    """Fetch day-ahead prices and keep them on this machine. Exit code 1 if two sources differ or a day is missing.

    Examples:

      bessinside prices fetch --from 2025
      bessinside prices fetch --from 2026-01 --to 2026-10 --source smard
    """
    from bessinside.market.basis.localtime import day_of
    from bessinside.market.prices.cache import PriceCache
    from bessinside.market.prices.day_ahead import at_hand, compare, missing_days
    from bessinside.market.prices.day_ahead import fetch as fetched

    start, stop = _days(begin, end)
    first, last = day_of(start), day_of(stop - 1)
    bars = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed} of {task.total} days"),
        console=errors,
    )
    tasks: dict[str, TaskID] = {}
    agree = True
    with bars:

        def step(name: str, done: int, total: int) -> None:
            if name not in tasks:
                tasks[name] = bars.add_task(name, total=total)
            bars.update(tasks[name], completed=done)

        if source:
            asyncio.run(fetched(first, last, source=source, zone=zone, progress=step))
        else:
            found = asyncio.run(compare(first, last, zone, step))
            agree = not found.at_ns.size
            console.print(f"[{'green' if agree else 'red'}]{escape(found.words())}[/]", highlight=False)
    missing = missing_days(at_hand(start, stop, zone), start, stop)
    if missing:
        console.print(f"[yellow]{len(missing)} days are not whole, the first {missing[0]}: not published yet?[/yellow]")
    console.print(f"kept in {escape(str(PriceCache().folder))}", highlight=False, soft_wrap=True)
    raise typer.Exit(0 if agree and not missing else 1)


@app.command("show")
def show(
    begin: Annotated[str, typer.Option("--from", help="First day; all that ships unless said.", metavar="DAY")] = "",
    end: End = "",
    zone: Zone = "DE-LU",
    as_csv: Csv = False,
    as_json: Json = False,
) -> None:
    """Prices that this machine has, day by day, and whose they are. Nothing is fetched.

    Examples:

      bessinside prices show
      bessinside prices show --from 2025-10-01 --to 2025-10-31 --csv
    """
    from bessinside.market.basis.errors import MarketError
    from bessinside.market.prices.day_ahead import at_hand
    from bessinside.market.prices.sample import sample

    found = at_hand(*_days(begin, end), zone) if begin else sample()
    if found is None:
        raise MarketError(
            f"no prices of {zone} from {begin} to {end or begin} here: `bessinside prices fetch` brings them"
        )
    _tell(found, as_csv, as_json)


@app.command("rebap")
def rebap(
    begin: Begin,
    end: End = "",
    as_csv: Csv = False,
    as_json: Json = False,
) -> None:
    """The German imbalance price reBAP of past quarters, asked of netztransparenz.de each time. Nothing of it is kept.

    Registration there is free; put the id and the secret of your client into NETZTRANSPARENZ_CLIENT_ID and
    NETZTRANSPARENZ_CLIENT_SECRET. Quarters that are not settled yet are left out.

    Examples:

      bessinside prices rebap --from 2025-10-01
      bessinside prices rebap --from 2025-10 --csv
    """
    start, stop = _days(begin, end)
    _tell(asyncio.run(_rebap(start, stop)), as_csv, as_json)


async def _rebap(start_ns: int, end_ns: int) -> PriceSeries:
    from bessinside.market.basis.errors import MarketError
    from bessinside.market.prices.sources import netztransparenz
    from bessinside.runtime import clock
    from bessinside.runtime.http import client

    names = ("NETZTRANSPARENZ_CLIENT_ID", "NETZTRANSPARENZ_CLIENT_SECRET")
    missing = [name for name in names if not os.environ.get(name)]
    if missing:
        raise MarketError(
            f"{' and '.join(missing)} not set: netztransparenz.de gives reBAP to registered clients only; "
            "registration is free"
        )
    async with client() as http:
        found = await netztransparenz.fetch_rebap(
            http,
            start_ns,
            end_ns,
            client_id=os.environ[names[0]],
            secret=os.environ[names[1]],
            token_url=os.environ.get("BESSINSIDE_NETZTRANSPARENZ_TOKEN_URL", netztransparenz.TOKEN),
            base=os.environ.get("BESSINSIDE_NETZTRANSPARENZ_URL", netztransparenz.BASE),
            now_ns=clock.now_ns(),
        )
    if not found.size:
        raise MarketError("no reBAP of these days: it is published some weeks after delivery")
    return found


def _tell(found: PriceSeries, as_csv: bool, as_json: bool) -> None:
    """A series as CSV, as JSON, or day by day for a person, always with its credit."""
    from bessinside.market.prices.provenance import credits
    from bessinside.market.prices.sources.files import write_csv
    from bessinside.market.prices.statistics import day_rows

    if as_csv:
        typer.echo(write_csv(found), nl=False)
        return
    if as_json:
        body = {
            "zone": found.zone,
            "start_ns": found.start_ns.tolist(),
            "length_ns": found.length_ns.tolist(),
            "market_time_unit_ns": found.unit_ns.tolist(),
            "price_eur_mwh": found.price.tolist(),
            "attribution": credits(found.provenance),
            "provenance": found.provenance,
        }
        typer.echo(msgspec.json.encode(body))
        return
    rows = Table(
        "local day",
        *(Column(name, justify="right") for name in ("slots", "mean", "lowest", "highest", "below zero", "TB2")),
    )
    for row in day_rows(found):
        cells = (
            f"{row.mean:,.2f}",
            f"{row.low:,.2f}",
            f"{row.high:,.2f}",
            f"{row.negative_h:g} h" if row.negative_h else "",
        )
        rows.add_row(str(row.day), str(row.slots), *cells, f"{row.spread_2h:,.2f}")
    console.print(rows)
    console.print("[dim]EUR/MWh; TB2: mean of the two dearest hours less that of the two cheapest[/dim]")
    console.print(f"[dim]{escape(credits(found.provenance))}[/dim]", highlight=False)


@app.command("list")
def list_prices() -> None:
    """What this machine has: the days that ship with the program, and what was fetched.

    Examples:

      bessinside prices list
    """
    from bessinside.market.prices.cache import PriceCache
    from bessinside.market.prices.sample import PROVENANCE, sample

    cache = PriceCache()
    days = sample().days().days
    rows = Table("source", "zone", "month", Column("days", justify="right"), "credit")
    rows.add_row(
        "ships with the program", "DE-LU", f"{days[0]} to {days[-1]}", str(len(days)), escape(PROVENANCE.credit)
    )
    for kept in cache.list():
        found = cache.read_month(kept)
        count = "broken" if found is None else str(len(found.days().days))
        credit = "" if found is None else found.provenance[0].credit
        rows.add_row(kept.source, kept.zone, kept.month, count, escape(credit))
    console.print(rows)
    console.print(f"[dim]{escape(str(cache.folder))}[/dim]", highlight=False, soft_wrap=True)
