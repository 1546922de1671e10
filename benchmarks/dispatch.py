"""The dispatch beside its peers: the same year, the same battery, the same optimum, in one run on one thread.

Ours cold, then with changed sliders, its feasible half, and with capacity for reserve; PyPSA and oemof-solph (extra
`peers`) on the problem that all three can state. Seconds are those of the processor, so that a busy machine changes
ratios little. Prices are 2025 in quarters from the folder that BESSINSIDE_DATA names; without it the fifteen days that
ship with the program, repeated, which says so. FCR prices are MADE UP: real ones may not be shipped.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import os
import platform
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
from dispatch_peers import PEERS, Answer, Question, installed, quiet

from bessinside.market.basis.days import local_blocks
from bessinside.market.dispatch.battery import battery
from bessinside.market.dispatch.model import Model
from bessinside.market.dispatch.reserve import fcr
from bessinside.market.prices.sample import sample

Figures = dict[str, object]
ZONE = "Europe/Berlin"
SLOT_S = 900.0
OWNED = battery(1e6, 2e6, 0.88, cycles_day=1.5)
YEAR = "da_delu_2025_15min_grid.csv.gz"
SLIDERS = {
    "energy": {"energy_wh": 2.2e6},
    "cycles": {"cycles_day": 1.4},
    "power": {"charge_w": 1.05e6, "discharge_w": 1.05e6},
    "round trip": {"charging": 0.87**0.5, "discharging": 0.87**0.5},
    "wear": {"wear_eur_mwh": 5.0},
}


def real_prices(days: int) -> tuple[np.ndarray, np.ndarray, str]:
    """Prices, starts and what they are, for so many days."""
    path = Path(os.environ.get("BESSINSIDE_DATA") or "") / "market" / YEAR
    if path.exists():
        with gzip.open(path, "rt") as text:
            rows = list(csv.DictReader(text))[: days * 96]
        starts = np.array([row["utc_start"][:19] for row in rows], dtype="datetime64[ns]").astype(np.int64)
        return np.array([float(row["price_eur_mwh"]) for row in rows]), starts, "DE-LU day-ahead 2025, quarters"
    own = sample()
    prices = np.resize(own.price, days * 96)
    starts = own.start_ns[0] + np.arange(len(prices), dtype=np.int64) * 900 * 10**9
    return prices, starts, "fifteen shipped days, repeated: a test of speed, not a year"


def made_up_fcr(blocks: int) -> np.ndarray:
    """Made-up FCR prices, EUR/MW and block: around 60, dearer in the middle of the day and of the week."""
    at = np.arange(blocks)
    return 60 + 25 * np.sin(at * 2 * np.pi / 6) + 15 * np.sin(at * 2 * np.pi / 42) + 10 * np.sin(at * 1.7)


def shown(name: str, value: float, unit: str = "") -> float:
    """Prints five digits and gives nine."""
    print(f"  {name:<44}{float(f'{value:.5g}'):>12,g} {unit}", flush=True)
    return float(f"{value:.9g}")


def cold(prices: np.ndarray, starts: np.ndarray, runs: int) -> tuple[Model, float, float]:
    """A fresh model: the best seconds of some runs, building and proving included, and the bound."""
    best, model = np.inf, None
    for _ in range(runs):
        began = time.process_time()
        model = Model(prices, starts, SLOT_S, OWNED, zone=ZONE)
        bound = model.bound().eur
        best = min(best, time.process_time() - began)
    assert model is not None
    return model, best, bound


def sliders(model: Model, cold_s: float) -> Figures:
    """What a changed slider costs the bound, and then the feasible half, as shares of the cold solve."""
    print("\nA changed slider, share of the cold solve: the bound, then the schedule")
    figures: Figures = {}
    bounds, schedules = [], []
    for name, change in SLIDERS.items():
        began = time.process_time()
        model.change(battery=replace(OWNED, **change))  # type: ignore[arg-type]
        model.bound()
        bounded = time.process_time()
        model.dispatch()
        bounds.append((bounded - began) / cold_s)
        schedules.append((time.process_time() - bounded) / cold_s)
        figures[name] = shown(name, bounds[-1])
        shown("  its schedule", schedules[-1])
    figures["worst_bound"], figures["worst_schedule"] = max(bounds), max(schedules)
    return figures


def with_reserve(prices: np.ndarray, starts: np.ndarray, cold_s: float) -> Figures:
    """Day-ahead and made-up FCR together."""
    print("\nWith MADE-UP FCR prices")
    blocks, _ = local_blocks(starts, ZONE)
    began = time.process_time()
    bound = Model(prices, starts, SLOT_S, OWNED, zone=ZONE, reserves=[fcr(made_up_fcr(int(blocks[-1]) + 1))]).bound()
    seconds = time.process_time() - began
    return {
        "seconds": shown("bound, cold", seconds, "s"),
        "times_day_ahead": shown("times day-ahead alone", seconds / cold_s),
        "duality_gap_eur": bound.certificate.duality_gap_eur,
    }


def beside(question: Question, ours_s: float, ours_eur: float, names: list[str]) -> Figures:
    """The peers that are installed, on the same question."""
    figures: Figures = {}
    quiet()
    for name in names:
        module, ask = PEERS[name]
        print(f"\n{name}")
        if not installed(module):
            print("  not installed: pip install 'bessinside[peers]'")
            continue
        answer: Answer = ask(question)
        figures[name] = {
            "build_s": shown("building", answer.build_s, "s"),
            "solve_s": shown("solving", answer.solve_s, "s"),
            "eur": answer.eur,
            "relative_difference": shown("its optimum against ours, relative", abs(answer.eur / ours_eur - 1)),
            "ours_over_theirs": shown("our seconds over theirs", ours_s / answer.total_s),
        }
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="60 days instead of a year, less than a minute in all")
    parser.add_argument("--json", action="store_true", help="one JSON object with all figures on the last line")
    parser.add_argument("--peers", nargs="*", default=list(PEERS), choices=list(PEERS), help="which peers to run")
    options = parser.parse_args()
    prices, starts, named = real_prices(60 if options.quick else 365)
    print(f"{named}: {len(prices):,} slots\n\nOurs")
    model, cold_s, bound = cold(prices, starts, 3)
    proof = model.bound().certificate
    began = time.process_time()
    found = model.dispatch()
    half = time.process_time() - began
    figures: Figures = {
        "python": platform.python_version(),
        "machine": platform.machine(),
        "prices": named,
        "slots": len(prices),
        "ours": {
            "cold_s": shown("bound, cold, building and proof included", cold_s, "s"),
            "schedule_over_cold": shown("its schedule, share of the cold solve", half / cold_s),
            "bound_eur": shown("bound", bound, "EUR"),
            "feasible_eur": shown("feasible", found.feasible_eur, "EUR"),
            "duality_gap_eur": shown("duality gap", proof.duality_gap_eur, "EUR"),
        },
        "sliders": sliders(model, cold_s),
        "made_up_fcr": with_reserve(prices, starts, cold_s),
        **beside(Question(prices, model.calendar.day, SLOT_S / 3600), cold_s, bound, options.peers),
    }
    if options.json:
        print(json.dumps(figures))


if __name__ == "__main__":
    main()
