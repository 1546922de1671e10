from __future__ import annotations

import numpy as np
import pytest

from bessinside.emulator.noise import MeanReverting


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
