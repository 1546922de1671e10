"""What the plant did before the emulation begins: health and counters that fit its cycles, from the model's parameters.

age      = cycles / cycles_per_day SoH      = 1 − 0.0424·(age in years)^0.676                         fit of a
vendor's warranted curve (314 Ah container, max 0.32 pp off) Ah/cell  = cycles·Q_n·(1 + SoH)/2
mean capacity on the way down U_dis    = mean U − mean M − I·(R0 + R1 + R2),  U_chg = mean U + mean M + I·(R0 + R1 +
R2)      over the SoC window in use E_dc     = cells·Ah·U  for each direction,      I = P/(cells·mean U) at the usual
power P E_ac     = E_dc − loss·hours discharged | E_dc + loss·hours charged, hours = E_dc/P E_meter  = E_ac ∓
(transformer + auxiliaries)·hours; the hours at rest are drawn with the standby power varh     = hours running·mean
|Q|/2 each way, mean |Q| = √(2/π)·σ(Q(U) set-point); drawn besides: what the transformer takes
"""

from __future__ import annotations

from dataclasses import dataclass
from math import pi, sqrt

from bessinside.emulator import transformer
from bessinside.emulator.cell import CellType
from bessinside.emulator.converter import RATED, Converter
from bessinside.emulator.ocv import OpenCircuit
from bessinside.emulator.pcs import Q_SLOPE

CYCLES_PER_DAY = 1.8
WINDOW = (0.06, 0.99)
USUAL_POWER = 1.6e6  # W, whole plant
AUXILIARIES_WORKING = 12e3  # W
AUXILIARIES_RESTING = 1.3e3
VOLTAGE_SIGMA = 0.006


@dataclass(frozen=True, slots=True)
class History:
    """Whole plant, Wh and varh; `health` as a share; `age` in s."""

    cycles: float
    age: float
    health: float
    dc_charged: float
    dc_discharged: float
    ac_charged: float
    ac_discharged: float
    meter_import: float
    meter_export: float
    reactive_import: float
    reactive_export: float
    auxiliary_energy: float


def after(cycles: float, kind: CellType, curve: OpenCircuit, cells: int, converter: Converter, units: int) -> History:
    """The history of a plant with `cells` cells and `units` PCS after `cycles` equivalent full cycles."""
    days = cycles / CYCLES_PER_DAY
    health = 1.0 - 0.0424 * (days / 365.25) ** 0.676
    charge = cycles * kind.capacity * 0.5 * (1.0 + health)
    voltage, gap = curve.mean(*WINDOW)
    current = USUAL_POWER / (cells * voltage)
    drop = gap + current * (kind.r0 + kind.r1 + kind.r2)
    dc_discharged, dc_charged = cells * charge * (voltage - drop), cells * charge * (voltage + drop)

    share = USUAL_POWER / units
    # 416 cells in series whatever the plant's size: the voltage of a rack sets the column of the loss table.
    level = 416 * voltage
    loss_out, loss_in = (units * converter.loss(sign * share, level) for sign in (1.0, -1.0))
    hours_out, hours_in = dc_discharged / (USUAL_POWER + loss_out), dc_charged / (USUAL_POWER - loss_in)
    ac_discharged, ac_charged = dc_discharged - loss_out * hours_out, dc_charged + loss_in * hours_in

    apparent = USUAL_POWER / transformer.RATED
    copper = transformer.LOAD_LOSS * apparent**2
    losses = transformer.NO_LOAD_LOSS + copper + AUXILIARIES_WORKING
    hours_rest = 24.0 * days - hours_out - hours_in
    swing = Q_SLOPE * RATED * units * VOLTAGE_SIGMA * sqrt(2.0 / pi)
    running = hours_out + hours_in
    magnetising = transformer.RATED * (
        transformer.MAGNETISING * 24.0 * days + transformer.REACTIVE * apparent**2 * running
    )
    return History(
        cycles=cycles,
        age=days * 86400.0,
        health=health,
        dc_charged=dc_charged,
        dc_discharged=dc_discharged,
        ac_charged=ac_charged,
        ac_discharged=ac_discharged,
        meter_import=ac_charged + losses * hours_in + (transformer.NO_LOAD_LOSS + AUXILIARIES_RESTING) * hours_rest,
        meter_export=ac_discharged - losses * hours_out,
        reactive_import=0.5 * swing * running + magnetising,
        reactive_export=0.5 * swing * running,
        auxiliary_energy=AUXILIARIES_WORKING * running + AUXILIARIES_RESTING * hours_rest,
    )
