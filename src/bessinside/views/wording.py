"""Notes and what is missing in German: formulas say them in English, clause by clause, and `german.yaml` translates."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import yaml

from bessinside.runtime import disk
from bessinside.views.fact import Cell, Missing

FILE = Path(__file__).with_name("german.yaml")
_NUMBER = re.compile(r"[+\-−±]?[\d,]*\d(\.\d+)?(e[+\-]\d+)?")


@cache
def _clauses() -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple((re.compile(pattern), german) for pattern, german in yaml.safe_load(disk.read_text(FILE))["clauses"])


@cache
def _cells() -> Mapping[str, str]:
    found: Mapping[str, str] = yaml.safe_load(disk.read_text(FILE))["cells"]
    return found


def said(words: str, language: str) -> str:
    """A note in a language; a clause that nobody translated (the text of an error) stays as it is."""
    if language != "de" or not words:
        return words
    whole = _clause(words)
    return whole if whole is not None else "; ".join(_clause(one) or one for one in words.split("; "))


def _clause(words: str) -> str | None:
    for pattern, german in _clauses():
        found = pattern.fullmatch(words)
        if found is not None:
            return german.format(*(_group(one or "") for one in found.groups()))
    return None


def _group(words: str) -> str:
    """A name in German, a number with German marks, anything else as it is."""
    if words in _cells():
        return _cells()[words]
    return words.translate(str.maketrans(",.", ".,")) if _NUMBER.fullmatch(words) else words


def cell(found: Cell, language: str) -> Cell:
    """A word of a table in a language."""
    return _cells().get(found, found) if language == "de" and isinstance(found, str) else found


def missing(found: Missing, language: str) -> Missing:
    """What is missing, in words of a language."""
    return Missing(found.kind, found.name, said(found.why, language), said(found.how, language))
