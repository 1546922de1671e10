"""The second stage: what trading a schedule again adds, and what it must not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bessinside.market.basis.errors import MarketError
from bessinside.market.basis.localtime import QUARTER_NS
from bessinside.market.dispatch.check import replay
from bessinside.market.dispatch.model import Dispatch, solve
from bessinside.market.dispatch.reserve import fcr
from bessinside.market.prices.provenance import Provenance
from bessinside.market.prices.sample import sample
from bessinside.market.prices.series import PriceSeries, series
from bessinside.market.worth.intraday import second_stage
from tests.market.years import ZONE, reference

DAYS = sample().take(slice(0, 4 * 96))
SOURCE = (Provenance("file", "prices of the user", "id.csv", 0, "", "file id.csv", kept=False),)


def stage(prices: PriceSeries, hours: float = 2.0) -> Dispatch:
    slot_s = float(prices.length_ns[0]) / 1e9
    return solve(prices.price, prices.start_ns, slot_s, reference(hours), zone=ZONE)


def other(change: float, seed: int = 1) -> PriceSeries:
    """Prices that wander off the day-ahead ones by `change` EUR/MWh on average."""
    wander = np.random.default_rng(seed).normal(0, change, DAYS.size)
    return replace(DAYS, price=np.round(DAYS.price + wander, 2), provenance=SOURCE)


def test_the_total_is_what_both_auctions_pay() -> None:
    first = stage(DAYS)
    second = other(30.0)
    told, found = second_stage(first, second)
    paid = (DAYS.price * first.power_w + second.price * (found.power_w - first.power_w)).sum() * 0.25 / 1e6
    assert told.total_eur == pytest.approx(paid, abs=1e-6)
    assert told.eur > 0
    assert told.eur <= told.bound_eur
    assert told.bound_eur - told.eur == pytest.approx(told.gap_eur)
    assert told.traded_mwh == pytest.approx(np.abs(found.power_w - first.power_w).sum() * 0.25 / 1e6)
    assert told.attribution == "file id.csv"
    walked = replay(found.battery, found.charge_w, found.discharge_w, found.starts_ns, found.slot_s, zone=ZONE)
    assert walked.violation is None


def test_nothing_is_added_by_the_same_prices() -> None:
    first = stage(DAYS)
    told, found = second_stage(first, replace(DAYS, provenance=SOURCE))
    assert 0 <= told.eur <= told.bound_eur <= first.gap_eur + 1e-6
    walked = replay(found.battery, found.charge_w, found.discharge_w, found.starts_ns, found.slot_s, zone=ZONE)
    assert walked.violation is None


def test_no_schedule_trades_better_than_the_bound() -> None:
    first, second = stage(DAYS), other(50.0)
    told, _ = second_stage(first, second)
    for tried in (stage(second), stage(other(50.0, seed=2))):
        gained = float((second.price * (tried.power_w - first.power_w)).sum()) * 0.25 / 1e6
        assert gained <= told.bound_eur + 1e-6


def test_an_hourly_schedule_is_traded_in_quarters() -> None:
    hours = DAYS.hourly()
    told, found = second_stage(stage(hours), replace(DAYS, provenance=SOURCE))
    assert (told.slots, told.slot_min) == (DAYS.size, 15)
    assert told.total_eur == pytest.approx(stage(DAYS).feasible_eur, abs=0.5), "means of hours take nothing away"
    assert found.slot_s == 900
    assert told.eur > 0


def test_a_longer_second_slot_holds_for_its_parts() -> None:
    told, _ = second_stage(stage(DAYS), replace(DAYS.hourly(), provenance=SOURCE))
    assert told.slots == DAYS.size
    assert told.eur > 0


def test_a_gap_or_a_reserve_is_refused() -> None:
    first = stage(DAYS)
    holed = other(10.0).take(np.arange(DAYS.size) != 7)
    with pytest.raises(MarketError, match="has no price from 2026-09-26T23:45Z to 2026-09-27T00:00Z"):
        second_stage(first, holed)
    with pytest.raises(MarketError, match="must cover every slot"):
        second_stage(first, series(DAYS.start_ns[:96], DAYS.price[:96], QUARTER_NS, SOURCE))
    sold = solve(DAYS.price, DAYS.start_ns, 900, reference(), zone=ZONE, reserves=[fcr(np.full(24, 60.0))])
    with pytest.raises(MarketError, match="beside reserve"):
        second_stage(sold, other(10.0))
