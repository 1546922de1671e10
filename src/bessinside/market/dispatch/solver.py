"""HiGHS kept warm: one problem whose costs and limits change, and the dual simplex that goes on from where it stood.

It is loaded when the first problem comes, so that what only speaks of batteries and prices starts without it.
"""

from __future__ import annotations

import numpy as np

from bessinside.market.basis.days import Index
from bessinside.market.dispatch.battery import BatteryError, Floats
from bessinside.market.dispatch.programme import Programme

# Measured on a year of quarters: presolve costs more than it saves where the balance is a network already.
OPTIONS: dict[str, bool | int | str] = {
    "output_flag": False,
    "threads": 1,
    "parallel": "off",
    "solver": "simplex",
    "presolve": "off",
    "simplex_dual_edge_weight_strategy": 1,
}


class Solver:
    """Solves a programme, and then others of the same matrix from the last basis."""

    def __init__(self) -> None:
        import highspy

        self._highs = highspy.Highs()
        for name, value in OPTIONS.items():
            self._highs.setOptionValue(name, value)
        self._held: Programme | None = None
        self._limited: list[Index] = []

    def load(self, problem: Programme) -> bool:
        """Puts the problem in; True where the matrix was the same and the solver stays warm."""
        held = self._held
        self._held = problem
        same = held is not None and all(
            np.array_equal(getattr(held, name), getattr(problem, name)) for name in ("start", "index", "value")
        )
        if not same:
            self._limited.clear()
            self._pass(problem)
            return False
        assert held is not None
        for columns in self._limited:
            self._highs.changeColsBounds(len(columns), columns, held.lower[columns], held.upper[columns])
        self._limited.clear()
        self._change("Col", "Cost", (held.cost,), (problem.cost,))
        self._change("Col", "Bounds", (held.lower, held.upper), (problem.lower, problem.upper))
        self._change("Row", "Bounds", (held.row_lower, held.row_upper), (problem.row_lower, problem.row_upper))
        return True

    def close(self, columns: Index) -> None:
        """Holds some columns, int32, at their lower limit until the next `load`."""
        assert self._held is not None
        self._limited.append(columns)
        lower = self._held.lower[columns]
        self._highs.changeColsBounds(len(columns), columns, lower, lower)

    def solve(self) -> tuple[Floats, Floats]:
        """The best point float64[columns] and the price of every row float64[rows].

        Raises :class:`BatteryError` where nothing is feasible.
        """
        import highspy

        self._highs.run()
        status = self._highs.getModelStatus()
        if status != highspy.HighsModelStatus.kOptimal:
            raise BatteryError(
                f"no schedule keeps all limits ({self._highs.modelStatusToString(status)}): the energy at the start or "
                "at the end cannot be had with these powers, windows and masks"
            )
        solution = self._highs.getSolution()
        return np.array(solution.col_value), np.array(solution.row_dual)

    def _pass(self, problem: Programme) -> None:
        import highspy

        model = highspy.HighsLp()
        model.num_col_, model.num_row_ = len(problem.cost), len(problem.row_lower)
        model.sense_ = highspy.ObjSense.kMaximize
        model.col_cost_, model.col_lower_, model.col_upper_ = problem.cost, problem.lower, problem.upper
        model.row_lower_, model.row_upper_ = problem.row_lower, problem.row_upper
        model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        model.a_matrix_.start_, model.a_matrix_.index_ = problem.start, problem.index
        model.a_matrix_.value_ = problem.value
        self._highs.passModel(model)

    def _change(self, family: str, what: str, old: tuple[Floats, ...], new: tuple[Floats, ...]) -> None:
        changed = np.flatnonzero(np.any([a != b for a, b in zip(old, new, strict=True)], axis=0)).astype(np.int32)
        if len(changed):
            change = getattr(self._highs, f"change{family}s{what}")
            change(len(changed), changed, *(part[changed] for part in new))
