"""The four-quadrant meter at the 20 kV point of connection: primary values, per phase, counters that never go back.

P = ΣP_pcs − transformer losses − auxiliaries, positive when feeding in. The PCS feed balanced currents; the
auxiliaries hang unevenly on the three phases. Apparent power S = √(P² + Q²), power factor P/S with the sign of P,
currents r.m.s. and therefore without a sign. Energy: each phase and the total are counted apart, into export where
the power of the step was positive, else into import.
"""

from __future__ import annotations

import numpy as np

from bessinside.emulator.grid import NOMINAL_VOLTAGE
from bessinside.emulator.phases import between, by_pair, by_phase, factor, shared
from bessinside.emulator.table import Array

AUXILIARY_SHARES = np.array([0.37, 0.33, 0.30])  # of the auxiliaries' power, per phase


class Meter:
    """`power` W and `reactive` var, `phase_power`/`phase_reactive` per phase, energy in Wh and varh."""

    def __init__(
        self, *, energy_export: float, energy_import: float, reactive_export: float, reactive_import: float
    ) -> None:
        self.energy_export = energy_export
        self.energy_import = energy_import
        self.phase_export = np.full(3, energy_export / 3.0)
        self.phase_import = np.full(3, energy_import / 3.0)
        self.reactive_export = reactive_export
        self.reactive_import = reactive_import
        self.power = 0.0
        self.reactive = 0.0
        self.phase_power = np.zeros(3)
        self.phase_reactive = np.zeros(3)
        self.voltage = np.full(3, NOMINAL_VOLTAGE / 3**0.5)
        self.frequency = 50.0

    def count(self, dt: float) -> None:
        """Counts `dt` s of the power last measured."""
        hours = dt / 3600.0
        self.energy_export += max(self.power, 0.0) * hours
        self.energy_import += max(-self.power, 0.0) * hours
        self.phase_export += np.maximum(self.phase_power, 0.0) * hours
        self.phase_import += np.maximum(-self.phase_power, 0.0) * hours
        self.reactive_export += max(self.reactive, 0.0) * hours
        self.reactive_import += max(-self.reactive, 0.0) * hours

    def measure(self, *, fed: float, auxiliaries: float, reactive: float, levels: Array, frequency: float) -> None:
        """`fed` W behind the transformer, less the `auxiliaries` W; `reactive` var; `levels` phase voltages.

        `levels` are shares of nominal, shape (3,).
        """
        self.voltage = NOMINAL_VOLTAGE / 3**0.5 * levels
        self.frequency = frequency
        self.phase_power = shared(np.array([fed]), self.voltage)[0] - auxiliaries * AUXILIARY_SHARES
        self.phase_reactive = shared(np.array([reactive]), self.voltage)[0]
        self.power = fed - auxiliaries
        self.reactive = reactive

    def readings(self) -> dict[str, Array]:
        """All metrics of kind `meter`, arrays of one."""
        power, reactive = self.phase_power[None], self.phase_reactive[None]
        apparent = np.hypot(power, reactive)
        total = np.array([np.hypot(self.power, self.reactive)])
        voltage = self.voltage[None]
        current = apparent / voltage
        pairs = between(voltage)
        return {
            "active_power": np.array([self.power]),
            "reactive_power": np.array([self.reactive]),
            "apparent_power": total,
            "power_factor": factor(np.array([self.power]), total),
            "voltage": voltage.mean(axis=1),
            "voltage_ll": pairs.mean(axis=1),
            "current": current.sum(axis=1),
            "frequency": np.array([self.frequency]),
            "energy_export": np.array([self.energy_export]),
            "energy_import": np.array([self.energy_import]),
            "reactive_energy_export": np.array([self.reactive_export]),
            "reactive_energy_import": np.array([self.reactive_import]),
            **by_phase("active_power", power),
            **by_phase("reactive_power", reactive),
            **by_phase("apparent_power", apparent),
            **by_phase("power_factor", factor(power, apparent)),
            **by_phase("voltage", voltage),
            **by_pair("voltage", pairs),
            **by_phase("current", current),
            **by_phase("energy_export", self.phase_export[None]),
            **by_phase("energy_import", self.phase_import[None]),
        }
