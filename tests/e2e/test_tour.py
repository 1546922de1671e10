"""The guided tour in a real browser without a machine in space: by keyboard, in two languages, on a phone."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import PATIENT_MS, Product
from tests.e2e.labels import as_shown
from tests.e2e.test_label_true import NOT_FIGURES, STRAYS
from tests.e2e.waiting import until, until_true

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

LATER_MS = 180_000  # a stop of the tour on a machine whose timers come late
FILLED = "document.querySelector('.tour-stop[aria-current] .tour-fill').style.width"
SIZES = """() => [
  document.documentElement.scrollWidth - innerWidth, document.querySelector('.tour').getBoundingClientRect().bottom,
  document.querySelector('main').clientHeight, innerHeight]"""


def begin(page: Page, product: Product, level: int = 1) -> None:
    page.goto(f"{product.url}/#/level/{level}")
    page.locator("[data-figure][data-quality=good]").first.wait_for()
    page.locator(".tour-start").wait_for()


def pause(page: Page) -> None:
    """Lets the tour wait, so that it does not go on where this machine is slower than a reader."""
    page.locator(".tour-steer").wait_for()
    page.keyboard.press("t")
    expect(page.locator(".tour-steer span")).to_have_text("▶")


def test_it_leads_through_all_levels_by_keyboard_alone(page: Page, product: Product) -> None:
    """Every level says one sentence; every number in it is a figure that opens its passport."""
    begin(page, product, 5)
    page.keyboard.press("t")
    bar = page.locator(".tour")
    expect(bar).to_be_visible()
    expect(bar.locator(".tour-steer")).to_be_focused()
    pause(page)
    said = set()
    for level in range(1, 15):
        expect(page.locator(".tour-where")).to_contain_text(f"Level {level} of 14")
        expect(page.locator(".tour-stop[aria-current=step]")).to_have_attribute(
            "aria-label", re.compile(f"^{level:02d} ")
        )
        page.locator(".tour-sentence [data-figure][data-quality=good]").first.wait_for()
        said.add(re.sub(r"[\d.,−\s]", "", page.locator(".tour-sentence").inner_text()))
        assert page.evaluate(STRAYS, list(NOT_FIGURES)) == []
        page.keyboard.press("ArrowRight")
    assert len(said) == 14
    page.keyboard.press("ArrowLeft")
    expect(page.locator(".tour-where")).to_contain_text("Level 13 of 14")
    page.keyboard.press("Escape")
    expect(bar).to_have_count(0)
    expect(page.locator(".said [data-figure]").first).to_be_visible()


def test_it_goes_on_by_itself_waits_and_goes_on(page: Page, product: Product) -> None:
    page.emulate_media(reduced_motion="reduce")  # flights take as long as they are drawn; here only stops count
    begin(page, product)
    page.get_by_role("button", name="Tour", exact=True).click()
    where = page.locator(".tour-where")
    expect(where).to_contain_text("Level 2 of 14", timeout=LATER_MS)
    pause(page)
    expect(page.get_by_role("status").filter(has_text="The tour waits")).to_have_count(1)
    before = page.evaluate(FILLED)
    page.wait_for_timeout(1500)  # nothing may happen, however long one looks
    assert page.evaluate(FILLED) == before
    page.get_by_role("button", name="Continue the tour (t)").click()
    until(page, f"{FILLED} !== '{before}'")
    page.locator(".tour-stop").nth(13).click()
    expect(where).to_contain_text("Level 14 of 14")
    expect(page.locator(".tour")).to_have_count(0, timeout=LATER_MS)
    expect(page).to_have_url(re.compile("#/level/14$"))


def test_whoever_opens_a_register_is_not_led_on(page: Page, product: Product) -> None:
    begin(page, product)
    page.keyboard.press("t")
    page.locator(".tour-sentence [data-figure]").first.click()
    expect(page.locator("aside.inspector")).to_be_visible()
    expect(page.get_by_role("button", name="Continue the tour (t)")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("aside.inspector")).to_have_count(0)
    expect(page.locator(".tour")).to_be_visible()


def test_it_flies_to_the_cell_that_stands_out(page: Page, product: Product) -> None:
    begin(page, product)
    page.keyboard.press("t")
    pause(page)
    page.locator(".tour-stop").nth(3).click()
    expect(page.locator(".tour-where")).to_contain_text("Level 4 of 14")
    cell = re.search(r"at=(c1/r\d\d/m\d/cell\d{3})", page.evaluate("location.hash"))
    assert cell, page.url
    expect(page.locator(".tour-sentence [data-figure]")).to_have_attribute("data-figure", f"{cell[1]}/voltage")


def test_screen_readers_hear_each_level_once(page: Page, product: Product) -> None:
    """The announcement is the level's sentence with the numbers of that moment; it does not repeat with every value."""
    frames: list[object] = []
    page.on("websocket", lambda socket: socket.on("framereceived", lambda frame: frames.append(frame)))
    begin(page, product, 3)
    heard = page.locator(".announced[aria-live=polite]")
    expect(heard).to_contain_text("battery management system of its own")
    first = heard.inner_text()
    assert re.search(r"\d+\.\d %", first), first
    before = len(frames)
    until_true(lambda: page.evaluate("1") and len(frames) >= before + 3, "no more frames come")
    assert heard.inner_text() == first
    page.keyboard.press("ArrowRight")
    expect(heard).to_contain_text("Down to one cell")
    for said in page.locator(".announced [data-figure]").all():
        number, unit = said.locator(".figure-number").inner_text(), said.locator(".figure-unit").inner_text()
        shown, half = as_shown(number, unit.strip())
        assert abs(shown - float(said.get_attribute("data-value") or "nan")) <= half * 1.001


@pytest.mark.parametrize(("width", "scheme"), [(390, "light"), (1440, "dark")])
def test_it_fits_the_screen_in_german(browser: Browser, product: Product, width: int, scheme: str) -> None:
    context = browser.new_context(viewport={"width": width, "height": 844}, locale="de-DE", color_scheme=scheme)  # type: ignore[arg-type]
    context.set_default_timeout(PATIENT_MS)
    page = context.new_page()
    begin(page, product)
    page.locator(".tour-start").click()
    pause(page)
    for level in range(1, 15):
        expect(page.locator(".tour-where")).to_contain_text(f"Ebene {level} von 14")
        page.locator(".tour-sentence [data-figure]").first.wait_for()
        sizes = page.evaluate(SIZES)
        assert sizes[0] <= 0, level
        assert sizes[1] <= sizes[3] + 0.5, level
        assert sizes[2] >= 0.4 * sizes[3], "the bar leaves the level too little room"
        page.get_by_role("button", name="Nächste Ebene").click(force=level == 14)
    context.close()
