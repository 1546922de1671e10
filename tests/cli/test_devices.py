"""`scan`, `capture`, `replay`, `user`, `run` and `emulate`: commands that speak to devices or go on for long."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bessinside.modbus import connect, parse_endpoint
from bessinside.modbus.capture import read_capture
from bessinside.plant import load_plant
from bessinside.registers import load_map
from bessinside.web.users import load_users


def test_a_scan_in_words_and_for_a_program(run: Any, emulated: Any) -> None:
    ports = [parse_endpoint(emulated.plant.device(name).url).port for name in ("meter", "ss12")]
    ran = run("scan", "127.0.0.1", "--port", f"{ports[0]},{ports[1]}", "--json")
    assert ran.code == 0
    meter, rack = json.loads(ran.out)
    assert (meter["map"], meter["url"]) == ("janitza-umg96rme", f"modbus+tcp://127.0.0.1:{ports[0]}?unit=1")
    assert meter["score"] > 0.9
    assert "points answer" in meter["evidence"]
    assert (rack["map"], rack["evidence"]) == ("sunspec", "SunSpec models 1, 802, 803, 804, 805")
    ran = run("scan", f"127.0.0.1:{ports[0]}")
    assert "janitza-umg96rme" in ran.out


def test_a_scan_that_finds_nothing(run: Any) -> None:
    ran = run("scan", "127.0.0.1", "--port", "9")
    assert (ran.code, ran.out) == (1, "")
    assert "nothing speaks Modbus at 127.0.0.1, port 9, unit 1" in ran.err


def test_capture_then_replay_gives_identical_readings(run: Any, live: Any, background: Any) -> None:
    file, plant = live.folder / "a.capture", live.file()
    ran = run("capture", str(plant), "a", str(file), "--seconds", "1")
    assert ran.code == 0
    assert re.fullmatch(r"[1-9] sweeps of a in .*a\.capture\n", ran.out.replace("\n", "", ran.out.count("\n") - 1))
    assert len(read_capture(file)) >= 9
    real = json.loads(run("read", str(plant), "c1/r01/*", "--json").out)
    live.units["a"].holding.put(0, 1)  # the device goes on, the capture does not
    player = background("replay", str(file), "--port", "0")
    port = int(re.search(r"127\.0\.0\.1:(\d+)", player.line("exchanges of"))[1])  # type: ignore[index]
    played = json.loads(
        run("read", str(live.file(live.text(a=f"modbus+tcp://127.0.0.1:{port}"))), "c1/r01/*", "--json").out
    )
    for row in (*real, *played):
        row.pop("age")
    assert played == real
    assert player.end(signal.SIGINT) == 130


def test_a_user_is_added(run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import typer

    file = tmp_path / "users.toml"
    asked: list[dict[str, Any]] = []

    def answer(text: str, **how: Any) -> str:
        asked.append(how)
        return passwords.pop(0)

    monkeypatch.setattr(typer, "prompt", answer)
    passwords = ["correct horse", "short"]
    ran = run("user", "anna", "--role", "operator", "--file", str(file))
    assert (ran.code, ran.err) == (0, "")
    assert "anna may sign in as operator" in ran.out
    assert load_users(file)["anna"].role == "operator"
    assert asked == [{"hide_input": True, "confirmation_prompt": True}]
    ran = run("user", "bert", "--file", str(file))
    assert (ran.code, ran.err) == (1, "error: password: expected at least 10 characters\n")
    assert list(load_users(file)) == ["anna"]


# Commands that go on until they are ended


class Background:
    """A command in a process of its own."""

    def __init__(self, *arguments: str) -> None:
        command = [sys.executable, "-m", "bessinside", *arguments]
        environment = os.environ | {"COLUMNS": "200", "PYTHONUNBUFFERED": "1"}
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
        )

    def line(self, part: str) -> str:
        """The first line of its output with a text in it."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if part in line:
                return line
        assert self.process.stderr is not None
        raise AssertionError(f"no {part!r}; it said {self.process.stderr.read()}")

    def end(self, number: int) -> int:
        """Sends a signal and gives the exit code; nothing that looks like a mistake may be left on the error side."""
        self.process.send_signal(number)
        _, err = self.process.communicate(timeout=10)
        assert "Traceback" not in err, err
        return self.process.returncode


@pytest.fixture
def background() -> Iterator[Callable[..., Background]]:
    started: list[Background] = []

    def start(*arguments: str) -> Background:
        started.append(Background(*arguments))
        return started[-1]

    yield start
    for one in started:
        if one.process.poll() is None:
            one.process.kill()
            one.process.wait()


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_run_serves_a_plant_until_it_is_ended(live: Any, background: Any, number: int) -> None:
    port = free_port()
    server = background("run", str(live.file()), "--port", str(port))
    assert "EMULATOR" in server.line("Two racks")
    assert f"http://127.0.0.1:{port}" in server.line("page and API")
    ends, health = time.monotonic() + 20, {"status": ""}
    while health["status"] != "ok" and time.monotonic() < ends:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/health", timeout=5) as answer:
                health = json.load(answer)
        except OSError:
            time.sleep(0.05)
    assert (health["status"], health["plant"], health["emulated"]) == ("ok", "small", True)
    assert server.end(number) in (0, 130, 143, -number)


def frequency(file: Path) -> list[int]:
    """The words of the meter's frequency, asked for without the twin."""
    plant = load_plant(file)
    (point,) = [point for point in load_map("janitza-umg96rme").points() if point.metric == "frequency"]

    async def ask() -> list[int]:
        async with await connect(plant.device("meter").url) as client:
            words: list[int] = (await client.read(1, point.fc, point.address, point.words)).tolist()
            return words

    return asyncio.run(ask())


def test_emulate_serves_holds_and_goes_on(moved: Path, background: Any) -> None:
    plant = background("emulate", str(moved), "--seed", "3", "--fcr", "0")
    assert "seed 3" in plant.line("EMULATOR")
    plant.line("serving; Ctrl-C ends it")
    plant.process.send_signal(signal.SIGUSR1)
    time.sleep(0.2)
    held = frequency(moved)
    time.sleep(1.5)
    assert frequency(moved) == held
    plant.process.send_signal(signal.SIGUSR2)
    ends = time.monotonic() + 10
    while frequency(moved) == held:
        assert time.monotonic() < ends, "time stands still"
        time.sleep(0.1)
    assert plant.end(signal.SIGTERM) == 0


def test_emulate_says_which_port_is_taken(run: Any, emulated: Any) -> None:
    ran = run("emulate", str(emulated.file))
    assert ran.code == 1
    assert re.search(r"error: cannot listen on 127\.0\.0\.1:\d+: .*another server running there", ran.err)


def test_only_a_plant_that_says_so_is_emulated(run: Any, small: Any) -> None:
    ran = run("emulate", str(small.file(small.text().replace("emulated = true\n", ""))))
    assert ran.code == 1
    assert "`emulated = true` is missing" in ran.err
