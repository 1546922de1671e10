"""Where the difference between maximum and meter went: the waterfall over the longest counted stretch of the span."""

from __future__ import annotations

from bessinside.errors import BessError
from bessinside.market.dispatch.programme import Calendar
from bessinside.market.realised.maximum import begun
from bessinside.market.realised.metered import runs
from bessinside.market.realised.registers import said
from bessinside.market.realised.waterfall import waterfall
from bessinside.views.base import FactBase
from bessinside.views.fact import Cell, Missing
from bessinside.views.found import Found, Lacking, Rows, gather, no_history, origins
from bessinside.views.realised import as_bought, slots

LEAST_SLOTS = 4


def split(of: FactBase) -> Found:
    """EUR of all bars together, with each bar as a row; a bar whose register is missing says which."""
    found, (made, origin) = gather(lambda: slots(of), lambda: as_bought(of))
    stretches = runs(found.meter.known)
    first, last = max(stretches, key=lambda one: one[1] - one[0])
    if last - first < LEAST_SLOTS:
        raise Lacking(no_history(f"the longest counted stretch has {last - first} slots; {LEAST_SLOTS} are needed"))
    part = slice(first, last)
    starts, price = found.prices.start_ns[part], found.prices.price[part]
    slot_ns = int(found.prices.length_ns[0])
    calendar = Calendar.of(starts, slot_ns / 1e9, found.prices.local)
    rated, _ = of.evidence.rated_power()
    try:
        told = said(of.evidence.archive(), starts, slot_ns, found.meter.power_w[part], rated, made.energy_wh)
        fall = waterfall(price, calendar, begun(made, told.start_wh), told.realised)
    except BessError as error:
        raise Lacking(no_history(f"the waterfall cannot be drawn: {error}")) from error
    rows: list[list[Cell]] = [[bar.key, bar.eur, "yes" if bar.measured else "no"] for bar in fall.bars]
    missing = tuple(Missing("register", name, why, "see the waterfall") for name, why in told.missing.items() if why)
    figures = tuple(dict.fromkeys(name for names in told.figures.values() for name in names))
    note = f"bound {fall.bound_eur:,.2f}, realised {fall.realised_eur:,.2f} EUR over {last - first} slots"
    columns = (("bar", ""), ("eur", "EUR"), ("measured", ""))
    return Found(
        fall.bound_eur - fall.realised_eur,
        origins(found.origin, origin, of.evidence.spanned(figures, "")),
        note=note,
        spanned=True,
        table=Rows(columns, rows, "bars"),
        missing=missing,
    )
