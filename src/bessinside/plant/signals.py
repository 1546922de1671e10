"""Signal pages: what a metric measures, what is normal for it and why, what hangs on it, kept in `signals/*.yaml`.

A page is written for one metric of the vocabulary and may speak for its like (`also`: the other phases, the other
pole). `wrong` names scenarios of the emulated plant in square brackets, `[weak-cell]`; both languages name the same.
Numbers that are not the plant's own stand in `facts`, each with its source.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from bessinside.registers.located import Entries, did_you_mean, parse
from bessinside.registers.metrics import Metric, vocabulary
from bessinside.runtime import disk

FOLDER = Path(__file__).with_name("signals")
LANGUAGES = ("en", "de")
SECTIONS = ("measures", "normal", "revenue", "lifetime", "safety", "wrong")
_SCENARIO = re.compile(r"\[([a-z0-9-]+)\]")
_FILE_KEYS = ("place", *LANGUAGES, "signals")
_SIGNAL_KEYS = ("also", "facts", *LANGUAGES)


@dataclass(frozen=True, slots=True)
class Fact:
    """A number from elsewhere in both languages, and whose it is."""

    texts: dict[str, str]
    source: str


@dataclass(frozen=True, slots=True)
class Signal:
    """The page of `metric`; `also` are the metrics that it speaks for too.

    `texts` has for each language the SECTIONS in order; `scenarios` are the ids that `wrong` names, in its order.
    """

    metric: Metric
    also: tuple[Metric, ...]
    texts: dict[str, dict[str, str]]
    facts: tuple[Fact, ...]
    scenarios: tuple[str, ...]

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """All metrics that the page speaks for, its own first."""
        return (self.metric, *self.also)


@dataclass(frozen=True, slots=True)
class Subsystem:
    """The pages of one file: `id` is the name of the file, `titles` per language."""

    id: str
    place: int
    titles: dict[str, str]
    signals: tuple[Signal, ...]


@cache
def subsystems() -> tuple[Subsystem, ...]:
    """All pages by subsystem, from the grid to safety. Raises MapError with file, line and key."""
    files = [path for path in disk.list_dir(FOLDER) if path.suffix == ".yaml"]
    return tuple(sorted((parse_signals(disk.read_text(path), path.name) for path in files), key=lambda one: one.place))


@cache
def signals() -> dict[str, Signal]:
    """The page of every metric that has one, its own or that of its like, by metric key."""
    return {metric.key: one for found in subsystems() for one in found.signals for metric in one.metrics}


def parse_signals(text: str, file: str, scenarios: Collection[str] | None = None) -> Subsystem:
    """One file. Raises MapError with file, line, key and what was expected.

    `scenarios`: the ids that `wrong` may name; None where they are not known on this floor.
    """
    root = parse(text, file)
    root.allow("a file of signals", _FILE_KEYS)
    titles = {language: root.text(language) for language in LANGUAGES}
    pages = root.entries("signals", required=True)
    found: list[Signal] = []
    owners: dict[str, str] = {}
    for key in pages:
        signal = _signal(pages, key, scenarios)
        for metric in signal.metrics:
            if metric.key in owners:
                raise pages.error(key, f"{metric.key} has a page already, that of {owners[metric.key]}")
            owners[metric.key] = key
        found.append(signal)
    return Subsystem(Path(file).stem, root.integer("place", low=1, high=99), titles, tuple(found))


def _signal(pages: Entries, key: str, scenarios: Collection[str] | None) -> Signal:
    row = pages.entries(key, required=True)
    row.allow("a signal", _SIGNAL_KEYS)
    own = _metric(pages, key, key)
    also = tuple(_metric(row, "also", other) for other in row.several("also", str, "metrics"))
    texts = {language: _texts(row.entries(language, required=True)) for language in LANGUAGES}
    named = {language: _SCENARIO.findall(texts[language]["wrong"]) for language in LANGUAGES}
    words = row.entries("de")
    if set(named["en"]) != set(named["de"]):
        raise words.error("wrong", f"names {_listed(named['de'])}, the English text {_listed(named['en'])}")
    for one in named["en"]:
        if scenarios is not None and one not in scenarios:
            raise row.entries("en").error("wrong", f"no scenario is called {one!r}; {did_you_mean(one, scenarios)}")
    return Signal(own, also, texts, tuple(map(_fact, row.each("facts"))), tuple(dict.fromkeys(named["en"])))


def _metric(entries: Entries, at: str, key: str) -> Metric:
    found = vocabulary().get(key)
    if found is None:
        raise entries.error(at, f"no metric is called {key!r}; {did_you_mean(key, vocabulary())}")
    return found


def _texts(words: Entries) -> dict[str, str]:
    words.allow("a signal's texts", SECTIONS)
    return {section: " ".join(words.text(section).split()) for section in SECTIONS}


def _fact(row: Entries) -> Fact:
    row.allow("a fact", ("source", *LANGUAGES))
    return Fact({language: row.text(language) for language in LANGUAGES}, row.text("source"))


def _listed(names: list[str]) -> str:
    return ", ".join(dict.fromkeys(names)) or "no scenario"
