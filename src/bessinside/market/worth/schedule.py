"""A schedule as a file: set-points are written nowhere else, and to no device."""

from __future__ import annotations

from bessinside.market.dispatch.reasons import Binding
from bessinside.market.prices.series import iso
from bessinside.market.worth.revenue import Worth

HEADER = "utc_start,minutes,price_eur_mwh,power_kw,energy_kwh,eur,reason,shadow_eur_mwh"


def write_csv(worth: Worth) -> str:
    """One line for each slot; power at the meter, positive out of the battery; energy at the cells at the slot's end.
    Where there was a second stage it is that one's delivery, at its prices.

    Lines that begin with # say whose prices these are and that the schedule knows all of them beforehand.
    """
    found, second = worth.dispatch, worth.revenue.intraday
    minutes = round(found.slot_s / 60)
    sources = worth.revenue.attribution if second is None else second.attribution
    stage = "" if second is None else " of the second stage"
    lines = [
        f"# {worth.revenue.caveat}: planned with all prices{stage} known",
        f"# prices: {sources}",
        HEADER,
    ]
    rows = zip(
        found.starts_ns,
        found.prices,
        found.power_w / 1e3,
        found.energy_wh / 1e3,
        found.slot_eur,
        found.binding,
        found.shadow_eur_mwh,
        strict=True,
    )
    lines += [
        f"{iso(int(at))},{minutes},{price:.2f},{power + 0.0:.3f},{energy:.3f},{eur + 0.0:.4f},"
        f"{Binding(int(why)).name.lower()},{shadow:.2f}"
        for at, price, power, energy, eur, why, shadow in rows
    ]
    return "\n".join(lines) + "\n"
