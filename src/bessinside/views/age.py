"""How old what is shown is, and what share of it never came."""

from __future__ import annotations

import numpy as np

from bessinside.views.base import FactBase
from bessinside.views.fact import Cell, Missing, Origin
from bessinside.views.found import Found, Lacking, Rows, no_history

DECISIVE = ("meter.active_power", "pcs.active_power", "bus.soc", "container.soc", "rack.soc")


def oldest(of: FactBase) -> Found:
    """Seconds since the oldest of the decisive figures (power, state of charge) was read."""
    rows: list[list[Cell]] = []
    origin: list[Origin] = []
    ages = []
    for metric in DECISIVE:
        if not of.evidence.carries(metric):
            continue
        found = of.evidence.carried(metric)
        origin += found.origin()
        for name, age in zip(found.ids, found.age_s, strict=True):
            rows.append([name, float(age)])
            ages.append(float(age))
    if not ages or not np.isfinite(ages).any():
        raise Lacking(*_unread(of))
    never = int((~np.isfinite(ages)).sum())
    note = f"{never} of {len(ages)} were never read" if never else ""
    rows.sort(key=lambda row: -(row[1] if isinstance(row[1], float) and np.isfinite(row[1]) else np.inf))
    return Found(
        float(np.nanmax(ages)), tuple(origin), note=note, quality="partly" if never else "good",
        table=Rows((("figure", ""), ("age", "s")), rows, most=40),
    )  # fmt: skip


def _unread(of: FactBase) -> list[Missing]:
    found: list[Missing] = []
    for metric in DECISIVE:
        try:
            of.evidence.carried(metric).some()
        except Lacking as error:
            found += error.missing
    return found


def completeness(of: FactBase) -> Found:
    """Share of the sweeps that should have come in the span and did, %."""
    evidence = of.evidence
    found = evidence.archive().completeness(evidence.start_ns, evidence.end_ns)
    if not len(found):
        raise Lacking(no_history("no sweep was recorded in this span"))
    names = list(dict.fromkeys(found.device))
    which = np.array(found.device)
    rows: list[list[Cell]] = []
    for name in names:
        mine = which == name
        wanted, came, failed = (int(column[mine].sum()) for column in (found.expected, found.came, found.failed))
        rows.append([name, 100 * min(1.0, came / wanted), float(wanted), float(came), float(failed)])
    rows.sort(key=lambda row: float(row[1] or 0))
    share = float(np.minimum(found.came, found.expected).sum() / found.expected.sum())
    words = f"{int(found.came.sum()):,} of {int(found.expected.sum()):,} sweeps"
    origin = tuple(Origin("events", f"sweeps of {name}", None, "1", "good", "/api/history") for name in names[:24])
    columns = (("device", ""), ("share", "%"), ("expected", "1"), ("came", "1"), ("failed", "1"))
    return Found(100 * share, origin, note=words, spanned=True, table=Rows(columns, rows))
