"""Places in an array, as an index that copies as little as it can."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def as_slice(at: NDArray[np.int64]) -> NDArray[np.int64] | slice:
    """Rising places that follow each other as a slice, which copies nothing."""
    if len(at) and int(at[-1]) - int(at[0]) == len(at) - 1 and (len(at) == 1 or bool((np.diff(at) == 1).all())):
        return slice(int(at[0]), int(at[-1]) + 1)
    return at
