"""Derating in force: power below the nameplate now, and which limit or device holds it there."""

from __future__ import annotations

import numpy as np

from bessinside.views.base import FactBase
from bessinside.views.fact import Cell, Origin
from bessinside.views.found import Found, Lacking, Rows, gather, origins
from bessinside.views.states import DERATING, FAULT, says

SAYS = (
    ("pcs.state_derating", DERATING),
    ("pcs.state", DERATING),
    ("pcs.state_fault", FAULT),
    ("pcs.state_estop", FAULT),
)
HOT = ("pcs.igbt_temperature", "pcs.heat_sink_temperature", "rack.temperature_max", "container.air_temperature")


def in_force(of: FactBase) -> Found:
    """W by which the larger of both directions lies below the nameplate, with what devices say of it."""
    (rated, one), (up, two), (down, three) = gather(
        of.evidence.rated_power, lambda: of.value("power.up_now"), lambda: of.value("power.down_now")
    )
    rows: list[list[Cell]] = []
    origin: list[Origin] = [one, two, three]
    for metric, word in SAYS:
        if not of.evidence.carries(metric):
            continue
        found = of.evidence.carried(metric)
        origin += found.origin()
        for k, name in enumerate(found.ids):
            plain = word if metric == "pcs.state" else None
            value = found.value[[k]]
            said = (
                says(of.evidence.binding, name, value, plain)
                if plain
                else np.where(np.isfinite(value), value > 0, np.nan)
            )
            if said[0] == 1:
                rows.append([name, found.parts[k], float(value[0]), "code"])
    for metric in HOT:
        try:
            found = of.evidence.carried(metric).some()
        except Lacking:
            continue
        top = int(np.argmax(found.value))
        rows.append([found.ids[top], found.parts[top], float(found.value[top]), found.unit])
    lost = max(rated - up, rated - down, 0.0)
    note = of.found("power.up_now" if up <= down else "power.down_now").note
    columns = (("figure", ""), ("part", ""), ("value", ""), ("unit", ""))
    return Found(lost, origins(origin), note=note, table=Rows(columns, rows))
