"""What the plant did before the emulation begins: health and counters that fit its cycles, from the model's parameters.

age      = cycles / cycles a day
SoH      = `ageing.health` of that age and use; Ah/cell = cycles·Q_n·(mean SoH until then)
U_dis    = mean U − mean M − I·R,   U_chg = mean U + mean M + I·R              over the SoC window in use;
           I = P/(cells·mean U) at the usual power P, R = (R0 + R1 + R2)·(1 + half the rise until then)
E_dc     = cells·Ah·U                                                          for each direction
E_ac     = E_dc − loss·hours discharged | E_dc + loss·hours charged,           hours = E_dc/P
E_meter  = E_ac ∓ (transformer + auxiliaries)·hours; the hours at rest are drawn with the standby power
varh     = hours running·mean |Q|/2 each way, mean |Q| = √(2/π)·σ(Q(U) set-point); besides: what the transformer draws
"""

from __future__ import annotations

from dataclasses import dataclass
from math import pi, sqrt

from bessinside.emulator.basis.cell_type import CellType
from bessinside.emulator.basis.design import NOMINAL_CELL_VOLTAGE, REF_5M, Design
from bessinside.emulator.battery import ageing
from bessinside.emulator.battery.ocv import OpenCircuit
from bessinside.emulator.power import transformer
from bessinside.emulator.power.converter import Converter
from bessinside.emulator.power.pcs import Q_SLOPE

CYCLES_PER_DAY = 1.8  # equivalent full ones
WINDOW = (0.06, 0.99)
USUAL_POWER = 1.6e6  # W, whole plant
AUXILIARIES_WORKING = 12e3  # W
AUXILIARIES_RESTING = 1.3e3
VOLTAGE_SIGMA = 0.006


@dataclass(frozen=True, slots=True)
class History:
    """Whole plant, Wh and varh; `health` and `resistance_rise` as shares; `age` in s."""

    cycles: float
    age: float
    health: float
    resistance_rise: float
    dc_charged: float
    dc_discharged: float
    ac_charged: float
    ac_discharged: float
    meter_import: float
    meter_export: float
    reactive_import: float
    reactive_export: float
    auxiliary_energy: float


def cycles_in(years: float) -> float:
    """Equivalent full cycles of a plant that was used as usual for `years`."""
    return 365.25 * years * CYCLES_PER_DAY


def use(kind: CellType, cells: int, power: float) -> ageing.Stress:
    """What the usual days at `power` W of the whole plant do to its cells, held at 25 °C."""
    low, high = WINDOW
    rate = power / (cells * kind.capacity * NOMINAL_CELL_VOLTAGE)
    return ageing.Stress(
        soc=0.5 * (low + high), depth=high - low, rate=rate, cycles_per_day=CYCLES_PER_DAY / (high - low)
    )


def after(
    cycles: float,
    kind: CellType,
    curve: OpenCircuit,
    cells: int,
    converter: Converter,
    units: int,
    design: Design = REF_5M,
) -> History:
    """The history of a plant with `cells` cells and `units` PCS after `cycles` equivalent full cycles."""
    usual = USUAL_POWER * design.power
    working, resting = AUXILIARIES_WORKING * design.size, AUXILIARIES_RESTING * design.size
    station = transformer.Rating.of(design.transformer_rating)
    days = cycles / CYCLES_PER_DAY
    years, stress = days / 365.25, use(kind, cells, usual)
    rise = ageing.resistance_rise(years, stress)
    charge = cycles * kind.capacity * ageing.mean_health(years, stress)
    voltage, gap = curve.mean(*WINDOW)
    current = usual / (cells * voltage)
    drop = gap + current * (kind.r0 + kind.r1 + kind.r2) * (1.0 + 0.5 * rise)
    dc_discharged, dc_charged = cells * charge * (voltage - drop), cells * charge * (voltage + drop)

    share = usual / units
    level = design.series * voltage  # the voltage of a rack sets the column of the loss table
    loss_out, loss_in = (units * converter.loss(sign * share, level) for sign in (1.0, -1.0))
    hours_out, hours_in = dc_discharged / (usual + loss_out), dc_charged / (usual - loss_in)
    ac_discharged, ac_charged = dc_discharged - loss_out * hours_out, dc_charged + loss_in * hours_in

    apparent = station.share(usual)
    copper = station.load_loss * apparent**2
    losses = station.no_load_loss + copper + working
    hours_rest = 24.0 * days - hours_out - hours_in
    swing = Q_SLOPE * design.rated_power * units * VOLTAGE_SIGMA * sqrt(2.0 / pi)
    running = hours_out + hours_in
    magnetising = station.rated * (transformer.MAGNETISING * 24.0 * days + station.reactive * apparent**2 * running)
    return History(
        cycles=cycles,
        age=days * 86400.0,
        health=ageing.health(years, stress),
        resistance_rise=rise,
        dc_charged=dc_charged,
        dc_discharged=dc_discharged,
        ac_charged=ac_charged,
        ac_discharged=ac_discharged,
        meter_import=ac_charged + losses * hours_in + (station.no_load_loss + resting) * hours_rest,
        meter_export=ac_discharged - losses * hours_out,
        reactive_import=0.5 * swing * running + magnetising,
        reactive_export=0.5 * swing * running,
        auxiliary_energy=working * running + resting * hours_rest,
    )
