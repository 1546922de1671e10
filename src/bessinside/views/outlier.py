"""Cells that stand apart from their own rack."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bessinside.views.base import FactBase
from bessinside.views.fact import Cell
from bessinside.views.found import Found, Rows
from bessinside.views.spread import by_rack

LIMIT = 5.0  # robust standard deviations
LEAST_V = 0.005  # and so many volts: what resolution and noise make is no outlier


def score(value: NDArray[np.float64]) -> NDArray[np.float64]:
    """z = (x − median) / (1.4826·MAD); MAD is the median of the distances from the median."""
    apart = value - np.median(value)
    mad = 1.4826 * float(np.median(np.abs(apart)))
    return np.asarray(apart / max(mad, 1e-9))


def cells(of: FactBase) -> Found:
    """How many cells lie further from the median of their rack than five robust deviations and 5 mV."""
    found = of.evidence.carried("cell.voltage")
    good = found.some()
    rows: list[list[Cell]] = []
    for at in by_rack(good).values():
        value = good.value[at]
        z, apart = score(value), value - np.median(value)
        for k in np.flatnonzero((np.abs(z) > LIMIT) & (np.abs(apart) > LEAST_V)):
            rows.append([good.ids[int(at[k])], float(value[k]), float(apart[k]), float(z[k])])
    rows.sort(key=lambda row: -abs(float(row[2] or 0)))
    columns = (("figure", ""), ("voltage", "V"), ("apart", "V"), ("score", "1"))
    mark = "partly" if len(good) < len(found) else ""
    note = f"of {len(good):,} cells that were read"
    return Found(float(len(rows)), found.origin(), note=note, quality=mark, table=Rows(columns, rows, most=60))
