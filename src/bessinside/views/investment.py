"""The plant as an investment: yearly cash flows under three contracts, their value, return and cover of debt."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bessinside.views import contract
from bessinside.views.base import FactBase, Formula
from bessinside.views.dscr import least_cover
from bessinside.views.fact import Cell, Missing, Origin
from bessinside.views.found import Found, Lacking, Rows, gather, origins
from bessinside.views.irr import irr
from bessinside.views.npv import npv


@dataclass(frozen=True, slots=True)
class Terms:
    """What is the same under every contract: EUR, shares, years."""

    invested: float
    costs_year: float
    years: int
    rate: float
    change: float
    origin: tuple[Origin, ...]


def flows(invested: float, revenue_year: float, costs_year: float, years: int, change: float) -> list[float]:
    """Year 0 the investment, then revenue that changes by `change` each year, less costs that stay."""
    return [-invested, *(revenue_year * (1 + change) ** year - costs_year for year in range(years))]


def terms(of: FactBase) -> Terms:
    """What the plant file states. Raises Lacking with every key that is missing."""
    return of.once("terms", lambda: _terms(of))


def _terms(of: FactBase) -> Terms:
    number = of.evidence.number
    (capex, one), (opex, two), (years, three), (rate, four) = gather(
        lambda: number("economics.capex_eur", "what the plant cost"),
        lambda: number("economics.opex_eur_year", "what it costs to run it for a year"),
        lambda: number("economics.lifetime_years", "its lifetime"),
        lambda: number("economics.discount_percent", "the discount rate"),
    )
    origin: tuple[Origin, ...] = (one, two, three, four)
    extra, change = 0.0, 0.0
    try:
        each, more = number("economics.grid_contribution_eur_kw", "the contribution to grid construction")
        power, five = of.evidence.rated_power()
        extra, origin = each * power / 1e3, origins(origin, (more, five))
    except Lacking:
        pass  # paid or not: an investment without it is the one that is stated
    try:
        percent, more = number("economics.revenue_change_percent", "how revenue changes")
        change, origin = percent / 100, origins(origin, (more,))
    except Lacking:
        pass
    return Terms(capex + extra, opex, round(years), rate / 100, change, origin)


@dataclass(frozen=True, slots=True)
class Revenue:
    """What a contract pays in its first year, EUR, and how it changes each year."""

    eur_year: float
    change: float
    origin: tuple[Origin, ...]


def market(of: FactBase) -> Revenue:
    """Realised revenue brought to a year."""
    (each, one), (power, two) = gather(lambda: of.value("realised.eur_mw_year"), of.evidence.rated_power)
    return Revenue(contract.merchant(each * power / 1e6), terms(of).change, (one, two))


def toll(of: FactBase) -> Revenue:
    """The toll that is stated."""
    (each, one), (power, two) = gather(
        lambda: of.evidence.number("economics.toll_eur_mw_year", "a toll"), of.evidence.rated_power
    )
    return Revenue(contract.toll(each, power / 1e6), 0.0, (one, two))


def floor(of: FactBase) -> Revenue:
    """The floor that is stated, with the owner's share of the market above it."""
    (least, one), (share, two), earned = gather(
        lambda: of.evidence.number("economics.floor_eur_mw_year", "a floor"),
        lambda: of.evidence.number("economics.floor_share_percent", "the owner's share of revenue"),
        lambda: market(of),
    )
    power, _ = of.evidence.rated_power()
    return Revenue(
        contract.floor(earned.eur_year, least, share / 100, power / 1e6), 0.0, origins((one, two), earned.origin)
    )


CONTRACTS = {"merchant": market, "toll": toll, "floor": floor}


def value(kind: str, what: str) -> Formula:
    """NPV in EUR, IRR in % or the least cover of debt of one contract."""

    def formula(of: FactBase) -> Found:
        of_contract, made = gather(lambda: CONTRACTS[kind](of), lambda: terms(of))
        row = flows(made.invested, of_contract.eur_year, made.costs_year, made.years, of_contract.change)
        origin = origins(of_contract.origin, made.origin)
        note = f"revenue of the first year {of_contract.eur_year:,.0f} EUR"
        if what == "npv":
            return Found(npv(made.rate, row), origin, note=note)
        if what == "irr":
            rate = irr(row)
            if not np.isfinite(rate):
                why = "the cash flows never return the investment at any rate above -99 %"
                raise Lacking(Missing("input", f"money.irr_{kind}", why, "look at revenue and costs"))
            return Found(100 * rate, origin, note=note)
        debt, rate, years, more = loan(of, made.invested)
        return Found(least_cover(row[1:], debt, rate, years), origins(origin, more), note=note)

    return formula


def loan(of: FactBase, invested: float) -> tuple[float, float, int, tuple[Origin, ...]]:
    """Debt in EUR, its interest as a share, its years. Raises Lacking."""
    number = of.evidence.number
    (share, one), (rate, two), (years, three) = gather(
        lambda: number("economics.debt_percent", "the share of debt"),
        lambda: number("economics.interest_percent", "its interest"),
        lambda: number("economics.debt_years", "its years"),
    )
    return share / 100 * invested, rate / 100, round(years), (one, two, three)


def formulas() -> dict[str, Formula]:
    """All values of all contracts by fact id."""
    return {f"money.{what}_{kind}": value(kind, what) for what in ("npv", "irr", "dscr") for kind in CONTRACTS}


def compared(of: FactBase) -> Found:
    """The contracts side by side: revenue of the first year of the best, with NPV, IRR and cover of each as rows."""
    rows: list[list[Cell]] = []
    origin: tuple[Origin, ...] = ()
    missing: list[Missing] = []
    for kind, ask in CONTRACTS.items():
        try:
            found = ask(of)
        except Lacking as error:
            missing += error.missing
            continue
        row: list[Cell] = [kind, found.eur_year]
        for what in ("npv", "irr", "dscr"):
            try:
                one, source = of.value(f"money.{what}_{kind}")
                row.append(one)
                origin = origins(origin, (source,))
            except Lacking as error:
                row.append(None)
                missing += error.missing
        rows.append(row)
    if not rows:
        raise Lacking(*missing)
    columns = (("contract", ""), ("eur_year", "EUR"), ("npv", "EUR"), ("irr", "%"), ("dscr", "1"))
    best = max(rows, key=lambda row: float(row[1] or 0))
    table = Rows(columns, rows)
    return Found(
        float(best[1] or 0), origin, note=f"best: {best[0]}", table=table, missing=tuple(dict.fromkeys(missing))
    )
