"""A metric on all parts that carry it, at the moment of the fact base."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bessinside.plant import Binding
from bessinside.twin.figure import FigureRow
from bessinside.twin.quality import Quality
from bessinside.twin.snapshot import Snapshot
from bessinside.views.fact import Missing, Origin
from bessinside.views.found import Lacking, no_register

LISTED = 24  # origins that are listed one by one
USABLE = (Quality.GOOD, Quality.STALE)  # a stale value counts, and makes the fact stale


@dataclass(frozen=True, slots=True, eq=False)
class Carried:
    """n parts that carry one metric. value: float64[n], NaN where neither good nor stale; quality: uint8[n]; age_s:
    float64[n]."""

    metric: str
    unit: str
    ids: tuple[str, ...]
    parts: tuple[str, ...]
    value: NDArray[np.float64]
    quality: NDArray[np.uint8]
    age_s: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def good(self) -> NDArray[np.bool_]:
        """bool[n], which parts have a value."""
        return np.isfinite(self.value)

    def origin(self) -> tuple[Origin, ...]:
        """The figures that were used, those that are not good first; of very many some, and how many there are."""
        words = f"of {len(self)} parts" if len(self) > LISTED else ""
        order = np.argsort(self.quality == Quality.GOOD, kind="stable")  # what is not good first: it marks the fact
        return tuple(
            Origin(
                "figure",
                self.ids[i],
                float(self.value[i]) if np.isfinite(self.value[i]) else None,
                self.unit,
                Quality(int(self.quality[i])).label,
                f"/api/figures/{self.ids[i]}/passport",
                words,
            )
            for i in order[:LISTED].tolist()
        )

    def whole(self) -> Carried:
        """Itself where every part has a value. Raises Lacking with those that are not: no sum without one."""
        bad = np.flatnonzero(~self.good)
        if len(bad):
            raise Lacking(*(self._reading(int(i)) for i in bad[:LISTED]))
        return self

    def some(self) -> Carried:
        """Only the parts that have a value. Raises Lacking where there is none."""
        if not self.good.any():
            raise Lacking(self._reading(0))
        at = np.flatnonzero(self.good)
        return Carried(
            self.metric, self.unit, tuple(self.ids[i] for i in at), tuple(self.parts[i] for i in at), self.value[at],
            self.quality[at], self.age_s[at],
        )  # fmt: skip

    def _reading(self, i: int) -> Missing:
        mark = Quality(int(self.quality[i])).label
        return Missing("reading", self.ids[i], f"its newest reading is: {mark}", "look at its passport, and its device")


def carried(binding: Binding, now: Snapshot, metric: str) -> Carried:
    """Every part that carries a metric, plain figures only. Raises Lacking where no device carries it."""
    by_part = binding.by_part(metric)
    if not by_part:
        raise Lacking(no_register(metric))
    at = np.array(list(by_part.values()))
    quality = now.quality[at]
    read = now.read_ns[at]
    value = np.where(np.isin(quality, USABLE), now.values[at], np.nan)
    age = np.where(read > 0, (now.time_ns - read) / 1e9, np.nan)
    ids = tuple(binding.ids[i] for i in at)
    return Carried(metric, binding.units[int(at[0])], ids, tuple(by_part), value, quality, age)


def figure_origin(row: FigureRow) -> Origin:
    """A figure of any kind as an origin."""
    return Origin("figure", row.id, row.value, row.unit, row.quality, f"/api/figures/{row.id}/passport")
