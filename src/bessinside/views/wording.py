"""Notes and what is missing in German: formulas say them in English, clause by clause, and `german.yaml` translates."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import yaml
from msgspec.structs import replace

from bessinside.runtime import disk
from bessinside.views.fact import Cell, Missing, Origin

FILE = Path(__file__).with_name("german.yaml")
SOURCES = Path(__file__).with_name("german_sources.yaml")
MESSAGE = "Meldung: „{}“"
_NUMBER = re.compile(r"[+\-−±]?[\d,]*\d(\.\d+)?(e[+\-]\d+)?")


@cache
def _clauses() -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple((re.compile(pattern), german) for pattern, german in yaml.safe_load(disk.read_text(FILE))["clauses"])


@cache
def _cells() -> Mapping[str, str]:
    found: Mapping[str, str] = yaml.safe_load(disk.read_text(FILE))["cells"]
    return found


@cache
def _sources() -> Mapping[str, str]:
    found: Mapping[str, str] = yaml.safe_load(disk.read_text(SOURCES))
    return found


def said(words: str, language: str) -> str:
    """A note in a language; a clause that is the text of an error stays as it is and is called a message."""
    if language != "de" or not words:
        return words
    whole = _clause(words)
    return whole if whole is not None else "; ".join(_clause(one) or MESSAGE.format(one) for one in words.split("; "))


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


def source(words: str, language: str) -> str:
    """A reference or an equation in a language; what is only a formula is the same in all."""
    return _sources().get(words, words) if language == "de" else words


def origin(found: Origin, language: str) -> Origin:
    """What a fact rests on, in words of a language. What the owner wrote and whom a price is of stays as it is."""
    if language != "de":
        return found
    name = said(found.id, language) if found.kind in ("slots", "events", "prices") else found.id
    words = found.words if found.kind in ("input", "prices") else said(found.words, language)
    return replace(found, id=name, words=words)


def missing(found: Missing, language: str) -> Missing:
    """What is missing, in words of a language."""
    in_words = " " in found.name or found.name == found.kind  # else it is a metric, or a key of the plant file
    name = said(found.name, language) if language == "de" and in_words else found.name
    return Missing(found.kind, name, said(found.why, language), said(found.how, language))
