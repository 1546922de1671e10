"""The soak in little: some of the day, no page open as long as a day, but every sweep counted."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
SECONDS = 660  # the first ten minutes are sealed, the rest is in the tail


@pytest.mark.timeout(300)
def test_a_little_of_the_day_is_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import historian_day
    import soak

    monkeypatch.setattr(soak, "RECORDED_S", 5)
    monkeypatch.setattr(soak, "ASK_EVERY_S", 100)
    before = len(os.listdir("/proc/self/fd"))  # of whatever ran before in this process
    monkeypatch.setattr(soak, "OPEN", soak.OPEN + before)
    day = historian_day.Day(tmp_path)
    samples = asyncio.run(soak.soak(tmp_path / "history", day, SECONDS, 0.1))
    figures = soak.judge(tmp_path / "history", day, SECONDS, samples)
    assert figures["sweeps"] == SECONDS * len(day.wires)
    assert figures["missing"] == figures["twice"] == 0
    assert len(samples) == 6
    assert list((tmp_path / "history" / "segments").glob("*.words.parquet"))
    for name in ("soak", "historian_day"):
        sys.modules.pop(name, None)


@pytest.mark.timeout(300)
def test_a_sweep_that_is_missing_ends_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import historian_day
    import soak

    monkeypatch.setattr(soak, "RECORDED_S", 5)
    day = historian_day.Day(tmp_path)
    samples = asyncio.run(soak.soak(tmp_path / "history", day, 20, 0.1))
    with pytest.raises(SystemExit, match="sweeps are missing"):
        soak.judge(tmp_path / "history", day, 21, samples or [soak.Sample(0, 1.0, 1, 1, 0)])
    for name in ("soak", "historian_day"):
        sys.modules.pop(name, None)
