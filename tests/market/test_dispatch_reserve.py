"""Capacity that is held back: power and energy stay free for it, blocks follow the wall clock."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bessinside.market.basis.days import local_blocks
from bessinside.market.dispatch.battery import BatteryError, battery
from bessinside.market.dispatch.model import Model, solve
from bessinside.market.dispatch.reserve import Reserve, afrr, fcr
from tests.market.test_dispatch_properties import curved
from tests.market.years import ZONE, grid, reference

SPRING = 1_743_202_800 * 10**9  # 2025-03-29 00:00 in Berlin
AUTUMN = 1_761_343_200 * 10**9  # 2025-10-25 00:00 in Berlin


def test_the_block_of_a_clock_change_is_an_hour_less_or_more() -> None:
    for start, hours in ((SPRING, 3), (AUTUMN, 5)):
        block, starts = local_blocks(grid(48 if start == AUTUMN else 46, 3600, start), ZONE)
        sizes = np.bincount(block)
        assert sizes[6] == hours
        assert starts[6] == start + 24 * 3600 * 10**9
        assert set(sizes[:6]) == {4}


def test_flat_prices_leave_all_to_reserve() -> None:
    """Half full, 1 MW: 0.8 MW of FCR in every block, and no more than the energy on either side carries."""
    half = battery(1e6, 2e6, 1.0, start_wh=1e6, end_wh=1e6)
    found = solve(np.full(24, 50.0), grid(24, 3600), 3600, half, reserves=[fcr(np.full(6, 60.0))])
    assert found.feasible_eur == pytest.approx(6 * 0.8 * 60.0)
    assert found.reserve_w[0] == pytest.approx(np.full(6, 0.8e6))
    small = replace(half, energy_wh=0.3e6, start_wh=0.15e6, end_wh=0.15e6)
    found = solve(np.full(24, 50.0), grid(24, 3600), 3600, small, reserves=[fcr(np.full(6, 60.0))])
    assert found.reserve_w[0] == pytest.approx(np.full(6, 0.6e6))  # 150 kWh each way for a quarter of an hour


def test_empty_at_the_start_sells_nothing_upwards() -> None:
    found = solve(np.full(24, 50.0), grid(24, 3600), 3600, reference(), reserves=[fcr(np.full(6, 300.0))])
    assert found.reserve_w[0][0] == pytest.approx(0.0, abs=1e-3)
    down = solve(np.full(24, 50.0), grid(24, 3600), 3600, reference(), reserves=[afrr(np.full(6, 300.0), up=False)])
    assert down.reserve_w[0][0] == pytest.approx(1e6)


blocks = st.lists(st.integers(0, 250), min_size=12, max_size=12).map(lambda row: np.array(row, dtype=float))
prices = st.lists(st.integers(-80, 250), min_size=48, max_size=48).map(lambda row: np.array(row, dtype=float))


@given(prices, blocks, st.booleans())
@settings(max_examples=30, deadline=None)
def test_what_is_held_back_is_there(paid: np.ndarray, capacity: np.ndarray, curve: bool) -> None:
    owned = replace(curved() if curve else reference(), start_wh=1e6, end_wh=1e6)
    starts = grid(48, 3600)
    products = [fcr(capacity), afrr(capacity[::-1] / 2, up=True)]
    found = solve(paid, starts, 3600, owned, reserves=products)
    block, _ = local_blocks(starts, ZONE)
    up = sum(held[block] for held in found.reserve_w)
    down = found.reserve_w[0][block]
    assert np.all(found.discharge_w + up <= 1e6 + 0.1)
    assert np.all(found.charge_w + down <= 1e6 + 0.1)
    energy = np.append(owned.start_wh, found.energy_wh)
    eta_in = owned.charging if isinstance(owned.charging, float) else owned.charging.mean  # type: ignore[union-attr]
    eta_out = owned.discharging if isinstance(owned.discharging, float) else 1 / owned.discharging.mean  # type: ignore[union-attr]
    needed = (found.reserve_w[0] * 0.25 + found.reserve_w[1] * 1.0)[block] / eta_out
    spare = found.reserve_w[0][block] * 0.25 * eta_in
    for side in (energy[:-1], energy[1:]):  # the slot's beginning only where its block begins, its end always
        begins = np.append(True, block[1:] != block[:-1]) if side is not energy[1:] else np.ones(48, dtype=bool)
        assert np.all(side[begins] >= needed[begins] - 0.1)
        assert np.all(side[begins] <= owned.energy_wh - spare[begins] + 0.1)
    assert np.all(found.reserve_w[0] <= 0.8e6 + 0.1)
    assert found.feasible_eur <= found.bound_eur + 1e-6
    alone = Model(paid, starts, 3600, owned).bound().eur
    assert found.bound_eur >= alone - 1e-6
    assert abs(found.certificate.duality_gap_eur) <= 1e-6


def test_a_wrong_number_of_blocks_is_refused() -> None:
    with pytest.raises(BatteryError, match="FCR: these slots touch 6 blocks of 4 h and need as many prices"):
        solve(np.zeros(24), grid(24, 3600), 3600, reference(), reserves=[fcr(np.zeros(5))])
    with pytest.raises(BatteryError, match="goes up, down or both ways"):
        Reserve("nothing", np.zeros(6), up=False, down=False)
