"""What answers the frequency, found in set-points that nobody explains: the droop, its sign, or that there is none."""

from __future__ import annotations

import numpy as np
import pytest

from bessinside.market.realised.frequency import activation, droop, mean_activation
from bessinside.market.realised.orders import split

FULL_W = 1.2e6
EACH, SLOTS = 15, 96


def grid(seed: int = 0, per_minute: int = 60) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """A day of frequencies, Hz float64[minutes, samples]: 20 mHz around 50 Hz, which it forgets within a minute."""
    chance = np.random.default_rng(seed)
    kept = np.exp(-1.0 / per_minute)
    found = np.zeros(SLOTS * EACH * per_minute)
    noise = chance.normal(0, 0.020 * np.sqrt(1 - kept**2), len(found))
    for k in range(1, len(found)):
        found[k] = kept * found[k - 1] + noise[k]
    return 50.0 + found.reshape(-1, per_minute)


def schedule() -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """W of each minute: level within a quarter, with steps of megawatts between."""
    levels = np.random.default_rng(1).choice([-1.2e6, 0.0, 0.0, 1.3e6], SLOTS)
    return np.repeat(levels, EACH)


def minutes(frequency: np.ndarray) -> np.ndarray:  # type: ignore[type-arg]
    return mean_activation(frequency.min(axis=1), frequency.mean(axis=1), frequency.max(axis=1))


def test_the_activation_is_that_of_the_regulation() -> None:
    found = activation(np.array([49.7, 49.8, 49.9, 49.989, 49.991, 50.0, 50.009, 50.011, 50.1, 50.3]))
    assert found == pytest.approx([-1, -1, -0.5, -0.055, 0, 0, 0, 0.055, 0.5, 1], abs=1e-9)


@pytest.mark.parametrize(("low", "high"), [(49.97, 50.03), (49.995, 50.08), (49.6, 50.1), (50.02, 50.3), (50.0, 50.0)])
def test_the_mean_of_an_even_spread_is_its_integral(low: float, high: float) -> None:
    spread = np.linspace(low, high, 200_001)
    found = mean_activation(np.array([low]), np.array([(low + high) / 2]), np.array([high]))
    assert found[0] == pytest.approx(float(activation(spread).mean()), abs=1e-5)


def test_minutes_tell_their_mean_activation_but_for_hundredths() -> None:
    frequency = grid()
    true = activation(frequency).mean(axis=1)
    assert np.abs(minutes(frequency) - true).max() < 0.02
    assert np.std(minutes(frequency) - true) < 0.1 * np.std(true)


@pytest.mark.parametrize("per_minute", [1, 60])
def test_the_droop_is_found_beside_a_schedule_that_steps(per_minute: int) -> None:
    frequency = grid(per_minute=per_minute)
    answer = -FULL_W * activation(frequency).mean(axis=1)
    found = split((schedule() + answer).reshape(SLOTS, EACH), minutes(frequency).reshape(SLOTS, EACH))
    assert found.droop is not None
    assert found.droop.full_w == pytest.approx(FULL_W, rel=0.02)
    assert found.droop.share > 0.95
    assert found.response_w is not None
    assert found.response_w == pytest.approx(answer.reshape(SLOTS, EACH).mean(axis=1), abs=0.01 * FULL_W)
    assert found.schedule_w == pytest.approx(schedule()[::EACH], abs=0.01 * FULL_W)


@pytest.mark.parametrize(
    "order",
    [
        schedule(),
        schedule() + np.random.default_rng(2).normal(0, 5e3, SLOTS * EACH),
        np.zeros(SLOTS * EACH),
        np.linspace(-1e6, 1e6, SLOTS * EACH),
        schedule() + FULL_W * activation(grid()).mean(axis=1),
    ],
    ids=["steps", "noise", "nothing", "a ramp", "the wrong sign"],
)
def test_a_plant_that_does_not_answer_has_no_droop(order: np.ndarray) -> None:  # type: ignore[type-arg]
    activated = minutes(grid())
    assert droop(order, activated).full_w == 0.0
    found = split(order.reshape(SLOTS, EACH), activated.reshape(SLOTS, EACH))
    assert found.response_w is not None
    assert not found.response_w.any()
    assert found.schedule_w == pytest.approx(order.reshape(SLOTS, EACH).mean(axis=1), abs=1e-6)


def test_holes_are_left_out_and_half_an_hour_is_too_short() -> None:
    frequency = grid(per_minute=1)
    order = schedule() - FULL_W * activation(frequency)[:, 0]
    activated = minutes(frequency)
    order[100:700:3], activated[50:900:7] = np.nan, np.nan
    assert droop(order, activated).full_w == pytest.approx(FULL_W, rel=0.02)
    assert droop(order[:25], activated[:25]).full_w == 0.0


def test_what_goes_both_ways_in_a_slot_is_kept_apart_from_its_mean() -> None:
    order = np.tile([600e3, -300e3, 0.0], 5)[None]
    found = split(order, None)
    assert found.schedule_w == pytest.approx([100e3])
    assert found.schedule_both_w == pytest.approx([100e3])
    assert found.response_w is None
