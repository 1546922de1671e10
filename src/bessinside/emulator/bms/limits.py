"""How much current a rack may carry, from what its BMS measures.

    limit = rated · min(f(voltage), f(temperature), f(SoC))
        charge     1 below 3.45 V of the highest cell, 0 at 3.60 V;  0 at 0 °C, 1 from 10 to 45 °C, 0 at 55 °C
        discharge  1 above 2.95 V of the lowest cell,  0 at 2.80 V;  0 at −20 °C, 1 from 0 to 50 °C, 0 at 60 °C;
                   and from 1 to 0 over the last 2 % before the cut-off SoC

3.60 and 2.80 V are the public operating window of the cell; the courses are assumptions of usual shape.
"""

from __future__ import annotations

import numpy as np

from bessinside.emulator.basis.table import Array
from bessinside.emulator.bms.extremes import Extremes

CELL_MAX, CELL_MIN = 3.60, 2.80
CHARGE_TAPER, DISCHARGE_TAPER = 3.45, 2.95
SOC_TAPER = 2.0  # %
CHARGE_TEMPERATURES = (0.0, 10.0, 45.0, 55.0)
DISCHARGE_TEMPERATURES = (-20.0, 0.0, 50.0, 60.0)
WARMTH = (10.0, 45.0)  # °C, where no temperature limits anything


def charge(cells: Extremes, warmth: Extremes | None, soc: Array, cutoff: float) -> Array:
    """Share of the rated current, per rack, that may flow in; `soc` and `cutoff` in %.

    `warmth` is None where no temperature limits anything.
    """
    room = _clip((CELL_MAX - cells.high) / (CELL_MAX - CHARGE_TAPER))
    if cutoff < 100.0:
        room = np.minimum(room, _clip((cutoff - soc) / SOC_TAPER))
    return room if warmth is None else np.minimum(room, _warmth(warmth, CHARGE_TEMPERATURES))


def discharge(cells: Extremes, warmth: Extremes | None, soc: Array, cutoff: float) -> Array:
    """The same of what may flow out."""
    room = _clip((cells.low - CELL_MIN) / (DISCHARGE_TAPER - CELL_MIN))
    room = np.minimum(room, _clip((soc - cutoff) / SOC_TAPER))
    return room if warmth is None else np.minimum(room, _warmth(warmth, DISCHARGE_TEMPERATURES))


def _warmth(warmth: Extremes, corners: tuple[float, float, float, float]) -> Array:
    """Trapezoid of the coldest and the hottest sensor: 0, 1, 1, 0 at the corners."""
    dead_cold, cold, hot, dead_hot = corners
    rising = (warmth.low - dead_cold) / (cold - dead_cold)
    falling = (dead_hot - warmth.high) / (dead_hot - hot)
    return _clip(np.minimum(rising, falling))


def _clip(share: Array) -> Array:
    clipped: Array = np.minimum(np.maximum(share, 0.0), 1.0)
    return clipped
