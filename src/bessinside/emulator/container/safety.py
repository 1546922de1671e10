"""The container's safety chain: smoke (3), heat (2), H₂ (2), CO (2) and leak (2) sensors, door, emergency stop, fans.

    smoke ≥ 0.66 %/m or heat ≥ 60 °C            → fire panel (extinguisher.py)
    H₂ ≥ 4,000 ppm or CO ≥ 50 ppm               → exhaust fans, until below half of it
    H₂ ≥ 10,000 ppm or CO ≥ 200 ppm             → emergency stop, latched until `reset`
    emergency stop, gas high or confirmed fire  → PCS stop, then all contactors open

A clean cabin shows 0.015 %/m of obscuration; the aspirator turns at 3,100 rpm; a CO cell wanders around 1 ppm, an H₂
cell around 8 ppm; a dry sensing cable carries some microamperes. Smoke levels: alert 0.08, action 0.16 and 0.33, fire
0.66 and 1.6 %/m. 4,000 and 10,000 ppm are 10 and 25 % of the lower flammable limit of H₂, 4 % by volume. Heat: within
the 54–70 °C of class A2 detectors (EN 54-5). All other values are engineering assumptions inside the instruments'
published ranges.

The levers `smoke` %/m, `heat` K, `h2` and `co` ppm say what there is at the sensors nearest to it; the others see the
shares `NEARNESS` of it. `leak` and `leak_inside` are A more at the cable around the racks and at that in the pump unit.
Detector 1 and the cable around the racks speak Modbus; all others are wired to the fire panel.
"""

from __future__ import annotations

import numpy as np

from bessinside.emulator.basis.codes import FireStage, LeakStatus, SmokeLevel, SmokeMode
from bessinside.emulator.basis.noise import MeanReverting
from bessinside.emulator.basis.table import Array, Mask
from bessinside.emulator.container.extinguisher import Extinguisher

SMOKE, HEAT, H2, CO, LEAK = 3, 2, 2, 2, 2  # sensors of each sort
NEARNESS = (1.0, 0.8, 0.65)
ASPIRATOR = 3100.0  # rpm
LEAK_CURRENT = 120e-6  # A
CABLE_LENGTH = 42.5  # m
FAN_SPEED = 2700.0  # rpm
FAN_POWER = 180.0  # W each
FAN_EXCHANGE = 600.0  # W/K that the air of one fan carries: 0.5 m³/s
DOOR_EXCHANGE = 900.0  # W/K through an open door
LEVELS = np.array([0.08, 0.16, 0.33, 0.66, 1.6])  # %/m
THRESHOLDS = ("alert_threshold", "action_1_threshold", "action_2_threshold", "fire_1_threshold")
DISPLAY = np.linspace(LEVELS[0], LEVELS[-1], 10)  # %/m for each step of the bar on the detector's front
HEAT_ALARM, HEAT_BACK = 60.0, 54.0  # °C
SMOKE_ALARM = SmokeLevel.FIRE_1
BACK = 0.8  # share of a smoke threshold below which its level ends

_SENSORS = np.array([CO, H2])
GAS_LOW = np.repeat([50.0, 4000.0], _SENSORS)  # ppm
GAS_HIGH = np.repeat([200.0, 10000.0], _SENSORS)
GAS_BACK = 0.5  # share of the low threshold below which the fans stop

# Calm value, slow wander (τ 10 min) and fast noise (τ 4 s) of smoke, CO, H₂, leak and heat sensors.
_COUNTS = np.array([SMOKE, CO, H2, LEAK, HEAT])
# Heat detectors hang under the roof: 1 K over the air below.
_CALM = np.repeat([0.015, 1.0, 8.0, 4e-6, 1.0], _COUNTS)
_SLOW = np.repeat([0.002, 0.4, 3.0, 0.6e-6, 0.15], _COUNTS)
_FAST = np.repeat([0.0006, 0.15, 1.0, 0.1e-6, 0.03], _COUNTS)
_SMOKE, _CO, _H2, _LEAK, _HEAT = (
    slice(int(end - count), int(end)) for end, count in zip(_COUNTS.cumsum(), _COUNTS, strict=True)
)
_GAS = slice(_CO.start, _H2.stop)
# Where nothing has a level and none that had one keeps it; a leak has no level.
_QUIET = np.repeat([BACK * LEVELS[0], 50.0 * GAS_BACK, 4000.0 * GAS_BACK, np.inf, HEAT_BACK], _COUNTS)
# What each lever does at each sensor: smoke, CO, H₂, both leaks, heat.
_REACH = np.zeros((_COUNTS.sum(), 6))
_REACH[_SMOKE, 0], _REACH[_CO, 1], _REACH[_H2, 2], _REACH[_HEAT, 5] = (
    NEARNESS,
    NEARNESS[:CO],
    NEARNESS[:H2],
    NEARNESS[:HEAT],
)
_REACH[_LEAK, 3:5] = np.eye(LEAK)


class Safety:
    """All levers from outside and what the sensors make of them; arrays hold one value for each sensor."""

    def __init__(self, chance: np.random.Generator) -> None:
        self.smoke = 0.0
        self.heat = 0.0
        self.h2 = 0.0
        self.co = 0.0
        self.leak = 0.0
        self.leak_inside = 0.0
        self.leak_at = 17.3  # m along the cable around the racks
        self.door_open = False
        self.estop = False
        self.extinguisher = Extinguisher()
        self.gas_low = False
        self.gas_high = False
        self.fan_share = 0.0  # speed of both exhaust fans
        self.slow_noise = MeanReverting(_SLOW, 600.0, chance)
        self.fast_noise = MeanReverting(np.concatenate([_FAST, [12.0, 6.0, 6.0, 0.1]]), 4.0, chance)
        self._level = np.zeros(SMOKE, dtype=np.intp)
        self._hot: Mask = np.zeros(HEAT, dtype=np.bool_)
        self._raised = False  # whether smoke, heat or gas has any level
        self._measure(25.0)
        self.day_high = self.day_low = float(self.obscuration[0])
        self._day = -1

    def step(self, dt: float, air: float = 25.0, day: int = 0) -> None:
        """Advances by `dt` s; `air` °C of the cabin, `day` any number that changes at midnight."""
        self.slow_noise.step(dt)
        self.fast_noise.step(dt)
        self._measure(air)
        first = float(self._value[0])
        if day != self._day:
            self._day, self.day_high, self.day_low = day, first, first
        self.day_high, self.day_low = max(self.day_high, first), min(self.day_low, first)
        panel = self.extinguisher
        panel.step(
            dt,
            smoke=self._raised and bool(self._level.max() >= SMOKE_ALARM),
            heat=self._raised and bool(self._hot.any()),
            door_open=self.door_open,
        )
        running = (self.gas_low or panel.purges) and not panel.still_air
        self.fan_share += min(max(float(running) - self.fan_share, -0.1 * dt), 0.2 * dt)

    def _measure(self, air: float) -> None:
        levers = (self.smoke, self.co, self.h2, self.leak, self.leak_inside, self.heat)
        value: Array = _CALM + self.slow_noise.value + self.fast_noise.value[: len(_CALM)]
        if any(levers):
            value += _REACH @ levers
        np.maximum(value, 0.0, out=value)
        value[_HEAT] += air
        self._value = value
        # Below all of these nothing is raised, and what was raised falls back.
        if (value >= _QUIET).any():
            self._judge()
        elif self._raised:
            self._level, self._hot, self.gas_low, self._raised = self._level * 0, self._hot & False, False, False

    def _judge(self) -> None:
        """Levels of smoke, heat and gas, with their ways back."""
        reached = LEVELS.searchsorted(self.obscuration, side="right")
        kept = (BACK * LEVELS).searchsorted(self.obscuration, side="right")
        self._level = np.maximum(reached, np.minimum(self._level, kept))
        self._hot = self.heat_reading >= np.where(self._hot, HEAT_BACK, HEAT_ALARM)
        gas = self._value[_GAS]
        self.gas_low = float((gas / GAS_LOW).max()) >= (GAS_BACK if self.gas_low else 1.0)
        self.gas_high = self.gas_high or bool(self.gas_low and (gas >= GAS_HIGH).any())
        self._raised = bool(self._level.any() or self._hot.any() or self.gas_low)

    @property
    def obscuration(self) -> Array:
        """%/m of each smoke detector."""
        return self._value[_SMOKE]

    @property
    def co_reading(self) -> Array:
        """ppm of each CO cell."""
        return self._value[_CO]

    @property
    def h2_reading(self) -> Array:
        """ppm of each H₂ cell."""
        return self._value[_H2]

    @property
    def cable_current(self) -> Array:
        """A of each sensing cable."""
        return self._value[_LEAK]

    @property
    def heat_reading(self) -> Array:
        """°C of each heat detector."""
        return self._value[_HEAT]

    @property
    def stop(self) -> bool:
        """Whether the plant must stand: PCS stopped, contactors open."""
        return self.estop or self.gas_high or self.extinguisher.stops_plant

    def reset(self) -> None:
        """The operator's reset of panel and gas alarm; what still holds comes back with the next step."""
        self.extinguisher.reset()
        self.gas_high = False

    @property
    def fans_on(self) -> bool:
        """Whether an exhaust fan turns."""
        return self.fan_share > 0.0

    @property
    def fan_power(self) -> float:
        """W of both exhaust fans."""
        return 2.0 * FAN_POWER * self.fan_share

    @property
    def exchange(self) -> float:
        """W/K that fans and an open door exchange with the outdoor air."""
        return 2.0 * FAN_EXCHANGE * self.fan_share + (DOOR_EXCHANGE if self.door_open else 0.0)

    @property
    def level(self) -> SmokeLevel:
        """Highest smoke level of any detector."""
        return SmokeLevel(int(self._level.max()))

    @property
    def leaking(self) -> bool:
        """Whether the cable around the racks carries the current of a leak."""
        return bool(self.cable_current[0] >= LEAK_CURRENT)

    @property
    def leaking_inside(self) -> bool:
        """Whether the cable inside the pump unit does."""
        return bool(self.cable_current[1] >= LEAK_CURRENT)

    def fan_speeds(self) -> Array:
        """rpm of both exhaust fans; one that stands shows 0."""
        speeds: Array = self.fan_share * (FAN_SPEED + self.fast_noise.value[-3:-1])
        return speeds

    def smoke_readings(self, air: float) -> dict[str, Array]:
        """Kind `smoke`, detector 1; `air` °C of the cabin. Relays: one bit per level from 1."""
        level = float(self._level[0])
        shown = (self.obscuration[0] >= DISPLAY).sum()
        values = {
            "alarm_level": level,
            "obscuration": self.obscuration[0],
            "obscuration_max": self.day_high,
            "obscuration_min": self.day_low,
            "display_level": shown,
            **dict(zip(THRESHOLDS, LEVELS, strict=False)),
            "relays": 2.0**level - 1.0,
            "faults": 0.0,
            "fan_speed": ASPIRATOR + self.fast_noise.value[-4],
            "operating_mode": SmokeMode.NORMAL,
            "air_temperature": air + self.fast_noise.value[-1],
        }
        return {name: np.array([float(value)]) for name, value in values.items()}

    def leak_readings(self) -> dict[str, Array]:
        """Kind `leak`; the distance is 0 while nothing leaks, as such instruments show it."""
        values = {
            "status": LeakStatus.LEAK if self.leaking else LeakStatus.NONE,
            "distance": self.leak_at if self.leaking else 0.0,
            "current": self.cable_current[0],
            "cable_length": CABLE_LENGTH,
        }
        return {name: np.array([float(value)]) for name, value in values.items()}

    def smoke_alarms(self) -> set[str]:
        """Names of all smoke levels reached."""
        return {level.name for level in SmokeLevel if 0 < level <= self.level}

    def leak_alarms(self) -> set[str]:
        """Names of what the sensing cables report."""
        return {"LEAK_DETECTED"} if self.leaking or self.leaking_inside else set()

    def container_alarms(self) -> set[str]:
        """Names of what gas sensors, fire panel, door and emergency stop report."""
        stage = self.extinguisher.stage
        found = {
            "HIGH_CO": bool((self.co_reading >= GAS_LOW[:CO]).any()),
            "HIGH_H2": bool((self.h2_reading >= GAS_LOW[CO:]).any()),
            "GAS_STOP": self.gas_high,
            "EMERGENCY_STOP": self.estop,
            "DOOR_OPEN": self.door_open,
            "HEAT": bool(self._hot.any()),
            "FIRE_PRIMARY": stage is FireStage.PRIMARY,
            "FIRE_SECONDARY": stage >= FireStage.SECONDARY,
            "AGENT_RELEASED": stage is FireStage.RELEASED,
        }
        return {name for name, active in found.items() if active}
