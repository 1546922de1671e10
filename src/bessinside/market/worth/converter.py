"""The efficiency of converters over their power, in place of one round trip: points of a curve, or a file of them."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from itertools import pairwise
from typing import Annotated

import msgspec
from msgspec import Meta

from bessinside.market.basis.errors import MarketError
from bessinside.market.dispatch.battery import Curve

POWER, CHARGING, DISCHARGING, EFFICIENCY = "power_kw", "charging", "discharging", "efficiency"
Share = Annotated[float, Meta(gt=0.0, le=1.0)]


class CurvePoint(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """At `power_w` at the meter: the share that reaches the cells when charging, and the meter when discharging."""

    power_w: Annotated[float, Meta(gt=0.0, le=1e11)]
    charging: Share
    discharging: Share


def curves(points: Sequence[CurvePoint]) -> tuple[Curve, Curve]:
    """Charging and discharging: P_cells = η₊(P)·P and P_cells = P/η₋(P), straight lines between the points and to
    (0, 0). Raises BatteryError where powers do not rise."""
    power = tuple(one.power_w for one in points)
    into = tuple(one.power_w * one.charging for one in points)
    out = tuple(one.power_w / one.discharging for one in points)
    return Curve(power, into), Curve(power, out)


def read(name: str, raw: bytes) -> tuple[CurvePoint, ...]:
    """A curve from a CSV with `power_kw` and either `efficiency` or `charging` and `discharging`, shares above 0 and up
    to 1, powers ascending. Lines with # are skipped. Raises MarketError that names file, line and column."""
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise MarketError(f"{name}: not a text file: {error}") from error
    header: list[str] = []
    both: tuple[str, str] = (EFFICIENCY, EFFICIENCY)
    points: list[CurvePoint] = []
    for number, line in enumerate(io.StringIO(text, newline=None), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        cells = [cell.strip() for cell in next(csv.reader([line]))]
        if not header:
            header, both = cells, _ways(f"{name}:{number}", cells)
            continue
        if len(cells) != len(header):
            raise MarketError(
                f"{name}:{number}: expected {len(header)} columns, got {len(cells)}; write 0.97, not 0,97"
            )
        row = dict(zip(header, cells, strict=True))
        power = 1e3 * _number(f"{name}:{number}: {POWER}", row[POWER], 1e8)
        points.append(CurvePoint(power, *(_number(f"{name}:{number}: {one}", row[one], 1.0) for one in both)))
        if any(b.power_w <= a.power_w for a, b in pairwise(points[-2:])):
            raise MarketError(f"{name}:{number}: {POWER}: not above the line before; expected powers that rise")
    if not points:
        raise MarketError(f"{name}: expected a header and one line or more, such as {POWER},{EFFICIENCY} and 500,0.975")
    return tuple(points)


def _ways(where: str, header: list[str]) -> tuple[str, str]:
    if POWER in header and EFFICIENCY in header:
        return EFFICIENCY, EFFICIENCY
    if {POWER, CHARGING, DISCHARGING} <= set(header):
        return CHARGING, DISCHARGING
    wanted = f"{POWER} and {EFFICIENCY}, or {POWER}, {CHARGING} and {DISCHARGING}"
    raise MarketError(f"{where}: expected the columns {wanted}; got {', '.join(header)}")


def _number(where: str, text: str, most: float) -> float:
    try:
        found = float(text)
    except ValueError:
        found = float("nan")
    if not 0.0 < found <= most:
        hint = "; shares, not per cent" if most == 1.0 else ""
        raise MarketError(f"{where}: expected a number above 0 and up to {most:,.0f}, got {text!r}{hint}")
    return found
