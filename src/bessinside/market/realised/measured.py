"""What registers say of a battery's losses and of how much of it could be used."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bessinside.market.dispatch.battery import BatteryError, Floats

ASKEW = 0.03  # by which a way may seem to gain energy before registers are said to contradict each other


def efficiencies(
    power_w: Floats,
    energy_wh: Floats,
    start_wh: float,
    slot_s: float,
    use: NDArray[np.bool_] | None = None,
    both_w: Floats | None = None,
) -> tuple[float, float]:
    """Shares that reach the cells when charging and the terminals when discharging.

    Least squares over all slots of  energy[t] - energy[t-1] = charging p_in h - p_out h / discharging.
    `power_w` float64[n] at the terminals, positive out; `energy_wh` float64[n] at the cells at each slot's end. `use`
    bool[n] leaves slots out, such as those in which a BMS that finds its battery full or empty corrects its count.
    `both_w` float64[n]: power that went both ways within a slot, which its mean does not show and its losses do.
    A state of charge counts charge and not energy, so a fit may lay all of the loss on one way and a little more; the
    other way is then lossless and the fit is made again. Raises :class:`BatteryError` where the battery did not move
    both ways, or energy and power contradict each other.
    """
    used = np.ones(len(power_w), dtype=bool) if use is None else use
    hours = slot_s / 3600
    both = np.zeros(len(power_w)) if both_w is None else both_w
    into, out = (np.maximum(-power_w, 0) + both) * hours, (np.maximum(power_w, 0) + both) * hours
    if not (into[used].any() and out[used].any()):
        raise BatteryError("losses cannot be measured: the battery did not both charge and discharge in this time")
    gained = np.diff(energy_wh, prepend=start_wh)
    (charging, drawn), *_ = np.linalg.lstsq(np.column_stack([into, -out])[used], gained[used], rcond=None)
    if 1 - ASKEW <= drawn < 1:
        charging, drawn = float(into[used] @ (gained + out)[used]) / float(into[used] @ into[used]), 1.0
    elif 1 < charging <= 1 + ASKEW:
        charging, drawn = 1.0, float(out[used] @ (into - gained)[used]) / float(out[used] @ out[used])
    if not 0 < charging <= 1 <= drawn:
        raise BatteryError(
            f"losses cannot be measured: by these registers cells get {charging:.3f} of what goes in and give "
            f"{drawn:.3f} of what comes out; look at the state of charge, the health and the signs"
        )
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


def counted_energy(
    power_w: Floats,
    start_wh: float,
    charging: float,
    discharging: float,
    slot_s: float,
    both_w: Floats | None = None,
) -> Floats:
    """Energy at the cells at each slot's end by counting what passed the terminals, Wh float64[n].

    It does not jump where a BMS corrects its count, so that the energies at which a battery was full or empty
    (`Realised.full_at`, `empty_at`) belong to the same losses as the replay that meets them.
    """
    both = np.zeros(len(power_w)) if both_w is None else both_w
    gained = (np.maximum(-power_w, 0) + both) * charging - (np.maximum(power_w, 0) + both) / discharging
    energy: Floats = start_wh + np.cumsum(gained) * (slot_s / 3600)
    return energy
