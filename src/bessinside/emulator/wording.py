"""States and alarms in a vendor's words: the physics names them neutrally, a map's symbols say which bit that is."""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum, IntFlag

from bessinside.emulator.codes import BatteryState, CoolingState, LeakStatus, SmokeLevel, SmokeMode
from bessinside.emulator.plant import Plant

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
    "EMERGENCY_STOP": ("EMERGENCY_STOP_OR_FUSE",),
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


def _events(plant: Plant, entry: int) -> set[str]:
    """SunSpec's event names: level 1 is a warning, levels 2 and 3 are alarms; an insulation fault has one name."""
    names = set()
    for level, word in ((1, "WARNING"), (2, "ALARM"), (3, "ALARM")):
        active = plant.alarms("rack", level)[entry]
        names |= {f"{EVENTS[alarm]}_{word}" for alarm in active if alarm in EVENTS}
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


NAMES: dict[tuple[str, str], Names] = {
    ("rack", "state"): _rack_state,
    **{("rack", f"alarm_{n}_{half}"): _alarms("rack", n) for n in (1, 2, 3) for half in ("high", "low")},
    **{("pcs", f"fault_word_{n}"): _alarms("pcs") for n in range(1, 6)},
    ("rack", "alarm_word_1"): _events,
    ("bus", "alarm_word_1"): _alarms("bus"),
    ("container", "cooling_state"): _code("container", "cooling_state", CoolingState),
    ("cooling", "leak_flags"): _alarms("cooling"),
    ("smoke", "alarm_level"): _smoke_levels,
    ("smoke", "relays"): _smoke_levels,
    ("smoke", "faults"): _alarms("smoke"),
    ("smoke", "operating_mode"): _code("smoke", "operating_mode", SmokeMode),
    ("leak", "status"): _summary,
}


def symbol_names(plant: Plant, kind: str, name: str, entry: int) -> set[str]:
    """What is true now of one part, in every word that a map may use for it."""
    names = NAMES[kind, name](plant, entry)
    return names | {word for known in names for word in SYNONYMS.get(known, ())}
