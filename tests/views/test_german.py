"""The German of the facts: every sentence that a formula can say is in the catalogue, and none of it is English."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from types import ModuleType

import pytest

from bessinside.market.realised import orders, registers
from bessinside.views import Evidence, FactBase, evidence, fact, found, wording
from bessinside.views.definition import definitions
from bessinside.views.formulas import FORMULAS
from tests.views.closed import Closed

SAMPLES = (
    "12",
    "merchant",
    "c1/r01",
    "energy",
    "nameplate",
    "2026-09-27T00:00:00Z",
    "12 %",
    "no answer",
    "into",
    "bessinside prices",
)
NAMED = {"note", "words", "why", "how", "FETCH", "span", "what", "FAR"}
"""Names under which modules keep what is said later."""
MODULES = [inspect.getmodule(FORMULAS[name]) for name in FORMULAS] + [evidence, fact, found]
ENGLISH = re.compile(
    r"\b(the|of|is|are|and|not|with|from|were|plant file|registers?|counters?|sweeps?|readings?|missing|schedule)\b"
)


def said_in(module: ModuleType) -> Iterator[tuple[int, list[str]]]:
    """Line and parts (text, with None for what is put in) of every sentence that a module says."""
    for node in ast.walk(ast.parse(inspect.getsource(module))):
        values: list[ast.expr] = []
        if isinstance(node, ast.Call):
            name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            if name in ("no_history", "no_prices"):
                values = node.args[:1]
            elif name in ("Missing", "lacking_reading"):
                values = node.args[-2:]
            elif name == "Origin":
                values = node.args[6:]
            values += [one.value for one in node.keywords if one.arg in ("note", "text", "why", "how")]
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id in NAMED:
            values = [node.value]
        for value in values:
            for text in texts(value):
                yield node.lineno, text


def texts(value: ast.expr) -> Iterator[list[str]]:
    """Every text that an expression may give, with each sample in place of what is put in."""
    for node in ast.walk(value):
        if isinstance(node, ast.JoinedStr):
            yield ["".join(_part(part, sample) for part in node.values) for sample in SAMPLES]
    inside = {id(part) for node in ast.walk(value) if isinstance(node, ast.JoinedStr) for part in ast.walk(node)}
    for node in ast.walk(value):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in inside:
            yield [node.value]


def _part(part: ast.expr, sample: str) -> str:
    return str(part.value) if isinstance(part, ast.Constant) else sample


@pytest.mark.parametrize("module", dict.fromkeys(one for one in MODULES if one), ids=lambda one: one.__name__)
def test_every_sentence_of_a_module_is_in_the_catalogue(module: ModuleType) -> None:
    for line, variants in said_in(module):
        for clause, told in clauses(variants):
            assert told, f"{module.__name__}:{line}: {clause}"


def clauses(variants: list[str]) -> Iterator[tuple[str, bool]]:
    """Each clause of a sentence, and whether it is in the catalogue with one of the samples. Clauses that are only what
    was put in, keys and signs need no words."""
    if not wording.said(variants[0], "de").startswith("Meldung"):
        return
    for row in zip(*(text.strip("; ").split("; ") for text in variants), strict=True):
        heads = ("12 steps", "") if row[0].startswith(", ") else ("",)
        if row[0] not in SAMPLES and " " in row[0] and re.search("[a-z]{2}", row[0]):
            yield (
                row[0],
                any(not wording.said(head + text, "de").startswith("Meldung") for text in row for head in heads),
            )


def test_references_and_equations_are_in_the_catalogue() -> None:
    for one in definitions().values():
        assert wording.source(one.reference, "de") != one.reference, one.reference
        german = wording.source(one.equation, "de")
        assert not re.search(
            r"\b(share|of|where|nameplate|limit|schedule|warranty|in|out|dis)\b|_(in|out|dis)\b", german
        ), german


@pytest.mark.parametrize("bare", [False, True])
def test_german_facts_hold_no_english(closed: Closed, base: FactBase, bare: bool) -> None:
    if bare:  # nothing recorded: everything that counts a span says what is missing
        base = FactBase("bare", Evidence(base.evidence.state, base.evidence.now, owner=closed.plant), FORMULAS)
    for name in FORMULAS:
        row = base.fact(name, "de")
        words = [row.label, row.definition, row.note, row.text or "", row.reference]
        words += [text for one in row.missing for text in (one.why, one.how)]
        words += [text for one in row.origin if one.kind not in ("input", "prices") for text in (one.words,)]
        words += [one.id for one in row.origin if one.kind in ("slots", "events")]
        words += [column.label for column in row.table.columns] if row.table else []
        for text in words:
            if "archive in memory" in text or text.startswith("aufzeichnen mit:"):
                continue
            assert "Meldung:" not in text, f"{name}: {text}"
            assert not ENGLISH.search(re.sub(r"„.*?“|[a-z_]+\.[a-z_]+|^bessinside [^,]*", "", text)), f"{name}: {text}"


def test_what_the_waterfall_misses_is_said_in_german() -> None:
    for module in (registers, orders):
        for node in ast.walk(ast.parse(inspect.getsource(module))):
            if not (isinstance(node, ast.Assign) and "missing[" in ast.unparse(node.targets[0])):
                continue
            for variants in texts(node.value):
                for clause, told in clauses(variants):
                    assert told, f"{module.__name__}: {clause}"
