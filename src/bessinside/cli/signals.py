"""`bessinside signals`: what a metric means, in words."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Column, Table

from bessinside.cli.screen import console
from bessinside.errors import BessError
from bessinside.plant.signals import SECTIONS, subsystems
from bessinside.plant.signals import signals as pages
from bessinside.registers.located import did_you_mean

TITLES = {
    "en": ("Measured", "Normal", "Revenue", "Lifetime", "Safety", "What goes wrong"),
    "de": ("Messung", "Normal", "Erlös", "Lebensdauer", "Sicherheit", "Was schiefgeht"),
}


def signals(
    metric: Annotated[str | None, typer.Argument(metavar="METRIC", help="A metric such as cell.voltage.")] = None,
    german: Annotated[bool, typer.Option("--de", help="In German.")] = False,
) -> None:
    """What a signal means: how it is measured, what is normal, what hangs on it. Without a metric, the list.

    Examples:

      bessinside signals
      bessinside signals cell.voltage --de
    """
    language = "de" if german else "en"
    if metric is None:
        table = Table("subsystem", Column("metric", no_wrap=True), "signal", Column("speaks also for", justify="right"))
        for found in subsystems():
            for one in found.signals:
                table.add_row(found.titles[language], one.metric.key, one.metric.label(language), str(len(one.also)))
        console.print(table)
        return
    if metric not in pages():
        raise BessError(f"no page speaks for the signal {metric!r}; {did_you_mean(metric, pages())}")
    page = pages()[metric]
    told = next(one for one in page.metrics if one.key == metric)
    console.print(f"[bold]{escape(told.label(language))}[/bold] ({metric}, {escape(told.unit)})", highlight=False)
    for title, section in zip(TITLES[language], SECTIONS, strict=True):
        console.print(f"\n[bold]{title}[/bold]  {escape(page.texts[language][section])}", highlight=False)
    for fact in page.facts:
        console.print(f"\n[dim]{escape(fact.texts[language])} ({escape(fact.source)})[/dim]", highlight=False)
