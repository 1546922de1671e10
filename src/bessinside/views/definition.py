"""What each fact means, in English and German, with its equation and reference: kept in `definitions/*.yaml`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from bessinside.runtime import disk

FOLDER = Path(__file__).with_name("definitions")
KINDS = ("registers", "model", "bound", "input", "plan")


@dataclass(frozen=True, slots=True)
class Definition:
    """The words of one fact. `columns`: names of the columns of its table, by key and language."""

    id: str
    unit: str
    kind: str
    labels: Mapping[str, str]
    texts: Mapping[str, str]
    equation: str
    reference: str
    columns: Mapping[str, Mapping[str, str]]

    def label(self, language: str = "en") -> str:
        return self.labels[language]

    def text(self, language: str = "en") -> str:
        return self.texts[language]

    def column(self, key: str, language: str = "en") -> str:
        """The name of a column; the key itself where nobody named it."""
        return self.columns.get(key, {}).get(language, key)


@cache
def definitions() -> Mapping[str, Definition]:
    """All facts by id, in the order of the files."""
    shared: dict[str, Any] = yaml.safe_load(disk.read_text(FOLDER / "columns.yaml"))
    found = {}
    for path in sorted(FOLDER.glob("*.yaml")):
        if path.stem != "columns":
            for name, row in yaml.safe_load(disk.read_text(path)).items():
                found[name] = _definition(name, row, shared)
    return found


def _definition(name: str, row: dict[str, Any], columns: Mapping[str, Mapping[str, str]]) -> Definition:
    return Definition(
        id=name,
        unit=row["unit"],
        kind=row["kind"],
        labels={language: row[language]["label"] for language in ("en", "de")},
        texts={language: row[language]["text"] for language in ("en", "de")},
        equation=row["equation"],
        reference=row["reference"],
        columns=columns,
    )
