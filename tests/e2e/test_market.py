"""The market in a browser: each figure is the API's, sliders answer at once, slots say why, prices are credited."""

from __future__ import annotations

import csv
import io
import json
import re
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, FilePayload, Page, expect

from tests.e2e.conftest import Product, free_port, plant_on_free_ports, start
from tests.e2e.counted import Counted, counted
from tests.market import counted_plant
from tests.market.publishers import Publisher, Reply, fcr, publisher

pytestmark = pytest.mark.browser

CREDIT = "Bundesnetzagentur | SMARD.de"
CAVEAT = {"en": "Upper bound, not a forecast", "de": "Obergrenze, keine Prognose"}


@dataclass
class Market:
    url: str
    reserves: Publisher

    def get(self, path: str) -> Any:
        with urllib.request.urlopen(self.url + path, timeout=60) as answer:
            return json.load(answer)

    def post(self, path: str, body: Any) -> Any:
        headers = {"Content-Type": "application/json", "Origin": self.url}
        asked = urllib.request.Request(self.url + path, json.dumps(body).encode(), headers)
        with urllib.request.urlopen(asked, timeout=60) as answer:
            return json.load(answer)


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Market]:
    """A twin whose plant is silent: the market needs no plant."""
    folder = tmp_path_factory.mktemp("market")
    port = free_port()
    with publisher(fcr(date(2026, 9, 27), date(2026, 10, 11))) as reserves:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("BESSINSIDE_CACHE", str(folder / "cache"))
            patch.setenv("BESSINSIDE_REGELLEISTUNG_URL", reserves.url)
            twin = start("run", str(plant_on_free_ports(folder)), "--port", str(port))
        running = Product(f"http://127.0.0.1:{port}", folder, twin, twin)
        try:
            running.until(lambda: _answers(running), 60)
            yield Market(running.url, reserves)
        finally:
            twin.terminate()
            twin.wait(timeout=60)


def _answers(running: Product) -> bool:
    try:
        return bool(running.get("/api/prices")["price"])
    except OSError:
        return False


@pytest.fixture
def page(browser: Browser, market: Market) -> Iterator[Page]:
    context = browser.new_context(
        viewport={"width": 1440, "height": 1000}, locale="en-GB", color_scheme="dark", accept_downloads=True
    )
    opened = context.new_page()
    wrong: list[str] = []
    opened.on("console", lambda m: wrong.append(m.text) if m.type == "error" else None)
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    yield opened
    context.close()
    assert not [text for text in wrong if not re.search(r"400 \(Bad Request\)|502 \(Bad Gateway\)", text)], wrong


def show(page: Page, market: Market) -> None:
    page.goto(f"{market.url}/#/market")
    expect(page.locator("#market-schedule")).to_be_visible(timeout=60_000)
    expect(page.locator(".market-years li").first).to_be_visible()
    expect(page.locator(".market-detail.market-stale")).to_have_count(0)


def number(text: str) -> float:
    found = re.search(r"−?[\d,]+(?:\.\d+)?", text)
    assert found, text
    return float(found[0].replace(",", "").replace("−", "-"))


def settled(page: Page) -> None:
    """What was asked last is answered, as far as the page knows yet."""
    page.wait_for_timeout(300)
    expect(page.locator(".market-stale")).to_have_count(0, timeout=60_000)


def shows(page: Page, wanted: int) -> None:
    """The headline comes to this number; a change may still be under way."""
    text = f"{wanted:,}".replace("-", "−")
    expect(page.locator("#market-eur-mw")).to_have_text(re.compile(rf"(^|\D){re.escape(text)}(\D|$)"), timeout=60_000)


def test_the_menu_leads_there_and_every_figure_is_the_apis(page: Page, market: Market) -> None:
    page.goto(market.url)
    page.get_by_role("button", name="Revenue").click()
    expect(page).to_have_url(re.compile("#/market$"))
    expect(page.locator("#market-eur-mw")).to_be_visible(timeout=60_000)
    settled(page)
    found = market.post("/api/revenue", {})["revenue"]
    shows(page, round(found["eur_mw"]))
    detail = page.inner_text(".market-detail")
    assert f"{found['feasible_eur']:,.2f} EUR" in detail
    assert f"{found['gap_eur']:,.2f} EUR less" in detail
    for rung in found["ladder"]:
        row = page.locator(f"[data-rung={rung['key']}]").inner_text()
        assert f"{rung['eur']:,.0f} EUR" in row
        assert f"{100 * rung['share']:.0f} %" in row
    rows = page.locator(".market-table tbody tr").all_inner_texts()
    assert len(rows) == len(found["months"])
    for row, month in zip(rows, found["months"], strict=True):
        assert f"{month['eur_mw']:,.0f}" in row
    summary = market.get("/api/prices")["summary"]
    facts = page.locator(".market-facts dd").all_inner_texts()
    wanted = [summary[key] for key in ("mean", "low", "high", "spread_1h", "spread_2h", "spread_4h")]
    assert [number(text) for text in facts] == [round(value, 2) for value in wanted]


def test_a_slider_answers_at_once_and_the_schedule_follows(page: Page, market: Market) -> None:
    show(page, market)
    slider = page.get_by_role("slider", name="Duration")
    slider.focus()
    before = page.inner_text("#market-eur-mw")
    slider.press("ArrowRight")
    page.wait_for_function("text => document.querySelector('#market-eur-mw').innerText !== text", arg=before)
    settled(page)
    asked = {"question": {"power_w": 1e6, "energy_wh": 2.25e6}}
    found = market.post("/api/revenue", asked)["revenue"]
    shows(page, round(found["eur_mw"]))
    expect(page.locator(".market-detail")).to_contain_text(f"{found['feasible_eur']:,.2f} EUR", timeout=60_000)


def test_many_moves_end_at_the_last_question(page: Page, market: Market) -> None:
    show(page, market)
    slider = page.get_by_role("slider", name="Cycles a day")
    slider.focus()
    for _ in range(12):
        slider.press("ArrowRight")
    settled(page)
    expect(page.locator(".market-value", has_text="no cap")).to_be_visible()
    found = market.post("/api/revenue", {"question": {"cycles_day": None}})["revenue"]
    shows(page, round(found["eur_mw"]))


def test_every_slot_says_why_by_keyboard_and_pointer(page: Page, market: Market) -> None:
    show(page, market)
    answer = market.post("/api/revenue", {})
    slots = market.get(f"/api/revenue/{answer['id']}/slots?lang=en")
    plot = page.locator(".market-slots").first
    plot.focus()
    for _ in range(50):
        plot.press("ArrowRight")
    reason = page.locator(".market-reason").first
    shown = reason.inner_text()
    assert slots["words"][49] in shown or slots["words"][50] in shown
    box = plot.locator(".market-catch").bounding_box()
    assert box
    charging = next(i for i, power in enumerate(slots["power_w"]) if power < -1)
    x = box["x"] + box["width"] * (charging + 0.5) / len(slots["price"])
    page.mouse.move(x, box["y"] + 40)
    expect(reason).to_contain_text(slots["words"][charging])
    expect(reason).to_contain_text("Charges with")


def test_prices_are_credited_and_maxima_called_upper_bounds(page: Page, market: Market) -> None:
    show(page, market)
    for language in ("en", "de"):
        for part in (".market-headline", ".market-ladder", "#market-schedule", "#market-eight", "#market-compare"):
            around = page.locator(part) if part.startswith(".") else page.locator(part).locator("..")
            expect(around).to_contain_text(CAVEAT[language])
        credits = page.locator(".market-credit")
        assert credits.count() == 4
        for at in range(4):
            expect(credits.nth(at)).to_contain_text(CREDIT)
        expect(page.locator("#market-facts")).to_contain_text(CREDIT)
        assert page.locator(".market-indices cite").count() == len(market.get("/api/revenue/compare")["indices"])
        if language == "en":
            page.get_by_role("button", name="Deutsch").click()
            expect(page.locator("#market-title")).to_have_text("Erlös")
            expect(page.locator(".market-reason").first).to_be_visible()


def test_eight_days_are_quartered_by_their_prices(page: Page, market: Market) -> None:
    show(page, market)
    answer = market.post("/api/revenue", {})
    slots = market.get(f"/api/revenue/{answer['id']}/slots?from=2026-10-04&to=2026-10-11")
    prices = sorted(slots["price"])
    low, high = (prices[round(share * (len(prices) - 1))] for share in (0.25, 0.75))
    section = page.locator("#market-eight").locator("../..")
    expect(section).to_contain_text(f"below {low:,.2f} EUR/MWh BUY, above {high:,.2f} EUR/MWh SELL")
    assert section.locator(".market-quarter-buy").count() == sum(price <= low for price in prices)
    assert section.locator(".market-quarter-sell").count() == sum(price >= high for price in prices)


def test_now_stands_in_the_eight_days_when_they_hold_it(page: Page, market: Market) -> None:
    page.clock.set_fixed_time("2026-10-10T09:30:00Z")
    show(page, market)
    section = page.locator("#market-eight").locator("../..")
    expect(section.locator(".market-mark text")).to_have_text("NOW")
    expect(section.locator(".market-beyond")).to_have_count(0)
    page.clock.set_fixed_time("2026-11-20T09:30:00Z")
    page.reload()
    show(page, market)
    expect(page.locator(".market-beyond")).to_contain_text("prices fetch --from 2026-11-13 --to 2026-11-21")
    expect(page.locator(".market-mark")).to_have_count(0)


def test_other_days_are_asked_for_and_unknown_ones_say_how_to_get_them(page: Page, market: Market) -> None:
    show(page, market)
    page.locator("input[type=date]").nth(0).fill("2026-10-05")
    page.locator("input[type=date]").nth(0).blur()
    expect(page.locator(".market-under")).to_contain_text("in 7 days", timeout=20_000)
    settled(page)
    found = market.post("/api/revenue", {"first": "2026-10-05", "last": "2026-10-11"})["revenue"]
    shows(page, round(found["eur_mw"]))
    page.locator("input[type=date]").nth(0).fill("2025-01-01")
    page.locator("input[type=date]").nth(0).blur()
    command = "bessinside prices fetch --from 2025-01-01 --to 2026-10-11"
    expect(page.locator(".market-short")).to_contain_text(command, timeout=20_000)
    expect(page.locator(".market-under")).to_contain_text("in 15 days", timeout=20_000)
    page.locator("input[type=date]").nth(1).fill("2025-01-02")
    page.locator("input[type=date]").nth(1).blur()
    page.locator("input[type=date]").nth(0).fill("2025-01-01")
    page.locator("input[type=date]").nth(0).blur()
    command = "bessinside prices fetch --from 2025-01-01 --to 2025-01-02"
    expect(page.locator(".market-days .failure")).to_contain_text(command, timeout=20_000)


def test_what_is_exported_is_what_is_shown(page: Page, market: Market) -> None:
    show(page, market)
    found = market.post("/api/revenue", {})["revenue"]
    with page.expect_download() as waiting:
        page.get_by_role("link", name="Schedule as CSV").click()
    lines = Path(waiting.value.path()).read_text().splitlines()
    assert CAVEAT["en"] in lines[0]
    assert CREDIT in lines[1]
    rows = list(csv.DictReader(io.StringIO("\n".join(lines[2:]))))
    assert sum(float(row["eur"]) for row in rows) == pytest.approx(found["feasible_eur"], abs=0.1)
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Answer as JSON").click()
    assert json.loads(Path(waiting.value.path()).read_text())["bound_eur"] == pytest.approx(found["bound_eur"])
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Prices as CSV").click()
    lines = Path(waiting.value.path()).read_text().splitlines()
    assert (lines[0], len(lines)) == ("utc_start,price_eur_mwh,mtu_min", 1441)


def test_on_paper_it_is_one_sheet_with_figure_caveat_and_credit(page: Page, market: Market) -> None:
    show(page, market)
    pdf = page.pdf(format="A4", print_background=True, margin=dict.fromkeys(("top", "bottom", "left", "right"), "1cm"))
    assert re.findall(rb"/Count (\d+)", pdf) == [b"1"]
    page.emulate_media(media="print")
    for part in ("#market-eur-mw", ".market-ladder", "#market-schedule", ".market-table", "#market-heat"):
        expect(page.locator(part).first).to_be_visible()
    expect(page.locator(".market-headline")).to_contain_text(CAVEAT["en"])
    battery = "1 MW, 2 MWh, Round trip 88 %, Cycles a day: 1.50"
    expect(page.locator(".market-asked")).to_have_text(f"{battery} · 27 Sept 2026 – 11 Oct 2026")
    expect(page.locator("footer.market-credit")).to_contain_text(CREDIT)
    expect(page.locator(".market-controls")).to_be_hidden()


def test_a_phone_needs_no_sideways_scrolling(browser: Browser, market: Market) -> None:
    context = browser.new_context(
        viewport={"width": 360, "height": 740}, locale="de-DE", is_mobile=True, has_touch=True
    )
    page = context.new_page()
    show(page, market)
    assert page.evaluate("document.querySelector('main').scrollWidth") <= 360
    for button in page.locator(".market button, .market a.switch").all():
        box = button.bounding_box()
        assert box
        assert box["x"] + box["width"] <= 360
    context.close()


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Counted]:
    """A twin that kept two days of a plant whose every number can be checked by hand."""
    with counted(tmp_path_factory.mktemp("past")) as running:
        yield running


def test_what_was_counted_lies_over_the_prices_with_what_it_missed(page: Page, past: Counted) -> None:
    page.goto(f"{past.url}/#/market")
    expect(page.locator("#market-realised-eur")).to_be_visible(timeout=60_000)
    found = past.get("/api/market/realised?from=2026-10-08&to=2026-10-09")
    shown = page.locator("#market-realised-eur")
    expect(shown).to_contain_text(f"{found['eur_total']:,.2f} EUR by the meter")
    expect(shown).to_contain_text(f"{found['out_total_wh'] / 1e6:,.3f} MWh out")
    section = page.locator(".market-around")
    expect(section).to_contain_text("185 of 192 slots counted")
    expect(section).to_contain_text("meter/energy_export: 3 of 2,79")
    expect(section.locator(".market-gaps li")).to_have_count(1)
    expect(section.locator("rect.market-uncounted")).to_have_count(1)
    assert section.locator("path.market-counted").get_attribute("d")
    prices = sorted(found["price"])
    low, high = (prices[round(share * (len(prices) - 1))] for share in (0.25, 0.75))
    known = [(p, w) for p, w in zip(found["price"], found["power_w"], strict=True) if w is not None]
    hours = sum(p <= low or p >= high for p, _ in known) / 4
    caught = sum((p <= low and w < -1e4) or (p >= high and w > 1e4) for p, w in known) / 4
    words = f"Of {hours:.2f} h in the cheapest and dearest quarter the plant used {caught:.2f} h"
    expect(page.locator("#market-caught")).to_contain_text(words)


def test_the_steps_down_add_up_and_open_their_slots_and_registers(page: Page, past: Counted) -> None:
    page.goto(f"{past.url}/#/market")
    asked = "power=1e6&energy=2e6&rte=0.88&cycles=1.5"
    found = past.get(f"/api/market/waterfall?from=2026-10-08&to=2026-10-09&{asked}")
    steps = page.locator(".market-fall [data-step]")
    expect(steps).to_have_count(len(found["bars"]) + 2, timeout=60_000)
    cents = {row.get_attribute("data-step"): int(row.get_attribute("data-cents") or 0) for row in steps.all()}
    texts = {row.get_attribute("data-step"): row.locator(".market-right").inner_text() for row in steps.all()}
    for key, text in texts.items():
        eur = float(re.sub(r"[^0-9.−]", "", text).replace("−", "-"))
        sign = 1 if key in ("bound", "realised") else -1
        assert round(eur * 100) == sign * cents[key], (key, text)
    lost = sum(value for key, value in cents.items() if key not in ("bound", "realised"))
    assert cents["bound"] - lost == cents["realised"], "to the shown digit"
    assert (found["bound_cents"], found["realised_cents"]) == (cents["bound"], cents["realised"])
    bar = next(bar for bar in found["bars"] if bar["key"] == "availability")
    page.locator("[data-step=availability] .market-step").click()
    opened = page.locator("[data-opened=availability]")
    expect(opened.locator("tbody tr")).to_have_count(min(24, len(bar["slots"])))
    expect(opened.locator("tbody tr").first).to_contain_text(f"{bar['slots'][0]['price']:,.2f}")
    opened.locator("[data-register='pcs1/state_fault']").click()
    expect(page.locator(".inspector")).to_be_visible()
    page.locator("[data-step=auxiliaries] .market-step").click()
    expect(page.locator("[data-opened=auxiliaries]")).to_contain_text("container.auxiliary_energy")
    for text in ("Alternatives, not additive", CAVEAT["en"], CREDIT):
        expect(page.locator(".market-down")).to_contain_text(text)
    page.locator("[data-step=availability] .market-step").click()
    opened.locator(".market-moment").first.click()
    expect(page).to_have_url(re.compile(r"#/level/1\?.*t=2026-10-09T"))


def test_without_a_history_it_says_what_to_start_and_a_load_curve_will_do(page: Page, market: Market) -> None:
    show(page, market)
    expect(page.locator("#market-uncounted")).to_contain_text("--history DIR")
    lines = ["utc_start,power_kw"]
    watts = counted_plant.day().meter_w.reshape(-1, 15).mean(axis=1)
    for slot, power in enumerate(watts):
        at = time.strftime("%Y-%m-%dT%H:%MZ", time.gmtime(counted_plant.START_NS // 10**9 + slot * 900))
        lines.append(f"{at},{power / 1e3:.6f}")
    page.get_by_label("Load curve").set_input_files(a_file("mine.csv", "\n".join(lines)))
    expect(page.locator("[data-file=curve]")).to_contain_text("192 slots of 15 min, 8 Oct 2026 – 9 Oct 2026")
    expect(page.locator(".market-around")).to_contain_text("Load curve mine.csv: 192 of 192 slots counted")
    expect(page.locator(".market-fall [data-step=unexplained]")).to_be_visible(timeout=60_000)
    expect(page.locator(".market-fall [data-step=realised]")).to_be_visible()
    page.get_by_label("Load curve").set_input_files(a_file("bad.csv", "utc_start,power_kw\n2026-10-08T00:00Z,x\n"))
    said = "bad.csv:2: power_kw: expected a number, got 'x'"
    expect(page.locator("[data-file=curve] .failure")).to_contain_text(said)


def test_prices_of_ones_own_and_fcr_change_the_answer(page: Page, market: Market) -> None:
    show(page, market)
    headline = page.locator("#market-eur-mw")
    usual = headline.inner_text()
    hours = "".join(f"2026-09-01T{hour:02}:00Z,{10 * hour}\n" for hour in range(24))
    page.get_by_label("Prices", exact=True).set_input_files(a_file("own.csv", f"utc_start,price_eur_mwh\n{hours}"))
    expect(page.locator("[data-file=prices]")).to_contain_text("24 slots of 60 min", timeout=60_000)
    expect(page.locator("footer.market-credit")).to_contain_text("file own.csv", timeout=60_000)
    expect(headline).not_to_have_text(usual, timeout=60_000)
    page.locator("[data-file=prices]").get_by_role("button", name="Put away").click()
    expect(page.locator("footer.market-credit")).to_contain_text(CREDIT, timeout=60_000)
    expect(headline).to_have_text(usual, timeout=60_000)
    settled(page)
    before = number(page.inner_text("#market-eur-mw"))
    blocks = [time.strftime("%Y-%m-%dT%H:%MZ", time.gmtime(1_790_460_000 + 14_400 * k)) for k in range(90)]
    fcr = "utc_start,price_eur_mwh\n" + "".join(f"{at},80\n" for at in blocks)
    page.get_by_label("FCR prices").set_input_files(a_file("made-up.csv", fcr))
    expect(page.locator("#market-fcr")).to_contain_text("made-up.csv", timeout=60_000)
    assert number(page.inner_text("#market-eur-mw")) > before
    with page.expect_download() as waiting:
        page.get_by_role("link", name="Schedule as JSON").click()
    plan = json.loads(Path(waiting.value.path()).read_text())
    assert max(slot["reserve_w"] for slot in plan["slots"]) > 0
    assert plan["caveat"] == CAVEAT["en"]


def a_file(name: str, text: str) -> FilePayload:
    return {"name": name, "mimeType": "text/csv", "buffer": text.encode()}


def test_fcr_is_fetched_on_demand_with_its_credit_or_a_way_out(page: Page, market: Market) -> None:
    show(page, market)
    part = page.locator(".market-fetch")
    usual, market.reserves.answer = market.reserves.answer, lambda *_: Reply(404, b"moved")
    try:
        part.get_by_role("button").click()
        expect(part.get_by_role("alert")).to_contain_text("open a file of FCR prices of your own", timeout=60_000)
    finally:
        market.reserves.answer = usual
    expect(page.get_by_role("checkbox")).not_to_be_checked()
    part.get_by_role("button").click()
    expect(part).to_have_attribute("data-fetch", "done", timeout=60_000)
    expect(part).to_contain_text("regelleistung.net (all rights reserved; fetched for this use, not kept)")
    expect(page.get_by_role("checkbox")).to_be_checked()
    expect(page.locator(".market-credit").first).to_contain_text("regelleistung.net", timeout=60_000)
    assert any(path.startswith("/files") for path in market.reserves.asked)
