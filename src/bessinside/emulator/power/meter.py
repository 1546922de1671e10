"""The four-quadrant meter at the point of connection: primary values, per phase, counters that never go back.

    true        P = ΣP_pcs − transformer losses − auxiliaries, positive when feeding in; the PCS feed balanced currents,
                the auxiliaries hang unevenly on the three phases
    shown       U·(1 + a),   I·(1 + b),   S turned by δ:
                P' = k·(P·cos δ − Q·sin δ),   Q' = k·(Q·cos δ + P·sin δ),   k = (1 + a)·(1 + b),   S' = k·S = U'·I'
                b grows below 5 % of the rated current by up to 0.4 %, as the error of current transformers does
    one phase's current transformer the wrong way round: P', Q' of that phase change sign, so |P| falls to a third

Class 0.5S (IEC 62053-22) allows ±0.5 % of P from 5 % of the rated current on and ±1.0 % from 1 % at power factor 1;
±0.6 % from 10 % and ±1.0 % from 2 % at power factor 0.5 inductive. a, b within ±0.15 %, δ within ±0.1 crad and the
0.4 % keep it for any seed: 0.30, 0.70, 0.48 and 0.88 %. They are drawn once per phase, standard deviations a third of
these bounds, and hold for the meter together with its transformers (assumption).

Totals are the sums of the phases as measured, S = √(P² + Q²), power factor P/S with the sign of P, currents r.m.s. and
therefore without a sign. Energy: each phase and the total are counted apart, into export where the power of the step
was positive, else into import.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from bessinside.emulator.basis.design import REF_5M, Design
from bessinside.emulator.basis.table import Array, Mask
from bessinside.emulator.power.phases import between, by_pair, by_phase, factor

AUXILIARY_SHARES = np.array([0.37, 0.33, 0.30])  # of the auxiliaries' power, per phase
GAIN = 0.0015  # bound of a and b
ANGLE = 0.001  # rad, bound of δ
SMALL, SMALL_GAIN = 0.05, 0.004  # share of the rated current below which b grows, and by how much at most
FREQUENCY_ERROR = 0.003  # Hz, bound
REACTIVE_HISTORY = 0.06  # bound: the grid's voltage was not as often high as low


class _Phase(NamedTuple):
    """1 + a, 1 + b above 5 % of the rated current, what b grows by below, and δ of one phase."""

    voltage: float
    current: float
    small: float
    cosine: float
    sine: float


class Meter:
    """`power` W and `reactive` var as they truly are; `measured_power`, `measured_reactive` per phase as counted.

    `reversed` marks phases whose current transformer is the wrong way round. Energy in Wh and varh; what was counted
    before is shared among the phases as the auxiliaries load them.
    """

    def __init__(
        self,
        chance: np.random.Generator,
        *,
        energy_export: float,
        energy_import: float,
        reactive_export: float,
        reactive_import: float,
        auxiliary_energy: float = 0.0,
        design: Design = REF_5M,
    ) -> None:
        def drawn(bound: float, count: int) -> Array:
            return bound * np.clip(chance.standard_normal(count) / 3.0, -1.0, 1.0)

        self.energy_export = energy_export
        self.energy_import = energy_import
        counted = max(energy_export + energy_import, 1.0)  # Wh; a new meter has counted nothing
        uneven = auxiliary_energy * (AUXILIARY_SHARES - 1.0 / 3.0) / counted
        self.phase_export = energy_export * (1.0 / 3.0 - uneven)
        self.phase_import = energy_import * (1.0 / 3.0 + uneven)
        self.reversed: Mask = np.zeros(3, dtype=np.bool_)
        voltage_gain, current_gain, angle = drawn(GAIN, 3), drawn(GAIN, 3), drawn(ANGLE, 3)
        errors = 1.0 + voltage_gain, 1.0 + current_gain, drawn(SMALL_GAIN, 3), np.cos(angle), np.sin(angle)
        self._phases = [_Phase(*each) for each in np.array(errors).T.tolist()]
        self.frequency_error = float(drawn(FREQUENCY_ERROR, 1)[0])
        over, under = 1.0 + drawn(REACTIVE_HISTORY, 2)
        self.reactive_export = float(over * reactive_export)
        self.reactive_import = float(under * reactive_import)
        self._nominal, self._small = design.grid_voltage / 3**0.5, SMALL * design.ct_current
        self.power = 0.0
        self.reactive = 0.0
        self.measured_power = np.zeros(3)
        self.measured_reactive = np.zeros(3)
        self.voltage = np.full(3, self._nominal)
        self.current = np.zeros(3)
        self.frequency = 50.0

    def count(self, dt: float) -> None:
        """Counts `dt` s of the power last measured."""
        hours = dt / 3600.0
        powers: list[float] = self.measured_power.tolist()
        first, second, third = self.measured_reactive.tolist()
        power, reactive = powers[0] + powers[1] + powers[2], first + second + third
        self.energy_export += max(power, 0.0) * hours
        self.energy_import += max(-power, 0.0) * hours
        for phase, value in enumerate(powers):
            if value > 0.0:
                self.phase_export[phase] += value * hours
            else:
                self.phase_import[phase] -= value * hours
        self.reactive_export += max(reactive, 0.0) * hours
        self.reactive_import += max(-reactive, 0.0) * hours

    def measure(self, *, fed: float, auxiliaries: float, reactive: float, levels: Array, frequency: float) -> None:
        """`fed` W behind the transformer, less the `auxiliaries` W; `reactive` var; `levels` phase voltages.

        `levels` are shares of nominal, shape (3,).
        """
        voltages: list[float] = (self._nominal * levels).tolist()
        mean = (voltages[0] + voltages[1] + voltages[2]) / 3.0
        found = []
        for voltage, share, reversed_, phase in zip(
            voltages, AUXILIARY_SHARES.tolist(), self.reversed.tolist(), self._phases, strict=True
        ):
            part = voltage / mean
            power, turned = fed / 3.0 * part - auxiliaries * share, reactive / 3.0 * part
            current = abs(complex(power, turned)) / voltage
            gain = phase.current + phase.small * max(0.0, 1.0 - current / self._small)
            way = (-phase.voltage if reversed_ else phase.voltage) * gain
            found.append(
                (
                    voltage * phase.voltage,
                    current * gain,
                    way * (power * phase.cosine - turned * phase.sine),
                    way * (turned * phase.cosine + power * phase.sine),
                )
            )
        self.power, self.reactive = fed - auxiliaries, reactive
        self.voltage, self.current, self.measured_power, self.measured_reactive = np.array(found).T
        self.frequency = frequency + self.frequency_error

    def readings(self) -> dict[str, Array]:
        """All metrics of kind `meter`, arrays of one."""
        power, reactive = self.measured_power[None], self.measured_reactive[None]
        voltage, current = self.voltage[None], self.current[None]
        apparent = voltage * current
        sum_power, sum_reactive = power.sum(axis=1), reactive.sum(axis=1)
        total = np.hypot(sum_power, sum_reactive)
        pairs = between(voltage)
        return {
            "active_power": sum_power,
            "reactive_power": sum_reactive,
            "apparent_power": total,
            "power_factor": factor(sum_power, total),
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
