"""Loss of a PCS over load and DC voltage, from a table of efficiencies.

    discharging  η = P_ac/P_dc  →  loss = P_ac·(1/η − 1)
    charging     η = P_dc/P_ac  →  loss = P_ac·(1 − η)

The table begins at 10 % load. At no load the loss is the constant term of the fit P_loss/P_n = k0 + k1·p + k2·p²,
mean of both directions: 0.00136 / 0.00179 / 0.00207 at 1060 / 1250 / 1450 V. Between the points the loss is linear in
both directions, so at the points η is the table's.

A PCS of another size takes the same curve in shares of its own rated power and of its own DC voltage: an assumption,
because few vendors print a table.
"""

from __future__ import annotations

from bisect import bisect_right

import numpy as np

from bessinside.emulator.basis import table

NO_LOAD = (0.001355, 0.00179, 0.002065)  # share of the rated power, at the table's three voltages


class Converter:
    """Loss curves of both directions as shares of the rated power, on (DC voltage, load).

    Plain numbers and `bisect`: for two converters that is ten times faster than arrays of two.
    """

    def __init__(self, rated: float = 1.25e6, level: float = 1.0) -> None:
        """`rated` W; `level` is the DC voltage that this PCS is built for, 1 for that of the table's."""
        self.rated, self.level = rated, level
        rows = table.read("pcs_efficiency")
        load = np.unique(rows["load_pct"]) / 100.0
        self.voltages: list[float] = np.unique(rows["dc_V"]).tolist()
        self.loads: list[float] = [0.0, *load.tolist()]
        shape = (len(self.voltages), len(load))
        order = np.lexsort((rows["load_pct"], rows["dc_V"]))
        charge = rows["charge_pct"][order].reshape(shape) / 100.0
        discharge = rows["discharge_pct"][order].reshape(shape) / 100.0
        empty = np.array(NO_LOAD)[:, None]
        self.charge: list[list[float]] = np.hstack([empty, load * (1.0 - charge)]).tolist()
        self.discharge: list[list[float]] = np.hstack([empty, load * (1.0 / discharge - 1.0)]).tolist()

    def loss(self, power: float, voltage: float) -> float:
        """W lost for `power` W on the AC side (positive when discharging) at `voltage` V DC.

        Above the table's loads the last slope goes on; voltages are taken between 1000 and 1550 V of the table's.
        """
        share = abs(power) / self.rated
        load = min(bisect_right(self.loads, share), len(self.loads) - 1) - 1
        along = (share - self.loads[load]) / (self.loads[load + 1] - self.loads[load])
        voltage = min(max(voltage / self.level, 1000.0), 1550.0)
        level = min(max(bisect_right(self.voltages, voltage), 1), len(self.voltages) - 1) - 1
        up = (voltage - self.voltages[level]) / (self.voltages[level + 1] - self.voltages[level])
        curves = self.discharge if power > 0.0 else self.charge
        low, high = curves[level], curves[level + 1]
        before = low[load] + up * (high[load] - low[load])
        after = low[load + 1] + up * (high[load + 1] - low[load + 1])
        return self.rated * (before + along * (after - before))

    def ac_power(self, dc_power: float, voltage: float) -> float:
        """AC power in W that goes with `dc_power` W: the fixed point of P_ac = P_dc − loss(P_ac), to about 1 W."""
        power = dc_power
        for _ in range(4):
            power = dc_power - self.loss(power, voltage)
        return power
