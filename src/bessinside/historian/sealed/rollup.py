"""Rollups in Parquet: minutes, and hours made of them. A row is a figure; its lists have one entry for each step from
`begin_ns` on, with count and left_out 0 where there was no sweep.

low, high and mean are SI units, null where no value was good; count is how many sweeps had a good one, left_out how
many did not.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from bessinside.historian.basis.archive import Rollup
from bessinside.historian.basis.folder import FORMAT, Folder
from bessinside.historian.basis.reduce import Minutes
from bessinside.historian.sealed.page import Page, matrix, same, same_lists, texts
from bessinside.historian.sealed.pagefile import PageFile
from bessinside.historian.sealed.segment import ABOUT, spread
from bessinside.runtime import disk

SUFFIX = {60_000_000_000: ".minutes.parquet", 3_600_000_000_000: ".hours.parquet"}
_LISTS = ("low", "high", "mean", "count", "left_out")
_FLOATS = ("low", "high", "mean")
SCHEMA = pa.schema(
    [
        ("device", pa.string()),
        ("figure", pa.string()),
        ("begin_ns", pa.int64()),
        ("step_ns", pa.int64()),
        *((name, pa.list_(pa.float64() if name in _FLOATS else pa.int32())) for name in _LISTS),
    ]
)
_GROUP_STEPS = 48_000
"""Steps in a row group, about: a day of one figure costs the reading of 33 figures."""


class RollupPart(msgspec.Struct, frozen=True, array_like=True):
    """The figures of one device in a file: `names` is a hash of their ids, `group` their first of `groups` row groups,
    `steps` how long their lists are."""

    device: str
    names: str
    figures: int
    begin_ns: int
    steps: int
    group: int
    groups: int


class RollupAbout(msgspec.Struct, frozen=True):
    """What a rollup file says of itself, under the key `bessinside`."""

    format: int
    step_ns: int
    first: int
    last: int
    parts: list[RollupPart]


@dataclass(frozen=True, slots=True)
class Rolled:
    """A rollup file that is written and waits for its place in the catalogue."""

    name: str
    step_ns: int
    first: int
    last: int
    begin_ns: int
    end_ns: int
    bytes: int


def write_rollup(
    folder: Folder, stem: str, step_ns: int, numbers: tuple[int, int], tables: Iterable[tuple[str, Minutes]]
) -> Rolled:
    """Writes a rollup of the sweeps with `numbers` (first, last); tables: a device and its steps. Raises OSError."""
    name = stem + SUFFIX[step_ns]
    path = folder.rollups / name
    parts: list[RollupPart] = []
    group = 0
    with disk.replacing(path) as file:
        pages = PageFile(file, SCHEMA)
        for device, minutes in tables:
            steps, at = minutes.low.shape[1], 0
            sizes = spread(len(minutes.ids), group_rows(steps))
            for size in sizes:
                pages.write(size, _pages(device, step_ns, minutes, slice(at, at + size)))
                at += size
            parts.append(
                RollupPart(
                    device, names_hash(minutes.ids), len(minutes.ids), minutes.begin_ns, steps, group, len(sizes)
                )
            )
            group += len(sizes)
        pages.close({ABOUT.decode(): msgspec.json.encode(RollupAbout(FORMAT, step_ns, *numbers, parts))})
    begin = min(part.begin_ns for part in parts)
    end = max(part.begin_ns + part.steps * step_ns for part in parts)
    return Rolled(name, step_ns, *numbers, begin, end, disk.size(path))


def group_rows(steps: int) -> int:
    """Most figures in a row group whose lists have so many steps."""
    return max(16, _GROUP_STEPS // max(1, steps))


@functools.lru_cache(256)
def names_hash(ids: tuple[str, ...]) -> str:
    """A short name for a list of figures."""
    return hashlib.blake2b("\n".join(ids).encode(), digest_size=12).hexdigest()


def _pages(device: str, step_ns: int, minutes: Minutes, rows: slice) -> list[Page]:
    ids = minutes.ids[rows]
    tables = [getattr(minutes, name)[rows] for name in _LISTS]
    return [
        texts((device,) * len(ids)),
        texts(ids),
        same(minutes.begin_ns, len(ids), "i8"),
        same(step_ns, len(ids), "i8"),
        *(_lists(one) for one in tables),
    ]


def _lists(table: NDArray[Any]) -> Page:
    if table.dtype.kind == "f":
        return matrix(table, np.isnan(table))
    lowest = int(table.min())  # every minute of most figures has as many sweeps as the next
    return same_lists(lowest, *table.shape, "i4") if lowest == table.max() else matrix(table)


def read_rollup_about(file: pq.ParquetFile) -> RollupAbout:
    """What a rollup file says of itself."""
    return msgspec.json.decode(file.metadata.metadata[ABOUT], type=RollupAbout)


def read_names(file: pq.ParquetFile, part: RollupPart) -> list[str]:
    """Ids of the figures of one part, in the order of their rows."""
    groups = list(range(part.group, part.group + part.groups))
    return [str(name) for name in file.read_row_groups(groups, columns=["figure"]).column(0).to_pylist()]


def read_rows(file: pq.ParquetFile, part: RollupPart, step_ns: int, rows: NDArray[np.int64]) -> Minutes:
    """Some rows of a part, in the order asked for; their ids are left empty."""
    bounds = np.cumsum([0, *spread(part.figures, group_rows(part.steps))])
    of = np.searchsorted(bounds, rows, side="right") - 1
    groups = np.unique(of)
    table = file.read_row_groups([part.group + int(g) for g in groups], columns=list(_LISTS), use_threads=False)
    starts = np.cumsum([0, *(bounds[g + 1] - bounds[g] for g in groups)])
    place = starts[np.searchsorted(groups, of)] + rows - bounds[of]

    def matrix(name: str) -> NDArray[Any]:
        chunks = [chunk.flatten().to_numpy(zero_copy_only=False) for chunk in table.column(name).chunks]
        flat = chunks[0] if len(chunks) == 1 else np.concatenate(chunks)
        kind = np.float64 if name in _FLOATS else np.int32
        found: NDArray[Any] = flat.reshape(-1, part.steps)[place].astype(kind, copy=False)
        return found

    low, high, mean, count, left_out = (matrix(name) for name in _LISTS)
    return Minutes((), part.begin_ns, low, high, mean, count, left_out, step_ns)


class Steps:
    """k figures in m steps from `begin_ns` on, put together from pieces with steps as long or shorter."""

    def __init__(self, step_ns: int, begin_ns: int, steps: int, width: int) -> None:
        self.step_ns, self.begin_ns, self.steps = step_ns, begin_ns, steps
        self.low, self.high = np.full((width, steps), np.inf), np.full((width, steps), -np.inf)
        self.total = np.zeros((width, steps))
        self.count, self.left_out = np.zeros((width, steps), np.int64), np.zeros((width, steps), np.int64)

    def add(self, piece: Minutes, rows: Sequence[int]) -> None:
        """Adds a piece whose figures are the rows `rows` here. Means are put together by how many values they have."""
        at = (
            piece.begin_ns + np.arange(piece.low.shape[1], dtype=np.int64) * piece.step_ns - self.begin_ns
        ) // self.step_ns
        mine = np.flatnonzero((at >= 0) & (at < self.steps))
        if not len(mine) or not len(rows):
            return
        starts = np.flatnonzero(np.diff(at[mine], prepend=-1))
        to = np.ix_(np.asarray(rows, np.int64), at[mine][starts])
        count, left_out = piece.count[:, mine], piece.left_out[:, mine]
        some = count > 0
        low = np.minimum.reduceat(np.where(some, piece.low[:, mine], np.inf), starts, axis=1)
        high = np.maximum.reduceat(np.where(some, piece.high[:, mine], -np.inf), starts, axis=1)
        self.low[to], self.high[to] = np.minimum(self.low[to], low), np.maximum(self.high[to], high)
        self.total[to] += np.add.reduceat(np.where(some, piece.mean[:, mine] * count, 0.0), starts, axis=1)
        self.count[to] += np.add.reduceat(count, starts, axis=1, dtype=np.int64)
        self.left_out[to] += np.add.reduceat(left_out, starts, axis=1, dtype=np.int64)

    def minutes(self, ids: tuple[str, ...]) -> Minutes:
        """The steps as a table for a file; `ids` name the rows."""
        some = self.count > 0
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = np.where(some, self.total / self.count, np.nan)
        return Minutes(
            ids, self.begin_ns, np.where(some, self.low, np.nan), np.where(some, self.high, np.nan), mean,
            self.count.astype(np.int32), self.left_out.astype(np.int32), self.step_ns,
        )  # fmt: skip

    def rollup(self) -> Rollup:
        """The steps as the archive gives them."""
        found = self.minutes(())
        begin = self.begin_ns + np.arange(self.steps, dtype=np.int64) * self.step_ns
        return Rollup(begin, found.low.T, found.high.T, found.mean.T, found.count.T, found.left_out.T)
