"""`bessinside view`: what an investor, a direct marketer or a purchaser asks of a plant, and whence each fact comes."""

from __future__ import annotations

import asyncio
import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer
from rich.console import Group
from rich.markup import escape
from rich.panel import Panel
from rich.table import Column, Table

from bessinside.cli.screen import console, errors
from bessinside.errors import BessError
from bessinside.plant import load_plant
from bessinside.runtime import clock
from bessinside.twin import Twin

if TYPE_CHECKING:
    from bessinside.views import Fact, FactBase, FactPassport, View

COLOURS = {"good": "green", "assumption": "magenta", "missing": "red"}
WEEK_NS = 7 * 86_400 * 10**9
PREFIX = {"W": 1e3, "Wh": 1e3}


def view(
    role: Annotated[str, typer.Argument(help="investor, marketer or purchaser.")],
    plant: Annotated[str, typer.Argument(help="A plant file, or the id of a shipped plant.")],
    history: Annotated[
        Path | None, typer.Option(help="The folder that `bessinside run --history` wrote.", metavar="DIR")
    ] = None,
    begin: Annotated[
        str,
        typer.Option("--from", help="Begin, as 2026-06-21 or -12h before the end; a week before it.", metavar="TIME"),
    ] = "",
    end: Annotated[
        str, typer.Option("--to", help="End and moment; the newest recorded sweep unless said.", metavar="TIME")
    ] = "",
    why: Annotated[str, typer.Option(help="Show where this fact comes from, and nothing else.", metavar="FACT")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="The answer as JSON.")] = False,
    german: Annotated[bool, typer.Option("--german", help="Words in German.")] = False,
) -> None:
    """What one of three people asks of a plant: facts with definition, quality and what is missing for them.

    Without --history the devices are asked now, and what counts a span is missing. With it everything is from the
    folder, at the moment --to. Money, warranty and schedule are read from the plant file. Exit code 0.

    Examples:

      bessinside view marketer ref-5m
      bessinside view investor ref-5m --history history --from 2026-06-21 --to 2026-06-28
      bessinside view purchaser ref-5m --history history --json
      bessinside view investor ref-5m --history history --why efficiency.rte_meter
    """
    from bessinside.views.role import role_of

    role_of(role)  # before devices are asked
    language = "de" if german else "en"
    if history is None:
        if begin or end:
            raise BessError("--from and --to need --history DIR: without a record only the present can be asked")
        asyncio.run(_live(role, plant, why, as_json, language))
        return
    from bessinside.historian.basis.when import when
    from bessinside.historian.opened import opened
    from bessinside.views import Evidence
    from bessinside.views.formulas import facts_of

    owner = load_plant(plant)
    with opened(history) as past:
        first, last = past.span()
        stop = when(end, last) if end else last
        start = max(first, when(begin, stop) if begin else stop - WEEK_NS)
        if start >= stop:
            raise BessError("--from must lie before --to, and --to after the first recorded sweep")
        then = past.at(stop)
        if owner.id != then.plant.id:
            raise BessError(f"{history} is the history of {then.plant.id}, not of {plant}")
        evidence = Evidence(then, then.snapshot(), past, start, stop, owner=owner)
        _show(facts_of(evidence, f"{start // 10**6}-{stop // 10**6}"), role, why, as_json, language, live=False)


async def _live(role: str, plant: str, why: str, as_json: bool, language: str) -> None:
    from bessinside.views import Evidence
    from bessinside.views.formulas import facts_of

    async with Twin(plant) as twin:
        with errors.status("asking the devices …"):
            ends = clock.monotonic() + 8.0
            while any(one.state == "connecting" for one in twin.pollers) and clock.monotonic() < ends:
                await clock.sleep(0.05)
        base = facts_of(Evidence(twin, twin.snapshot()), "now")
        _show(base, role, why, as_json, language, live=True)


def _show(base: FactBase, role: str, why: str, as_json: bool, language: str, *, live: bool) -> None:
    from bessinside.views import view as of_role

    if why:
        passport = base.passport(why, language)
        if as_json:
            console.out(msgspec.json.encode(passport).decode(), highlight=False)
        else:
            console.print(_passport(passport))
        return
    found = of_role(base, role, language, live=live)
    if as_json:
        console.out(msgspec.json.encode(found).decode(), highlight=False)
        return
    console.print(table(found))


def table(found: View) -> Panel:
    """A view as a person reads it."""
    parts: list[Table | str] = [f"[bold]{escape(found.question)}[/bold]", ""]
    for group in found.groups:
        rows = Table(Column(group.title, min_width=34), Column("", justify="right"), "", "", box=None, pad_edge=False)
        for fact in group.facts:
            value, unit = shown(fact)
            colour = COLOURS.get(fact.quality, "yellow")
            words = _lacking(fact) if fact.quality == "missing" else fact.note
            rows.add_row(
                escape(fact.label),
                f"[bold]{escape(value)}[/bold] {unit}",
                f"[{colour}]{fact.quality}[/]",
                f"[dim]{escape(words)}[/dim]",
            )
        parts += [rows, ""]
    if found.attribution:
        parts.append(f"[dim]prices: {escape(found.attribution)}[/dim]")
    return Panel(Group(*parts), title=f"{escape(found.title)} · {escape(found.plant)}", padding=(1, 2))


def shown(fact: Fact) -> tuple[str, str]:
    """A value for people, and its unit: kW and kWh where the core counts W and Wh."""
    if fact.value is None:
        return fact.text or "—", "" if fact.text is None else fact.unit
    divisor = PREFIX.get(fact.unit, 1.0)
    unit = f"k{fact.unit}" if divisor > 1 else "" if fact.unit == "1" else fact.unit
    value = fact.value / divisor
    digits = (
        0 if abs(value) >= 1000 or value == int(value) else max(0, 3 - math.ceil(math.log10(max(abs(value), 1e-3))))
    )
    return f"{value:,.{min(digits, 4)}f}", unit


def _lacking(fact: Fact) -> str:
    return "missing: " + ", ".join(dict.fromkeys(one.name for one in fact.missing))


def _passport(found: FactPassport) -> Panel:
    """Where a fact comes from."""
    fact = found.fact
    value, unit = shown(fact)
    head = Table.grid(Column(style="dim"), Column(), padding=(0, 2))
    for name, words in (
        ("value", f"{value} {unit}".strip()), ("quality", fact.quality), ("note", fact.note),
        ("definition", fact.definition),
        ("equation", fact.equation), ("reference", fact.reference),
    ):  # fmt: skip
        if words:
            head.add_row(name, escape(words))
    parts: list[Table | str] = [head, ""]
    if fact.missing:
        rows = Table("missing", "why", "what to do", box=None, pad_edge=False)
        for one in fact.missing:
            rows.add_row(f"{one.kind} [bold]{escape(one.name)}[/bold]", escape(one.why), escape(one.how))
        parts += [rows, ""]
    if fact.origin:
        rows = Table("rests on", Column("value", justify="right"), "unit", "quality", "", box=None, pad_edge=False)
        for origin in fact.origin:
            number = "—" if origin.value is None else f"{origin.value:,.6g}"
            rows.add_row(
                f"{origin.kind} {escape(origin.id)}", number, origin.unit, origin.quality, escape(origin.words)
            )
        parts += [rows, ""]
    if fact.table is not None and fact.table.rows:
        rows = Table(
            *(f"{column.label} {_unit(column.unit)}".strip() for column in fact.table.columns), box=None, pad_edge=False
        )
        for row in fact.table.rows[:40]:
            rows.add_row(*(_cell(cell, column.unit) for cell, column in zip(row, fact.table.columns, strict=True)))
        parts.append(rows)
        if fact.table.total > 40:
            parts.append(f"[dim]… {fact.table.total - 40} more rows with --json[/dim]")
    if found.attribution:
        parts.append(f"[dim]prices: {escape(found.attribution)}[/dim]")
    return Panel(Group(*parts), title=f"{escape(fact.label)} · {fact.id}", padding=(1, 2))


def _unit(unit: str) -> str:
    return "" if unit in ("", "1", "code", "ms") else f"({unit})"


def _cell(cell: str | float | None, unit: str) -> str:
    if cell is None:
        return "—"
    if unit == "ms" and isinstance(cell, float):
        from bessinside.historian.basis.when import iso

        return iso(round(cell * 1e6))[:19]
    return escape(cell) if isinstance(cell, str) else f"{cell:,.6g}"
