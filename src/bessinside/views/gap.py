"""The price of the gap: what the plant as it is measured could earn less than the plant of its nameplate, a year."""

from __future__ import annotations

from dataclasses import replace

from bessinside.market.dispatch.battery import Battery, battery
from bessinside.market.dispatch.model import Model
from bessinside.market.prices.sample import sample
from bessinside.market.prices.series import PriceSeries, iso
from bessinside.views.base import FactBase
from bessinside.views.evidence import price_origin
from bessinside.views.fact import Cell, Origin
from bessinside.views.found import Found, Lacking, Rows, first_of, gather, origins
from bessinside.views.realised import as_bought, cycle_cap

LEAST_H = 7 * 24.0
YEAR_H = 8760.0


def price(of: FactBase) -> Found:
    """EUR a year: the maximum with the nameplate's power, energy and losses less that with the measured ones."""
    (made, one), measured = gather(lambda: as_bought(of), lambda: as_measured(of))
    prices = of.once("gap prices", lambda: _prices(of))
    hours = float(prices.hours.sum())
    whole = _bound(prices, made)
    rows: list[list[Cell]] = [
        [name, one_battery.discharge_w, one_battery.energy_wh, _bound(prices, one_battery) * YEAR_H / hours]
        for name, one_battery in [("nameplate", made), *measured[0]]
    ]
    lost = whole * YEAR_H / hours - float(rows[-1][3] or 0.0)
    began = iso(int(prices.start_ns[0]))
    note = f"over {hours:,.0f} h of prices from {began}, brought to a year; upper bounds, no forecast"
    columns = (("battery", ""), ("power", "W"), ("energy", "Wh"), ("eur_year", "EUR"))
    origin = origins(one, measured[1], (price_origin(prices),))
    return Found(lost, origin, note=note, spanned=True, table=Rows(columns, rows))


def as_measured(of: FactBase) -> tuple[list[tuple[str, Battery]], tuple[Origin, ...]]:
    """The battery step by step: with the measured energy, then also with the measured losses."""
    (energy, one), (share, two) = gather(
        lambda: first_of(lambda: of.value("measured.energy"), lambda: _by_health(of)),
        lambda: first_of(lambda: of.value("efficiency.rte_pcs"), lambda: of.value("efficiency.rte_lifetime")),
    )
    made, _ = as_bought(of)
    cap, _ = cycle_cap(of)
    smaller = replace(made, energy_wh=energy)
    power, _ = of.evidence.rated_power()
    lossy = battery(power, energy, share / 100, cycles_day=cap)
    return [("measured energy", smaller), ("measured energy and losses", lossy)], (one, two)


def _by_health(of: FactBase) -> tuple[float, Origin]:
    """The nameplate's energy times the reported health, where no long discharge was recorded."""
    (health, one), (rated, _) = gather(lambda: of.value("health.soh"), of.evidence.rated_energy)
    return health / 100 * rated, one


def _prices(of: FactBase) -> PriceSeries:
    """Those of the span where it is a week or longer, else the days that ship with the program."""
    if of.evidence.hours >= LEAST_H:
        try:
            return of.evidence.prices().on_grid()
        except Lacking:
            pass
    return sample().on_grid()


def _bound(prices: PriceSeries, made: Battery) -> float:
    owned = replace(made, start_wh=made.floor_wh, end_wh=made.floor_wh)
    model = Model(prices.price, prices.start_ns, float(prices.length_ns[0]) / 1e9, owned, zone=prices.local)
    return model.bound().eur
