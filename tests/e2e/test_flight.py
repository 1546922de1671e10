"""Flights through a plant of which parts go away: emulator, one device, live socket. The page says so and flies on.

The machine is drawn by SwiftShader. One device stands behind a relay of this test, so that it alone can be silenced.
"""

from __future__ import annotations

import contextlib
import re
import select
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, WebSocketRoute, expect

from tests.e2e.conftest import PATIENT_MS, Product, free_port, launched, plant_on_free_ports, start
from tests.e2e.test_scene import SOFTWARE, go
from tests.e2e.waiting import drawn, until, until_true

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

DEVICE = "bcu04"
CELL = "c1/r04/m3/cell026/voltage"
SET_OFF = """level => new Promise((done) => {
  location.hash = `#/level/${level}`;
  const look = () => window.__scene.flying ? done(true) : requestAnimationFrame(look);
  look();
  setTimeout(() => done(false), 60000);
})"""
GOOD = "[data-figure][data-quality=good]:not(.announced *)"  # what was announced stays as it was said
READY = "!!window.__scene?.ready"


@dataclass
class Relay:
    """Carries TCP from one loopback port to another while it is open."""

    listens: int
    leads_to: int
    open: bool = True
    over: bool = False
    pairs: list[tuple[socket.socket, socket.socket]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.door = socket.create_server(("127.0.0.1", self.listens))
        self.thread = threading.Thread(target=self._carry, daemon=True)
        self.thread.start()

    def cut(self) -> None:
        """Ends all connections and takes no new ones."""
        self.open = False

    def mend(self) -> None:
        self.open = True

    def stop(self) -> None:
        self.over = True
        self.thread.join(timeout=5)

    def _carry(self) -> None:
        while not self.over:
            if not self.open:
                self._end_all()
            ready, _, _ = select.select([self.door, *(one for pair in self.pairs for one in pair)], [], [], 0.05)
            if self.door in ready:
                self._take()
            for near, far in list(self.pairs):
                self._pass_on(near, far, ready)
        self._end_all()
        self.door.close()

    def _take(self) -> None:
        near, _ = self.door.accept()
        if self.open:
            with contextlib.suppress(ConnectionRefusedError):
                self.pairs.append((near, socket.create_connection(("127.0.0.1", self.leads_to))))
                return
        near.close()

    def _pass_on(self, near: socket.socket, far: socket.socket, ready: list[socket.socket]) -> None:
        for one, other in ((near, far), (far, near)):
            if one not in ready:
                continue
            data = b""
            with contextlib.suppress(OSError):
                data = one.recv(65536)
            if not data:
                self._end(near, far)
                return
            other.sendall(data)

    def _end(self, near: socket.socket, far: socket.socket) -> None:
        self.pairs.remove((near, far))
        near.close()
        far.close()

    def _end_all(self) -> None:
        for near, far in list(self.pairs):
            self._end(near, far)


@dataclass
class Fragile(Product):
    """A product of which a test may take away the emulator or one device, and give it back."""

    relay: Relay
    served: Path

    def kill_emulator(self) -> None:
        self.emulator.kill()
        self.emulator.wait(timeout=60)

    def start_emulator(self) -> None:
        self.emulator = start("emulate", str(self.served))


@pytest.fixture(scope="module")
def fragile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fragile]:
    served, port = plant_on_free_ports(tmp_path_factory.mktemp("fragile")), free_port()
    text = served.read_text()
    device = re.search(rf'id = "{DEVICE}"[^[]*?127\.0\.0\.1:(\d+)', text, re.DOTALL)
    assert device
    relay = Relay(free_port(), int(device[1]))
    plant = served.with_name("read.toml")
    plant.write_text(text.replace(f"127.0.0.1:{device[1]}", f"127.0.0.1:{relay.listens}"))
    emulator, twin = start("emulate", str(served)), start("run", str(plant), "--port", str(port))
    running = Fragile(f"http://127.0.0.1:{port}", plant, emulator, twin, relay, served)
    try:
        running.until(lambda: healthy(running), 180.0)
        yield running
    finally:
        running.stop()
        relay.stop()


def healthy(running: Product) -> bool:
    with contextlib.suppress(OSError):
        return bool(running.get("/api/health")["status"] == "ok")
    return False


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with launched(*SOFTWARE) as opened:
        yield opened


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 900, "height": 620}, locale="en-GB")
    context.set_default_timeout(PATIENT_MS)
    yield context.new_page()
    context.close()


def stand(page: Page, url: str, where: str) -> None:
    page.goto(f"{url}/#/{where}")
    page.locator("[data-figure][data-quality=good]").first.wait_for()
    until(page, READY)


def set_off(page: Page, level: int) -> None:
    """Begins a flight and comes back while it is under way."""
    assert page.evaluate(SET_OFF, level), "no flight begins"


def land(page: Page, level: int) -> None:
    drawn(page, level)
    until(page, "window.__scene.coverage() >= 0.08")  # a level's details are made as it comes into view


def marks(page: Page, figure: str) -> str:
    """The quality that the page shows of a figure."""
    return str(page.locator(f"[data-figure='{figure}']").first.get_attribute("data-quality"))


def becomes(page: Page, figure: str, wanted: bool) -> None:
    until_true(lambda: (marks(page, figure) == "good") is wanted, lambda: (figure, marks(page, figure)))


def test_one_device_goes_and_comes_back(page: Page, fragile: Fragile) -> None:
    stand(page, fragile.url, "level/1")
    set_off(page, 3)
    fragile.relay.cut()
    try:
        land(page, 3)
        expect(page.locator(".link")).to_contain_text("a device is silent")
        expect(page.locator(".attention-silent", has_text="BMS of rack 4")).to_be_visible()
        set_off(page, 4)
        page.evaluate(f"location.hash = '#/level/4?figure={CELL}'")
        land(page, 4)
        becomes(page, CELL, wanted=False)
        label = page.locator(f".scene-label [data-figure='{CELL}']")
        expect(label).not_to_have_attribute("data-quality", "good")
        assert label.locator(".mark").inner_text().strip()[0] in "◐✕"
        assert marks(page, CELL) != "none"  # the last value stays, and says that it is old
        page.evaluate("location.hash = '#/level/2'")
        land(page, 2)
        page.locator(".scene-label [data-figure^='pcs1/'][data-quality=good]").first.wait_for()
    finally:
        fragile.relay.mend()
    page.evaluate(f"location.hash = '#/level/4?figure={CELL}'")
    becomes(page, CELL, wanted=True)
    expect(page.locator(".link")).to_have_text("●Live")
    page.evaluate("location.hash = '#/level/14'")
    told = page.locator(".event", has_text="BMS of rack 4")
    expect(told.first).to_contain_text("answers again")
    expect(told.nth(1)).to_contain_text("falls silent")


def test_the_emulator_goes_and_comes_back(page: Page, fragile: Fragile) -> None:
    stand(page, fragile.url, "level/1")
    set_off(page, 8)
    fragile.kill_emulator()
    try:
        land(page, 8)
        becomes(page, "c1/cell_voltage_spread", wanted=False)
        expect(page.locator(".link")).to_contain_text("a device is silent")
        for level in (13, 5):
            set_off(page, level)
            land(page, level)
            page.locator(".attention-silent").first.wait_for()
        until(page, "document.querySelectorAll('.scene-label [data-figure][data-quality=good]').length === 0")
    finally:
        fragile.start_emulator()
    set_off(page, 1)
    land(page, 1)
    becomes(page, "meter/active_power", wanted=True)
    fragile.until(lambda: healthy(fragile), 180.0)
    expect(page.locator(".link")).to_have_text("●Live")


def test_the_live_socket_goes_and_comes_back(page: Page, fragile: Fragile) -> None:
    sockets: list[WebSocketRoute] = []
    refuses = False

    def connect(route: WebSocketRoute) -> None:
        if refuses:
            route.close()
            return
        sockets.append(route)
        route.connect_to_server()

    page.route_web_socket(re.compile("/api/live$"), connect)
    stand(page, fragile.url, "level/1")
    set_off(page, 7)
    refuses = True
    sockets[-1].close()
    land(page, 7)
    expect(page.locator(".link")).to_contain_text("Connection lost")
    for level in (11, 3):
        set_off(page, level)
        land(page, level)
    expect(page.locator(GOOD)).to_have_count(0)
    refuses = False
    page.locator(GOOD).first.wait_for()
    expect(page.locator(".link")).to_have_text("●Live")
    go(page, 1)


@pytest.mark.parametrize(("motion", "flies"), [("reduce", False), ("no-preference", True)])
def test_where_motion_is_unwanted_the_tour_jumps(browser: Browser, fragile: Fragile, motion: Any, flies: bool) -> None:
    context = browser.new_context(viewport={"width": 900, "height": 620}, reduced_motion=motion)
    context.set_default_timeout(PATIENT_MS)
    page = context.new_page()
    stand(page, fragile.url, "level/1")
    page.keyboard.press("t")
    page.locator(".tour").wait_for()
    page.keyboard.press("t")  # it waits: here only its flights count
    expect(page.locator(".tour-steer span")).to_have_text("▶")
    drawn(page, 1)
    page.evaluate("""() => {
      window.seen = false;
      const look = () => { window.seen ||= window.__scene.flying; requestAnimationFrame(look); };
      look();
    }""")
    page.locator(".tour-stop").nth(6).click()
    land(page, 7)
    assert page.evaluate("window.seen") is flies
    context.close()
