"""The dispatch by another road: a dynamic programme over a lattice of energies, without any solver.

With powers and losses that move whole steps of the lattice every corner of the linear programme lies on it, so that
both must agree to the last digit wherever charging and discharging at once does not pay.
"""

from __future__ import annotations

import numpy as np

from bessinside.market.dispatch.battery import Floats


def best(
    prices: Floats, levels: int, gain: dict[int, float], *, cap: int | None = None, day: Floats | None = None
) -> float:
    """EUR from empty to empty. `gain`: steps of the lattice that one slot may move, and the MWh that the meter then
    counts (negative into the battery). `cap`: most steps down within a `day`.
    """
    budget = 1 if cap is None else cap + 1
    worth = np.full((levels + 1, budget), -np.inf)
    worth[0, 0] = 0.0
    for slot, price in enumerate(prices):
        if cap is not None and day is not None and slot and day[slot] != day[slot - 1]:
            worth[:, 0] = worth.max(axis=1)
            worth[:, 1:] = -np.inf
        after = np.full_like(worth, -np.inf)
        for step, energy in gain.items():
            used = max(-step, 0) if cap is not None else 0
            if used >= budget:
                continue
            old = worth[max(-step, 0) : levels + 1 - max(step, 0), : budget - used]
            new = after[max(step, 0) : levels + 1 - max(-step, 0), used:]
            np.maximum(new, old + price * energy, out=new)
        worth = after
    return float(worth[0].max())


def lossy_charge(hours: float = 1.0) -> dict[int, float]:
    """1 MW in and out, all losses of 20 % on charging: in steps of 0.2 MWh an hour's slot fills 4 and empties 5."""
    step = 0.2 * hours
    return {k: -k * step / 0.8 for k in range(1, 5)} | {-k: k * step for k in range(6)}
