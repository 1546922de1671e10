"""The emulator's data tables: CSV beside the code, `#` lines say where the figures come from."""

from __future__ import annotations

from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from bessinside.runtime import disk

Array: TypeAlias = npt.NDArray[np.float64]
Mask: TypeAlias = npt.NDArray[np.bool_]

FOLDER = Path(__file__).parent / "tables"


def read(name: str) -> dict[str, Array]:
    """The columns of `tables/<name>.csv`, each as float64[rows]."""
    lines = [line for line in disk.read_text(FOLDER / f"{name}.csv").splitlines() if line and not line.startswith("#")]
    columns = lines[0].split(",")
    rows = np.array([[float(field) for field in line.split(",")] for line in lines[1:]])
    return {column: rows[:, index].copy() for index, column in enumerate(columns)}
