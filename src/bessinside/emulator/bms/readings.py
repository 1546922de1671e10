"""What the battery management tells about buses, racks, modules, cells and sensors, by metric name.

Positions count from 1: a module in its rack, a cell or sensor in its module (in its rack where a bus reports), a rack
in the plant. A spread is the highest minus the lowest of the whole part; the position beside it is the child with the
widest spread of its own. Everything is what the instruments show; NaN is what nobody measured: a cell without NTC, a
module whose boards are silent. Highest, lowest and mean leave out dead sensors.
"""

from __future__ import annotations

import numpy as np

from bessinside.emulator.basis.codes import BatteryState, CellStatus, Contactor, ModuleStatus
from bessinside.emulator.basis.table import Array, Mask
from bessinside.emulator.bms import extremes
from bessinside.emulator.bms.alarm import LEVELS
from bessinside.emulator.bms.bms import MAINTENANCE, WORKING_CURRENT, Bms
from bessinside.emulator.bms.extremes import number
from bessinside.emulator.bms.limits import CELL_MAX, CELL_MIN

FIRE_TEMPERATURE = 80.0  # °C at which a module's fire detector answers


def parallel(resistance: Array) -> Array:
    """Ω of resistances in parallel along the last axis."""
    result: Array = 1.0 / (1.0 / resistance).sum(axis=-1)
    return result


def states(current: Array, connected: Mask, tripped: Mask) -> Array:
    """`BatteryState` as float per rack or bus."""
    moving = np.where(current > 0.0, BatteryState.DISCHARGING, BatteryState.CHARGING)
    state = np.where(np.abs(current) > WORKING_CURRENT, moving, BatteryState.READY)
    state = np.where(connected, state, BatteryState.INITIALISING)
    return np.where(tripped, BatteryState.FAULT, state).astype(np.float64)


def alarm_words(bms: Bms) -> dict[str, Array]:
    """Alarms of a rack in the plant's own bits, 16 to a word; a binding sets a vendor's bits by name instead."""
    words = {}
    for level in range(1, LEVELS + 1):
        word = bms.alarms.word(level)
        words[f"alarm_{level}_low"] = word % 65536.0
        words[f"alarm_{level}_high"] = word // 65536.0
    return words


def sensor(bms: Bms) -> dict[str, Array]:
    """Kind `sensor`."""
    return {"temperature": bms.temperature.ravel()}


def cell(bms: Bms) -> dict[str, Array]:
    """Kind `cell`. Only a cell with an NTC has a temperature that anybody knows; the others are NaN: not measured."""
    temperature = np.full(bms.cell_voltage.size, np.nan)
    temperature[bms.sensors.cell] = bms.temperature.ravel()
    return {
        "voltage": bms.cell_voltage.ravel(),
        "temperature": temperature,
        "status": np.where(bms.bleeding.ravel() > 0.0, float(CellStatus.BALANCING), float(CellStatus.NONE)),
    }


def module(bms: Bms) -> dict[str, Array]:
    """Kind `module`."""
    count = bms.racks * bms.modules
    voltage, temperature = bms.cell_voltage.reshape(count, -1), bms.temperature.reshape(count, -1)
    sound = bms.sound.reshape(count, -1)
    volts, warmth = extremes.of(voltage, ~np.isnan(voltage)), extremes.of(temperature, sound)
    # The cell of its module, from 1, at which each sensor sits.
    beside = 1.0 + (bms.sensors.cell.reshape(count, -1) % voltage.shape[1]).astype(np.float64)
    closed = np.repeat(bms.circuit.closed, bms.modules)
    alarmed = np.repeat(np.array([bool(names) for names in bms.alarms.names()]), bms.modules)
    status = np.where(
        closed, np.where(alarmed, ModuleStatus.ALARM, ModuleStatus.IN_SERVICE), ModuleStatus.OUT_OF_SERVICE
    )
    # Four modules in series leak side by side, so each has four times what its rack shows.
    insulation = np.repeat(bms.insulation * bms.modules, bms.modules, axis=1)
    measured = {
        "voltage": bms.module_voltage,
        "current": np.repeat(bms.current, bms.modules),
        "soc": bms.soc,
        "soh": bms.soh,
        "cycles": np.floor(bms.cycles),
        "status": status.astype(np.float64),
        "balancing": (bms.bleeding.reshape(count, -1) > 0.0).any(axis=1).astype(np.float64),
        "insulation_positive": insulation[0],
        "insulation_negative": insulation[1],
        "cell_voltage_max": volts.high,
        "cell_voltage_max_cell": number(volts.high_at),
        "cell_voltage_min": volts.low,
        "cell_voltage_min_cell": number(volts.low_at),
        "cell_voltage_mean": voltage.mean(axis=1),
        "cell_voltage_spread": volts.spread,
        "temperature_max": warmth.high,
        "temperature_max_sensor": number(warmth.high_at),
        "temperature_max_cell": np.take_along_axis(beside, warmth.high_at[:, None], 1)[:, 0],
        "temperature_min": warmth.low,
        "temperature_min_sensor": number(warmth.low_at),
        "temperature_min_cell": np.take_along_axis(beside, warmth.low_at[:, None], 1)[:, 0],
        "temperature_mean": extremes.mean(temperature, sound),
        "temperature_spread": warmth.spread,
        "charge_current_limit": np.repeat(bms.charge_limit, bms.modules),
        "discharge_current_limit": np.repeat(bms.discharge_limit, bms.modules),
        "energy_charged": bms.energy_charged,
        "energy_discharged": bms.energy_discharged,
    }
    if not bms.silent.any():
        return measured
    boards = ("cell_", "temperature_", "balancing")
    return {
        name: np.where(bms.silent, np.nan, values) if name.startswith(boards) else values
        for name, values in measured.items()
    }


def rack(bms: Bms) -> dict[str, Array]:
    """Kind `rack`."""
    racks, modules, circuit = bms.racks, bms.modules, bms.circuit
    cells, sensors = bms.cell_voltage.shape[1] // modules, bms.temperature.shape[1] // modules
    volts, warmth = bms.cell_extremes, bms.temperature_extremes
    module_volts = extremes.of(bms.module_voltage.reshape(racks, modules), ~bms.silent.reshape(racks, modules))
    module_soc = extremes.of(bms.soc.reshape(racks, modules))
    voltage, temperature, sound = bms.cell_voltage, bms.temperature, bms.sound
    heard = ~np.isnan(voltage)
    widest, warmest = (_widest(racks, modules, *of) for of in ((voltage, heard), (temperature, sound)))
    closed = np.where(circuit.closed, float(Contactor.CLOSED), float(Contactor.OPEN))
    precharging = circuit.precharge > 0.0
    negative = np.where(circuit.closed | precharging, float(Contactor.CLOSED), float(Contactor.OPEN))
    burning = (np.where(sound, temperature, -np.inf).reshape(racks, modules, -1) >= FIRE_TEMPERATURE).any(axis=2)
    series = voltage.shape[1]
    return {
        "voltage": bms.voltage,
        "voltage_external": bms.outside_voltage,
        "current": bms.current,
        "power": bms.voltage * bms.current,
        "soc": bms.rack_soc,
        "soh": bms.rack_soh,
        "cycles": np.floor(bms.cycles.reshape(racks, modules).mean(axis=1)),
        "insulation": parallel(bms.insulation.T),
        "insulation_positive": bms.insulation[0],
        "insulation_negative": bms.insulation[1],
        "cell_voltage_max": volts.high,
        "cell_voltage_max_module": number(volts.high_at, cells),
        "cell_voltage_max_cell": number(volts.high_at % cells),
        "cell_voltage_max_position": number(volts.high_at),
        "cell_voltage_min": volts.low,
        "cell_voltage_min_module": number(volts.low_at, cells),
        "cell_voltage_min_cell": number(volts.low_at % cells),
        "cell_voltage_min_position": number(volts.low_at),
        "cell_voltage_mean": extremes.mean(voltage, heard),
        "cell_voltage_spread": volts.spread,
        "cell_voltage_spread_module": number(widest.high_at),
        "temperature_max": warmth.high,
        "temperature_max_module": number(warmth.high_at, sensors),
        "temperature_max_sensor": number(warmth.high_at % sensors),
        "temperature_max_position": number(warmth.high_at),
        "temperature_min": warmth.low,
        "temperature_min_module": number(warmth.low_at, sensors),
        "temperature_min_sensor": number(warmth.low_at % sensors),
        "temperature_min_position": number(warmth.low_at),
        "temperature_mean": extremes.mean(temperature, sound),
        "temperature_spread": warmth.spread,
        "temperature_spread_module": number(warmest.high_at),
        "module_voltage_max": module_volts.high,
        "module_voltage_max_module": number(module_volts.high_at),
        "module_voltage_min": module_volts.low,
        "module_voltage_min_module": number(module_volts.low_at),
        "module_voltage_spread": module_volts.spread,
        "module_soc_max": module_soc.high,
        "module_soc_max_module": number(module_soc.high_at),
        "module_soc_min": module_soc.low,
        "module_soc_min_module": number(module_soc.low_at),
        "module_count": np.full(racks, float(modules)),
        "charge_current_limit": bms.charge_limit,
        "discharge_current_limit": bms.discharge_limit,
        "charge_power_limit": bms.charge_limit * bms.voltage,
        "discharge_power_limit": bms.discharge_limit * bms.voltage,
        "charge_voltage_limit": np.full(racks, CELL_MAX * series),
        "discharge_voltage_limit": np.full(racks, CELL_MIN * series),
        "soc_max": np.full(racks, bms.charge_cutoff),
        "soc_min": np.full(racks, bms.discharge_cutoff),
        "state": states(bms.current, circuit.closed, bms.tripped),
        "connection_state": closed,
        "relay_positive": closed,
        "relay_negative": negative,
        "relay_precharge": np.where(precharging, float(Contactor.CLOSED), float(Contactor.OPEN)),
        "modules_in_service": closed * float(2**modules - 1),
        "charge_complete": bms.full.astype(np.float64),
        **alarm_words(bms),
        "maintenance_low": np.array(
            [float(sum(1 << MAINTENANCE.index(one) for one in of)) for of in bms.maintenance()]
        ),
        "maintenance_high": np.zeros(racks),
        "fire_alarm_low": (burning * 2.0 ** np.arange(modules)).sum(axis=1) % 65536.0,
        "fire_alarm_high": (burning * 2.0 ** np.arange(modules)).sum(axis=1) // 65536.0,
    }


def _widest(racks: int, modules: int, values: Array, good: Mask) -> extremes.Extremes:
    """Extremes over the spreads of the modules of each rack; `values` (racks, items)."""
    shape = (racks * modules, -1)
    spread = extremes.of(values.reshape(shape), good.reshape(shape)).spread.reshape(racks, modules)
    return extremes.of(spread, ~np.isnan(spread))


def bus(bms: Bms) -> dict[str, Array]:
    """Kind `bus`: one DC bus with its racks."""
    circuit = bms.circuit
    buses, per_bus = circuit.buses, bms.racks // circuit.buses
    first = np.arange(buses) * per_bus

    def of_racks(values: Array) -> extremes.Extremes:
        return extremes.of(values.reshape(buses, per_bus))

    volts, warmth = bms.cell_extremes, bms.temperature_extremes
    highest, lowest = of_racks(volts.high), of_racks(volts.low)
    hottest, coldest = of_racks(warmth.high), of_racks(warmth.low)
    rack_volts, widest, warmest = of_racks(bms.voltage), of_racks(volts.spread), of_racks(warmth.spread)
    insulation = bms.insulation_monitor.of_buses(circuit.closed)
    charge, discharge = bms.bus_limits()
    return {
        "voltage": circuit.bus_voltage,
        "current": bms.current.reshape(buses, per_bus).sum(axis=1),
        "soc": bms.rack_soc.reshape(buses, per_bus).mean(axis=1),
        "soh": bms.rack_soh.reshape(buses, per_bus).min(axis=1),
        "insulation": 1.0 / (1.0 / insulation).sum(axis=0),
        "insulation_positive": insulation[0],
        "insulation_negative": insulation[1],
        "cell_voltage_max": highest.high,
        "cell_voltage_max_rack": number(first + highest.high_at),
        "cell_voltage_max_cell": number(volts.high_at[first + highest.high_at]),
        "cell_voltage_min": lowest.low,
        "cell_voltage_min_rack": number(first + lowest.low_at),
        "cell_voltage_min_cell": number(volts.low_at[first + lowest.low_at]),
        "cell_voltage_spread": highest.high - lowest.low,
        "cell_voltage_spread_rack": number(first + widest.high_at),
        "temperature_max": hottest.high,
        "temperature_max_rack": number(first + hottest.high_at),
        "temperature_max_sensor": number(warmth.high_at[first + hottest.high_at]),
        "temperature_min": coldest.low,
        "temperature_min_rack": number(first + coldest.low_at),
        "temperature_min_sensor": number(warmth.low_at[first + coldest.low_at]),
        "temperature_spread": hottest.high - coldest.low,
        "temperature_spread_rack": number(first + warmest.high_at),
        "rack_voltage_max": rack_volts.high,
        "rack_voltage_max_rack": number(first + rack_volts.high_at),
        "rack_voltage_min": rack_volts.low,
        "rack_voltage_min_rack": number(first + rack_volts.low_at),
        "charge_current_limit": charge,
        "discharge_current_limit": discharge,
        "charge_power_limit": charge * circuit.bus_voltage,
        "discharge_power_limit": discharge * circuit.bus_voltage,
        "soc_max": np.full(buses, bms.charge_cutoff),
        "soc_min": np.full(buses, bms.discharge_cutoff),
        "state": states(circuit.bus_current, bms.ready(), bms.on_bus(bms.tripped)),
    }
