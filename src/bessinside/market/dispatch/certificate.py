"""The proof beside a maximum, recomputed in NumPy from nothing but the problem and the solver's two vectors.

For any row prices u, with r = cost - A'u the reduced costs, no z inside the limits is worth more than

    sum of u_i row_upper_i (u_i > 0) or u_i row_lower_i (u_i < 0)  +  sum of r_j upper_j (r_j > 0) or r_j lower_j (r_j
    < 0).

Every column of a dispatch has two finite limits, so that this weak duality holds without regard to any tolerance of the
solver. Rows without a lower limit take u_i >= 0; what is below zero is cut off and reported as an infeasibility.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bessinside.market.dispatch.battery import Floats
from bessinside.market.dispatch.programme import Programme


@dataclass(frozen=True, slots=True)
class Certificate:
    """Nothing of it is the solver's own word.

    `primal_eur`: worth of the solver's point. `dual_eur`: worth that no schedule can exceed. `duality_gap_eur`: dual
    less primal. `primal_infeasibility`: the most by which the point oversteps a limit, MWh or MW.
    `dual_infeasibility`: the most by which a row's price has the wrong sign, EUR/MWh.
    """

    primal_eur: float
    dual_eur: float
    duality_gap_eur: float
    primal_infeasibility: float
    dual_infeasibility: float


def certify(problem: Programme, z: Floats, row_price: Floats) -> Certificate:
    """The certificate of a point `z` float64[columns] and row prices float64[rows], EUR per unit of the row."""
    per_column = np.diff(problem.start)
    column = np.repeat(np.arange(len(per_column)), per_column)
    rows = len(problem.row_lower)
    activity = np.bincount(problem.index, problem.value * z[column], minlength=rows)
    overstepped = np.max(
        np.concatenate(
            [problem.lower - z, z - problem.upper, problem.row_lower - activity, activity - problem.row_upper, [0.0]]
        )
    )
    one_sided = ~np.isfinite(problem.row_lower)
    wrong = np.where(one_sided, np.maximum(-row_price, 0.0), 0.0)
    price = np.where(one_sided, np.maximum(row_price, 0.0), row_price)
    reduced = problem.cost - np.bincount(column, problem.value * price[problem.index], minlength=len(per_column))
    from_rows = np.where(price > 0, price * problem.row_upper, 0.0)
    negative = price < 0
    from_rows[negative] = price[negative] * problem.row_lower[negative]
    dual = float(from_rows.sum() + np.where(reduced > 0, reduced * problem.upper, reduced * problem.lower).sum())
    primal = float(problem.cost @ z)
    return Certificate(primal, dual, dual - primal, float(overstepped), float(wrong.max(initial=0.0)))
