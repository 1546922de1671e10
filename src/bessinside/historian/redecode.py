"""A corrected map over the past: what it would change, and the new decoding beside the old one."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np
from msgspec.structs import replace

from bessinside.historian.basis import decoding
from bessinside.historian.basis.archive import HOUR_NS, Archive
from bessinside.historian.basis.decoding import Decoding, DecodingError
from bessinside.historian.basis.folder import Folder
from bessinside.historian.basis.trace import trace
from bessinside.historian.basis.world import Worlds
from bessinside.historian.clickhouse.address import is_address
from bessinside.historian.decoded import redone
from bessinside.registers import RegisterMap, load_map
from bessinside.runtime import clock
from bessinside.twin.quality import Quality

if TYPE_CHECKING:
    from bessinside.historian.clickhouse.server import Server

log = logging.getLogger(__name__)

SAMPLES = 24
_NEW = "the corrected map"


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of the figures of one point of the map on one device.

    `figures` change in value or quality; `example` is one of them, with what it was and would be at the newest sweep
    looked at. A figure that only the old or only the new map knows has NOT_MAPPED on the other side.
    """

    device: str
    point: str
    figures: int
    example: str
    unit: str
    old: float
    new: float
    old_quality: Quality
    new_quality: Quality


def corrected(archive: Archive, new: RegisterMap) -> list[str]:
    """The recorded maps that a corrected one stands for: those of its id, but not itself. Raises DecodingError."""
    hashes = {edition.map_hash for device in archive.devices() for edition in archive.editions(device)}
    known = {name: archive.register_map(name) for name in hashes}
    same = sorted(name for name, found in known.items() if found.id == new.id)
    if not same:
        raise DecodingError(
            f"{new.path}: no device was recorded with a map called {new.id}; there are "
            f"{', '.join(sorted({found.id for found in known.values()}))}"
        )
    return same


def preview(archive: Archive, before: tuple[Decoding, ...], new: RegisterMap, from_ns: int, to_ns: int) -> list[Change]:
    """What a corrected map would change, judged by sweeps spread over [from, to); nothing is written."""
    added = [Decoding(name, _NEW, from_ns, to_ns, 0) for name in corrected(archive, new)]
    old, fresh = Worlds(archive, before), Worlds(archive, [*before, *added])
    fresh.add_map(_NEW, new)
    recorded = {one.recorded for one in added}
    found: list[Change] = []
    for device in archive.devices():
        if any(edition.map_hash in recorded for edition in archive.editions(device)):
            found += _changes(old, fresh, device, from_ns, to_ns)
    return found


def _changes(old: Worlds, new: Worlds, device: str, from_ns: int, to_ns: int) -> Iterator[Change]:
    ends = old.archive.sweeps(device, from_ns, to_ns).end_ns
    if not len(ends):
        return
    looked = ends[np.unique(np.linspace(0, len(ends) - 1, SAMPLES).astype(int))].tolist()
    edition = old.editions(device)[-1]
    maps = {worlds.map_of(one, looked[-1]) for worlds in (old, new) for one in old.editions(device)}
    changed = frozenset().union(*(new.changed(one, by) for one in old.editions(device) for by in maps))
    names: dict[str, tuple[str, str]] = {}
    for worlds in (old, new):
        world = worlds.of([edition], looked[-1])
        bound = world.bound(device)
        for i in range(0 if bound is None else bound.size):
            assert bound is not None
            index = bound.first + i
            if world.binding.ids[index] in changed:
                names[world.binding.ids[index]] = bound.point(i).name, world.binding.units[index]
    if not names:
        return
    ids = list(names)
    was, will = ([trace(worlds, device, ids, at, at + 1) for at in looked] for worlds in (old, new))
    values = [np.concatenate([part.value for part in side]) for side in (was, will)]
    marks = [np.concatenate([part.quality for part in side]) for side in (was, will)]
    same = (values[0] == values[1]) | (np.isnan(values[0]) & np.isnan(values[1]))
    other = np.flatnonzero(~(same & (marks[0] == marks[1])).all(axis=0))
    by_point: dict[str, list[int]] = {}
    for k in other.tolist():
        by_point.setdefault(names[ids[k]][0], []).append(k)
    for point, mine in by_point.items():
        k = mine[0]
        yield Change(
            device, point, len(mine), ids[k], names[ids[k]][1], float(values[0][-1, k]), float(values[1][-1, k]),
            Quality(marks[0][-1, k]), Quality(marks[1][-1, k]),
        )  # fmt: skip


def apply(
    folder: str | Path,
    archive: Archive,
    file: Path,
    from_ns: int,
    to_ns: int,
    note: str = "",
    said: Callable[[float], None] = lambda share: None,
) -> list[Decoding]:
    """Makes a corrected map hold for [from, to), beside what was recorded: rollups of what it changes, then one line
    for each recorded map in `decodings.json`. Gives these lines; `said` is told the share that is done.

    Nothing that was there changes, and a run that is cut short leaves the old decoding in force; the next one removes
    what it left, and says so. Raises MapError, and DecodingError where it is the recorded map and no other one stands
    for it, or another run is at work.
    """
    new, root = load_map(file), Path(folder)
    recorded = corrected(archive, new)
    if is_address(folder):
        from bessinside.historian.clickhouse import corrected as on_servers

        return on_servers.apply(cast("Server", archive), file, recorded, from_ns, to_ns, note)
    with redone.working(root):
        for name in redone.drop_unnamed(root):
            log.warning("history: removed %s: the redecode that wrote it was cut short", name)
        return _apply(root, archive, recorded, new, file, from_ns, to_ns, note, said)


def _apply(
    root: Path, archive: Archive, recorded: Sequence[str], new: RegisterMap, file: Path, from_ns: int, to_ns: int,
    note: str, said: Callable[[float], None],
) -> list[Decoding]:  # fmt: skip
    by = Folder(root).keep_map(new)
    before = decoding.load(root)
    if recorded == [by] and not before:
        raise DecodingError(f"{file} is the map that was recorded: it changes nothing")
    now = clock.now_ns()
    added = [Decoding(name, by, from_ns, to_ns, now, note) for name in recorded]
    span = archive.span()
    # the newest hour is still being recorded, and is decoded when it is asked for
    first = -(-max(from_ns, 0 if span is None else span[0] // HOUR_NS * HOUR_NS) // HOUR_NS) * HOUR_NS
    last = min(to_ns, 0 if span is None else span[1]) // HOUR_NS * HOUR_NS
    if first < last:
        files = tuple(redone.roll(root, Worlds(archive, [*before, *added]), added, first, last, said))
        added = [replace(one, files=files, rolled_from_ns=first, rolled_to_ns=last) for one in added]
    decoding.add(root, added)
    return added
