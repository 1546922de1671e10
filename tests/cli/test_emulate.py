"""`emulate` and `demo`: what they say, what they obey, and what they write."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bessinside.modbus.capture import read_capture, read_header
from bessinside.plant import load_plant


class Emulate:
    """A running `emulate` that is spoken to by its standard input."""

    def __init__(self, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "bessinside", "emulate", *arguments],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            env=os.environ | {"COLUMNS": "200", "PYTHONUNBUFFERED": "1"},
        )  # fmt: skip

    def say(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def hear(self, pattern: str) -> str:
        """The first line from here on that has the pattern in it."""
        assert self.process.stdout is not None
        heard = []
        for line in self.process.stdout:
            heard.append(line)
            if re.search(pattern, line):
                return line
        raise AssertionError(f"no {pattern!r} in {''.join(heard)}")


@pytest.fixture
def emulate() -> Iterator[Callable[..., Emulate]]:
    started: list[Emulate] = []

    def start(*arguments: str) -> Emulate:
        started.append(Emulate(*arguments))
        return started[-1]

    yield start
    for one in started:
        one.process.kill()
        one.process.wait()


def test_it_obeys_lines_and_goes_on_when_they_end(emulate: Any, moved: Path, tmp_path: Path) -> None:
    truth = tmp_path / "truth.jsonl"
    plant = emulate(str(moved), "--at", "2026-06-21T05:00", "--speed", "60", "--seed", "4", "--truth", str(truth))
    plant.hear("EMULATOR .*Reference plant REF-5M: emulated, 60x real time, seed 4, no scenario")
    plant.hear("each second 60 s of the plant go by")
    assert "type help" not in plant.hear("serving")  # nobody sits at a terminal
    plant.say("hold")
    plant.hear("held at 2026-06-21 05:")
    plant.say("sped 60")
    plant.hear("error: 'sped' is no command; did you mean 'speed'?")
    plant.say("scenario weak-cell")
    where = re.search(r"weak-cell at (\S+)", plant.hear("weak-cell at"))
    assert where is not None
    plant.say("go 06:00")
    plant.hear("at 2026-06-21 06:00:00 UTC")
    plant.say("status")
    plant.hear("06:00:00 UTC, held: emulated, 60x real time, seed 4, scenario weak-cell")
    assert json.loads(truth.read_text())["part"] == where[1]
    plant.process.stdin.close()
    time.sleep(0.5)
    assert plant.process.poll() is None
    plant.process.send_signal(signal.SIGTERM)
    assert plant.process.wait(10) == 0


def test_no_standard_input_is_no_trouble(moved: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "bessinside", "emulate", str(moved)],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert any("serving" in line for line in process.stdout)
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=10)
    assert (process.returncode, err) == (0, "")


def test_a_recording_says_how_large_it_gets_and_how_large_it_got(run: Any, tmp_path: Path) -> None:
    path = tmp_path / "hour.capture"
    ran = run("emulate", "ref-1m", "--seed", "3", "--record", "1h", str(path), "--every", "5min", "--years", "5")
    assert ran.code == 0, ran.err
    assert re.search(r"13 sweeps of [\d,]+ registers, 300 s apart: .*hour\.capture gets [\d.]+ kB at most", ran.out)
    assert re.search(r"[\d,]+ exchanges in .*hour\.capture, [\d.]+ kB, emulated, real time, seed 3", ran.out)
    header = read_header(path)
    assert header.devices == tuple(device.id for device in load_plant("ref-1m").devices)
    moments = sorted({exchange.sent_ns for exchange in read_capture(path, "meter")})
    assert len(moments) == 13
    assert abs(moments[-1] / 1e9 - time.time()) < 120  # it ends now unless --at says when it begins


def test_a_recording_says_in_its_replay_that_it_is_emulated(run: Any, tmp_path: Path) -> None:
    path = tmp_path / "two.capture"
    assert run("emulate", "ref-1m", "--record", "120s", str(path), "--at", "2026-06-21T05:00").code == 0
    ran = run("replay", str(path))
    assert ran.code == 1
    assert "name one of them; it has meter, pcs1" in ran.err
    player = subprocess.Popen(
        [sys.executable, "-m", "bessinside", "replay", str(path), "--device", "meter", "--port", "0"],
        stdout=subprocess.PIPE, text=True, env=os.environ | {"COLUMNS": "300", "PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    try:
        assert player.stdout is not None
        line = player.stdout.readline()
    finally:
        player.kill()
        player.communicate()
    assert "EMULATOR" in line
    assert "emulated: Reference plant REF-1M, seed 1, no scenario, a sweep every 60 s from 2026-06-21 05:00:00" in line


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--at", "noon"), "expected a date with a time"),
        (("--speed", "0"), "1 is real time"),
        (("--scenario", "no-such-thing"), "shipped scenarios are"),
        (("--world", "opc"), "is not shipped in a opc world"),
        (("--record", "forever", "x.capture"), "expected a span such as"),
        (("--record", "10s", "x.capture"), "is none within 10 s"),
    ],
)
def test_what_cannot_be_is_an_error_that_teaches(run: Any, arguments: tuple[str, ...], says: str) -> None:
    ran = run("emulate", "ref-1m", *arguments)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("error: ")
    assert says in ran.err
    assert not Path("x.capture").exists()


def test_the_demo_passes_on_what_it_is_asked(monkeypatch: pytest.MonkeyPatch, run: Any) -> None:
    from bessinside.cli import run as runner

    asked: list[list[str]] = []

    class Ended:
        """A program that ended at once."""

        def __init__(self, command: list[str]) -> None:
            asked.append(command[3:])

        def poll(self) -> int:
            return 0

        wait = terminate = lambda self, timeout=0.0: 0

    monkeypatch.setattr(runner.subprocess, "Popen", Ended)
    before = signal.getsignal(signal.SIGTERM)
    try:
        run("demo", "--world", "sunspec", "--scenario", "weak-cell", "--speed", "60", "--at", "2026-06-21T05:00")
    finally:
        signal.signal(signal.SIGTERM, before)
    assert asked == [
        ["emulate", "ref-5m-sunspec", "--speed", "60", "--scenario", "weak-cell", "--at", "2026-06-21T05:00"]
    ]
