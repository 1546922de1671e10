"""The three views in a browser: numbers of the API, a role by sign-in or by switch, levels in its colour, one sheet."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from bessinside.web.users import save_user
from tests.e2e.counted import MOMENT, Counted, counted

pytestmark = pytest.mark.browser

ROLES = ("investor", "marketer", "purchaser")
PASSWORD = "correct horse battery"

FACTS = """() => [...document.querySelectorAll('[data-fact]')].map(e => ({id: e.dataset.fact, value: e.dataset.value,
  unit: e.dataset.unit, quality: e.dataset.quality,
  shown: (e.querySelector('.fact-number') || {textContent: ''}).textContent,
  by: (e.querySelector('.fact-unit') || {textContent: ''}).textContent.trim()}))"""
STRAYS = """() => {
  const found = [];
  const walk = document.createTreeWalker(document.querySelector('.views'), NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const at = walk.currentNode;
    if (!/[0-9]/.test(at.textContent) || at.parentElement.closest('[data-fact], [data-nav]')) continue;
    found.push(at.textContent);
  }
  return found;
}"""
FACTORS = {"MW": 1e6, "kW": 1e3, "MWh": 1e6, "kWh": 1e3, "mV": 1e-3}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Counted]:
    with counted(tmp_path_factory.mktemp("views")) as running:
        yield running


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1440, "height": 1000}, locale="en-GB", color_scheme="dark")
    opened = context.new_page()
    wrong: list[str] = []
    opened.on("console", lambda m: wrong.append(m.text) if m.type == "error" else None)
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    yield opened
    context.close()
    assert not wrong, wrong


def show(page: Page, url: str, role: str) -> Any:
    """Opens a view at the recorded moment; what the API says of the same base."""
    page.goto(f"{url}/#/view/{role}?{MOMENT}")
    expect(page.locator(".views-groups")).to_be_visible(timeout=60_000)
    return page.locator(".views").get_attribute("data-base")


def test_every_number_is_the_apis_and_none_stands_without_its_fact(page: Page, site: Counted) -> None:
    seen: dict[str, str] = {}
    for role in ROLES:
        base = show(page, site.url, role)
        told = site.get(f"/api/views/{role}?base={base}")
        assert told["base"] == base
        expect(page.locator("#views-title")).to_have_text(told["title"])
        shown = {fact["id"]: fact for fact in page.evaluate(FACTS)}
        facts = [fact for group in told["groups"] for fact in group["facts"]]
        assert set(shown) == {fact["id"] for fact in facts}
        for fact in facts:
            mine = shown[fact["id"]]
            assert mine["quality"] == fact["quality"]
            if fact["value"] is None:
                assert mine["shown"] in ("", "—")
                assert fact["missing"] or fact["text"], fact["id"]
                continue
            assert float(mine["value"]) == fact["value"]
            assert seen.setdefault(fact["id"], mine["shown"]) == mine["shown"], "one fact, one value"
            number = mine["shown"].replace(",", "").replace("−", "-")
            factor = FACTORS.get(mine["by"], 1.0)
            half = 0.5 * 10.0 ** -len(number.partition(".")[2]) * factor
            assert abs(float(number) * factor - fact["value"]) <= half * 1.0001 + 1e-12, fact["id"]
        assert page.evaluate(STRAYS) == []
    assert len(seen) >= 5, "a plant without facts proves nothing"


def test_a_fact_opens_what_it_rests_on_and_says_what_is_missing(page: Page, site: Counted) -> None:
    show(page, site.url, "investor")
    card = page.locator('[data-fact="realised.eur"]')
    card.get_by_role("button").first.click()
    opened = card.locator(".fact-opened")
    expect(opened).to_contain_text("Bundesnetzagentur | SMARD.de")
    fact = site.get(f"/api/facts/realised.eur?base={page.locator('.views').get_attribute('data-base')}")
    expect(opened).to_contain_text(fact["definition"])
    expect(opened.locator("code").first).to_have_text(fact["equation"])
    opened.locator('[data-origin="meter/energy_export"]').click()
    expect(page.locator(".inspector")).to_contain_text("Energy fed in")
    missing = page.locator('[data-fact="throughput.auxiliary_share"]')
    expect(missing.locator(".fact-lacks")).to_contain_text("container.auxiliary_energy")
    missing.get_by_role("button").first.click()
    expect(missing.locator(".fact-lacking")).to_contain_text("container.auxiliary_energy")


def test_cards_say_how_a_value_is_known_by_shape_and_text(page: Page, site: Counted) -> None:
    said: dict[str, set[str]] = {}
    for role in ROLES:
        base = show(page, site.url, role)
        told = site.get(f"/api/views/{role}?base={base}")
        for fact in (fact for group in told["groups"] for fact in group["facts"]):
            of = page.locator(f'[data-fact="{fact["id"]}"] [data-basis]')
            if not fact["basis"]:
                expect(of).to_have_count(0)
                continue
            expect(of).to_have_attribute("data-basis", fact["basis"])
            said.setdefault(fact["basis"], set()).add(of.inner_text())
            leaves = {one["kind"] for one in fact["origin"]}
            if fact["basis"] != "stated":
                assert not leaves & {"input", "nameplate"}, fact["id"]
            if fact["basis"] == "read":
                assert [one["value"] for one in fact["origin"]] == [fact["value"]], fact["id"]
    assert {basis: len(words) for basis, words in said.items()} == dict.fromkeys(said, 1)
    assert {"computed", "stated"} <= set(said)
    words = [next(iter(one)) for one in said.values()]
    assert len({text[0] for text in words}) == len({text[1:] for text in words}) == len(words)


def test_the_role_colours_the_levels(page: Page, site: Counted) -> None:
    colours = {}
    for role in ("investor", "purchaser"):
        show(page, site.url, role)
        page.locator(".level", has_text="Grid meter").first.click()
        figure = page.locator('#level [data-figure="meter/energy_export"] .figure-number').first
        expect(figure).to_be_visible()
        page.wait_for_function("role => document.documentElement.dataset.role === role", arg=role)
        wanted = page.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--role')").strip()
        colours[role] = wanted
        marked = page.locator(".levels ol li").nth(12).locator(".level")
        assert "inset" in marked.evaluate("of => getComputedStyle(of).boxShadow")
    assert colours["investor"] != colours["purchaser"]
    show(page, site.url, "investor")
    page.get_by_role("button", name="everybody").click()
    page.wait_for_function("() => document.documentElement.dataset.role === undefined")


def test_each_view_fits_a_sheet(page: Page, site: Counted) -> None:
    for role in ROLES:
        show(page, site.url, role)
        margin = dict.fromkeys(("top", "bottom", "left", "right"), "1cm")
        pdf = page.pdf(format="A4", print_background=True, margin=margin)
        assert re.findall(rb"/Count (\d+)", pdf) == [b"1"], role


def test_a_phone_shows_it_in_german_without_sideways_scrolling(browser: Browser, site: Counted) -> None:
    context = browser.new_context(viewport={"width": 360, "height": 740}, locale="de-DE", is_mobile=True)
    page = context.new_page()
    show(page, site.url, "purchaser")
    expect(page.locator("#views-title")).to_have_text("Käufer")
    page.locator('[data-fact="nameplate.power"] button').first.click()
    expect(page.locator(".fact-opened")).to_contain_text("plant.nameplate.power der Anlagendatei")
    english = re.compile(r"\b(the|from|with|missing|registers?|computed|counted|plant file|sweeps)\b")
    words = re.sub(
        r"\S+[./]\S+", "", page.locator(".views-groups").inner_text()
    )  # keys, figures and files have one name
    assert not english.search(words), english.search(words)
    assert page.evaluate("document.querySelector('main').scrollWidth") <= 360
    context.close()


def test_who_signs_in_sees_the_view_of_the_role(page: Page, site: Counted, tmp_path: Path) -> None:
    users = tmp_path / "users.toml"
    save_user(users, "mara", "marketer", PASSWORD)
    with counted(tmp_path, "--users", str(users), like=site.folder) as guarded:
        page.goto(f"{guarded.url}/#/view/investor?{MOMENT}")
        page.locator("input[name=user]").fill("mara")
        page.locator("input[name=password]").fill(PASSWORD)
        page.get_by_role("button").first.click()
        expect(page.locator(".views-groups")).to_be_visible(timeout=60_000)
        expect(page.locator("#views-title")).to_have_text("Direct marketer")
        expect(page.locator(".views .segmented")).to_have_count(0)
        page.goto("about:blank")
