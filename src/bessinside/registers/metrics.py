"""The metric vocabulary as this floor needs it: which quantities exist at which kind of part, in which unit."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from bessinside.runtime import disk

_FILE = Path(__file__).parent.parent / "plant" / "metrics.yaml"
_DIRECTED_UNITS = frozenset({"W", "var", "A"})


@dataclass(frozen=True, slots=True)
class Metric:
    """One measurable thing at one kind of part, its unit, and what a working sensor there can deliver at all."""

    kind: str
    name: str
    unit: str
    range: tuple[float, float] | None = None

    @property
    def directed(self) -> bool:
        """Whether its sign tells a direction: a power or a current that may be negative."""
        return self.unit in _DIRECTED_UNITS and self.range is not None and self.range[0] < 0


@cache
def metrics() -> dict[tuple[str, str], Metric]:
    """The whole vocabulary by (kind of part, quantity)."""
    vocabulary: dict[tuple[str, str], Metric] = {}
    for kind, quantities in yaml.safe_load(disk.read_text(_FILE)).items():
        for name, entry in quantities.items():
            low_high = entry.get("range")
            span = (float(low_high[0]), float(low_high[1])) if low_high else None
            vocabulary[kind, name] = Metric(kind, name, entry["unit"], span)
    return vocabulary


def kinds() -> tuple[str, ...]:
    """The kinds of part that the vocabulary knows."""
    return tuple(dict.fromkeys(kind for kind, _ in metrics()))
