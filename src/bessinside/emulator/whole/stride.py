"""How long a step of the physics may be at this moment: a minute while the plant is calm, less while it is not.

Cells, plates and loops are exact for currents held over a step, however long. What a long step gets wrong is the
holding: a power that ramps, a current that the battery management tapers, the steep ends of the open-circuit curve,
where a percent of charge is 40 to 90 mV, and the coolant in the minutes after its chiller switched. While a limit holds
the current, limit and voltage answer each other: there a step of 20 s would swing, 10 s settle. Racks that charge each
other would swing too; over a long step they hold the currents of its end instead (`DcCircuit.hold`).

While no PCS works and nothing of the cells moves by as much as a register shows, they wait: one step of them takes the
place of up to five.
"""

from __future__ import annotations

from typing import Protocol

from bessinside.emulator.basis.codes import PcsState
from bessinside.emulator.basis.design import Design
from bessinside.emulator.basis.table import Array
from bessinside.emulator.battery.cell import Cells
from bessinside.emulator.battery.rack import DcCircuit
from bessinside.emulator.battery.thermal import ColdPlates
from bessinside.emulator.bms.bms import Bms
from bessinside.emulator.container.coolant import CoolantLoop
from bessinside.emulator.power.pcs import Pcs
from bessinside.emulator.whole.schedule import Schedule

LONG, MIDDLE, SHORT = 60, 20, 10  # s: calm; power, voltage or coolant moves; something limits or starts
FULL_FROM, EMPTY_FROM = 3.42, 3.08  # V of the highest and the lowest cell under load; between, the curve is flat
MOVED = 0.02  # of the rated power, a change that matters
WORKING = 2.0  # A per rack
RESTING = 0.2  # A per rack, of which no sensor tells
FAINT = 0.5  # A per rack: 1 mV in REST at the steep ends
REST = 300  # s that a battery at rest waits for its step at the most
UNSEEN, UNFELT = 1e-3, 0.1  # V and K by which a cell may move meanwhile: what its registers show
UNEVEN = 6e3  # W between what cells and heater give to the coolant of REF-5M and what the chiller takes: 0.3 K a minute


class Strider(Protocol):
    """What of a plant says how far it may step."""

    time_ns: int
    design: Design
    schedule: Schedule
    override: Array
    pcs: Pcs
    circuit: DcCircuit
    cells: Cells
    bms: Bms
    plates: ColdPlates
    coolant: CoolantLoop


def stride(plant: Strider) -> int:
    """Seconds: LONG, MIDDLE or SHORT."""
    return min(_for_power(plant), _for_voltage(plant), _for_coolant(plant))


def steep(plant: Strider) -> bool:
    """Whether some cell is where its voltage answers to its charge within minutes."""
    return bool(plant.bms.highest > FULL_FROM or plant.bms.lowest < EMPTY_FROM)


def at_rest(plant: Strider, waited: float) -> bool:
    """Whether cells, plates and boards can wait for `waited` s in all without anybody seeing it.

        |u2|/τ2 · waited < 1 mV, |u1| < 1 mV, |I| < 0.5 A, |dT/dt| · waited < 0.1 K

    of every rack, all connected, and no PCS works. Bleed resistors may be on: they take 0.1 mV in REST where the
    curve is steepest.
    """
    circuit, cells, state = plant.circuit, plant.cells, plant.pcs.state
    if waited > REST or PcsState.RUNNING in state or PcsState.STARTING in state:
        return False
    kind, amps = cells.kind, circuit.current.tolist()
    slow = UNSEEN * kind.tau2 / (kind.r2 * waited)
    return (
        circuit.whole
        and max(amps) < FAINT
        and min(amps) > -FAINT
        and max(map(abs, plant.bms.temperature_rise.tolist())) * waited < UNFELT * 60.0
        and max(map(abs, cells.i2.tolist())) < slow
        and max(map(abs, cells.i1.tolist())) < UNSEEN / kind.r1
    )


def _for_power(plant: Strider) -> int:
    """Whether the power will stay as it is for a minute: no ramp, no start, no new set-point."""
    pcs, rated = plant.pcs, plant.design.rated_power
    if PcsState.STARTING in pcs.state:
        return SHORT
    moved = MOVED * rated
    for setpoint, power, order, running, limited in zip(
        pcs.setpoint.tolist(),
        pcs.power.tolist(),
        plant.override.tolist(),
        pcs.running.tolist(),
        pcs.limited.tolist(),
        strict=True,
    ):
        late = running and not limited and abs(setpoint - power) > moved
        if late or abs(order - setpoint) > moved:  # no order is NaN: not more
            return SHORT
    now, ahead = (plant.schedule.at(plant.time_ns + after * 1_000_000_000) for after in (0, LONG))
    return MIDDLE if abs(ahead - now) > MOVED * rated else LONG


def _for_voltage(plant: Strider) -> int:
    """Whether no working cell is where its voltage answers to its charge within minutes, and nothing is limited."""
    current = plant.circuit.current
    amps = current.tolist()
    if min(amps) > -WORKING and max(amps) < WORKING:
        return LONG
    if True in plant.pcs.limited.tolist():
        return SHORT
    if not steep(plant):
        return LONG
    extremes = plant.bms.cell_extremes
    full = (extremes.high > FULL_FROM) & (current < -WORKING)
    empty = (extremes.low < EMPTY_FROM) & (current > WORKING)
    return MIDDLE if full.any() or empty.any() else LONG


def _for_coolant(plant: Strider) -> int:
    """Whether the coolant keeps its temperature: chiller, heater or pump did not just switch."""
    coolant = plant.coolant
    gained = plant.plates.heat + coolant.heater_heat - coolant.chiller_heat
    return MIDDLE if abs(gained) > UNEVEN * coolant.size else LONG
