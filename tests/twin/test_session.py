"""The plant from a script: a thread polls while it goes on; the same plant from async code."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import bessinside
from bessinside.errors import BessError
from bessinside.session import Session


def threads() -> int:
    return sum(thread.name == "bessinside" for thread in threading.enumerate())


def test_a_script(live: Any) -> None:
    with bessinside.open(live.file()) as plant:
        plant.wait()
        row = plant.figure("c1/r01/soc", "de")
        assert (row.value, row.quality, row.label) == (87.3, "good", "Ladezustand")
        assert plant.passport("c1/r01/soc").reading.words == ["0369"]  # type: ignore[union-attr]
        assert plant.ids("c1/r01/m1/cell*/voltage") == [f"c1/r01/m1/cell00{n}/voltage" for n in (1, 2, 3)]
        assert plant.values("c1/r01/m1/cell*/voltage").tolist() == [3.3, 3.301, 3.302]
        rows = plant.figures("c1/r0?/soc")
        assert [(row.id, row.value) for row in rows] == [("c1/r01/soc", 87.3), ("c1/r02/soc", 87.3)]
        assert len(plant.levels()) == 14
        assert np.count_nonzero(plant.snapshot().quality == bessinside.Quality.GOOD) == 44
        with pytest.raises(bessinside.UnknownFigure):
            plant.figure("nothing")


def test_values_before_the_first_read_are_missing(small: Any) -> None:
    with bessinside.open(small.file()) as plant:
        column = plant.values("*/soc")
        assert column.shape == (2,)
        assert np.isnan(column).all()


def test_wait_says_why_nobody_answers(small: Any) -> None:
    with (
        bessinside.open(small.file()) as plant,
        pytest.raises(BessError, match=r"plant\.toml: no device answers within 2 s; the first says: a: cannot connect"),
    ):
        plant.wait(2.0)


def test_wait_is_content_with_one_device_that_answers(live: Any) -> None:
    text = live.text(b="modbus+tcp://127.0.0.1:9?unit=1")
    with bessinside.open(live.file(text)) as plant:
        plant.wait()
        assert plant.figure("c1/r01/soc").quality == "good"
        assert plant.figure("c1/r02/soc").quality == "no answer"


def test_closing_ends_the_thread_and_may_be_done_twice(live: Any) -> None:
    before = threads()
    with bessinside.open(live.file()) as plant:
        assert threads() == before + 1
        plant.close()
        assert threads() == before
    with pytest.raises(BessError, match="not open: use it in a `with` block"):
        plant.snapshot()
    plant.close()


def test_what_fails_at_the_start_leaves_no_thread(live: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    before, plant = threads(), bessinside.open(live.file())

    async def fail() -> None:
        raise BessError("no start today")

    monkeypatch.setattr(plant.twin, "start", fail)
    with pytest.raises(BessError, match="no start today"):
        plant.__enter__()
    assert threads() == before


def test_a_session_opens_again(live: Any) -> None:
    plant = Session(live.file())
    for _ in range(2):
        with plant:
            plant.wait()
            assert plant.figure("c1/r01/soc").quality == "good"


async def test_async_code_gets_the_twin_itself(served: Any) -> None:
    before = threads()
    async with bessinside.open(served.file()) as twin:
        assert isinstance(twin, bessinside.Twin)
        async with asyncio.timeout(5):
            while twin.figure("c1/r01/soc").value is None:
                await asyncio.sleep(0.02)
        assert twin.figure("c1/r01/soc").value == 87.3
        assert threads() == before


def test_a_plant_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(bessinside.PlantError, match=r"no\.toml:0: file"):
        bessinside.open(tmp_path / "no.toml")
