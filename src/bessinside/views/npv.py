"""Net present value of cash flows at the ends of years."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def npv(rate: float, flows: Sequence[float]) -> float:
    """Σ flow_t / (1 + rate)^t, t = 0 … n; `rate` as a share above −1, money in EUR."""
    if rate <= -1:
        raise ValueError(f"a rate above -100 % is needed, got {rate}")
    years = np.arange(len(flows))
    return float(np.sum(np.asarray(flows, np.float64) / (1.0 + rate) ** years))
