"""Racks in parallel on DC buses: Kirchhoff's laws solved for the power that each PCS takes.

Rack r on a bus is a source E_r behind R_r = Σ R0 + joints + cable; an open contactor takes it out.

    G = Σ 1/R_r,   E = Σ (E_r/R_r) / G,   R = 1/G + R_bus              the bus as one source
    P = (E − I·R)·I   →   I = 2P / (E + √(E² − 4·R·P))                  the root that stays small for small P
    V_bus = E − I/G,   I_r = (E_r − V_bus)/R_r,   Σ I_r = I

Resistances outside the cells are engineering assumptions: 4 mΩ busbars in a rack, 4 mΩ fuse, contactors and cable,
0.5 mΩ to the PCS; for REF-5M, other plants scale them (`design.py`). A rack is connected through its precharge
resistor, some hundred ohms whose current is not worth counting, and only where |E_r − V_bus| ≤ 5 V at both ends of the
three seconds that takes.
"""

from __future__ import annotations

from math import sqrt

import numpy as np

from bessinside.emulator.basis.table import Array, Mask

JOINTS = 4e-3  # Ω per rack, between its cells
CABLE = 4e-3  # Ω per rack, outside its terminals
BUS = 0.5e-3  # Ω per bus, to the PCS
RECONNECT = 5.0  # V, a contactor must not close onto more
PRECHARGE = 3.0  # s that a rack hangs on its bus by a resistor before its main contactors close


class DcCircuit:
    """Racks on buses, as many on each. Arrays of racks are in plant order: bus 1 first. `joints` and `bus` are Ω.

    `source` V, `inner` Ω and `live` hold a plain number for each bus: for two of them that is faster than arrays.
    `measurable` (3, racks) are current A, voltage and outside voltage V of each rack.
    """

    def __init__(self, racks: int, buses: int, *, joints: float = JOINTS, bus: float = BUS) -> None:
        self.buses = buses
        self.closed: Mask = np.ones(racks, dtype=np.bool_)
        self._bus_of = np.arange(racks) * buses // racks
        self.precharge = np.zeros(racks)  # s that each precharge contactor stays closed yet
        self.busbars = joints  # Ω per rack, as built
        self.joints = np.full(racks, joints)
        self.bus = bus
        self._wired: tuple[bytes, bytes] = (b"", b"")  # contactors and joints for which what is at hand holds
        self._cells = self.joints  # Ω of the cells for which it does
        self.current = np.zeros(racks)  # A per rack
        self.voltage = np.zeros(racks)  # V at the rack's terminals, inside the contactors
        self.bus_voltage = np.zeros(buses)  # V behind the contactors
        self.bus_current = np.zeros(buses)  # A
        self.pcs_voltage = np.zeros(buses)  # V at the PCS

    def set_sources(self, emf: Array, resistance: Array) -> None:
        """`emf` V and `resistance` Ω of the cells of each rack, Σ over the rack."""
        self.emf = emf
        wired = self.closed.tobytes(), self.joints.tobytes()
        if wired != self._wired or resistance is not self._cells:
            self._wired, self._cells = wired, resistance
            self._join()
        flow: list[float] = np.add.reduce(self._each * emf.reshape(self.buses, -1), axis=1).tolist()
        self.source = [value * inner for value, inner in zip(flow, self.inner, strict=True)]

    def _join(self) -> None:
        """What follows from the resistances and the contactors alone."""
        self.resistance = self._cells + self.joints + CABLE
        self._conductance = self.closed / self.resistance
        self._inside: Array = self.resistance - CABLE  # Ω up to the rack's terminals
        self._each = self._conductance.reshape(self.buses, -1)
        conductance: list[float] = np.add.reduce(self._each, axis=1).tolist()
        self.live = [value > 0.0 for value in conductance]
        # A bus without a rack has no voltage and carries nothing.
        self.inner = [1.0 / value if value > 0.0 else 0.0 for value in conductance]

    @property
    def whole(self) -> bool:
        """Whether every rack is connected."""
        return False not in self.closed.tolist()

    @property
    def racks_on_bus(self) -> int:
        """How many racks hang on each bus."""
        return len(self.closed) // self.buses

    def power_at(self, bus: int, current: float) -> float:
        """DC power in W at the PCS of a bus (index from 0) for its current in A."""
        return (self.source[bus] - current * (self.inner[bus] + self.bus)) * current

    def voltage_for(self, bus: int, power: float) -> float:
        """DC voltage at the PCS of a bus (index from 0) in V if it took `power` W."""
        return self.source[bus] - self._current(bus, power) * (self.inner[bus] + self.bus)

    def _current(self, bus: int, power: float) -> float:
        if not self.live[bus]:
            return 0.0
        source = self.source[bus]
        # Above E²/4R no current gives the power; the limits of the BMS stay a factor of ten below.
        root = sqrt(max(source * source - 4.0 * (self.inner[bus] + self.bus) * power, 0.0))
        return power * 2.0 / (source + root)

    def solve(self, power: Array) -> None:
        """Sets all currents and voltages for `power` W at each PCS, positive when discharging."""
        current = [self._current(bus, watts) for bus, watts in enumerate(power.tolist())]
        voltage = [source - amps * inner for source, amps, inner in zip(self.source, current, self.inner, strict=True)]
        self.bus_current, self.bus_voltage = np.array(current), np.array(voltage)
        self.pcs_voltage = self.bus_voltage - self.bus_current * self.bus
        self.measurable = np.empty((3, len(self._bus_of)))
        self.current, self.voltage, self.outside_voltage = self.measurable
        self.bus_voltage.take(self._bus_of, out=self.outside_voltage, mode="clip")
        np.subtract(self.emf, self.outside_voltage, out=self.current)
        self.current *= self._conductance
        np.multiply(self.current, self._inside, out=self.voltage)
        np.subtract(self.emf, self.voltage, out=self.voltage)

    def hold(self, softening: Array) -> None:
        """Sets the current of each rack to what it may hold for a long step, in which its source falls by
        `softening` V for each ampere of it: backward Euler, the sum on each bus stays.

            I_r = (E_r − V)/(R_r + S_r·Δt),  Σ I_r = I

        Racks even out through each other. Where the open-circuit curve is steep, what flows at the beginning of a
        minute would turn their difference round within it, and make it larger.
        """
        conductance = self.closed / (self.resistance + softening)
        each = conductance.reshape(self.buses, -1)
        total = np.add.reduce(each, axis=1)
        flow = np.add.reduce(each * self.emf.reshape(self.buses, -1), axis=1) - self.bus_current
        voltage = np.divide(flow, total, out=np.zeros_like(total), where=total > 0.0)
        np.multiply(self.emf - voltage[self._bus_of], conductance, out=self.current)

    def may_close(self, rack: int) -> bool:
        """Whether the rack (index from 0) is close enough to its bus to be connected, or its bus is dead."""
        bus = rack * self.buses // len(self.closed)
        return not self.live[bus] or abs(float(self.emf[rack] - self.bus_voltage[bus])) <= RECONNECT

    def connect(self, rack: int) -> bool:
        """Begins to connect the rack (index from 0): precharge, then its contactors. False where it may not close."""
        if self.closed[rack] or not self.may_close(rack):
            return bool(self.closed[rack])
        self.precharge[rack] = PRECHARGE
        return True

    def disconnect(self, rack: int) -> None:
        """Opens all contactors of the rack (index from 0)."""
        self.precharge[rack] = 0.0
        self.closed[rack] = False

    def step(self, dt: float) -> None:
        """Waits `dt` s for precharging racks; closes those whose time is over and whose voltage still fits."""
        for rack in np.flatnonzero(self.precharge).tolist():
            self.precharge[rack] = max(self.precharge[rack] - dt, 0.0)
            if self.precharge[rack] == 0.0:
                self.closed[rack] = self.may_close(rack)
