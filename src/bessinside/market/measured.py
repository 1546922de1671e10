"""What registers say of a battery's losses and of how much of it could be used."""

from __future__ import annotations

import numpy as np

from bessinside.market.battery import BatteryError, Floats


def efficiencies(power_w: Floats, energy_wh: Floats, start_wh: float, slot_s: float) -> tuple[float, float]:
    """Shares that reach the cells when charging and the terminals when discharging.

    Least squares over all slots of  energy[t] - energy[t-1] = charging p_in h - p_out h / discharging.
    `power_w` float64[n] at the terminals, positive out; `energy_wh` float64[n] at the cells at each slot's end. Raises
    :class:`BatteryError` where the battery did not move both ways.
    """
    hours = slot_s / 3600
    into, out = np.maximum(-power_w, 0) * hours, np.maximum(power_w, 0) * hours
    if not (into.any() and out.any()):
        raise BatteryError("losses cannot be measured: the battery did not both charge and discharge in this time")
    gained = np.diff(energy_wh, prepend=start_wh)
    (charging, drawn), *_ = np.linalg.lstsq(np.column_stack([into, -out]), gained, rcond=None)
    if not (0 < charging and drawn > 0):
        raise BatteryError("losses cannot be measured: energy and power of this time do not belong together")
    return float(charging), float(1 / drawn)


def standing_draw(meter_w: Floats, power_w: Floats) -> float:
    """What the plant takes from the grid while its converters rest, W: controls, cooling at rest, idle transformers.

    The mean of all slots in which `power_w` float64[n] at the terminals is zero. Raises :class:`BatteryError` where the
    converters never rested.
    """
    resting = np.abs(power_w) < 1.0
    if not resting.any():
        raise BatteryError("auxiliaries cannot be measured at the grid meter: the converters never rested in this time")
    return max(float(-meter_w[resting].mean()), 0.0)
