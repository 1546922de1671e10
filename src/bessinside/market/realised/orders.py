"""What was wanted of the converters in every slot: the schedule, and what answers the grid's frequency on top of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bessinside.market.dispatch.battery import Floats
from bessinside.market.realised.frequency import Droop, droop


@dataclass(frozen=True, slots=True)
class Orders:
    """Powers of slots, W float64[n], positive out of the battery. Each has a mean and what was wanted both ways within
    a slot, which moves no net energy but has its losses.

    `schedule_w`, `schedule_both_w`: without the answer to the frequency. `response_w`, `response_both_w`: what the
    answer adds to each; None without a register of the frequency. `droop`: by which it was found.
    """

    schedule_w: Floats
    schedule_both_w: Floats
    response_w: Floats | None = None
    response_both_w: Floats | None = None
    droop: Droop | None = None


def split(order_w: Floats, activated: Floats | None) -> Orders:
    """Orders of all converters together, W float64[n, minutes], and the activation of the same minutes
    (:func:`~bessinside.market.realised.frequency.mean_activation`), NaN where not known. A minute without a reading
    counts as the mean of its slot's others; each slot has one at least."""
    whole, both = _slots(order_w)
    if activated is None:
        return Orders(whole, both)
    found = droop(order_w.reshape(-1), activated.reshape(-1))
    answer = np.nan_to_num(found.power_w(activated))
    plain, plain_both = _slots(order_w - answer)
    return Orders(plain, plain_both, whole - plain, both - plain_both, found)


def _slots(minutes: Floats) -> tuple[Floats, Floats]:
    """Mean of each slot, and the mean power that goes both ways in it."""
    out = np.nanmean(np.where(np.isfinite(minutes), np.maximum(minutes, 0.0), np.nan), axis=1)
    into = np.nanmean(np.where(np.isfinite(minutes), np.maximum(-minutes, 0.0), np.nan), axis=1)
    return out - into, np.minimum(out, into)
