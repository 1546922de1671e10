"""What levels draw beside their figures: the cell on its curve, the sweeps, bytes on the wire, little screens."""

from __future__ import annotations

import re

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import Product
from tests.e2e.labels import Reader, as_shown

pytestmark = pytest.mark.browser

CELL = "c1/r04/m3/cell026"
CUT = """() => [...document.querySelectorAll('.dump-line, .dump-groups')]
  .filter(e => e.scrollWidth > e.clientWidth + 1).length"""
PANEL = "() => { const e = document.querySelector('aside.inspector'); return e.scrollWidth - e.clientWidth; }"


def show(page: Page, url: str, where: str) -> None:
    page.goto(f"{url}/#/{where}")
    page.locator("[data-figure][data-quality=good]").first.wait_for()


def test_the_cell_stands_on_the_curve_that_its_registers_say(page: Page, product: Product) -> None:
    """The residual on the page is voltage register minus curve at the SoC register, both read by pymodbus."""
    product.hold()
    try:
        show(page, product.url, f"level/4?at={CELL}")
        tile = page.locator(f"[data-figure='{CELL}/ocv_residual']")
        expect(tile).to_contain_text("model")
        page.wait_for_timeout(1200)
        number, unit = tile.locator(".figure-number").inner_text(), tile.locator(".figure-unit").inner_text().strip()
    finally:
        product.go_on()
    passport = product.get(f"/api/figures/{CELL}/ocv_residual/passport")
    curve = product.get("/api/curves/ocv")
    soc_row, voltage_row = passport["derived"]["inputs"]
    assert voltage_row["id"] == f"{CELL}/voltage"
    expected = voltage_row["value"] - float(np.interp(soc_row["value"], curve["soc"], curve["mean"]))
    shown, half = as_shown(number, unit)
    assert abs(shown - expected) <= half + 2e-3  # the plant went on by a register's step or two
    reader = Reader()
    words = reader.words(product.get(f"/api/figures/{CELL}/voltage/passport")["reading"])
    reader.close()
    assert abs(words[0] / 1000 - voltage_row["value"]) <= 2e-3
    key = page.locator(".ocv-key")
    for needed in ("model", "SimSES", "BSD-3-Clause", "after charging", "after discharging"):
        expect(key).to_contain_text(needed)
    assert page.locator(".ocv svg .ocv-point").count() == 2


def test_sweeps_open_their_exchanges(page: Page, product: Product) -> None:
    show(page, product.url, "level/7")
    requests = page.locator("[data-figure='device/bcu04/sweep_requests'] .figure-number")
    requests.wait_for()
    schema = product.get("/api/schema")
    number = next(i for i, device in enumerate(schema["devices"]) if device["id"] == "bcu04")
    assert int(requests.inner_text()) == sum(block["device"] == number for block in schema["blocks"])
    page.locator("[data-figure='device/bcu04/sweep_skew']").click()
    rows = page.locator("aside.inspector .exchanges tbody tr")
    expect(rows).to_have_count(int(requests.inner_text()))
    expect(rows.first).to_contain_text("ok")


def test_a_calm_level_lists_what_it_watches(page: Page, product: Product) -> None:
    show(page, product.url, "level/10")
    calm = page.locator("details.calm")
    calm.locator("summary").click()
    expect(calm.locator("[data-figure='pcs1/fault_word_1']")).to_contain_text("no bit set")


@pytest.mark.parametrize("width", [390, 1120, 1440])
def test_no_byte_of_a_frame_is_cut_off(browser: Browser, product: Product, width: int) -> None:
    context = browser.new_context(
        viewport={"width": width, "height": 900}, permissions=["clipboard-read", "clipboard-write"]
    )
    page = context.new_page()
    show(page, product.url, f"level/7?figure={CELL}/voltage")
    page.locator(".dump-line .byte-value").first.wait_for()
    assert page.evaluate(CUT) == 0
    assert page.evaluate(PANEL) <= 0
    for button in page.locator(".dump-title button[aria-pressed]").all():
        button.click()  # all lines of the frame
    assert page.evaluate(CUT) == 0
    reading = product.get(f"/api/figures/{CELL}/voltage/passport")["reading"]
    assert page.locator(".dump-line .byte-value").inner_text() in {reading["words"][0], *_near(reading["words"][0])}
    line = page.locator(".dump-line", has=page.locator(".byte-value"))
    first = int(line.locator(".dump-address").inner_text())
    place = line.locator(".byte").evaluate_all("all => all.findIndex(e => e.classList.contains('byte-value'))")
    assert first + place == reading["address"]
    page.get_by_role("button", name=re.compile("Copy: Answer")).click()
    copied = bytes.fromhex(page.evaluate("navigator.clipboard.readText()"))
    assert copied[6] == reading["device"]["unit"]
    assert copied[7] == reading["function_code"]
    assert len(copied) == len(bytes.fromhex(reading["response_hex"]))
    context.close()


def _near(word: str) -> set[str]:
    """A cell moves while two look at it."""
    return {f"{int(word, 16) + step:04X}" for step in (-3, -2, -1, 1, 2, 3)}


def test_the_register_table_stays_small_on_a_phone(browser: Browser, product: Product) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.goto(f"{product.url}/#/registers")
    page.locator("[role=grid] [role=row]").nth(3).wait_for()
    assert page.locator("[role=grid] [role=row]").count() < 80
    context.close()
