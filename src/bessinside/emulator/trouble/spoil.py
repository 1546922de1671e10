"""Faults of registers: what a device serves in place of the words that it should.

stuck       the words that stood there when it began
sentinel    SunSpec's "not implemented" of each point's type (0x8000, 0xFFFF, NaN), whatever the map says of it
torn        of values in several registers the new low words beside the high word of the refresh before
scale       the value times a factor, as after an update that counts in other units; held at the type's ends
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bessinside.emulator.worlds.image import DeviceImage, Spoil
from bessinside.emulator.worlds.world import World

Words = NDArray[np.uint16]
Share = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Target:
    """Points of one device: `points` are their numbers in the device."""

    image: DeviceImage
    points: tuple[int, ...]

    def words(self, point: int) -> slice:
        """Where a point's words lie in the image."""
        first = int(self.image.codec.offset[point])
        return slice(first, first + int(self.image.bound.layout.words[point]))

    def high_word(self, point: int) -> int:
        """Where the most significant of its words lies."""
        where = self.words(point)
        place: int = where.stop - 1 if self.image.bound.point(point).low_first else where.start
        return place


def targets(world: World, part: str, figure: str) -> list[Target]:
    """The served points that show `figure` (a metric; empty: all) at `part` (empty: anywhere), by device.

    The devices that stand at the part suffer; where none stands there, those that report about it.
    """
    standing = [image for image in world.images if part in image.bound.device.at]
    found = [Target(image, _points(image, part, figure)) for image in standing or world.images]
    return [target for target in found if target.points]


def _points(image: DeviceImage, part: str, figure: str) -> tuple[int, ...]:
    bound = image.bound
    # A device that stands there suffers whole, whatever else it reports about.
    whole = not part or (not figure and part in bound.device.at)
    return tuple(
        i
        for i, (path, metric) in enumerate(zip(bound.parts, bound.metrics, strict=True))
        if image.served[i]
        and bound.point(i).wire_type.numeric
        and (whole or path == part)
        and (not figure or (metric is not None and metric.key == figure))
    )


@dataclass(slots=True)
class Stuck:
    """Keeps what stood there."""

    target: Target
    kept: Words | None = field(default=None)

    def __call__(self, words: Words, share: float, value: float) -> None:
        if share == 0.0:
            self.kept = None
            return
        if self.kept is None:
            self.kept = words.copy()
        for point in self.target.points:
            where = self.target.words(point)
            words[where] = self.kept[where]


@dataclass(slots=True)
class Sentinel:
    """Says "not implemented"."""

    target: Target

    def __call__(self, words: Words, share: float, value: float) -> None:
        if share == 0.0:
            return
        for point in self.target.points:
            definition, where = self.target.image.bound.point(point), self.target.words(point)
            raw = definition.wire_type.sentinel
            if raw is None or definition.mask is not None:
                continue  # a field inside a register has no value to spare
            count = where.stop - where.start
            in_order = [raw >> 16 * (count - 1 - k) & 0xFFFF for k in range(count)]
            words[where] = in_order[::-1] if definition.low_first else in_order


@dataclass(slots=True)
class Torn:
    """Pairs new low words with the high word of the refresh before."""

    target: Target
    before: Words | None = field(default=None)

    def __call__(self, words: Words, share: float, value: float) -> None:
        now = words.copy()
        if share > 0.0 and self.before is not None:
            for point in self.target.points:
                if self.target.image.bound.layout.words[point] > 1:
                    high = self.target.high_word(point)
                    words[high] = self.before[high]
        self.before = now


@dataclass(slots=True)
class Scale:
    """Counts in other units."""

    target: Target

    def __call__(self, words: Words, share: float, value: float) -> None:
        if share == 0.0:
            return
        for point in self.target.points:
            where = self.target.words(point)
            definition = self.target.image.bound.point(point)
            if definition.mask is None:
                words[where] = scaled(words[where], definition.wire_type.kind, definition.low_first, value)


def scaled(words: Words, kind: str, low_first: bool, factor: float) -> Words:
    """The words of a number of `kind` (uint, int, float) times `factor`, rounded; at the ends of its type it stays."""
    ordered = (words[::-1] if low_first else words).astype(">u2")
    size = 2 * len(ordered)
    if kind == "float":
        value = ordered.view(f">f{size}") * factor
        result = value.astype(f">f{size}").view(">u2")
    else:
        code = f">{'i' if kind == 'int' else 'u'}{size}"
        limits = np.iinfo(code)
        number = round(int(ordered.view(code)[0]) * factor)
        result = np.array([min(max(number, int(limits.min)), int(limits.max))], dtype=code).view(">u2")
    native = result.astype(np.uint16)
    return native[::-1] if low_first else native


FAULTS: dict[str, Callable[[Target], Callable[[Words, float, float], None]]] = {
    "register.stuck": Stuck,
    "register.sentinel": Sentinel,
    "register.torn": Torn,
    "register.scale": Scale,
}


def spoil(fault: str, target: Target, share: Share, value: float) -> Spoil:
    """What `DeviceImage.spoil` takes: the fault as far as `share()` says at each refresh."""
    act = FAULTS[fault](target)
    return lambda words: act(words, share(), value)
