"""The cell model against measured cells: open-circuit tables beside each other, and a drive cycle it was not fitted to.

An OCV file has a column `soc` (0 to 1) and for each cell `NAME_dis_V` and `NAME_chg_V`, or `NAME_mean_V` and
`NAME_hyst_V` (half the gap). A drive file has columns time in s, current in A (positive when discharging) and voltage.
"""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Callable
from dataclasses import dataclass, replace
from math import exp
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bessinside.emulator.basis.cell_type import CellType
from bessinside.emulator.battery import ocv
from bessinside.emulator.battery.cell import Cells
from bessinside.emulator.battery.ocv import OpenCircuit

Array = NDArray[np.float64]
HALF_HOUR = 1800.0
INSIDE = (0.10, 0.92)  # of SoC, where the model is scored


def columns(path: Path) -> dict[str, Array]:
    """The columns of a CSV file, plain or .gz."""
    raw = path.read_bytes()
    text = (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode()
    rows = [row for row in csv.reader(io.StringIO(text)) if row and not row[0].startswith("#")]
    values = np.array(rows[1:], dtype=np.float64)
    return {name.strip(): values[:, index].copy() for index, name in enumerate(rows[0])}


def measured_curves(path: Path) -> dict[str, tuple[Array, Array, Array]]:
    """(soc, mean V, half gap V) of each cell and temperature in an OCV file."""
    table = columns(path)
    found = {}
    for name, values in table.items():
        if name.endswith("_dis_V"):
            charge = table[name.replace("_dis_V", "_chg_V")]
            found[name[:-6]] = (table["soc"], 0.5 * (values + charge), 0.5 * (charge - values))
        elif name.endswith("_mean_V"):
            found[name[:-7]] = (table["soc"], values, table[name.replace("_mean_V", "_hyst_V")])
    return found


def compare_ocv(path: Path) -> dict[str, float]:
    """RMSE in mV of our table against each measured cell of a file, 10 to 90 % SoC."""
    ours = ocv.load()
    inside = np.linspace(0.10, 0.90, 801)
    mean = ours.at(inside)[0]
    return {
        name: 1e3 * float(np.sqrt(np.mean((mean - np.interp(inside, soc, voltage)) ** 2)))
        for name, (soc, voltage, _) in measured_curves(path).items()
    }


def curve_of(path: Path, name: str) -> OpenCircuit:
    """The curve of one cell of an OCV file on 201 points, with our entropy."""
    soc, voltage, gap = measured_curves(path)[name]
    even, ours = np.arange(201) / 200.0, ocv.load()
    return OpenCircuit(
        even, np.interp(even, soc, voltage), np.interp(even, soc, gap), np.interp(even, ours.soc, ours.entropy)
    )


@dataclass(frozen=True)
class Drive:
    """A measured cycle."""

    name: str
    time: Array
    current: Array
    voltage: Array

    @classmethod
    def read(cls, path: Path) -> Drive:
        time, current, voltage = list(columns(path).values())[:3]
        return cls(path.name, time, current, voltage)

    @property
    def steps(self) -> Array:
        return np.diff(self.time, append=self.time[-1] + 1.0)

    @property
    def odd(self) -> NDArray[np.bool_]:
        """Samples of the second, fourth … half-hour: those that are scored and never fitted to."""
        return (self.time - self.time[0]) // HALF_HOUR % 2 == 1


@dataclass(frozen=True)
class Fit:
    """The parameters of a cell, and the charge with which its test begins."""

    kind: CellType
    start: float


def model(drive: Drive, fit: Fit, curve: OpenCircuit, temperature: float = 25.0) -> tuple[Array, Array]:
    """(voltage, SoC) by the emulator's own cells, driven with the measured current."""
    cell = Cells(
        fit.kind,
        curve,
        (1, 1),
        np.random.default_rng(0),
        soc=fit.start,
        health=1.0,
        temperature=np.full((1, 1), temperature),
    )
    cell.hysteresis[:] = 1.0  # it was charged before
    cell.refresh()
    voltage, soc, none = np.empty(len(drive.time)), np.empty(len(drive.time)), np.zeros((1, 1))
    for sample, step in enumerate(drive.steps.tolist()):
        cell.set_current(drive.current[sample : sample + 1])
        voltage[sample], soc[sample] = cell.voltage[0, 0], cell.soc[0, 0]
        cell.step(step, none)
        cell.refresh()
    return voltage, soc


def score(drive: Drive, fit: Fit, curve: OpenCircuit, temperature: float = 25.0) -> dict[str, float]:
    """RMSE in mV between 10 and 92 % SoC, of all samples, of the fitted half-hours, of the others; the mean error."""
    voltage, soc = model(drive, fit, curve, temperature)
    error = 1e3 * (voltage - drive.voltage)
    inside = (soc > INSIDE[0]) & (soc < INSIDE[1])

    def rms(where: NDArray[np.bool_]) -> float:
        return float(np.sqrt(np.mean(error[where] ** 2)))

    return {
        "rmse_mV": rms(inside),
        "odd_half_hours_rmse_mV": rms(inside & drive.odd),
        "even_half_hours_rmse_mV": rms(inside & ~drive.odd),
        "mean_mV": float(error[inside].mean()),
        "samples": float(inside.sum()),
    }


def fit_drive(drive: Drive, curve: OpenCircuit) -> Fit:
    """The parameters that fit the even half-hours best: the resistances by least squares, the others by a search.

    With charge, hysteresis and both pair currents known the voltage is linear in R0, R1 and R2.
    """
    charge = np.concatenate(([0.0], np.cumsum(drive.current * drive.steps)))[:-1] / 3600.0  # Ah taken out
    gaps, currents = drive.steps.tolist(), drive.current.tolist()

    def lagged(tau: float) -> Array:
        """Current through the resistance of a pair."""
        through, kept, flow = [], 0.0, {}
        for step, current in zip(gaps, currents, strict=True):
            through.append(kept)
            if step not in flow:
                flow[step] = exp(-step / tau)
            kept = current + (kept - current) * flow[step]
        return np.array(through)

    def turned(gamma: float, capacity: float) -> Array:
        state, states = 1.0, []
        for step, current in zip(gaps, currents, strict=True):
            states.append(state)
            moved = current * step / 3600.0 / capacity
            kept = exp(-gamma * abs(moved))
            state = state * kept - (1.0 - kept if moved > 0.0 else kept - 1.0)
        return np.array(states)

    def solve(values: Array) -> tuple[float, Array]:
        capacity, start, gamma, tau1, tau2 = np.exp(values)
        soc = start - charge / capacity
        voltage, gap, _ = curve.at(soc)
        rest = voltage + turned(gamma, capacity) * gap - drive.voltage
        matrix = np.stack([drive.current, lagged(tau1), lagged(tau2)], axis=1)
        used = (soc > INSIDE[0]) & (soc < INSIDE[1]) & ~drive.odd
        resistances = np.linalg.lstsq(matrix[used], rest[used], rcond=None)[0]
        error = rest[used] - matrix[used] @ resistances
        return float(np.sqrt(np.mean(error**2))), resistances

    # Full at the start; 2.05 Ah, 20, half a minute and half an hour are the orders to begin with.
    taken = charge.max() - charge.min()
    first = np.log(np.array([taken / 0.9, 0.97, 20.0, 30.0, 2000.0]))
    best, _ = descend(lambda values: solve(values)[0], first, np.array([0.02, 0.01, 0.3, 0.3, 0.3]))
    r0, r1, r2 = solve(best)[1]
    capacity, start, gamma, tau1, tau2 = np.exp(best)
    kind = CellType(
        capacity=float(capacity),
        r0=float(r0),
        r1=float(r1),
        r2=float(r2),
        tau1=float(tau1),
        tau2=float(tau2),
        gamma=float(gamma),
    )
    none = {"capacity_spread": 0.0, "resistance_spread": 0.0, "soc_spread": 0.0, "leak": 0.0}
    return Fit(replace(kind, **none), float(start))


def descend(cost: Callable[[Array], float], start: Array, step: Array, rounds: int = 140) -> tuple[Array, float]:
    """Nelder and Mead's simplex: the lowest point found and its cost."""
    points = [start, *(start + step[index] * np.eye(len(start))[index] for index in range(len(start)))]
    costs = [cost(point) for point in points]
    for _ in range(rounds):
        order = np.argsort(costs)
        points, costs = [points[index] for index in order], [costs[index] for index in order]
        centre = np.mean(points[:-1], axis=0)
        tried = centre + (centre - points[-1])
        value = cost(tried)
        if value < costs[0]:
            further = centre + 2.0 * (centre - points[-1])
            beyond = cost(further)
            points[-1], costs[-1] = (further, beyond) if beyond < value else (tried, value)
        elif value < costs[-2]:
            points[-1], costs[-1] = tried, value
        else:
            nearer = centre + 0.5 * (points[-1] - centre)
            inside = cost(nearer)
            if inside < costs[-1]:
                points[-1], costs[-1] = nearer, inside
            else:
                points = [points[0], *(points[0] + 0.5 * (point - points[0]) for point in points[1:])]
                costs = [costs[0], *(cost(point) for point in points[1:])]
    lowest = int(np.argmin(costs))
    return points[lowest], costs[lowest]
