"""What the terminal shows: one console for results, one for errors, and how values look."""

from __future__ import annotations

import logging
import math
import sys

from rich.console import Console
from rich.logging import RichHandler

from bessinside.twin import FigureRow

console = Console()
errors = Console(stderr=True)

MARKS = {
    "good": "[green]●[/green]",
    "stale": "[yellow]◐[/yellow]",
    "not implemented": "[dim]◌[/dim]",
    "not mapped": "[dim]◌[/dim]",
    "implausible": "[magenta]△[/magenta]",
    "device exception": "[red]✕[/red]",
    "no answer": "[red]✕[/red]",
    "no reading yet": "[dim]–[/dim]",
}
_PREFIXED = {"W", "var", "VA", "Wh", "varh", "Ω", "Pa"}


def human(value: float | None, unit: str) -> str:
    """A value as a person reads it: `1,234.5 kW`; `—` where there is none."""
    if value is None or math.isnan(value):
        return "—"
    if unit == "code":
        return f"{int(value)} (0x{int(value):04X})" if value >= 0 else f"{int(value)}"
    if unit in _PREFIXED:
        for prefix, size in (("M", 1e6), ("k", 1e3)):
            if abs(value) >= size:
                return f"{value / size:,.3f} {prefix}{unit}"
    text = f"{value:,.4f}".rstrip("0").rstrip(".")
    return f"{text} {unit}" if unit not in ("1", "") else text


def shown(row: FigureRow) -> str:
    """Value or text of a figure."""
    return row.text if row.text is not None else human(row.value, row.unit)


def log_to_terminal() -> None:
    """Log lines go to the error console: what is lost or down is a warning, progress is not shown."""
    logging.basicConfig(
        level=logging.WARNING, format="%(message)s", handlers=[RichHandler(console=errors, show_path=False)]
    )


def interactive() -> bool:
    """Whether somebody looks at the terminal."""
    return sys.stdout.isatty()
