"""Rollups of a later decoding: minutes and hours of the figures that a corrected map decodes otherwise.

They lie beside those of the recorded map, in `decoded/rollups` of the folder, a pair of files for each day (UTC), and
are read like these. `decodings.json` names them; what it does not name is left over from a run that was cut short.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec
import numpy as np
import pyarrow.parquet as pq

from bessinside.historian.basis import decoding
from bessinside.historian.basis.archive import HOUR_NS, MINUTE_NS, Edition, Step
from bessinside.historian.basis.decoding import Decoding
from bessinside.historian.basis.folder import FORMAT, Folder
from bessinside.historian.basis.reduce import Minutes
from bessinside.historian.basis.trace import trace
from bessinside.historian.basis.world import Worlds
from bessinside.historian.sealed.rollup import SCHEMA, SUFFIX, RollupAbout, RollupPart, Steps, group_rows, names_hash
from bessinside.historian.sealed.rollup import _table as table_of
from bessinside.historian.sealed.seal import stamp
from bessinside.historian.sealed.segment import ABOUT, spread
from bessinside.runtime import disk
from bessinside.twin.quality import Quality

DAY_NS = 24 * HOUR_NS
_MOST = 1 << 22  # values held at once


def shelf(root: Path) -> Folder:
    """Where the rollups of later decodings lie, as a folder of its own."""
    return Folder(root / "decoded")


def drop_unnamed(root: Path) -> None:
    """Removes files that no decoding names."""
    rollups = shelf(root).rollups
    named = {name for one in decoding.load(root) for name in one.files}
    for path in disk.list_dir(rollups) if disk.exists(rollups) else ():
        if path.name not in named:
            disk.remove(path)


def roll(
    root: Path,
    worlds: Worlds,
    added: Sequence[Decoding],
    start_ns: int,
    end_ns: int,
    said: Callable[[float], None] = lambda share: None,
) -> list[str]:
    """Writes minutes and hours of [start, end), whole hours, of all figures that the added decodings change; gives the
    names of the files. `worlds` decode as the added decodings say; `said` is told the share that is done."""
    files = shelf(root)
    for path in (files.root, files.rollups):
        if not disk.exists(path):
            disk.make_dir(path)
    changed = _changed(worlds, added)
    names: list[str] = []
    days = range(start_ns // DAY_NS, -(-end_ns // DAY_NS))
    for day in days if changed else ():
        first, last = max(start_ns, day * DAY_NS), min(end_ns, (day + 1) * DAY_NS)
        minutes = [
            (device, found)
            for device, ids in changed.items()
            if (found := _minutes(worlds, device, ids, first, last)) is not None
        ]
        stem = f"{added[0].by[:12]}-{added[0].applied_ns}-{stamp(day * DAY_NS)[:8]}"
        if minutes:
            names.append(_write(files, stem, Step.MINUTE, minutes))
            names.append(_write(files, stem, Step.HOUR, [(device, _hours(found)) for device, found in minutes]))
        said((day + 1 - days.start) / len(days))
    return names


def _changed(worlds: Worlds, added: Sequence[Decoding]) -> dict[str, list[str]]:
    """Devices, each with the ids of numbers that change, in plant order."""
    by = {one.recorded: one.by for one in added}
    found: dict[str, list[str]] = {}
    for device in worlds.archive.devices():
        editions: list[Edition] = [one for one in worlds.editions(device) if one.map_hash in by]
        ids = frozenset().union(*(worlds.changed(one, by[one.map_hash]) for one in editions))
        if not ids:
            continue
        world = worlds.of([editions[-1]])
        bound = world.bound(device)
        mine = []
        for i in range(0 if bound is None else bound.size):
            assert bound is not None
            if world.binding.ids[bound.first + i] in ids and bound.point(i).wire_type.numeric:
                mine.append(world.binding.ids[bound.first + i])
        if mine:
            found[device] = mine
    return found


def _minutes(worlds: Worlds, device: str, ids: list[str], start_ns: int, end_ns: int) -> Minutes | None:
    """Minutes of some figures of a device, decoded sweep by sweep; None where there is no sweep."""
    whole = Steps(Step.MINUTE, start_ns, (end_ns - start_ns) // MINUTE_NS, len(ids))
    sweeps = len(worlds.archive.sweeps(device, start_ns, end_ns))
    pieces = max(1, -(-sweeps * len(ids) // _MOST))
    length = max(1, -(-(end_ns - start_ns) // pieces // MINUTE_NS)) * MINUTE_NS
    for first in range(start_ns, end_ns, length):
        found = trace(worlds, device, ids, first, min(first + length, end_ns))
        if not len(found.time):
            continue
        order = np.argsort(found.time, kind="stable")
        time, value, good = found.time[order], found.value[order].T, (found.quality[order] == Quality.GOOD).T
        at = (time - start_ns) // MINUTE_NS
        starts = np.flatnonzero(np.diff(at, prepend=-1))
        to = at[starts]
        if len(starts) == len(at):  # a sweep a minute: nothing to draw together
            low, high, total = np.where(good, value, np.inf), np.where(good, value, -np.inf), np.where(good, value, 0.0)
            whole.low[:, to], whole.high[:, to], whole.total[:, to] = low, high, total
            whole.count[:, to], whole.left_out[:, to] = good, ~good
            continue
        count = np.add.reduceat(good, starts, axis=1, dtype=np.int64)
        whole.low[:, to] = np.minimum.reduceat(np.where(good, value, np.inf), starts, axis=1)
        whole.high[:, to] = np.maximum.reduceat(np.where(good, value, -np.inf), starts, axis=1)
        whole.total[:, to] = np.add.reduceat(np.where(good, value, 0.0), starts, axis=1)
        whole.count[:, to] = count
        whole.left_out[:, to] = np.diff(np.append(starts, len(at))) - count
    if not (whole.count.any() or whole.left_out.any()):
        return None
    return whole.minutes(tuple(ids))


def _hours(minutes: Minutes) -> Minutes:
    steps = minutes.low.shape[1] * MINUTE_NS // HOUR_NS
    whole = Steps(Step.HOUR, minutes.begin_ns, steps, len(minutes.ids))
    whole.add(minutes, range(len(minutes.ids)))
    return whole.minutes(minutes.ids)


def _write(files: Folder, stem: str, step: Step, tables: Sequence[tuple[str, Minutes]]) -> str:
    """A rollup file; few values are different from each other, so that a dictionary holds them best."""
    name = stem + SUFFIX[int(step)]
    parts: list[RollupPart] = []
    with disk.replacing(files.rollups / name) as file:
        writer = pq.ParquetWriter(
            file, SCHEMA, compression="zstd", compression_level=1, write_statistics=False, store_schema=False
        )
        with writer:
            group = 0
            for device, minutes in tables:
                steps, figures = minutes.low.shape[1], len(minutes.ids)
                table, at = table_of(device, int(step), minutes), 0
                sizes = spread(figures, group_rows(steps))
                for size in sizes:
                    writer.write_table(table.slice(at, size), row_group_size=figures)
                    at += size
                begin = minutes.begin_ns
                parts.append(RollupPart(device, names_hash(minutes.ids), figures, begin, steps, group, len(sizes)))
                group += len(sizes)
            about = RollupAbout(FORMAT, int(step), 0, 0, parts)
            writer.add_key_value_metadata({ABOUT: msgspec.json.encode(about)})
    return name


def covered(one: Decoding, start_ns: int, end_ns: int) -> Iterator[tuple[bool, int, int]]:
    """A span in pieces, each with whether the files of a decoding have it."""
    low, high = max(start_ns, one.rolled_from_ns), min(end_ns, one.rolled_to_ns)
    if low >= high:
        yield False, start_ns, end_ns
        return
    if start_ns < low:
        yield False, start_ns, low
    yield True, low, high
    if high < end_ns:
        yield False, high, end_ns
