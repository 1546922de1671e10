"""Derived figures: what no register carries."""

from __future__ import annotations

from bessinside.twin.formulas import FORMULAS
from writers.markdown import code, table

INTRO = """# Derived figures

What no register carries and the twin computes. Every one opens its equation and its inputs, and each input opens
its register. A *strict* formula has no value while one input is missing. A *tolerant* one leaves missing inputs
out, and its passport says how many. What rests on a model and not on registers alone is called a model wherever it
is shown. A figure whose name a register carries too is told apart by `@derived`.
"""


def page() -> str:
    """All formulas."""
    rows = [
        (
            code(formula.key), formula.en, formula.unit, formula.equation, "strict" if formula.strict else "tolerant",
            ("model: " if formula.model and not formula.reference.startswith("model") else "") + formula.reference,
        )
        for formula in FORMULAS
    ]  # fmt: skip
    return INTRO + "\n" + table(("Figure", "What it is", "Unit", "Equation", "Missing inputs", "Reference"), rows)
