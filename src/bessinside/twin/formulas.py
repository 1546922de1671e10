"""Derived figures: what no register carries and the twin computes, each with its equation and its reference.

A formula takes the values of its inputs as one matrix (instances × inputs) and gives one value per instance. A strict
formula (a sum, a difference, a ratio) has no value while one input is missing; a tolerant one (highest, lowest, mean,
count) leaves missing inputs out, and its passport says how many.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bessinside.plant import Binding
from bessinside.twin import ocv

Values = NDArray[np.float64]
Kernel = Callable[[Values], Values]


@dataclass(frozen=True, slots=True)
class Formula:
    """One kind of derived figure: `key` is `kind.quantity`; `model` marks what rests on a model, not on registers only.

    `inputs` gives the instances of the figure on a plant: part path and the point indices of its inputs.
    """

    key: str
    unit: str
    en: str
    de: str
    equation: str
    reference: str
    strict: bool
    kernel: Kernel
    inputs: Callable[[Binding], list[tuple[str, list[int]]]]
    model: bool = False

    @property
    def name(self) -> str:
        return self.key.split(".", 1)[1]

    def label(self, language: str = "en") -> str:
        return self.de if language == "de" else self.en


def _parts_below(kind: str, metric: str, below: str) -> Callable[[Binding], list[tuple[str, list[int]]]]:
    """Instances: every part of `kind`; inputs: a metric of all parts of kind `below` in it."""

    def inputs(binding: Binding) -> list[tuple[str, list[int]]]:
        anatomy, carried = binding.plant.anatomy, binding.by_part(metric)
        found = []
        for path in anatomy.all(kind):
            indices = [carried[child] for child in anatomy.below(below, path) if child in carried]
            if indices:
                found.append((path, indices))
        return found

    return inputs


def _same_part(*metrics: str) -> Callable[[Binding], list[tuple[str, list[int]]]]:
    """Instances: every part that carries all of the metrics; inputs: those metrics in order."""

    def inputs(binding: Binding) -> list[tuple[str, list[int]]]:
        tables = [binding.by_part(metric) for metric in metrics]
        return [(path, [table[path] for table in tables]) for path in tables[0] if all(path in t for t in tables)]

    return inputs


def _meter_and_converters(binding: Binding) -> list[tuple[str, list[int]]]:
    meters = binding.by_part("meter.active_power")
    converters = list(binding.by_part("pcs.active_power").values())
    return [(path, [index, *converters]) for path, index in meters.items()] if converters else []


def _mean_and_soc(binding: Binding) -> list[tuple[str, list[int]]]:
    """Rack SoC first, then all its cells."""
    soc = binding.by_part("rack.soc")
    return [(path, [soc[path], *cells]) for path, cells in _CELLS_OF_RACK(binding) if path in soc]


def _spread(values: Values) -> Values:
    return np.asarray(np.nanmax(values, axis=1) - np.nanmin(values, axis=1))


def _efficiency(values: Values) -> Values:
    """η = P_AC/P_DC when discharging, P_DC/P_AC when charging; not defined below 5 kW, where both are mostly noise."""
    ac, dc = values[:, 0], values[:, 1]
    out = np.full(len(ac), np.nan)
    busy = (np.abs(ac) > 5e3) & (np.abs(dc) > 5e3) & (np.sign(ac) == np.sign(dc))
    ratio = np.divide(ac, dc, out=out, where=busy)
    return np.asarray(np.where(busy & (ac < 0), np.divide(1.0, ratio, out=out.copy(), where=busy), ratio) * 100.0)


def _power_factor(values: Values) -> Values:
    apparent = np.hypot(values[:, 0], values[:, 1])
    return np.asarray(np.divide(values[:, 0], apparent, out=np.full(len(values), np.nan), where=apparent > 0))


def _ocv_residual(values: Values) -> Values:
    return np.asarray(np.mean(values[:, 1:], axis=1) - ocv.open_circuit_voltage(values[:, 0] / 100.0))


_CELLS_OF_RACK = _parts_below("rack", "cell.voltage", "cell")
_CELLS_OF_CONTAINER = _parts_below("container", "cell.voltage", "cell")
_SENSORS_OF_CONTAINER = _parts_below("container", "sensor.temperature", "sensor")
_SIMULTANEOUS = "within one sweep of each device; the passport states the skew between devices"

FORMULAS: tuple[Formula, ...] = (
    Formula(
        "site.loss",
        "W",
        "Losses and auxiliaries between converters and meter",
        "Verluste und Eigenverbrauch zwischen Umrichtern und Zähler",
        "P_loss = Σ P_PCS − P_meter",
        "power balance at the connection point (transformer, cables, auxiliaries)",
        True,
        lambda v: np.asarray(np.sum(v[:, 1:], axis=1) - v[:, 0]),
        _meter_and_converters,
    ),
    Formula(
        "meter.power_factor",
        "1",
        "Power factor from P and Q",
        "Leistungsfaktor aus P und Q",
        "λ = P / √(P² + Q²)",
        "IEC 60050-131-11-46",
        True,
        _power_factor,
        _same_part("meter.active_power", "meter.reactive_power"),
    ),
    Formula(
        "pcs.efficiency",
        "%",
        "Converter efficiency now",
        "Umrichterwirkungsgrad jetzt",
        "η = P_AC / P_DC (discharging), P_DC / P_AC (charging); above 5 kW",
        "definition of conversion efficiency from simultaneous AC and DC power registers",
        True,
        _efficiency,
        _same_part("pcs.active_power", "pcs.dc_power"),
    ),
    Formula(
        "rack.cell_voltage_sum",
        "V",
        "Sum of all cell voltages",
        "Summe aller Zellspannungen",
        "U_Σ = Σ U_cell",
        "series connection, Kirchhoff's voltage law",
        True,
        lambda v: np.asarray(np.sum(v, axis=1)),
        _CELLS_OF_RACK,
    ),
    Formula(
        "module.cell_voltage_sum",
        "V",
        "Sum of the cell voltages",
        "Summe der Zellspannungen",
        "U_Σ = Σ U_cell",
        "series connection, Kirchhoff's voltage law",
        True,
        lambda v: np.asarray(np.sum(v, axis=1)),
        _parts_below("module", "cell.voltage", "cell"),
    ),
    Formula(
        "rack.cell_voltage_spread",
        "V",
        "Cell voltage spread, computed",
        "Zellspannungsspreizung, berechnet",
        "ΔU = max U_cell − min U_cell",
        _SIMULTANEOUS,
        False,
        _spread,
        _CELLS_OF_RACK,
    ),
    Formula(
        "container.cell_voltage_spread",
        "V",
        "Cell voltage spread",
        "Zellspannungsspreizung",
        "ΔU = max U_cell − min U_cell",
        _SIMULTANEOUS,
        False,
        _spread,
        _CELLS_OF_CONTAINER,
    ),
    Formula(
        "container.cell_voltage_max",
        "V",
        "Highest cell voltage",
        "Höchste Zellspannung",
        "max U_cell",
        _SIMULTANEOUS,
        False,
        lambda v: np.asarray(np.nanmax(v, axis=1)),
        _CELLS_OF_CONTAINER,
    ),
    Formula(
        "container.cell_voltage_min",
        "V",
        "Lowest cell voltage",
        "Niedrigste Zellspannung",
        "min U_cell",
        _SIMULTANEOUS,
        False,
        lambda v: np.asarray(np.nanmin(v, axis=1)),
        _CELLS_OF_CONTAINER,
    ),
    Formula(
        "container.cell_voltage_mean",
        "V",
        "Mean cell voltage",
        "Mittlere Zellspannung",
        "Ū = Σ U_cell / n",
        _SIMULTANEOUS,
        False,
        lambda v: np.asarray(np.nanmean(v, axis=1)),
        _CELLS_OF_CONTAINER,
    ),
    Formula(
        "container.cells_read",
        "1",
        "Cells read",
        "Gelesene Zellen",
        "number of cells with a good reading",
        "count over the newest sweep of each device",
        False,
        lambda v: np.asarray(np.sum(np.isfinite(v), axis=1).astype(np.float64)),
        _CELLS_OF_CONTAINER,
    ),
    Formula(
        "container.sensor_temperature_max",
        "°C",
        "Highest NTC",
        "Höchster NTC",
        "max T",
        _SIMULTANEOUS,
        False,
        lambda v: np.asarray(np.nanmax(v, axis=1)),
        _SENSORS_OF_CONTAINER,
    ),
    Formula(
        "container.sensor_temperature_min",
        "°C",
        "Lowest NTC",
        "Niedrigster NTC",
        "min T",
        _SIMULTANEOUS,
        False,
        lambda v: np.asarray(np.nanmin(v, axis=1)),
        _SENSORS_OF_CONTAINER,
    ),
    Formula(
        "container.sensor_temperature_spread",
        "K",
        "NTC spread",
        "NTC-Spreizung",
        "ΔT = max T − min T",
        _SIMULTANEOUS,
        False,
        _spread,
        _SENSORS_OF_CONTAINER,
    ),
    Formula(
        "rack.ocv_residual",
        "V",
        "Mean cell voltage minus open-circuit model",
        "Mittlere Zellspannung minus Ruhespannungsmodell",
        "r = Ū_cell − OCV(SoC)",
        "model: measured mean open-circuit curve of the Sony US26650 LFP cell (TUM SimSES, BSD-3-Clause), without "
        "hysteresis; on the plateau 1 % SoC is about 0.5 mV, so read it near the ends only",
        True,
        _ocv_residual,
        _mean_and_soc,
        model=True,
    ),
)
