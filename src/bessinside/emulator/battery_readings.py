"""What the battery management tells about buses, racks, modules, cells and sensors, by metric name.

Positions count from 1: a module in its rack, a cell or sensor in its module (in its rack where a bus reports), a rack
in the plant. A spread is the highest minus the lowest of the whole part; the position beside it is the child with the
widest spread of its own.
"""

from __future__ import annotations

import numpy as np

from bessinside.emulator import extremes
from bessinside.emulator.alarm import LEVELS
from bessinside.emulator.bms import CELL_MAX, CELL_MIN, WORKING_CURRENT, Bms
from bessinside.emulator.codes import BatteryState, CellStatus, Contactor, ModuleStatus
from bessinside.emulator.extremes import number
from bessinside.emulator.table import Array, Mask

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
    return {"temperature": bms.sensors.reading}


def cell(bms: Bms) -> dict[str, Array]:
    """Kind `cell`. Only a cell with an NTC has a temperature that anybody knows; the others are NaN: not measured."""
    temperature = np.full(bms.cells.voltage.size, np.nan)
    temperature[bms.sensors.cell] = bms.sensors.reading
    return {
        "voltage": bms.cells.voltage.ravel(),
        "temperature": temperature,
        "status": np.where(bms.bleeding.ravel() > 0.0, float(CellStatus.BALANCING), float(CellStatus.NONE)),
    }


def module(bms: Bms) -> dict[str, Array]:
    """Kind `module`."""
    count = bms.racks * bms.modules
    voltage = bms.cells.voltage.reshape(count, -1)
    temperature = bms.sensors.reading.reshape(count, -1)
    volts, warmth = extremes.of(voltage), extremes.of(temperature)
    closed = np.repeat(bms.circuit.closed, bms.modules)
    alarmed = np.repeat(np.array([bool(names) for names in bms.alarms.names()]), bms.modules)
    status = np.where(
        closed, np.where(alarmed, ModuleStatus.ALARM, ModuleStatus.IN_SERVICE), ModuleStatus.OUT_OF_SERVICE
    )
    # Four modules in series leak side by side, so each has four times what its rack shows.
    insulation = np.repeat(bms.insulation * bms.modules, bms.modules, axis=1)
    return {
        "voltage": bms.module_voltage,
        "current": np.repeat(bms.circuit.current, bms.modules),
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
        "temperature_min": warmth.low,
        "temperature_min_sensor": number(warmth.low_at),
        "temperature_mean": temperature.mean(axis=1),
        "temperature_spread": warmth.spread,
        "charge_current_limit": np.repeat(bms.charge_limit, bms.modules),
        "discharge_current_limit": np.repeat(bms.discharge_limit, bms.modules),
        "energy_charged": bms.energy_charged,
        "energy_discharged": bms.energy_discharged,
    }


def rack(bms: Bms) -> dict[str, Array]:
    """Kind `rack`."""
    racks, modules, circuit = bms.racks, bms.modules, bms.circuit
    cells, sensors = bms.cells.voltage.shape[1] // modules, bms.sensors.reading.size // racks // modules
    volts, warmth = bms.cell_extremes, bms.temperature_extremes
    module_volts = extremes.of(bms.module_voltage.reshape(racks, modules))
    module_soc = extremes.of(bms.soc.reshape(racks, modules))
    widest = extremes.of(extremes.of(bms.cells.voltage.reshape(racks * modules, -1)).spread.reshape(racks, modules))
    warmest = extremes.of(extremes.of(bms.sensors.reading.reshape(racks * modules, -1)).spread.reshape(racks, modules))
    closed = np.where(circuit.closed, float(Contactor.CLOSED), float(Contactor.OPEN))
    burning = bms.sensors.reading.reshape(racks, modules, -1).max(axis=2) >= FIRE_TEMPERATURE
    series = bms.cells.voltage.shape[1]
    return {
        "voltage": circuit.voltage,
        "voltage_external": circuit.outside_voltage,
        "current": circuit.current,
        "power": circuit.voltage * circuit.current,
        "soc": bms.rack_soc,
        "soh": bms.rack_soh,
        "cycles": np.floor(bms.cycles.reshape(racks, modules).mean(axis=1)),
        "insulation": parallel(bms.insulation.T),
        "insulation_positive": bms.insulation[0],
        "insulation_negative": bms.insulation[1],
        "cell_voltage_max": volts.high,
        "cell_voltage_max_module": number(volts.high_at, cells),
        "cell_voltage_max_cell": number(volts.high_at % cells),
        "cell_voltage_min": volts.low,
        "cell_voltage_min_module": number(volts.low_at, cells),
        "cell_voltage_min_cell": number(volts.low_at % cells),
        "cell_voltage_mean": bms.cells.voltage.mean(axis=1),
        "cell_voltage_spread": volts.spread,
        "cell_voltage_spread_module": number(widest.high_at),
        "temperature_max": warmth.high,
        "temperature_max_module": number(warmth.high_at, sensors),
        "temperature_max_sensor": number(warmth.high_at % sensors),
        "temperature_min": warmth.low,
        "temperature_min_module": number(warmth.low_at, sensors),
        "temperature_min_sensor": number(warmth.low_at % sensors),
        "temperature_mean": bms.sensors.reading.reshape(racks, -1).mean(axis=1),
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
        "charge_power_limit": bms.charge_limit * circuit.voltage,
        "discharge_power_limit": bms.discharge_limit * circuit.voltage,
        "charge_voltage_limit": np.full(racks, CELL_MAX * series),
        "discharge_voltage_limit": np.full(racks, CELL_MIN * series),
        "soc_max": np.full(racks, bms.charge_cutoff),
        "soc_min": np.full(racks, bms.discharge_cutoff),
        "state": states(circuit.current, circuit.closed, bms.tripped),
        "connection_state": closed,
        "relay_positive": closed,
        "relay_negative": closed,
        # Precharge is done long before; its contactor is only closed for the seconds of connecting.
        "relay_precharge": np.full(racks, float(Contactor.OPEN)),
        "modules_in_service": closed * float(2**modules - 1),
        "charge_complete": bms.full.astype(np.float64),
        **alarm_words(bms),
        "maintenance_low": np.zeros(racks),
        "maintenance_high": np.zeros(racks),
        "fire_alarm_low": (burning * 2.0 ** np.arange(modules)).sum(axis=1),
        "fire_alarm_high": np.zeros(racks),
    }


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
    rack_volts, widest, warmest = of_racks(circuit.voltage), of_racks(volts.spread), of_racks(warmth.spread)
    closed = circuit.closed.reshape(buses, per_bus)
    # An open rack is not on the bus; its leak does not count. With none connected the monitor sees cables alone.
    leak = np.where(closed, 1.0 / bms.insulation.reshape(2, buses, per_bus), 0.0).sum(axis=2) + 1.0 / 60e6
    charge, discharge = bms.bus_limits()
    return {
        "voltage": circuit.bus_voltage,
        "current": circuit.bus_current,
        "soc": bms.rack_soc.reshape(buses, per_bus).mean(axis=1),
        "soh": bms.rack_soh.reshape(buses, per_bus).min(axis=1),
        "insulation_positive": 1.0 / leak[0],
        "insulation_negative": 1.0 / leak[1],
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
