"""What a question about the past gives: a figure over time, whole or drawn together, as NumPy, Arrow or a DataFrame."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bessinside.historian.basis.rows import Rows
from bessinside.twin.quality import Quality

Times = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Series(Rows):
    """One figure over time: a value at every sweep that brought it, and a mark at every sweep that did not.

    time: int64[n], UTC ns at which the value's sweep ended; value: float64[n], NaN where there is none;
    quality: uint8[n] of :class:`Quality`. What another system said is `foreign`: no register stands behind it.
    """

    id: str
    label: str
    unit: str
    time: Times
    value: Floats
    quality: NDArray[np.uint8]
    foreign: bool = False

    def __len__(self) -> int:
        return len(self.time)

    @property
    def good(self) -> NDArray[np.bool_]:
        """bool[n], which values are good."""
        return np.asarray(self.quality == Quality.GOOD)

    def columns(self) -> dict[str, Any]:
        names = np.array(["foreign" if self.foreign and mark is Quality.GOOD else mark.label for mark in Quality])
        return {"time": self.time, "value": self.value, "quality": names[self.quality]}


@dataclass(frozen=True, slots=True, eq=False)
class Plot(Rows):
    """One figure drawn together: n spans of one width, each with what the good values in it were.

    time: int64[n], where each span begins, UTC ns; low, high, mean: float64[n], NaN without a good value;
    count: good values; left_out: sweeps of the span that brought none. A span without any sweep is not there.
    """

    id: str
    label: str
    unit: str
    step_ns: int
    time: Times
    low: Floats
    high: Floats
    mean: Floats
    count: NDArray[np.int64]
    left_out: NDArray[np.int64]
    source: str = "sweeps"

    def __len__(self) -> int:
        return len(self.time)

    def columns(self) -> dict[str, Any]:
        names = [field.name for field in fields(self)][4:-1]
        return {name: getattr(self, name) for name in names}


def draw(series: Series, start_ns: int, step_ns: int) -> Plot:
    """Draws a series together in spans of `step_ns` that begin at `start_ns`."""
    span = (series.time - start_ns) // step_ns
    found, first = np.unique(span, return_index=True)
    good, n, source = series.good, len(found), "foreign" if series.foreign else "sweeps"
    if not n:
        nothing, none = np.empty(0), np.empty(0, np.int64)
        return Plot(series.id, series.label, series.unit, step_ns, none, nothing, nothing, nothing, none, none, source)
    value = np.where(good, series.value, 0.0)
    count = np.add.reduceat(good.astype(np.int64), first)
    every = np.diff(np.append(first, len(span)))
    some = count > 0
    low = np.where(some, np.minimum.reduceat(np.where(good, series.value, np.inf), first), np.nan)
    high = np.where(some, np.maximum.reduceat(np.where(good, series.value, -np.inf), first), np.nan)
    mean = np.full(n, np.nan)
    np.divide(np.add.reduceat(value, first), count, out=mean, where=some)
    time = start_ns + found * step_ns
    return Plot(series.id, series.label, series.unit, step_ns, time, low, high, mean, count, every - count, source)


def merge(plot: Plot, start_ns: int, step_ns: int) -> Plot:
    """Draws what was drawn already (a rollup) together into wider spans; means are weighed by their counts."""
    span = (plot.time - start_ns) // step_ns
    found, first = np.unique(span, return_index=True)
    if not len(found):
        return plot
    count, left_out = np.add.reduceat(plot.count, first), np.add.reduceat(plot.left_out, first)
    some = count > 0
    low = np.where(some, np.minimum.reduceat(np.where(plot.count > 0, plot.low, np.inf), first), np.nan)
    high = np.where(some, np.maximum.reduceat(np.where(plot.count > 0, plot.high, -np.inf), first), np.nan)
    total = np.add.reduceat(np.where(plot.count > 0, plot.mean, 0.0) * plot.count, first)
    mean = np.full(len(found), np.nan)
    np.divide(total, count, out=mean, where=some)
    time = start_ns + found * step_ns
    return Plot(plot.id, plot.label, plot.unit, step_ns, time, low, high, mean, count, left_out, plot.source)
