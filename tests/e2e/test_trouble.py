"""A plant in trouble: what a person sees of alarms, open contactors and a silent device, by name, shape and text."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import PATIENT_MS, Product, free_port, lives, plant_on_free_ports, start
from tests.e2e.waiting import until_true

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

SILENT = "bcu09"
ALARM = "c1/r04/alarm_2_low"


@pytest.fixture(scope="module")
def troubled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """Rack 4 loses insulation, rack 6 its contactors, and the BMS of rack 9 is not there at all."""
    plant, port = plant_on_free_ports(tmp_path_factory.mktemp("troubled")), free_port()
    devices = plant.read_text().split("[[device]]")
    served = plant.with_name("served.toml")
    served.write_text("[[device]]".join(part for part in devices if f'id = "{SILENT}"' not in part))
    scenarios = ("--scenario", "isolation-fault@c1/r04", "--scenario", "contactor-opens@c1/r06")
    emulator = start("emulate", str(served), "--speed", "20", *scenarios)
    running = Product(f"http://127.0.0.1:{port}", plant, emulator, start("run", str(plant), "--port", str(port)))
    try:
        running.until(lambda: _value(running, ALARM) > 0 and _value(running, "c1/r06/relay_positive") == 0, 300)
        running.hold()  # an hour later it is another trouble
        yield running
    finally:
        running.stop()


def _value(running: Product, figure: str) -> float:
    assert lives(running.twin)
    assert lives(running.emulator)
    with contextlib.suppress(OSError):
        value = running.get(f"/api/figures/{figure}")["value"]
        return -1.0 if value is None else float(value)
    return -1.0


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="en-GB")
    context.set_default_timeout(PATIENT_MS)
    yield context.new_page()
    context.close()


def test_alarms_stand_on_their_level_by_name(page: Page, troubled: Product) -> None:
    page.goto(f"{troubled.url}/#/level/3")
    row = page.locator(f"[data-alarm][data-figure='{ALARM}']")
    row.wait_for()
    expect(row).to_contain_text("Rack 4")
    expect(row).to_contain_text("Insulation low")
    passport = troubled.get(f"/api/figures/{ALARM}/passport")["reading"]
    expect(row).to_contain_text(f"FC {passport['function_code']} · {passport['address']}")
    until_true(lambda: row.locator(".figure-number").inner_text() == words_of(troubled, ALARM), "not as its register")
    for name in page.locator(".attention-alarm .attention-what").all_inner_texts():
        assert re.search(r"[A-Za-z]{4,}", name), f"{name!r} is a bare number"


def words_of(troubled: Product, figure: str) -> str:
    """A register's words as the page writes them, of this moment."""
    return f"0x{''.join(troubled.get(f'/api/figures/{figure}/passport')['reading']['words'])}"


def test_the_level_list_says_it_in_words_and_shapes(page: Page, troubled: Product) -> None:
    page.goto(f"{troubled.url}/#/level/1")
    racks, meter = page.locator(".level", has_text="Rack and BMS"), page.locator(".level", has_text="Grid meter")
    expect(racks).to_contain_text("▲")
    expect(racks).to_contain_text("Alarm")
    expect(racks).to_contain_text("no answer")
    expect(racks).to_contain_text("Open")
    expect(meter).not_to_contain_text("Alarm")
    expect(meter).to_contain_text("●")


def test_a_silent_device_and_an_open_rack_are_named(page: Page, troubled: Product) -> None:
    page.goto(f"{troubled.url}/#/level/3")
    silent = page.locator(".attention-silent", has_text="BMS of rack 9")
    expect(silent).to_contain_text("has never answered", timeout=PATIENT_MS)
    open_rack = page.locator(".attention-open", has_text="Rack 6")
    expect(open_rack).to_contain_text("disconnected")
    expect(open_rack.locator("[data-figure='c1/r06/relay_positive']")).to_contain_text("Open")
    silent.click()
    expect(page.locator("#devices-title")).to_be_visible()


def test_trouble_in_german_fits_a_phone(browser: Browser, troubled: Product, tmp_path: Path) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, locale="de-DE")
    page = context.new_page()
    page.goto(f"{troubled.url}/#/level/3", timeout=PATIENT_MS)
    expect(page.locator(".attention-open", has_text="6")).to_contain_text("ist von seinem Bus getrennt")
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
    expect(page.locator(".level-select option").nth(2)).to_contain_text("▲ Alarm")
    context.close()


def test_what_happened_stands_in_order_of_time(page: Page, troubled: Product) -> None:
    """What was set when the page was opened is told as found so, with the register that says so."""
    page.goto(f"{troubled.url}/#/level/14")
    rows = page.locator(".event")
    rows.first.wait_for()
    everything = page.locator(".events").get_by_role("button", name="Show all")

    def told(*words: str) -> int:
        """Rows with these words; there may be so many rows by now that some must be asked for."""
        if everything.count():
            everything.click()
        found = rows
        for word in words:
            found = found.filter(has_text=word)
        return found.count()

    until_true(lambda: told("Insulation low", "already so at the beginning") >= 1, "the alarm is not told")
    until_true(lambda: told("Rack 6", "disconnected from its bus") == 1, "the open rack is not told once")
    times = page.locator(".event-time").evaluate_all("all => all.map(e => e.dateTime)")
    assert times == sorted(times, reverse=True)
    rows.filter(has_text="Insulation low").first.click()
    expect(page.locator("aside.inspector")).to_have_attribute("data-passport", re.compile("alarm"))
