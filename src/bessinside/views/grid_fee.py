"""Grid fees on what a storage plant draws: exempt, by energy, by power, or both."""

from __future__ import annotations

from bessinside.views.base import FactBase
from bessinside.views.fact import Cell, Missing, Origin
from bessinside.views.found import Found, Lacking, Rows, gather, origins

YEAR_H = 8760.0


def fee(drawn_wh_year: float, power_w: float, energy_eur_mwh: float, power_eur_kw: float) -> float:
    """EUR a year: energy drawn times its price plus power times its price."""
    return drawn_wh_year / 1e6 * energy_eur_mwh + power_w / 1e3 * power_eur_kw


def scenarios(of: FactBase) -> Found:
    """EUR a year of the dearest scenario whose prices are stated, with all as rows."""
    (drawn, one), (power, two) = gather(lambda: of.value("throughput.drawn"), of.evidence.rated_power)
    year = drawn / of.evidence.hours * YEAR_H
    rows: list[list[Cell]] = [["exempt", 0.0, 0.0, 0.0]]
    origin: tuple[Origin, ...] = (one, two)
    missing: list[Missing] = []
    prices = {"energy": 0.0, "power": 0.0}
    for name, key, what in (
        ("energy", "economics.energy_fee_eur_mwh", "a grid fee on energy drawn"),
        ("power", "economics.power_fee_eur_kw_year", "a grid fee on power"),
    ):
        try:
            prices[name], more = of.evidence.number(key, what)
        except Lacking as error:
            missing += error.missing
            continue
        origin = origins(origin, (more,))
        on_energy, on_power = (prices["energy"], 0.0) if name == "energy" else (0.0, prices["power"])
        rows.append([name, on_energy, on_power, fee(year, power, on_energy, on_power)])
    if len(rows) == 1:
        raise Lacking(*missing)
    if not missing:
        rows.append(["both", prices["energy"], prices["power"], fee(year, power, prices["energy"], prices["power"])])
    columns = (("scenario", ""), ("energy_fee", "EUR/MWh"), ("power_fee", "EUR/kW"), ("eur_year", "EUR"))
    worst = max(float(row[3] or 0.0) for row in rows)
    note = f"energy drawn brought to a year: {year / 1e6:,.0f} MWh"
    return Found(worst, origin, note=note, spanned=True, table=Rows(columns, rows), missing=tuple(missing))
