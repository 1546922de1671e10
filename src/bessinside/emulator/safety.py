"""Smoke, gas and leak: aspirating smoke detector, CO sensor, leak sensing cable, exhaust fans. Calm, with small noise.

A clean cabin shows 0.015 %/m of obscuration; the aspirator turns at 3,100 rpm; a CO cell wanders around 1 ppm; a dry
sensing cable carries some microamperes. Smoke levels: alert 0.08, action 0.16 and 0.33, fire 0.66 and 1.6 %/m. CO
from 50 ppm starts the exhaust fans, and they stop again below 25 ppm. All values are engineering assumptions inside
the instruments' published ranges.
"""

from __future__ import annotations

import numpy as np

from bessinside.emulator.codes import LeakStatus, SmokeLevel, SmokeMode
from bessinside.emulator.noise import MeanReverting
from bessinside.emulator.table import Array

CLEAN_AIR = 0.015  # %/m
ASPIRATOR = 3100.0  # rpm
CO_FLOOR = 1.0  # ppm
CABLE_CURRENT = 4e-6  # A, dry
LEAK_CURRENT = 120e-6  # A
CABLE_LENGTH = 42.5  # m
FAN_SPEED = 2700.0  # rpm
FAN_POWER = 180.0  # W each
FAN_START, FAN_STOP = 50.0, 25.0  # ppm
LEVELS = np.array([0.08, 0.16, 0.33, 0.66, 1.6])  # %/m


class Safety:
    """Sensors of the container. `smoke` %/m, `gas` ppm and `leak` (A, m) are added to the calm values from outside."""

    def __init__(self, chance: np.random.Generator) -> None:
        self.smoke = 0.0
        self.gas = 0.0
        self.leak: tuple[float, float] | None = None
        self.fans_on = False
        self.fan_share = np.zeros(2)
        self._slow = MeanReverting(np.array([0.002, 0.4, 0.6e-6]), 600.0, chance)
        self._fast = MeanReverting(np.array([0.0006, 0.15, 0.1e-6, 12.0, 6.0, 6.0, 0.1]), 4.0, chance)
        self._measure()

    def step(self, dt: float) -> None:
        """Advances by `dt` s."""
        self._slow.step(dt)
        self._fast.step(dt)
        self._measure()
        self.fans_on = self.gas_reading >= FAN_START or (self.fans_on and self.gas_reading > FAN_STOP)
        self.fan_share += np.clip(float(self.fans_on) - self.fan_share, -0.1 * dt, 0.2 * dt)

    def _measure(self) -> None:
        slow, fast = self._slow.value, self._fast.value
        self.obscuration = max(CLEAN_AIR + float(slow[0] + fast[0]) + self.smoke, 0.0)
        self.gas_reading = max(CO_FLOOR + float(slow[1] + fast[1]) + self.gas, 0.0)
        extra = 0.0 if self.leak is None else self.leak[0]
        self.cable_current = max(CABLE_CURRENT + float(slow[2] + fast[2]) + extra, 0.0)

    @property
    def fan_power(self) -> float:
        """W of both exhaust fans."""
        return FAN_POWER * float(self.fan_share.sum())

    @property
    def level(self) -> SmokeLevel:
        """Highest smoke level that the air reaches."""
        return SmokeLevel(int((self.obscuration >= LEVELS).sum()))

    @property
    def leaking(self) -> bool:
        """Whether the cable carries the current of a leak."""
        return self.cable_current >= LEAK_CURRENT

    def fan_speeds(self) -> Array:
        """rpm of both exhaust fans; one that stands shows 0."""
        return self.fan_share * (FAN_SPEED + self._fast.value[4:6])

    def smoke_readings(self, air: float) -> dict[str, Array]:
        """Kind `smoke`; `air` °C of the cabin. Relays: one bit per level from 1."""
        level = int(self.level)
        return {
            "alarm_level": np.array([float(level)]),
            "obscuration": np.array([self.obscuration]),
            "relays": np.array([float(2**level - 1)]),
            "faults": np.zeros(1),
            "fan_speed": np.array([ASPIRATOR + self._fast.value[3]]),
            "operating_mode": np.array([float(SmokeMode.NORMAL)]),
            "air_temperature": np.array([air + self._fast.value[6]]),
        }

    def leak_readings(self) -> dict[str, Array]:
        """Kind `leak`; the distance is 0 while nothing leaks, as such instruments show it."""
        distance = self.leak[1] if self.leak is not None and self.leaking else 0.0
        return {
            "status": np.array([float(LeakStatus.LEAK if self.leaking else LeakStatus.NONE)]),
            "distance": np.array([distance]),
            "current": np.array([self.cable_current]),
            "cable_length": np.array([CABLE_LENGTH]),
        }

    def smoke_alarms(self) -> set[str]:
        """Names of all smoke levels reached."""
        return {level.name for level in SmokeLevel if 0 < level <= self.level}

    def leak_alarms(self) -> set[str]:
        """Names of what the sensing cable reports."""
        return {"LEAK_DETECTED"} if self.leaking else set()

    def gas_alarms(self) -> set[str]:
        """Names of what the gas sensors report."""
        return {"HIGH_CO"} if self.fans_on else set()
