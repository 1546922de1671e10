"""States and alarms in a vendor's words: the physics names them neutrally, a map's symbols say which bit that is."""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum, IntFlag

from bessinside.emulator.basis.codes import BatteryState, CoolingState, LeakStatus, PcsState, SmokeLevel, SmokeMode
from bessinside.emulator.whole.plant import Plant

Names = Callable[[Plant, int], set[str]]

# What maps call the same thing.
SYNONYMS: dict[str, tuple[str, ...]] = {
    "CELL_VOLTAGE_SPREAD": ("CELL_SPREAD",),
    "RACK_OVERVOLTAGE": ("TOTAL_OVERVOLTAGE", "OVER_VOLTAGE"),
    "RACK_UNDERVOLTAGE": ("TOTAL_UNDERVOLTAGE", "UNDER_VOLTAGE"),
    "MODULE_OVERVOLTAGE": ("PACK_OVERVOLTAGE",),
    "HIGH_CHARGE_TEMPERATURE": ("CHARGE_OVERTEMPERATURE",),
    "LOW_CHARGE_TEMPERATURE": ("CHARGE_UNDERTEMPERATURE",),
    "HIGH_DISCHARGE_TEMPERATURE": ("DISCHARGE_OVERTEMPERATURE",),
    "LOW_DISCHARGE_TEMPERATURE": ("DISCHARGE_UNDERTEMPERATURE",),
    "LOW_INSULATION": ("INSULATION_LOW",),
    "LOW_SOC": ("SOC_LOW",),
    "HIGH_SOC": ("SOC_HIGH",),
    "SELF_CIRCULATION": ("CIRCULATION",),
    "EXTERNAL_LEAK": ("EXTERNAL",),
    "INTERNAL_LEAK": ("INTERNAL",),
    "LOW_COOLANT_PRESSURE": ("OUTLET_PRESSURE", "RESERVOIR"),
    "HIGH_COOLANT_TEMPERATURE": ("OUTLET_TEMPERATURE",),
    "PUMP_FAULT": ("PUMP",),
    "FAN_FAULT": ("FAN",),
    "BUS_UNBALANCE": ("DC_UNBALANCE",),
    "COMMUNICATION": ("SLAVE_COMMUNICATION", "INTERNAL_COMMUNICATION"),
    "TEMPERATURE_ACQUISITION": ("TEMPERATURE_SENSORS",),
    "EMERGENCY_STOP": ("EMERGENCY_STOP_OR_FUSE", "EMERGENCY_OFF"),
    "DC_BUS_OVERVOLTAGE": ("DC_OVERVOLTAGE",),
    "DC_BUS_UNDERVOLTAGE": ("DC_UNDERVOLTAGE",),
    "OVERTEMPERATURE": ("HEAT_SINK_OVERTEMPERATURE",),
    "INITIALISING": ("INIT", "INITIALISATION"),
}


def _code(kind: str, name: str, codes: type[IntEnum]) -> Names:
    return lambda plant, entry: {codes(int(plant.quantity(kind, name)[entry])).name}


def _flags(kind: str, name: str, codes: type[IntFlag]) -> Names:
    return lambda plant, entry: {
        flag.name for flag in codes(int(plant.quantity(kind, name)[entry])) if flag.name is not None
    }


def _alarms(kind: str, level: int | None = None) -> Names:
    return lambda plant, entry: plant.alarms(kind, level)[entry]


EVENTS: dict[str, str] = {
    "CELL_OVERVOLTAGE": "OVER_VOLT",
    "RACK_OVERVOLTAGE": "OVER_VOLT",
    "MODULE_OVERVOLTAGE": "OVER_VOLT",
    "CELL_UNDERVOLTAGE": "UNDER_VOLT",
    "RACK_UNDERVOLTAGE": "UNDER_VOLT",
    "HIGH_CHARGE_TEMPERATURE": "OVER_TEMP",
    "HIGH_DISCHARGE_TEMPERATURE": "OVER_TEMP",
    "LOW_CHARGE_TEMPERATURE": "UNDER_TEMP",
    "LOW_DISCHARGE_TEMPERATURE": "UNDER_TEMP",
    "CHARGE_OVERCURRENT": "OVER_CHARGE_CURRENT",
    "DISCHARGE_OVERCURRENT": "OVER_DISCHARGE_CURRENT",
    "LOW_SOC": "UNDER_SOC_MIN",
    "HIGH_SOC": "OVER_SOC_MAX",
    "CELL_VOLTAGE_SPREAD": "VOLTAGE_IMBALANCE",
    "TEMPERATURE_SPREAD": "TEMPERATURE_IMBALANCE",
}


UNNAMED = {("CELL_VOLTAGE_SPREAD", "ALARM")}


def _events(plant: Plant, entry: int) -> set[str]:
    """SunSpec's event names: level 1 is a warning, levels 2 and 3 are alarms; an insulation fault has one name."""
    names = set()
    for level, word in ((1, "WARNING"), (2, "ALARM"), (3, "ALARM")):
        active = plant.alarms("rack", level)[entry]
        names |= {f"{EVENTS[alarm]}_{word}" for alarm in active if alarm in EVENTS}
        # The models know an imbalance of voltages as a warning alone, and other troubles by no name.
        names |= {f"OTHER_{word}" for alarm in active if alarm not in EVENTS or (alarm, word) in UNNAMED}
        names |= {"GROUND_FAULT"} if "LOW_INSULATION" in active else set()
    return names


def _smoke_levels(plant: Plant, entry: int) -> set[str]:
    """Every level up to the one reached: a detector's levels latch one above the other."""
    reached = int(plant.quantity("smoke", "alarm_level")[entry])
    return {level.name for level in SmokeLevel if 0 < level <= reached}


def _summary(plant: Plant, entry: int) -> set[str]:
    leaks = _flags("leak", "status", LeakStatus)(plant, entry)
    return leaks | ({"SUMMARY"} if leaks else set())


def _rack_state(plant: Plant, entry: int) -> set[str]:
    state = _code("rack", "state", BatteryState)(plant, entry)
    closed = bool(plant.quantity("rack", "relay_positive")[entry])
    connected = {"CONTACTOR_STATUS", "STRING_ENABLED"} if closed else set()
    return state | connected | ({"ALARM"} if plant.alarms("rack")[entry] else set())


def _pcs_state(plant: Plant, entry: int) -> set[str]:
    """The state itself, and what it means for a state word whose bits stand side by side."""
    state = PcsState(int(plant.quantity("pcs", "state")[entry]))
    found = {state.name}
    found |= {"ON_GRID"} if state is PcsState.RUNNING else set()
    found |= {"SWITCHED_ON"} if state in (PcsState.STARTING, PcsState.RUNNING) else set()
    found |= {"GRID_CONNECTION_ALLOWED"} if state not in (PcsState.SHUTDOWN, PcsState.FAULT) else set()
    found |= {"ALARM"} if plant.alarms("pcs")[entry] else set()
    return found | ({"DERATING"} if plant.quantity("pcs", "state_derating")[entry] else set())


def _dc_state(plant: Plant, entry: int) -> set[str]:
    """What the DC side of a PCS does, and what its battery lets it do."""
    racks = slice(entry * plant.circuit.racks_on_bus, (entry + 1) * plant.circuit.racks_on_bus)
    flow = BatteryState(int(plant.quantity("bus", "state")[entry])).name
    found = {flow} & {"CHARGING", "DISCHARGING"}
    found |= {"BATTERY_FULL"} if plant.bms.full[racks].any() else set()
    found |= {"BATTERY_EMPTY"} if not plant.bms.discharge_limit[racks].any() else set()
    faults = {name for name in plant.alarms("pcs")[entry] if name.startswith("DC_")}
    return found | ({"DC_FAULT"} if faults else set()) | ({"DC_ALARM"} if plant.alarms("bus")[entry] else set())


def _dc_faults(plant: Plant, entry: int) -> set[str]:
    """The alarms; what is a bus voltage elsewhere is the voltage of the DC input here."""
    alarms = plant.alarms("pcs")[entry]
    return alarms | {name.replace("DC_BUS_", "INPUT_") for name in alarms if name.startswith("DC_BUS_")}


def _charge_indication(kind: str) -> Names:
    words = {BatteryState.DISCHARGING: "DISCHARGE", BatteryState.CHARGING: "CHARGE"}
    return lambda plant, entry: {words.get(BatteryState(int(plant.quantity(kind, "state")[entry])), "STANDBY")}


def _rack_run_state(plant: Plant, entry: int) -> set[str]:
    """One of five: what may still be done with the rack, or what it does."""
    bms = plant.bms
    if not bms.circuit.closed[entry]:
        return {"STOPPED"}
    if bms.full[entry]:
        return {"FULL"}
    if bms.discharge_limit[entry] == 0.0:
        return {"EMPTY"}
    return {"STANDBY"} if _charge_indication("rack")(plant, entry) == {"STANDBY"} else {"NORMAL"}


def _bus_run_state(plant: Plant, entry: int) -> set[str]:
    """A master unit: stopped when no rack is connected, full or empty as soon as one of the connected is."""
    size = plant.circuit.racks_on_bus
    states = [_rack_run_state(plant, rack) for rack in range(entry * size, (entry + 1) * size)]
    connected = set().union(*states) - {"STOPPED"}
    ordered = ("FULL", "EMPTY", "NORMAL", "STANDBY")
    return {next((state for state in ordered if state in connected), "STOPPED")}


def _contactor(plant: Plant, entry: int) -> set[str]:
    closed = bool(plant.quantity("rack", "connection_state")[entry])
    return {"CLOSED", "RUNNING"} if closed else {"OPEN", "OFF"}


def _maintenance(plant: Plant, entry: int) -> set[str]:
    return plant.bms.maintenance()[entry]


NAMES: dict[tuple[str, str], Names] = {
    ("pcs", "state"): _pcs_state,
    ("pcs", "dc_state"): _dc_state,
    **{("pcs", f"dc_fault_word_{n}"): _alarms("pcs") for n in (2, 3)},
    ("pcs", "dc_fault_word_1"): _dc_faults,
    ("rack", "run_state"): _rack_run_state,
    ("rack", "charge_indication"): _charge_indication("rack"),
    ("rack", "connection_state"): _contactor,
    ("bus", "run_state"): _bus_run_state,
    ("bus", "charge_indication"): _charge_indication("bus"),
    **{("bus", f"alarm_{n}_low"): _alarms("bus", n) for n in (1, 2, 3)},
    ("rack", "state"): _rack_state,
    **{("rack", f"alarm_{n}_{half}"): _alarms("rack", n) for n in (1, 2, 3) for half in ("high", "low")},
    **{("rack", word): _maintenance for word in ("maintenance_low", "alarm_word_2")},
    **{("pcs", f"fault_word_{n}"): _alarms("pcs") for n in range(1, 6)},
    ("rack", "alarm_word_1"): _events,
    ("bus", "alarm_word_1"): _alarms("bus"),
    ("container", "cooling_state"): _code("container", "cooling_state", CoolingState),
    ("cooling", "leak_flags"): _alarms("cooling"),
    ("cooling", "status_alarm"): _alarms("cooling"),
    ("smoke", "alarm_level"): _smoke_levels,
    ("smoke", "relays"): _smoke_levels,
    ("smoke", "faults"): _alarms("smoke"),
    ("smoke", "operating_mode"): _code("smoke", "operating_mode", SmokeMode),
    ("leak", "status"): _summary,
}


def symbol_names(plant: Plant, kind: str, name: str, entry: int) -> set[str]:
    """What is true now of one part, in every word that a map may use for it."""
    names = NAMES[kind, name](plant, entry)
    return names if not names else names | {word for known in names for word in SYNONYMS.get(known, ())}
