"""Minutes and hours where a corrected map holds: of what it changes its own, of the rest those that were kept."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np

from bessinside.historian.basis.archive import MINUTE_NS, Rollup, Step
from bessinside.historian.basis.decoding import Decoding, governing
from bessinside.historian.basis.reduce import Minutes
from bessinside.historian.basis.trace import trace
from bessinside.historian.basis.world import Worlds
from bessinside.historian.decoded.redone import covered, days, shelf
from bessinside.historian.sealed.rollup import SUFFIX, Steps
from bessinside.historian.sealed.seal import stamp
from bessinside.historian.sealed.sealed import RolledFiles
from bessinside.twin.quality import Quality


class Anew:
    """The steps of figures, from the archive's rollups, those of later decodings in `root`, else from the words."""

    def __init__(self, worlds: Worlds, root: Path | None) -> None:
        self._worlds = worlds
        self._redone = None if root is None else RolledFiles(shelf(root))

    def of(self, device: str, ids: Sequence[str], start_ns: int, end_ns: int, step: Step) -> Rollup:
        """Steps of some figures of one device whose beginning lies in a span."""
        begin = -(-start_ns // step) * step
        steps = max(0, -(-(end_ns - begin) // step))
        whole = Steps(step, begin, steps, len(ids))
        for one, low, high in self._pieces(device, begin, begin + steps * step):
            changed = self._changed(device, one)
            same = [k for k, name in enumerate(ids) if name not in changed]
            other = [k for k, name in enumerate(ids) if name in changed]
            for mine, decoding in ((same, None), (other, one)):
                if mine:
                    self._add(whole, device, [ids[k] for k in mine], mine, decoding, low, high)
        return whole.rollup()

    def _pieces(self, device: str, start_ns: int, end_ns: int) -> list[tuple[Decoding | None, int, int]]:
        """A span cut where the decoding of a device changes, with the one that holds."""
        every = [
            piece
            for recorded in dict.fromkeys(edition.map_hash for edition in self._worlds.editions(device))
            for piece in governing(self._worlds.decodings, recorded)
        ]
        inside = {cut for _, low, high in every for cut in (low, high) if start_ns < cut < end_ns}
        return [
            (next((one for one, a, b in every if one is not None and a <= low and high <= b), None), low, high)
            for low, high in pairwise(sorted({start_ns, end_ns, *inside}))
        ]

    def _changed(self, device: str, one: Decoding | None) -> frozenset[str]:
        if one is None:
            return frozenset()
        mine = [edition for edition in self._worlds.editions(device) if edition.map_hash == one.recorded]
        return frozenset().union(*(self._worlds.changed(edition, one.by) for edition in mine))

    def _add(
        self, whole: Steps, device: str, ids: list[str], rows: list[int], one: Decoding | None, low: int, high: int
    ) -> None:
        """Adds a piece of one decoding: whole hours from hours, whole minutes from minutes, the rest from the words."""
        for step in (Step.HOUR, Step.MINUTE) if whole.step_ns == Step.HOUR else (Step.MINUTE,):
            first, last = -(-low // step) * step, high // step * step
            if first < last:
                for a, b in ((low, first), (last, high)):
                    if a < b:
                        self._add_finer(whole, device, ids, rows, one, a, b, step)
                self._add_steps(whole, device, ids, rows, one, first, last, step)
                return
        self._add_words(whole, device, ids, rows, low, high)

    def _add_finer(
        self, whole: Steps, device: str, ids: list[str], rows: list[int], one: Decoding | None, low: int, high: int,
        step: Step,
    ) -> None:  # fmt: skip
        first, last = -(-low // MINUTE_NS) * MINUTE_NS, high // MINUTE_NS * MINUTE_NS
        if step == Step.MINUTE or first >= last:
            self._add_words(whole, device, ids, rows, low, high)
            return
        self._add_steps(whole, device, ids, rows, one, first, last, Step.MINUTE)
        for a, b in ((low, first), (last, high)):
            if a < b:
                self._add_words(whole, device, ids, rows, a, b)

    def _add_steps(
        self, whole: Steps, device: str, ids: list[str], rows: list[int], one: Decoding | None, low: int, high: int,
        step: Step,
    ) -> None:  # fmt: skip
        if one is None:
            kept = self._worlds.archive.rollup(ids, low, high, step)
            whole.add(
                Minutes((), low, kept.low.T, kept.high.T, kept.mean.T, kept.count.T, kept.left_out.T, int(step)), rows
            )
            return
        for there, first, last in covered(one, low, high):
            if not there or self._redone is None:
                self._add_words(whole, device, ids, rows, first, last)
                continue
            for a, b in days(first, last):
                pieces = [found for name in _files(one, a, step) for found in self._redone.read(name, ids, device)]
                for places, piece in pieces:
                    whole.add(_cut(piece, a, b), [rows[k] for k in places])
                if not pieces:
                    self._add_words(whole, device, ids, rows, a, b)

    def _add_words(self, whole: Steps, device: str, ids: list[str], rows: list[int], low: int, high: int) -> None:
        found = trace(self._worlds, device, ids, low, high)
        if not len(found.time):
            return
        order = np.argsort(found.time, kind="stable")
        value, good = found.value[order].T, (found.quality[order] == Quality.GOOD).T
        minute = found.time[order] // MINUTE_NS
        first, width = int(minute[0]), int(minute[-1] - minute[0]) + 1
        piece = Steps(MINUTE_NS, first * MINUTE_NS, width, len(ids))
        starts = np.flatnonzero(np.diff(minute, prepend=minute[0] - 1))
        to = minute[starts] - first
        count = np.add.reduceat(good, starts, axis=1, dtype=np.int64)
        piece.low[:, to] = np.minimum.reduceat(np.where(good, value, np.inf), starts, axis=1)
        piece.high[:, to] = np.maximum.reduceat(np.where(good, value, -np.inf), starts, axis=1)
        piece.total[:, to] = np.add.reduceat(np.where(good, value, 0.0), starts, axis=1)
        piece.count[:, to] = count
        piece.left_out[:, to] = np.diff(np.append(starts, len(minute))) - count
        whole.add(piece.minutes(()), rows)


def _files(one: Decoding, at_ns: int, step: Step) -> list[str]:
    """The file of a decoding with steps of the day of a moment, where there is one."""
    ending = f"-{stamp(at_ns)[:8]}{SUFFIX[int(step)]}"
    return [name for name in one.files if name.endswith(ending)]


def _cut(piece: Minutes, low: int, high: int) -> Minutes:
    """The steps of a piece that begin in [low, high)."""
    first = max(0, -(-(low - piece.begin_ns) // piece.step_ns))
    last = max(first, -(-(high - piece.begin_ns) // piece.step_ns))
    mine = slice(first, last)
    return Minutes(
        (), piece.begin_ns + first * piece.step_ns, piece.low[:, mine], piece.high[:, mine], piece.mean[:, mine],
        piece.count[:, mine], piece.left_out[:, mine], piece.step_ns,
    )  # fmt: skip
