"""Tomorrow's plan from its cleared prices: the best use of the battery as it is, slot by slot, each with its reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from bessinside.market.basis.localtime import day_of, midnight_ns
from bessinside.market.dispatch.battery import battery
from bessinside.market.dispatch.model import Dispatch, Model
from bessinside.market.dispatch.reasons import sentence
from bessinside.market.prices.series import PriceSeries
from bessinside.views.base import FactBase
from bessinside.views.evidence import price_origin
from bessinside.views.fact import Cell, Origin
from bessinside.views.found import Found, Rows, gather, origins
from bessinside.views.power import window
from bessinside.views.realised import cycle_cap, round_trip


@dataclass(frozen=True, slots=True, eq=False)
class Planned:
    """The dispatch of tomorrow."""

    found: Dispatch
    prices: PriceSeries
    origin: tuple[Origin, ...]


def planned(of: FactBase) -> Planned:
    """Solved once. Raises Lacking where tomorrow's prices or the battery are not known."""
    return of.once("next day", lambda: _planned(of))


def _planned(of: FactBase) -> Planned:
    evidence = of.evidence
    tomorrow = day_of(evidence.now.time_ns) + timedelta(days=1)
    begin, end = midnight_ns(tomorrow), midnight_ns(tomorrow + timedelta(days=1))
    prices, (power, one), (energy, two), (health, three) = gather(
        lambda: evidence.prices(begin, end), evidence.rated_power, evidence.rated_energy, lambda: of.value("health.soh")
    )
    share, four = round_trip(of)
    cap, five = cycle_cap(of)
    soc = evidence.soc().whole()
    low, high, edges = window(of)
    made = battery(power, energy * health / 100, share, cycles_day=cap, soc_min=low / 100, soc_max=high / 100)
    held = float(soc.value.mean()) / 100 * made.energy_wh
    held = min(max(held, made.floor_wh), made.ceiling_wh)
    grid = prices.on_grid()
    model = Model(
        grid.price, grid.start_ns, float(grid.length_ns[0]) / 1e9, replace(made, start_wh=held, end_wh=None),
        zone=grid.local,
    )  # fmt: skip
    origin = origins((price_origin(grid), one, two, three), four, five, soc.origin(), edges)
    return Planned(model.dispatch(), grid, origin)


def value(of: FactBase) -> Found:
    """EUR that tomorrow's plan earns at its cleared prices."""
    made = planned(of)
    found = made.found
    note = f"bound {found.bound_eur:,.2f} EUR; from the state of charge of this moment, free at its end"
    return Found(found.feasible_eur, made.origin, note=note)


def cycles(of: FactBase) -> Found:
    """Full cycles that the plan uses."""
    made = planned(of)
    return Found(made.found.cycles, made.origin)


def slots(of: FactBase) -> Found:
    """The plan itself: how many slots trade, with every slot as a row."""
    made = planned(of)
    found = made.found

    def rows(language: str) -> Sequence[Sequence[Cell]]:
        columns = (
            found.starts_ns.tolist(), found.prices.tolist(), found.charge_w.tolist(), found.discharge_w.tolist(),
            found.energy_wh.tolist(), found.slot_eur.tolist(), found.binding.tolist(), found.shadow_eur_mwh.tolist(),
            found.buy_below.tolist(), found.sell_above.tolist(),
        )  # fmt: skip
        return [
            [at / 1e6, price, out - into, 100 * held / found.battery.energy_wh, eur,
             sentence(language, into, out, price, why, shadow, buy, sell)]
            for at, price, into, out, held, eur, why, shadow, buy, sell in zip(*columns, strict=True)
        ]  # fmt: skip

    active = int(((found.charge_w > 1) | (found.discharge_w > 1)).sum())
    columns = (("time", "ms"), ("price", "EUR/MWh"), ("power", "W"), ("soc", "%"), ("eur", "EUR"), ("reason", ""))
    return Found(float(active), made.origin, table=Rows(columns, rows))
