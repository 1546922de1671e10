"""Signal pages in a real browser: from a passport to its signal, live registers beside the text, back to the part."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from bessinside.plant.signals import subsystems
from tests.e2e.conftest import Product
from tests.e2e.labels import as_shown
from tests.e2e.test_label_true import NOT_FIGURES, STRAYS

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

CARRIED = """() => [...document.querySelectorAll('.signal-carriers [data-figure]')].map(e => [
  ...['.figure-number', '.figure-unit'].map(part => e.querySelector(part).textContent.trim()), e.dataset.value])"""


def test_the_list_has_every_page_and_finds_one(page: Page, product: Product) -> None:
    page.goto(f"{product.url}/#/signals")
    rows = page.locator(".signal-row")
    expect(rows).to_have_count(sum(len(found.signals) for found in subsystems()))
    page.get_by_label("Find a signal").fill("rack insulation")
    expect(rows).to_have_count(1)
    rows.click()
    expect(page.locator("h1")).to_have_text("Insulation, positive pole")
    expect(page).to_have_url(re.compile("#/signals/rack.insulation_positive$"))
    expect(page.locator("h1")).to_be_focused()
    page.get_by_role("button", name="All signals").click()
    expect(rows).to_have_count(1)  # the list as it was left
    expect(rows).to_be_focused()


def test_from_a_passport_to_its_signal_and_from_there_to_the_part(page: Page, product: Product) -> None:
    page.goto(f"{product.url}/#/level/3?figure=c1/r04/soc")
    page.get_by_role("button", name="Learn this signal").click()
    expect(page.locator("h1")).to_have_text("State of charge")
    expect(page.locator(".inspector")).to_have_count(0)
    page.get_by_role("button", name=re.compile("Fly there: Rack 2$")).click()
    expect(page.locator(".inspector")).to_have_attribute("data-passport", "c1/r02/soc")
    expect(page).to_have_url(re.compile("#/level/3[?].*at=c1/r02"))


@pytest.mark.parametrize("metric", ["cell.voltage", "meter.active_power", "cooling.coolant_flow"])
def test_every_number_beside_the_text_is_a_register(page: Page, product: Product, metric: str) -> None:
    page.goto(f"{product.url}/#/signals/{metric}")
    page.wait_for_selector(".signal-carriers [data-figure][data-quality=good]")
    assert page.evaluate(STRAYS, NOT_FIGURES) == []
    figures = page.evaluate(CARRIED)  # text and value of one moment
    assert figures
    for text, unit, told in figures:
        shown, half = as_shown(text, unit)
        assert abs(shown - float(told)) <= half * 1.001


def test_a_signal_that_this_plant_does_not_carry_says_so(page: Page, product: Product) -> None:
    page.goto(f"{product.url}/#/signals/pcs.dc_voltage_positive")
    expect(page.locator(".signal-hole")).to_be_visible()
    expect(page.locator("[data-figure]")).to_have_count(0)


def test_the_mark_of_a_fault_leads_to_its_story(page: Page, product: Product) -> None:
    page.goto(f"{product.url}/#/signals/cell.voltage")
    marks = page.locator(".signal-wrong .signal-mark")
    expect(marks.first).to_have_attribute("aria-label", "1: Weak cell")
    count = marks.count()
    marks.last.click()
    expect(page.locator(".signal-scenarios li").nth(count - 1)).to_be_in_viewport()
