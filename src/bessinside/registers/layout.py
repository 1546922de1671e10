"""A map laid out for one device: every point of every instance, as arrays.

Points stand instance by instance, in the order of the file: a group's own points first, then the groups below it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from bessinside.errors import BessError
from bessinside.registers.point import Group, Point, RegisterMap

Counts = Mapping[str, int] | Callable[[Group, str], int | None]


_MOST_INSTANCES = 32767


class LayoutError(BessError):
    """A map cannot be laid out: a count is missing or too large, or an address lies past 65535."""


@dataclass(frozen=True)
class Layout:
    """All points of one device; n of them, in at most ``depth`` repeated groups around each.

    ``point`` int32[n] indexes ``points`` (the definitions) and ``groups`` (for each definition the groups around it,
    from the root). ``index`` int16[n, depth] holds the instance number in each repeated group around the point, from
    the outside, 0 where there are fewer. ``fc`` uint8[n], ``address`` int32[n] and ``words`` uint8[n]: where it stands.
    ``sf_point`` int32[n] is the point that carries the scale factor, -1 where the map states it.
    """

    map: RegisterMap
    points: tuple[Point, ...]
    groups: tuple[tuple[Group, ...], ...]
    point: NDArray[np.int32]
    index: NDArray[np.int16]
    fc: NDArray[np.uint8]
    address: NDArray[np.int32]
    words: NDArray[np.uint8]
    sf_point: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.point)

    def definition(self, i: int) -> Point:
        """What the map says about point ``i``."""
        return self.points[int(self.point[i])]

    def name(self, i: int) -> str:
        """Name of point ``i``, such as ``pack[2].cell[17].voltage``."""
        numbers = iter(self.index[i].tolist())
        groups = self.groups[self.point[i]]
        steps = [f"{g.name}[{next(numbers)}]" if g.repeats else g.name for g in groups[_start(groups) :]]
        return ".".join([*steps, self.definition(i).name])

    def names(self) -> list[str]:
        """Names of all points; a root that does not repeat is left out."""
        return list(self._names)

    @cached_property
    def _names(self) -> tuple[str, ...]:
        return tuple(self.name(i) for i in range(len(self)))

    def anatomy(self, i: int) -> tuple[tuple[str, int], ...]:
        """Kinds of part around point ``i`` and their numbers, from the outside; 0 where the group does not repeat."""
        numbers = iter(self.index[i].tolist())
        steps = [(g.anatomy, next(numbers) if g.repeats else 0) for g in self.groups[self.point[i]]]
        return tuple((kind, number) for kind, number in steps if kind is not None)

    def select(self, mask: NDArray[np.bool_]) -> Layout:
        """The points where ``mask`` bool[n] is true. Scale factors of selected points must be selected with them."""
        kept = np.flatnonzero(mask)
        moved = np.full(len(self) + 1, -1, np.int32)
        moved[kept] = np.arange(len(kept), dtype=np.int32)
        sf_point = moved[self.sf_point[kept]]
        lost = np.flatnonzero((sf_point < 0) & (self.sf_point[kept] >= 0))
        if lost.size:
            i = int(kept[lost[0]])
            raise LayoutError(
                f"{self.map.id}: {self.name(i)} is selected without its scale factor "
                f"{self.name(int(self.sf_point[i]))}; select both"
            )
        return Layout(
            self.map, self.points, self.groups, self.point[kept], self.index[kept], self.fc[kept], self.address[kept],
            self.words[kept], sf_point,
        )  # fmt: skip


def _start(groups: tuple[Group, ...]) -> int:
    return 0 if groups[0].repeats else 1


@dataclass(slots=True)
class _Block:
    """Points of one group in all instances. ``sought``: scale factors by name that no group inside carries."""

    point: NDArray[np.int32]
    address: NDArray[np.int32]
    index: NDArray[np.int16]
    sf_point: NDArray[np.int32]
    sought: dict[int, str]


def flatten(register_map: RegisterMap, counts: Counts | None = None) -> Layout:
    """Lays a map out.

    ``counts`` sets or limits the number of instances by dotted path (``pack.cell``), by group name, or by the name of
    the point that carries the count; or is asked with the group and its path. Raises :class:`LayoutError`.
    """
    points: list[Point] = []
    groups: list[tuple[Group, ...]] = []
    block = _expand(register_map, register_map.group, (), counts, points, groups)
    words = np.array([p.words for p in points], np.uint8)
    fc = np.array([p.fc for p in points], np.uint8)
    layout = Layout(
        register_map, tuple(points), tuple(groups), block.point, block.index, fc[block.point], block.address,
        words[block.point], block.sf_point,
    )  # fmt: skip
    past = np.flatnonzero(layout.address + layout.words > 65536)
    if past.size:
        i = int(past[0])
        raise LayoutError(
            f"{register_map.id}: {layout.name(i)} would lie at address {layout.address[i]}, past 65535; "
            "lower the counts of the plant, or the strides of the map"
        )
    return layout


def _expand(
    register_map: RegisterMap,
    group: Group,
    around: tuple[Group, ...],
    counts: Counts | None,
    points: list[Point],
    groups: list[tuple[Group, ...]],
) -> _Block:
    chain = (*around, group)
    own = [p for p in group.points if p.type != "pad"]
    first = len(points)
    points.extend(own)
    groups.extend([chain] * len(own))
    blocks = [
        _Block(
            np.arange(first, first + len(own), dtype=np.int32),
            np.array([p.address for p in own], np.int32),
            np.zeros((len(own), 0), np.int16),
            np.full(len(own), -1, np.int32),
            {i: p.sf for i, p in enumerate(own) if isinstance(p.sf, str)},
        )
    ]
    blocks += [_expand(register_map, below, chain, counts, points, groups) for below in group.groups]
    joined = _join(blocks)
    here = {p.name: i for i, p in enumerate(own) if p.type == "sunssf"}
    for i, name in list(joined.sought.items()):
        if name in here:
            joined.sf_point[i] = here[name]
            del joined.sought[i]
    if not group.repeats:
        return joined
    return _repeat(joined, group, _instances(register_map, group, chain, counts))


def _join(blocks: list[_Block]) -> _Block:
    starts = np.cumsum([0, *(len(b.point) for b in blocks[:-1])]).tolist()
    depth = max(b.index.shape[1] for b in blocks)
    return _Block(
        np.concatenate([b.point for b in blocks]),
        np.concatenate([b.address for b in blocks]),
        np.concatenate([np.pad(b.index, ((0, 0), (0, depth - b.index.shape[1]))) for b in blocks]),
        np.concatenate(
            [np.where(b.sf_point < 0, -1, b.sf_point + s) for b, s in zip(blocks, starts, strict=True)]
        ).astype(np.int32),
        {i + s: name for b, s in zip(blocks, starts, strict=True) for i, name in b.sought.items()},
    )


def _repeat(block: _Block, group: Group, times: int) -> _Block:
    size = len(block.point)
    instance = np.repeat(np.arange(times, dtype=np.int32), size)
    sf_point = np.tile(block.sf_point, times)
    return _Block(
        np.tile(block.point, times),
        np.tile(block.address, times) + instance * np.int32(group.stride),
        np.column_stack([(instance + group.first).astype(np.int16), np.tile(block.index, (times, 1))]),
        np.where(sf_point < 0, -1, sf_point + instance * np.int32(size)).astype(np.int32),
        {i + k * size: name for k in range(times) for i, name in block.sought.items()},
    )


def _instances(register_map: RegisterMap, group: Group, chain: tuple[Group, ...], counts: Counts | None) -> int:
    path = ".".join(g.name for g in chain[_start(chain) :])
    keys = [path, group.name, *([group.count] if isinstance(group.count, str) else [])]
    if callable(counts):
        given = counts(group, path)
    else:
        given = next((counts[key] for key in keys if key in counts), None) if counts else None
    where = f"{register_map.path or register_map.id}:{group.line}: group {path!r}"
    if given is None:
        if isinstance(group.count, str):
            raise LayoutError(
                f"{where} repeats as often as point {group.count!r} says; read it and give counts[{path!r}]"
            )
        if not group.count:
            raise LayoutError(f"{where} repeats as often as the plant has it; give counts[{path!r}]")
        return group.count
    if given < 0:
        raise LayoutError(f"{where}: expected a count of 0 or more, found {given}")
    if group.first + given > _MOST_INSTANCES:
        raise LayoutError(
            f"{where}: expected instance numbers up to {_MOST_INSTANCES}, found {group.first + given - 1}"
        )
    if isinstance(group.count, int) and 0 < group.count < given:
        raise LayoutError(f"{where}: the map allows {group.count} instances, the plant wants {given}")
    return given
