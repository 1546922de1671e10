"""Internal rate of return: the rate at which the net present value is zero."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bessinside.views.npv import npv

LOWEST, HIGHEST = -0.99, 100.0


def irr(flows: Sequence[float]) -> float:
    """The rate as a share, NaN where there is none or more than one could be meant.

    The flows must change their sign exactly once (money out first, then in): then there is at most one rate above
    −100 % (Descartes' rule of signs). Found by bisection between −99 % and 10,000 % to 1e-12.
    """
    signs = np.sign([flow for flow in flows if flow != 0])
    if np.count_nonzero(np.diff(signs)) != 1:
        return float("nan")
    low, high = LOWEST, HIGHEST
    at_low, at_high = npv(low, flows), npv(high, flows)
    if np.sign(at_low) == np.sign(at_high):
        return float("nan")
    for _ in range(200):
        middle = 0.5 * (low + high)
        if np.sign(npv(middle, flows)) == np.sign(at_low):
            low = middle
        else:
            high = middle
        if high - low < 1e-12:
            break
    return 0.5 * (low + high)
