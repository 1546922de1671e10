"""A plant from a script or a notebook: `bessinside.open("plant.toml")`, sync or async."""

from __future__ import annotations

import asyncio
import fnmatch
import threading
from collections.abc import Callable, Coroutine
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from bessinside.errors import BessError
from bessinside.runtime import clock
from bessinside.twin import FigureRow, LevelRow, Passport, Snapshot, Twin

if TYPE_CHECKING:
    from bessinside.historian.asked import History

T = TypeVar("T")


class Session:
    """A twin that polls in a thread of its own while the script goes on.

        with bessinside.open("plant.toml") as plant:
            plant.wait()                                   # until every device was asked once
            print(plant.figure("meter/active_power"))
            cells = plant.values("*/cell*/voltage*")       # float64[n], NaN before the first read

    In async code `async with bessinside.open(…) as twin` gives the `Twin` itself, on the running loop.
    """

    def __init__(self, plant: str | Path, history: str | Path | None = None) -> None:
        self.twin = Twin(plant)
        self._folder = history
        self._history: History | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Session:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="bessinside", daemon=True)
        self._thread.start()
        try:
            self._run(self.twin.start())
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    async def __aenter__(self) -> Twin:
        await self.twin.start()
        return self.twin

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.twin.stop()

    @property
    def history(self) -> History:
        """The past of this plant, where it was opened with its folder; also before and after the `with` block.

        Raises BessError without a folder or where it is the history of another plant, HistoryError where it is none.
        """
        if self._folder is None:
            raise BessError(f"{self.twin.plant.id} was opened without a past: bessinside.open(plant, history=DIR)")
        if self._history is None:
            from bessinside.historian.asked import History  # Arrow is loaded for those who ask only

            found = History(self._folder)
            recorded = found.past.newest().binding.plant.id
            if recorded != self.twin.plant.id:
                found.close()
                raise BessError(f"{self._folder} is the history of {recorded}, not of {self.twin.plant.id}")
            self._history = found
        return self._history

    def close(self) -> None:
        """Ends polling and closes every connection and the past; more than once does no harm."""
        if self._history is not None:
            self._history.close()
            self._history = None
        if self._loop is not None and self._thread is not None:
            self._run(self.twin.stop())
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()
            self._loop = self._thread = None

    def wait(self, seconds: float = 10.0) -> None:
        """Waits until every device answered or was found silent. Raises BessError where none answered in time."""
        self._run(self._wait(seconds))

    async def _wait(self, seconds: float) -> None:
        ends = clock.monotonic() + seconds
        while any(poller.state == "connecting" for poller in self.twin.pollers) and clock.monotonic() < ends:
            await clock.sleep(0.02)
        if all(poller.state in ("connecting", "down") for poller in self.twin.pollers):
            why = next((readings.error for readings in self.twin.devices if readings.error), "no answer")
            raise BessError(f"{self.twin.plant.name}: no device answers within {seconds:g} s; the first says: {why}")

    def ids(self, pattern: str = "*") -> list[str]:
        """Ids of all figures that match a pattern such as `c1/r04/*/voltage`."""
        return fnmatch.filter(self.twin.ids(), pattern)

    def figure(self, figure_id: str, language: str = "en") -> FigureRow:
        """One figure: value in SI units, unit, quality, age in seconds. Raises UnknownFigure."""
        return self._run(_soon(lambda: self.twin.figure(figure_id, language=language)))

    def figures(self, pattern: str = "*") -> list[FigureRow]:
        """All figures that match a pattern, of one snapshot."""

        def rows() -> list[FigureRow]:
            now = self.twin.snapshot()
            return [self.twin.figure(name, now) for name in self.ids(pattern)]

        return self._run(_soon(rows))

    def values(self, pattern: str = "*") -> NDArray[np.float64]:
        """The values of all figures that match, float64[n] in SI units, NaN where there is none; order as `ids`."""

        def column() -> NDArray[np.float64]:
            now = self.twin.snapshot()
            every = np.concatenate([now.values, now.derived_values])
            wanted = set(self.ids(pattern))
            return every[[name in wanted for name in self.twin.ids()]]

        return self._run(_soon(column))

    def passport(self, figure_id: str, language: str = "en") -> Passport:
        """Where a figure comes from, down to the bytes. Raises UnknownFigure."""
        return self._run(_soon(lambda: self.twin.passport(figure_id, language)))

    def levels(self, language: str = "en") -> list[LevelRow]:
        """The 14 levels with their figures."""
        return self._run(_soon(lambda: self.twin.levels(language)))

    def snapshot(self) -> Snapshot:
        """The whole plant at this moment, as arrays."""
        return self._run(_soon(self.twin.snapshot))

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        if self._loop is None:
            work.close()
            raise BessError("the plant is not open: use it in a `with` block")
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()


async def _soon(work: Callable[[], T]) -> T:
    """Runs a function on the twin's own loop, so that it sees whole sweeps only."""
    return work()


def open(plant: str | Path, history: str | Path | None = None) -> Session:
    """Opens a plant by its file or by the id of a shipped plant, with the folder of its past where it has one.

    Raises PlantError or MapError.
    """
    return Session(plant, history)
