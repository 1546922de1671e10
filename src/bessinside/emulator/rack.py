"""Racks in parallel on two DC buses: Kirchhoff's laws solved for the power that each PCS takes.

Rack r on a bus is a source E_r behind R_r = Σ R0 + joints + cable; an open contactor takes it out.

    G = Σ 1/R_r,   E = Σ (E_r/R_r) / G,   R = 1/G + R_bus              the bus as one source
    P = (E − I·R)·I   →   I = 2P / (E + √(E² − 4·R·P))                  the root that stays small for small P
    V_bus = E − I/G,   I_r = (E_r − V_bus)/R_r,   Σ I_r = I

Resistances outside the cells are engineering assumptions: 4 mΩ busbars in a rack, 4 mΩ fuse, contactors and cable,
0.5 mΩ to the PCS.
"""

from __future__ import annotations

import numpy as np

from bessinside.emulator.table import Array, Mask

JOINTS = 4e-3  # Ω per rack, between its cells
CABLE = 4e-3  # Ω per rack, outside its terminals
BUS = 0.5e-3  # Ω per bus, to the PCS
RECONNECT = 5.0  # V, a contactor must not close onto more


class DcCircuit:
    """12 racks on 2 buses. Arrays of racks are in plant order: bus 1 first."""

    def __init__(self, racks: int, buses: int) -> None:
        self.buses = buses
        self.closed: Mask = np.ones(racks, dtype=np.bool_)
        self.joints = np.full(racks, JOINTS)
        self.current = np.zeros(racks)  # A per rack
        self.voltage = np.zeros(racks)  # V at the rack's terminals, inside the contactors
        self.bus_voltage = np.zeros(buses)  # V behind the contactors
        self.bus_current = np.zeros(buses)  # A
        self.pcs_voltage = np.zeros(buses)  # V at the PCS

    def set_sources(self, emf: Array, resistance: Array) -> None:
        """`emf` V and `resistance` Ω of the cells of each rack, Σ over the rack."""
        self.emf = emf
        self.resistance = resistance + self.joints + CABLE
        conductance = np.where(self.closed, 1.0 / self.resistance, 0.0).reshape(self.buses, -1)
        self.conductance = conductance.sum(axis=1)
        self.live = self.conductance > 0.0
        safe = np.where(self.live, self.conductance, 1.0)
        self.source = np.where(self.live, (conductance * emf.reshape(self.buses, -1)).sum(axis=1) / safe, 0.0)
        self.inner = np.where(self.live, 1.0 / safe, 0.0)

    def power_at(self, current: Array) -> Array:
        """DC power in W at each PCS for a bus current in A."""
        power: Array = (self.source - current * (self.inner + BUS)) * current
        return power

    def voltage_for(self, power: Array) -> Array:
        """DC voltage at each PCS in V if it took `power` W."""
        voltage: Array = self.source - self._current(power) * (self.inner + BUS)
        return voltage

    def _current(self, power: Array) -> Array:
        # Above E²/4R no current gives the power; the limits of the BMS stay a factor of ten below.
        root = np.sqrt(np.maximum(self.source**2 - 4.0 * (self.inner + BUS) * power, 0.0))
        current: Array = np.where(self.live, 2.0 * power / np.where(self.live, self.source + root, 1.0), 0.0)
        return current

    def solve(self, power: Array) -> None:
        """Sets all currents and voltages for `power` W at each PCS, positive when discharging."""
        self.bus_current = self._current(power)
        self.bus_voltage = self.source - self.bus_current * self.inner
        self.pcs_voltage = self.bus_voltage - self.bus_current * BUS
        outside = np.repeat(self.bus_voltage, len(self.closed) // self.buses)
        self.current = np.where(self.closed, (self.emf - outside) / self.resistance, 0.0)
        self.voltage = self.emf - self.current * (self.resistance - CABLE)
        self.outside_voltage = outside

    def may_close(self, rack: int) -> bool:
        """Whether the rack (index from 0) is close enough to its bus to be connected, or its bus is dead."""
        bus = rack * self.buses // len(self.closed)
        return not self.live[bus] or abs(float(self.emf[rack] - self.bus_voltage[bus])) <= RECONNECT
