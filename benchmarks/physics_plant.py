"""The whole plant: does its energy close, and what does a step of it cost?"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bessinside.emulator.basis import table
from bessinside.emulator.battery.compiled import speed_up
from bessinside.emulator.power.converter import Converter
from bessinside.emulator.whole.plant import Plant
from bessinside.emulator.whole.schedule import Schedule

Array = NDArray[np.float64]
DAY_S, NS = 86400, 10**9
MORNING = 1_750_000_000 // DAY_S * DAY_S * NS  # midnight of a day in June
PARTS = {
    "cells": (("cells", "step"), ("cells", "refresh"), ("cells", "set_current"), ("cells", "sources")),
    "cold plates and sensors": (("plates", "step"), ("sensors", "step")),
    "battery management": (("bms", "sense"), ("bms", "count"), ("bms", "bus_limits"), ("bms", "reports")),
    "converters and DC circuit": (
        ("pcs", "command"),
        ("pcs", "convert"),
        ("pcs", "count"),
        ("pcs", "watch"),
        ("circuit", "set_sources"),
    ),
    "cooling and air": (("coolant", "step"), ("cabin", "step"), ("weather", "step")),
    "grid, transformer, meter": (("grid", "step"), ("transformer", "step"), ("meter", "measure"), ("meter", "count")),
    "safety": (("safety", "step"),),
}


# energy


@dataclass
class Ledger:
    """J that went each way since the start; positive is out of the battery."""

    plant: Plant
    flows: dict[str, float] = field(default_factory=lambda: defaultdict(float))

    def step(self, dt: float) -> None:
        """Steps the plant by `dt` s, at most ten, and books what that moved."""
        plant, circuit = self.plant, self.plant.circuit
        outside = circuit.resistance - plant.cells.inner.sum(axis=1)
        flows = {
            "meter": plant.meter.power,
            "auxiliaries": plant.auxiliaries,
            "transformer": plant.transformer.loss,
            "converters": float(plant.pcs.loss.sum()),
            "direct": float((circuit.pcs_voltage * circuit.bus_current).sum()),
            "wiring": float((outside * circuit.current**2).sum() + (circuit.bus * circuit.bus_current**2).sum()),
        }
        plant.step(dt)
        cells = plant.cells
        flows["cell heat"] = float((cells.heat - cells.reversible_heat).sum())
        flows["balancing"] = cells.bleed_heat
        for name, power in flows.items():
            self.flows[name] += power * dt
        self.flows["charged" if flows["direct"] < 0.0 else "discharged"] += abs(flows["direct"]) * dt

    def residual(self, stored: float) -> float:
        """J that the balance misses: what left, less what the battery lost since `stored` J."""
        out = sum(self.flows[name] for name in BALANCE)
        return out + self.plant.cells.work_left().sum() - stored


BALANCE = ("meter", "auxiliaries", "transformer", "converters", "wiring", "cell heat", "balancing")


def full_cycle(dt: float) -> dict[str, float]:
    """From full to empty and back to full at 0.5P on the DC side."""
    plant = Plant(seed=1, start_ns=MORNING, schedule=Schedule.parse("time,power\n00:00,0\n"), soc=0.93)
    plant.bms.discharge_cutoff = 0.0
    ledger = Ledger(plant)

    def run(power: float, until: Callable[[], bool]) -> None:
        for unit in range(plant.design.buses):
            plant.set_active_power(unit + 1, power)
        for _ in range(60):
            ledger.step(dt)
        while not until():
            ledger.step(dt)

    rated = 1.25e6
    run(-rated, lambda: bool(plant.bms.full.any()))
    rest = plant.time_ns + 1800 * NS
    run(0.0, lambda: plant.time_ns >= rest)
    stored, ledger.flows = plant.cells.work_left().sum(), defaultdict(float)
    run(rated, lambda: bool((plant.pcs.dc_power.sum() < 0.02 * rated) or plant.bms.tripped.any()))
    rest = plant.time_ns + 1800 * NS
    run(0.0, lambda: plant.time_ns >= rest)
    run(-rated, lambda: bool(plant.bms.full.any()))
    rest = plant.time_ns + 1800 * NS
    run(0.0, lambda: plant.time_ns >= rest)
    flows = ledger.flows
    share = 100.0 / flows["discharged"]
    return {
        "energy_residual_pct": ledger.residual(stored) * share,
        "direct_current_round_trip_pct": flows["discharged"] / flows["charged"] * 100.0,
        "discharged_kWh": flows["discharged"] / 3.6e6,
        "cell_heat_pct": flows["cell heat"] * share,
        "converter_loss_pct": flows["converters"] * share,
        "transformer_loss_pct": flows["transformer"] * share,
        "auxiliaries_pct": flows["auxiliaries"] * share,
    }


def converter_error() -> dict[str, float]:
    """Largest difference of our efficiency from the vendor's in percentage points, over all loads and voltages."""
    rows, converter, rated = table.read("pcs_efficiency"), Converter(), 1.25e6
    errors = []
    for load, voltage, charge, discharge in zip(
        *(rows[name] for name in ("load_pct", "dc_V", "charge_pct", "discharge_pct")), strict=True
    ):
        power = load / 100.0 * rated
        errors.append(100.0 * power / (power + converter.loss(power, voltage)) - discharge)
        errors.append(100.0 * (power - converter.loss(-power, voltage)) / power - charge)
    return {"points": float(len(errors)), "largest_error_pp": float(np.abs(errors).max())}


# accuracy of long steps


def random_day(seed: int = 3) -> Schedule:
    """A set-point drawn anew every quarter of an hour, kept where the charge stays between 12 and 92 %."""
    chance, rows, soc = np.random.default_rng(seed), ["time,power"], 0.5
    for quarter in range(96):
        power = chance.uniform(-2.4e6, 2.4e6)
        if not 0.12 < soc - power * 0.25 / 5.016e6 < 0.92:
            power = -power
        soc -= power * 0.25 / 5.016e6
        start, end = quarter * 900, quarter * 900 + 899
        rows += [f"{at // 3600:02d}:{at // 60 % 60:02d}:{at % 60:02d},{power:.0f}" for at in (start, end)]
    return Schedule.parse("\n".join(rows))


def accuracy(hours: float, schedule: Schedule | None = None, soc: float = 0.5) -> dict[str, float]:
    """60 s steps against 1 s steps, looked at every minute: all cells, mV, K and percent of SoC."""
    plants = [Plant(seed=1, start_ns=MORNING, schedule=schedule or random_day(), soc=soc) for _ in range(2)]
    for plant in plants:
        plant.noise.fall_silent()
    squares, voltage, warmth, charge = [], [], [], []
    for _ in range(round(hours * 60)):
        for plant, dt in zip(plants, (1.0, 60.0), strict=True):
            for _ in range(round(60 / dt)):
                plant.step(dt)
        fine, coarse = (plant.cells for plant in plants)
        off = coarse.voltage - fine.voltage
        squares.append(float(np.mean(off**2)))
        voltage.append(float(np.abs(off).max()))
        warmth.append(float(np.abs(coarse.temperature - fine.temperature).max()))
        charge.append(float(np.abs(coarse.soc - fine.soc).max()))
    return {
        "hours": hours,
        "voltage_rms_mV": 1e3 * float(np.sqrt(np.mean(squares))),
        "voltage_95_pct_of_minutes_mV": 1e3 * float(np.percentile(voltage, 95)),
        "voltage_max_mV": 1e3 * max(voltage),
        "temperature_max_K": max(warmth),
        "soc_max_pct": 100.0 * max(charge),
    }


# speed


def memory_pass(plant: Plant) -> float:
    """s to read and write each array of the cells' state once with NumPy: the least a step in NumPy could cost."""
    arrays = [
        value.copy() for value in vars(plant.cells).values() if isinstance(value, np.ndarray) and value.size >= 4992
    ]
    best = float("inf")
    for _ in range(20):
        began = time.perf_counter()
        for _ in range(50):
            for array in arrays:
                np.multiply(array, 1.0, out=array)
        best = min(best, (time.perf_counter() - began) / 50)
    return best


@contextmanager
def timed(plant: Plant) -> Iterator[dict[str, list[float]]]:
    """Measures the parts of each step while it lasts."""
    spent: dict[str, list[float]] = defaultdict(list)

    def measure(name: str, call: Callable[..., object]) -> Callable[..., object]:
        def run(*given: object, **named: object) -> object:
            began = time.perf_counter()
            result = call(*given, **named)
            spent[name].append(time.perf_counter() - began)
            return result

        return run

    changed = []
    for name, methods in PARTS.items():
        for owner, method in methods:
            part = getattr(plant, owner)
            setattr(part, method, measure(name, getattr(part, method)))
            changed.append((part, method))
    try:
        yield spent
    finally:
        for part, method in changed:
            delattr(part, method)


def working_plant(*, compiled: bool) -> Plant:
    plant = Plant(seed=1, start_ns=MORNING, schedule=Schedule.parse("time,power\n00:00,1500000\n"), soc=0.8)
    if compiled:
        speed_up(plant.cells)
    for _ in range(60):
        plant.step(1.0)
    return plant


def per_step(dt: float, seconds: float, *, compiled: bool) -> tuple[float, float]:
    """CPU s of one step of `dt` s: the best and the median of many short runs, as others use the machine too."""
    found: list[float] = []
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        plant = working_plant(compiled=compiled)
        for _ in range(6):
            began = time.thread_time()
            for _ in range(10):
                plant.step(dt)
            found.append((time.thread_time() - began) / 10)
    return min(found), float(np.median(found))


def per_part(steps: int) -> dict[str, float]:
    """Median µs of each part in a step of one second."""
    plant = working_plant(compiled=False)
    with timed(plant) as spent:
        for _ in range(steps):
            plant.step(1.0)
    return {name: 1e6 * float(np.median(times)) * len(times) / steps for name, times in spent.items()}


def year(days: int, *, compiled: bool, runs: int = 1) -> dict[str, float]:
    """CPU s of a year in steps of 60 s, the shipped day of two cycles; measured over `days` and carried to 365.

    The same days are run `runs` times: the best of the runs, and the sum of each minute's best, which leaves out what
    others on the machine did meanwhile.
    """
    minutes = days * 1440
    spent, steps = np.empty((runs, minutes)), 0
    for run in range(runs):
        plant = Plant(seed=1, start_ns=MORNING)
        if compiled:
            speed_up(plant.cells)
            plant.step(60.0)
        inner, steps = plant._step, 0

        def counted(dt: float, inner: Callable[[float], None] = inner) -> None:
            nonlocal steps
            steps += 1
            inner(dt)

        plant._step = counted  # type: ignore[method-assign]
        for minute in range(minutes):
            began = time.thread_time()
            plant.step(60.0)
            spent[run, minute] = time.thread_time() - began
    return {
        "days_measured": float(days),
        "year_s": float(spent.sum(axis=1).min()) / days * 365.0,
        "year_undisturbed_s": float(spent.min(axis=0).sum()) / days * 365.0,
        "steps_a_minute": steps / minutes,
    }
