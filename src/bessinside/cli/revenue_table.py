"""The answer of `bessinside revenue` as a person reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.markup import escape
from rich.panel import Panel
from rich.table import Column, Table

if TYPE_CHECKING:
    from bessinside.market.worth.revenue import Revenue

TITLES = {
    "timer": "a clock, no prices",
    "last_week": "last week's prices",
    "yesterday": "yesterday's prices",
    "mean_28_days": "the mean of 28 days",
    "known_prices": "prices of two days",
    "own": "your own schedule",
}
WIDE = 20


def table(found: Revenue) -> Panel:
    """The answer as a person reads it."""
    asked = found.question
    mw = asked.power_w / 1e6
    cycles = "any number of cycles" if asked.cycles_day is None else f"{asked.cycles_day:g} cycles a day"
    losses = f"{len(asked.curve)} points of efficiency" if asked.curve else f"round trip {asked.round_trip:.4g}"
    plant = f"{mw:,.4g} MW, {asked.energy_wh / 1e6:,.4g} MWh, {losses}, {cycles}"
    span = f"{found.first_day} to {found.last_day}, {found.slots:,} slots of {found.slot_min} min"
    proof = (
        f"duality gap {found.proof.duality_gap_eur:.1e} EUR, recomputed apart from the solver; {found.seconds:.2f} s"
    )
    parts: list[str | Table] = [
        f"[bold]{plant}[/bold]",
        span,
        *([f"all or a part of the power is missing at times: {len(asked.outages)}"] if asked.outages else []),
        "",
        _bracket(found),
        "",
        _rungs(found),
        *(["", *_second(found)] if found.intraday is not None else []),
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
        rows.add_row("  of it capacity", f"{found.reserve_eur:,.2f} EUR", "what it moves is left out")
    rows.add_row("per MW", f"[bold]{found.eur_mw:,.0f} EUR/MW[/bold]", f"in {found.days:,} days")
    if found.slots * found.slot_min not in (8760 * 60, 8784 * 60):
        rows.add_row("  in 8,760 h of such days", f"{found.eur_mw_year:,.0f} EUR/MW", "says nothing of other days")
    rows.add_row("full cycles", f"{found.cycles:,.1f}", f"{found.cycles / found.days:,.2f} a day")
    return rows


def _second(found: Revenue) -> list[str | Table]:
    stage = found.intraday
    assert stage is not None
    rows = Table.grid(Column(no_wrap=True), Column(justify="right", no_wrap=True), Column(), padding=(0, 2))
    rows.add_row("[bold]traded again[/bold]", f"{stage.eur:,.2f} EUR", f"{stage.gap_eur:,.2f} EUR below its bound")
    rows.add_row("  with the first stage", f"{stage.total_eur:,.2f} EUR", f"{stage.traded_mwh:,.1f} MWh bought or sold")
    return [rows, f"[dim]second prices: {escape(stage.attribution)}[/dim]"]


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
