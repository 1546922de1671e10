"""Readings of other systems beside a history: tables that a person brought, by a file that says what their columns are.

They lie in `foreign/` of the folder, one Parquet file for each import, and are asked as `foreign/NAME/ID`. No register
stands behind them, so they never mix with what was on the wire: they are in no sweep, no rollup and no passport, and
whatever gives them says `foreign`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from bessinside.errors import BessError
from bessinside.historian.basis.series import Series
from bessinside.historian.foreign.column_map import ForeignColumn
from bessinside.historian.foreign.table import ForeignTable
from bessinside.runtime import clock, disk
from bessinside.twin.quality import Quality
from bessinside.twin.state import UnknownFigure

PREFIX = "foreign/"
_ABOUT = b"bessinside"


class ForeignAbout(msgspec.Struct, frozen=True):
    """What an imported file says of itself, under the key `bessinside`."""

    name: str
    source: str
    sha256: str
    taken_in_ns: int
    columns: list[ForeignColumn]


@dataclass(slots=True)
class Foreign:
    """The imported tables of a history, read when they are asked for."""

    root: Path
    _read: dict[str, ForeignAbout] = field(default_factory=dict)

    def ids(self) -> list[str]:
        """Ids of all foreign readings, `foreign/NAME/ID`."""
        found = {f"{PREFIX}{about.name}/{one.id}": None for _, about in self._files() for one in about.columns}
        return sorted(found)

    def series(self, figure_id: str, start_ns: int, end_ns: int) -> Series:
        """A foreign reading in [start, end). Raises UnknownFigure."""
        name, _, column = figure_id.removeprefix(PREFIX).rpartition("/")
        mine = [
            (path, one)
            for path, about in self._files()
            if about.name == name
            for one in about.columns
            if one.id == column
        ]
        if not mine:
            raise UnknownFigure(f"{figure_id}: no such table was imported; there are {', '.join(self.ids()) or 'none'}")
        times, values = [np.empty(0, np.int64)], [np.empty(0)]
        for path, _one in mine:
            table = pq.read_table(path, columns=["time", column])
            time = table.column("time").cast(pa.int64()).to_numpy()
            value = table.column(column).to_numpy()
            inside = (time >= start_ns) & (time < end_ns) & ~np.isnan(value)
            times.append(time[inside])
            values.append(value[inside])
        time, value = np.concatenate(times), np.concatenate(values)
        order = np.argsort(time, kind="stable")
        good = np.full(len(time), Quality.GOOD, np.uint8)
        told = mine[-1][1]
        return Series(figure_id, told.label or told.id, told.core_unit, time[order], value[order], good, foreign=True)

    def keep(self, name: str, source: Path, table: ForeignTable, columns: Sequence[ForeignColumn]) -> Path:
        """Keeps a table. Raises BessError where a reading of that name has a value at one of its times already."""
        content = disk.read_bytes(source)
        for path, about in self._files():
            if about.name != name:
                continue
            known = pq.read_table(path, columns=["time"]).column("time").cast(pa.int64()).to_numpy()
            both = np.intersect1d(known, table.time)
            if len(both) and {one.id for one in about.columns} & {one.id for one in columns}:
                raise BessError(
                    f"{source}: {len(both)} of its times were imported from {about.source} already; give another "
                    f"--name, or remove {path}"
                )
        about = ForeignAbout(name, source.name, hashlib.sha256(content).hexdigest(), clock.now_ns(), list(columns))
        arrays = {"time": pa.array(table.time, pa.timestamp("ns", "UTC"))}
        arrays |= {one.id: pa.array(value) for one, value in zip(columns, table.values, strict=True)}
        kept = pa.table(arrays).replace_schema_metadata({_ABOUT: msgspec.json.encode(about)})
        if not disk.exists(self._folder):
            disk.make_dir(self._folder)
        target = self._folder / f"{name}-{about.sha256[:12]}-{about.taken_in_ns}.parquet"
        with disk.replacing(target) as file:
            pq.write_table(kept, file, compression="zstd")
        return target

    @property
    def _folder(self) -> Path:
        return self.root / "foreign"

    def _files(self) -> list[tuple[Path, ForeignAbout]]:
        found = []
        for path in disk.list_dir(self._folder) if disk.exists(self._folder) else ():
            if path.suffix != ".parquet":
                continue
            if path.name not in self._read:
                metadata = pq.read_schema(path).metadata or {}
                if _ABOUT not in metadata:
                    raise BessError(
                        f"{path} was not imported with `bessinside history import-table`; move it elsewhere"
                    )
                self._read[path.name] = msgspec.json.decode(metadata[_ABOUT], type=ForeignAbout)
            found.append((path, self._read[path.name]))
        return found
