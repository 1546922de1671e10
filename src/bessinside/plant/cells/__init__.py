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
    """Open-circuit voltage over state of charge: `soc` as a share 0 … 1, `ocv` and `half_gap` (hysteresis) in V."""

    soc: NDArray[np.float64]
    ocv: NDArray[np.float64]
    half_gap: NDArray[np.float64]


@cache
def ocv_table() -> OcvTable:
    """The measured curve of an LFP cell at 25 °C. The file's head names its source, README.md its licence."""
    text = disk.read_text(FOLDER / "lfp_ocv.csv")
    rows = [line.split(",") for line in text.splitlines() if line and line[0].isdigit()]
    soc, ocv, half_gap = np.array(rows, dtype=np.float64).T.copy()
    return OcvTable(soc, ocv, half_gap)
