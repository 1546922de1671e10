"""Alarms of the past: found by the rollups, they are those that every sweep tells."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bessinside.historian.basis.archive import Step
from bessinside.historian.embedded.record import Historian
from bessinside.historian.opened import opened
from bessinside.historian.past.alarms import alarm_registers
from bessinside.registers import Point
from bessinside.runtime import clock
from bessinside.runtime.simulation import SimLoop
from bessinside.twin import Twin
from tests.conftest import SMALL_MAP, Small

WORD = """\
    - name: alarm_word
      type: bitfield16
      x-address: 30
      symbols: [{name: HOT, value: 0}, {name: COLD, value: 3, label: Too cold}]
    - {name: fault_code, type: enum16, x-address: 31, symbols: [{name: FAN, value: 7}]}
    - {name: service_word, type: bitfield16, x-address: 32}
"""
#       second: (alarm word, code); between them nothing changes
STORY = {
    0: (0b1000, 0),
    4000: (0b1001, 0),
    4060: (0b1000, 0),
    4100: (0, 7),
    9000: (0, 0),
    9020: (0b1, 0),
    13_000: (0b11, 0),
}
SECONDS = 14_000


@pytest.fixture(scope="module")
def troubled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Nearly four hours of two racks with a sweep every twenty seconds; rack 1 has its troubles."""
    small = Small(tmp_path_factory.mktemp("troubled"))
    folder = small.folder / "history"
    (small.folder / "small-bms.yaml").write_text(SMALL_MAP.replace("  groups:\n", f"{WORD}  groups:\n", 1))
    text = small.text().replace('every = "200 ms"', 'every = "20 s"')
    for unit in small.units.values():
        unit.holding.put(30, [0, 0, 0])

    async def scenario() -> None:
        await small.start()
        twin = Twin(small.file(text))
        async with Historian(folder, twin.plant, commit_every_s=200.0) as historian:
            twin.listen(historian.take)
            async with twin:
                moments = [*STORY, SECONDS]
                for at, then in pairwise(moments):
                    small.units["a"].holding.put(30, [*STORY[at], at // 100])
                    await clock.sleep(then - at)
            while await historian.seal():
                pass

    SimLoop(1).run(scenario())
    return folder


def told(past: Any, start: int, end: int) -> list[tuple[str, int, int, int | None]]:
    """What the sweeps say, one by one."""
    found: list[tuple[str, int, int, int | None]] = []
    for name in ("c1/r01/alarm_word", "c1/r01/fault_code"):
        series = past.series(name, start, end)
        standing: dict[int, int] = {}
        for time, value in zip(series.time[series.good].tolist(), series.value[series.good].tolist(), strict=True):
            bits = [int(value)] if "code" in name else [bit for bit in range(16) if int(value) >> bit & 1]
            now = {bit for bit in bits if bit or "word" in name}
            found += [(name, bit, standing.pop(bit), time) for bit in sorted(set(standing) - now)]
            for bit in now:
                standing.setdefault(bit, time)
        found += [(name, bit, since, None) for bit, since in standing.items()]
    return sorted(found, key=lambda one: (one[2], one[0], one[1]))


@pytest.mark.parametrize(
    ("first", "last"), [(0, SECONDS + 60), (3990, 4070), (4055, 9010), (5000, 8000), (10_000, 10_050)]
)
def test_alarms_are_those_of_the_sweeps(troubled: Path, first: int, last: int) -> None:
    with opened(troubled) as past:
        begin, _ = past.span()
        start, end = begin + first * 1_000_000_000, begin + last * 1_000_000_000
        found = past.alarms(start, end)
        rows = [(one.id, one.code, one.since_ns, one.until_ns) for one in found.every]
        assert rows == told(past, start, end)
        at_first = {one.code for one in found.every if one.found}
        assert at_first == {one.code for one in found.every if one.since_ns - start < 20_000_000_000}
        assert len(found.arrow()) == len(rows)


def test_they_are_named_as_the_map_says(troubled: Path) -> None:
    with opened(troubled) as past:
        every = past.alarms(*past.span()).every
        assert {(one.name, one.label) for one in every} == {
            ("HOT", "HOT"), ("COLD", "Too cold"), ("FAN", "FAN"), ("alarm_word.1", "alarm_word 1"),
        }  # fmt: skip
        names = {past.newest().binding.ids[index] for index in alarm_registers(past.newest())}
        assert names == {f"c1/r0{rack}/{word}" for rack in (1, 2) for word in ("alarm_word", "fault_code")}


def test_minutes_that_stand_still_are_not_decoded(troubled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of four hours only minutes in which something changed, and those after them, are read sweep by sweep."""
    with opened(troubled) as past:
        read: list[int] = []
        words = past.archive.words

        def counted(device: str, registers: Any, start: int, end: int) -> Any:
            found = words(device, registers, start, end)
            read.append(len(found.number))
            return found

        monkeypatch.setattr(past.archive, "words", counted)
        start, end = past.span()
        past.alarms(start, end + 1)
        assert sum(read) < 0.15 * 2 * SECONDS / 20


def test_rollups_hold_words_of_bits(troubled: Path) -> None:
    with opened(troubled) as past:
        start, end = past.span()
        kept = past.archive.rollup(["c1/r01/alarm_word"], start, end, Step.HOUR)
        assert np.nanmax(kept.high) == max(word for word, _ in STORY.values())


def test_a_code_of_zero_is_no_alarm() -> None:
    from bessinside.historian.past.alarms import _CODE, _EVERY, _form, _set

    assert _form(Point("fault", "enum16", 1)) == _CODE
    assert _form(Point("alarm", "bitfield32", 1, words=2)) == _EVERY
    assert _form(Point("alarm_share", "uint16", 1, units="%")) is None
    assert (_set(0, _CODE), _set(7, _CODE), _set(0b101, _EVERY), _set(0, _EVERY)) == ([], [7], [0, 2], [])
