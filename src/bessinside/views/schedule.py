"""The schedule that was sold against what the meter counted, quarter by quarter, and what the difference costs."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bessinside.errors import BessError
from bessinside.market.basis.errors import MarketError
from bessinside.market.prices.series import PriceSeries
from bessinside.market.prices.sources import files
from bessinside.runtime import disk
from bessinside.views.base import FactBase
from bessinside.views.evidence import price_origin
from bessinside.views.fact import Cell, Missing, Origin
from bessinside.views.found import Found, Lacking, Rows, gather, no_history, origins
from bessinside.views.realised import slots

START, POWER = "utc_start", "power_w"


@dataclass(frozen=True, slots=True, eq=False)
class Schedule:
    """start_ns: int64[n] UTC, ascending; power_w: float64[n] at the meter, positive out; each holds to the next, the
    last as long as the one before."""

    start_ns: NDArray[np.int64]
    power_w: NDArray[np.float64]

    def at(self, time_ns: NDArray[np.int64]) -> NDArray[np.float64]:
        """The power that was sold at some moments, NaN outside."""
        row = np.searchsorted(self.start_ns, time_ns, side="right") - 1
        last = 2 * self.start_ns[-1] - self.start_ns[-2] if len(self.start_ns) > 1 else self.start_ns[-1]
        inside = (row >= 0) & (time_ns < last)
        return np.where(inside, self.power_w[np.maximum(row, 0)], np.nan)


def read_schedule(text: str, name: str) -> Schedule:
    """A CSV of `utc_start` and `power_w`. Raises MarketError with file, line and what was expected."""
    lines = [(n, line) for n, line in enumerate(text.splitlines(), 1) if line.strip() and not line.startswith("#")]
    rows = csv.DictReader(io.StringIO("\n".join(line for _, line in lines)))
    if rows.fieldnames is None or not {START, POWER} <= set(rows.fieldnames):
        raise MarketError(f"{name}:1: expected the columns {START} and {POWER}, got {rows.fieldnames}")
    starts: list[int] = []
    powers: list[float] = []
    for (number, _), row in zip(lines[1:], rows, strict=True):
        try:
            at = datetime.fromisoformat(str(row[START]))
            starts.append(round((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()) * 10**9)
            powers.append(float(row[POWER]))
        except ValueError as error:
            raise MarketError(f"{name}:{number}: {START}, {POWER}: {error}") from error
        if len(starts) > 1 and starts[-1] <= starts[-2]:
            raise MarketError(f"{name}:{number}: {START}: not after the line before")
    if len(starts) < 2:
        raise MarketError(f"{name}: expected two slots or more")
    return Schedule(np.array(starts, np.int64), np.array(powers))


def sold(of: FactBase) -> tuple[Schedule, Origin]:
    """The schedule beside the plant file. Raises Lacking."""
    name, origin = of.evidence.stated("economics.schedule", "the schedule that was sold")
    path = Path(of.evidence.plant.path).parent / str(name)
    try:
        return of.once("schedule", lambda: read_schedule(disk.read_text(path), path.name)), origin
    except (OSError, BessError) as error:
        raise Lacking(Missing("feed", str(name), str(error), "correct economics.schedule or its file")) from error


def now(of: FactBase) -> Found:
    """W at the meter less the schedule at this moment."""
    evidence = of.evidence
    (plan, one), power = sold(of), evidence.carried("meter.active_power").whole()
    wanted = float(plan.at(np.array([evidence.now.time_ns]))[0])
    if not np.isfinite(wanted):
        raise Lacking(Missing("feed", "economics.schedule", "it does not reach this moment", "bring a newer schedule"))
    is_now = float(power.value.sum())
    return Found(is_now - wanted, origins((one,), power.origin()), note=f"schedule {wanted / 1e3:,.0f} kW")


@dataclass(frozen=True, slots=True, eq=False)
class Deviation:
    """Counted slots of the span that the schedule covers: energy at the meter less the schedule, Wh float64[n]."""

    start_ns: NDArray[np.int64]
    wh: NDArray[np.float64]
    price: NDArray[np.float64]
    slot_h: float
    origin: tuple[Origin, ...]


def deviation(of: FactBase) -> Deviation:
    """Slot by slot. Raises Lacking."""
    (plan, one) = sold(of)
    found = slots(of)
    energy = found.meter.out_wh - found.meter.in_wh - plan.at(found.prices.start_ns) * found.slot_h
    known = np.isfinite(energy)
    if not known.any():
        raise Lacking(no_history("no counted slot of this span lies within the schedule"))
    origin = origins((one,), found.origin)
    return Deviation(found.prices.start_ns[known], energy[known], found.prices.price[known], found.slot_h, origin)


def energy(of: FactBase) -> Found:
    """Wh by which slots missed the schedule, without sign."""
    found = deviation(of)
    rows: list[list[Cell]] = [[at / 1e6, float(wh)] for at, wh in zip(found.start_ns.tolist(), found.wh, strict=True)]
    table = Rows((("time", "ms"), ("deviation", "Wh")), rows, "line")
    return Found(float(np.abs(found.wh).sum()), found.origin, note=f"{len(rows)} slots", spanned=True, table=table)


def root_mean_square(of: FactBase) -> Found:
    """W: √(mean of squared mean powers)."""
    found = deviation(of)
    return Found(float(np.sqrt(np.mean((found.wh / found.slot_h) ** 2))), found.origin, spanned=True)


def imbalance_cost(of: FactBase) -> Found:
    """EUR: Σ deviation · (day-ahead price − imbalance price); negative where the imbalance paid."""
    found, prices = gather(lambda: deviation(of), lambda: imbalance_prices(of))
    at = np.searchsorted(prices.start_ns, found.start_ns, side="right") - 1
    inside = (at >= 0) & (found.start_ns < prices.start_ns[at] + prices.length_ns[at])
    if not inside.all():
        why = f"they miss {int((~inside).sum())} of {len(at)} slots"
        raise Lacking(Missing("feed", "reBAP imbalance prices", why, FETCH))
    cost = found.wh * (found.price - prices.price[at]) / 1e6
    origin = origins(found.origin, (price_origin(prices),))
    return Found(float(cost.sum()), origin, spanned=True)


FETCH = "bessinside prices rebap --from DAY --csv > rebap.csv, and name that file in economics.imbalance_prices"


def imbalance_prices(of: FactBase) -> PriceSeries:
    """Prices of the imbalance that somebody fetched: never kept, never shipped."""
    if of.evidence.imbalance is not None:
        return of.evidence.imbalance
    try:
        name, _ = of.evidence.stated("economics.imbalance_prices", "a file of imbalance prices")
        return files.read(Path(of.evidence.plant.path).parent / str(name))
    except Lacking:
        raise Lacking(Missing("feed", "reBAP imbalance prices", "nobody brought them", FETCH)) from None
    except (OSError, BessError) as error:
        raise Lacking(Missing("feed", "reBAP imbalance prices", str(error), FETCH)) from error
