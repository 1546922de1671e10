from __future__ import annotations

import numpy as np
import pytest

from bessinside.emulator.basis.noise import Chorus, MeanReverting


@pytest.mark.parametrize("dt", [0.5, 10.0, 100.0])
def test_spread_does_not_depend_on_the_step(dt: float) -> None:
    noise = MeanReverting(np.full(4000, 2.0), 30.0, np.random.default_rng(1))
    for _ in range(20):
        noise.step(dt)
    assert noise.value.std() == pytest.approx(2.0, rel=0.05)
    assert abs(noise.value.mean()) < 0.15


def test_what_lies_one_time_constant_back_is_remembered_by_a_third() -> None:
    noise = MeanReverting(np.full(20000, 1.0), 30.0, np.random.default_rng(2))
    before = noise.value.copy()
    noise.step(30.0)
    assert np.corrcoef(before, noise.value)[0, 1] == pytest.approx(np.exp(-1), abs=0.02)


def test_a_chorus_gives_each_what_it_would_have_had_alone() -> None:
    def make() -> list[MeanReverting]:
        shared = np.random.default_rng(3)
        return [
            MeanReverting(np.full((2, 3), 0.5), 20.0, shared),
            MeanReverting(7.0, 300.0, shared),
            MeanReverting(np.array([0.1, 2.0]), np.array([5.0, 900.0]), np.random.default_rng(4)),
        ]

    alone, together = make(), make()
    for voices in (alone, together):
        voices[2].step(1.0)  # one that was used before
    chorus = Chorus(together)
    for step in range(200):
        dt = (1.0, 60.0, 10.0)[step // 5 % 3]
        chorus.step(dt)
        for one, other in zip(alone, together, strict=True):
            one.step(dt)
            assert other.step(dt).tolist() == one.value.tolist()


def test_a_silent_chorus_stays_at_zero() -> None:
    voice = MeanReverting(np.full(3, 2.0), 30.0, np.random.default_rng(5))
    chorus = Chorus([voice])
    chorus.step(1.0)
    assert voice.value.any()
    chorus.fall_silent()
    chorus.step(60.0)
    assert voice.value.tolist() == [0.0] * 3
