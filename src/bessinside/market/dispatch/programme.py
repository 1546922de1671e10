"""The dispatch as a linear programme in plain arrays. Energies in MWh, power in MW, money in EUR.

Columns, each over n slots: x[k] energy into the cells, y[k] energy out of the cells (one row of columns per piece of
the loss curve), e energy held at the slot's end, w what a curve loses beyond its envelope (curves only), f[m]
capacity held back by product and block. Rows: the energy balance of every slot

    e[t] - e[t-1] - sum x[k, t] + sum y[k, t] + w[t] = 0        (start energy at t = 0)

then caps of discharged energy per local day, per local year and in all, then the room that reserves need.

Counting energy at the cells makes the balance a network: every coefficient is +1 or -1, and power, energy, efficiency,
caps, wear and prices stand in costs and limits alone. So a changed slider leaves the matrix, and with it the solver's
factors, as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bessinside.market.basis.days import Index, Stamps, local_days, local_years
from bessinside.market.dispatch.battery import Battery, BatteryError, Curve, Floats
from bessinside.market.dispatch.losses import Pieces, charging, discharging, limits
from bessinside.market.dispatch.reserve import Reserve
from bessinside.market.dispatch.room import Entries, Room


@dataclass(frozen=True, slots=True)
class Calendar:
    """The slots and the local days, years and blocks that they fall into."""

    starts_ns: Stamps
    slot_s: float
    zone: str
    day: Index
    year: Index

    @classmethod
    def of(cls, starts_ns: Stamps, slot_s: float, zone: str) -> Calendar:
        """Raises :class:`BatteryError` where slots are missing or double."""
        starts = np.ascontiguousarray(starts_ns, dtype=np.int64)
        if len(starts) == 0:
            raise BatteryError("no slots: a dispatch needs at least one price")
        wrong = np.flatnonzero(np.diff(starts) != round(slot_s * 1e9))
        if len(wrong):
            at = np.datetime64(int(starts[wrong[0]]), "ns").astype("datetime64[m]")
            raise BatteryError(f"slots must follow each other every {slot_s:g} s; the one after {at}Z does not")
        return cls(starts, slot_s, zone, local_days(starts, zone), local_years(starts, zone))

    def __len__(self) -> int:
        return len(self.starts_ns)

    @property
    def hours(self) -> float:
        """Length of a slot."""
        return self.slot_s / 3600


@dataclass(frozen=True, slots=True)
class Programme:
    """max cost·z  with  row_lower <= A z <= row_upper,  lower <= z <= upper;  A by columns (start, index, value).

    `x`, `y`, `e`, `w`, `f` are the slices of the columns, `rows` those of the rows by kind: "balance", "cycles_day",
    "cycles_year", "throughput_wh", and of the room for reserves "out", "in", "stock", "space".
    """

    cost: Floats
    lower: Floats
    upper: Floats
    row_lower: Floats
    row_upper: Floats
    start: Index
    index: Index
    value: Floats
    x: slice
    y: slice
    e: slice
    w: slice
    f: slice
    rows: dict[str, slice]
    into: Pieces
    out: Pieces
    into_mw: Floats
    out_mw: Floats


def programme(
    prices: Floats, battery: Battery, calendar: Calendar, reserves: Sequence[Reserve] = (), *, exact: bool = False
) -> Programme:
    """Lays the problem out. `exact` leaves out what makes the bound safe where losses are curves."""
    n, hours = len(calendar), calendar.hours
    check_arrays(prices, battery, n)
    into_mw, out_mw = limits(battery, n)
    into, out = charging(battery, into_mw), discharging(battery, out_mw)
    kx, ky = len(into.cell), len(out.cell)
    curved = isinstance(battery.charging, Curve) or isinstance(battery.discharging, Curve)
    floor, ceiling = window(battery, n)
    step = np.arange(n, dtype=np.int32)
    after = step + 1
    after[-1] = -1

    # rows and coefficients of every column, family by family; row -1 is none
    of_x: Entries = [(np.tile(step, kx), np.full(kx * n, -1.0))]
    of_y: Entries = [(np.tile(step, ky), np.ones(ky * n))]
    of_e: Entries = [(step, np.ones(n)), (after, np.full(n, -1.0))]
    of_w: Entries = [(step, np.ones(n))]
    of_f: Entries = []
    rows = {"balance": slice(0, n)}
    start_wh = np.zeros(n)
    start_wh[0] = battery.start_wh / 1e6
    row_lower, row_upper = [start_wh], [start_wh]

    metered = battery.cycles_at == "meter"
    factor = (out.ratio / out.reference if metered else np.ones_like(out.ratio)).ravel()
    for kind, row, cap in caps(battery, calendar):
        first = sum(map(len, row_upper))
        count = int(row[-1]) + 1
        rows[kind] = slice(first, first + count)
        of_y.append((np.tile(row + first, ky).astype(np.int32), factor))
        row_lower.append(np.full(count, -np.inf))
        row_upper.append(np.full(count, cap / out.reference if metered else cap))

    blocks = [reserve.blocks(calendar.starts_ns, calendar.zone) for reserve in reserves]
    x, y, e, w, f = _slices([kx * n, ky * n, n, n if curved else 0, sum(int(block[-1]) + 1 for block in blocks)])
    cost, lower, upper = np.zeros(f.stop), np.zeros(f.stop), np.zeros(f.stop)
    cost[x] = (-prices * into.ratio).ravel()
    cost[y] = ((prices - battery.wear_eur_mwh) * out.ratio).ravel()
    upper[x], upper[y] = (into.cell * hours).ravel(), (out.cell * hours).ravel()
    lower[e], upper[e] = floor, ceiling
    if battery.end_wh is not None:
        lower[e.stop - 1] = upper[e.stop - 1] = battery.end_wh / 1e6
    if curved and not exact:
        upper[w] = np.maximum(into.slack, out.slack) * hours
    if reserves:
        room = Room(reserves, blocks, n, hours, battery.start_wh / 1e6, into, out, into_mw, out_mw, floor, ceiling)
        cost[f], upper[f] = room.worth(battery)
        first = sum(map(len, row_upper))
        bounds = room.add(rows, of_x, of_y, of_e, of_f, first)
        row_lower.append(np.full(len(bounds), -np.inf))
        row_upper.append(bounds)
    families = [of_x, of_y, of_e] + ([of_w] if curved else []) + ([of_f] if reserves else [])
    start, index, value = _by_columns(families)
    return Programme(
        cost, lower, upper, np.concatenate(row_lower), np.concatenate(row_upper), start, index, value,
        x, y, e, w, f, rows, into, out, into_mw, out_mw,
    )  # fmt: skip


def check_arrays(prices: Floats, battery: Battery, n: int) -> None:
    """Prices and masks must be finite and one per slot."""
    if prices.shape != (n,):
        raise BatteryError(f"{n} slots need as many prices, not {prices.shape}")
    holes = np.flatnonzero(~np.isfinite(prices))
    if len(holes):
        raise BatteryError(f"{len(holes)} slots have no price, the first is slot {holes[0]}; give a time without holes")
    for name in ("charge_available", "discharge_available", "energy_available"):
        mask: Floats | None = getattr(battery, name)
        if mask is None:
            continue
        if mask.shape != (n,):
            raise BatteryError(f"{name}: {n} slots need as many shares, not {mask.shape}")
        if not (np.all(mask >= 0) and np.all(mask <= 1)):
            raise BatteryError(f"{name}: shares must lie in 0 to 1")


def window(battery: Battery, n: int) -> tuple[Floats, Floats]:
    """Least and most energy at the cells at each slot's end, MWh float64[n]."""
    floor = np.full(n, battery.floor_wh / 1e6)
    width = (battery.ceiling_wh - battery.floor_wh) / 1e6
    share = 1.0 if battery.energy_available is None else battery.energy_available
    return floor, floor + width * share


def caps(battery: Battery, calendar: Calendar) -> list[tuple[str, Index, float]]:
    """Kind, row of each slot and MWh of every cap on discharged energy."""
    energy = battery.energy_wh / 1e6
    found: list[tuple[str, Index, float]] = []
    if battery.cycles_day is not None:
        found.append(("cycles_day", calendar.day, battery.cycles_day * energy))
    if battery.cycles_year is not None:
        found.append(("cycles_year", calendar.year, battery.cycles_year * energy))
    if battery.throughput_wh is not None:
        found.append(("throughput_wh", np.zeros(len(calendar), dtype=np.int32), battery.throughput_wh / 1e6))
    return found


def _slices(counts: list[int]) -> list[slice]:
    ends = np.cumsum(counts)
    return [slice(int(end) - count, int(end)) for end, count in zip(ends, counts, strict=True)]


def _by_columns(families: list[Entries]) -> tuple[Index, Index, Floats]:
    """Compressed columns: start int32[columns + 1], row index and coefficient of every entry."""
    counts, index, value = [], [], []
    for family in families:
        rows = np.column_stack([row for row, _ in family])
        there = rows >= 0
        counts.append(there.sum(axis=1))
        index.append(rows[there])
        value.append(np.column_stack([values for _, values in family])[there])
    start = np.concatenate([[0], np.cumsum(np.concatenate(counts))])
    return start.astype(np.int32), np.concatenate(index).astype(np.int32), np.concatenate(value)
