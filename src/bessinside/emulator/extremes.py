"""Largest and smallest of many values in each part, with the position where they sit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bessinside.emulator.table import Array


@dataclass(frozen=True, slots=True)
class Extremes:
    """Of values (parts, items): `high`, `low`, `spread` per part and `high_at`, `low_at`, the items' indices from 0."""

    high: Array
    low: Array
    high_at: npt.NDArray[np.intp]
    low_at: npt.NDArray[np.intp]

    @property
    def spread(self) -> Array:
        """high − low."""
        spread: Array = self.high - self.low
        return spread


def of(values: Array) -> Extremes:
    """Extremes along the last axis of a 2-D array; of equal values the first wins."""
    high_at, low_at = values.argmax(axis=1), values.argmin(axis=1)
    rows = np.arange(len(values))
    return Extremes(values[rows, high_at], values[rows, low_at], high_at, low_at)


def number(index: npt.NDArray[np.intp], divisor: int = 0) -> Array:
    """Positions counted from 1: `index` itself, or the group of `divisor` items it lies in."""
    group = index // divisor if divisor else index
    return 1.0 + group.astype(np.float64)
