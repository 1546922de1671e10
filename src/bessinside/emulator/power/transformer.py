"""The transformer from the PCS to the point of connection: losses, voltage drop, own reactive power, oil temperature.

    loss = P0·u² + Pk·(S/Sn)²                         2.75 MVA: P0 2.2 kW, Pk 20 kW
    Q    = i0·Sn·u² + u_x·Sn·(S/Sn)²                   what it draws; i0 0.5 %, u_k 6 %, u_x = √(u_k² − u_r²)
    u_lv = u + (u_r·P + u_x·Q)/Sn                      fed from the LV side, first order; u_r = Pk/Sn
    top oil: θ' = (θ_amb + 55 K·((1 + R·k²)/(1 + R))^0.8 − θ)/τ, k = S/Sn, R = Pk/P0, τ 3 h    form of IEC 60076-7
    P0, Pk ∝ Sn^0.75                                   another size: growth law of similar transformers

P0, Pk and i0 are engineering assumptions for a transformer of this size. A plant whose meter stands on the voltage of
its PCS has none: all of it is 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, hypot

REFERENCE = 2.75e6  # VA
NO_LOAD_LOSS = 2.2e3  # W
LOAD_LOSS = 20e3
GROWTH = 0.75
SHORT_CIRCUIT = 0.06
MAGNETISING = 0.005
OIL_TAU = 3 * 3600.0
OIL_RISE = 55.0  # K


@dataclass(frozen=True, slots=True)
class Rating:
    """Nameplate: `rated` VA, losses in W; all 0 where there is no transformer."""

    rated: float
    no_load_loss: float
    load_loss: float

    @classmethod
    def of(cls, rated: float) -> Rating:
        """For `rated` VA."""
        growth = (rated / REFERENCE) ** GROWTH
        return cls(rated, NO_LOAD_LOSS * growth, LOAD_LOSS * growth)

    @property
    def resistive(self) -> float:
        """u_r."""
        return self.load_loss / self.rated if self.rated else 0.0

    @property
    def reactive(self) -> float:
        """u_x."""
        return float((SHORT_CIRCUIT**2 - self.resistive**2) ** 0.5)

    def share(self, apparent: float) -> float:
        """S/Sn for `apparent` VA."""
        return apparent / self.rated if self.rated else 0.0


class Transformer:
    """`loss` W, `reactive` var drawn, `oil` °C, `lift` of the LV voltage as a share."""

    def __init__(self, ambient: float, rated: float = REFERENCE) -> None:
        self.rating = Rating.of(rated)
        self.oil = ambient + OIL_RISE * 0.1**0.8
        self.loss = self.rating.no_load_loss
        self.reactive = MAGNETISING * self.rating.rated
        self.lift = 0.0

    def step(self, dt: float, power: float, reactive: float, level: float, ambient: float) -> None:
        """`power` W and `reactive` var fed in from the LV side, `level` the voltage as a share, `ambient` °C."""
        rating = self.rating
        if not rating.rated:
            return
        share = hypot(power, reactive) / (rating.rated * level)
        self.loss = rating.no_load_loss * level**2 + rating.load_loss * share**2
        self.reactive = rating.rated * (MAGNETISING * level**2 + rating.reactive * share**2)
        self.lift = (rating.resistive * power + rating.reactive * reactive) / rating.rated
        ratio = rating.load_loss / rating.no_load_loss
        final = ambient + OIL_RISE * ((1.0 + ratio * share**2) / (1.0 + ratio)) ** 0.8
        self.oil += (1.0 - exp(-dt / OIL_TAU)) * (final - self.oil)
