"""Levers: the names by which a scenario moves the physics. Each is an attribute of the plant, and how it is moved.

    times     x = base·(1 + share·(value − 1))           add       x = base + share·value
    set       x = base + share·(value − base)            beside    x = value/share: a resistance beside the healthy path
    switch    x = true while the act lasts               call      a function of its own

What else moves the same quantity, another act or the plant itself, keeps its effect: the base is found anew from what
stands there. A lever taken back leaves what would stand there without it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from bessinside.emulator.whole.plant import Plant

How = Literal["times", "add", "set", "beside", "switch", "call"]


@dataclass(frozen=True, slots=True)
class Lever:
    """`path` is the attribute, an array with one entry for each part of `kind` (or racks × cells), or a plain value.

    `row` is the row of a two-row array (a pole). `on` and `off` are called where `how` is `call`.
    """

    name: str
    en: str
    kind: str  # of the part that it moves; empty where the plant has one of it
    path: str
    how: How
    unit: str = ""
    row: int | None = None
    on: Callable[[Plant, int], object] | None = None
    off: Callable[[Plant, int], object] | None = None


def _open(plant: Plant, rack: int) -> None:
    plant.bms.disconnect(rack)


def _close(plant: Plant, rack: int) -> bool:
    """A BMS closes again only where the voltages allow it; a refused rack stays open."""
    return plant.bms.reconnect(rack)


LEVERS: dict[str, Lever] = {
    lever.name: lever
    for lever in (
        Lever("cell.capacity", "Capacity, as a factor", "cell", "cells.capacity", "times"),
        Lever("cell.resistance", "All resistances, as a factor", "cell", "cells.resistance_factor", "times"),
        Lever("cell.leak", "Self-discharge, as a factor", "cell", "cells.leak", "times"),
        Lever("cell.short", "Conductance of an internal short", "cell", "cells.short", "add", "S"),
        Lever("module.flow", "Coolant through its plate, as a factor", "module", "plates.share", "times"),
        Lever("module.silent", "Its monitoring boards say nothing", "module", "bms.silent", "switch"),
        Lever("sensor.reads", "What a broken NTC reads, whatever its cells", "sensor", "sensors.forced", "set", "°C"),
        Lever("rack.joint", "Resistance added at a joint between its cells", "rack", "circuit.joints", "add", "Ω"),
        Lever("rack.contactor", "Its contactors open", "rack", "circuit.closed", "call", on=_open, off=_close),
        Lever("rack.soc_drift", "Drift of its counted SoC", "rack", "bms.drift", "add", "%/d"),
        Lever(
            "rack.insulation_positive", "Fault from the positive pole to earth", "rack", "bms.insulation_fault",
            "beside", "Ω", row=0,
        ),
        Lever(
            "rack.insulation_negative", "Fault from the negative pole to earth", "rack", "bms.insulation_fault",
            "beside", "Ω", row=1,
        ),
        Lever("pcs.fan", "Air flow over its heat sinks, as a factor", "pcs", "pcs.fan", "times"),
        Lever("pcs.ripple", "Ripple of its DC voltage, as a share", "pcs", "pcs.ripple", "set"),
        Lever("coolant.pump", "The pump stands still", "", "coolant.pump_fault", "switch"),
        Lever("coolant.leak", "Pressure that the loop loses", "", "coolant.leak_rate", "add", "Pa/s"),
        Lever("safety.smoke", "Smoke in the container", "", "safety.smoke", "add", "%/m"),
        Lever("safety.heat", "Warmth at the heat detectors", "", "safety.heat", "add", "K"),
        Lever("safety.h2", "Hydrogen in the container", "", "safety.h2", "add", "ppm"),
        Lever("safety.co", "Carbon monoxide in the container", "", "safety.co", "add", "ppm"),
        Lever("safety.leak", "Current through the wet cable around the racks", "", "safety.leak", "add", "A"),
        Lever("safety.leak_inside", "The same in the pump unit", "", "safety.leak_inside", "add", "A"),
        Lever("safety.door", "The door stands open", "", "safety.door_open", "switch"),
        Lever("safety.estop", "The emergency stop is pressed", "", "safety.estop", "switch"),
        Lever("grid.frequency", "Deviation of the frequency", "", "grid.frequency_offset", "add", "Hz"),
        Lever("grid.level", "Deviation of the voltage, as a share", "", "grid.level_offset", "add"),
        Lever("meter.reversed", "Current transformers turned round", "phase", "meter.reversed", "switch"),
    )
}  # fmt: skip


class Grip:
    """A lever held at some entries of its quantity."""

    def __init__(self, plant: Plant, lever: Lever, entries: NDArray[np.intp], value: float) -> None:
        """`entries` in plant order; AttributeError where this plant has no such quantity."""
        self.plant, self.lever, self.entries, self.value = plant, lever, entries, value
        *way, self._name = lever.path.split(".")
        self._owner: Any = reduce(getattr, way, plant)
        self._base = self._read()
        self._left = self._base
        self.share = 0.0

    def move(self, share: float) -> None:
        """Moves the lever to a share of its value, 0 takes it back."""
        lever, before, self.share = self.lever, self.share, share
        if share == 0.0 and before == 0.0:
            return
        if lever.how == "call":
            self._call(before, share)
            return
        stands = self._read()
        if before == 0.0:
            self._base = stands
        elif not np.array_equal(stands, self._left, equal_nan=True):
            self._base = self._without(stands, before)
        self._left = self._base if share == 0.0 else self._with(self._base, share)
        self._write(self._left)

    def _call(self, before: float, share: float) -> None:
        act = self.lever.on if before == 0.0 else self.lever.off if share == 0.0 else None
        if act is not None:
            for entry in self.entries.tolist():
                act(self.plant, entry)

    def _with(self, base: NDArray[Any], share: float) -> NDArray[Any]:
        how, value = self.lever.how, self.value
        if how == "times":
            return np.asarray(base * (1.0 + share * (value - 1.0)))
        if how == "add":
            return np.asarray(base + share * value)
        if how == "switch":
            return np.full_like(base, True)
        if how == "beside":
            return np.asarray(1.0 / (1.0 / base + share / value))
        start = np.where(np.isnan(base), value, base)  # NaN: nothing stood there to ramp from
        return np.asarray(start + share * (value - start))

    def _without(self, stands: NDArray[Any], share: float) -> NDArray[Any]:
        """The base that gives `stands` together with this lever; of a quantity set, the base is what it was."""
        how, value = self.lever.how, self.value
        if how == "times":
            return np.asarray(stands / (1.0 + share * (value - 1.0)))
        if how == "add":
            return np.asarray(stands - share * value)
        if how == "beside":
            with np.errstate(divide="ignore"):
                return np.asarray(1.0 / np.maximum(1.0 / stands - share / value, 0.0))
        return self._base

    def _read(self) -> NDArray[Any]:
        held = getattr(self._owner, self._name)
        if not isinstance(held, np.ndarray):
            return np.asarray(held)
        return (held if self.lever.row is None else held[self.lever.row]).flat[self.entries]

    def _write(self, values: NDArray[Any]) -> None:
        held = getattr(self._owner, self._name)
        if not isinstance(held, np.ndarray):
            setattr(self._owner, self._name, values.item())
            return
        (held if self.lever.row is None else held[self.lever.row]).flat[self.entries] = values
        if self._owner is self.plant.cells:
            self.plant.cells.stale = True
