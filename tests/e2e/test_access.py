"""For everyone: axe-core finds nothing, everything can be reached by keyboard alone, paper and German get the same."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import PATIENT_MS, ROOT, Product, launched
from tests.e2e.test_scene import SOFTWARE
from tests.e2e.waiting import drawn, hold_page, until

pytestmark = [pytest.mark.browser, pytest.mark.timeout(1200)]

AXE = ROOT / "ui" / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
RUN = """([rules, within]) => axe.run(within, {runOnly: rules, resultTypes: ['violations']}).then(
  found => found.violations.map(v =>
    [v.id, v.nodes.length, v.nodes[0].target.join(' '), v.nodes[0].failureSummary]))"""
READY = "!!window.__scene?.ready"
CELL = "c1/r04/m3/cell026/voltage"

FOCUSED = """() => { const e = document.activeElement; return e.closest('.scene-label')
  ? e.closest('[data-figure]')?.dataset.figure ?? '' : ''; }"""
LABELS = """() => [...document.querySelectorAll('.scene-label')]
  .filter(e => getComputedStyle(e).visibility === 'visible' && e.querySelector('button[data-figure]'))
  .map(e => e.querySelector('button[data-figure]').dataset.figure)"""


TOUCHING = """() => {
  const boxes = [...document.querySelectorAll('.scene-label')].filter(e => getComputedStyle(e).visibility === 'visible')
    .map(e => [e.textContent, e.getBoundingClientRect()]);
  return boxes.flatMap(([a, p], n) => boxes.slice(n + 1).flatMap(([b, q]) =>
    p.left < q.right && q.left < p.right && p.top < q.bottom && q.top < p.bottom ? [[a, b]] : []));
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium that draws the machine in software."""
    with launched(*SOFTWARE) as opened:
        yield opened


def opened(browser: Browser, product: Product, where: str, **context: Any) -> Page:
    settings: dict[str, Any] = {"viewport": {"width": 1440, "height": 900}, "locale": "en-GB"}
    page = browser.new_context(**settings | {"bypass_csp": True, "reduced_motion": "reduce"} | context).new_page()
    page.set_default_timeout(PATIENT_MS)
    page.goto(f"{product.url}/#/{where}")
    page.locator("[data-figure][data-quality=good]").first.wait_for()
    return page


def violations(page: Page, rules: list[str] = RULES, within: str = "html") -> list[Any]:
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text(encoding="utf-8"))
    return list(page.evaluate(RUN, [rules, within]))


PHONE = {"viewport": {"width": 390, "height": 844}}


THEMES: tuple[tuple[Literal["light", "dark"], list[str]], ...] = (("light", RULES), ("dark", ["color-contrast"]))


def put_on(page: Page, scheme: Literal["light", "dark"]) -> None:
    """Lets the page be light or dark."""
    page.emulate_media(color_scheme=scheme)
    expect(page.locator("html")).to_have_attribute("data-theme", scheme)


def in_both_themes(page: Page, where: object) -> None:
    """Asks axe for everything in the light theme, and in the dark one for what a theme changes."""
    for scheme, rules in THEMES:
        put_on(page, scheme)
        assert violations(page, rules) == [], (where, scheme)


def test_axe_finds_nothing_on_any_level(browser: Browser, product: Product) -> None:
    """In the light theme everything, in the dark one what a theme changes; each is put on once."""
    page = opened(browser, product, "level/1", viewport={"width": 1440, "height": 600})
    for scheme, rules in THEMES:
        put_on(page, scheme)
        for level in range(1, 15):
            page.evaluate(f"location.hash = '#/level/{level}'")
            drawn(page, level)
            page.locator(".said [data-figure]").first.wait_for()
            assert violations(page, rules) == [], (level, scheme)
    page.context.close()


@pytest.mark.parametrize(
    ("where", "context", "waits_for"),
    [
        ("level/4?at=c1/r04/m3/cell026", {}, ".ocv-key"),
        ("level/7", PHONE, ".said [data-figure]"),
        ("level/14?t=2026-06-21T16:00:00Z", {}, ".moment"),
        (f"level/4?figure={CELL}", {}, "aside.inspector .dump-line"),
    ],
)
def test_axe_finds_nothing(
    browser: Browser, product: Product, where: str, context: dict[str, Any], waits_for: str
) -> None:
    page = opened(browser, product, where, **context)
    until(page, READY)
    page.locator(waits_for).first.wait_for()
    in_both_themes(page, where)
    page.context.close()


def test_axe_finds_nothing_beside_the_levels(browser: Browser, product: Product) -> None:
    page = opened(browser, product, "level/1")
    for where, waits_for in (
        ("registers", "[role=grid] [role=row]"),
        ("devices", "#devices-title"),
        ("signals", ".signal-row"),
        ("signals/cell.voltage", ".signal-carriers [data-figure]"),
    ):
        page.evaluate(f"location.hash = '#/{where}'")
        page.locator(waits_for).first.wait_for()
        in_both_themes(page, where)
    page.context.close()


@pytest.mark.parametrize(
    ("scheme", "context", "stops"), [("dark", PHONE, (1, 11, 14)), ("light", {}, tuple(range(1, 15)))]
)
def test_axe_finds_nothing_in_tour_and_search(
    browser: Browser, product: Product, scheme: str, context: dict[str, Any], stops: tuple[int, ...]
) -> None:
    """The tour at its stops, one by one, each with its sentence and its figures."""
    page = opened(browser, product, "level/3", color_scheme=scheme, **context)
    page.keyboard.press("t")
    page.locator(".tour-steer").wait_for()
    page.keyboard.press("t")  # it waits: who looks closely is not to be led on
    expect(page.get_by_role("status").filter(has_text="The tour waits")).to_have_count(1)
    for level in stops:
        page.locator(".tour-stop").nth(level - 1).click()
        expect(page.locator(".tour-where")).to_contain_text(f"Level {level} of 14")
        drawn(page, level)
        page.locator(".tour-sentence [data-figure]").first.wait_for()
        assert violations(page, within=".tour") == [], level
    page.get_by_role("combobox", name="Find a figure").fill("cell voltage")
    page.locator(".hit").first.wait_for()
    assert violations(page) == []
    page.context.close()


def test_every_label_and_its_passport_by_keyboard(browser: Browser, product: Product) -> None:
    """On every level Tab comes to every label that is shown, Enter opens its register, Escape leads back to it."""
    page = opened(browser, product, "level/1", viewport={"width": 1200, "height": 800})
    drawn(page, 1)
    hold_page(page)  # labels follow values, as those of the highest and the lowest cell do: here they stay
    inspector = page.locator("aside.inspector")
    for level in range(1, 15):
        page.evaluate(f"location.hash = '#/level/{level}'")
        drawn(page, level)
        wanted = set(page.evaluate(LABELS))
        assert wanted, level
        page.locator("#main").focus()
        reached = []
        for _ in range(40):
            page.keyboard.press("Tab")
            found = page.evaluate(FOCUSED)
            if found:
                reached.append(found)
            elif reached:
                break
        assert wanted <= set(reached), (level, wanted - set(reached))
        page.keyboard.press("Shift+Tab")
        last = page.evaluate(FOCUSED)
        assert last == reached[-1]
        page.keyboard.press("Enter")
        expect(inspector).to_have_attribute("data-passport", last)
        expect(inspector.locator("h2")).to_be_focused()
        page.keyboard.press("Escape")
        expect(inspector).to_have_count(0)
        until(page, f"({FOCUSED})() === '{last}'", 20)
    page.context.close()


@pytest.mark.parametrize("width", [390, 1440])
def test_no_label_lies_on_another(browser: Browser, product: Product, width: int) -> None:
    """In German, whose words are longer; each level keeps at least one label."""
    page = opened(browser, product, "level/1", viewport={"width": width, "height": 844}, locale="de-DE")
    drawn(page, 1)
    hold_page(page)
    for level in range(1, 15):
        page.evaluate(f"location.hash = '#/level/{level}'")
        drawn(page, level)
        assert page.evaluate(TOUCHING) == [], level
        assert page.evaluate(LABELS), level
    page.context.close()


def test_the_inspector_by_keyboard(browser: Browser, product: Product) -> None:
    page = opened(browser, product, f"level/4?figure={CELL}")
    page.locator("aside.inspector .dump-line").first.wait_for()
    page.locator("aside.inspector h2").focus()
    seen = []
    for _ in range(30):
        page.keyboard.press("Tab")
        inside = "() => document.activeElement.closest('aside.inspector') && document.activeElement.innerText"
        text = page.evaluate(inside)
        if text is None:
            break
        seen.append(text.strip())
    assert any("Learn this signal" in text for text in seen), seen
    assert sum("Copy" in text for text in seen) >= 4
    page.locator("aside.inspector .learn").focus()
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Cell voltage")
    page.locator(".signal-fly").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator("aside.inspector")).to_have_attribute("data-passport", re.compile("/voltage$"))
    page.context.close()


def test_every_label_leads_to_the_page_of_its_signal(browser: Browser, product: Product) -> None:
    """Every metric on the machine has a page, and a label leads there. What is computed is explained by its formula."""
    page = opened(browser, product, "level/1")
    known = {row["metric"] for one in product.get("/api/signals") for row in one["signals"]}
    known |= {also for one in product.get("/api/signals") for row in one["signals"] for also in row["also"]}
    schema = product.get("/api/schema")["points"]
    metric = dict(zip(schema["id"], schema["metric"], strict=True))
    on_machine: dict[str, str] = {}
    for level in range(1, 15):
        page.evaluate(f"location.hash = '#/level/{level}'")
        drawn(page, level)
        for figure in page.evaluate(LABELS):
            if metric.get(figure):  # a point outside the vocabulary has a passport, and no page
                on_machine.setdefault(metric[figure], figure)
    assert len(on_machine) >= 20
    assert not set(on_machine) - known, "labels whose signal nobody explains"
    name, figure = next(iter(on_machine.items()))
    page.evaluate(f"location.hash = '#/level/1?figure={figure}'")
    page.get_by_role("button", name="Learn this signal").click()
    expect(page).to_have_url(re.compile(re.escape(f"#/signals/{name}") + "$"))
    page.context.close()


def test_the_sheet_of_a_phone_covers_the_machine_and_gives_it_back(browser: Browser, product: Product) -> None:
    page = opened(browser, product, "level/3", **PHONE)
    until(page, READY)
    handle, scene = page.locator(".sheet-handle"), page.locator(".scene")
    box = scene.bounding_box()
    assert box
    assert box["height"] >= 300
    top = "() => document.querySelector('#level').getBoundingClientRect().top"
    until(page, f"({top})() >= {box['y'] + 0.7 * box['height']}")  # else the machine is not to be seen
    expect(handle).to_have_attribute("aria-expanded", "false")
    handle.focus()
    page.keyboard.press("Enter")
    expect(handle).to_have_attribute("aria-expanded", "true")
    until(page, f"({top})() <= {box['y'] + 1}")
    handle.click()
    expect(handle).to_have_attribute("aria-expanded", "false")
    until(page, "document.querySelector('main').scrollTop === 0")
    page.context.close()


def test_paper_shows_the_figures_their_moment_and_their_source(
    browser: Browser, product: Product, tmp_path: Path
) -> None:
    page = opened(browser, product, "level/8", color_scheme="dark")
    until(page, READY)
    page.emulate_media(media="print")
    expect(page.locator("html")).to_have_attribute("data-theme", "light")
    expect(page.locator(".printed")).to_contain_text("#/level/8")
    expect(page.locator(".badge")).to_be_visible()
    for gone in (".levels", ".search", ".switches"):
        expect(page.locator(gone)).to_be_hidden()
    until(page, "document.querySelector('main').scrollHeight - document.querySelector('main').clientHeight <= 1")
    assert page.pdf(format="A4").startswith(b"%PDF")
    page.emulate_media(media="screen")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.context.close()


def test_what_maps_and_passports_say_is_german_on_the_german_page(browser: Browser, product: Product) -> None:
    words = json.loads((ROOT / "ui" / "src" / "i18n" / "vendor.de.json").read_text(encoding="utf-8"))
    symbols = product.get("/api/schema")["points"]["symbols"]
    names = {row.get("label") or row["name"].replace("_", " ").lower() for rows in symbols.values() for row in rows}
    told, meant = (product.get(f"/api/schema?lang={language}") for language in ("en", "de"))
    labels = zip(told["points"]["label"], meant["points"]["label"], strict=True)
    names |= {english for english, german in labels if english == german and not english.endswith("_SF")}
    names |= {device["label"] for device in told["devices"]}
    untold = {name for name in names if name not in words and re.sub(r"\b\d+\b", "#", name) not in words}
    assert not untold - {""}, sorted(untold)
    page = opened(browser, product, f"level/4?figure={CELL}", locale="de-DE")
    steps = page.locator("aside.inspector .steps").first
    expect(steps).to_contain_text("Rohwert")
    expect(steps).to_contain_text("1 Wort")
    expect(page.locator("aside.inspector .facts-list").first).to_contain_text("BMS von Strang 4 (bcu04)")
    page.context.close()
