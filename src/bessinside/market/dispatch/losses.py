"""Losses as a linear programme can carry them: pieces of a curve, best first, slot by slot."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bessinside.market.dispatch.battery import Battery, Curve, Floats


@dataclass(frozen=True, slots=True)
class Pieces:
    """Widths in MW, float64[k, n], of `k` pieces for `n` slots: `cell` at the cells, `ratio` = meter over cells.

    `reference` is the ratio that stands for all of them: caps are written in it, so that a constant efficiency leaves
    every coefficient of the programme at one. `slack` float64[n]: the most MW at the cells by which the curve lies
    inside the pieces.
    """

    cell: Floats
    ratio: Floats
    reference: float
    slack: Floats


def limits(battery: Battery, n: int) -> tuple[Floats, Floats]:
    """Most power in and out at the meter in each slot, MW float64[n]: device, availability and grid."""
    into = np.full(n, battery.charge_w / 1e6)
    out = np.full(n, battery.discharge_w / 1e6)
    if battery.charge_available is not None:
        into = into * battery.charge_available
    if battery.discharge_available is not None:
        out = out * battery.discharge_available
    if battery.import_w is not None:
        into = np.minimum(into, battery.import_w / 1e6)
    if battery.export_w is not None:
        out = np.minimum(out, battery.export_w / 1e6)
    return into, out


def charging(battery: Battery, into_mw: Floats) -> Pieces:
    """Pieces of charging: the upper concave envelope of cells over meter, best piece first."""
    if isinstance(battery.charging, Curve):
        return _envelope(battery.charging, into_mw, 1.0)
    eta = battery.charging
    return Pieces((into_mw * eta)[None], np.full((1, len(into_mw)), 1 / eta), 1 / eta, np.zeros(len(into_mw)))


def discharging(battery: Battery, out_mw: Floats) -> Pieces:
    """Pieces of discharging: the lower convex envelope of cells over meter, best piece first."""
    if isinstance(battery.discharging, Curve):
        return _envelope(battery.discharging, out_mw, -1.0)
    eta = battery.discharging
    return Pieces((out_mw / eta)[None], np.full((1, len(out_mw)), eta), eta, np.zeros(len(out_mw)))


def _envelope(curve: Curve, limit_mw: Floats, sense: float) -> Pieces:
    """The envelope up to each slot's limit; slots with fewer pieces get some of no width."""
    levels, where = np.unique(limit_mw, return_inverse=True)
    hulls = [_hull(curve, float(level), sense) for level in levels]
    k = max(1, *(len(ac) - 1 for ac, _, _ in hulls))
    cell = np.zeros((k, len(levels)))
    ratio = np.ones((k, len(levels)))
    slack = np.zeros(len(levels))
    for column, (ac, dc, gap) in enumerate(hulls):
        count = len(ac) - 1
        cell[:count, column] = np.diff(dc)
        ratio[:count, column] = np.diff(ac) / np.diff(dc)
        slack[column] = gap
    return Pieces(cell[:, where], ratio[:, where], 1 / curve.mean, slack[where])


def _hull(curve: Curve, limit_mw: float, sense: float) -> tuple[Floats, Floats, float]:
    """Corners of the envelope up to a limit (meter, cells) in MW, and the curve's greatest distance from it."""
    if limit_mw <= 0:
        return np.zeros(1), np.zeros(1), 0.0
    inner = [w / 1e6 for w in curve.ac_w if w / 1e6 < limit_mw * (1 - 1e-12)]
    ac = np.array([0.0, *inner, limit_mw])
    dc = curve.cells(ac * 1e6) / 1e6
    kept = [0]
    for point in range(1, len(ac)):
        while len(kept) > 1:
            a, b = kept[-2], kept[-1]
            turn = (dc[b] - dc[a]) * (ac[point] - ac[b]) - (dc[point] - dc[b]) * (ac[b] - ac[a])
            if sense * turn > 0:
                break
            kept.pop()
        kept.append(point)
    gap = np.max(np.abs(np.interp(ac, ac[kept], dc[kept]) - dc))
    return ac[kept], dc[kept], float(gap)
