"""Why a slot is used as it is: the limit that holds the action where it is, and what one MWh more of it would earn."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from importlib.resources import files

import numpy as np
import yaml
from numpy.typing import NDArray

from bessinside.market.dispatch.battery import Battery, Floats
from bessinside.market.dispatch.programme import Programme

NEAR = 1e-9  # MWh; a solver's vertex lies on its limits to 1e-15


class Binding(IntEnum):
    """What holds a slot's action where it is. The names are keys of reasons.yaml."""

    SPREAD = 0
    CHARGE_POWER = 1
    DISCHARGE_POWER = 2
    FULL = 3
    EMPTY = 4
    CYCLES = 5
    GRID = 6
    AVAILABILITY = 7
    RESERVE_POWER = 8
    RESERVE_ENERGY = 9
    ONE_WAY = 10
    MARGINAL = 11
    CURVE = 12


@dataclass(frozen=True, slots=True)
class Reasons:
    """`binding` int8[n], `shadow` float64[n] EUR/MWh, and the two prices at the meter at which the use changes."""

    binding: NDArray[np.int8]
    shadow: Floats
    buy_below: Floats
    sell_above: Floats


def reasons(
    problem: Programme, prices: Floats, battery: Battery, z: Floats, row_price: Floats, one_way: NDArray[np.bool_]
) -> Reasons:
    """Reads the reasons off a solution. `one_way` bool[n]: slots in which one direction was ruled out.

    With v[t] the price of the energy balance (what a stored MWh is worth in slot t), r meter over cells, and c the
    prices of the cycle caps: charging pays below v / r_in, discharging above (v + c) / r_out + wear.
    """
    n = len(prices)
    x, y, e = z[problem.x].reshape(-1, n), z[problem.y].reshape(-1, n), z[problem.e]
    stored = row_price[problem.rows["balance"]]
    later = np.append(stored[1:], stored[-1])
    cap = _cap_price(problem, row_price, n)
    r_in, r_out = problem.into.reference, problem.out.reference
    wear = battery.wear_eur_mwh
    buy, sell = stored / r_in, (stored + cap) / r_out + wear
    at_x, at_y = problem.upper[problem.x].reshape(-1, n).sum(0), problem.upper[problem.y].reshape(-1, n).sum(0)
    charges, discharges = x.sum(0) > NEAR, y.sum(0) > NEAR
    whole_in, whole_out = charges & (x.sum(0) >= at_x - NEAR), discharges & (y.sum(0) >= at_y - NEAR)
    full, empty = e >= problem.upper[problem.e] - NEAR, e <= problem.lower[problem.e] + NEAR
    room = {kind: _room_price(problem, row_price, kind, n) for kind in ("out", "in", "stock", "space")}
    hold = ~charges & ~discharges
    moved = np.abs(later - stored) > NEAR  # where nothing changes with the limit, the limit is not the reason
    full &= (charges & moved) | (hold & (prices < later / r_in - NEAR))
    empty &= (discharges & moved) | (hold & (prices > (later + cap) / r_out + wear + NEAR))
    device_in, device_out = battery.charge_w / 1e6, battery.discharge_w / 1e6
    masked_in = _masked(battery.charge_available, n)
    masked_out = _masked(battery.discharge_available, n)
    wants_in, wants_out = prices < buy - NEAR, prices > sell + NEAR
    limited = (charges & whole_in) | (hold & wants_in & (at_x <= NEAR))
    limited_out = (discharges & whole_out) | (hold & wants_out & (at_y <= NEAR))
    gain_in, gain_out = np.maximum(buy - prices, 0), np.maximum(prices - sell, 0)
    zero = np.zeros(n)
    curved = len(problem.into.cell) > 1 or len(problem.out.cell) > 1
    # the first that applies
    cases = [
        (limited & (problem.into_mw < device_in * masked_in - NEAR), Binding.GRID, gain_in),
        (limited_out & (problem.out_mw < device_out * masked_out - NEAR), Binding.GRID, gain_out),
        (limited & (masked_in < 1), Binding.AVAILABILITY, gain_in),
        (limited_out & (masked_out < 1), Binding.AVAILABILITY, gain_out),
        (charges & whole_in, Binding.CHARGE_POWER, gain_in),
        (discharges & whole_out, Binding.DISCHARGE_POWER, gain_out),
        ((charges | hold) & (room["in"] > NEAR), Binding.RESERVE_POWER, room["in"]),
        ((discharges | hold) & (room["out"] > NEAR), Binding.RESERVE_POWER, room["out"]),
        (full & ~discharges, Binding.FULL, np.abs(later - stored)),
        (empty & ~charges, Binding.EMPTY, np.abs(later - stored)),
        ((charges | hold) & (room["space"] > NEAR), Binding.RESERVE_ENERGY, room["space"]),
        ((discharges | hold) & (room["stock"] > NEAR), Binding.RESERVE_ENERGY, room["stock"]),
        ((discharges | (hold & (prices > stored / r_out + wear + NEAR))) & (cap > NEAR), Binding.CYCLES, cap / r_out),
        (one_way & hold, Binding.ONE_WAY, np.maximum(gain_in, gain_out)),
        ((charges | discharges) & curved & _at_corner(problem, x, y), Binding.CURVE, zero),
        (charges | discharges, Binding.MARGINAL, zero),
    ]
    conditions = [condition for condition, _, _ in cases]
    binding = np.select(conditions, [np.int8(kind) for _, kind, _ in cases], np.int8(Binding.SPREAD)).astype(np.int8)
    shadow = np.select(conditions, [worth for _, _, worth in cases], 0.0)
    return Reasons(binding, shadow, buy, sell)


def _cap_price(problem: Programme, row_price: Floats, n: int) -> Floats:
    """Price of all cycle caps together on one MWh out of the cells, in each slot."""
    first = problem.start[problem.y.start : problem.y.start + n]
    total = np.zeros(n)
    caps = [rows for kind, rows in problem.rows.items() if kind in ("cycles_day", "cycles_year", "throughput_wh")]
    for offset, _ in enumerate(caps, 1):  # entries of a column stand in the order of the rows
        at = first + offset
        total += problem.value[at] * row_price[problem.index[at]]
    return total


def _room_price(problem: Programme, row_price: Floats, kind: str, n: int) -> Floats:
    """Price of the room for reserves in each slot, zero without reserves."""
    rows = problem.rows.get(kind)
    return np.zeros(n) if rows is None else row_price[rows][:n]


def _masked(mask: Floats | None, n: int) -> Floats:
    return np.ones(n) if mask is None else mask


def _at_corner(problem: Programme, x: Floats, y: Floats) -> NDArray[np.bool_]:
    """Slots in which every piece of the curve is used wholly or not at all."""
    n = x.shape[1]
    corner = np.ones(n, dtype=bool)
    for used, most in ((x, problem.upper[problem.x]), (y, problem.upper[problem.y])):
        corner &= np.all((used <= NEAR) | (used >= most.reshape(-1, n) - NEAR), axis=0)
    return corner


@cache
def texts() -> dict[str, dict[str, str]]:
    """Language, then key, then sentence with places for numbers, as reasons.yaml has them."""
    loaded: dict[str, dict[str, str]] = yaml.safe_load(files(__package__).joinpath("reasons.yaml").read_text("utf-8"))
    return loaded


def action(charge_w: float, discharge_w: float) -> str:
    """The key of what a slot does: "charge", "discharge" or "hold"."""
    return "charge" if charge_w > 1e-3 else "discharge" if discharge_w > 1e-3 else "hold"


def sentence(
    language: str,
    charge_w: float,
    discharge_w: float,
    price: float,
    binding: int,
    shadow: float,
    buy: float,
    sell: float,
) -> str:
    """One slot in words: what is done, what holds it there, and what more of that would earn. `language` "de" or
    "en".
    """
    words = texts()[language]
    numbers = {
        "kw": max(charge_w, discharge_w) / 1e3,
        "price": price,
        "shadow": shadow,
        "buy": buy,
        "sell": sell,
    }
    shown = {name: _number(value, language) for name, value in numbers.items()}
    done = words[action(charge_w, discharge_w)].format(**shown)
    return f"{done} {words[Binding(binding).name.lower()].format(**shown)}"


def _number(value: float, language: str) -> str:
    digits = f"{value:,.1f}" if abs(value) >= 100 else f"{value:,.2f}"
    return digits.translate(str.maketrans(",.", ".,")) if language == "de" else digits
