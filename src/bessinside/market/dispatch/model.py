"""The best use of a battery at known prices: an upper bound with its proof, and a schedule that can be carried out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from bessinside.market.basis.days import Stamps
from bessinside.market.dispatch.battery import Battery, BatteryError, Curve, Floats
from bessinside.market.dispatch.certificate import Certificate, certify
from bessinside.market.dispatch.check import discharged, replay
from bessinside.market.dispatch.one_way import OneWay, one_way
from bessinside.market.dispatch.programme import Calendar, Programme, caps, programme
from bessinside.market.dispatch.reasons import Reasons, reasons
from bessinside.market.dispatch.reserve import Reserve
from bessinside.market.dispatch.solver import Solver
from bessinside.runtime import clock

CAP_ROUNDS = 30
ROUNDING = 1e-12  # of a sum of some 10,000 slots


@dataclass(frozen=True, slots=True)
class Dispatch:
    """The bracket [`feasible_eur`, `bound_eur`] and the schedule that earns `feasible_eur`.

    `prices` float64[n] EUR/MWh; `starts_ns` int64[n] UTC; `slot_s` seconds. `charge_w`, `discharge_w` float64[n] at the
    meter, never both above zero in one slot; `energy_wh` float64[n] at the cells at each slot's end. `gap_eur` is bound
    less feasible. Money has wear taken off and capacity added.

    `binding` int8[n]: what holds the action where it is, a :class:`~bessinside.market.dispatch.reasons.Binding`;
    `shadow_eur_mwh` float64[n]: what one MWh more of it would earn. `buy_below`, `sell_above` float64[n] EUR/MWh:
    prices at the meter at which charging and discharging begin to pay. `reserve_w`: capacity held back, one
    float64[blocks] for each reserve. `bound_seconds`, `seconds`: for the bound, and for all of it.
    """

    prices: Floats
    starts_ns: Stamps
    slot_s: float
    battery: Battery
    bound_eur: float
    feasible_eur: float
    gap_eur: float
    certificate: Certificate
    charge_w: Floats
    discharge_w: Floats
    energy_wh: Floats
    binding: NDArray[np.int8]
    shadow_eur_mwh: Floats
    buy_below: Floats
    sell_above: Floats
    reserve_w: tuple[Floats, ...]
    bound_seconds: float
    seconds: float

    @property
    def power_w(self) -> Floats:
        """Power at the meter, positive out of the battery, W float64[n]."""
        return self.discharge_w - self.charge_w

    @property
    def slot_eur(self) -> Floats:
        """What each slot earns on energy, wear not taken off, EUR float64[n]."""
        return self.prices * self.power_w * (self.slot_s / 3600e6)

    @property
    def cycles(self) -> float:
        """Energy discharged at the cap's place over `energy_wh`: equivalent full cycles."""
        return float(discharged(self.battery, self.discharge_w).sum()) * self.slot_s / 3600 / self.battery.energy_wh


@dataclass(frozen=True, slots=True)
class Bound:
    """What no schedule can exceed, and the proof. `slot_eur` float64[n]: what each slot adds on energy, wear taken off.
    `seconds`: laying out, solving and proving."""

    eur: float
    certificate: Certificate
    slot_eur: Floats
    seconds: float


class Model:
    """One row of slots and a solver kept warm for it: each question after the first costs a fraction of the first.

    The arguments are those of :func:`solve`; a `solver` may be lent by another model of the same slots.
    """

    def __init__(
        self,
        prices: Floats,
        starts_ns: Stamps,
        slot_s: float,
        battery: Battery,
        *,
        zone: str = "Europe/Berlin",
        reserves: Sequence[Reserve] = (),
        solver: Solver | None = None,
    ) -> None:
        self.calendar = Calendar.of(starts_ns, slot_s, zone)
        self.prices = np.ascontiguousarray(prices, dtype=np.float64)
        self.battery = battery
        self.reserves = tuple(reserves)
        self._solver = solver or Solver()
        self._problem: Programme | None = None
        self._bound: Bound | None = None
        self._point: tuple[Floats, Floats] | None = None
        self._answer: Dispatch | None = None

    def change(self, *, battery: Battery | None = None, prices: Floats | None = None) -> None:
        """Another battery, or other prices for the same slots. Nothing is solved before it is asked for."""
        if battery is not None:
            self.battery = battery
        if prices is not None:
            self.prices = np.ascontiguousarray(prices, dtype=np.float64)
        self._bound = self._point = self._answer = None

    def bound(self) -> Bound:
        """The maximum with its proof, without a schedule."""
        if self._bound is None:
            began = clock.monotonic()
            problem = programme(self.prices, self.battery, self.calendar, self.reserves)
            self._solver.load(problem)
            self._point = self._solver.solve()
            certificate = certify(problem, *self._point)
            self._problem = problem
            worth = problem.cost * self._point[0]
            slots = sum(worth[part].reshape(-1, len(self.calendar)).sum(axis=0) for part in (problem.x, problem.y))
            self._bound = Bound(certificate.dual_eur, certificate, np.asarray(slots), clock.monotonic() - began)
        return self._bound

    def dispatch(self) -> Dispatch:
        """The maximum, and a schedule within it that keeps every limit and never goes both ways at once."""
        if self._answer is not None:
            return self._answer
        began = clock.monotonic()
        bound = self.bound()
        problem, clean = self._clean()
        why = reasons(problem, self.prices, self.battery, clean.z, clean.row_price, clean.held)
        charge, discharge = self._powers(problem, clean.z)
        reserve = self._reserve(problem, clean.z, charge, discharge)
        self._answer = self._checked(bound, charge, discharge, reserve, why, began)
        return self._answer

    def schedule(self) -> tuple[Floats, Floats]:
        """The schedule alone: powers in and out at the meter, W float64[n], as :meth:`dispatch` has them."""
        problem, clean = self._clean()
        return self._powers(problem, clean.z)

    def _clean(self) -> tuple[Programme, OneWay]:
        self.bound()
        assert self._problem is not None
        assert self._point is not None
        if self._problem.w.stop == self._problem.w.start:
            return self._problem, one_way(self._solver, self._problem, *self._point)
        # Curves: the bound's allowance is no schedule's, and pieces out of order would outwit a cap at the meter.
        problem = programme(self.prices, self.battery, self.calendar, self.reserves, exact=True)
        for _ in range(CAP_ROUNDS):
            self._solver.load(problem)
            clean = one_way(self._solver, problem, *self._solver.solve())
            tightened = self._within_caps(problem, clean.z)
            if tightened is None:
                return problem, clean
            problem = tightened
        raise BatteryError(f"after {CAP_ROUNDS} rounds the cycle cap is still overstepped along the curve of losses")

    def _within_caps(self, problem: Programme, z: Floats) -> Programme | None:
        """The problem with those caps lowered that the true curve oversteps; None where it oversteps none."""
        _, discharge = self._powers(problem, z)
        counted = discharged(self.battery, discharge) * self.calendar.hours / 1e6
        measure = problem.out.reference if self.battery.cycles_at == "meter" else 1.0
        lowered = problem.row_upper.copy()
        for kind, group, cap in caps(self.battery, self.calendar):
            rows = problem.rows[kind]
            excess = np.bincount(group, counted, minlength=rows.stop - rows.start) - cap
            lowered[rows] -= np.where(excess > 1e-9, 1.01 * excess + 1e-9, 0.0) / measure
        return (
            None if np.array_equal(lowered, problem.row_upper) else replace(problem, row_upper=np.maximum(lowered, 0.0))
        )

    def _powers(self, problem: Programme, z: Floats) -> tuple[Floats, Floats]:
        """Powers in and out at the meter, W, from energies at the cells; along the true curve where there is one."""
        n = len(self.calendar)
        watts = 1e6 / self.calendar.hours
        found = []
        for family, pieces, curve in (
            (problem.x, problem.into, self.battery.charging),
            (problem.y, problem.out, self.battery.discharging),
        ):
            cells = z[family].reshape(-1, n) * watts
            cells[np.abs(cells) < 1e-6] = 0.0
            at_meter = curve.meter(cells.sum(0)) if isinstance(curve, Curve) else (cells * pieces.ratio).sum(0)
            found.append(np.maximum(at_meter, 0.0))
        return found[0], found[1]

    def _reserve(self, problem: Programme, z: Floats, charge: Floats, discharge: Floats) -> tuple[Floats, ...]:
        """Capacity of every block, W. Where a curve needs more power than its envelope, capacity gives way."""
        held, position = [], problem.f.start
        for reserve in self.reserves:
            block = reserve.blocks(self.calendar.starts_ns, self.calendar.zone)
            count = int(block[-1]) + 1
            capacity = np.maximum(z[position : position + count], 0.0) * 1e6
            position += count
            held.append((reserve, block, capacity))
        for outward, used, most in ((True, discharge, problem.out_mw), (False, charge, problem.into_mw)):
            mine = [(block, capacity) for reserve, block, capacity in held if (reserve.up if outward else reserve.down)]
            called = sum((capacity[block] for block, capacity in mine), np.zeros(len(used)))
            excess = np.maximum(used + called - most * 1e6, 0.0)
            for block, capacity in mine:
                worst = np.zeros(len(capacity))
                np.maximum.at(worst, block, excess)
                np.maximum(capacity - worst, 0.0, out=capacity)
        return tuple(capacity for _, _, capacity in held)

    def _checked(
        self, bound: Bound, charge: Floats, discharge: Floats, reserve: tuple[Floats, ...], why: Reasons, began: float
    ) -> Dispatch:
        calendar, battery = self.calendar, self.battery
        held_out, held_in, worth = np.zeros(len(charge)), np.zeros(len(charge)), 0.0
        for product, capacity in zip(self.reserves, reserve, strict=True):
            held = capacity[product.blocks(calendar.starts_ns, calendar.zone)]
            held_out += held * product.up
            held_in += held * product.down
            worth += float(capacity @ product.eur_mw) / 1e6
        walked = replay(
            battery, charge, discharge, calendar.starts_ns, calendar.slot_s,
            zone=calendar.zone, held_out_w=held_out, held_in_w=held_in, tolerance=0.1,
        )  # fmt: skip
        if walked.violation is not None:
            raise BatteryError(
                f"the solver's schedule cannot be carried out, {walked.violation}; please report this case"
            )
        feasible = worth + value(self.prices, charge, discharge, calendar.slot_s, battery.wear_eur_mwh)
        if bound.eur < feasible <= bound.eur + ROUNDING * max(abs(bound.eur), 1.0):
            feasible = bound.eur  # two sums of the same optimum in another order
        answer = clock.monotonic() - began
        return Dispatch(
            self.prices, calendar.starts_ns, calendar.slot_s, battery,
            bound.eur, feasible, bound.eur - feasible, bound.certificate,
            charge, discharge, walked.energy_wh,
            why.binding, why.shadow, why.buy_below, why.sell_above,
            reserve, bound.seconds, max(answer, bound.seconds),
        )  # fmt: skip


def value(prices: Floats, charge_w: Floats, discharge_w: Floats, slot_s: float, wear_eur_mwh: float = 0.0) -> float:
    """What powers at the meter earn at prices, wear of the discharged energy taken off, EUR."""
    return float((prices * (discharge_w - charge_w)).sum() - wear_eur_mwh * discharge_w.sum()) * slot_s / 3600e6


def solve(
    prices: Floats,
    starts_ns: Stamps,
    slot_s: float,
    battery: Battery,
    *,
    zone: str = "Europe/Berlin",
    reserves: Sequence[Reserve] = (),
) -> Dispatch:
    """The best dispatch over the whole time. `prices` float64[n] EUR/MWh, `starts_ns` int64[n] UTC without gaps.

    `zone` is the time zone whose days the daily cycle cap counts. For many questions about the same slots keep a
    :class:`Model`. Raises :class:`~bessinside.market.dispatch.battery.BatteryError` where nothing is feasible.
    """
    return Model(prices, starts_ns, slot_s, battery, zone=zone, reserves=reserves).dispatch()
