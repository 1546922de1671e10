"""The MV transformer 20/0.69 kV, 2.75 MVA, Dy11, u_k 6 %: losses, voltage drop, own reactive power, oil temperature.

    loss = P0·u² + Pk·(S/Sn)²                         P0 2.2 kW, Pk 20 kW
    Q    = i0·Sn·u² + u_x·Sn·(S/Sn)²                   what it draws; i0 0.5 %
    u_lv = u + (u_r·P + u_x·Q)/Sn                      fed from the LV side, first order
    top oil: θ' = (θ_amb + 55 K·((1 + 9·k²)/10)^0.8 − θ)/τ, k = S/Sn, loss ratio 9, τ 3 h     form of IEC 60076-7

P0, Pk and i0 are engineering assumptions for a transformer of this size.
"""

from __future__ import annotations

from math import exp, hypot

RATED = 2.75e6  # VA
NO_LOAD_LOSS = 2.2e3  # W
LOAD_LOSS = 20e3
SHORT_CIRCUIT = 0.06
MAGNETISING = 0.005
RESISTIVE = LOAD_LOSS / RATED
REACTIVE = (SHORT_CIRCUIT**2 - RESISTIVE**2) ** 0.5
OIL_TAU = 3 * 3600.0
OIL_RISE = 55.0  # K


class Transformer:
    """`loss` W, `reactive` var drawn, `oil` °C, `lift` of the LV voltage as a share."""

    def __init__(self, ambient: float) -> None:
        self.oil = ambient + OIL_RISE * 0.1**0.8
        self.loss = NO_LOAD_LOSS
        self.reactive = MAGNETISING * RATED
        self.lift = 0.0

    def step(self, dt: float, power: float, reactive: float, level: float, ambient: float) -> None:
        """`power` W and `reactive` var fed in from the LV side, `level` the voltage as a share, `ambient` °C."""
        share = hypot(power, reactive) / (RATED * level)
        self.loss = NO_LOAD_LOSS * level**2 + LOAD_LOSS * share**2
        self.reactive = RATED * (MAGNETISING * level**2 + REACTIVE * share**2)
        self.lift = (RESISTIVE * power + REACTIVE * reactive) / RATED
        final = (
            ambient + OIL_RISE * ((1.0 + LOAD_LOSS / NO_LOAD_LOSS * share**2) / (1.0 + LOAD_LOSS / NO_LOAD_LOSS)) ** 0.8
        )
        self.oil += (1.0 - exp(-dt / OIL_TAU)) * (final - self.oil)
