"""`bessinside scenarios`: what can go wrong in the emulated plant, and what must show it."""

from __future__ import annotations

from typing import Annotated

import msgspec
import typer
from rich.markup import escape
from rich.table import Column, Table

from bessinside.cli.screen import console
from bessinside.emulator.trouble import scenario as scenarios
from bessinside.emulator.trouble.act import brief
from bessinside.emulator.trouble.expectation import in_words
from bessinside.emulator.trouble.scenario import Scenario

app = typer.Typer(no_args_is_help=True, help="Faults of the emulated plant: list them, show one.")


@app.command("list")
def list_scenarios(as_json: Annotated[bool, typer.Option("--json", help="One JSON array.")] = False) -> None:
    """The scenarios that come with the product: levels and alarms that must show each, and how soon.

    Example:

      bessinside scenarios list
    """
    found = [scenarios.load(name) for name in scenarios.names()]
    if as_json:
        console.out(msgspec.json.encode(found, enc_hook=float).decode(), highlight=False)
        return
    table = Table(Column("scenario", no_wrap=True), "title", "levels", "alarms", Column("shows in", justify="right"))
    for one in found:
        levels = " ".join(map(str, one.levels))
        alarms = ", ".join(dict.fromkeys(alarm.name for alarm in one.alarm))
        table.add_row(one.id, one.title.en, levels, alarms, brief(one.shown))
    console.print(table)


@app.command("show")
def show(
    name: Annotated[str, typer.Argument(metavar="SCENARIO", help="Id of a shipped scenario, or a scenario file.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
    german: Annotated[bool, typer.Option("--de", help="Title and story in German.")] = False,
) -> None:
    """One scenario: its story, what is done to the plant and when, and what must show it by when.

    Examples:

      bessinside scenarios show weak-cell
      bessinside scenarios show my-fault.toml --json
    """
    found = scenarios.load(name)
    if as_json:
        console.out(msgspec.json.encode(found, enc_hook=float).decode(), highlight=False)
        return
    title, story = (found.title.de, found.story.de) if german else (found.title.en, found.story.en)
    console.print(f"[bold]{escape(title)}[/bold] ({found.id})")
    console.print(escape(story), highlight=False)
    console.print(f"[dim]{escape(found.reference)}[/dim]", highlight=False)
    _acts(found)
    _expectations(found)


def _acts(found: Scenario) -> None:
    table = Table(
        "lever", "part", "value", "start", "ramp", "end", "again every", title="What is done", title_justify="left"
    )
    for act in found.act:
        times = (act.start, act.ramp or None, act.end, act.every)
        part = f"{act.part} {act.figure}".strip()
        table.add_row(act.lever, part, f"{act.value:g}", *("" if time is None else brief(time) for time in times))
    console.print(table)


def _expectations(found: Scenario) -> None:
    table = Table("figure or alarm", "at", "shows", "within", title="What must show it", title_justify="left")
    for one in found.expect:
        table.add_row(one.figure, one.at, in_words(one), brief(one.within))
    for alarm in found.alarm:
        level = "" if alarm.level is None else f", level {alarm.level}"
        table.add_row(f"alarm {alarm.name}", f"{alarm.at}: {alarm.kind}{level}", "stands", brief(alarm.within))
    console.print(table)
