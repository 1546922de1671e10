"""The 14 levels as data: what each asks and which metrics answer it, kept in `levels.yaml`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from bessinside.runtime import disk

FILE = Path(__file__).with_name("levels.yaml")


@dataclass(frozen=True, slots=True)
class Level:
    """One level: number, key, title and question per language, metric keys to show and further ones that belong here.

    A key of `show` that starts with `derived.` names a figure of the twin (`derived.pcs.efficiency`), every other key
    a metric of the vocabulary.
    """

    id: int
    key: str
    titles: dict[str, str]
    questions: dict[str, str]
    show: tuple[str, ...]
    also: tuple[str, ...]

    def title(self, language: str = "en") -> str:
        return self.titles.get(language, self.titles["en"])

    def question(self, language: str = "en") -> str:
        return self.questions.get(language, self.questions["en"])

    @property
    def metrics(self) -> tuple[str, ...]:
        """Every metric of the vocabulary that belongs to the level."""
        return tuple(key for key in (*self.show, *self.also) if not key.startswith("derived."))


@cache
def levels() -> tuple[Level, ...]:
    """The 14 levels in order."""
    found = []
    for row in yaml.safe_load(disk.read_text(FILE)):
        languages = {language: row[language] for language in ("en", "de")}
        found.append(
            Level(
                id=row["id"],
                key=row["key"],
                titles={language: text["title"] for language, text in languages.items()},
                questions={language: text["question"] for language, text in languages.items()},
                show=tuple(row["show"]),
                also=tuple(row.get("also", ())),
            )
        )
    return tuple(found)
