"""What a reading is worth, in every state that a device can bring it into. Runs under a virtual clock."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from bessinside.modbus.trouble import Reply
from bessinside.runtime import clock
from bessinside.twin import FigureRow, Quality, Twin
from bessinside.twin.quality import worst

Simulate = Callable[..., Any]


def after(
    small: Any, simulate: Simulate, change: Callable[[], None], figure_id: str, seconds: float = 1.0
) -> FigureRow:
    """One figure after the device was read for a second, was changed, and some time passed."""

    async def scenario() -> FigureRow:
        await small.start()
        async with Twin(small.plant()) as twin:
            await clock.sleep(1.0)
            assert twin.figure(figure_id).quality == "good" or figure_id.endswith("command")
            change()
            await clock.sleep(seconds)
            return twin.figure(figure_id)

    row: FigureRow = simulate(scenario())
    return row


def test_before_the_first_read_there_is_no_number(small: Any) -> None:
    twin = Twin(small.plant())
    rows = [twin.figure(name) for name in twin.ids()]
    assert len(rows) == twin.binding.size + twin.derived.size
    for row in rows:
        wanted = "not mapped" if row.id.endswith("/command") else "no reading yet"
        assert (row.value, row.text, row.age, row.quality) == (None, None, None, wanted), row.id
    for level in twin.levels("de"):
        assert {(row.value, row.age) for row in level.figures} == {(None, None)}


def test_a_good_reading(small: Any, simulate: Simulate) -> None:
    row = after(small, simulate, lambda: small.units["a"].holding.put(0, 500), "c1/r01/soc")
    assert (row.value, row.unit, row.quality, row.label, row.part) == (50.0, "%", "good", "State of charge", "c1/r01")
    assert row.age is not None
    assert 0 <= row.age < 0.3


GOLDEN = {
    "c1/r01/soc": 87.3,
    "c1/r01/current": 100.0,  # the device counts charging as positive
    "c1/r01/voltage": 1330.24,  # low word first
    "c1/r01/power": 100_000.0,  # kW
    "c1/r01/soh": 98.0,
    "c1/r01/insulation": 2.5e6,  # the scale factor stands in a register
    "c1/r01/state": 2.0,
    "c1/r01/temperature_max": 30.0,  # the high byte, offset -40
    "c1/r01/temperature_min": 21.0,
    "c1/r01/relay_positive": 1.0,  # a coil
    "c1/r01/cycles": 411.0,  # an input register
    "c1/r01/m2/voltage": 10.0,
    "c1/r01/m2/cell002/voltage": 3.302,
}


def test_values_by_hand(small: Any, simulate: Simulate) -> None:
    async def scenario() -> dict[str, float | None]:
        await small.start()
        async with Twin(small.plant()) as twin:
            await clock.sleep(1.0)
            assert twin.figure("c1/r01/serial").text == "R-01"
            return {name: twin.figure(name).value for name in GOLDEN}

    assert simulate(scenario()) == GOLDEN


def test_a_sentinel_is_not_implemented(small: Any, simulate: Simulate) -> None:
    row = after(small, simulate, lambda: small.units["a"].holding.put(6, 0xFFFF), "c1/r01/soh")
    assert (row.value, row.quality) == (None, "not implemented")


def test_a_text_of_nothing_is_not_implemented(small: Any, simulate: Simulate) -> None:
    row = after(small, simulate, lambda: small.units["a"].holding.put(10, [0, 0, 0, 0]), "c1/r01/serial")
    assert (row.value, row.text, row.quality) == (None, None, "not implemented")


def test_a_text_is_foreign_input(small: Any, simulate: Simulate) -> None:
    words = [0x1B5B, 0x3331, 0x6DFF, 0x0A41]  # escape [31m, no UTF-8, a new line, A
    row = after(small, simulate, lambda: small.units["a"].holding.put(10, words), "c1/r01/serial")
    assert (row.text, row.quality) == ("[31m�A", "good")


def test_65535_as_a_state_of_charge_is_implausible_but_shown(small: Any, simulate: Simulate) -> None:
    row = after(small, simulate, lambda: small.units["a"].holding.put(0, 65535), "c1/r01/soc")
    assert (row.value, row.quality) == (6553.5, "implausible")


@pytest.mark.parametrize(
    ("figure", "address", "words"),
    [
        ("c1/r01/m1/cell001/voltage", 110, [0]),  # 0 V: a cell that is not there
        ("c1/r01/current", 1, [0x7FFF]),  # 3 276.7 A
        ("c1/r01/power", 4, [0x7FC0, 0]),  # NaN
        ("c1/r01/power", 4, [0xFF80, 0]),  # -infinity
        ("c1/r01/insulation", 8, [11]),  # a scale factor of 10¹¹
        ("c1/r01/fan_share", 16, [101]),  # the document says 0 to 100
    ],
)
def test_what_no_sensor_can_deliver_is_implausible(
    small: Any, simulate: Simulate, figure: str, address: int, words: list[int]
) -> None:
    row = after(small, simulate, lambda: small.units["a"].holding.put(address, words), figure)
    assert row.quality == "implausible"
    assert row.age is not None
    assert row.age < 0.3


def test_an_exception_keeps_the_last_value_and_its_time(small: Any, simulate: Simulate) -> None:
    def busy() -> None:
        small.servers["a"].trouble = lambda ask: Reply(ask.frame(bytes((ask.pdu[0] | 0x80, 6))))

    row = after(small, simulate, busy, "c1/r01/soc")
    assert (row.value, row.quality) == (87.3, "device exception")
    assert row.age is not None
    assert 0.8 < row.age < 1.3


def test_silence_keeps_the_last_value_and_its_time(small: Any, simulate: Simulate) -> None:
    def silent() -> None:
        small.servers["a"].trouble = lambda ask: Reply(b"")

    row = after(small, simulate, silent, "c1/r01/soc", 30.0)
    assert (row.value, row.quality) == (87.3, "no answer")
    assert row.age is not None
    assert 29 < row.age < 31


def test_a_reading_grows_stale_after_three_periods(small: Any, simulate: Simulate) -> None:
    def slow() -> None:  # every answer takes as long as it may, so that a sweep lasts longer than three periods
        small.servers["a"].trouble = lambda ask: Reply(ask.right, delay_s=0.14)

    async def scenario() -> list[tuple[str, bool]]:
        await small.start()
        async with Twin(small.plant()) as twin:
            await clock.sleep(1.0)
            slow()
            seen = []
            for _ in range(50):
                await clock.sleep(0.05)
                row = twin.figure("c1/r01/soc")
                assert row.age is not None
                seen.append((row.quality, row.age > 0.6))
            return seen

    seen = simulate(scenario())
    assert set(seen) == {("good", False), ("stale", True)}


def test_what_can_only_be_written_is_not_asked(small: Any, simulate: Simulate) -> None:
    row = after(small, simulate, lambda: None, "c1/r01/command")
    assert (row.value, row.quality, row.age) == (None, "not mapped", None)


def test_a_metric_that_nobody_carries_is_shown_as_a_hole(small: Any) -> None:
    (row,) = [row for row in Twin(small.plant()).levels()[0].figures if row.id == "meter.frequency"]
    assert (row.value, row.quality, row.part, row.unit) == (None, "not mapped", "", "Hz")


def test_a_device_that_never_answered_has_no_number(small: Any, simulate: Simulate) -> None:
    async def scenario() -> FigureRow:
        await small.start("b")
        async with Twin(small.plant()) as twin:
            await clock.sleep(2.0)
            assert twin.figure("c1/r02/soc").quality == "good"
            return twin.figure("c1/r01/soc")

    row = simulate(scenario())
    assert (row.value, row.quality, row.age) == (None, "no answer", None)


def test_every_quality_has_a_name_and_a_rank() -> None:
    assert len({quality.label for quality in Quality}) == 8
    assert Quality.NONE.label == "no reading yet"
    assert Quality.DEVICE_EXCEPTION.label == "device exception"
    assert worst([]) is Quality.NONE
    for quality in Quality:
        assert worst([quality, Quality.GOOD]) is quality
        assert worst([quality, Quality.NONE]) is Quality.NONE


def test_a_sweep_is_seen_whole_or_not_at_all(small: Any, simulate: Simulate) -> None:
    """While a sweep is under way, words, value, time and passport still belong to the one before."""

    async def scenario() -> int:
        await small.start()
        small.servers["a"].trouble = lambda ask: Reply(ask.right, delay_s=0.02)
        moved = 0
        async with Twin(small.plant()) as twin:
            await clock.sleep(1.0)
            last = 0.0
            for step in range(400):
                small.units["a"].holding.put(0, 300 + step)
                await clock.sleep(0.005)
                passport = twin.passport("c1/r01/soc")
                assert passport.reading is not None
                assert passport.value is not None
                assert passport.value == int(passport.reading.words[0], 16) / 10
                assert f"{int(passport.value * 10):04x}" in passport.reading.response_hex.replace(" ", "")
                moved += passport.value != last
                last = passport.value
        return moved

    assert simulate(scenario()) > 5


def test_no_task_is_left_behind(small: Any, simulate: Simulate) -> None:
    async def scenario() -> int:
        await small.start()
        async with Twin(small.plant()):
            await clock.sleep(1.0)
            assert len(asyncio.all_tasks()) > 1
        return len(asyncio.all_tasks())

    assert simulate(scenario()) == 1
