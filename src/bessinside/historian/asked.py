"""The past from a script or a notebook: moments as people write them, answers as NumPy, Arrow or a DataFrame."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any

from bessinside.historian.basis.rows import Rows
from bessinside.historian.basis.series import Plot, Series
from bessinside.historian.basis.when import WhenError, when
from bessinside.historian.opened import opened
from bessinside.historian.past.alarms import Alarms
from bessinside.historian.past.cells import Cells, Distribution, Spread
from bessinside.historian.past.complete import Completeness
from bessinside.historian.past.counter import Counted
from bessinside.historian.past.field import Field
from bessinside.historian.past.past import Past, Then

When = str | int | datetime
"""A moment: `2026-06-21T05:00` (UTC), `-15min` before the newest sweep, `end`; ns since the epoch; a datetime with its
time zone."""


@dataclass(frozen=True, slots=True)
class Spreads(Rows):
    """The largest spread of each device, largest first."""

    every: tuple[Spread, ...]

    def __len__(self) -> int:
        return len(self.every)

    def columns(self) -> dict[str, Any]:
        import numpy as np

        time = np.array([one.time_ns for one in self.every], np.int64)
        names = ("device", "spread", "low", "high", "lowest", "highest")
        return {"time": time, **{name: [getattr(one, name) for one in self.every] for name in names}}


class History:
    """What a folder holds, asked by moments and spans. A span is half-open; it ends behind the newest sweep.

        with bessinside.open("ref-5m", history="past") as plant:
            plant.history.series("meter/active_power", "-1h").frame()

    Answers with several rows give `.columns()` (NumPy), `.arrow()` and `.frame()` (pandas).
    """

    def __init__(self, folder: str | Path, *, as_recorded: bool = False) -> None:
        self._open = ExitStack()
        self.past: Past = self._open.enter_context(opened(folder, as_recorded=as_recorded))

    def __enter__(self) -> History:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Closes the folder; more than once does no harm."""
        self._open.close()

    def ns(self, moment: When) -> int:
        """A moment as ns UTC. Raises WhenError for one that cannot be understood, or a datetime without a zone."""
        if isinstance(moment, datetime):
            if moment.tzinfo is None:
                raise WhenError(f"{moment!r}: a datetime needs its time zone, such as tzinfo=datetime.UTC")
            return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1) * 1000
        return moment if isinstance(moment, int) else when(moment, self.past.span()[1])

    def _span(self, start: When, end: When) -> tuple[int, int]:
        last = self.past.span()[1] + 1 if end == "end" else self.ns(end)
        first = self.ns(start)
        if first >= last:
            raise WhenError(f"a span from {start} to {end} is empty: it must begin before it ends")
        return first, last

    def span(self) -> tuple[int, int]:
        """Ends of the first and the last sweep, ns UTC. Raises NothingRecorded."""
        return self.past.span()

    def at(self, moment: When) -> Then:
        """The whole plant at a moment: figure, levels, passport, snapshot as live. Raises NothingRecorded."""
        return self.past.at(self.ns(moment))

    def series(self, figure_id: str, start: When = "-1h", end: When = "end") -> Series:
        """A figure at every sweep, float64[n] with its qualities. Raises UnknownFigure."""
        return self.past.series(figure_id, *self._span(start, end))

    def plot(self, figure_id: str, start: When = "-1h", end: When = "end", pixels: int = 1000) -> Plot:
        """A figure drawn together to so many spans: lowest, highest, mean, sweeps with and without a value."""
        return self.past.plot(figure_id, *self._span(start, end), pixels)

    def cells(self, metric: str = "cell.voltage", at: When = "end") -> Cells:
        """Every part that carries a metric at a moment, float64[n] in plant order. Raises UnknownFigure."""
        return self.past.cells(metric, self.ns(at))

    def field(self, metric: str, part: str, start: When = "-1h", end: When = "end", columns: int = 300) -> Field:
        """Every part inside `part` that carries a metric over time, float32[parts, spans]. Raises UnknownFigure."""
        return self.past.field(metric, part, *self._span(start, end), columns)

    def spread(
        self, metric: str = "cell.voltage", start: When = "-1d", end: When = "end", *, recompute: bool = False
    ) -> Spreads:
        """The largest distance between the parts of each device that carries a metric, and between which two."""
        return Spreads(tuple(self.past.spread(metric, *self._span(start, end), recompute=recompute, named=1 << 30)))

    def distribution(self, metric: str = "cell.voltage", at: When = "end", bins: int = 40) -> Distribution:
        """How all parts that carry a metric lie at a moment: quantiles and a histogram."""
        return self.past.distribution(metric, self.ns(at), bins)

    def counted(self, figure_id: str, start: When = "-1d", end: When = "end") -> Counted:
        """What a counter counted, over gaps and rollovers, not over resets. Raises UnknownFigure."""
        return self.past.counted(figure_id, *self._span(start, end))

    def completeness(self, start: When = "-1d", end: When = "end", device: str | None = None) -> Completeness:
        """What share of the expected sweeps came, for each device and hour."""
        return self.past.completeness(*self._span(start, end), device)

    def alarms(self, start: When = "-1d", end: When = "end", language: str = "en") -> Alarms:
        """Every alarm bit that stood: when it came and when it went."""
        return self.past.alarms(*self._span(start, end), language)
