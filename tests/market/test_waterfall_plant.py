"""The dispatch fed to the emulated plant: its meter stays below the bound, and the waterfall says where the rest went.

Ten-second steps, registers over TCP. Each fault must land in its own bar, and what cannot be explained stays below half
a per cent. A day with one fault, and with BESSINSIDE_FULL a week with each; five hours, or a day, of a plant that also
answers the grid's frequency.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest

from bessinside.emulator.trouble.lever import LEVERS, Grip
from bessinside.emulator.whole.plant import Plant
from bessinside.market.dispatch.programme import Calendar
from bessinside.market.prices.sample import sample
from bessinside.market.realised.waterfall import Waterfall, waterfall
from tests.market.plant_week import Week, run
from tests.market.years import ZONE

FULL = bool(os.environ.get("BESSINSIDE_FULL"))
DAYS = 7 if FULL else 1
RESERVE_W = 1e6
BARS = {"none": None, "derating": "limits", "outage": "availability", "weak cell": "usable_energy"}


def none(plant: Plant, slot: int) -> None:
    """A plant that does what it should."""


def derating(plant: Plant, slot: int) -> None:
    """From the first noon on the fans of both converters move a third of their air."""
    if slot == 48:
        plant.pcs.fan = plant.pcs.fan * 0.3


def outage(plant: Plant, slot: int) -> None:
    """All contactors open for six hours of the first afternoon."""
    if slot == 60:
        for rack in range(plant.design.racks):
            plant.bms.disconnect(rack)
    if slot == 84:
        assert all(plant.bms.reconnect(rack) for rack in range(plant.design.racks))


def weak_cell(plant: Plant, slot: int) -> None:
    """One cell of every rack loses three tenths of its capacity on the first noon."""
    if slot == 48:
        cells = np.arange(plant.design.racks) * (plant.cells.capacity.size // plant.design.racks) + 100
        Grip(plant, LEVERS["cell.capacity"], cells, 0.7).move(1.0)


FAULTS = {"none": none, "derating": derating, "outage": outage, "weak cell": weak_cell}


@cache
def week(fault: str) -> Waterfall:
    """The plant under the schedule of somebody who knows two days, with one fault."""
    return went(slice(0, DAYS * 96), fault)[1]


def went(slots: slice, fault: str, reserve_w: float = 0.0) -> tuple[Week, Waterfall]:
    prices = sample().price[slots]
    calendar = Calendar.of(sample().start_ns[slots], 900, ZONE)
    with TemporaryDirectory() as folder:
        found = run(calendar, prices, FAULTS[fault], Path(folder), reserve_w)
    return found, waterfall(prices, calendar, found.owned, found.said.realised)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("fault", list(FAULTS) if FULL else ["outage"])
def test_the_meter_stays_below_the_bound_and_each_fault_lands_in_its_own_bar(fault: str) -> None:
    found = week(fault)
    lost = {bar.key: bar.eur for bar in found.bars}
    assert found.realised_eur <= found.bound_eur
    assert sum(lost.values()) == pytest.approx(found.bound_eur - found.realised_eur, abs=1e-6)
    assert found.unexplained_share < 0.005, lost
    assert all(bar.measured for bar in found.bars)
    assert lost["frequency"] == 0.0, "the plant did not answer it, and the registers say so"
    assert lost["cycle_cap"] == pytest.approx(0.0, abs=1e-4 * found.bound_eur)
    assert abs(lost["schedule"]) < 1e-4 * found.bound_eur, "the best of its foresight, to the digits of its registers"
    mine = BARS[fault]
    before = {bar.key: bar.eur for bar in week("none").bars} if FULL else dict.fromkeys(lost, 0.0)
    for bar in ("availability", "limits"):
        if bar != mine:
            assert abs(lost[bar] - before[bar]) < 0.005 * found.bound_eur, lost
    if mine is not None:
        assert lost[mine] - before[mine] > 0.01 * found.bound_eur, lost


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_what_answers_the_frequency_has_a_bar_of_its_own() -> None:
    """One MW at 200 mHz beside a schedule that leaves room for it. Nothing tells the registers' reader of the droop."""
    slots = slice(0, 96) if FULL else slice(62, 82)
    week, found = went(slots, "none", RESERVE_W)
    lost = {bar.key: bar.eur for bar in found.bars}
    said = week.said
    assert said.droop is not None
    assert said.droop.full_w == pytest.approx(RESERVE_W, rel=0.05)
    assert said.droop.share > 0.9
    assert said.realised.response_w is not None
    assert np.abs(said.realised.response_w - week.answered_w).max() < 0.02 * RESERVE_W
    bar, prices = found.bar("frequency"), sample().price[slots]
    assert abs(bar.eur) > 0.002 * found.bound_eur, "the answer moved money"
    paid = -prices * week.answered_w / 4e6
    near = np.abs(bar.slot_eur - paid) < 0.02 * RESERVE_W * np.abs(prices) / 4e6
    assert near.mean() >= 0.7, "but where the schedule ran into a battery that the answer had emptied or filled"
    assert said.figures["response_w"][0] == "meter/frequency"
    assert all(bar.measured for bar in found.bars)
    assert found.unexplained_share < 0.005, lost
    assert found.realised_eur <= found.bound_eur
    assert sum(lost.values()) == pytest.approx(found.bound_eur - found.realised_eur, abs=1e-6)
