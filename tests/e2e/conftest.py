"""The whole product as its users run it: emulator and twin as two processes, the page in a real browser."""

from __future__ import annotations

import atexit
import contextlib
import json
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.e2e.ports import free_offset, free_port
from tests.groups import LONGEST, group_of
from tests.prepare import browser as browser_of_machine

ROOT = Path(__file__).parents[2]
CHROMIUM = browser_of_machine()
PATIENT_MS = 60_000
expect.set_options(timeout=PATIENT_MS)  # a browser that draws in software shares the processor with all the rest
ARGUMENTS = (
    *("--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
)
FLAT = "--disable-3d-apis"
"""The page shows the plant in pictures and tables alone."""


@dataclass
class Product:
    """A running emulator and twin. `hold` lets the plant's time stand still."""

    url: str
    plant: Path
    emulator: subprocess.Popen[bytes]
    twin: subprocess.Popen[bytes]

    def stop(self) -> None:
        for process in (self.twin, self.emulator):
            process.terminate()
        for process in (self.twin, self.emulator):
            process.wait(timeout=60)

    def get(self, path: str) -> Any:
        with urllib.request.urlopen(self.url + path, timeout=30) as answer:
            return json.load(answer)

    def hold(self) -> None:
        """Stops the plant's time and waits until every device that answers was swept since."""
        self.emulator.send_signal(signal.SIGUSR1)
        before = self.sweeps()
        self.until(lambda: all(count >= before[name] + 2 for name, count in self.sweeps().items() if before.get(name)))

    def sweeps(self) -> dict[str, int]:
        """How often each device was swept."""
        return {row["id"]: row["sweeps"] for row in self.get("/api/health")["devices"]}

    def go_on(self) -> None:
        self.emulator.send_signal(signal.SIGUSR2)

    def until(self, holds: Any, seconds: float = 90.0) -> None:
        ends = time.monotonic() + seconds
        while not holds():
            if time.monotonic() > ends:
                raise TimeoutError(json.dumps(self.get("/api/health"))[:2000])
            time.sleep(0.1)


@contextlib.contextmanager
def silent_ports(plant: Path) -> Iterator[None]:
    """Holds every port of a plant without answering there."""
    with contextlib.ExitStack() as stack:
        for port in re.findall(r"127\.0\.0\.1:(\d+)", plant.read_text()):
            stack.enter_context(socket.socket()).bind(("127.0.0.1", int(port)))
        yield


def start(*arguments: str) -> subprocess.Popen[bytes]:
    """Begins a command of the product; `lives` tells what it wrote."""
    command = [sys.executable, "-m", "bessinside", *arguments]
    with tempfile.NamedTemporaryFile(prefix="bessinside-", suffix=".log", delete=False) as log:
        process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=subprocess.STDOUT)
    _logs[process.pid] = Path(log.name)
    return process


_logs: dict[int, Path] = {}


@atexit.register
def _forget() -> None:
    for log in _logs.values():
        log.unlink(missing_ok=True)


def lives(process: subprocess.Popen[bytes]) -> bool:
    """True for a process that runs. Raises AssertionError with its last words where it ended by itself."""
    assert process.poll() is None, f"{process.args} ended: {_logs[process.pid].read_text()[-2000:]}"
    return True


def plant_on_free_ports(folder: Path) -> Path:
    """The reference plant's file, moved to ports that nobody uses."""
    offset = free_offset()
    text = (ROOT / "src/bessinside/plant/plants/ref-5m.toml").read_text()
    text = re.sub(r"127\.0\.0\.1:(\d+)", lambda found: f"127.0.0.1:{int(found[1]) + offset}", text)
    plant = folder / "ref-5m.toml"
    plant.write_text(text)
    return plant


@pytest.fixture(scope="session")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """REF-5M on free ports, read by a twin that knows it only by its sockets."""
    plant, port = plant_on_free_ports(tmp_path_factory.mktemp("plant")), free_port()
    running = Product(
        f"http://127.0.0.1:{port}",
        plant,
        start("emulate", str(plant), "--schedule", str(Path(__file__).with_name("busy-day.csv"))),
        start("run", str(plant), "--port", str(port)),
    )
    try:
        running.until(lambda: _healthy(running), 180.0)
        yield running
    finally:
        running.stop()


def _healthy(running: Product) -> bool:
    assert lives(running.twin)
    assert lives(running.emulator)
    with contextlib.suppress(OSError):
        health = running.get("/api/health")
        return bool(health["status"] == "ok" and len(health["devices"]) == 21)
    return False


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium without a machine in space, whose drawing in software would cost twenty times what is tested.

    It ends with each module: while it runs, so does its loop.
    """
    with launched(FLAT) as opened:
        yield opened


@contextlib.contextmanager
def launched(*more: str) -> Iterator[Browser]:
    """Chromium, the machine's, else Playwright's own, with further arguments."""
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=[*ARGUMENTS, *more])
        yield opened
        opened.close()


@pytest.fixture
def page(browser: Browser, product: Product) -> Iterator[Page]:
    """A page that fails the test for any error it writes to its console."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="en-GB", color_scheme="dark")
    context.set_default_timeout(PATIENT_MS)
    opened = context.new_page()
    wrong: list[str] = []
    opened.on("console", lambda m: wrong.append(m.text) if m.type == "error" else None)
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    yield opened
    context.close()
    assert not wrong, wrong


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = {id(item) for item in items if Path(__file__).parent in item.path.parents}
    mine = [item for item in items if id(item) in here]
    for item in mine:
        if item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(600))  # drawing in software on a busy machine takes its time
    mine.sort(key=lambda item: [*LONGEST, group_of(item.nodeid)].index(group_of(item.nodeid)))
    items[:] = [item for item in items if id(item) not in here] + mine
