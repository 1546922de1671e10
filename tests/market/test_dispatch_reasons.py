"""The reason beside every slot: the right limit, its worth as the bound itself feels it, and words in two languages."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bessinside.market.dispatch.battery import Battery, Floats, battery
from bessinside.market.dispatch.model import Dispatch, Model, solve
from bessinside.market.dispatch.reasons import Binding, sentence, texts
from bessinside.market.dispatch.reserve import fcr
from bessinside.market.prices.sample import sample
from tests.market.years import grid, reference

DAY = np.array([40.0, 30, 20, 10, 15, 30, 60, 80, 70, 50, 30, 20, 15, 10, 20, 40, 70, 120, 150, 110, 90, 70, 50, 45])


def solved(prices: Floats, owned: Battery) -> Dispatch:
    return solve(prices, grid(len(prices), 3600), 3600, owned)


def test_a_full_slot_is_held_by_power() -> None:
    found = solved(np.array([10.0, 200.0]), battery(1e6, 4e6))
    assert found.power_w.tolist() == [-1e6, 1e6]
    # one MWh more of charging, and with it of discharging, would earn the spread, in one slot or the other
    assert found.shadow_eur_mwh.sum() == pytest.approx(190.0)


def test_a_full_battery_waits() -> None:
    found = solved(np.array([10.0, 20.0, 15.0, 200.0, 180.0]), battery(1e6, 0.5e6))
    full = found.binding[:3] == Binding.FULL
    assert full.any()
    assert found.shadow_eur_mwh[:3][full].sum() == pytest.approx(195.0)  # one MWh more: 20 - 10, then 200 - 15
    assert found.binding[3] == Binding.EMPTY


def test_an_empty_grid_connection_and_an_outage_are_named() -> None:
    owned = replace(battery(1e6, 4e6), export_w=0.4e6)
    assert Binding.GRID in solved(DAY, owned).binding
    mask = np.ones(24)
    mask[17:19] = 0.0
    out = replace(battery(1e6, 2e6), discharge_available=mask, charge_available=mask)
    found = solved(DAY, out)
    assert found.binding[18] == Binding.AVAILABILITY
    assert found.power_w[17] == found.power_w[18] == 0.0


def test_the_cap_of_the_day_is_named() -> None:
    found = solved(DAY, reference(cycles=0.5))
    held = found.binding == Binding.CYCLES
    assert held.any()
    assert np.all(found.shadow_eur_mwh[held] > 0)


def test_thresholds_part_buying_from_selling() -> None:
    found = solved(DAY, reference())
    assert np.all(found.prices[found.charge_w > 1] <= found.buy_below[found.charge_w > 1] + 1e-6)
    assert np.all(found.prices[found.discharge_w > 1] >= found.sell_above[found.discharge_w > 1] - 1e-6)
    resting = (found.charge_w + found.discharge_w) < 1
    spread = resting & (found.binding == Binding.SPREAD)
    assert np.all(found.prices[spread] >= found.buy_below[spread] - 1e-6)
    assert np.all(found.prices[spread] <= found.sell_above[spread] + 1e-6)


def test_shadow_prices_are_what_the_bound_gains() -> None:
    """One watt more moves the bound by the sum of what all slots say of power; one watt-hour more of cap by its
    price.
    """
    prices = sample()
    paid, starts = np.maximum(prices.price, 0.0), prices.start_ns
    owned = reference()
    model = Model(paid, starts, 900, owned)
    base = model.dispatch()
    assert base.gap_eur == pytest.approx(0.0, abs=1e-6)
    step = 1e-3  # MW
    model.change(battery=replace(owned, charge_w=1e6 + step * 1e6, discharge_w=1e6 + step * 1e6))
    gained = (model.bound().eur - base.bound_eur) / step
    power = np.isin(base.binding, (Binding.CHARGE_POWER, Binding.DISCHARGE_POWER))
    assert gained == pytest.approx(base.shadow_eur_mwh[power].sum() * 0.25, rel=0.02)
    assert gained > 0


def test_reserve_is_named_where_it_holds_power() -> None:
    found = solve(DAY, grid(24, 3600), 3600, reference(), reserves=[fcr(np.full(6, 500.0))])
    assert np.isin(found.binding, (Binding.RESERVE_POWER, Binding.RESERVE_ENERGY)).any()


def test_both_languages_have_a_sentence_for_everything() -> None:
    keys = {kind.name.lower() for kind in Binding} | {"charge", "discharge", "hold"}
    assert {language: set(words) for language, words in texts().items()} == {"de": keys, "en": keys}
    for kind in Binding:
        for language in ("de", "en"):
            words = sentence(language, 5e5, 0.0, 12.5, kind, 1234.5, 20.0, 80.0)
            assert "{" not in words
    assert "1.234,5" in sentence("de", 0.0, 5e5, 12.5, Binding.FULL, 1234.5, 20.0, 80.0)
    assert sentence("en", 5e5, 0.0, 12.5, Binding.FULL, 3.0, 20.0, 80.0).startswith("Charges with 500.0 kW at 12.50")
