"""A disk that is full or fails: nothing that was acknowledged is lost, nothing appears twice, and it is said."""

from __future__ import annotations

import builtins
import errno
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from bessinside.historian.embedded import record, spool
from bessinside.historian.embedded.record import Historian
from bessinside.historian.embedded.store import Store
from bessinside.historian.sealed import compact, seal
from bessinside.runtime import database, disk
from bessinside.runtime.simulation import SimLoop
from tests.historian.made import Folders, Maker, plant_in
from tests.historian.test_compact import answers, compacted
from tests.historian.test_kill import ROOT, check
from tests.historian.test_powercut import needs_strace

FULL = bool(os.environ.get("BESSINSIDE_FULL"))


class FaultyDisk:
    """Lets the n-th call that changes something on the disk fail. `calls` counts them all."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.calls, self.fails_at, self.number = 0, 0, errno.ENOSPC
        monkeypatch.setattr(disk, "open", self._open, raising=False)
        monkeypatch.setattr(os, "fsync", self._counted(os.fsync))
        monkeypatch.setattr(Path, "replace", self._counted(Path.replace))
        monkeypatch.setattr(disk, "remove", self._counted(disk.remove))

    @contextmanager
    def failing(self, at: int, number: int) -> Iterator[None]:
        self.calls, self.fails_at, self.number = 0, at, number
        try:
            yield
        finally:
            self.fails_at = 0

    def count(self) -> None:
        self.calls += 1
        if self.calls == self.fails_at:
            raise OSError(self.number, os.strerror(self.number))

    def _counted(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*given: Any, **named: Any) -> Any:
            self.count()
            return call(*given, **named)

        return counted

    def _open(self, path: Any, mode: str = "r", **named: Any) -> Any:
        file = builtins.open(path, mode, **named)  # noqa: SIM115  the caller closes it
        return _Faulty(file, self) if "w" in mode else file


class _Faulty:
    def __init__(self, file: Any, faulty: FaultyDisk) -> None:
        self._file, self._faulty = file, faulty

    def write(self, content: Any) -> int:
        self._faulty.count()
        return int(self._file.write(content))

    def __enter__(self) -> _Faulty:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO], ids=["full", "failing"])
def test_sealing_and_compacting_fail_at_any_call_without_a_trace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    monkeypatch.setattr(seal, "SLOT_NS", 60_000_000_000)
    monkeypatch.setattr(compact, "DAY_NS", 120_000_000_000)
    folders = Folders(tmp_path / "history", plant_in(tmp_path))
    maker = Maker(folders.plant)
    for first in range(1, 321, 16):
        folders.commit([(maker.sweep(k), maker.bound_of(k)) for k in range(first, first + 16)])
    truth, brief = answers(folders.store), _brief(folders.store)
    faulty = FaultyDisk(monkeypatch)

    def every(work: Callable[[], object]) -> int:
        """Runs work with its first call failing, then its second, until it gets through; how many calls it makes."""
        at = 1
        while True:
            try:
                with faulty.failing(at, number):
                    work()
            except OSError as error:
                if error.errno != number:
                    raise
                assert _brief(folders.store) == brief
                at += 1 if FULL or at < 6 else 11  # the first ones all, of the many alike some
            else:
                return at

    assert every(folders.seal) > 10
    while folders.seal() is not None:
        pass
    assert answers(folders.store) == truth
    assert every(lambda: compacted(folders)) > 10
    assert answers(folders.store) == truth
    folders.close()
    leftover = Folders(tmp_path / "history", folders.plant)  # what removing could not do is done at the next start
    assert answers(leftover.store) == truth
    there = {path.name for path in leftover.folder.segments.iterdir()}
    leftover.close()
    again = Folders(tmp_path / "history", folders.plant)
    assert again.historian.repaired == ()
    assert {path.name for path in again.folder.segments.iterdir()} == there
    again.close()


def test_a_full_disk_stops_sealing_not_recording(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seal, "SLOT_NS", 20_000_000_000)
    plant = plant_in(tmp_path)
    maker = Maker(plant)
    faulty = FaultyDisk(monkeypatch)
    health = []

    async def scenario() -> None:
        async with Historian(tmp_path / "history", plant, commit_every_s=0.5) as historian:
            for number in range(1, 201):
                if number == 60:
                    monkeypatch.setattr(faulty, "count", _full)
                if number == 150:
                    monkeypatch.undo()
                    monkeypatch.setattr(seal, "SLOT_NS", 20_000_000_000)
                await historian.record(maker.sweep(number), maker.bound_of(number))
                health.append(historian.health())
            await record.clock.sleep(2 * record.SEAL_AGAIN_S)
            health.append(historian.health())

    SimLoop(3).run(scenario())
    assert any("nothing can be sealed" in one.trouble and "No space left" in one.trouble for one in health)
    assert health[-1].trouble == ""
    assert health[-1].recorded == 200
    check(tmp_path, 200)
    with Store(tmp_path / "history") as store:
        said = [event.text for event in store.events(0, 2**62) if event.kind == "disk"]
    assert len(said) == 2
    assert said[0].startswith("nothing can be sealed")
    assert said[1].startswith("sealing goes on")


def _brief(store: Store) -> list[list[int]]:
    return [store.sweeps(device, 0, 2**62).number.tolist() for device in ("a", "b")]


def _full() -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_sweeps_wait_in_memory_for_a_disk_that_is_full_and_no_longer_than_there_is_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant = plant_in(tmp_path)
    maker = Maker(plant)
    monkeypatch.setattr(spool, "SPOOL_SWEEPS", 50)
    write, full = record.write_tick, [False]

    def tick(*given: Any) -> None:
        if full[0]:
            raise database.Error("database or disk is full")
        write(*given)

    monkeypatch.setattr(record, "write_tick", tick)
    health = []

    async def scenario() -> None:
        async with Historian(tmp_path / "history", plant, commit_every_s=0.5) as historian:
            for number in range(1, 101):
                full[0] = 20 < number < 90
                historian.take(maker.sweep(number), maker.bound_of(number))
                await record.clock.sleep(0.6)
                health.append(historian.health())

    SimLoop(3).run(scenario())
    worst = max(health, key=lambda one: one.waiting)
    assert worst.waiting == 50
    assert "nothing can be recorded: database or disk is full" in worst.trouble
    assert health[-1].trouble == ""
    assert health[-1].dropped == 20  # 70 came until the disk took any again, 50 of them found room
    assert health[-1].recorded == 80
    with Store(tmp_path / "history") as store:
        texts = [event.text for event in store.events(0, 2**62)]
        found = sum(len(store.sweeps(device, 0, 2**62)) for device in ("a", "b"))
    assert found == 80
    assert "20 sweeps were lost: the spool is full" in texts
    assert any(text.startswith("recording goes on after") for text in texts)


CALLS = ("pwrite64", "write", "ftruncate", "fdatasync", "fsync", "rename", "unlink")
FAULTS = ("ENOSPC", "EIO", "KILL")
FEW = (("pwrite64", "ENOSPC", 40), ("fdatasync", "EIO", 9), ("fsync", "ENOSPC", 17), ("rename", "KILL", 9))
TURN, UNTIL = 176, 192  # slots of 24 sweeps, days of 240: commits, sealing, rollups and compaction all happen


class Writers:
    """Recording processes, one after the other, forked from one that has loaded everything."""

    def __init__(self) -> None:
        self._parent = subprocess.Popen(
            [sys.executable, "-m", "tests.historian.writer"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": "src"},
        )

    def run(self, root: Path, until: int, *injected: str) -> tuple[int, list[str]]:
        """How a writer ended and what it said, after strace has `injected` what it was told."""
        assert self._parent.stdin
        assert self._parent.stdout
        self._parent.stdin.write(f"{root} {until}\n")
        self._parent.stdin.flush()
        writer = int(self._parent.stdout.readline())
        _until(writer, "State", lambda state: state.startswith("T"))
        tracing = None
        if injected:
            log = ("-qq", "-o", str(root / "calls"))
            tracing = subprocess.Popen(["strace", "-f", "-p", str(writer), *log, *injected])
            _until(writer, "TracerPid", lambda tracer: tracer != "0")
        os.kill(writer, signal.SIGCONT)
        ended = int(self._parent.stdout.readline())
        if tracing:
            tracing.wait(60)
        return ended, (root / "said").read_text().splitlines()

    def close(self) -> None:
        assert self._parent.stdin
        self._parent.stdin.close()
        self._parent.wait(60)


def _until(process: int, name: str, holds: Callable[[str], bool]) -> None:
    """Waits for a line of the kernel's status of a process."""
    for _ in range(6000):
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
        if holds(next(line for line in lines if line.startswith(f"{name}:")).split(":")[1].strip()):
            return
        time.sleep(0.005)
    raise TimeoutError(f"{name} of process {process}")


@pytest.fixture(scope="module")
def writers() -> Iterator[Writers]:
    found = Writers()
    yield found
    found.close()


def inject(writers: Writers, root: Path, call: str, fault: str, point: int) -> bool:
    """Lets the n-th such call of a thread of a recording process fail, or be its last; whether it came to that.

    The process goes on or ends; the next one finds everything that was acknowledged, and records on.
    """
    plant_in(root)
    how = "signal=KILL" if fault == "KILL" else f"error={fault}"
    _, said = writers.run(root, TURN, "-e", f"trace={call}", "-e", f"inject={call}:{how}:when={point}")
    traced = (root / "calls").read_text("latin-1")
    acknowledged = max((int(line) for line in said if line.isdigit()), default=0)
    if acknowledged:
        check(root, acknowledged, deep=10)
    ended, said = writers.run(root, UNTIL)
    assert ended == 0, said
    assert check(root, UNTIL, deep=10) >= UNTIL
    return "INJECTED" in traced or "killed by SIGKILL" in traced


@needs_strace
@pytest.mark.timeout(1500)
@pytest.mark.parametrize(("call", "fault", "point"), FEW)
def test_a_real_process_meets_a_fault_at_the_nth_call(
    writers: Writers, tmp_path: Path, call: str, fault: str, point: int
) -> None:
    """Every call of the process, SQLite's too."""
    inject(writers, tmp_path, call, fault, point)


@needs_strace
@pytest.mark.skipif(not FULL, reason="takes an hour: set BESSINSIDE_FULL=1")
@pytest.mark.timeout(4 * 3600)
@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_real_process_meets_a_fault_at_every_call(writers: Writers, tmp_path: Path, call: str, fault: str) -> None:
    """The first, the second, and so on until the process makes no such call any more."""
    point = 1
    while True:
        root = tmp_path / str(point)
        root.mkdir()
        if not inject(writers, root, call, fault, point):
            break
        shutil.rmtree(root)
        point += 1
    assert point > 3, f"hardly any {call} was met"
