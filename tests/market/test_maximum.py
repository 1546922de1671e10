"""The one maximum beside what was realised: over counted slots, each stretch from what its registers say."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from bessinside.historian.embedded.store import Store
from bessinside.historian.past.past import Past
from bessinside.market.basis.localtime import MINUTE_NS, QUARTER_NS
from bessinside.market.dispatch.battery import battery
from bessinside.market.dispatch.programme import Calendar
from bessinside.market.prices.sample import sample
from bessinside.market.realised.maximum import begun, maximum
from bessinside.market.realised.metered import metered
from bessinside.market.realised.registers import said
from bessinside.market.realised.waterfall import waterfall
from tests.market import counted_plant as made
from tests.market.years import ZONE

OWNED = battery(made.POWER_W, made.ENERGY_WH, made.SHARE**2, cycles_day=1.5)
SPAN = made.START_NS, made.START_NS + made.MINUTES * MINUTE_NS


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Past]:
    store = Store(made.record(tmp_path_factory.mktemp("counted")))
    yield Past(store)
    store.close()


def test_the_maximum_of_a_stretch_is_the_top_of_its_waterfall(past: Past) -> None:
    counted = metered(past, *SPAN, QUARTER_NS)
    prices = sample().between(*SPAN).price
    found = maximum(past, prices, counted.start_ns, 900, ZONE, counted.known, OWNED)
    assert found.stretches == ((0, 32), (39, 192)), "on both sides of the gap"
    assert found.figures == ("c1/r01/soc", "c1/r01/soh")
    assert found.gap_eur <= 1e-6
    tops, earned = [], 0.0
    for first, last in found.stretches:
        inside = slice(first, last)
        starts, watts = counted.start_ns[inside], counted.power_w[inside]
        told = said(past, starts, QUARTER_NS, watts, made.POWER_W, made.ENERGY_WH)
        assert told.start_wh is not None
        fall = waterfall(prices[inside], Calendar.of(starts, 900, ZONE), begun(OWNED, told.start_wh), told.realised)
        tops.append(fall.bound_eur)
        earned += fall.realised_eur
    assert found.eur == pytest.approx(sum(tops), abs=1e-9)
    valued = prices * (counted.out_wh - counted.in_wh) / 1e6
    assert earned == pytest.approx(float(np.nansum(valued)), abs=1e-9), "both stand over the same slots"
    assert earned < found.eur


def test_without_registers_it_begins_at_the_lower_end_and_never_outside_of_the_window() -> None:
    prices = sample().price[:96]
    empty = maximum(None, prices, sample().start_ns[:96], 900, ZONE, np.ones(96, bool), OWNED)
    assert empty.figures == ()
    assert begun(OWNED, None).start_wh == OWNED.floor_wh
    assert begun(OWNED, 9e9).start_wh == OWNED.ceiling_wh
    assert begun(OWNED, 1.0).end_wh is None
    none = maximum(None, prices, sample().start_ns[:96], 900, ZONE, np.zeros(96, bool), OWNED)
    assert (none.eur, none.stretches) == (0.0, ())
    assert empty.eur > 0
