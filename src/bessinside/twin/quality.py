"""What a reading is worth. No value is ever shown without one of these."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum


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


def worst(qualities: Iterable[Quality]) -> Quality:
    """The quality of a figure made of readings with these qualities: the worst of them; NONE of nothing."""
    return max(qualities, key=_RANK.__getitem__, default=Quality.NONE)
