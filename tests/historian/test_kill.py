"""A real process is killed, again and again: what it acknowledged is there, once, and as it was."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from bessinside.historian import register
from bessinside.historian.embedded.store import Store
from bessinside.historian.sealed.catalogue import load_segments
from bessinside.modbus import Outcome
from bessinside.modbus.exchange import exchanges
from tests.historian.made import Maker, plant_in

KILLS = 200 if os.environ.get("BESSINSIDE_FULL") else 8
ROOT = Path(__file__).parents[2]


def start(root: Path, *prefix: str, until: int = 2**62, in_turn: bool = False) -> subprocess.Popen[str]:
    command = [*prefix, sys.executable, "-m", "tests.historian.writer", str(root), str(until)]
    command += ["in turn"] if in_turn else []
    return subprocess.Popen(
        command,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": "src"},
    )


class Acknowledged:
    """Reads what a writer says, as it says it."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.last, self.lines = 0, list[str]()
        self.seen, self.sealed = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._read, args=(process,), daemon=True)
        self._thread.start()

    def _read(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            if line.strip().isdigit():
                self.last = int(line)
                self.seen.set()
            else:
                self.lines.append(line.strip())
                if line.strip() == "sealed":
                    self.sealed.set()

    def join(self) -> None:
        self._thread.join(10)


def check(root: Path, acknowledged: int, deep: int = 40, maker: Maker | None = None) -> int:
    """Every acknowledged sweep is there exactly once and as it was made; the last number that is there."""
    maker = maker or Maker(plant_in(root))
    with Store(root / "history") as store:
        numbers = np.sort(np.concatenate([store.sweeps(device, 0, 2**62).number for device in ("a", "b")]))
        assert len(np.unique(numbers)) == len(numbers), "a sweep is there twice"
        last = int(numbers[-1]) if len(numbers) else 0
        thinned = max((one.last for one in load_segments(store._connection) if one.kind == "day"), default=0)
        every = np.arange(1, last + 1)
        must = every[(every % 2 == 0) | (every > thinned)]  # of device b some may be gone
        np.testing.assert_array_equal(np.intersect1d(numbers, must), must, "a sweep is missing")
        assert last >= acknowledged, f"{acknowledged} was acknowledged, {last} is the last there"
        chosen = np.random.default_rng(last).choice(numbers, min(deep, len(numbers)), replace=False)
        for number in sorted({*chosen.tolist(), *numbers[-3:].tolist()}):
            sweep = maker.sweep(number)
            found = store.exchanges(sweep.device, number)
            assert [(one.request, one.response) for one in found] == [
                (one.request, one.response) for one in exchanges(sweep)
            ]
        for device, odd in (("a", 0), ("b", 1)):  # sums of counters agree
            words = store.words(device, [register(3, 0)], 0, 2**62)
            there = numbers[(numbers >= max(1, last - 300)) & (numbers % 2 == odd)]
            made = [maker.sweep(n) for n in there.tolist()]
            at = [sweep.plan.place(3, 0).item() for sweep in made]
            good = [sweep.outcome[sweep.plan.block(3, 0).item()] == Outcome.OK for sweep in made]
            expected = sum(int(sweep.image[k]) for sweep, k, ok in zip(made, at, good, strict=True) if ok)
            mine = (words.number >= max(1, last - 300)) & words.ok[:, 0]
            assert int(words.words[mine, 0].astype(np.int64).sum()) == expected
    return last


@pytest.mark.timeout(1800)
def test_a_killed_writer_loses_nothing_that_it_acknowledged(tmp_path: Path) -> None:
    chance = np.random.default_rng(5)
    acknowledged = 0
    for kill in range(KILLS):
        process = start(tmp_path)
        heard = Acknowledged(process)
        meet = heard.sealed if kill % 2 else heard.seen  # half of them while it seals, compacts and thins
        assert meet.wait(60), process.communicate()
        time.sleep(float(chance.uniform(0.0, 0.5)))
        process.send_signal(signal.SIGKILL)
        process.wait()
        heard.join()
        acknowledged = check(tmp_path, max(acknowledged, heard.last))
    assert acknowledged > 100
    with Store(tmp_path / "history") as store:
        assert list((tmp_path / "history" / "segments").glob("*.words.parquet")), "nothing was sealed meanwhile"
        starts = [event for event in store.events(0, 2**62) if event.kind == "start"]
        assert len(starts) >= KILLS - 1


def test_a_torn_file_is_removed_and_said(tmp_path: Path) -> None:
    process = start(tmp_path, until=400)
    _, err = process.communicate(timeout=90)
    assert process.returncode == 0, err
    segments = tmp_path / "history" / "segments"
    whole = sorted(segments.glob("*.words.parquet"))[-1]
    torn = segments / whole.name.replace("2026", "2027")
    torn.write_bytes(whole.read_bytes()[:1000])
    (segments / f".{whole.name}.77.part").write_bytes(b"half")
    process = start(tmp_path, until=401)
    heard = Acknowledged(process)
    process.wait(90)
    heard.join()
    said = "\n".join(heard.lines)
    assert torn.name in said
    assert ".part" in said
    assert not torn.exists()
    check(tmp_path, 401)
    with Store(tmp_path / "history") as store:
        assert sum(event.kind == "repair" for event in store.events(0, 2**62)) == 2


def test_a_log_that_was_cut_off_keeps_what_came_before(tmp_path: Path) -> None:
    """The last commits are gone with the end of the log; what is left is whole, and no number is missing in it."""
    process = start(tmp_path)
    heard = Acknowledged(process)
    assert heard.sealed.wait(120), "two thirds of the log hold more than the tables"
    process.kill()
    process.wait()
    heard.join()
    log = tmp_path / "history" / "tail.sqlite-wal"
    size = log.stat().st_size
    with open(log, "r+b") as file:
        file.truncate(size - size // 3)
    check(tmp_path, 0)
    process = start(tmp_path, until=1)
    assert process.wait(60) == 0


def test_a_sealed_file_that_is_missing_is_not_passed_over(tmp_path: Path) -> None:
    process = start(tmp_path, until=400)
    assert process.wait(90) == 0
    lost = sorted((tmp_path / "history" / "segments").glob("*.words.parquet"))[0]
    lost.unlink()
    process = start(tmp_path, until=401)
    _, err = process.communicate(timeout=60)
    assert process.returncode != 0
    assert lost.name in err
    assert "backup" in err
