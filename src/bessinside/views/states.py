"""What a code says: whether an enumeration, or a bit of a bit field, carries a word such as fault or open."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from bessinside.plant import Binding

FAULT = re.compile(r"\bfault\b", re.IGNORECASE)
DERATING = re.compile(r"\bderat", re.IGNORECASE)
OPEN = re.compile(r"\b(open|off|disconnected)\b", re.IGNORECASE)


def says(binding: Binding, figure_id: str, value: NDArray[np.float64], word: re.Pattern[str]) -> NDArray[np.float64]:
    """1 where a code (float64[n]) carries a symbol with that word, 0 where not, NaN where there is no value.

    A bit field says it where a bit of such a name is set; a code without symbols is 0 or not.
    """
    index = binding.find(figure_id)
    if index is None:
        return np.full(value.shape, np.nan)
    bound, i = binding.locate(index)
    point = bound.point(i)
    known = np.isfinite(value)
    whole = np.where(known, value, 0).astype(np.int64)
    symbols = [one for one in point.symbols if word.search(one.label or one.name) or word.search(one.name)]
    if not point.symbols:
        said = whole != 0
    elif "bitfield" in point.type:
        said = np.zeros(value.shape, bool)
        for one in symbols:
            said |= (whole >> int(one.value)) & 1 == 1
    else:
        said = np.isin(whole, [int(one.value) for one in symbols])
    return np.where(known, said.astype(np.float64), np.nan)
