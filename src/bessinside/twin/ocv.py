"""The open-circuit model that the twin shows beside measured cell voltages: a model, and called one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bessinside.plant.cells import ocv_table


def open_circuit_voltage(soc: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean open-circuit voltage in V at a state of charge given as a share (0 … 1); flat outside."""
    table = ocv_table()
    return np.asarray(np.interp(soc, table.soc, table.ocv))
