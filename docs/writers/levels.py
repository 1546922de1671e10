"""The 14 levels: what each asks, what it shows, and which maps carry it."""

from __future__ import annotations

from bessinside.plant import Level, levels, vocabulary
from bessinside.twin.formulas import FORMULAS
from writers import served
from writers.markdown import code, table

INTRO = """# Levels

From the grid connection down to one cell, and what keeps it safe. A level shows its figures in the order below; a
metric that no device of the plant carries stays on the page, marked *not mapped*. *Also* lists metrics that belong
to the level where a plant's devices carry them. How to change one: [add a level](../guides/add-a-level.md).
"""


def page() -> str:
    """All levels."""
    return "\n".join([INTRO, *(_level(level) for level in levels())])


def _level(level: Level) -> str:
    formulas = {f"derived.{formula.key}": formula for formula in FORMULAS}
    rows = []
    for key in level.show:
        if key in formulas:
            formula = formulas[key]
            where = "[derived, a model](derived.md)" if formula.model else "[derived](derived.md)"
            rows.append((code(key), formula.en, formula.unit, where))
        else:
            metric = vocabulary()[key]
            rows.append((code(key), metric.en, metric.unit, served.links(key)))
    german = f"In German: {level.title('de')}. *{level.question('de')}*"
    also = f"\nAlso: {', '.join(code(key) for key in level.also)}.\n" if level.also else ""
    return (
        f"## {level.id:02d} {level.title('en')}\n\n*{level.question('en')}* Key `{level.key}`. {german}\n\n"
        + table(("Figure", "What it is", "Unit", "Carried by"), rows)
        + also
    )
