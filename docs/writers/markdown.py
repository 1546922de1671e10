"""Markdown as the reference pages use it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def cell(value: object) -> str:
    """A value inside a table."""
    return " ".join(str(value).split()).replace("|", "\\|")


def table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table; columns that are empty in every row are left out."""
    filled = [[cell(value) for value in row] for row in rows]
    kept = [k for k in range(len(columns)) if any(row[k] for row in filled)]
    lines = ["| " + " | ".join(columns[k] for k in kept) + " |", "|" + "---|" * len(kept)]
    lines += ["| " + " | ".join(row[k] for k in kept) + " |" for row in filled]
    return "\n".join(lines) + "\n"


def code(text: object) -> str:
    """Text as code; nothing where there is none."""
    return f"`{text}`" if str(text) else ""


def number(value: float) -> str:
    """A number as a person writes it: `1e+10` as 10^10, whole numbers without a point."""
    if abs(value) >= 1e6:
        mantissa, _, exponent = f"{value:e}".partition("e")
        short = mantissa.rstrip("0").rstrip(".")
        power = f"10^{int(exponent)}"
        return {"1": power, "-1": f"−{power}"}.get(short, f"{short}·{power}").replace("-", "−")
    return f"{value:g}".replace("-", "−")


def span(limits: Sequence[float] | None) -> str:
    """`0 … 4.5`, or nothing."""
    return f"{number(limits[0])} … {number(limits[1])}" if limits else ""
