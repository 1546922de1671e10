"""Alarms: which codes stand now, and how many came in the span."""

from __future__ import annotations

import re

import numpy as np

from bessinside.historian.past.alarms import Alarm
from bessinside.views.base import FactBase
from bessinside.views.fact import Cell, Missing, Origin
from bessinside.views.found import Found, Lacking, Rows, no_register

_ALARM = re.compile(
    r"^(rack|bus|container|module)\.(alarm_(\w+)|fire_alarm_(low|high))$|^pcs\.((dc_)?fault_word_[1-4]|state_fault|state_alarm)$"
    r"|^(smoke\.alarm_level|smoke\.faults|cooling\.(leak_flags|status_alarm))$"
)


def standing(of: FactBase) -> Found:
    """How many alarm and fault codes are not zero now."""
    evidence = of.evidence
    keys = sorted({one.key for one in evidence.binding.metrics if one is not None and _ALARM.match(one.key)})
    if not keys:
        raise Lacking(no_register("rack.alarm_1_low", "pcs.fault_word_1", "bus.alarm_1_low"))
    rows: list[list[Cell]] = []
    origin: list[Origin] = []
    known = asked = 0
    for key in keys:
        found = evidence.carried(key)
        asked += len(found)
        known += int(found.good.sum())
        origin += found.origin()[:2]
        for k in np.flatnonzero(found.good & (np.nan_to_num(found.value) != 0)):
            rows.append([found.ids[int(k)], found.parts[int(k)], float(found.value[k])])
    if not known:
        raise Lacking(*_unread(of, keys[0]))
    mark = "partly" if known < asked else ""
    note = f"of {known} codes that were read" + (f"; {asked - known} have none" if known < asked else "")
    columns = (("figure", ""), ("part", ""), ("value", "code"))
    return Found(float(len(rows)), tuple(origin[:24]), note=note, quality=mark, table=Rows(columns, rows, most=100))


def _unread(of: FactBase, key: str) -> tuple[Missing, ...]:
    try:
        of.evidence.carried(key).some()
    except Lacking as error:
        return error.missing
    return ()


def came(of: FactBase) -> Found:
    """How many alarms came in the span, with how often and how long each stood."""
    evidence = of.evidence
    found = evidence.archive().alarms(evidence.start_ns, evidence.end_ns)
    new = [one for one in found.every if not one.found]
    by_code: dict[tuple[str, str], list[Alarm]] = {}
    for one in found.every:
        by_code.setdefault((one.id, one.label or one.name), []).append(one)
    rows: list[list[Cell]] = [
        [name, words, float(len(mine)), sum(_hours(one, evidence.end_ns) for one in mine),
         "stands" if any(one.until_ns is None for one in mine) else "over", max(one.since_ns for one in mine) / 1e6]
        for (name, words), mine in by_code.items()
    ]  # fmt: skip
    rows.sort(key=lambda row: -float(row[5] or 0))
    ended = [_hours(one, evidence.end_ns) for one in new if one.until_ns is not None]
    note = f"{len(found) - len(new)} stood before" + (f"; mean time to end {np.mean(ended):.2f} h" if ended else "")
    columns = (("figure", ""), ("words", ""), ("count", "1"), ("hours", "h"), ("state", ""), ("time", "ms"))
    origin = evidence.spanned(list(dict.fromkeys(one.id for one in found.every)), "code")
    origin = origin or (Origin("events", "alarm registers", 0.0, "1", "good", "/api/history/alarms"),)
    return Found(float(len(new)), origin, note=note, spanned=True, table=Rows(columns, rows, most=100))


def _hours(one: Alarm, end_ns: int) -> float:
    return ((one.until_ns or end_ns) - one.since_ns) / 3.6e12
