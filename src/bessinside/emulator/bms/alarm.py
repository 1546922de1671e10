"""Alarms of a rack in three levels with hysteresis, from a table of thresholds.

Level 1 warns, level 2 stops current in the direction that made it, level 3 opens the contactors. An alarm sets when
its quantity passes the threshold and clears when it is back by the hysteresis. Thresholds: operating window 2.80–3.60
V a cell, 1164.8–1497.6 V a rack; insulation 500 Ω/V·1500 V = 750 kΩ at level 2; spread 300 mV and above as open BMS
reference settings have it; the rest are assumptions of usual size. A quantity that is NaN, as of a rack whose boards
are all silent, changes no alarm.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from bessinside.emulator.basis.design import REF_5M, Design
from bessinside.emulator.basis.table import Array, Mask

LEVELS = 3


@dataclass(frozen=True, slots=True)
class Rule:
    """One alarm: `sign` +1 when high values are bad, −1 when low ones; thresholds and way back in its unit."""

    name: str
    quantity: str
    sign: int
    thresholds: tuple[float, float, float]
    hysteresis: float
    stops: str = ""  # the direction of current that level 2 stops: charge, discharge, both or none
    trips: bool = True  # whether level 3 opens the contactors


RULES = (
    Rule("CELL_OVERVOLTAGE", "cell_high", +1, (3.62, 3.65, 3.70), 0.03, "charge"),
    Rule("CELL_UNDERVOLTAGE", "cell_low", -1, (2.78, 2.65, 2.50), 0.05, "discharge"),
    Rule("CELL_VOLTAGE_SPREAD", "cell_spread", +1, (0.35, 0.45, 0.60), 0.03),
    Rule("RACK_OVERVOLTAGE", "rack_voltage", +1, (1505.0, 1515.0, 1530.0), 8.0, "charge"),
    Rule("RACK_UNDERVOLTAGE", "rack_voltage", -1, (1155.0, 1130.0, 1080.0), 15.0, "discharge"),
    Rule("MODULE_OVERVOLTAGE", "module_high", +1, (376.5, 379.0, 383.0), 2.0, "charge"),
    Rule("HIGH_CHARGE_TEMPERATURE", "charging_hot", +1, (45.0, 50.0, 55.0), 3.0, "charge"),
    Rule("LOW_CHARGE_TEMPERATURE", "charging_cold", -1, (5.0, 2.0, -5.0), 2.0, "charge"),
    Rule("HIGH_DISCHARGE_TEMPERATURE", "discharging_hot", +1, (50.0, 55.0, 60.0), 3.0, "discharge"),
    Rule("LOW_DISCHARGE_TEMPERATURE", "discharging_cold", -1, (0.0, -10.0, -20.0), 2.0, "discharge"),
    Rule("TEMPERATURE_SPREAD", "temperature_spread", +1, (8.0, 12.0, 20.0), 1.5, trips=False),
    Rule("FAST_TEMPERATURE_RISE", "temperature_rise", +1, (1.0, 2.0, 5.0), 0.4, "both"),
    Rule("CHARGE_OVERCURRENT", "charge_current", +1, (205.0, 220.0, 250.0), 5.0),
    Rule("DISCHARGE_OVERCURRENT", "discharge_current", +1, (205.0, 220.0, 250.0), 5.0),
    Rule("LOW_INSULATION", "insulation", -1, (1.0e6, 7.5e5, 3.0e5), 1.0e5, "both"),
    Rule("LOW_SOC", "soc", -1, (3.0, 1.5, 0.0), 1.0, trips=False),
    Rule("HIGH_SOC", "soc", +1, (100.5, 101.0, 101.4), 0.3, trips=False),
    Rule("BMU_COMMUNICATION", "unheard", +1, (5.0, 10.0, 60.0), 4.9, "both"),
)
QUANTITIES = tuple(dict.fromkeys(rule.quantity for rule in RULES))


def scaled(design: Design) -> tuple[Rule, ...]:
    """`RULES` for another plant: voltages by cells in series, currents by Ah, insulation by the rack's voltage."""
    factors = {
        "rack_voltage": design.level,
        "module_high": design.cells / 104.0,
        "charge_current": design.amps,
        "discharge_current": design.amps,
        "insulation": design.level,
    }

    def of(rule: Rule) -> Rule:
        factor = factors.get(rule.quantity, 1.0)
        low, middle, high = (factor * threshold for threshold in rule.thresholds)
        return replace(rule, thresholds=(low, middle, high), hysteresis=factor * rule.hysteresis)

    return tuple(of(rule) for rule in RULES)


class AlarmBank:
    """`active` (3 levels, rules, racks); `quantity` (racks,) by name, to be written before `step`."""

    def __init__(self, racks: int, design: Design = REF_5M) -> None:
        rules = scaled(design)
        self.active: Mask = np.zeros((LEVELS, len(RULES), racks), dtype=np.bool_)
        self._values = np.zeros((len(QUANTITIES), racks))
        self.quantity: dict[str, Array] = {name: self._values[row] for row, name in enumerate(QUANTITIES)}
        self._row = np.array([QUANTITIES.index(rule.quantity) for rule in RULES])
        self._sign = np.array([float(rule.sign) for rule in RULES])[:, None]
        self._set = (np.array([rule.thresholds for rule in rules]).T)[:, :, None] * self._sign
        self._clear = self._set - np.array([rule.hysteresis for rule in rules])[:, None]
        self._charge = np.array([rule.stops in ("charge", "both") for rule in RULES])[:, None]
        self._discharge = np.array([rule.stops in ("discharge", "both") for rule in RULES])[:, None]
        self._trips = np.array([rule.trips for rule in RULES])[:, None]
        self._none: Mask = np.zeros(racks, dtype=np.bool_)
        self.silent = True  # whether no alarm is active at all
        self._first = {rule.name: rule.thresholds[0] for rule in rules}

    def first(self, name: str) -> float:
        """The threshold of level 1 of a rule, in the unit of its quantity."""
        return self._first[name]

    def step(self) -> None:
        """Compares what stands in `quantity` with all thresholds."""
        value = self._values[self._row] * self._sign
        beyond = value > self._set
        # `not back` keeps an alarm whose quantity is not known.
        self.active = beyond if self.silent else beyond | (self.active & ~(value <= self._clear))
        self.silent = not self.active.any()

    @property
    def stops_charge(self) -> Mask:
        """Racks that must not be charged now."""
        return self._none if self.silent else np.any(self.active[1] & self._charge, axis=0)

    @property
    def stops_discharge(self) -> Mask:
        """Racks that must not be discharged now."""
        return self._none if self.silent else np.any(self.active[1] & self._discharge, axis=0)

    @property
    def trips(self) -> Mask:
        """Racks whose contactors must open."""
        return self._none if self.silent else np.any(self.active[2] & self._trips, axis=0)

    def word(self, level: int) -> Array:
        """The active alarms of a level (1, 2, 3) per rack as a number: bit n is rule n of `RULES`."""
        if not np.count_nonzero(self.active):
            return np.zeros(self.active.shape[2])
        word: Array = (self.active[level - 1] * 2.0 ** np.arange(len(RULES))[:, None]).sum(axis=0)
        return word

    def names(self, level: int | None = None) -> list[set[str]]:
        """Names of the active alarms per rack, of one level (1, 2, 3) or of any."""
        if level is not None and not 1 <= level <= LEVELS:
            raise ValueError(f"alarm level {level}: there are levels 1, 2 and 3")
        if not np.count_nonzero(self.active):
            return [set() for _ in range(self.active.shape[2])]
        active: Mask = np.any(self.active, axis=0) if level is None else self.active[level - 1]
        return [{RULES[rule].name for rule in np.flatnonzero(active[:, rack])} for rack in range(active.shape[1])]


class First(NamedTuple):
    """The thresholds of level 1, of rules in both directions of the current the nearer one."""

    cell_high: float
    cell_low: float
    spread: float
    rack_low: float
    rack_high: float
    module_high: float
    cold: float
    hot: float
    uneven: float
    rise: float
    current: float
    insulation: float
    soc_low: float
    soc_high: float

    @classmethod
    def of(cls, alarms: AlarmBank) -> First:
        """From the thresholds of a plant's own rules."""
        first = alarms.first
        return cls(
            first("CELL_OVERVOLTAGE"),
            first("CELL_UNDERVOLTAGE"),
            first("CELL_VOLTAGE_SPREAD"),
            first("RACK_UNDERVOLTAGE"),
            first("RACK_OVERVOLTAGE"),
            first("MODULE_OVERVOLTAGE"),
            max(first("LOW_CHARGE_TEMPERATURE"), first("LOW_DISCHARGE_TEMPERATURE")),
            min(first("HIGH_CHARGE_TEMPERATURE"), first("HIGH_DISCHARGE_TEMPERATURE")),
            first("TEMPERATURE_SPREAD"),
            first("FAST_TEMPERATURE_RISE"),
            min(first("CHARGE_OVERCURRENT"), first("DISCHARGE_OVERCURRENT")),
            first("LOW_INSULATION"),
            first("LOW_SOC"),
            first("HIGH_SOC"),
        )
