"""Vendor-neutral codes of states. A binding translates them to a vendor's symbols; no number here is a vendor's."""

from __future__ import annotations

from enum import IntEnum, IntFlag


class PcsState(IntEnum):
    """Operating state of a PCS."""

    SHUTDOWN = 0
    STANDBY = 1
    STARTING = 2
    RUNNING = 3
    FAULT = 4


class BatteryState(IntEnum):
    """State of a rack or of a DC bus."""

    INITIALISING = 0
    READY = 1
    DISCHARGING = 2
    CHARGING = 3
    FAULT = 4


class Contactor(IntEnum):
    """A contactor's feedback."""

    OPEN = 0
    CLOSED = 1


class CoolingState(IntEnum):
    """What the liquid thermal management does."""

    OFF = 0
    SELF_CIRCULATION = 1
    COOLING = 2
    HEATING = 3


class PumpStatus(IntEnum):
    """Status of a pump."""

    STOPPED = 0
    RUNNING = 1
    FAULT = 2


class ModuleStatus(IntEnum):
    """Status of a module."""

    OUT_OF_SERVICE = 0
    IN_SERVICE = 1
    ALARM = 2


class CellStatus(IntFlag):
    """Bits of one cell."""

    NONE = 0
    BALANCING = 1


class SmokeMode(IntEnum):
    """Operating mode of a smoke detector."""

    INITIALISING = 0
    NORMAL = 1
    TEST = 2
    DISABLED = 3


class SmokeLevel(IntEnum):
    """Highest smoke level reached."""

    NONE = 0
    ALERT = 1
    ACTION_1 = 2
    ACTION_2 = 3
    FIRE_1 = 4
    FIRE_2 = 5


class LeakStatus(IntFlag):
    """Bits of a leak sensing cable."""

    NONE = 0
    LEAK = 1
    CABLE_BREAK = 2
    CONTAMINATION = 4


class FireStage(IntEnum):
    """Stage of the fire panel."""

    NORMAL = 0
    PRIMARY = 1
    SECONDARY = 2
    RELEASED = 3
