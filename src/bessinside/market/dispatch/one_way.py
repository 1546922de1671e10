"""From the bound to a schedule: no battery charges and discharges in the same slot.

A linear programme may do both at once. It gains by that only where energy is worth less than nothing: taking (a, b) off
charging and discharging so that the cells see no difference changes the worth by p a (1 - round trip) >= 0 for p >= 0.
So few slots offend. The clearest half of them are held to the direction of their net power, the programme is solved
again from the same basis, and so on until none is left. Every round is feasible or later rounds make it so; what is
lost on the way is the bracket's width.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bessinside.market.basis.days import Index
from bessinside.market.dispatch.battery import BatteryError, Floats
from bessinside.market.dispatch.programme import Programme
from bessinside.market.dispatch.solver import Solver

OFFENCE = 1e-9  # MWh in both directions at once
ROUNDS = 400


@dataclass(frozen=True, slots=True)
class OneWay:
    """The clean point, its row prices, and the slots that were held to one direction, bool[n]."""

    z: Floats
    row_price: Floats
    held: NDArray[np.bool_]
    rounds: int


def one_way(solver: Solver, problem: Programme, z: Floats, row_price: Floats) -> OneWay:
    """Holds offending slots to one direction, round by round. The solver must hold `problem`."""
    n = problem.e.stop - problem.e.start
    held = np.zeros(n, dtype=bool)
    for rounds in range(ROUNDS):
        into, out = z[problem.x].reshape(-1, n), z[problem.y].reshape(-1, n)
        gained, drawn = into.sum(0), out.sum(0)
        offenders = np.flatnonzero((gained > OFFENCE) & (drawn > OFFENCE))
        if not len(offenders):
            return OneWay(z, row_price, held, rounds)
        doubt = np.minimum(gained, drawn)[offenders] / np.maximum(gained, drawn)[offenders]
        chosen = offenders[np.argsort(doubt, kind="stable")[: (len(offenders) + 1) // 2]]
        charges = gained[chosen] > drawn[chosen]
        columns = np.concatenate(
            [
                _columns(problem.y, n, chosen[charges]),
                _columns(problem.x, n, chosen[~charges]),
            ]
        )
        solver.close(columns)
        held[chosen] = True
        z, row_price = solver.solve()
    raise BatteryError(
        f"after {ROUNDS} rounds some slots still charge and discharge at once; shorten the time asked for"
    )


def _columns(family: slice, n: int, slots: NDArray[np.int64]) -> Index:
    """All pieces of the given slots."""
    return np.concatenate([slots + start for start in range(family.start, family.stop, n)]).astype(np.int32)
