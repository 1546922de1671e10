"""A wish made feasible: every slot gets as much of the wanted power as the battery can give at that moment.

No foresight mends it, but for one thing: the energy must be able to come back to where it has to end, and below a
ceiling that sinks. So energy is kept in the corridor from which that can still be reached.
"""

from __future__ import annotations

import numpy as np

from bessinside.market.dispatch.battery import Battery, Curve, Floats
from bessinside.market.dispatch.check import discharged
from bessinside.market.dispatch.losses import limits
from bessinside.market.dispatch.programme import Calendar, window


def follow(
    battery: Battery,
    wanted_w: Floats,
    calendar: Calendar,
    *,
    forced: bool = True,
    between: tuple[Floats, Floats] | None = None,
    both_w: Floats | None = None,
) -> tuple[Floats, Floats]:
    """Powers in and out at the meter, W float64[n], nearest to `wanted_w` float64[n], positive out of the battery.

    `both_w` float64[n]: mean power that is wished for both ways within a slot on top of it, which moves no net energy
    at the meter but has its losses.

    Without `forced` no energy is moved that nobody wished for: the end stays where it falls, what lies above a ceiling
    that sinks is lost, and what lies below a floor that rises waits. `between`: least and most energy at each slot's
    end, Wh float64[n], in place of the battery's window.
    """
    n, hours = len(calendar), calendar.hours
    into_w, out_w = (1e6 * limit for limit in limits(battery, n))
    most_in = _cells(battery.charging, into_w, 1) * hours
    most_out = _cells(battery.discharging, out_w, -1) * hours
    low, high = between or (1e6 * limit for limit in window(battery, n))
    if forced:
        low, high = _corridor(battery, low, high, most_in, most_out)
    left = _Caps(battery, calendar)
    both = np.zeros(n) if both_w is None else both_w
    wish_in = _cells(battery.charging, np.clip(np.maximum(-wanted_w, 0) + both, 0, into_w), 1) * hours
    wish_out = _cells(battery.discharging, np.clip(np.maximum(wanted_w, 0) + both, 0, out_w), -1) * hours
    per_cell = discharged(battery, out_w) * hours / np.where(most_out > 0, most_out, 1.0)
    energy = battery.start_wh
    moves = np.zeros((n, 2))
    for slot, (into, gone, floor, ceiling, out) in enumerate(
        zip(wish_in.tolist(), wish_out.tolist(), low.tolist(), high.tolist(), per_cell.tolist(), strict=True)
    ):
        if not forced:
            energy = min(energy, ceiling)
            floor = min(energy, floor)
        into, gone = _fitted(into, gone, min(max(energy + into - gone, floor), ceiling) - energy)
        if gone > 0 and out > 0:
            gone = left.take(slot, gone * out) / out
            into = max(min(into, ceiling - energy + gone), 0.0)
        moves[slot] = into, gone
        energy += into - gone
    charge = _meter(battery.charging, np.clip(moves[:, 0], 0, most_in) / hours, 1)
    discharge = _meter(battery.discharging, np.clip(moves[:, 1], 0, most_out) / hours, -1)
    return np.minimum(charge, into_w), np.minimum(discharge, out_w)


def _fitted(into: float, gone: float, move: float) -> tuple[float, float]:
    """Energies in and out whose difference is `move`, cut on the way that leads too far."""
    if move > into - gone:
        return (into, into - move) if into >= move else (move, 0.0)
    return (gone + move, gone) if gone + move >= 0 else (0.0, -move)


class _Caps:
    """What the caps on discharged energy still allow, Wh where they are counted."""

    def __init__(self, battery: Battery, calendar: Calendar) -> None:
        whole = np.zeros(len(calendar), dtype=np.int32)
        self._caps: list[tuple[list[int], list[float]]] = []
        for cap, group in (
            (battery.cycles_day and battery.cycles_day * battery.energy_wh, calendar.day),
            (battery.cycles_year and battery.cycles_year * battery.energy_wh, calendar.year),
            (battery.throughput_wh, whole),
        ):
            if cap is not None:
                self._caps.append((group.tolist(), [cap] * (int(group[-1]) + 1)))

    def take(self, slot: int, energy: float) -> float:
        """Takes up to `energy` from every cap and gives what was taken."""
        granted = min([energy, *(left[group[slot]] for group, left in self._caps)])
        for group, left in self._caps:
            left[group[slot]] -= granted
        return granted


def _corridor(battery: Battery, low: Floats, high: Floats, most_in: Floats, most_out: Floats) -> tuple[Floats, Floats]:
    """Least and most energy at each slot's end from which all later limits can still be kept, Wh float64[n]."""
    low, high = low.copy(), high.copy()
    if battery.end_wh is not None:
        low[-1] = high[-1] = battery.end_wh
    for slot in range(len(low) - 2, -1, -1):
        low[slot] = max(low[slot], low[slot + 1] - most_in[slot + 1])
        high[slot] = min(high[slot], high[slot + 1] + most_out[slot + 1])
    return low, high


def _cells(loss: float | Curve, at_meter: Floats, sense: int) -> Floats:
    if isinstance(loss, Curve):
        return loss.cells(at_meter)
    return at_meter * loss if sense > 0 else at_meter / loss


def _meter(loss: float | Curve, at_cells: Floats, sense: int) -> Floats:
    if isinstance(loss, Curve):
        return loss.meter(at_cells)
    return at_cells / loss if sense > 0 else at_cells * loss
