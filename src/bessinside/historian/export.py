"""Any span of any figures as a file that others read: Parquet, Arrow or CSV, a row for each figure and sweep."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from bessinside.errors import BessError
from bessinside.historian.basis.trace import trace
from bessinside.historian.past.past import Past
from bessinside.runtime import disk
from bessinside.twin.quality import Quality
from bessinside.twin.state import UnknownFigure

SCHEMA = pa.schema(
    [
        ("time", pa.timestamp("ns", "UTC")),
        ("id", pa.string()),
        ("value", pa.float64()),
        ("unit", pa.string()),
        ("quality", pa.string()),
    ]
)
_MOST = 1 << 21  # values held at once
_LABELS = pa.array([mark.label for mark in Quality])


def export(past: Past, patterns: Sequence[str], start_ns: int, end_ns: int, path: Path) -> int:
    """Writes all figures that match a pattern, or carry a metric of that name, into a new file; gives the rows.

    The ending says the format: .parquet, .arrow, .csv. Raises UnknownFigure, BessError.
    """
    if path.suffix not in (".parquet", ".arrow", ".csv"):
        raise BessError(f"{path}: expected a name that ends in .parquet, .arrow or .csv")
    ids = chosen(past, patterns)
    rows = 0
    with disk.replacing(path) as file:
        if path.suffix == ".parquet":
            writer = pq.ParquetWriter(file, SCHEMA, compression="zstd")
        elif path.suffix == ".arrow":
            writer = pa.ipc.new_file(file, SCHEMA)
        else:
            writer = pa.csv.CSVWriter(file, SCHEMA)
        with writer:
            for table in tables(past, ids, start_ns, end_ns):
                writer.write_table(table)
                rows += len(table)
    return rows


def chosen(past: Past, patterns: Sequence[str]) -> list[str]:
    """Ids of the readings and derived figures that match any pattern or carry the metric. Raises UnknownFigure."""
    world = past.newest()
    known = [*world.binding.ids, *world.derived.ids]
    found: dict[str, None] = {}
    for pattern in patterns:
        mine = [name for name in known if fnmatch.fnmatchcase(name, pattern)]
        mine = mine or [world.binding.ids[index] for index in world.binding.of_metric(pattern)]
        if not mine:
            raise UnknownFigure(f"{pattern}: no figure matches, and no metric is called so")
        found.update(dict.fromkeys(mine))
    return list(found)


def tables(past: Past, ids: Sequence[str], start_ns: int, end_ns: int) -> Iterator[pa.Table]:
    """The rows as tables of a size that fits the memory, device by device, then what is derived."""
    world = past.newest()
    by_device: dict[int, list[int]] = {}
    derived = []
    for name in ids:
        index = world.binding.find(name)
        if index is None:
            derived.append(name)
        else:
            by_device.setdefault(int(world.binding.device[index]), []).append(index)
    for number, indices in by_device.items():
        device = world.binding.devices[number].device
        names = [world.binding.ids[index] for index in indices]
        step = max(1, int(_MOST / len(names) * device.every_s * 1e9))
        for first in range(start_ns, end_ns, step):
            found = trace(past.worlds, device.id, names, first, min(first + step, end_ns))
            for k, (name, index) in enumerate(zip(names, indices, strict=True)):
                if len(found.time):
                    yield _rows(found.time, name, found.value[:, k], world.binding.units[index], found.quality[:, k])
    for name in derived:
        series = past.series(name, start_ns, end_ns)
        yield _rows(series.time, name, series.value, series.unit, series.quality)


def _rows(
    time: np.ndarray[tuple[int], np.dtype[np.int64]],
    name: str,
    value: np.ndarray[tuple[int], np.dtype[np.float64]],
    unit: str,
    quality: np.ndarray[tuple[int], np.dtype[np.uint8]],
) -> pa.Table:
    same = pa.array(np.zeros(len(time), np.int32))
    return pa.table(
        [
            pa.array(time, pa.timestamp("ns", "UTC")),
            pa.array([name]).take(same),
            pa.array(value, from_pandas=True),
            pa.array([unit]).take(same),
            _LABELS.take(pa.array(quality)),
        ],
        schema=SCHEMA,
    )
