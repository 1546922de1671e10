"""A passport of the past names the exception with which a register was refused, though no sweep of then asked it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bessinside.historian.basis.when import iso
from bessinside.historian.embedded.record import Historian
from bessinside.historian.opened import opened
from bessinside.modbus import Unit
from bessinside.runtime import clock
from bessinside.runtime.simulation import SimLoop
from bessinside.twin import Twin
from tests.conftest import Small


@pytest.fixture
def refused(tmp_path: Path) -> tuple[Path, str]:
    """A minute of the small plant whose rack 1 has no input register; what the live passport said of it at the end."""
    small = Small(tmp_path)
    folder = tmp_path / "history"
    told: list[Any] = []
    whole: Unit = small.units["a"]
    whole.input.readable[:] = False

    async def scenario() -> None:
        await small.start()
        twin = Twin(small.file(small.text().replace('every = "200 ms"', 'every = "1 s"')))
        async with Historian(folder, twin.plant, commit_every_s=5.0) as historian:
            twin.listen(historian.take)
            async with twin:
                await clock.sleep(60.0)
                told.append(twin.passport("c1/r01/cycles").quality_note)

    SimLoop(1).run(scenario())
    return folder, told[0]


def test_the_exception_is_named(refused: tuple[Path, str]) -> None:
    folder, live = refused
    assert live == "the device answers register 0 with exception 2; it is asked again once an hour"
    with opened(folder) as past:
        passport = past.at(past.span()[1]).passport("c1/r01/cycles")
        assert passport.quality == "device exception"
        assert passport.quality_note == (
            "the device had answered register 0 with exception 2; it was not asked for then"
        ), iso(past.span()[1])
        assert passport.reading is not None
        assert (passport.reading.exchange.outcome, passport.reading.words) == ("not asked", [])
