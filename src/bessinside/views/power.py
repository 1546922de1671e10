"""Power that could be called now, and held for a quarter, half and whole hour: from limits in force and energy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import sqrt

import numpy as np

from bessinside.views.base import FactBase, Formula
from bessinside.views.fact import Missing, Origin
from bessinside.views.found import Found, Lacking, gather, origins

UP, DOWN = "discharge", "charge"
HOLDS = {"now": 0.0, "15": 0.25, "30": 0.5, "60": 1.0}


@dataclass(frozen=True, slots=True)
class Reach:
    """What holds one direction: power limit W and energy Wh at the AC terminals, with what they rest on."""

    limit_w: float
    energy_wh: float
    origin: tuple[Origin, ...]
    note: str
    partly: tuple[Missing, ...]


def held(limit_w: float, energy_wh: float, hours: float) -> float:
    """P = min(P_limit, E/h); for the moment (h = 0) the limit, and nothing where there is no energy."""
    if energy_wh <= 0:
        return 0.0
    return limit_w if hours == 0 else min(limit_w, energy_wh / hours)


def power(way: str, hold: str) -> Formula:
    """The formula of one direction and time."""

    def formula(of: FactBase) -> Found:
        reach = _reach(of, way, HOLDS[hold])
        found = held(reach.limit_w, reach.energy_wh, HOLDS[hold])
        binding = "energy" if found < reach.limit_w else "power limit"
        note = f"{reach.note}; energy {reach.energy_wh / 1e3:,.0f} kWh; held by: {binding}"
        return Found(found, reach.origin, note=note, missing=reach.partly)

    return formula


def formulas() -> dict[str, Formula]:
    """All directions and times by fact id."""
    return {f"power.{name}_{hold}": power(way, hold) for name, way in (("up", UP), ("down", DOWN)) for hold in HOLDS}


def _reach(of: FactBase, way: str, hours: float) -> Reach:
    limit, one, note, partly = _limit(of, way)
    energy, two = content(of, way) if hours else within(of, way)  # the losses of one way cannot empty a battery
    return Reach(limit, energy, origins(one, two), note, partly)


def _limit(of: FactBase, way: str) -> tuple[float, tuple[Origin, ...], str, tuple[Missing, ...]]:
    """The least of nameplate and every limit that devices state: converters' power, battery current × voltage."""
    evidence = of.evidence
    rated, nameplate = evidence.rated_power()
    found: list[tuple[float, str, tuple[Origin, ...]]] = [(rated, "nameplate", (nameplate,))]
    partly: list[Missing] = []

    def add(name: str, ask: Callable[[], tuple[float, tuple[Origin, ...]]]) -> None:
        try:
            value, origin = ask()
            found.append((value, name, origin))
        except Lacking as error:
            partly.extend(one for one in error.missing if one.kind == "reading")

    def stated(metric: str) -> tuple[float, tuple[Origin, ...]]:
        one = evidence.carried(metric).whole()
        return float(one.value.sum()), one.origin()

    def current(limit: str, voltage: str) -> tuple[float, tuple[Origin, ...]]:
        amps, volts = evidence.carried(limit).whole(), evidence.carried(voltage).whole()
        at = dict(zip(volts.parts, volts.value, strict=True))
        if any(part not in at for part in amps.parts):
            raise Lacking(Missing("register", voltage, "not at every part that states a current", "add it to the map"))
        watts = sum(float(a) * float(at[part]) for a, part in zip(amps.value, amps.parts, strict=True))
        return watts, origins(amps.origin(), volts.origin())

    add("limit of the BMS at the converters", lambda: stated(f"pcs.bms_{way}_power_limit"))
    add("limit of the container", lambda: stated(f"container.{way}_power_limit"))
    add("limit of the DC buses", lambda: stated(f"bus.{way}_power_limit"))
    add("current limits of the DC buses", lambda: current(f"bus.{way}_current_limit", "bus.voltage"))
    add("current limits of the racks", lambda: current(f"rack.{way}_current_limit", "rack.voltage"))
    add("current limits at the converters", lambda: current(f"pcs.bms_{way}_current_limit", "pcs.dc_voltage"))
    down = _stopped(of)
    least = min(found, key=lambda one: one[0])
    value, words = least[0], f"limited by: {least[1]} ({least[0] / 1e3:,.0f} kW)"
    share, stops = down
    if share < 1:
        value, words = value * share, f"{words}; {100 * (1 - share):.0f} % of the converters cannot run"
    return value, origins(*(origin for _, _, origin in found), stops), words, tuple(partly)


def _stopped(of: FactBase) -> tuple[float, tuple[Origin, ...]]:
    """Share of converters that neither report a fault nor an emergency stop nor are shut down."""
    out: np.ndarray[tuple[int], np.dtype[np.bool_]] | None = None
    origin: list[Origin] = []
    for metric in ("pcs.state_fault", "pcs.state_estop"):
        if of.evidence.carries(metric):
            one = of.evidence.carried(metric)
            bad = np.asarray(np.nan_to_num(one.value) > 0)
            out = bad if out is None or len(out) != len(bad) else out | bad
            origin += one.origin()
    return (1.0, ()) if out is None else (float(1 - out.mean()), tuple(origin))


def content(of: FactBase, way: str) -> tuple[float, tuple[Origin, ...]]:
    """Energy that can be given (or taken) at the AC terminals, Wh.

    By the BMS's own registers where it counts it, else (SoC − SoC_min)·SoH·E_nameplate (or SoC_max − SoC), with the
    measured or stated round trip's square root on the way out and its inverse on the way in.
    """
    (inside, one), (loss, two) = gather(lambda: within(of, way), lambda: half_way(of))
    return (inside * loss if way == UP else inside / loss), origins(one, two)


def within(of: FactBase, way: str) -> tuple[float, tuple[Origin, ...]]:
    """The same at the cells."""
    evidence = of.evidence
    metric = "pcs.bms_dischargeable_energy" if way == UP else "pcs.bms_chargeable_energy"
    if evidence.carries(metric):
        one = evidence.carried(metric).whole()
        return float(one.value.sum()), one.origin()
    (rated, nameplate), (health, words) = gather(evidence.rated_energy, lambda: of.value("health.soh"))
    soc = evidence.soc().whole()
    low, high, edges = window(of)
    level = float(soc.value.mean())
    share = level - low if way == UP else high - level
    return max(share, 0.0) / 100 * health / 100 * rated, origins((nameplate, words), soc.origin(), edges)


def window(of: FactBase) -> tuple[float, float, tuple[Origin, ...]]:
    """The SoC window in force, %: the narrowest that devices state, 0 to 100 where none does."""
    low, high = 0.0, 100.0
    origin: list[Origin] = []
    for metric in ("rack.soc_min", "bus.soc_min", "container.discharge_cutoff_soc"):
        if of.evidence.carries(metric):
            one = of.evidence.carried(metric).some()
            low, origin = max(low, float(one.value.max())), [*origin, *one.origin()]
    for metric in ("rack.soc_max", "bus.soc_max", "container.charge_cutoff_soc"):
        if of.evidence.carries(metric):
            one = of.evidence.carried(metric).some()
            high, origin = min(high, float(one.value.min())), [*origin, *one.origin()]
    return low, high, tuple(origin)


def half_way(of: FactBase) -> tuple[float, tuple[Origin, ...]]:
    """Share of energy that survives one way, the square root of the best round trip known: measured, else stated."""
    for name in ("efficiency.rte_pcs", "efficiency.rte_meter", "efficiency.rte_lifetime"):
        try:
            value, origin = of.value(name)
            return sqrt(value / 100), (origin,)
        except Lacking:
            continue
    value, origin = of.evidence.number("economics.round_trip_percent", "the round-trip efficiency")
    return sqrt(value / 100), (origin,)
