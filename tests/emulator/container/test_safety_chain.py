"""The safety chain through the whole plant, down to the registers that a device of the plant has for it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
import pytest

from bessinside.emulator.basis.codes import FireStage, PcsState
from bessinside.emulator.container.weather import NS
from bessinside.emulator.whole.plant import Plant
from bessinside.emulator.whole.schedule import Schedule
from bessinside.emulator.worlds import sunspec
from bessinside.emulator.worlds.world import World
from bessinside.plant import Binding, bind, load_plant
from bessinside.registers import load_map

NOON = 1_750_000_000 // 86400 * 86400 * NS + 12 * 3600 * NS


@cache
def binding() -> Binding:
    file = load_plant("ref-5m")
    return bind(
        file, lambda device: sunspec.device_map(device, file) if device.map == "sunspec" else load_map(device.map)
    )


class Site:
    """A plant at work and its registers; `shown` reads a figure back as the world last wrote it."""

    def __init__(self, power: float = 2.0e6) -> None:
        self.plant = Plant(5, NOON, Schedule(np.array([0.0]), np.array([power])))
        self.world = World(binding(), self.plant)
        self.run(60)

    def run(self, seconds: int, until: Callable[[Plant], bool] = lambda plant: False) -> int:
        """Steps of 1 s, at most `seconds` of them; how many it took."""
        for second in range(seconds):
            if until(self.plant):
                return second
            self.plant.step(1.0)
        self.world.refresh()
        return seconds

    def shown(self, part: str, metric: str) -> float:
        self.world.refresh()
        found = [
            value
            for value, where, known in zip(self.world.values, binding().parts, binding().metrics, strict=True)
            if where == part and known is not None and known.name == metric
        ]
        assert found, f"{part}.{metric} is not served"
        return float(found[0])

    def standing(self) -> bool:
        return not self.plant.circuit.closed.any() and not self.plant.circuit.current.any()


def test_fire_stops_the_plant_and_every_device_says_so() -> None:
    site = Site()
    plant = site.plant
    plant.safety.smoke = 1.0
    site.run(5)
    assert plant.alarms("container") == [{"FIRE_PRIMARY"}]
    assert abs(plant.meter.power - 2.0e6) < 1e4  # one zone is no fire
    assert site.shown("c1/smoke1", "alarm_level") == 0b1111
    plant.safety.heat = 60.0
    assert site.run(10, lambda plant: plant.safety.extinguisher.stage is FireStage.SECONDARY) == 1
    assert site.run(10, lambda plant: site.standing()) <= 3
    assert plant.pcs.state == [PcsState.SHUTDOWN] * 2
    assert site.shown("pcs1", "state_estop") == 1.0
    assert site.shown("pcs2", "fault_word_4") == 1 << 14  # emergency stop or fuse
    assert site.shown("c1/r07", "maintenance_low") == 1 << 8  # emergency stop
    assert site.shown("c1/r07", "modules_in_service") == 0.0
    before = plant.cells.soc.copy()
    site.run(40, lambda plant: plant.safety.extinguisher.stage is FireStage.RELEASED)
    assert plant.safety.extinguisher.stage is FireStage.RELEASED
    assert site.shown("c1", "exhaust_fan_speed_1") == 0.0
    site.run(320)
    assert site.shown("c1", "exhaust_fan_speed_1") > 2500.0
    assert np.abs(plant.cells.soc - before).max() < 1e-5  # nothing flows any more


def test_after_the_emergency_stop_nothing_starts_by_itself() -> None:
    site = Site()
    plant = site.plant
    plant.safety.estop = True
    site.run(10)
    assert site.standing()
    plant.safety.estop = False
    site.run(120)
    assert site.standing()
    assert site.shown("pcs1", "state_estop") == 0.0
    assert plant.bms.restart() == [True] * 12
    site.run(120)
    assert plant.circuit.closed.all()
    assert plant.meter.power == pytest.approx(2.0e6, abs=1e4)


def test_gas_goes_from_fans_to_emergency_stop() -> None:
    site = Site()
    site.plant.safety.co = 80.0
    site.run(20)
    assert site.shown("c1", "co_concentration") == pytest.approx(81.0, abs=3.0)
    assert site.shown("c1", "exhaust_fan_speed_2") > 2500.0
    assert site.plant.meter.power > 1.9e6
    site.plant.safety.co = 400.0
    site.run(5)
    assert site.standing()
    assert site.plant.alarms("container") == [{"HIGH_CO", "GAS_STOP"}]


def test_fans_and_door_let_the_weather_in() -> None:
    site = Site(0.0)
    outdoors = site.plant.weather.temperature
    far = abs(site.plant.cabin.temperature - outdoors)
    site.plant.safety.door_open = True
    site.run(1200)
    assert abs(site.plant.cabin.temperature - site.plant.weather.temperature) < 0.6 * far


def test_the_pump_unit_tells_where_its_coolant_goes() -> None:
    site = Site()
    loop, safety = site.plant.coolant, site.plant.safety
    assert site.shown("c1/cooling1", "status_alarm") == 0.0
    loop.leak_rate, safety.leak_inside = 200.0, 3e-4
    site.run(420)
    assert site.shown("c1/cooling1", "leak_flags") == 1 << 4  # inside the unit
    assert site.shown("c1/cooling1", "status_alarm") == (1 << 0) | (1 << 4)  # reservoir, outlet pressure
    loop.pump_fault = True
    site.run(20)
    assert int(site.shown("c1/cooling1", "status_alarm")) & 1 << 6


def test_the_detector_shows_its_thresholds_and_the_extremes_of_its_day() -> None:
    site = Site(0.0)
    assert [site.shown("c1/smoke1", f"{name}_threshold") for name in ("alert", "action_1", "action_2", "fire_1")] == [
        0.08, 0.16, 0.33, 0.66,
    ]  # fmt: skip
    low, now, high = (site.shown("c1/smoke1", f"obscuration{end}") for end in ("_min", "", "_max"))
    assert 0.0 < low <= now <= high < 0.05
    assert low < high
