"""State of charge, the energy that can be given and taken, and what it is worth held against voltage and counting."""

from __future__ import annotations

import numpy as np

from bessinside.plant.cells import ocv_table
from bessinside.views.base import FactBase, Formula
from bessinside.views.evidence import SOC, lacking_reading
from bessinside.views.fact import Cell, Origin
from bessinside.views.found import Found, Lacking, Rows, gather, no_register, origins
from bessinside.views.power import DOWN, UP, window, within

RESTING = 0.02  # of the nameplate's power: below it cells are taken to rest
NOISE_V = 0.005  # of a mean cell voltage against the model: hysteresis and relaxation of LFP
REGISTER = 1.0  # %: what a register of the state of charge resolves
NOMINAL_CELL_V = 3.2  # LFP


def level(of: FactBase) -> Found:
    """Mean of the parts that report it, %."""
    found = of.evidence.soc()
    good = found.some()
    rows: list[list[Cell]] = [[part, float(value)] for part, value in zip(good.parts, good.value, strict=True)]
    low, high, edges = window(of)
    mark = "partly" if len(good) < len(found) else ""
    return Found(
        float(good.value.mean()),
        origins(found.origin(), edges),
        note=f"window in force {low:g} to {high:g} %",
        quality=mark,
        table=Rows((("part", ""), ("soc", "%")), rows, "bars"),
    )


def headroom(way: str) -> Formula:
    """Energy at the cells that can still be given (up) or taken (down), Wh."""

    def formula(of: FactBase) -> Found:
        energy, origin = within(of, way)
        return Found(energy, origin)

    return formula


give, take = headroom(UP), headroom(DOWN)


def by_voltage(of: FactBase) -> Found:
    """SoC of the register less the SoC at which the open-circuit curve has the mean cell voltage, percentage points.

    Only at rest; on the plateau of LFP a few mV are many per cent, which the note says.
    """
    evidence = of.evidence
    (rated, one) = evidence.rated_power()
    power = evidence.carried("pcs.active_power", "container.active_power", "meter.active_power").whole()
    share = abs(float(power.value.sum())) / rated
    if share > RESTING:
        why = f"the battery works at {100 * share:.0f} % of its power; cells must rest (below {100 * RESTING:.0f} %)"
        raise Lacking(lacking_reading("open-circuit voltage", why, "ask again while it rests"))
    cells = evidence.carried("cell.voltage", "rack.cell_voltage_mean", "module.cell_voltage_mean").some()
    soc = evidence.soc().some()
    told = float(soc.value.mean())
    mean = float(cells.value.mean())
    low, middle, high = (soc_at(mean + shift) for shift in (-NOISE_V, 0.0, NOISE_V))
    note = (
        f"mean cell voltage {mean:.3f} V is {middle:.0f} % on the curve, {low:.0f} to {high:.0f} % "
        f"with ±{NOISE_V * 1e3:.0f} mV"
    )
    note += "; the register lies inside" if low - REGISTER <= told <= high + REGISTER else "; the register lies outside"
    return Found(told - middle, origins(soc.origin(), cells.origin(), power.origin(), (one,)), note=note)


def soc_at(voltage: float) -> float:
    """SoC in % at which the mean open-circuit curve has a voltage."""
    table = ocv_table()
    return 100 * float(np.interp(voltage, table.ocv, table.soc))


def by_counting(of: FactBase) -> Found:
    """How far the register's SoC moved less how far counted current moved it, percentage points over the span."""
    evidence = of.evidence
    metric = next((one for one in SOC if evidence.carries(one)), None)
    if metric is None:
        raise Lacking(no_register(*SOC))
    (found, _, soc, _), (flow, _, amps, step_ns) = gather(
        lambda: evidence.aligned(metric), lambda: evidence.aligned("bus.current", "rack.current", "container.current")
    )
    (rated, one), (health, two) = gather(evidence.rated_energy, lambda: of.value("health.soh"))
    container = evidence.binding.plant.anatomy.containers[0]
    series = container.modules * container.cells
    charge_ah = rated / (series * NOMINAL_CELL_V) * health / 100
    total = amps.sum(axis=1)
    known = np.isfinite(total)
    hours = step_ns / 3.6e12
    counted = -100 * float(total[known].sum()) * hours / charge_ah
    level = np.nanmean(soc, axis=1)
    level = level[np.isfinite(level)]
    told = float(level[-1] - level[0])
    gap = 1 - float(known.sum()) * hours / evidence.hours if evidence.hours else 0.0
    note = f"register {told:+.1f}, counted {counted:+.1f}; {100 * max(gap, 0):.1f} % of the time without current"
    origin: tuple[Origin, ...] = origins(evidence.spanned(found.ids, "%"), evidence.spanned(flow.ids, "A"), (one, two))
    mark = "partly" if gap > 0.05 else ""
    return Found(told - counted, origin, note=note, quality=mark, spanned=True)
