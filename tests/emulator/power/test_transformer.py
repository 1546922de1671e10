from __future__ import annotations

import pytest

from bessinside.emulator.power.transformer import LOAD_LOSS, NO_LOAD_LOSS, Rating, Transformer
from bessinside.emulator.power.transformer import REFERENCE as RATED


def test_losses_at_no_load_and_at_rated_power() -> None:
    transformer = Transformer(20.0)
    transformer.step(1.0, 0.0, 0.0, 1.0, 20.0)
    assert transformer.loss == NO_LOAD_LOSS
    transformer.step(1.0, -RATED, 0.0, 1.0, 20.0)
    assert transformer.loss == pytest.approx(NO_LOAD_LOSS + LOAD_LOSS)
    transformer.step(1.0, 0.6 * RATED, 0.8 * RATED, 1.0, 20.0)
    assert transformer.loss == pytest.approx(NO_LOAD_LOSS + LOAD_LOSS)


def test_it_draws_reactive_power_and_more_of_it_under_load() -> None:
    transformer = Transformer(20.0)
    transformer.step(1.0, 0.0, 0.0, 1.0, 20.0)
    idle = transformer.reactive
    transformer.step(1.0, RATED, 0.0, 1.0, 20.0)
    assert idle == pytest.approx(0.005 * RATED)
    assert transformer.reactive == pytest.approx(0.065 * RATED, rel=0.01)
    assert transformer.lift > 0.0


def test_oil_warms_by_its_rise_within_hours() -> None:
    transformer = Transformer(20.0)
    start = transformer.oil
    for _ in range(24 * 60):
        transformer.step(60.0, RATED, 0.0, 1.0, 20.0)
    assert start < 32.0
    assert transformer.oil == pytest.approx(75.0, abs=0.5)


def test_a_smaller_one_loses_less_but_more_for_its_size() -> None:
    small = Rating.of(RATED / 16.0)
    assert small.no_load_loss == pytest.approx(NO_LOAD_LOSS / 8.0)  # 16^0.75
    assert small.load_loss == pytest.approx(LOAD_LOSS / 8.0)
    assert small.resistive == pytest.approx(2.0 * Rating.of(RATED).resistive)
    assert small.reactive**2 + small.resistive**2 == pytest.approx(0.06**2)


def test_where_there_is_none_nothing_is_lost_drawn_or_lifted() -> None:
    none = Transformer(20.0, 0.0)
    none.step(60.0, 1e6, 2e5, 1.0, 20.0)
    assert (none.loss, none.reactive, none.lift) == (0.0, 0.0, 0.0)
