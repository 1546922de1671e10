"""What a reading is worth. No value is ever shown without one of these."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray


class Quality(IntEnum):
    """The quality of a reading or figure; the number is what travels to the page."""

    NONE = 0
    GOOD = 1
    STALE = 2
    NOT_IMPLEMENTED = 3
    IMPLAUSIBLE = 4
    DEVICE_EXCEPTION = 5
    NO_ANSWER = 6
    NOT_MAPPED = 7

    @property
    def label(self) -> str:
        """The quality in words: `no reading yet`, `good`, `stale`, …"""
        return "no reading yet" if self is Quality.NONE else self.name.lower().replace("_", " ")


_ORDER = (
    Quality.GOOD,
    Quality.STALE,
    Quality.NOT_IMPLEMENTED,
    Quality.NOT_MAPPED,
    Quality.IMPLAUSIBLE,
    Quality.DEVICE_EXCEPTION,
    Quality.NO_ANSWER,
    Quality.NONE,
)
_RANK = {quality: rank for rank, quality in enumerate(_ORDER)}
_RANKS = np.array([_RANK[quality] for quality in Quality], dtype=np.uint8)
_OF_RANK = np.array(_ORDER, dtype=np.uint8)


def worst_of_rows(marks: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """What keeps each row of uint8[rows, readings] from a figure: its worst quality, or, where all are good and still
    give none, not implemented."""
    found: NDArray[np.uint8] = _OF_RANK[_RANKS[marks].max(axis=1, initial=0)]
    found[found == Quality.GOOD] = Quality.NOT_IMPLEMENTED
    return found


def worst(qualities: Iterable[Quality]) -> Quality:
    """The quality of a figure made of readings with these qualities: the worst of them; NONE of nothing."""
    return max(qualities, key=_RANK.__getitem__, default=Quality.NONE)
