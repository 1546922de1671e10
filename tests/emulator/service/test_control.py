"""Lines that a running emulator obeys, and what it says to those that it cannot."""

from __future__ import annotations

import asyncio
import re

import pytest

from bessinside.emulator.service.control import Control, ControlError
from bessinside.emulator.service.moment import moment
from bessinside.emulator.service.serve import Emulator
from bessinside.errors import BessError
from bessinside.plant import load_plant

NS = 1_000_000_000
START = moment("2026-06-21T14:00")


@pytest.fixture(scope="module")
def emulator() -> Emulator:
    return Emulator(load_plant("ref-1m"), seed=3, at=START)


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def control(emulator: Emulator, said: list[str]) -> Control:
    return Control(emulator, said.append)


def test_help_names_every_command(control: Control) -> None:
    names = [line.split()[0] for line in control.obey("help").splitlines()]
    assert names == ["go", "speed", "hold", "run", "scenario", "end", "schedule", "status", "help"]
    assert control.obey("  HELP  # please") == control.obey("help")


@pytest.mark.parametrize("line", ["", "\n", "   ", "# a remark"])
def test_an_empty_line_is_no_command(control: Control, line: str) -> None:
    assert control.obey(line) == ""


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("sped 60", "did you mean 'speed'?"),
        ("xyz", "there are go, speed, hold"),
        ("speed", r"expected `speed N`: N seconds"),
        ("speed fast", "expected a number; 1 is real time"),
        ("speed 0", "expected more than 0"),
        ("hold on", "expected `hold`"),
        ("go", "expected `go TIME`"),
        ("go noon", "not a time of day"),
        ("go 2020-01-01T00:00", "only goes forward"),
        ("scenario no-such-thing", "shipped scenarios are"),
        ("end weak-cell", "is not played; played are: none"),
    ],
)
def test_what_it_cannot_obey_it_explains(control: Control, emulator: Emulator, line: str, says: str) -> None:
    before = (emulator.label, emulator.physics.time_ns, emulator.held)
    with pytest.raises(BessError, match=re.escape(says) if "`" not in says else says):
        control.obey(line)
    assert (emulator.label, emulator.physics.time_ns, emulator.held) == before


def test_speed_hold_and_run(control: Control, emulator: Emulator) -> None:
    assert control.obey("speed 120") == "120x real time, physics in steps of 10 s, registers once a second"
    assert control.obey("hold") == "held at 2026-06-21 14:00:00 UTC"
    assert emulator.held
    assert "held: emulated, 120x real time, seed 3" in control.obey("status")
    assert control.obey("run") == "running, 120x real time"
    assert not emulator.held
    assert control.obey("speed 1").startswith("real time")


def test_scenarios(control: Control, emulator: Emulator) -> None:
    assert control.obey("scenario").startswith("played: none; there are ")
    assert re.fullmatch(r"weak-cell at c1/r\d\d/m\d+/cell\d+", control.obey("scenario weak-cell"))
    with pytest.raises(BessError, match="played already"):
        control.obey("scenario weak-cell")
    assert "scenario weak-cell" in control.obey("status")
    assert control.obey("end weak-cell") == "weak-cell ended"
    assert control.obey("scenario weak-cell c1/r02/m1/cell003") == "weak-cell at c1/r02/m1/cell003"
    with pytest.raises(BessError, match="no cell of this plant"):
        control.obey("end weak-cell") and control.obey("scenario weak-cell c1/r99/m1/cell003")
    assert emulator.plays.names == ()


def test_what_was_written_and_the_schedule_again(control: Control, emulator: Emulator) -> None:
    emulator.physics.set_active_power(2, 50e3)
    assert "pcs2 follows a written set-point of 50.0 kW" in control.obey("status")
    assert control.obey("schedule") == "all converters follow the schedule"
    assert "pcs2" not in control.obey("status")


async def test_going_says_how_far_it_is_and_that_it_arrived(
    control: Control, emulator: Emulator, said: list[str]
) -> None:
    assert control.obey("go 14:30") == "going from 2026-06-21 14:00:00 UTC to 2026-06-21 14:30:00 UTC"
    async with asyncio.timeout(20):
        while not said or not said[-1].startswith("at "):
            await asyncio.sleep(0.01)
    assert said[-1] == "at 2026-06-21 14:30:00 UTC"
    assert emulator.physics.time_ns == START + 1800 * NS
    control.obey("go +30d")
    await asyncio.sleep(0)
    with pytest.raises(ControlError, match="`hold` ends that"):
        control.obey("go +1h")
    async with asyncio.timeout(20):
        control.obey("hold")
        while emulator.jumping or not said[-1].startswith("at "):
            await asyncio.sleep(0.01)
    assert emulator.physics.time_ns < START + 86400 * NS
    await control.close()
