"""The pictures of `benchmarks/physics.py`: measured cells and the model beside each other, and a day of the plant."""

from __future__ import annotations

from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from physics_cell import INSIDE, Drive, Fit, compare_ocv, measured_curves, model

from bessinside.emulator.battery import ocv
from bessinside.emulator.battery.ocv import OpenCircuit
from bessinside.emulator.whole.plant import Plant

INK, OURS, THEIRS, SOFT = "#1c2530", "#0b7285", "#d9480f", "#adb5bd"
MIDNIGHT = 1_750_000_000 // 86400 * 86400 * 10**9  # of a day in June
plt.rcParams.update(
    {
        "font.size": 9,
        "axes.edgecolor": SOFT,
        "axes.labelcolor": INK,
        "xtick.color": INK,
        "ytick.color": INK,
        "axes.grid": True,
        "grid.color": "#e9ecef",
        "axes.spines.top": False,
        "axes.spines.right": False,
        "legend.frameon": False,
    }
)


def save(figure: Figure, path: Path) -> None:
    figure.savefig(path, dpi=110, metadata={"Software": None})
    plt.close(figure)
    print(f"\n{path}: {path.stat().st_size / 1024:.0f} kB")


def draw_open_circuit(path: Path, picture: Path) -> None:
    """Our table with both branches, and the mean curves of the other measured cells at 25 °C."""
    curve = ocv.load()
    soc = np.linspace(0.0, 1.0, 1001)
    mean, gap, _ = curve.at(soc)
    others = {
        name: values
        for name, values in measured_curves(path).items()
        if compare_ocv(path)[name] > 0.01 and (name.endswith("P25") or "_P" not in name)
    }
    figure, (left, right) = plt.subplots(1, 2, figsize=(9.0, 3.6), layout="constrained", width_ratios=(3, 2))
    left.fill_between(100 * soc, mean - gap, mean + gap, color=OURS, alpha=0.15, lw=0, label="its hysteresis")
    left.plot(100 * soc, mean, color=OURS, lw=1.8, label="the table of the emulator (Sony US26650)")
    for name, (at, voltage, _) in others.items():
        left.plot(100 * at, voltage, color=THEIRS, lw=1.2, ls="--", label=f"another cell: {name.split('_')[0].upper()}")
        right.plot(100 * at, 1e3 * (np.interp(at, soc, mean) - voltage), color=THEIRS, lw=1.4)
        rmse = compare_ocv(path)[name]
        right.text(50, 36, f"10–90 %: {rmse:.1f} mV RMSE", color=THEIRS, ha="center")
    left.set(xlabel="state of charge, %", ylabel="open-circuit voltage at 25 °C, V", xlim=(0, 100), ylim=(2.6, 3.6))
    left.legend(loc="lower right")
    right.axvspan(10, 90, color="#f1f3f5", lw=0)
    right.axhline(0.0, color=SOFT, lw=0.8)
    right.set(xlabel="state of charge, %", ylabel="table − other cell, mV", xlim=(0, 100), ylim=(-45, 45))
    save(figure, picture)


def draw_drive(file: tuple[Path, float], fit: Fit, curve: OpenCircuit, picture: Path) -> None:
    """Measured and modelled voltage of a drive cycle and their difference; the half-hours of the fit are shaded."""
    drive = Drive.read(file[0])
    voltage, soc = model(drive, fit, curve, file[1])
    hours = (drive.time - drive.time[0]) / 3600.0
    inside = (soc > INSIDE[0]) & (soc < INSIDE[1])
    error = 1e3 * (voltage - drive.voltage)
    figure = plt.figure(figsize=(9.0, 5.4), layout="constrained")
    grid = figure.add_gridspec(2, 2, height_ratios=(3, 2))
    whole, near, off = figure.add_subplot(grid[0, 0]), figure.add_subplot(grid[0, 1]), figure.add_subplot(grid[1, :])
    odd = float(np.sqrt(np.mean(error[inside & drive.odd] ** 2)))
    beside(whole, hours, drive.voltage, voltage, slice(None, None, 5))
    whole.set(xlim=(0, hours[-1]), xlabel="h")
    whole.legend(loc="lower left")
    # Of the half-hours that were not fitted, the quarter of an hour with the strongest currents, inside the window.
    starts = [int(np.searchsorted(hours, 0.5 * number + 0.02)) for number in range(1, int(2 * hours[-1]) - 3, 2)]
    middle = max(starts, key=lambda at: float(np.square(drive.current[at : at + 900]).sum()))
    beside(near, 60.0 * (hours - hours[middle]), drive.voltage, voltage, slice(middle, middle + 900))
    near.set(xlim=(0, 15), xlabel=f"min from hour {hours[middle]:.1f}, which was not fitted")
    assert drive.odd[middle]
    for number in range(0, int(2 * hours[-1]) + 1, 2):
        off.axvspan(0.5 * number, 0.5 * number + 0.5, color="#f1f3f5", lw=0, label="fitted" if number == 0 else None)
    shown = np.where(inside, error, np.nan)
    off.plot(hours, shown, color=OURS, lw=0.6)
    off.axhline(0.0, color=SOFT, lw=0.8)
    off.set(xlim=(0, hours[-1]), ylim=(-20, 20), xlabel="h", ylabel="model − measured, mV")
    off.set_title(
        f"10–92 % SoC; {odd:.1f} mV RMSE in the half-hours that were not fitted (white)", fontsize=9, color=INK
    )
    save(figure, picture)


def beside(axes: Axes, time: np.ndarray, measured: np.ndarray, modelled: np.ndarray, part: slice) -> None:
    axes.plot(time[part], measured[part], color=THEIRS, lw=0.9, label="measured (A123 26650, 25 °C)")
    axes.plot(time[part], modelled[part], color=OURS, lw=0.9, label="model")
    axes.set(ylabel="terminal voltage, V")


# Title, unit, factor, and for each line its name, kind, metric and how the parts become one value.
PANELS = (
    ("Power at the meter", "MW", 1e-6, (("", "meter", "active_power", np.mean),)),
    ("State of charge, as the BMS counts it", "%", 1.0, (("", "container", "soc", np.mean),)),
    (
        "Cell voltages",
        "V",
        1.0,
        (
            ("highest", "rack", "cell_voltage_max", np.max),
            ("mean", "rack", "cell_voltage_mean", np.mean),
            ("lowest", "rack", "cell_voltage_min", np.min),
        ),
    ),
    ("Widest spread in a rack", "mV", 1e3, (("", "rack", "cell_voltage_spread", np.max),)),
    (
        "Cell temperature sensors",
        "°C",
        1.0,
        (
            ("highest", "sensor", "temperature", np.max),
            ("mean", "sensor", "temperature", np.mean),
            ("lowest", "sensor", "temperature", np.min),
        ),
    ),
    (
        "Coolant and outdoor air",
        "°C",
        1.0,
        (
            ("return", "container", "coolant_return_temperature", np.mean),
            ("supply", "container", "coolant_supply_temperature", np.mean),
            ("outdoor", "container", "outdoor_temperature", np.mean),
        ),
    ),
    ("DC bus 1", "V", 1.0, (("", "bus", "voltage", lambda values: values[0]),)),
    ("Hottest IGBT sensor of PCS 1", "°C", 1.0, (("", "pcs", "igbt_temperature", lambda values: values[0]),)),
    ("Grid frequency", "Hz", 1.0, (("", "meter", "frequency", np.mean),)),
    (
        "Counters since midnight",
        "MWh",
        1e-6,
        (("import", "meter", "energy_import", np.mean), ("export", "meter", "energy_export", np.mean)),
    ),
)


def draw_day(picture: Path) -> None:
    """The reference plant on a day of two cycles with primary control, one value a minute, stepped by 10 s."""
    plant = Plant(seed=1, start_ns=MIDNIGHT, reserve=200e3)
    lines = [(kind, metric, merge) for *_, found in PANELS for _, kind, metric, merge in found]
    rows = []
    for _ in range(1440):
        rows.append([float(merge(plant.readings(kind)[metric])) for kind, metric, merge in lines])
        for _ in range(6):
            plant.step(10.0)
    table, hours = np.array(rows).T, np.arange(1440) / 60.0
    figure, axes = plt.subplots(5, 2, figsize=(9.0, 9.6), sharex=True, layout="constrained")
    at = 0
    for panel, (title, unit, factor, found) in zip(axes.flat, PANELS, strict=True):
        for (name, *_), colour in zip(found, (THEIRS, OURS, "#4263eb") if len(found) > 1 else (OURS,), strict=False):
            values = table[at] - (table[at][0] if "since" in title else 0.0)
            panel.plot(hours, factor * values, color=colour, lw=0.9, label=name or None)
            at += 1
        panel.set_title(f"{title}, {unit}", fontsize=9, color=INK, loc="left")
        panel.ticklabel_format(useOffset=False)
        panel.set(xlim=(0, 24), xticks=range(0, 25, 4))
        if len(found) > 1:
            panel.legend(  # beside the title, clear of the lines
                loc="lower right", bbox_to_anchor=(1.0, 0.97), ncols=len(found), fontsize=8, handlelength=1.2,
                columnspacing=1.0, borderpad=0.1,
            )  # fmt: skip
    for panel in axes[-1]:
        panel.set_xlabel("hour of the day, UTC")
    save(figure, picture)
