"""The metric vocabulary: vendor-neutral names of what registers can mean, with units, kept in `metrics.yaml`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from bessinside.runtime import disk

FILE = Path(__file__).with_name("metrics.yaml")
_DIRECTED_UNITS = frozenset({"W", "var", "A"})


@dataclass(frozen=True, slots=True)
class Metric:
    """One measurable thing at one kind of part, such as `cell.voltage`.

    `unit` is an SI base unit, `%`, `1`, `code` or `text`; `range` is in that unit: what a working sensor at this place
    can deliver at all.
    """

    kind: str
    name: str
    unit: str
    en: str
    de: str
    range: tuple[float, float] | None = None

    @property
    def key(self) -> str:
        """Kind and name: `cell.voltage`."""
        return f"{self.kind}.{self.name}"

    @property
    def directed(self) -> bool:
        """Whether its sign tells a direction: a power or a current that may be negative."""
        return self.unit in _DIRECTED_UNITS and self.range is not None and self.range[0] < 0

    def label(self, language: str = "en") -> str:
        """Its name in words, `en` or `de`."""
        return self.de if language == "de" else self.en


@cache
def vocabulary() -> dict[str, Metric]:
    """All metrics by key, in the order of the file."""
    found: dict[str, Metric] = {}
    for kind, names in yaml.safe_load(disk.read_text(FILE)).items():
        for name, row in names.items():
            limits = (float(row["range"][0]), float(row["range"][1])) if "range" in row else None
            metric = Metric(kind, name, row["unit"], row["en"], row["de"], limits)
            found[metric.key] = metric
    return found


@cache
def metrics() -> dict[tuple[str, str], Metric]:
    """The whole vocabulary by (kind of part, quantity)."""
    return {(metric.kind, metric.name): metric for metric in vocabulary().values()}


def kinds() -> tuple[str, ...]:
    """The kinds of part that the vocabulary knows."""
    return tuple(dict.fromkeys(kind for kind, _ in metrics()))
