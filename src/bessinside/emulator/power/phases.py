"""Three phases: voltages between them, powers and currents in them, for a source whose currents are balanced.

P_i = P/3 · u_i/ū,   S_i = √(P_i² + Q_i²),   I_i = S_i/U_i,   U_12 = √(U_1² + U_2² + U_1·U_2)      120° between phases
"""

from __future__ import annotations

import numpy as np

from bessinside.emulator.basis.table import Array


def between(voltage: Array) -> Array:
    """Phase-to-phase voltages 12, 23, 31 from phase-to-neutral voltages; the last axis is the phase."""
    following = np.roll(voltage, -1, axis=-1)
    result: Array = np.sqrt(voltage**2 + following**2 + voltage * following)
    return result


def shared(total: Array, voltage: Array) -> Array:
    """`total` split over the phases for balanced currents, exact in the sum: shape (…, 3)."""
    parts: Array = total[..., None] / 3.0 * (voltage / voltage.mean(axis=-1, keepdims=True))
    return parts


def factor(power: Array, apparent: Array) -> Array:
    """P/S; 1 where nothing flows, as instruments show it."""
    result: Array = np.where(apparent > 0.0, power / np.where(apparent > 0.0, apparent, 1.0), 1.0)
    return result


def by_phase(name: str, values: Array) -> dict[str, Array]:
    """`values` (parts, 3) as metrics `name_l1` … `name_l3`."""
    return {f"{name}_l{phase + 1}": values[:, phase] for phase in range(3)}


def by_pair(name: str, values: Array) -> dict[str, Array]:
    """`values` (parts, 3) as metrics `name_l12`, `name_l23`, `name_l31`."""
    return {f"{name}_l{pair}": values[:, index] for index, pair in enumerate(("12", "23", "31"))}
