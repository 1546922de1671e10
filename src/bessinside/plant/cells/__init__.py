"""Measured curves of LFP cells, kept as tables beside this file."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bessinside.runtime import disk

FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class OcvTable:
    """Open-circuit voltage over state of charge: `soc` as a share 0 … 1, `ocv` and `hysteresis` (half the gap) in V."""

    soc: NDArray[np.float64]
    ocv: NDArray[np.float64]
    hysteresis: NDArray[np.float64]


@cache
def ocv_table(name: str = "sony-us26650") -> OcvTable:
    """The measured curve of a cell, by name. The file's head names its source and licence."""
    text = disk.read_text(FOLDER / f"{name}-ocv.csv")
    rows = [line.split(",") for line in text.splitlines() if line and line[0].isdigit()]
    soc, ocv, hysteresis = np.array(rows, dtype=np.float64).T
    return OcvTable(soc, ocv, hysteresis)
