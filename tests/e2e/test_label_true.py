"""Label-true, in a real browser: every number on the 14 levels is its register, read again by somebody else.

The machine in space is drawn too (in software), so that its labels are held to the same.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.e2e.conftest import PATIENT_MS, Product, launched
from tests.e2e.labels import Reader, as_shown, close, recompute
from tests.e2e.test_scene import SOFTWARE
from tests.e2e.waiting import caught_up, drawn, until_true

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

# Digits that are no figures: numbers of lists and parts, ages, ticks of scales that figures made, text in tools.
NOT_FIGURES = ("[data-nav]", "[data-scale]", "[data-age]", "[data-passport]", "script", "style")

FIGURES = """() => [...document.querySelectorAll('[data-figure]')].filter(e => e.querySelector('.figure-number'))
  .map(e => ({id: e.dataset.figure, quality: e.dataset.quality, text: e.querySelector('.figure-number').textContent,
              unit: (e.querySelector('.figure-unit') || {textContent: ''}).textContent.trim(),
              value: e.dataset.value, si: e.dataset.unit, inSpace: e.closest('.scene-label') !== null,
              announced: e.closest('.announced') !== null}))"""

STRAYS = """excepted => {
  const found = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const node = walk.currentNode;
    if (!/[0-9]/.test(node.textContent)) continue;
    if (node.parentElement.closest('[data-figure]')) continue;
    if (excepted.some(rule => node.parentElement.closest(rule))) continue;
    found.push(node.textContent.trim() + ' in ' + node.parentElement.outerHTML.slice(0, 160));
  }
  return found;
}"""


# Facts of sweeps change with every sweep: what the page was told is kept, to compare what it shows with that.
HEARD = """window.heard = {};
const ask = window.fetch;
window.fetch = async (...args) => {
  const answer = await ask(...args);
  if (String(args[0]).startsWith('/api/sweeps'))
    for (const row of await answer.clone().json()) (window.heard[row.id] ??= []).push(row.value);
  return answer;
};"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium that draws the machine in software."""
    with launched(*SOFTWARE) as opened:
        yield opened


@pytest.fixture(scope="module")
def schema(product: Product) -> dict[str, Any]:
    return product.get("/api/schema")  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    found = Reader()
    yield found
    found.close()


def come_to(page: Page, level: int) -> None:
    """Goes to a level and waits until it is all there: figures, the machine with its labels, what is announced."""
    page.evaluate(f"location.hash = '#/level/{level}'")
    page.locator(".level-big", has_text=f"{level:02d}").wait_for()
    page.wait_for_selector("[data-figure][data-quality=good]")
    drawn(page, level)
    page.wait_for_selector(".scene-label [data-figure][data-quality=good]")
    page.wait_for_selector(".announced [data-figure]", state="attached")


def facts(schema: dict[str, Any], figure: str) -> dict[str, Any]:
    points = schema["points"]
    index = points["id"].index(figure)
    names = ("type", "low_first", "mask", "shift", "sf", "sf_point", "add", "sign", "factor")
    return {name: points[name][index] for name in names}


Readings = dict[str, tuple[dict[str, Any], dict[str, Any]]]
"""Figures with the reading of their passport and the facts of their point."""


def test_numbers_follow_the_moving_plant(page: Page, product: Product, schema: dict[str, Any], reader: Reader) -> None:
    """While the plant moves, the page shows what lies between readings before and after, give or take one step."""
    page.goto(f"{product.url}/#/level/1")
    for level in (1, 12):
        come_to(page, level)
        readings: Readings = {}
        for name in shown_now(page):
            passport = product.get(f"/api/figures/{name}/passport")
            if passport["kind"] == "reading":
                readings[name] = (passport["reading"], facts(schema, name))
        assert len(readings) >= 6
        follow(page, reader, readings)


def follow(page: Page, reader: Reader, readings: Readings) -> None:
    """Reads again and again, from before the page is looked at until after; page and registers must have moved."""
    seen: dict[str, list[float]] = {name: [] for name in readings}
    shown: list[dict[str, float]] = []

    def look() -> None:
        for name, (reading, fact) in readings.items():
            seen[name].append(recompute(reader.words(reading), fact, fact["sf"]))

    def astray() -> list[Any]:
        page.wait_for_timeout(200)  # lets the readers of the page have the links too
        shown.append(shown_now(page))
        look()
        last = shown[-1]
        return [
            (name, last.get(name), values)
            for name, values in seen.items()
            if not _between(last.get(name), values, readings[name][1])
        ]

    look()
    until_true(lambda: not astray(), astray, 30.0)
    until_true(lambda: not astray() and shown[0] != shown[-1], "the page does not move", 60.0)
    assert any(max(values) > min(values) for values in seen.values()), "the plant stands still"


def shown_now(page: Page) -> dict[str, float]:
    """Numbers on the page, in SI, of one moment."""
    return {
        figure["id"]: float(figure["value"])
        for figure in page.evaluate(FIGURES)
        if figure["value"] and figure["si"] not in ("code", "text") and not figure["announced"]
    }


def _between(now: float | None, values: list[float], fact: dict[str, Any]) -> bool:
    if now is None:
        return False
    slack = max(max(values) - min(values), abs(values[-1]) * 0.01, fact["factor"] * 10.0 ** (fact["sf"] or 0))
    return min(values) - slack <= now <= max(values) + slack


@pytest.fixture(scope="module")
def walking(browser: Browser, product: Product) -> Iterator[Page]:
    """One page for all levels, over a plant that stands still: what two readers see is the same."""
    context = browser.new_context(
        viewport={"width": 1440, "height": 900}, locale="en-GB", color_scheme="dark", reduced_motion="reduce"
    )
    context.set_default_timeout(PATIENT_MS)
    page = context.new_page()
    wrong: list[str] = []
    page.on("console", lambda m: wrong.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.add_init_script(HEARD)
    product.hold()
    try:
        page.goto(f"{product.url}/#/level/1")
        yield page
    finally:
        product.go_on()
        context.close()
    assert not wrong, wrong


@pytest.fixture(scope="module", params=range(1, 15))
def level(request: pytest.FixtureRequest, walking: Page, product: Product) -> int:
    """The page stands at this level."""
    come_to(walking, request.param)
    caught_up(walking, product)
    return int(request.param)


def test_every_number_is_its_register(
    walking: Page, product: Product, schema: dict[str, Any], reader: Reader, level: int
) -> None:
    found = walking.evaluate(FIGURES)
    figures = {(f["id"], f["text"], f["unit"]): f for f in found}.values()
    in_space = {f["id"] for f in found if f["inSpace"] and f["text"].strip() != "—"}
    assert in_space, "a machine without numbers proves nothing"
    heard = walking.evaluate("window.heard")
    checked = sum(check(product, schema, reader, figure, heard) for figure in figures)
    assert checked >= 3, "a level without numbers proves nothing"


def test_no_digit_without_a_passport(walking: Page, level: int) -> None:
    strays = walking.evaluate(STRAYS, list(NOT_FIGURES))
    assert not strays, (level, "\n".join(strays[:20]))


def check(
    product: Product, schema: dict[str, Any], reader: Reader, figure: dict[str, Any], heard: dict[str, list[float]]
) -> int:
    """One figure of the page against its register; 1 where it showed a number."""
    if figure["text"].strip() in ("—", ""):
        assert figure["quality"] not in ("good", "stale"), figure
        return 0
    passport = valued(product, figure["id"])
    if figure["si"] == "code" or passport["text"] is not None:
        return check_code(passport, reader)
    shown, half = as_shown(figure["text"], figure["unit"])
    if passport["kind"] == "derived":
        assert passport["derived"]["formula"]
        if passport["derived"]["exchanges"]:
            return check_sweep(passport, shown, half, heard[figure["id"]])
        assert passport["derived"]["inputs"]
        assert close(shown, passport["value"], half), (figure, passport["value"])
        return 1
    reading = passport["reading"]
    words = reader.words(reading)
    assert [f"{word:04X}" for word in words] == reading["words"], (figure["id"], words, reading["words"])
    fact = facts(schema, figure["id"])
    exponent = fact["sf"]
    if exponent is None:
        scale = product.get(f"/api/figures/{schema['points']['id'][fact['sf_point']]}/passport")
        (word,) = reader.words(scale["reading"])
        exponent = word - 65536 if word > 32767 else word
    value = recompute(words, fact, exponent)
    assert math.isclose(value, passport["value"], rel_tol=1e-9, abs_tol=1e-12), (figure, value, passport["value"])
    assert close(shown, value, half), (figure, value)
    return 1


def valued(product: Product, figure: str) -> dict[str, Any]:
    """The passport of a figure; under load a machine may miss three sweeps, and a formula has no value for a moment."""
    for _ in range(20):
        passport: dict[str, Any] = product.get(f"/api/figures/{figure}/passport")
        if passport["value"] is not None or passport["text"] is not None:
            break
        time.sleep(0.5)
    return passport


def check_sweep(passport: dict[str, Any], shown: float, half: float, heard: list[float]) -> int:
    """A fact of a sweep: its passport's exchanges give its value, and the page shows one that it was told."""
    exchanges = passport["derived"]["exchanges"]
    values = {
        "sweep_requests": float(len(exchanges)),
        "sweep_failed": float(sum(row["outcome"] != "ok" for row in exchanges)),
        "sweep_skew": (max(row["received_ms"] or 0 for row in exchanges) - min(row["sent_ms"] for row in exchanges))
        / 1e3,
    }
    assert close(values[passport["id"].rsplit("/", 1)[1]], passport["value"], 1e-6), passport["id"]
    assert any(close(shown, value, half) for value in heard), (passport["id"], shown, heard)
    return 1


def check_code(passport: dict[str, Any], reader: Reader) -> int:
    if passport["kind"] == "reading":
        words = reader.words(passport["reading"])
        assert [f"{word:04X}" for word in words] == passport["reading"]["words"]
    return 1
