"""Largest and smallest of many values in each part, with the position where they sit."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from bessinside.emulator.basis.table import Array, Mask


class Extremes(NamedTuple):
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


def of(values: Array, good: Mask | None = None) -> Extremes:
    """Extremes along the last axis of a 2-D array; of equal values the first wins.

    Only values that are `good` count (None: all are); a part without any has NaN, and the position 0.
    """
    if good is None or good.all():
        high_at, low_at = values.argmax(axis=1), values.argmin(axis=1)
        flat, start = values.reshape(-1), _starts(*values.shape)
        return Extremes(flat.take(start + high_at), flat.take(start + low_at), high_at, low_at)
    rows = np.arange(len(values))
    high_at = np.where(good, values, -np.inf).argmax(axis=1)
    low_at = np.where(good, values, np.inf).argmin(axis=1)
    known = good.any(axis=1)
    high, low = (np.where(known, values[rows, at], np.nan) for at in (high_at, low_at))
    return Extremes(high, low, high_at, low_at)


@lru_cache(maxsize=16)
def _starts(rows: int, items: int) -> npt.NDArray[np.intp]:
    """The index at which each row begins."""
    return np.arange(0, rows * items, items)


def mean(values: Array, good: Mask) -> Array:
    """Mean of the good values along the last axis; NaN where there are none."""
    if good.all():
        plain: Array = values.sum(axis=-1) / values.shape[-1]
        return plain
    count = good.sum(axis=-1)
    total = np.where(good, values, 0.0).sum(axis=-1)
    found: Array = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    return found


def number(index: npt.NDArray[np.intp], divisor: int = 0) -> Array:
    """Positions counted from 1: `index` itself, or the group of `divisor` items it lies in."""
    group = index // divisor if divisor else index
    return 1.0 + group.astype(np.float64)
