"""The physics against what others measured, and what it costs.

Cells: the open-circuit table against measured cells, and the cell model against a measured drive cycle, its parameters
fitted to the even half-hours and scored on the odd ones, then unchanged on further files. Plant: energy over a full
cycle, the converter's table, long steps against short ones, speed. The speed's peer is one NumPy pass over the arrays
of the cells' state, the least that a step in NumPy could cost on this machine at this moment.

Measured files lie in the folder that BESSINSIDE_DATA names; other files of the same form: --ocv FILE, --drive FILE or
FILE@TEMPERATURE in °C. Without them the parts that need them are left out, and it says so.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import platform
from pathlib import Path

from physics_cell import Drive, Fit, compare_ocv, curve_of, fit_drive, score
from physics_plant import (
    accuracy,
    converter_error,
    full_cycle,
    memory_pass,
    per_part,
    per_step,
    working_plant,
    year,
)

from bessinside.emulator.whole.schedule import built_in

Figures = dict[str, object]
HAVE_NUMBA = importlib.util.find_spec("numba") is not None


def shown(title: str, figures: dict[str, float]) -> dict[str, float]:
    """Prints and rounds."""
    print(f"\n{title}", flush=True)
    rounded = {name: float(f"{value:.4g}") for name, value in figures.items()}
    for name, value in rounded.items():
        print(f"  {name.replace('_', ' '):<36}{value:>12,g}", flush=True)
    return rounded


def open_circuit(files: list[Path]) -> Figures:
    found = {f"{file.stem}.{name}": rmse for file in files for name, rmse in compare_ocv(file).items()}
    ours = {name: rmse for name, rmse in found.items() if rmse < 0.01}  # the table that ours was made from
    others = {name: rmse for name, rmse in found.items() if name not in ours}
    return dict(shown("Open-circuit table against other measured cells, RMSE in mV, 10–90 % SoC", others))


def drive_cycles(ocv: Path, name: str, files: list[tuple[Path, float]]) -> tuple[Figures, Fit]:
    """The first file is fitted and scored; the others are scored with the same parameters."""
    curve = curve_of(ocv, name)
    first = Drive.read(files[0][0])
    fit = fit_drive(first, curve)
    kind = fit.kind
    figures: Figures = {
        "fitted": shown(
            f"Cell parameters fitted to the even half-hours of {first.name}",
            {
                "capacity_Ah": kind.capacity,
                "start_soc": fit.start,
                "r0_mOhm": 1e3 * kind.r0,
                "r1_mOhm": 1e3 * kind.r1,
                "tau1_s": kind.tau1,
                "r2_mOhm": 1e3 * kind.r2,
                "tau2_s": kind.tau2,
                "gamma": kind.gamma,
            },
        )
    }
    for index, (file, temperature) in enumerate(files):
        drive = Drive.read(file)
        title = f"{drive.name} at {temperature:g} °C" + ("" if index == 0 else ", parameters unchanged")
        figures[drive.name] = shown(title, score(drive, fit, curve, temperature))
    return figures, fit


def speed(quick: bool) -> Figures:
    seconds = 3.0 if quick else 20.0
    peer = memory_pass(working_plant(compiled=False))
    figures: Figures = {"numpy_pass_us": round(1e6 * peer, 2)}
    for kind in ("numpy", "numba") if HAVE_NUMBA else ("numpy",):
        one, usual = per_step(1.0, seconds, compiled=kind == "numba")
        minute, _ = per_step(60.0, seconds, compiled=kind == "numba")
        figures[kind] = shown(
            f"Speed, whole plant, one core, {kind}",
            {
                "step_of_1_s_us": 1e6 * one,
                "step_of_1_s_median_us": 1e6 * usual,
                "times_real_time": 1.0 / one,
                "times_the_numpy_pass": one / peer,
                "step_of_60_s_us": 1e6 * minute,
                **year(2 if quick else 365, compiled=kind == "numba", runs=4 if quick else 1),
            },
        )
    if not HAVE_NUMBA:
        print("\nNumba is not installed: the compiled loops are left out.")
    figures["part_us"] = shown("Median µs of each part in a step of 1 s (with the clock's own)", per_part(600))
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="shorter runs, less than a minute in all")
    parser.add_argument("--json", action="store_true", help="one JSON object with all figures on the last line")
    parser.add_argument("--ocv", type=Path, action="append", help="an OCV file; the first is the drive cycles' curve")
    parser.add_argument("--cell", default="a123_P25", help="the cell of the OCV file that the drive cycles belong to")
    parser.add_argument("--drive", action="append", help="a drive file, FILE or FILE@TEMPERATURE; the first is fitted")
    parser.add_argument("--plots", type=Path, help="a folder for the pictures; needs matplotlib")
    options = parser.parse_args()
    if options.plots:
        options.plots.mkdir(parents=True, exist_ok=True)
    folder = Path(os.environ.get("BESSINSIDE_DATA") or "") / "lfp"
    tables = options.ocv or [folder / "lfp_ocv_measured.csv"]
    named = options.drive or [str(folder / "a123_drive_cycle_25C.csv.gz")]
    drives = [(Path(file), float(warm or 25.0)) for file, _, warm in (each.partition("@") for each in named)]

    figures: Figures = {"python": platform.python_version(), "machine": platform.machine()}
    measured = all(path.exists() for path in [*tables, *(file for file, _ in drives)])
    if measured:
        figures["open_circuit_rmse_mV"] = open_circuit(tables)
        figures["drive"], fit = drive_cycles(tables[0], options.cell, drives)
        if options.plots:
            from physics_plots import draw_drive, draw_open_circuit

            draw_open_circuit(tables[0], options.plots / "physics-ocv.png")
            draw_drive(drives[0], fit, curve_of(tables[0], options.cell), options.plots / "physics-drive-cycle.png")
    else:
        print("BESSINSIDE_DATA does not lead to lfp/: no measured cell is compared. Name files by --ocv and --drive.")
    figures["cycle"] = shown(
        "A full cycle at 0.5P: shares of the energy discharged on the DC side",
        full_cycle(10.0 if options.quick else 1.0),
    )
    figures["converter"] = shown("Converter efficiency against the vendor's table", converter_error())
    hours = 1.5 if options.quick else 24.0
    figures["long_steps"] = shown("Steps of 60 s against steps of 1 s", accuracy(hours))
    figures["long_steps_two_cycles"] = shown("The same on the shipped day of two cycles", accuracy(hours, built_in()))
    figures["speed"] = speed(options.quick)
    if options.plots:
        from physics_plots import draw_day

        draw_day(options.plots / "physics-day.png")
    if options.json:
        print(json.dumps(figures))


if __name__ == "__main__":
    main()
