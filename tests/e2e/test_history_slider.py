"""The time slider turns the whole page: what it shows then is what `bessinside read --at` says of the same moment."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from bessinside.historian.basis.when import iso
from tests.cli.conftest import Run, run  # noqa: F401  a fixture
from tests.e2e import recorded
from tests.e2e.conftest import Product, free_port, plant_on_free_ports, silent_ports, start

pytestmark = pytest.mark.browser

FIGURES = """() => [...document.querySelectorAll('[data-figure][data-value]:not(.announced *)')].map(
    e => [e.dataset.figure, e.dataset.value, e.dataset.quality])"""
AT_LEAST = 50


@dataclass
class Recorded:
    """A twin over a recorded scenario; its devices are silent, so that nothing on the page can be of now."""

    url: str
    plant: Path
    folder: Path


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recorded]:
    scratch = tmp_path_factory.mktemp("slider")
    plant, folder, port = plant_on_free_ports(scratch), scratch / "history", free_port()
    recorded.record(plant, folder, "grid-voltage")
    url = f"http://127.0.0.1:{port}"
    with silent_ports(plant):
        twin = start("run", str(plant), "--port", str(port), "--history", str(folder))
        try:
            product = Product(url, plant, twin, twin)
            product.until(lambda: _kept(product), 60.0)
            yield Recorded(url, plant, folder)
        finally:
            twin.terminate()
            twin.wait(timeout=60)


def _kept(product: Product) -> bool:
    assert product.twin.poll() is None, "the twin ended"
    with contextlib.suppress(OSError):
        return bool(product.get("/api/history")["end_ms"])
    return False


def shown_at(page: Page) -> int:
    """The moment (ms) that the page shows, once it shows the one that it was asked for."""
    page.wait_for_function(
        "() => { const m = document.querySelector('.moment'); return m && m.dataset.shown === m.dataset.moment }",
        timeout=90_000,
    )
    return int(page.locator(".moment").get_attribute("data-shown") or "0")


def drag(page: Page, share: float) -> int:
    """Drags the handle with the mouse to a share of the slider; the moment that the page then shows."""
    slider = page.locator(".slider input[type=range]")
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    assert box is not None
    low, high = (float(slider.get_attribute(name) or "nan") for name in ("min", "max"))
    at = float(slider.input_value())
    inside = box["width"] - 16  # the handle is 16 px wide
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 8 + inside * (at - low) / (high - low), y)
    page.mouse.down()
    for step in (0.4, 0.7, 1.0):
        begun = (at - low) / (high - low)
        page.mouse.move(box["x"] + 8 + inside * (begun + (share - begun) * step), y)
    page.mouse.up()
    assert float(slider.input_value()) != at, "the handle did not move"
    return shown_at(page)


def figures(page: Page, past: Recorded, levels: tuple[int, ...]) -> dict[str, tuple[float, str]]:
    """Value (SI) and quality of every figure that some levels show at the moment on the page."""
    found: dict[str, tuple[float, str]] = {}
    for level in levels:
        moment = page.locator(".moment").get_attribute("data-moment")
        page.evaluate("([to]) => { location.hash = location.hash.replace(/level\\/\\d+/, 'level/' + to) }", [level])
        page.locator(".level-big", has_text=f"{level:02d}").wait_for()
        page.locator("[data-figure][data-value]:not(.announced *)").first.wait_for()
        assert page.locator(".moment").get_attribute("data-moment") == moment
        found |= {name: (float(value), quality) for name, value, quality in page.evaluate(FIGURES)}
    return found


def as_read(run: Run, past: Recorded, names: list[str], ms: int) -> dict[str, Any]:  # noqa: F811
    ran = run("read", str(past.plant), *names, "--at", iso(ms * 1_000_000), "--history", str(past.folder), "--json")
    assert ran.code in (0, 1), ran.err
    return {row["id"]: row for row in json.loads(ran.out)}


@pytest.mark.timeout(400)  # the recording counts too
def test_the_slider_turns_the_page_to_what_was_read_then(
    browser: Browser,
    past: Recorded,
    run: Run,  # noqa: F811
) -> None:
    context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="en-GB")
    page = context.new_page()
    page.set_default_timeout(90_000)
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    begin = round(recorded.BEGINS.timestamp() * 1000)
    page.goto(f"{past.url}/#/level/1?t={iso((begin + 10_000) * 1_000_000)}")
    assert shown_at(page) == begin + 10_000
    page.locator(".slider select").select_option("all")
    seen = {}
    for share in (0.25, 0.85):  # before the dip of the grid's voltage, and after it
        ms = drag(page, share)
        assert begin < ms < begin + 1000 * recorded.SECONDS
        mine = figures(page, past, (1, 2, 12))
        assert len(mine) >= AT_LEAST, sorted(mine)
        read = as_read(run, past, sorted(mine), ms)
        for name, (value, quality) in mine.items():
            row = read[name]
            assert row["value"] == pytest.approx(value, rel=1e-12, abs=1e-12), (name, iso(ms * 1_000_000))
            assert row["quality"].replace(" ", "-").replace("device-", "") == quality, name
        seen[share] = mine
    moved = [name for name in seen[0.25] if name in seen[0.85] and seen[0.25][name] != seen[0.85][name]]
    assert len(moved) >= 5, "two moments look the same: the page did not turn"
    alarm = "pcs1/state_alarm"
    assert (as_read(run, past, [alarm], begin + 20_000)[alarm]["value"], read_at(run, past, alarm, ms)) == (0.0, 1.0)
    expect(page.locator(".slider .mark-alarm").first).to_be_attached()
    page.get_by_role("button", name="To the event before").click()
    turned = shown_at(page)
    alarms = past_alarms(page)
    assert any(abs(one["since"] - turned) < 1 for one in alarms), "the button leads to the moment of an alarm"
    context.close()
    assert not wrong, wrong


def read_at(run: Run, past: Recorded, name: str, ms: int) -> Any:  # noqa: F811
    return as_read(run, past, [name], ms)[name]["value"]


def past_alarms(page: Page) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = page.evaluate(
        """async () => { const s = await (await fetch('/api/history')).json();
        return (await fetch(`/api/history/alarms?from=${s.start_ms}&to=${s.end_ms + 1}`)).json() }"""
    )
    return found


@pytest.mark.timeout(400)
def test_figures_are_compared_over_time(browser: Browser, past: Recorded) -> None:
    """Two figures from the address, a third by search and keys; table and CSV say what the server says."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB")
    page = context.new_page()
    page.set_default_timeout(90_000)
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    begin = round(recorded.BEGINS.timestamp() * 1000)
    span = f"{begin}..{begin + 80_000}"
    page.goto(f"{past.url}/#/history?with=meter/voltage_l1,pcs1/active_power&span={span}&at=c1/r04")
    page.locator("[data-drawn='2']").wait_for()
    search = page.get_by_role("combobox", name="Add a figure")
    search.fill("rack 4 soc")
    page.locator("#pick-hits [role=option]").first.wait_for()
    search.press("ArrowDown")
    search.press("ArrowUp")
    search.press("Enter")
    page.locator("[data-drawn='3']").wait_for()
    assert "with=meter/voltage_l1,pcs1/active_power,c1/r04/soc" in page.url
    drawn = page.evaluate(
        """async ([ids, from, to]) => (await fetch('/api/history/series?' + new URLSearchParams(
        [...ids.map(id => ['id', id]), ['from', from], ['to', to], ['points', 900], ['lang', 'en']]))).json()""",
        [["meter/voltage_l1", "pcs1/active_power", "c1/r04/soc"], str(begin), str(begin + 80_000)],
    )
    dip = min(value for value in drawn[0]["low"] if value is not None)
    row = page.locator("[data-compared='meter/voltage_l1']")
    expect(row.locator("td").first).to_have_text(f"{dip:,.2f} V")
    assert dip < 9000 < max(drawn[0]["high"])
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV of what is shown").first.click()
    lines = Path(download.value.path()).read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith("time_utc,meter/voltage_l1 mean [V],")
    means = [float(line.split(",")[1]) for line in lines[1:] if line.split(",")[1]]
    assert means == pytest.approx([value for value in drawn[0]["mean"] if value is not None], rel=1e-11)

    # keys look nearer; the address says where
    plot = page.locator(".history-plot")
    plot.focus()
    plot.press("+")
    page.wait_for_function(f"() => !location.hash.includes('{span}')")
    page.locator("[data-drawn='3']").wait_for()
    page.get_by_role("button", name="Remove: State of charge, Rack 4").click()
    page.locator("[data-drawn='2']").wait_for()

    # what happened, and a rack's cells
    page.get_by_role("button", name="All", exact=True).click()
    page.locator("[data-happened='6']").wait_for()
    expect(page.locator(".happened-alarm").first).to_contain_text("still there")
    canvas = page.locator(".heat canvas")
    page.locator("[data-field^='c1/r04']").wait_for()
    canvas.focus()
    for _ in range(3):
        canvas.press("ArrowRight")
    canvas.press("ArrowDown")
    expect(page.locator("[data-readout]")).to_contain_text("Module 1 · Cell 2")
    expect(page.locator("[data-readout]")).to_contain_text(" V (")
    page.set_viewport_size({"width": 390, "height": 844})
    page.locator("[data-field]").wait_for()
    assert page.evaluate("() => document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
    context.close()
    assert not wrong, wrong
