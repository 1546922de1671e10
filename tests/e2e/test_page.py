"""The page as people use it: before the first read, in two languages, by keyboard, on a phone, without a link."""

from __future__ import annotations

import itertools
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.e2e.conftest import PATIENT_MS, Product, free_port, plant_on_free_ports, silent_ports, start
from tests.e2e.waiting import hold_page, until_true

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

NUMBERS = "() => [...document.querySelectorAll('.figure-number')].map(e => e.textContent.trim())"
SHOWN = """() => [...document.querySelectorAll('.figure-number')].map(
    e => [e.closest('[data-figure]').dataset.figure, e.textContent.trim()])"""
OVERFLOW = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
# what sticks out of its card, and names that are cut off
OUTSIDE = """() => [...document.querySelectorAll('.picture, .figure-label, .barlist-label')]
  .filter(e => e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).overflowX !== 'auto' && e.clientWidth > 0)
  .map(e => [e.className, e.scrollWidth - e.clientWidth, e.textContent.slice(0, 60)])"""


def patient(context: BrowserContext) -> Page:
    """A page whose actions may take as long as a busy machine does."""
    context.set_default_timeout(PATIENT_MS)
    return context.new_page()


def show(page: Page, url: str, where: str = "level/1") -> None:
    page.goto(f"{url}/#/{where}")
    page.locator(".level-big, .view").first.wait_for()


def test_before_the_first_read_there_is_no_number(browser: Browser, tmp_path: Path) -> None:
    """A twin whose devices are all silent shows a dash for every figure of every level, never 0."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    plant = plant_on_free_ports(tmp_path)
    with silent_ports(plant):
        twin = start("run", str(plant), "--port", str(port))
        context = browser.new_context()
        try:
            _all_dashes(context, url, Product(url, plant, twin, twin))
        finally:
            context.close()
            twin.terminate()
            twin.wait(timeout=60)


def _all_dashes(context: BrowserContext, url: str, silent: Product) -> None:
    silent.until(lambda: _answers(silent))
    levels = silent.get("/api/levels")
    assert len(levels) == 14
    assert all(figure["value"] is None for level in levels for figure in level["figures"])
    page = patient(context)
    for level in range(1, 15):
        show(page, url, f"level/{level}")
        page.locator(".level-big", has_text=f"{level:02d}").wait_for()
        page.locator(".figure-number").first.wait_for()
        assert set(page.evaluate(NUMBERS)) == {"—"}, level


def _answers(product: Product) -> bool:
    try:
        return bool(product.get("/api/health"))
    except OSError:
        return False


def test_a_passport_opens_down_to_the_bytes(page: Page, product: Product) -> None:
    figure = "c1/r04/m3/cell026/voltage"
    show(page, product.url, f"level/7?figure={figure}")
    inspector = page.locator("aside.inspector")
    inspector.wait_for()
    for needed in ("bcu04", "Discover", "11026", "read holding registers", "mbpoll -0 -1 -a 1", "curl -s http://"):
        expect(inspector).to_contain_text(needed)
    passport = product.get(f"/api/figures/{figure}/passport")["reading"]
    answer = bytes.fromhex(passport["response_hex"])
    at = passport["value_start"]
    assert answer[at : at + passport["value_length"]].hex().upper() == "".join(passport["words"])
    page.keyboard.press("Escape")
    expect(inspector).to_have_count(0)
    assert "figure=" not in page.url


def test_a_click_on_a_cell_opens_that_cell(page: Page, product: Product) -> None:
    show(page, product.url, "level/7")
    canvas = page.locator(".fieldmap canvas").first
    canvas.wait_for()
    page.locator("[data-figure][data-quality=good]").first.wait_for()
    steps = itertools.count()

    def clicked() -> bool:
        """Clicks on the canvas, wherever it is by now; a click may hit the gap between two racks."""
        box, step = canvas.bounding_box(), next(steps) % 12
        assert box is not None
        canvas.click(position={"x": box["width"] * 0.3 + 3 * step, "y": box["height"] * 0.4 + step})
        page.evaluate("() => new Promise((done) => setTimeout(done))")  # the address has changed by then
        return "figure=" in page.evaluate("location.hash")

    until_true(clicked, "no click opens a cell")
    found = re.search(r"figure=(c1/r\d\d/m\d/cell\d{3}/voltage)", page.evaluate("decodeURIComponent(location.hash)"))
    assert found, page.url
    expect(page.locator("aside.inspector")).to_have_attribute("data-passport", found[1])


def test_levels_by_keyboard(page: Page, product: Product) -> None:
    show(page, product.url, "level/1")
    page.keyboard.press("ArrowDown")
    page.locator(".level-big", has_text="02").wait_for()
    page.keyboard.press("ArrowUp")
    page.locator(".level-big", has_text="01").wait_for()
    page.keyboard.press("End")
    page.locator(".level-big", has_text="14").wait_for()


def test_german_and_english(browser: Browser, product: Product) -> None:
    context = browser.new_context(locale="de-DE")
    page = patient(context)
    show(page, product.url)
    expect(page.locator("h1")).to_have_text("Netzübergabe")
    expect(page.locator("html")).to_have_attribute("lang", "de")
    page.get_by_role("button", name="English").click()
    expect(page.locator("h1")).to_have_text("Grid handover")
    context.close()


@pytest.mark.parametrize("scheme", ["dark", "light"])
@pytest.mark.parametrize("width", [390, 1440])
def test_nothing_sticks_out(browser: Browser, product: Product, scheme: Any, width: int) -> None:
    """In German, whose words are longer: nothing is wider than the screen or its card, no name is cut off."""
    size = {"width": width, "height": 844}
    context = browser.new_context(viewport=size, color_scheme=scheme, locale="de-DE")  # type: ignore[arg-type]
    page = patient(context)
    for level in range(1, 15):
        show(page, product.url, f"level/{level}")
        page.locator(".level-big", has_text=f"{level:02d}").wait_for()
        page.locator(".figure-tile[data-quality=good]").first.wait_for()
        assert page.evaluate(OVERFLOW) <= 0, f"level {level} is wider than the screen"
        assert page.evaluate(OUTSIDE) == [], level
    show(page, product.url, "registers")
    page.locator("[role=grid] [role=row]").nth(3).wait_for()
    assert page.evaluate(OVERFLOW) <= 0, "the registers are wider than the screen"
    context.close()


def test_the_mirror_finds_a_register_by_its_address(page: Page, product: Product) -> None:
    show(page, product.url, "registers")
    page.locator("[role=grid] [role=row]").nth(3).wait_for()
    page.get_by_placeholder("Name, label, address").fill("19026")
    row = page.locator("[role=grid] [role=row][data-figure='meter/active_power']")
    expect(row).to_contain_text("0x4A52")


def test_hold_keeps_one_moment(page: Page, product: Product) -> None:
    """Frames come, and not one figure that was shown changes; labels of the machine may come, of the same moment."""
    frames: list[object] = []
    page.on("websocket", lambda socket: socket.on("framereceived", lambda frame: frames.append(frame)))
    show(page, product.url, "level/1")
    page.locator("[data-figure][data-quality=good]").first.wait_for()
    hold_page(page)
    before = dict(page.evaluate(SHOWN))
    assert len(before) >= 3
    seen = len(frames)
    until_true(lambda: page.evaluate("1") and len(frames) >= seen + 4, "no more frames come")
    after = dict(page.evaluate(SHOWN))
    assert {name: after.get(name) for name in before} == before
    page.get_by_role("button", name="Resume").click()
    until_true(lambda: dict(page.evaluate(SHOWN)) != after, "it does not go on")


def test_a_lost_link_is_seen_and_heals(browser: Browser, product: Product, tmp_path: Path) -> None:
    """The twin goes away: the page says so and its ages grow; it comes back and the page lives on."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    twin = start("run", str(product.plant), "--port", str(port))
    other = Product(url, product.plant, twin, twin)
    context = browser.new_context()
    try:
        other.until(lambda: _answers(other) and other.get("/api/health")["status"] == "ok", 180.0)
        page = patient(context)
        show(page, url)
        page.locator("[data-figure][data-quality=good]").first.wait_for()
        twin.terminate()
        twin.wait(timeout=60)
        page.locator(".link-waiting, .link-connecting").first.wait_for()
        # what a screen reader was told when the level was reached stays as it was said
        expect(page.locator("[data-figure][data-quality=good]:not(.announced *)")).to_have_count(0)
        twin = start("run", str(product.plant), "--port", str(port))
        page.locator("[data-figure][data-quality=good]").first.wait_for(timeout=180_000)
    finally:
        context.close()
        twin.terminate()
        twin.wait(timeout=60)
