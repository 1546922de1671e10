"""What SunSpec's models ask for in words of their own: quantities without a metric, states and events.

`READINGS` gives a number per part, `CODED` the names of the symbols that hold; both by kind of part, model and point.
A point that is in neither, and has no metric that the physics knows, is not implemented and says so.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from bessinside.emulator.basis.codes import BatteryState, CellStatus, Contactor, PcsState
from bessinside.emulator.basis.table import Array
from bessinside.emulator.whole.plant import Plant
from bessinside.emulator.worlds.wording import symbol_names

Reading = Callable[[Plant], Array]
Names = Callable[[Plant, int], set[str]]
Key = tuple[str, int, str]

# The alarms of a PCS that have a name in models 701 and 714; every other one is the manufacturer's.
AC_ALARMS = {
    "AC_UNDERFREQUENCY": "UNDER_FREQUENCY",
    "AC_OVERFREQUENCY": "OVER_FREQUENCY",
    "AC_UNDERVOLTAGE": "AC_UNDER_VOLT",
    "AC_OVERVOLTAGE": "AC_OVER_VOLT",
    "DC_BUS_OVERVOLTAGE": "DC_OVER_VOLT",
    "OVERTEMPERATURE": "OVER_TEMP",
    "EMERGENCY_STOP": "MANUAL_SHUTDOWN",
}
DC_ALARMS = {
    "DC_BUS_OVERVOLTAGE": "INPUT_OVER_VOLTAGE",
    "DC_BUS_UNDERVOLTAGE": "INPUT_UNDER_VOLTAGE",
    "OVERTEMPERATURE": "OVER_TEMP",
    "EMERGENCY_STOP": "MANUAL_SHUTDOWN",
}
INVERTER_STATES = {
    PcsState.SHUTDOWN: "OFF",
    PcsState.STANDBY: "STANDBY",
    PcsState.STARTING: "STARTING",
    PcsState.RUNNING: "RUNNING",
    PcsState.FAULT: "FAULT",
}
BROKEN, CLOSED = float(BatteryState.FAULT), float(Contactor.CLOSED)
VOLTAGE_BAND = (0.9, 1.1)  # of nominal, EN 50160: outside it a meter notes an event
EMPTY = 0.5  # % above the lowest state of charge


def _same(kind: str, name: str) -> Reading:
    return lambda plant: plant.quantity(kind, name)


def _mean(kind: str, *names: str) -> Reading:
    return lambda plant: np.mean([plant.quantity(kind, name) for name in names], axis=0)


def _over(take: Callable[[Array], float], kind: str, name: str) -> Reading:
    """One value for the whole battery."""
    return lambda plant: np.array([take(plant.quantity(kind, name))])


def _signed(name: str, power: str) -> Reading:
    """A power factor with the sign of the active power, as model 701 wants it."""
    return lambda plant: np.copysign(plant.quantity("pcs", name), plant.quantity("pcs", power))


def _discharged(kind: str) -> Reading:
    """Depth of discharge, %: what state of charge leaves."""
    return lambda plant: 100.0 - plant.quantity(kind, "soc")


def _balanced(kind: str) -> Reading:
    """Cells whose bleed resistors work."""

    def count(plant: Plant) -> Array:
        bleeding = plant.quantity("cell", "status") == CellStatus.BALANCING
        each = 1 if kind == "container" else len(plant.quantity(kind, "soc"))
        total: Array = bleeding.reshape(each, -1).sum(axis=1).astype(np.float64)
        return total

    return count


def _heartbeat(plant: Plant) -> Array:
    return np.full(len(plant.quantity("rack", "soc")), plant.quantity("pcs", "heartbeat")[0])


def _on(plant: Plant) -> Array:
    state = plant.quantity("pcs", "state")
    running: Array = ((state != PcsState.SHUTDOWN) & (state != PcsState.FAULT)).astype(np.float64)
    return running


def _port_alarms(plant: Plant) -> Array:
    return np.array([float(bool(_dc_alarms(plant, n))) for n in range(len(plant.alarms("pcs")))])


def _inverter_state(plant: Plant, entry: int) -> set[str]:
    state = PcsState(int(plant.quantity("pcs", "state")[entry]))
    throttled = state is PcsState.RUNNING and bool(plant.quantity("pcs", "state_derating")[entry])
    return {"THROTTLED" if throttled else INVERTER_STATES[state]}


def _ac_alarms(plant: Plant, entry: int) -> set[str]:
    return {AC_ALARMS.get(name, "MANUFACTURER_ALRM") for name in plant.alarms("pcs")[entry]}


def _dc_alarms(plant: Plant, entry: int) -> set[str]:
    here = plant.alarms("pcs")[entry]
    ground = {"GROUND_FAULT"} if "LOW_INSULATION" in plant.alarms("bus")[entry] else set()
    apart = {"DC_DISCONNECT"} if "BMS_TRIP" in here else set()
    return {DC_ALARMS[name] for name in here if name in DC_ALARMS} | ground | apart


def _port_state(plant: Plant, entry: int) -> set[str]:
    if PcsState(int(plant.quantity("pcs", "state")[entry])) is PcsState.FAULT:
        return {"ERROR"}
    if _dc_alarms(plant, entry):
        return {"WARNING"}
    return {"ON" if plant.quantity("pcs", "state_running")[entry] else "OFF"}


def _storage_state(plant: Plant, entry: int) -> set[str]:
    """A warning from level 1 on, an error where level 3 has opened contactors."""
    if plant.quantity("bus", "state")[entry] == BatteryState.FAULT:
        return {"ERROR"}
    return {"WARNING" if plant.alarms("bus")[entry] else "OK"}


def _battery_state(plant: Plant, entry: int) -> set[str]:
    if plant.quantity("rack", "state")[entry] == BROKEN:
        return {"FAULT"}
    return {"CONNECTED" if plant.quantity("rack", "connection_state")[entry] == CLOSED else "DISCONNECTED"}


def _contactors(plant: Plant, entry: int) -> set[str]:
    return {"CONTACTOR_0"} if plant.quantity("rack", "connection_state")[entry] == CLOSED else set()


def _bank_state(plant: Plant, entry: int) -> set[str]:
    states = set().union(*(_battery_state(plant, rack) for rack in range(len(plant.quantity("rack", "soc")))))
    return {"CONNECTED"} if "CONNECTED" in states else states - {"DISCONNECTED"} or {"DISCONNECTED"}


def _bank_events(plant: Plant, entry: int) -> set[str]:
    racks = len(plant.quantity("rack", "soc"))
    return set().union(*(symbol_names(plant, "rack", "alarm_word_1", rack) for rack in range(racks)))


def _charge_state(plant: Plant, entry: int) -> set[str]:
    state = BatteryState(int(plant.quantity("rack", "state")[entry]))
    if state in (BatteryState.CHARGING, BatteryState.DISCHARGING):
        return {state.name}
    if plant.quantity("rack", "connection_state")[entry] != CLOSED:
        return {"OFF"}
    if plant.quantity("rack", "charge_complete")[entry]:
        return {"FULL"}
    low = plant.quantity("rack", "soc_min")[entry] + EMPTY
    return {"EMPTY" if plant.quantity("rack", "soc")[entry] <= low else "HOLDING"}


def _disconnected(plant: Plant, entry: int) -> set[str]:
    """Why a string is disabled; OTHER where its contactors are open without a trip."""
    state = _battery_state(plant, entry)
    return {"NONE"} if "CONNECTED" in state else {"FAULT" if "FAULT" in state else "OTHER"}


def _connection_failure(plant: Plant, entry: int) -> set[str]:
    return {"STRING_FAULT" if "FAULT" in _battery_state(plant, entry) else "NO_FAILURE"}


def _meter_events(plant: Plant, entry: int) -> set[str]:
    nominal = plant.design.grid_voltage
    lines = np.array([plant.quantity("meter", f"voltage_{pair}")[entry] for pair in ("l12", "l23", "l31")]) / nominal
    low, high = bool(lines.min() < VOLTAGE_BAND[0]), bool(lines.max() > VOLTAGE_BAND[1])
    return ({"M_EVENT_Under_Voltage"} if low else set()) | ({"M_EVENT_Over_Voltage"} if high else set())


_PHASES = ("l1", "l2", "l3")
_PAIRS = ("l12", "l23", "l31")

_SPAN = (("Max", "max", np.max), ("Min", "min", np.min), ("Avg", "mean", np.mean))

READINGS: dict[Key, Reading] = {
    ("pcs", 701, "St"): _on,
    ("pcs", 701, "LLV"): _mean("pcs", *(f"voltage_{pair}" for pair in _PAIRS)),
    ("pcs", 701, "LNV"): _mean("pcs", *(f"voltage_{phase}" for phase in _PHASES)),
    ("pcs", 701, "PF"): _signed("power_factor", "active_power"),
    **{
        ("pcs", 701, f"PF{phase.upper()}"): _signed(f"power_factor_{phase}", f"active_power_{phase}")
        for phase in _PHASES
    },
    ("pcs", 714, "PrtAlrms"): _port_alarms,
    ("pcs", 714, "DCA"): _same("pcs", "dc_current"),
    ("pcs", 714, "DCW"): _same("pcs", "dc_power"),
    ("pcs", 714, "DCWhInj"): _same("pcs", "dc_energy_discharged"),
    ("pcs", 714, "DCWhAbs"): _same("pcs", "dc_energy_charged"),
    ("rack", 802, "DoD"): _discharged("rack"),
    ("rack", 802, "Hb"): _heartbeat,
    ("rack", 803, "NStrCon"): _same("rack", "connection_state"),
    ("rack", 803, "NCellBal"): _balanced("rack"),
    ("rack", 803, "ModTmpMax"): _same("rack", "temperature_max"),
    ("rack", 803, "ModTmpMaxMod"): _same("rack", "temperature_max_module"),
    ("rack", 803, "ModTmpMin"): _same("rack", "temperature_min"),
    ("rack", 803, "ModTmpMinMod"): _same("rack", "temperature_min_module"),
    ("rack", 803, "ModTmpAvg"): _same("rack", "temperature_mean"),
    **{("rack", 803, f"StrV{which}"): _same("rack", "voltage") for which in ("Max", "Min", "Avg")},
    **{("rack", 803, f"StrA{which}"): _same("rack", "current") for which in ("Max", "Min", "Avg")},
    ("rack", 804, "DoD"): _discharged("rack"),
    ("rack", 804, "NCellBal"): _balanced("rack"),
    ("module", 805, "DoD"): _discharged("module"),
    ("module", 805, "NCellBal"): _balanced("module"),
    ("container", 802, "DoD"): _discharged("container"),
    ("container", 802, "V"): _over(np.mean, "rack", "voltage"),
    ("container", 802, "A"): _over(np.sum, "rack", "current"),
    ("container", 802, "AChaMax"): _over(np.sum, "bus", "charge_current_limit"),
    ("container", 802, "ADisChaMax"): _over(np.sum, "bus", "discharge_current_limit"),
    ("container", 802, "CellVAvg"): _over(np.mean, "rack", "cell_voltage_mean"),
    ("container", 803, "NStrCon"): _over(np.sum, "rack", "connection_state"),
    ("container", 803, "NCellBal"): _balanced("container"),
    **{("container", 803, f"ModTmp{which}"): _over(of, "rack", f"temperature_{name}") for which, name, of in _SPAN},
    **{("container", 803, f"StrV{which}"): _over(of, "rack", "voltage") for which, _, of in _SPAN},
    **{("container", 803, f"StrA{which}"): _over(of, "rack", "current") for which, _, of in _SPAN},
}

CODED: dict[Key, Names] = {
    ("meter", 203, "Evt"): _meter_events,
    ("pcs", 701, "InvSt"): _inverter_state,
    ("pcs", 701, "Alrm"): _ac_alarms,
    ("pcs", 701, "ThrotSrc"): lambda plant, entry: (
        {"DERATED"} if plant.quantity("pcs", "state_derating")[entry] else set()
    ),
    ("pcs", 713, "Sta"): _storage_state,
    ("pcs", 714, "DCSta"): _port_state,
    ("pcs", 714, "DCAlrm"): _dc_alarms,
    ("rack", 802, "State"): _battery_state,
    ("rack", 802, "ChaSt"): _charge_state,
    ("rack", 803, "StrConFail"): _connection_failure,
    ("rack", 803, "StrDisRsn"): _disconnected,
    ("rack", 803, "StrConSt"): _contactors,
    ("rack", 804, "ConFail"): _connection_failure,
    ("rack", 804, "ConSt"): _contactors,
    ("container", 802, "State"): _bank_state,
    ("container", 802, "Evt1"): _bank_events,
}
