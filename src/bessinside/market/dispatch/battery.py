"""The battery as the market sees it: power, energy, losses, and what limits its use."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from bessinside.errors import BessError

Floats = NDArray[np.float64]
Split = Literal["both", "charge", "discharge"]


class BatteryError(BessError):
    """A battery that cannot be, or that cannot do what is asked of it."""


@dataclass(frozen=True, slots=True)
class Curve:
    """AC power at the meter against power at the cells, piecewise linear through (0, 0).

    `ac_w` and `cell_w` float64[k], k >= 1, ascending, without the zero. Charging, cells get less than the meter counts;
    discharging, they give more.
    """

    ac_w: tuple[float, ...]
    cell_w: tuple[float, ...]

    def __post_init__(self) -> None:
        if not self.ac_w or len(self.ac_w) != len(self.cell_w):
            raise BatteryError("an efficiency curve needs as many powers at the meter as at the cells, at least one")
        for row in (self.ac_w, self.cell_w):
            if any(b <= a for a, b in zip((0.0, *row), row, strict=False)):
                raise BatteryError(f"powers of an efficiency curve must rise from above zero, not {row}")

    def slopes(self) -> tuple[float, ...]:
        """Power at the cells for one more watt at the meter, piece by piece."""
        ac, cell = (0.0, *self.ac_w), (0.0, *self.cell_w)
        return tuple((cell[k + 1] - cell[k]) / (ac[k + 1] - ac[k]) for k in range(len(self.ac_w)))

    @property
    def mean(self) -> float:
        """Power at the cells over power at the meter, at the curve's last point."""
        return self.cell_w[-1] / self.ac_w[-1]

    def cells(self, ac_w: Floats) -> Floats:
        """Power at the cells for a power at the meter, W."""
        return np.interp(ac_w, (0.0, *self.ac_w), (0.0, *self.cell_w))

    def meter(self, cell_w: Floats) -> Floats:
        """Power at the meter for a power at the cells, W."""
        return np.interp(cell_w, (0.0, *self.cell_w), (0.0, *self.ac_w))


@dataclass(frozen=True, slots=True)
class Battery:
    """Power is counted at the AC meter and energy at the cells; :func:`battery` takes other habits of counting.

    `charge_w`, `discharge_w`: most power in and out at the meter. `energy_wh`: energy of the cells from 0 to 100 %
    state of charge, of which the window [`soc_min`, `soc_max`] may be used. `charging`, `discharging`: a constant
    share (power at the cells over power at the meter for charging, the reverse for discharging) or a :class:`Curve`.

    `cycles_day`, `cycles_year`: most discharged energy in a local day, a local year, over `energy_wh`;
    `throughput_wh`: most discharged energy of the whole time; all three are counted at `cycles_at`. `wear_eur_mwh`:
    cost of each MWh discharged at the meter. `import_w`, `export_w`: limits of the grid connection.

    `charge_available`, `discharge_available`: share of power that can be had, float64[n] in 0 to 1, one per slot (an
    outage is 0). `energy_available`: the same for the window's width. `start_wh`, `end_wh`: energy above 0 % at the
    first and after the last slot; an `end_wh` of None leaves it free.
    """

    charge_w: float
    discharge_w: float
    energy_wh: float
    charging: float | Curve = 1.0
    discharging: float | Curve = 1.0
    soc_min: float = 0.0
    soc_max: float = 1.0
    start_wh: float = 0.0
    end_wh: float | None = 0.0
    cycles_day: float | None = None
    cycles_year: float | None = None
    throughput_wh: float | None = None
    cycles_at: Literal["meter", "cells"] = "meter"
    wear_eur_mwh: float = 0.0
    import_w: float | None = None
    export_w: float | None = None
    charge_available: Floats | None = None
    discharge_available: Floats | None = None
    energy_available: Floats | None = None

    def __post_init__(self) -> None:
        positive = {"charge_w": self.charge_w, "discharge_w": self.discharge_w, "energy_wh": self.energy_wh}
        for name, value in positive.items():
            if not (math.isfinite(value) and value > 0):
                raise BatteryError(f"{name} must be above zero, not {value}")
        if not 0 <= self.soc_min < self.soc_max <= 1:
            raise BatteryError(
                f"the window of the state of charge must lie in 0 to 1, not {self.soc_min} to {self.soc_max}"
            )
        for name, share in (("charging", self.charging), ("discharging", self.discharging)):
            if isinstance(share, float | int) and not 0 < share <= 1:
                raise BatteryError(f"{name} must be an efficiency above 0 and up to 1, not {share}")
        self._check_curves()
        for name, energy in (("start_wh", self.start_wh), ("end_wh", self.end_wh)):
            if energy is not None and not self.floor_wh - 1e-6 <= energy <= self.ceiling_wh + 1e-6:
                raise BatteryError(
                    f"{name} must lie in the window {self.floor_wh:g} to {self.ceiling_wh:g} Wh, not {energy:g}"
                )
        caps = {
            "cycles_day": self.cycles_day,
            "cycles_year": self.cycles_year,
            "throughput_wh": self.throughput_wh,
            "wear_eur_mwh": self.wear_eur_mwh,
            "import_w": self.import_w,
            "export_w": self.export_w,
        }
        for name, cap in caps.items():
            if cap is not None and not (math.isfinite(cap) and cap >= 0):
                raise BatteryError(f"{name} must be zero or more, not {cap}")

    def _check_curves(self) -> None:
        """Losses must not fall where power rises, and a curve must reach the battery's power."""
        for name, curve, power, sense in (
            ("charging", self.charging, self.charge_w, 1),
            ("discharging", self.discharging, self.discharge_w, -1),
        ):
            if not isinstance(curve, Curve):
                continue
            if curve.ac_w[-1] < power * (1 - 1e-9):
                raise BatteryError(f"{name}: the curve ends at {curve.ac_w[-1]:g} W, below the power of {power:g} W")
            if any(sense * slope > sense * (1 + 1e-9 * sense) for slope in curve.slopes()):
                raise BatteryError(f"{name}: losses of the curve fall somewhere while its power rises: {curve}")

    @property
    def floor_wh(self) -> float:
        """Least energy at the cells."""
        return self.soc_min * self.energy_wh

    @property
    def ceiling_wh(self) -> float:
        """Most energy at the cells."""
        return self.soc_max * self.energy_wh

    @property
    def round_trip(self) -> float:
        """Energy out over energy in at the meter, at full power for curves."""
        into = self.charging.mean if isinstance(self.charging, Curve) else self.charging
        out = 1 / self.discharging.mean if isinstance(self.discharging, Curve) else self.discharging
        return into * out


def battery(
    power_w: float,
    energy_wh: float,
    round_trip: float = 1.0,
    *,
    split: Split = "both",
    energy_at: Literal["cells", "meter"] = "cells",
    **rest: float | str | Floats | None,
) -> Battery:
    """A battery from its nameplate.

    `round_trip`: energy out over energy in at the meter; `split` says where it is lost: half each way (its square
    root, "both"), all on "charge" or all on "discharge". `energy_at`: whether `energy_wh` is what cells hold or what
    the meter counts when they are emptied. A cycle is `energy_wh` discharged at the meter, in both cases. The other
    keys are those of :class:`Battery`; it starts and ends at the lower end of its window unless they say otherwise.
    """
    if not 0 < round_trip <= 1:
        raise BatteryError(f"the round-trip efficiency must be above 0 and up to 1, not {round_trip}")
    root = math.sqrt(round_trip)
    charging, discharging = {"both": (root, root), "charge": (round_trip, 1.0), "discharge": (1.0, round_trip)}[split]
    held = energy_wh if energy_at == "cells" else energy_wh / discharging
    if energy_at == "meter":  # emptying it n times is the same energy at the cells, of which energy_wh speaks
        rest = {"cycles_at": "cells", **rest}
    floor_wh = float(rest.get("soc_min") or 0.0) * held
    rest = {"start_wh": floor_wh, "end_wh": floor_wh, **rest}
    return Battery(power_w, power_w, held, charging, discharging, **rest)  # type: ignore[arg-type]
