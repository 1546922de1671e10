"""What levels draw beside their figures: the cell on its curve, the sweeps, bytes on the wire, little screens."""

from __future__ import annotations

import re
import time

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import Product
from tests.e2e.labels import Reader, as_shown

pytestmark = pytest.mark.browser

CELL = "c1/r04/m3/cell026"
CUT = """() => [...document.querySelectorAll('.dump-line, .dump-groups')]
  .filter(e => e.scrollWidth > e.clientWidth + 1).length"""
PAINTED = """() => {
  const c = document.querySelector('.sweep-cursor');
  return c.getContext('2d').getImageData(0, 0, c.width, c.height).data.some(v => v > 0);
}"""
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


def test_the_request_that_was_answered_last_moves_through_the_cells(page: Page, product: Product) -> None:
    """Every place of the cursor is a block of the plan that carries cells, and it comes by many of them."""
    show(page, product.url, "level/7")
    cursor = page.locator(".sweep-cursor[data-block]")
    cursor.wait_for(state="attached")
    seen: set[int] = set()
    ends = time.monotonic() + 40
    while len(seen) < 12 and time.monotonic() < ends:
        seen.add(int(cursor.get_attribute("data-block") or -1))
    points = product.get("/api/schema")["points"]
    carrying = {b for b, metric in zip(points["block"], points["metric"], strict=True) if metric == "cell.voltage"}
    assert seen <= carrying
    assert len(seen) >= 12
    assert page.evaluate(PAINTED)
    page.get_by_role("button", name="Last answer", exact=True).click()
    expect(page.locator(".sweep-cursor")).to_have_count(0)


def test_lists_of_the_spread_fly_to_the_cell(page: Page, product: Product) -> None:
    show(page, product.url, "level/8")
    product.hold()
    try:
        page.wait_for_timeout(1200)
        lists = page.locator(".toplist")
        expect(lists).to_have_count(2)
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
    assert page.url.endswith(f"#/level/4?at={part}")
    expect(page.locator(f".tiles [data-figure='{part}/voltage']").first).to_be_visible()


def test_cells_racks_and_converter_stand_on_one_scale(page: Page, product: Product) -> None:
    """Where a mark stands is what its figure says: marks and figures give the same straight line."""
    show(page, product.url, "level/11")
    rows = page.locator(".dc").first.locator(".dc-row:has(.dc-track)")
    expect(rows).to_have_count(6)
    page.get_by_role("button", name="Hold").click()
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
    page.get_by_role("button", name="Hold").click()
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
    assert lines.count() >= 5
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
    assert page.url.endswith("t=2026-06-21T16:00:00Z")
    notice.get_by_role("button", name="Back to now").click()
    expect(notice).to_have_count(0)
    assert "2026" not in page.url


@pytest.mark.parametrize(
    ("words", "level", "figure"),
    [
        ("rack 4 module 3 cell 26", 4, r"c1/r04/m3/cell026/voltage"),
        ("Strang 4 Modul 3 Zelle 26", 4, r"c1/r04/m3/cell026/voltage"),
        ("weakest cell", 4, r"c1/r\d\d/m\d/cell\d{3}/voltage"),
        ("wärmster Fühler", 9, r"c1/r\d\d/m\d/ntc\d\d/temperature"),
        ("19026", 1, r"meter/active_power"),
        ("level 11", 11, None),
        ("bcu07", 3, None),
    ],
)
def test_search_flies(page: Page, product: Product, words: str, level: int, figure: str | None) -> None:
    show(page, product.url, "level/2")
    page.keyboard.press("/")
    box = page.get_by_role("combobox", name="Find a figure")
    expect(box).to_be_focused()
    page.keyboard.insert_text(words)
    page.locator(".hit[aria-selected=true]").wait_for()
    page.keyboard.press("Enter")
    expect(page.locator(".level-big")).to_have_text(f"{level:02d}")
    panel = page.locator("aside.inspector")
    if figure is None:
        expect(panel).to_have_count(0)
    else:
        expect(panel).to_have_attribute("data-passport", re.compile(f"^{figure}$"))
        part = (panel.get_attribute("data-passport") or "").rsplit("/", 1)[0]
        assert f"at={part}" in page.url


def test_search_leads_to_a_signal(page: Page, product: Product) -> None:
    show(page, product.url, "level/2")
    box = page.get_by_role("combobox", name="Find a figure")
    box.fill("insulation positive pole")
    page.locator(".hit", has_text="Signal").first.click()
    assert "#/signals/" in page.url
