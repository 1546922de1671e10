"""A killed redecode leaves the list of decodings as it was, or whole with the new ones; the next run succeeds."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from bessinside.historian.backup import check
from bessinside.historian.basis import decoding
from bessinside.historian.basis.archive import HOUR_NS, Step
from bessinside.historian.basis.decoding import DecodingError
from bessinside.historian.decoded.redone import shelf, working
from bessinside.historian.embedded.record import Historian
from bessinside.historian.opened import opened
from bessinside.historian.redecode import apply
from bessinside.runtime.simulation import SimLoop
from tests.conftest import SMALL_MAP
from tests.historian.made import START_NS, Maker, plant_in

KILLS = 200 if os.environ.get("BESSINSIDE_FULL") else 4
ROOT = Path(__file__).parents[2]
SCALES = (-2, -3)
HOURS = 3


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three hours of a sweep every 20 s a rack, and two maps with other scales of the SoC than the recorded one."""
    plant = plant_in(tmp_path)
    maker = Maker(plant)

    async def record() -> None:
        async with Historian(tmp_path / "history", plant, commit_every_s=0.01) as historian:
            for number in range(0, HOURS * 7200 + 2, 40):
                for one in (number, number + 1):
                    historian.take(maker.sweep(one), maker.bound_of(one))
                if number % 4800 == 0:
                    await historian.record(maker.sweep(number + 2), maker.bound_of(number + 2))
            while await historian.seal():
                pass

    SimLoop(1).run(record())
    for turn, scale in enumerate(SCALES):
        path = tmp_path / "maps" / str(turn) / "small-bms.yaml"
        path.parent.mkdir(parents=True)
        path.write_text(SMALL_MAP.replace("name: soc, type: uint16, sf: -1", f"name: soc, type: uint16, sf: {scale}"))
    return tmp_path / "history"


def whole(folder: Path, recorded: np.ndarray) -> int:
    """Every decoding of the list is whole, and the last one is what the past shows; how many there are."""
    known = decoding.load(folder)
    assert [one.note for one in known] == [str(k % 2) for k in range(len(known))]
    check(folder)
    scale = 10.0 ** (SCALES[(len(known) - 1) % 2] + 1) if known else 1.0
    with opened(folder) as past:
        for step in (Step.MINUTE, Step.HOUR):
            found = past.rollup("c1/r01/soc", START_NS, START_NS + HOURS * HOUR_NS, step)
            assert int(found.count.sum() + found.left_out.sum()) == len(recorded)
            np.testing.assert_allclose(np.nanmax(found.high), np.nanmax(recorded) * scale, rtol=1e-12)
    return len(known)


@pytest.mark.timeout(3600)
def test_a_killed_redecode_leaves_the_old_decoding_or_the_new_one(folder: Path) -> None:
    chance = np.random.default_rng(11)
    with opened(folder, as_recorded=True) as past:
        recorded = past.series("c1/r01/soc", START_NS, START_NS + HOURS * HOUR_NS).value
    said: list[str] = []
    acknowledged = 0
    one_takes = 0.3
    for _ in range(KILLS):
        command = [sys.executable, "-m", "tests.historian.redecoder", str(folder.parent), "1000"]
        environment = {**os.environ, "PYTHONPATH": "src"}
        child = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, env=environment)
        assert child.stdout is not None
        lines = iter(child.stdout.readline, "")
        began = 0.0
        for line in lines:
            if line == "begins\n" and began:
                one_takes = time.monotonic() - began  # so long one took, all in all
                break
            began = began or time.monotonic()
            said += [line]
        time.sleep(float(chance.uniform(0.0, one_takes)))  # the one that is at work now
        assert child.poll() is None, "it ended of itself"
        child.send_signal(signal.SIGKILL)
        rest, _ = child.communicate(timeout=60)
        said += rest.splitlines(keepends=True)
        acknowledged = max([acknowledged, *(int(line) for line in said if line.strip().isdigit())])
        assert whole(folder, recorded) in (acknowledged, acknowledged + 1)
        acknowledged = len(decoding.load(folder))
    with opened(folder) as past:
        apply(folder, past.archive, folder.parent / "maps" / str(acknowledged % 2) / "small-bms.yaml", 0, 2**62,
              str(acknowledged % 2))  # fmt: skip
    assert whole(folder, recorded) == acknowledged + 1
    named = {name for one in decoding.load(folder) for name in one.files}
    assert {path.name for path in shelf(folder).rollups.iterdir()} == named, "what was cut short is gone"
    assert not [path for path in folder.iterdir() if path.name.endswith(".part")]


def test_what_was_left_is_removed_and_said(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    rollups = shelf(folder).rollups
    rollups.mkdir(parents=True)
    left = [rollups / "0-0-20260621.minutes.parquet", rollups / ".x.parquet.77.part", folder / ".decodings.json.7.part"]
    for path in left:
        path.write_bytes(b"half")
    with opened(folder) as past:
        apply(folder, past.archive, folder.parent / "maps" / "0" / "small-bms.yaml", 0, 2**62)
    for path in left:
        assert not path.exists()
        assert f"removed {path.relative_to(folder)}: the redecode that wrote it was cut short" in caplog.text


def test_two_at_once_are_refused(folder: Path) -> None:
    with working(folder), opened(folder) as past, pytest.raises(DecodingError, match="another redecode is at work"):
        apply(folder, past.archive, folder.parent / "maps" / "0" / "small-bms.yaml", 0, 2**62)
    assert decoding.load(folder) == ()
