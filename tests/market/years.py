"""Whole years of DE-LU day-ahead prices, where the folder that BESSINSIDE_DATA names carries them."""

from __future__ import annotations

import csv
import gzip
import os
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from bessinside.market.dispatch.battery import Battery, Floats, battery

ZONE = "Europe/Berlin"
HOURLY = "da_delu_hourly_2021_2025.csv.gz"
QUARTERS = "da_delu_2025_15min_grid.csv.gz"
START = 1_735_686_000 * 10**9  # 2025-01-01 00:00 in Berlin


def reference(hours: float = 2.0, cycles: float | None = 1.5, **rest: float) -> Battery:
    """1 MW at the meter both ways, `hours` MWh at the cells, 0.88 there and back."""
    return battery(1e6, hours * 1e6, 0.88, cycles_day=cycles, **rest)


def grid(n: int, slot_s: float = 900, start: int = START) -> NDArray[np.int64]:
    """Starts of `n` slots, UTC ns."""
    return start + np.arange(n, dtype=np.int64) * round(slot_s * 1e9)


def quarters(year: int = 2025) -> tuple[Floats, NDArray[np.int64], float]:
    """Prices, starts and slot length of 2025 in quarters. Skips where the file is missing."""
    assert year == 2025
    prices, starts = _file(QUARTERS)
    return prices, starts, 900.0


def hours(year: int) -> tuple[Floats, NDArray[np.int64], float]:
    """Prices, starts and slot length of a local year in hours. Skips where the file is missing."""
    prices, starts = _file(HOURLY)
    first, last = (int(datetime(y, 12, 31, 23, tzinfo=UTC).timestamp()) * 10**9 for y in (year - 1, year))
    mine = (starts >= first) & (starts < last)
    return prices[mine], starts[mine], 3600.0


@cache
def _file(name: str) -> tuple[Floats, NDArray[np.int64]]:
    path = Path(os.environ.get("BESSINSIDE_DATA") or "") / "market" / name
    if "BESSINSIDE_DATA" not in os.environ or not path.exists():
        pytest.skip(f"BESSINSIDE_DATA does not lead to market/{name}: whole years are not compared")
    with gzip.open(path, "rt") as text:
        rows = list(csv.DictReader(text))
    starts = np.array([row["utc_start"][:19] for row in rows], dtype="datetime64[ns]").astype(np.int64)
    return np.array([float(row["price_eur_mwh"]) for row in rows]), starts
