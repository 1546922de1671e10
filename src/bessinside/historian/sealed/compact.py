"""Compacting: the segments of a day become one, its minutes one file, and its hours another.

Sweeps are neither decoded nor changed: their pages are copied. The new files are on the disk before one transaction
puts them in the place of the old ones; these are removed afterwards, and at the next start where that was cut short.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass

import msgspec
import numpy as np
from msgspec.structs import replace

from bessinside.historian.basis.archive import Edition, Step
from bessinside.historian.basis.batch import Batch
from bessinside.historian.basis.folder import FORMAT, Folder, HistoryError
from bessinside.historian.basis.reduce import SweepExtremes
from bessinside.historian.basis.run import Run
from bessinside.historian.sealed.catalogue import (
    Sealed,
    Segment,
    enter,
    enter_rollup,
    leave,
    load_runs,
    load_segments,
)
from bessinside.historian.sealed.day_minutes import roll
from bessinside.historian.sealed.footer import join, read_pairs
from bessinside.historian.sealed.rollup import Rolled
from bessinside.historian.sealed.seal import Piece, stamp
from bessinside.historian.sealed.sealed import SealedFiles
from bessinside.historian.sealed.segment import ABOUT, SUFFIXES, WORDS, About
from bessinside.runtime import database, disk

DAY_NS = 86_400_000_000_000


@dataclass(frozen=True, slots=True)
class Compacted:
    """New files that wait to take the place of old ones; `sealed` is None where there are only old ones."""

    sealed: Sealed | None
    rolled: tuple[Rolled, ...]
    segments: tuple[Segment, ...]
    rollups: tuple[str, ...]
    thinned: bool = False


def due(connection: database.Connection) -> list[Segment]:
    """The segments of the oldest day that is over and has several; none where there is no such day."""
    (newest,) = connection.execute("SELECT max(end_ns) FROM segments").fetchone()
    days: dict[int, list[Segment]] = {}
    for segment in load_segments(connection, "slot"):
        days.setdefault(segment.begin_ns // DAY_NS, []).append(segment)
    return next((found for day, found in sorted(days.items()) if day < newest // DAY_NS and len(found) > 1), [])


def compact(folder: Folder, connection: database.Connection, segments: Sequence[Segment]) -> Compacted:
    """Writes the segments of a day into new files. Raises OSError: then nothing has changed."""
    name = f"{stamp(segments[0].begin_ns)[:8]}-{segments[0].first}"
    sealed = join_segments(folder, name, [(segment.name, load_runs(connection, segment.id)) for segment in segments])
    numbers = min(segment.first for segment in segments), max(segment.last for segment in segments)
    old = [
        str(row[0])
        for row in connection.execute(
            "SELECT name FROM rollups WHERE step_ns = ? AND first >= ? AND last <= ? ORDER BY first",
            (Step.MINUTE, *numbers),
        )
    ]
    rolled = roll(folder, name, numbers, old) if old else ()
    return Compacted(sealed, rolled, tuple(segments), tuple(old))


def join_segments(folder: Folder, name: str, old: Sequence[tuple[str, Sequence[Run]]]) -> Sealed:
    """Puts the files of some segments one behind the other. Raises OSError."""
    parts: list[Run] = []
    editions: dict[int, Edition] = {}
    words = extremes = 0
    for segment, runs in old:
        about = _about(folder, segment)
        editions.update({edition.number: edition for edition in about.editions})
        if len(about.parts) != len(runs):
            raise HistoryError(f"{segment} holds {len(about.parts)} runs of sweeps, the catalogue names {len(runs)}")
        for part in about.parts:
            at = part.extremes + extremes if part.extremes >= 0 else -1
            parts.append(replace(part, part=len(parts), words_group=part.words_group + words, extremes=at))
        words += sum(part.words_groups for part in about.parts)
        extremes += sum(part.extremes >= 0 for part in about.parts)
    pairs = {ABOUT.decode(): msgspec.json.encode(About(FORMAT, parts, list(editions.values())))}
    for suffix in SUFFIXES:
        with ExitStack() as stack:
            inputs = [stack.enter_context(disk.open_read(folder.segments / f"{one}{suffix}")) for one, _ in old]
            join(inputs, stack.enter_context(disk.replacing(folder.segments / f"{name}{suffix}")), pairs)
    size = sum(disk.size(folder.segments / f"{name}{suffix}") for suffix in SUFFIXES)
    return Sealed(name, "day", parts, size)


def _about(folder: Folder, segment: str) -> About:
    with disk.open_read(folder.segments / f"{segment}{WORDS}") as file:
        return msgspec.json.decode(read_pairs(file)[0][ABOUT.decode()], type=About)


def piece_of(files: SealedFiles, editions: dict[int, Edition], name: str, run: Run) -> Piece:
    """A run of a sealed segment, whole."""
    edition = editions[run.edition]
    plan = edition.plan()
    words = files.words(name, run, np.arange(plan.size), plan.size)
    batch = Batch(edition, plan, files.times(name, run), words)
    return batch, [SweepExtremes(*one) for one in files.all_extremes(name, run)]


def replace_old(connection: database.Connection, done: Compacted, devices: dict[str, int]) -> None:
    """Puts new files in the place of the old ones in the catalogue, inside the caller's transaction."""
    leave(connection, done.segments, done.rollups)
    if done.sealed is not None:
        enter(connection, done.sealed, None, devices)
    for rolled in done.rolled:
        enter_rollup(connection, rolled)


def remove_old(folder: Folder, done: Compacted) -> None:
    """Removes files that nothing names any more. Raises OSError; what stays is removed at the next start."""
    for segment in done.segments:
        for suffix in SUFFIXES:
            disk.remove(folder.segments / f"{segment.name}{suffix}")
    for name in done.rollups:
        disk.remove(folder.rollups / name)
    disk.sync_folder(folder.segments)
    disk.sync_folder(folder.rollups)
