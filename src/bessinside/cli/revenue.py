"""`bessinside revenue`: what a battery could have earned, with its proof, beside what simple schedules earn."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer
from rich.markup import escape

from bessinside.cli.screen import console

if TYPE_CHECKING:
    from bessinside.market.prices.reserve_prices import BlockPrices
    from bessinside.market.prices.series import PriceSeries
    from bessinside.market.worth.question import Question
    from bessinside.market.worth.revenue import Worth

WORDS = {
    "bound": "finding the bound …",
    "schedule": "finding a schedule …",
    "ladder": "planning without foresight …",
    "known_prices": "planning two days at a time …",
}
LIMITS = "Limits"
MORE = "Beside day-ahead"


def revenue(
    ctx: typer.Context,
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
    prices: Annotated[
        Path | None, typer.Option(help="CSV or Parquet with utc_start and price_eur_mwh.", metavar="FILE")
    ] = None,
    hourly: Annotated[bool, typer.Option("--hourly", help="Trade the means of hours.")] = False,
    soc_min: Annotated[
        float, typer.Option(help="Lower end of the state of charge, 0 to 1.", rich_help_panel=LIMITS)
    ] = 0.0,
    soc_max: Annotated[float, typer.Option(help="Upper end of it, 0 to 1.", rich_help_panel=LIMITS)] = 1.0,
    soc_start: Annotated[
        float | None,
        typer.Option(help="State of charge at start and end, 0 to 1; else the lower end.", rich_help_panel=LIMITS),
    ] = None,
    grid_import: Annotated[
        str, typer.Option("--import", help="Most that the grid gives.", metavar="POWER", rich_help_panel=LIMITS)
    ] = "",
    grid_export: Annotated[
        str, typer.Option("--export", help="Most that the grid takes.", metavar="POWER", rich_help_panel=LIMITS)
    ] = "",
    losses: Annotated[
        str, typer.Option(help="Where losses arise: both, charge, discharge.", metavar="WHERE", rich_help_panel=LIMITS)
    ] = "both",
    energy_at: Annotated[
        str, typer.Option(help="Where --energy counts: cells, meter.", metavar="WHERE", rich_help_panel=LIMITS)
    ] = "cells",
    pcs_curve: Annotated[
        Path | None,
        typer.Option(
            help="CSV of efficiencies over the power: power_kw and efficiency, or charging and discharging. "
            "In place of --rte.",
            metavar="FILE",
            rich_help_panel=LIMITS,
        ),
    ] = None,
    unavailable: Annotated[
        list[str] | None,
        typer.Option(
            help="When the power is not there; =0.5 behind it where half is left. Can be given again.",
            metavar="FROM/TO",
            rich_help_panel=LIMITS,
        ),
    ] = None,
    availability: Annotated[
        Path | None,
        typer.Option(
            help="CSV of the share of the power that is there: utc_start and available, 0 to 1.",
            metavar="FILE",
            rich_help_panel=LIMITS,
        ),
    ] = None,
    plant: Annotated[
        str,
        typer.Option(
            help="Plant file, or id of a shipped plant: its power, energy, round trip and cycles, where not given.",
            metavar="PLANT",
        ),
    ] = "",
    fcr: Annotated[
        bool,
        typer.Option("--fcr", help="Sell FCR too; its prices are fetched, or see --fcr-prices.", rich_help_panel=MORE),
    ] = False,
    fcr_prices: Annotated[
        Path | None,
        typer.Option(
            help="CSV with utc_start of each 4-hour block and its EUR/MW as price_eur_mwh.",
            metavar="FILE",
            rich_help_panel=MORE,
        ),
    ] = None,
    afrr_up: Annotated[
        Path | None,
        typer.Option(help="The same for aFRR capacity, power out.", metavar="FILE", rich_help_panel=MORE),
    ] = None,
    afrr_down: Annotated[
        Path | None,
        typer.Option(help="The same for aFRR capacity, power in.", metavar="FILE", rich_help_panel=MORE),
    ] = None,
    intraday: Annotated[
        Path | None,
        typer.Option(
            help="Prices at which the schedule is traded again, as --prices.", metavar="FILE", rich_help_panel=MORE
        ),
    ] = None,
    rolling: Annotated[
        bool, typer.Option("--rolling", help="Compare with prices known for two days only.", rich_help_panel=MORE)
    ] = False,
    own: Annotated[
        Path | None,
        typer.Option(
            help="Compare with a schedule: CSV with utc_start and power_kw, positive out.",
            metavar="FILE",
            rich_help_panel=MORE,
        ),
    ] = None,
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
      bessinside revenue --prices day-ahead.csv --intraday id1.csv --rolling
      bessinside revenue --plant ref-5m --pcs-curve pcs.csv --unavailable 2026-10-01T06:00Z/2026-10-03T18:00Z
    """
    from bessinside.cli.revenue_files import capacity, curve, outages, span
    from bessinside.cli.revenue_files import prices as known_prices
    from bessinside.market.worth.question import quantity

    owned: dict[str, Any] = {
        "power_w": quantity(power, "W", "--power"),
        "energy_wh": quantity(energy, "Wh", "--energy"),
        "round_trip": rte,
        "cycles_day": cycles or None,
    }
    if plant:
        owned |= _of_plant(plant, ctx)
    asked = question(
        **owned,
        curve=curve(pcs_curve),
        outages=outages(unavailable or [], availability),
        cycles_year=cycles_year or None,
        wear_eur_mwh=wear,
        hourly=hourly,
        soc_min=soc_min,
        soc_max=soc_max,
        soc_start=soc_start,
        import_w=quantity(grid_import, "W", "--import") if grid_import else None,
        export_w=quantity(grid_export, "W", "--export") if grid_export else None,
        split=losses,
        energy_at=energy_at,
    )
    known = known_prices(prices, begin, end)
    first, last = span(begin, end)
    start_ns = int(known.start_ns[0]) if first is None else first
    end_ns = known.end_ns if last is None else last
    beside = capacity(start_ns, end_ns, fcr, fcr_prices, afrr_up, afrr_down)
    worth = _answer(asked, known, (start_ns, end_ns), beside, own, 2 if rolling else 0)
    if intraday is not None:
        worth = _again(worth, intraday)
    _write(worth, schedule)
    if as_json:
        console.out(msgspec.json.encode(worth.revenue).decode(), highlight=False)
        return
    from bessinside.cli.revenue_table import table

    console.print(table(worth.revenue))
    if schedule is not None:
        console.print(f"schedule written to {escape(str(schedule))}", highlight=False)


def _of_plant(name: str, ctx: typer.Context) -> dict[str, Any]:
    """What a plant's file says of its battery, but for what was given by an option."""
    from bessinside.market.basis.errors import MarketError
    from bessinside.plant import load_plant

    plant = load_plant(name)
    stated = [table for table in (plant.warranty, plant.economics) if table is not None]
    share = next((one.round_trip_percent for one in stated if one.round_trip_percent is not None), None)
    found = {
        "power": ("power_w", plant.power_w),
        "energy": ("energy_wh", plant.energy_wh),
        "rte": ("round_trip", None if share is None else share / 100),
        "cycles": ("cycles_day", next((one.cycles_day for one in stated if one.cycles_day is not None), None)),
    }
    given = {option for option in found if getattr(ctx.get_parameter_source(option), "name", "") != "DEFAULT"}
    for option in ("power", "energy"):
        if found[option][1] is None and option not in given:
            raise MarketError(f"{plant.path}: nameplate.{option} is not stated; write it there, or give --{option}")
    return {key: value for option, (key, value) in found.items() if option not in given and value is not None}


def question(**given: Any) -> Question:
    """The question, its values checked. Raises MarketError."""
    from bessinside.market.basis.errors import MarketError
    from bessinside.market.worth.question import Question

    try:
        return msgspec.convert(given, Question)
    except msgspec.ValidationError as error:
        raise MarketError(f"a battery that cannot be: {error}") from error


def _answer(
    asked: Question,
    known: PriceSeries,
    span_ns: tuple[int, int],
    beside: list[BlockPrices],
    own: Path | None,
    days_ahead: int,
) -> Worth:
    from bessinside.cli.revenue_files import busy, own_schedule
    from bessinside.market.worth.revenue import Desk

    with busy("laying the slots out …") as status:

        def step(name: str) -> None:
            if status is not None:
                status.update(WORDS.get(name, WORDS["ladder"]))

        desk = Desk.open(known, asked, *span_ns, beside)
        own_w = None if own is None else own_schedule(own, desk.prices)
        return desk.answer(asked, step, own_w=own_w, days_ahead=days_ahead)


def _again(worth: Worth, file: Path) -> Worth:
    """The answer with a second stage at the prices of a file, and its schedule in place of the first's."""
    from bessinside.cli.revenue_files import busy
    from bessinside.market.prices.sources import files
    from bessinside.market.worth.intraday import second_stage

    second = files.read(file)
    with busy("trading again …"):
        told, found = second_stage(worth.dispatch, second)
    return replace(worth, revenue=msgspec.structs.replace(worth.revenue, intraday=told), dispatch=found)


def _write(worth: Worth, path: Path | None) -> None:
    if path is None:
        return
    from bessinside.market.worth.schedule import write_csv
    from bessinside.runtime import disk

    disk.write_atomic(path, write_csv(worth).encode())
