"""The power goes at any moment of a recording: what was acknowledged is on the disk, whatever was not synced is lost.

A recording with commits, sealing, rollups and compaction is written down call by call. From that log images of the disk
are built, cut after any call, with some, all or none of what was not safe yet. Each is opened as after a power cut.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from bessinside.historian.embedded.record import Historian
from tests.historian.made import Maker, plant_in
from tests.historian.powercut import STRACE, Call, Disk, read_calls, write
from tests.historian.test_kill import check, start

FULL = bool(os.environ.get("BESSINSIDE_FULL"))
IMAGES = 4000 if FULL else 40
SWEEPS = 352
SHARES = (0.0, 0.5, 1.0, 0.9, 0.1)


def may_trace() -> bool:
    """Whether strace is here and may look at a process."""
    if shutil.which("strace") is None:
        return False
    return (
        subprocess.run(["strace", "-qq", "-o", "/dev/null", "true"], check=False, capture_output=True).returncode == 0
    )


needs_strace = pytest.mark.skipif(not may_trace(), reason="strace is not installed or may not trace here")


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Call]]:
    """A recorded folder, and the calls that made it."""
    root = tmp_path_factory.mktemp("told")
    process = start(root, *STRACE, "-o", str(root / "log"), until=SWEEPS, in_turn=True)
    out, err = process.communicate(timeout=200)
    assert process.returncode == 0, err
    assert "sealed" in out
    return root, list(read_calls(root / "log", root / "history"))


@needs_strace
@pytest.mark.timeout(3600)
def test_the_calls_make_what_is_on_the_disk(told: tuple[Path, list[Call]]) -> None:
    root, calls = told
    disk = Disk()
    for call in calls:
        disk.tell(call)
    assert disk.acknowledged == SWEEPS
    whole = disk.image(np.random.default_rng(0), 1.0)
    there = {
        str(path.relative_to(root / "history")): path.read_bytes()
        for path in (root / "history").rglob("*")
        if path.is_file() and not path.name.endswith("-shm")
    }
    assert sorted(whole) == sorted(there)
    for name, content in there.items():
        assert whole[name] == content, name
    kinds = {call.kind for call in calls}
    assert kinds == {"ack", "make", "write", "cut", "sync", "rename", "remove"}
    assert any("-" in call.to and "T" not in call.to for call in calls if call.kind == "rename"), (
        "nothing was compacted"
    )


@needs_strace
@pytest.mark.timeout(3600)
def test_what_was_acknowledged_outlives_the_power(told: tuple[Path, list[Call]], tmp_path: Path) -> None:
    root, calls = told
    plant = plant_in(root)
    maker = Maker(plant)
    shelf = Path("/dev/shm") if os.access("/dev/shm", os.W_OK) else tmp_path
    place = shelf / f"bessinside-power-{os.getpid()}"
    chance = np.random.default_rng(11)
    cuts = np.sort(chance.integers(len(calls), size=IMAGES)).tolist()
    disk, done, tried, lost = Disk(), 0, 0, 0
    try:
        for number, cut in enumerate(cuts):
            while done <= cut:
                disk.tell(calls[done])
                done += 1
            image = disk.image(chance, SHARES[number % len(SHARES)])
            if "tail.sqlite" not in image:
                assert disk.acknowledged == 0
                continue
            shutil.rmtree(place, ignore_errors=True)
            write(image, place / "history")
            tried, lost = tried + 1, lost + (disk.loose() > 0)
            historian = Historian(place / "history", plant)
            historian._open()  # repairs, or says why it cannot
            historian._connection.close()
            last = check(place, disk.acknowledged, deep=3, maker=maker)
            assert last >= disk.acknowledged, f"cut after call {cut} of {len(calls)}"
    finally:
        shutil.rmtree(place, ignore_errors=True)
    assert tried > IMAGES // 2
    assert lost > IMAGES // 3, "hardly any image lacked anything"
