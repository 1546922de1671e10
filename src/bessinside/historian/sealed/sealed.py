"""Opened segment files, and what was read of them last."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from bessinside.historian.basis.batch import Times
from bessinside.historian.basis.folder import Folder
from bessinside.historian.basis.places import as_slice
from bessinside.historian.basis.reduce import Minutes
from bessinside.historian.basis.run import Run
from bessinside.historian.basis.shelf import Shelf
from bessinside.historian.sealed.page_places import PagePlaces
from bessinside.historian.sealed.planes import Planes, read_planes
from bessinside.historian.sealed.rollup import RollupAbout, RollupPart, read_names, read_rollup_about, read_rows
from bessinside.historian.sealed.segment import (
    EXTREMES,
    REQUESTS,
    SWEEP_LISTS,
    SWEEPS,
    TOOK,
    WAIT,
    WORDS,
    WORDS_COLUMN,
    after,
    read_extremes,
    read_metrics,
    read_requests,
    read_sweeps,
    read_waits,
    read_words,
    spread,
    whole_times,
)
from bessinside.runtime import disk

_MEGABYTE = 1024 * 1024
_OPEN = 64  # files that are open at once
_PLACES = 32 * _MEGABYTE  # what their places take
_FOOTERS = 64 * _MEGABYTE  # what Arrow makes of footers
_FOOTER_TIMES = 8  # so many times the footer's own size, as measured
_AT_HAND = 16  # files that Arrow is about to be asked again
_BYTES = 96 * _MEGABYTE
_ABOUTS = 2048  # what rollup files say of themselves


class ParquetFiles:
    """Parquet files by path: some are open, and of those that were it is known where their pages lie."""

    def __init__(self) -> None:
        self._open, self._places, self._footers = Shelf(_OPEN), Shelf(_PLACES), Shelf(_FOOTERS)
        self._at_hand = Shelf(_FOOTERS)

    def arrow(self, path: Path) -> pq.ParquetFile:
        """A file as Arrow reads it; it stays open for a while. Raises FileNotFoundError."""

        def opened() -> pq.ParquetFile:
            file = disk.open_read(path)  # its own: Arrow seeks in it
            return pq.ParquetFile(file, metadata=self._footers.get(path, lambda: pq.read_metadata(file), _weight))

        return self._at_hand.get(path, opened, lambda file: max(_weight(file.metadata), _FOOTERS // _AT_HAND))

    def planes(self, path: Path, group: int, column: int, entries: int, kind: type[np.integer[Any]]) -> Planes | None:
        """See :func:`~bessinside.historian.sealed.planes.read_planes`. Raises FileNotFoundError."""
        file = self._file(path)
        places = self._places.get(path, lambda: PagePlaces.read(file), lambda read: read.nbytes if read else 4096)
        place = None if places is None else places.of(group, column)
        return None if place is None else read_planes(file, place, entries, np.dtype(kind))

    def _file(self, path: Path) -> BinaryIO:
        return self._open.get(path, lambda: disk.open_read(path))


def _weight(footer: pq.FileMetaData) -> int:
    """About what Arrow's footer takes in memory."""
    return _FOOTER_TIMES * int(footer.serialized_size)


class SealedFiles:
    """The sealed segments of a folder, read by run and row group. Several threads may read at once.

    Raises FileNotFoundError where retention or compaction took a file away after it was looked up: look again.
    """

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self._files = ParquetFiles()
        self._read = Shelf(_BYTES)

    def file(self, path: Path) -> pq.ParquetFile:
        """An opened file as Arrow reads it; it stays open for a while."""
        return self._files.arrow(path)

    def path(self, name: str, suffix: str) -> Path:
        """Where a segment's file is."""
        return self._folder.segments / f"{name}{suffix}"

    def sweeps(self, name: str, run: Run) -> dict[str, NDArray[Any]]:
        """number, start_ns, end_ns, tid, failed of a run's sweeps."""

        def make() -> dict[str, NDArray[Any]]:
            path, found = self.path(name, SWEEPS), {}
            for column, (at, kind) in SWEEP_LISTS.items():
                planes = self._files.planes(path, run.part, at, run.sweeps, kind)
                if planes is None:
                    return read_sweeps(self.file(path), run.part, list(SWEEP_LISTS))
                found[column] = planes.rows()[0]
            return found

        return self._read.get((name, run.part, "sweeps"), make, lambda lists: sum(one.nbytes for one in lists.values()))

    def times(self, name: str, run: Run) -> Times:
        """Times and outcomes of a run's exchanges."""

        def make() -> Times:
            requests = read_requests(self.file(self.path(name, REQUESTS)), run.part)
            return whole_times(self.sweeps(name, run), requests)

        return self._read.get((name, run.part, "times"), make, lambda times: 2 * times.sent_us.nbytes)

    def stamps(self, name: str, run: Run, position: int) -> Times:
        """Times of one sweep of a run, in which every answer was data."""
        lists = self.sweeps(name, run)
        one = {column: lists[column][position : position + 1] for column in lists}
        wait, took = (self._waits(name, run, column) for column in (WAIT, TOOK))
        sent, received = after(wait.column(position)[:, None], took.column(position)[:, None])
        return Times(
            one["number"], one["start_ns"], one["end_ns"], one["tid"].astype(np.uint16), one["failed"], sent, received
        )

    def words(self, name: str, run: Run, rows: NDArray[np.int64], size: int) -> NDArray[np.uint16]:
        """uint16[len(rows), sweeps]: some rows of a run's words; `size` is how many it has."""
        bounds = np.cumsum([0, *spread(size)])
        groups = np.searchsorted(bounds, rows, side="right") - 1
        out = np.empty((len(rows), run.sweeps), np.uint16)
        for group in np.unique(groups).tolist():
            mine = as_slice(np.flatnonzero(groups == group))
            out[mine] = self._group(name, run, group).rows(as_slice(rows[mine] - bounds[group]))
        return out

    def sweep(self, name: str, run: Run, position: int) -> NDArray[np.uint16]:
        """uint16[size]: all words of one sweep of a run."""
        groups = [self._group(name, run, group) for group in range(run.words_groups)]
        return np.concatenate([group.column(position) for group in groups])

    def extremes(self, name: str, run: Run, metric: str) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]] | None:
        """low, high, count of a metric in every sweep of a run; None where they were not kept."""
        if run.extremes < 0:
            return None
        return read_extremes(self.file(self.path(name, EXTREMES)), run.extremes, metric)

    def all_extremes(self, name: str, run: Run) -> list[tuple[str, NDArray[Any], NDArray[Any], NDArray[Any]]]:
        """metric, low, high, count of every metric that a run has extremes of."""
        if run.extremes < 0:
            return []
        file = self.file(self.path(name, EXTREMES))
        found = []
        for metric in read_metrics(file, run.extremes):
            kept = read_extremes(file, run.extremes, metric)
            assert kept is not None
            found.append((metric, *kept))
        return found

    def _group(self, name: str, run: Run, group: int) -> Planes:
        def make() -> Planes:
            number, path = run.words_group + group, self.path(name, WORDS)
            planes = self._files.planes(path, number, WORDS_COLUMN, run.sweeps, np.uint16)
            return planes or Planes.of(read_words(self.file(path), [number], run.sweeps))

        return self._read.get((name, run.part, group), make, lambda words: words.nbytes)

    def _waits(self, name: str, run: Run, column: int) -> Planes:
        """µs of every request, NEVER where there is none: see :func:`~bessinside.historian.sealed.segment.waits`."""

        def make() -> Planes:
            path = self.path(name, REQUESTS)
            planes = self._files.planes(path, run.part, column, run.sweeps, np.int32)
            return planes or Planes.of(read_waits(self.file(path), run.part, column, run.sweeps))

        return self._read.get((name, run.part, "waits", column), make, lambda waits: waits.nbytes)


class RolledFiles:
    """The rollup files of a folder, read by figure."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self._files, self._abouts = ParquetFiles(), Shelf(_ABOUTS)
        self._places: dict[str, dict[str, int]] = {}

    def read(self, name: str, figures: Sequence[str], device: str | None = None) -> Iterator[tuple[list[int], Minutes]]:
        """What a file has of some figures, of one device or any: their positions in `figures`, and their steps."""
        file, about = self.opened(name)
        for part in about.parts:
            if device not in (None, part.device):
                continue
            place = self._place(file, part)
            mine = [k for k, figure in enumerate(figures) if figure in place]
            if mine:
                rows = np.array([place[figures[k]] for k in mine], np.int64)
                yield mine, read_rows(file, part, about.step_ns, rows)

    def names(self, file: pq.ParquetFile, part: RollupPart) -> list[str]:
        """The figures of a part, in the order of their rows."""
        return list(self._place(file, part))

    def opened(self, name: str) -> tuple[pq.ParquetFile, RollupAbout]:
        """A file and what it says of itself."""
        file = self._files.arrow(self._folder.rollups / name)
        return file, self._abouts.get(name, lambda: read_rollup_about(file))

    def _place(self, file: pq.ParquetFile, part: RollupPart) -> dict[str, int]:
        """The row of each figure; many parts have the same figures."""
        if part.names not in self._places:
            self._places[part.names] = {figure: row for row, figure in enumerate(read_names(file, part))}
        return self._places[part.names]
