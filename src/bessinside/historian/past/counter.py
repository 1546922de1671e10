"""What a counter counted between two moments: over gaps, over its own rollover, and not over a reset."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bessinside.registers import Point

NEAR = 0.1  # a counter rolls over from the last tenth of its range into the first; any other step back is a reset


@dataclass(frozen=True, slots=True)
class Counted:
    """The sum of a counter's steps in its own SI unit, NaN with fewer than two good readings.

    first_ns, last_ns: the good readings that it lies between, 0 without; rollovers: times the register began anew at
    zero; resets: steps back that no rollover explains (another meter, a device set to zero), which count nothing;
    longest_gap_ns: the longest time between two good readings; the counter went on meanwhile, so its step counts.
    """

    total: float
    first_ns: int
    last_ns: int
    readings: int
    rollovers: int
    resets: int
    longest_gap_ns: int


def counted(time: NDArray[np.int64], value: NDArray[np.float64], modulus: float | None) -> Counted:
    """The steps of a counter: time int64[n] ns and value float64[n] of its good readings, in order of time.

    Δ = Σ (vᵢ − vᵢ₋₁), a step back from the last tenth of the register's range to the first plus `modulus`, any other
    step back as nothing. `modulus` is None where a register does not roll over (floating point).
    """
    if len(value) < 2:
        at = int(time[0]) if len(time) else 0
        return Counted(float("nan"), at, at, len(value), 0, 0, 0)
    step, over, reset = steps_of(value, modulus)
    return Counted(
        float(step.sum()), int(time[0]), int(time[-1]), len(value), int(over.sum()),
        int(reset.sum()), int(np.diff(time).max()),
    )  # fmt: skip


def steps_of(
    value: NDArray[np.float64], modulus: float | None
) -> tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_]]:
    """What a counter advanced from each reading of float64[m] to the next, and where it rolled over and was reset.

    All three have m - 1 entries. A step back from the last tenth of the range to the first gains `modulus`; any other
    step back is a reset and counts as nothing.
    """
    step = np.diff(value)
    back = step < 0
    over = np.zeros(len(step), bool)
    if modulus is not None:
        over = back & (value[:-1] > (1 - NEAR) * modulus) & (value[1:] < NEAR * modulus)
        step = np.where(over, step + modulus, step)
    reset = back & ~over
    return np.where(reset, 0.0, step), over, reset


def modulus_of(point: Point, factor: float) -> float | None:
    """One more than a counter's register can hold, in SI; None where it does not roll over or its scale is a register.

    SunSpec's accumulators `acc16`, `acc32` and `acc64` and plain unsigned integers roll over at 2^bits.
    """
    if point.wire_type.kind != "uint" or point.bcd or isinstance(point.sf, str):
        return None
    return float(2**point.bits) * 10.0**point.sf * factor
