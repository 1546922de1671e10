"""What somebody asks the calculator: which battery, over which days, on which grid of time."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Annotated, Literal

import msgspec
import numpy as np
from msgspec import Meta

from bessinside.market.basis.days import Stamps
from bessinside.market.basis.errors import MarketError
from bessinside.market.dispatch.battery import Battery, battery
from bessinside.market.prices.series import PriceSeries, iso
from bessinside.market.worth.converter import CurvePoint, curves
from bessinside.market.worth.outages import Outage, available
from bessinside.registers.units import UnitError, factor

MOST_POINTS, MOST_OUTAGES = 20, 40_000
MOST_SLOTS = 6 * 366 * 96  # six years of quarters; a year is solved in about a second


class Question(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The battery as its nameplate counts: power at the meter, energy at the cells or at the meter (`energy_at`).

    `round_trip`: energy out over energy in at the meter; `split` where it is lost. `cycles_day`, `cycles_year`: most
    discharged energy over `energy_wh`; None is no cap. `soc_min`, `soc_max`: the window that may be used. `soc_start`:
    state of charge at the start and again at the end; None is the window's lower end. `import_w`, `export_w`: limits
    of the grid connection. `wear_eur_mwh`: cost of each discharged MWh. `hourly`: trade means of hours instead of the
    market time unit. `curve`: efficiencies over the power, in place of `round_trip` and `split`; energy then counts at
    the cells. `outages`: when all or a part of the power is not there.
    """

    power_w: Annotated[float, Meta(ge=1e3, le=1e11)] = 1e6
    energy_wh: Annotated[float, Meta(ge=1e3, le=1e12)] = 2e6
    round_trip: Annotated[float, Meta(gt=0.2, le=1.0)] = 0.88
    cycles_day: Annotated[float, Meta(ge=0.0, le=24.0)] | None = 1.5
    cycles_year: Annotated[float, Meta(ge=0.0, le=8784.0)] | None = None
    soc_min: Annotated[float, Meta(ge=0.0, lt=1.0)] = 0.0
    soc_max: Annotated[float, Meta(gt=0.0, le=1.0)] = 1.0
    soc_start: Annotated[float, Meta(ge=0.0, le=1.0)] | None = None
    import_w: Annotated[float, Meta(ge=0.0, le=1e11)] | None = None
    export_w: Annotated[float, Meta(ge=0.0, le=1e11)] | None = None
    wear_eur_mwh: Annotated[float, Meta(ge=0.0, le=10_000.0)] = 0.0
    split: Literal["both", "charge", "discharge"] = "both"
    energy_at: Literal["cells", "meter"] = "cells"
    hourly: bool = False
    curve: Annotated[tuple[CurvePoint, ...], Meta(max_length=MOST_POINTS)] = ()
    outages: Annotated[tuple[Outage, ...], Meta(max_length=MOST_OUTAGES)] = ()

    def battery(self, starts_ns: Stamps | None = None, slot_ns: int = 0) -> Battery:
        """The battery as the dispatch sees it, as full at the end as at the start; with the share of its power that
        each slot has, where slots are given. Raises BatteryError, MarketError."""
        made = battery(
            self.power_w,
            self.energy_wh,
            self.round_trip,
            split=self.split,
            energy_at=self.energy_at,
            soc_min=self.soc_min,
            soc_max=self.soc_max,
            cycles_day=self.cycles_day,
            cycles_year=self.cycles_year,
            wear_eur_mwh=self.wear_eur_mwh,
            import_w=self.import_w,
            export_w=self.export_w,
        )
        if self.curve:
            if self.energy_at == "meter":
                raise MarketError("with a curve of efficiencies energy counts at the cells: say what the cells hold")
            into, out = curves(self.curve)
            made = replace(made, charging=into, discharging=out)
        share = None if starts_ns is None else available(self.outages, starts_ns, slot_ns)
        if share is not None:
            made = replace(made, charge_available=share, discharge_available=share)
        held = made.floor_wh if self.soc_start is None else self.soc_start * made.energy_wh
        return replace(made, start_wh=held, end_wh=held)

    @property
    def hours(self) -> float:
        """Energy over power."""
        return self.energy_wh / self.power_w


def quantity(text: str, unit: str, option: str) -> float:
    """A number with a unit of registers (`1MW`, `2 MWh`, `500 kW`) in the unit asked for. Raises MarketError."""
    match = re.fullmatch(r"\s*(\d+(?:\.\d*)?|\.\d+)\s*([A-Za-z]+)\s*", text)
    try:
        if match is None:
            raise UnitError(text)
        found = float(match[1]) * factor(match[2], unit)
    except UnitError as error:
        raise MarketError(f"{option}: expected a number and a unit such as '1 M{unit}', got {text!r}") from error
    if found <= 0:
        raise MarketError(f"{option}: expected more than zero, got {text!r}")
    return found


def grid(prices: PriceSeries, question: Question) -> PriceSeries:
    """The slots to solve: one length, no gap, not too many. Raises MarketError that says which gap and what to do."""
    if not prices.size:
        raise MarketError("no prices in that time: `bessinside prices list` says what this machine has")
    found = prices.hourly() if question.hourly else prices.on_grid()
    gaps = found.gaps(int(prices.start_ns[0]), prices.end_ns)
    if len(gaps):
        begin, end = (iso(int(at)) for at in gaps[0])
        raise MarketError(
            f"{len(gaps)} gap{'s' if len(gaps) > 1 else ''} in the prices, the first from {begin} to {end}: a schedule "
            "over a gap would be made up; choose --from and --to so that none lies between, or fetch the prices again"
        )
    fits(found.size, question)
    assert np.ptp(found.length_ns) == 0
    return found


def fits(slots: int, question: Question) -> None:
    """Raises MarketError where a question is too large: each point of a curve makes every slot as large as another."""
    if slots > MOST_SLOTS:
        raise MarketError(f"{slots:,} slots are more than {MOST_SLOTS:,}: ask for fewer years, or --hourly")
    points = len(question.curve)
    if slots * points > MOST_SLOTS:
        raise MarketError(
            f"{slots:,} slots with a curve of {points} points are more than {MOST_SLOTS:,} together: "
            "ask for fewer days or points, or --hourly"
        )
