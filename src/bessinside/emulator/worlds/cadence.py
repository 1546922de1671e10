"""How often a device brings a quantity up to date in its registers: instruments measure at a pace of their own.

    1 s   meter, PCS, and what a battery management measures itself: currents, voltages, states, limits, alarms
    2 s   what it collects from its modules: cells, sensors, their extremes; cooling and cabin
    5 s   detectors for smoke and leaks

Assumptions; public BMS documents give 0.5 to 2 s for a scan of all cells. Refreshes fall on multiples of the period
since the epoch, so that the same moments always give the same registers.
"""

from __future__ import annotations

NS = 1_000_000_000
OWN, COLLECTED, DETECTED = NS, 2 * NS, 5 * NS
PERIODS = (OWN, COLLECTED, DETECTED)
_COLLECTED_KINDS = frozenset({"cell", "sensor", "container", "cooling"})
_DETECTED_KINDS = frozenset({"smoke", "leak"})
_BATTERY = frozenset({"bus", "rack", "module"})
_SCANNED = ("cell_voltage", "temperature", "module_", "balancing", "ModTmp", "CellTmp", "CellV", "NCellBal")


def period(kind: str, quantity: str) -> int:
    """ns between two refreshes of a quantity of a kind of part."""
    if kind in _DETECTED_KINDS:
        return DETECTED
    collected = kind in _COLLECTED_KINDS or (kind in _BATTERY and quantity.startswith(_SCANNED))
    return COLLECTED if collected else OWN


def due(every: int, before_ns: int, now_ns: int) -> bool:
    """Whether a refresh fell between two moments: after the first, not after the second."""
    return now_ns // every != before_ns // every
