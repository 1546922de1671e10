"""Whether two sources say the same of the same hours."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bessinside.market.basis.errors import MarketError
from bessinside.market.prices.series import PriceSeries, iso

TOLERANCE_EUR_MWH = 0.011  # publishers round to the cent, each in their own way


@dataclass(frozen=True, slots=True, eq=False)
class Agreement:
    """Two series side by side: `compared` slots that both have, `only_first`, `only_second` slots that one has;
    `at_ns` int64[k], `first`, `second` float64[k]: where they differ by more than a cent.
    """

    names: tuple[str, str]
    compared: int
    only_first: int
    only_second: int
    at_ns: NDArray[np.int64]
    first: NDArray[np.float64]
    second: NDArray[np.float64]

    @property
    def worst_eur_mwh(self) -> float:
        """Largest difference, 0 where none counts."""
        return float(np.abs(self.first - self.second).max()) if self.at_ns.size else 0.0

    def words(self) -> str:
        """One line that says how well they agree."""
        same = self.compared - self.at_ns.size
        text = f"{self.names[0]} and {self.names[1]} agree on {same:,} of {self.compared:,} slots"
        if self.at_ns.size:
            text += (
                f"; they differ in {self.at_ns.size}, first at {iso(int(self.at_ns[0]))} "
                f"({self.first[0]:.2f} and {self.second[0]:.2f} EUR/MWh)"
            )
        return text


def agreement(first: PriceSeries, second: PriceSeries) -> Agreement:
    """Compares two series slot by slot, both cut to the finer slots. Raises MarketError where nothing overlaps."""
    names = (_name(first), _name(second))
    if not first.size or not second.size:
        raise MarketError(f"{names[0]} and {names[1]} cannot be compared: one of them has no prices there")
    step = int(min(first.length_ns.min(), second.length_ns.min()))
    one, two = first.split(step), second.split(step)
    both, mine, theirs = np.intersect1d(one.start_ns, two.start_ns, assume_unique=True, return_indices=True)
    if not both.size:
        raise MarketError(f"{names[0]} and {names[1]} have no slot in common")
    off = np.abs(one.price[mine] - two.price[theirs]) > TOLERANCE_EUR_MWH
    return Agreement(
        names,
        len(both),
        one.size - len(both),
        two.size - len(both),
        both[off],
        one.price[mine][off],
        two.price[theirs][off],
    )


def _name(prices: PriceSeries) -> str:
    return prices.provenance[0].source if prices.provenance else "unnamed prices"
