"""How long the past stays as it was: rules of a file `retention.toml` in the historian's folder.

    [[rule]]
    of = "bms"          # a class of devices (pcs, bms, meter, ess, thermal, safety), or ids of devices: "bcu*"
    after = "90 d"      # once its sweeps are as old as that
    keep = "1 min"      # one sweep a minute stays, or "nothing"

    [[figures]]
    of = "*/cell*/*"    # ids of figures
    after = "30 d"      # their rollups of one minute go once they are as old as that

    minutes = "2 y"     # before the rules: how long rollups of one minute stay; those of hours always do

Without the file everything stays for ever. Nothing is thinned that is not compacted, and what stays is not changed.
"""

from __future__ import annotations

import fnmatch
import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bessinside.historian.basis.archive import Edition, Step
from bessinside.historian.basis.batch import Batch, Times
from bessinside.historian.basis.folder import Folder, HistoryError
from bessinside.historian.basis.reduce import Minutes
from bessinside.historian.basis.run import Run
from bessinside.historian.sealed.catalogue import Segment, load_runs, load_segments
from bessinside.historian.sealed.compact import Compacted, piece_of
from bessinside.historian.sealed.rollup import SUFFIX, write_rollup
from bessinside.historian.sealed.seal import Piece, write
from bessinside.historian.sealed.sealed import RolledFiles, SealedFiles
from bessinside.historian.tail.tail import load_editions
from bessinside.runtime import database, disk

RULES = "retention.toml"
NOTHING = 0
_DAY_NS = 86_400_000_000_000
_UNITS = {"s": 1_000_000_000, "min": 60_000_000_000, "h": 3_600_000_000_000, "d": _DAY_NS, "y": 365 * _DAY_NS}


@dataclass(frozen=True, slots=True)
class Rule:
    """Sweeps of devices `of` (class or pattern of ids) older than `after_ns`: one each `keep_ns` stays, 0 for none."""

    of: str
    after_ns: int
    keep_ns: int


@dataclass(frozen=True, slots=True)
class FigureRule:
    """Rollups of one minute of figures `of` (a pattern of ids) go once they are older than `after_ns`."""

    of: str
    after_ns: int


@dataclass(frozen=True, slots=True)
class Retention:
    """All rules of a folder; `minutes_ns` is how long rollups of minutes stay, None for ever."""

    rules: tuple[Rule, ...] = ()
    minutes_ns: int | None = None
    figures: tuple[FigureRule, ...] = ()

    def keeps(self, device: str, cls: str, age_ns: int) -> int | None:
        """How far apart sweeps of that age may be, in ns; None where all stay. Of several rules that of the highest age
        holds."""
        fit = [r for r in self.rules if age_ns >= r.after_ns and (r.of == cls or fnmatch.fnmatchcase(device, r.of))]
        return max(fit, key=lambda rule: rule.after_ns).keep_ns if fit else None


def load_rules(folder: Folder) -> Retention:
    """The rules of a folder. Raises HistoryError with file, key and what was expected."""
    path = folder.root / RULES
    if not disk.exists(path):
        return Retention()
    try:
        table = tomllib.loads(disk.read_text(path))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise HistoryError(f"{path}: {error}") from error
    _known(str(path), "", table, {"rule", "figures", "minutes"})
    rules = []
    for number, row in enumerate(table.get("rule", []), 1):
        where = f"rule {number}"
        _texts(str(path), where, row, ("of", "after", "keep"))
        keep = NOTHING if row["keep"] == "nothing" else _duration(str(path), f"{where}: keep", row["keep"])
        rules.append(Rule(row["of"], _duration(str(path), f"{where}: after", row["after"]), keep))
    figures = []
    for number, row in enumerate(table.get("figures", []), 1):
        where = f"figures {number}"
        _texts(str(path), where, row, ("of", "after"))
        figures.append(FigureRule(row["of"], _duration(str(path), f"{where}: after", row["after"])))
    minutes = _duration(str(path), "minutes", table["minutes"]) if "minutes" in table else None
    return Retention(tuple(rules), minutes, tuple(figures))


def _texts(path: str, where: str, row: dict[str, Any], keys: tuple[str, ...]) -> None:
    _known(path, where, row, set(keys))
    missing = [key for key in keys if not isinstance(row.get(key), str)]
    if missing:
        raise HistoryError(f"{path}: {where}: {missing[0]}: expected a text")


def _known(path: str, where: str, table: dict[str, Any], keys: set[str]) -> None:
    for key in table:
        if key not in keys:
            raise HistoryError(f"{path}: {where} {key}: unknown key, expected one of {', '.join(sorted(keys))}")


def _duration(path: str, where: str, text: object) -> int:
    match = re.fullmatch(r"\s*(\d+)\s*([a-z]+)\s*", str(text))
    if match is None or match[2] not in _UNITS or int(match[1]) == 0:
        raise HistoryError(f"{path}: {where}: expected a time such as '90 d' ({', '.join(_UNITS)}), got {text!r}")
    return int(match[1]) * _UNITS[match[2]]


def thin(folder: Folder, connection: database.Connection, rules: Retention, now_ns: int) -> Compacted | None:
    """Writes the oldest compacted segment anew without what need not stay; None where all is as it should be.

    Raises OSError: then nothing has changed. A segment of which nothing stays has no new files.
    """
    if not rules.rules:
        return None
    editions = load_editions(connection)
    classes = {edition.map_hash: folder.register_map(edition.map_hash).cls for edition in editions.values()}

    def kept(run: Run) -> int | None:
        age = now_ns - run.end_ns
        keep = rules.keeps(run.device, classes[editions[run.edition].map_hash], age)
        done = keep not in (None, NOTHING) and run.sweeps <= (run.end_ns - run.begin_ns) // (keep or 1) + 2
        return None if done else keep

    for segment in load_segments(connection):
        runs = load_runs(connection, segment.id) if segment.kind == "day" else []
        keep = {run.part: kept(run) for run in runs}
        if all(one is None for one in keep.values()):
            continue
        if all(one == NOTHING for one in keep.values()):
            return Compacted(None, (), (segment,), (), thinned=True)
        pieces = _pieces(SealedFiles(folder), editions, segment, runs, keep)
        sealed = write(folder, f"{segment.name}-{now_ns // 1_000_000_000:x}", "day", pieces)
        return Compacted(sealed, (), (segment,), (), thinned=True)
    return None


def _pieces(
    files: SealedFiles, editions: dict[int, Edition], segment: Segment, runs: Sequence[Run], keep: dict[int, int | None]
) -> Iterator[Piece]:
    for run in runs:
        apart = keep[run.part]
        if apart == NOTHING:
            continue
        batch, extremes = piece_of(files, editions, segment.name, run)
        if apart is not None:
            _, chosen = np.unique(batch.times.end_ns // apart, return_index=True)
            chosen = np.sort(chosen)
            batch = Batch(batch.edition, batch.plan, some_times(batch.times, chosen), batch.words[:, chosen])
            extremes = [
                replace(one, low=one.low[chosen], high=one.high[chosen], count=one.count[chosen]) for one in extremes
            ]
        yield batch, extremes


def some_times(times: Times, chosen: NDArray[np.int64]) -> Times:
    """The times of some sweeps, by position."""
    place = {int(old): new for new, old in enumerate(chosen)}
    return Times(
        times.number[chosen], times.start_ns[chosen], times.end_ns[chosen], times.tid[chosen], times.failed[chosen],
        times.sent_us[:, chosen], times.received_us[:, chosen],
        None if times.outcome is None else times.outcome[:, chosen],
        None if times.exception is None else times.exception[:, chosen],
        {(request, place[at]): frame for (request, at), frame in times.raw.items() if at in place},
        {place[at]: tids for at, tids in times.tids.items() if at in place},
    )  # fmt: skip


def thin_minutes(folder: Folder, connection: database.Connection, rules: Retention, now_ns: int) -> Compacted | None:
    """Writes the oldest file of minutes anew without the figures whose minutes need not stay any more; None where all
    is as it should be. Only files that have an hour's rollup in their place. Raises OSError: then nothing has changed.
    """
    if not rules.figures:
        return None
    files = RolledFiles(folder)
    youngest = min(rule.after_ns for rule in rules.figures)
    for name, first, last, end_ns in with_hours(connection, now_ns - youngest):
        old = [rule.of for rule in rules.figures if end_ns < now_ns - rule.after_ns]
        goes = re.compile("|".join(fnmatch.translate(one) for one in old)).match
        file, about = files.opened(name)
        names: dict[str, list[str]] = {part.device: [] for part in about.parts}
        for part in about.parts:
            names[part.device] = list(dict.fromkeys([*names[part.device], *files.names(file, part)]))
        stays = {device: [one for one in ids if not goes(one)] for device, ids in names.items()}
        if stays == names:
            continue
        tables: list[tuple[str, Minutes]] = []
        for device, ids in stays.items():
            for rows, piece in files.read(name, ids, device):
                tables.append((device, replace(piece, ids=tuple(ids[row] for row in rows))))
        stem = f"{name.removesuffix(SUFFIX[Step.MINUTE])}-{now_ns // 1_000_000_000:x}"
        rolled = (write_rollup(folder, stem, Step.MINUTE, (first, last), tables),) if tables else ()
        return Compacted(None, rolled, (), (name,), thinned=True)
    return None


def old_minutes(connection: database.Connection, rules: Retention, now_ns: int) -> tuple[str, ...]:
    """Rollups of minutes that need not stay any more. Only such as have an hour's rollup in their place."""
    if rules.minutes_ns is None:
        return ()
    return tuple(name for name, *_ in with_hours(connection, now_ns - rules.minutes_ns))


def with_hours(connection: database.Connection, before_ns: int) -> list[tuple[str, int, int, int]]:
    """name, first, last, end_ns of the files of minutes that end before a moment and have an hour's rollup in their
    place, oldest first."""
    return connection.execute(
        "SELECT name, first, last, end_ns FROM rollups m WHERE step_ns = ? AND end_ns < ? AND EXISTS "
        "(SELECT 1 FROM rollups h WHERE h.step_ns = ? AND h.first <= m.first AND h.last >= m.last) ORDER BY first",
        (Step.MINUTE, before_ns, Step.HOUR),
    ).fetchall()
