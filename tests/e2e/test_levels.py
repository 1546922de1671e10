"""What levels draw beside their figures: the cell on its curve, the sweeps, bytes on the wire, little screens."""

from __future__ import annotations

import re

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import PATIENT_MS, Product
from tests.e2e.labels import Reader, as_shown
from tests.e2e.waiting import caught_up, hold_page, until, until_true

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

CELL = "c1/r04/m3/cell026"
CUT = """() => [...document.querySelectorAll('.dump-line, .dump-groups')]
  .filter(e => e.scrollWidth > e.clientWidth + 1).length"""
PAINTED = """() => {
  const c = document.querySelector('.sweep-cursor');
  return c.getContext('2d').getImageData(0, 0, c.width, c.height).data.some(v => v > 0);
}"""
WRITTEN = """e => [e.querySelector('.figure-number').textContent, e.querySelector('.figure-unit').textContent.trim()]"""
PANEL = "() => { const e = document.querySelector('aside.inspector'); return e.scrollWidth - e.clientWidth; }"


def show(page: Page, url: str, where: str) -> None:
    page.goto(f"{url}/#/{where}")
    page.locator("[data-figure][data-quality=good]").first.wait_for()


def test_the_cell_stands_on_the_curve_that_its_registers_say(page: Page, product: Product) -> None:
    """The residual on the page is voltage register minus curve at the SoC register, both read by pymodbus."""
    product.hold()
    reader = Reader()
    try:
        show(page, product.url, f"level/4?at={CELL}")
        tile = page.locator(f"[data-figure='{CELL}/ocv_residual']")
        expect(tile).to_contain_text("model")
        caught_up(page, product)
        number, unit = tile.evaluate(WRITTEN)
        passport = product.get(f"/api/figures/{CELL}/ocv_residual/passport")
        words = reader.words(product.get(f"/api/figures/{CELL}/voltage/passport")["reading"])
    finally:
        product.go_on()
        reader.close()
    curve = product.get("/api/curves/ocv")
    soc_row, voltage_row = passport["derived"]["inputs"]
    assert voltage_row["id"] == f"{CELL}/voltage"
    expected = voltage_row["value"] - float(np.interp(soc_row["value"], curve["soc"], curve["mean"]))
    shown, half = as_shown(number, unit)
    assert abs(shown - expected) <= half * 1.001
    assert abs(words[0] / 1000 - voltage_row["value"]) <= 1e-9
    key = page.locator(".ocv-key")
    for needed in ("model", "SimSES", "BSD-3-Clause", "after charging", "after discharging"):
        expect(key).to_contain_text(needed)
    expect(page.locator(".ocv svg .ocv-point")).to_have_count(2)


def test_sweeps_open_their_exchanges(page: Page, product: Product) -> None:
    show(page, product.url, "level/7")
    requests = page.locator("[data-figure='device/bcu04/sweep_requests'] .figure-number")
    schema = product.get("/api/schema")
    number = next(i for i, device in enumerate(schema["devices"]) if device["id"] == "bcu04")
    planned = sum(block["device"] == number for block in schema["blocks"])
    expect(requests).to_have_text(str(planned))
    page.locator("[data-figure='device/bcu04/sweep_skew']").click()
    rows = page.locator("aside.inspector .exchanges tbody tr")
    expect(rows).to_have_count(planned)
    expect(rows.first).to_contain_text("ok")


def test_a_calm_level_lists_what_it_watches(page: Page, product: Product) -> None:
    show(page, product.url, "level/10")
    calm = page.locator("details.calm")
    calm.locator("summary").click()
    expect(calm.locator("[data-figure='pcs1/fault_word_1']")).to_contain_text("no bit set")


def test_no_byte_of_a_frame_is_cut_off(browser: Browser, product: Product) -> None:
    """On a phone, a tablet and a desk; what is marked in the frame is the register's word, at its address."""
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    context.set_default_timeout(PATIENT_MS)
    page = context.new_page()
    product.hold()
    try:
        for width in (390, 1120, 1440):
            page.set_viewport_size({"width": width, "height": 900})
            show(page, product.url, f"level/7?figure={CELL}/voltage")
            marked = page.locator(".dump-line .byte-value")
            marked.first.wait_for()
            assert page.evaluate(CUT) == 0, width
            assert page.evaluate(PANEL) <= 0, width
            buttons = page.locator(".dump-title button[aria-pressed=false]")
            while buttons.count():
                buttons.first.click()  # all lines of the frame
            assert page.evaluate(CUT) == 0, width
        reading = product.get(f"/api/figures/{CELL}/voltage/passport")["reading"]
        expect(marked).to_have_text(reading["words"][0])
    finally:
        product.go_on()
    line = page.locator(".dump-line", has=page.locator(".byte-value"))
    first = int(line.locator(".dump-address").inner_text())
    place = line.locator(".byte").evaluate_all("all => all.findIndex(e => e.classList.contains('byte-value'))")
    assert first + place == reading["address"]
    page.get_by_role("button", name=re.compile("Copy: Answer")).click()
    until(page, "navigator.clipboard.readText().then((text) => text.length > 0)")
    copied = bytes.fromhex(page.evaluate("navigator.clipboard.readText()"))
    assert copied[6] == reading["device"]["unit"]
    assert copied[7] == reading["function_code"]
    assert len(copied) == len(bytes.fromhex(reading["response_hex"]))
    context.close()


def test_the_register_table_stays_small_on_a_phone(browser: Browser, product: Product) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844})
    context.set_default_timeout(PATIENT_MS)
    page = context.new_page()
    page.goto(f"{product.url}/#/registers")
    page.locator("[role=grid] [role=row]").nth(3).wait_for()
    assert page.locator("[role=grid] [role=row]").count() < 80
    context.close()


def test_the_request_that_was_answered_last_moves_through_the_cells(page: Page, product: Product) -> None:
    """Every place of the cursor is a block of the plan that carries cells, and it comes by many of them."""
    show(page, product.url, "level/7")
    cursor = page.locator(".sweep-cursor[data-block]")
    cursor.wait_for(state="attached")
    seen: set[int] = set()

    def has_come_by_many() -> bool:
        seen.add(int(cursor.get_attribute("data-block") or -1))
        return len(seen) >= 12

    until_true(has_come_by_many, seen)
    points = product.get("/api/schema")["points"]
    carrying = {b for b, metric in zip(points["block"], points["metric"], strict=True) if metric == "cell.voltage"}
    assert seen <= carrying
    until(page, f"({PAINTED})()")
    page.get_by_role("button", name="Last answer", exact=True).click()
    expect(page.locator(".sweep-cursor")).to_have_count(0)


def test_lists_of_the_spread_fly_to_the_cell(page: Page, product: Product) -> None:
    show(page, product.url, "level/8")
    product.hold()
    try:
        lists = page.locator(".toplist")
        expect(lists).to_have_count(2)
        caught_up(page, product)
        highest = [float(e.get_attribute("data-value") or "nan") for e in lists.first.locator("[data-figure]").all()]
        assert len(highest) == 10
        assert highest == sorted(highest, reverse=True)
        top = product.get("/api/figures/c1/cell_voltage_max")["value"]
        assert abs(highest[0] - top) < 1e-9
        name = lists.first.locator(".fly").first.inner_text()
        lists.first.locator(".fly").first.click()
    finally:
        product.go_on()
    expect(page.locator("h1")).to_have_text("One cell")
    rack, module, cell = re.findall(r"\d+", name)
    part = f"c1/r{int(rack):02d}/m{module}/cell{int(cell):03d}"
    expect(page).to_have_url(re.compile(f"#/level/4[?]at={part}$"))
    expect(page.locator(f".tiles [data-figure='{part}/voltage']").first).to_be_visible()


def test_cells_racks_and_converter_stand_on_one_scale(page: Page, product: Product) -> None:
    """Where a mark stands is what its figure says: marks and figures give the same straight line."""
    show(page, product.url, "level/11")
    rows = page.locator(".dc").first.locator(".dc-row:has(.dc-track)")
    expect(rows).to_have_count(6)
    hold_page(page)
    places, volts = [], []
    for row in rows.all():
        for kind, column in (("sum", 0), ("rack", 1)):
            style = row.locator(f".dc-track .dc-{kind}").first.evaluate("e => parseFloat(e.style.left)")
            places.append(style)
            volts.append(float(row.locator("[data-figure]").nth(column).get_attribute("data-value") or "nan"))
    slope, start = np.polyfit(volts, places, 1)
    assert slope > 0
    np.testing.assert_allclose(slope * np.array(volts) + start, places, atol=0.5)
    converter = page.locator(".dc-line [data-figure='pcs1/dc_voltage']")
    place = page.locator(".dc-track .dc-converter").first.evaluate("e => parseFloat(e.style.left)")
    assert abs(slope * float(converter.get_attribute("data-value") or "nan") + start - place) < 0.5


def test_the_operating_point_stands_where_its_registers_say(page: Page, product: Product) -> None:
    show(page, product.url, "level/12")
    hold_page(page)
    mark = page.locator(".operating circle").first
    x, y = (float(mark.get_attribute(name) or "nan") for name in ("cx", "cy"))
    p, q = (
        float(page.locator(f".figure-tile[data-figure='pcs1/{m}']").get_attribute("data-value") or "nan")
        for m in ("active_power", "reactive_power")
    )
    edge = page.locator(".disc-edge")
    cx, cy, r = (float(edge.get_attribute(name) or "nan") for name in ("cx", "cy", "r"))
    rated = product.get("/api/plant")["power_w"] / 2
    np.testing.assert_allclose([(x - cx) / r, (cy - y) / r], [p / rated, q / rated], atol=1e-6)


def test_the_meter_shows_its_registers_beside_its_digits(page: Page, product: Product) -> None:
    show(page, product.url, "level/13")
    lines = page.locator(".display-line")
    lines.nth(4).wait_for()
    for line in lines.all():
        reading = product.get(f"/api/figures/{line.get_attribute('data-figure')}/passport")["reading"]
        expect(line.locator(".display-register")).to_contain_text(
            f"FC {reading['function_code']} · {reading['address']}"
        )


def test_a_link_to_a_moment_keeps_it_and_says_what_is_shown(page: Page, product: Product) -> None:
    show(page, product.url, "level/4?at=c1/r04/m3/cell026&t=2026-06-21T16:00:00Z")
    notice = page.locator(".moment")
    expect(notice).to_contain_text("What is shown is live")
    page.keyboard.press("ArrowRight")
    expect(page.locator("h1")).to_have_text("Thermal and EMS")
    expect(page).to_have_url(re.compile("t=2026-06-21T16:00:00Z$"))
    notice.get_by_role("button", name="Back to now").click()
    expect(notice).to_have_count(0)
    expect(page).not_to_have_url(re.compile("2026"))


SEARCHES: tuple[tuple[str, int, str | None], ...] = (
    ("rack 4 module 3 cell 26", 4, r"c1/r04/m3/cell026/voltage"),
    ("Strang 4 Modul 3 Zelle 26", 4, r"c1/r04/m3/cell026/voltage"),
    ("weakest cell", 4, r"c1/r\d\d/m\d/cell\d{3}/voltage"),
    ("wärmster Fühler", 9, r"c1/r\d\d/m\d/ntc\d\d/temperature"),
    ("19026", 1, r"meter/active_power"),
    ("level 11", 11, None),
    ("bcu07", 3, None),
)


def test_search_flies(page: Page, product: Product) -> None:
    show(page, product.url, "level/2")
    box = page.get_by_role("combobox", name="Find a figure")
    panel = page.locator("aside.inspector")
    for words, level, figure in SEARCHES:
        page.evaluate("location.hash = '#/level/2'")
        expect(page.locator(".level-big")).to_have_text("02")
        box.fill("")
        page.locator("#main").focus()
        page.keyboard.press("/")
        expect(box).to_be_focused()
        page.keyboard.insert_text(words)
        page.locator(".hit[aria-selected=true]").wait_for()
        page.keyboard.press("Enter")
        expect(page.locator(".level-big"), words).to_have_text(f"{level:02d}")
        if figure is None:
            expect(panel, words).to_have_count(0)
            continue
        expect(panel, words).to_have_attribute("data-passport", re.compile(f"^{figure}$"))
        part = (panel.get_attribute("data-passport") or "").rsplit("/", 1)[0]
        expect(page, words).to_have_url(re.compile(f"at={part}"))


def test_search_leads_to_a_signal(page: Page, product: Product) -> None:
    show(page, product.url, "level/2")
    box = page.get_by_role("combobox", name="Find a figure")
    box.fill("insulation positive pole")
    page.locator(".hit", has_text="Signal").first.click()
    expect(page).to_have_url(re.compile("#/signals/"))
