"""What only the owner of a plant knows: money, contracts, warranty. Two tables of the plant file, both optional.

Nothing here has a default: what is not stated stays None, and whatever rests on it says which key is missing. Values
with `assumption = true` are examples, and are shown as such wherever they count.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from itertools import pairwise
from typing import Any, Protocol

Where = tuple[str | int, ...]


class Reader(Protocol):
    """What walks the plant file: it knows file and line of every key."""

    def error(self, key: Where, expected: str) -> Exception: ...

    def known(self, where: Where, table: Any, keys: set[str]) -> None: ...

    def value(self, where: Where, table: Mapping[str, Any], key: str, kind: type) -> Any: ...


@dataclass(frozen=True, slots=True)
class Economics:
    """Money and contracts. Shares in %, money in EUR, per the unit in the name.

    `capex_eur`: what the plant cost, all in. `grid_contribution_eur_kw`: contribution to the grid's construction costs,
    paid once. `revenue_change_percent`: by how much market revenue changes each year. `toll_eur_mw_year`: a fixed rent
    instead of the market. `floor_eur_mw_year`, `floor_share_percent`: what is paid at least, and the owner's share of
    market revenue where that is more. `power_fee_eur_kw_year`, `energy_fee_eur_mwh`: grid fees for what is drawn,
    should they be due. `schedule`: a file beside this one, `utc_start,power_w` at the meter, positive out.
    `prices`: a file of day-ahead prices (`utc_start,price_eur_mwh`) in place of those of this machine.
    `imbalance_prices`: a file with `utc_start,price_eur_mwh`, fetched by its user at run time.
    """

    source: str
    assumption: bool = False
    capex_eur: float | None = None
    grid_contribution_eur_kw: float | None = None
    opex_eur_year: float | None = None
    lifetime_years: float | None = None
    discount_percent: float | None = None
    revenue_change_percent: float | None = None
    debt_percent: float | None = None
    interest_percent: float | None = None
    debt_years: float | None = None
    toll_eur_mw_year: float | None = None
    floor_eur_mw_year: float | None = None
    floor_share_percent: float | None = None
    power_fee_eur_kw_year: float | None = None
    energy_fee_eur_mwh: float | None = None
    cycles_day: float | None = None
    round_trip_percent: float | None = None
    schedule: str | None = None
    prices: str | None = None
    imbalance_prices: str | None = None


@dataclass(frozen=True, slots=True)
class Warranty:
    """What the maker promises, and under which conditions. Shares in %, temperatures in °C.

    `start`: when it begins. `health`: pairs of (years, least state of health), in order. `temperature`, `soc`: the
    window [low, high] of use. `c_rate`: most current over capacity, 1/h. `cycles_day`, `cycles`, `throughput_mwh`: most
    use. `availability_percent`, `round_trip_percent`: what is promised.
    """

    source: str
    assumption: bool = False
    start: date | None = None
    health: tuple[tuple[float, float], ...] = ()
    temperature: tuple[float, float] | None = None
    soc: tuple[float, float] | None = None
    c_rate: float | None = None
    cycles_day: float | None = None
    cycles: float | None = None
    throughput_mwh: float | None = None
    availability_percent: float | None = None
    round_trip_percent: float | None = None


_PERCENT = (0.0, 100.0)
_RANGES: dict[str, tuple[float, float]] = {
    "lifetime_years": (1.0, 60.0),
    "debt_years": (1.0, 60.0),
    "discount_percent": (-20.0, 100.0),
    "revenue_change_percent": (-50.0, 50.0),
    "cycles_day": (0.0, 24.0),
    "c_rate": (0.001, 100.0),
}
_TEXTS = ("source", "schedule", "prices", "imbalance_prices")


def economics(reader: Reader, table: Any) -> Economics | None:
    """The table `[economics]`, None where there is none."""
    return None if table is None else Economics(**_read(reader, ("economics",), table, Economics))


def warranty(reader: Reader, table: Any) -> Warranty | None:
    """The table `[warranty]`, None where there is none."""
    return None if table is None else Warranty(**_read(reader, ("warranty",), table, Warranty))


def _read(reader: Reader, where: Where, table: Any, kind: type[Any]) -> dict[str, Any]:
    reader.known(where, table, {field.name for field in fields(kind)})
    found: dict[str, Any] = {"source": reader.value(where, table, "source", str)}
    for key in table:
        at = (*where, key)
        if key in _TEXTS:
            found[key] = reader.value(where, table, key, str)
        elif key == "assumption":
            found[key] = reader.value(where, table, key, bool)
        elif key == "start":
            found[key] = _day(reader, at, table[key])
        elif key == "health":
            found[key] = _curve(reader, at, table[key])
        elif key in ("temperature", "soc"):
            low, high = (-50.0, 125.0) if key == "temperature" else _PERCENT
            found[key] = _window(reader, at, table[key], low, high)
        else:
            low, high = _RANGES.get(key, _PERCENT if key.endswith("_percent") else (0.0, 1e12))
            found[key] = _number(reader, at, table[key], low, high)
    return found


def _number(reader: Reader, at: Where, found: Any, low: float, high: float) -> float:
    if isinstance(found, bool) or not isinstance(found, int | float) or not low <= found <= high:
        raise reader.error(at, f"expected a number from {low:g} to {high:g}, got {found!r}")
    return float(found)


def _day(reader: Reader, at: Where, found: Any) -> date:
    if type(found) is not date:
        raise reader.error(at, f"expected a date such as 2025-10-01, got {found!r}")
    return found


def _window(reader: Reader, at: Where, found: Any, low: float, high: float) -> tuple[float, float]:
    pair = _pair(reader, at, found, "a pair [low, high]")
    first, last = (_number(reader, at, one, low, high) for one in pair)
    if first >= last:
        raise reader.error(at, f"expected the low end below the high one, got {found!r}")
    return first, last


def _curve(reader: Reader, at: Where, found: Any) -> tuple[tuple[float, float], ...]:
    wanted = "pairs [years, percent] in order of years, such as [[0, 100], [10, 75]]"
    if not isinstance(found, list) or len(found) < 2:
        raise reader.error(at, f"expected two or more {wanted}, got {found!r}")
    rows = [_pair(reader, at, row, wanted) for row in found]
    curve = tuple((_number(reader, at, a, 0.0, 60.0), _number(reader, at, b, *_PERCENT)) for a, b in rows)
    if any(later[0] <= earlier[0] or later[1] > earlier[1] for earlier, later in pairwise(curve)):
        raise reader.error(at, f"expected {wanted}, with a health that does not rise, got {found!r}")
    return curve


def _pair(reader: Reader, at: Where, found: Any, wanted: str) -> Sequence[Any]:
    if not isinstance(found, list) or len(found) != 2:
        raise reader.error(at, f"expected {wanted}, got {found!r}")
    return found
