"""What answering the grid's frequency asked of the converters: the droop that set-points show, and its power.

A plant that holds frequency containment reserve adds to its schedule

    P_answer = -K · a(Δf),  a = Δf / 200 mHz within ±1, and 0 within ±10 mHz        [W; Δf in Hz]

(Regulation (EU) 2017/1485, Art. 154). K is no register of most plants, but it can be measured: from one minute to the
next a schedule seldom moves and the frequency always does, so that  ΔP_order = -K · Δa  in nearly every minute. The few
minutes in which the schedule steps are left out of the least squares.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bessinside.market.dispatch.battery import Floats

NOMINAL_HZ, FULL_HZ, DEAD_HZ = 50.0, 0.2, 0.010
LEAST_MINUTES = 30
LEAST_SHARE = 0.5  # of the orders' changes must follow the frequency, else it is not what they answer
_MOVES = 0.01  # least change of a, 2 mHz, of which a ratio is taken
_OUTLIER = 4.0  # times the median of the residuals
_ROUNDS = 12


@dataclass(frozen=True, slots=True)
class Droop:
    """`full_w`: power at a deviation of 200 mHz, zero where orders do not follow the frequency. `share`: of the
    orders' changes that it explains, 0 to 1. `minutes`: pairs of minutes that it was measured with."""

    full_w: float
    share: float
    minutes: int

    def power_w(self, activated: Floats) -> Floats:
        """The answer to an activation, W, positive out of the battery."""
        found: Floats = -self.full_w * activated
        return found


def activation(frequency_hz: Floats) -> Floats:
    """Share of the full power by which a deviation is answered, -1 to 1, positive where the frequency is high."""
    away = frequency_hz - NOMINAL_HZ
    found: Floats = np.where(np.abs(away) <= DEAD_HZ, 0.0, np.clip(away / FULL_HZ, -1.0, 1.0))
    return found


def mean_activation(low_hz: Floats, mean_hz: Floats, high_hz: Floats) -> Floats:
    """The mean of a minute's activation from its lowest, mean and highest frequency; NaN where they are not known.

    The dead band makes it another number than the activation of the mean. The frequency is taken as evenly spread over
    [low, mean] and over [mean, high], with the weights that give the mean.
    """
    width = high_hz - low_hz
    below = np.where(width > 0, (high_hz - mean_hz) / np.where(width > 0, width, 1.0), 0.5)
    found: Floats = below * _even(low_hz, mean_hz) + (1 - below) * _even(mean_hz, high_hz)
    return found


def _even(from_hz: Floats, to_hz: Floats) -> Floats:
    """The mean activation of a frequency that is evenly spread between two."""
    width = to_hz - from_hz
    wide = width > 1e-5  # 0.01 mHz: below, the middle stands for all
    spread = (_integral(to_hz) - _integral(from_hz)) / np.where(wide, width, 1.0)
    found: Floats = np.where(wide, spread, activation((from_hz + to_hz) / 2))
    return found


def _integral(frequency_hz: Floats) -> Floats:
    """The integral of the activation over the frequency from 50 Hz on, Hz."""
    away = np.abs(frequency_hz - NOMINAL_HZ)
    inside = np.clip(away, DEAD_HZ, FULL_HZ)
    found: Floats = (inside**2 - DEAD_HZ**2) / (2 * FULL_HZ) + np.maximum(away - FULL_HZ, 0.0)
    return found


def droop(order_w: Floats, activated: Floats) -> Droop:
    """The droop that orders show, W and activation float64[m], minute by minute, NaN in minutes without a reading.

    The first guess is the median of the ratios; then least squares over the pairs of minutes whose residual is at most
    four times the median one, until those no longer change. Zero where fewer than half an hour of pairs are known or
    where less than half of the orders' changes (by their squares) follow the frequency.
    """
    step_w, step_a = np.diff(order_w), np.diff(activated)
    known = np.isfinite(step_w) & np.isfinite(step_a)
    step_w, step_a = step_w[known], step_a[known]
    moved = np.abs(step_a) >= _MOVES
    if np.count_nonzero(moved) < LEAST_MINUTES:
        return Droop(0.0, 0.0, int(moved.sum()))
    full = float(np.median(-step_w[moved] / step_a[moved]))
    kept = np.ones(len(step_w), bool)
    for _ in range(_ROUNDS):
        left = np.abs(step_w + full * step_a)
        now = left <= max(_OUTLIER * float(np.median(left)), 1.0)
        if np.array_equal(now, kept):
            break
        kept = now
        full = -float(step_w[kept] @ step_a[kept]) / max(float(step_a[kept] @ step_a[kept]), 1e-12)
    whole = float(step_w[kept] @ step_w[kept])
    rest = step_w[kept] + full * step_a[kept]
    share = 1.0 - float(rest @ rest) / whole if whole > 0 else 0.0
    answers = full > 0 and share >= LEAST_SHARE
    return Droop(full if answers else 0.0, max(share, 0.0), int(kept.sum()))
