"""The machine in space in a real browser: what is drawn, how often, where a flight leads, what a pixel and a click say.

Drawn by SwiftShader, in software and bit for bit the same everywhere, from a plant whose cells lie far apart and whose
time stands still.
"""

from __future__ import annotations

import contextlib
import json
import re
import signal
import socket
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import PATIENT_MS, Product, free_port, launched, lives, plant_on_free_ports, start
from tests.e2e.labels import Reader
from tests.e2e.waiting import at_rest, drawn, hold_page, until, until_true

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]  # software drawing on a busy machine takes its time

SOFTWARE = ("--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader")
COLOURED = {3: "scale", 4: "scale", 5: "warmth", 6: "scale", 7: "scale", 8: "scale", 9: "warmth", 10: "igbt"}
# Random pixels that are looked at, and how far around each the same face must show: there are no smoothed edges here,
# but a skin's tiles have drawn ones, and the beads of level 5 are a few pixels large.
# By level: pixels that are tried, and how far around them the same face has to be, in pixels; an edge through the very
# middle of a pixel belongs to either side.
LOOKS = {3: (1000, 2), 4: (700, 1), 5: (3000, 0.25), 6: (500, 1), 7: (900, 1), 8: (2000, 1), 9: (3000, 1), 10: (800, 2)}
SMALL = {"width": 800, "height": 480}  # where no pixel is looked at: software draws each of them
CLICKS = 50  # on each of four levels
WIDE_V = 0.1  # spread between cells that a look over the whole legend needs
BINS = 10

# Pixels whose surroundings show the same face of the same datum, as many of each part of the legend as there are.
PROBES = """([count, around, per, seed]) => {
  const s = window.__scene, { width, height, pixels } = s.pixels(), out = [], found = {};
  const chance = () => (seed = (seed * 16807) % 2147483647) / 2147483647;
  for (let i = 0; i < count; i++) {
    const px = 3 + Math.floor(chance() * (width - 6)), py = 3 + Math.floor(chance() * (height - 6));
    const at = (dx, dy) => s.probe((px + dx + 0.5) / width * 2 - 1, (py + dy + 0.5) / height * 2 - 1);
    const hit = at(0, 0);
    if (!hit || !hit.coloured || hit.mark !== 0) continue;
    found[hit.id] = (found[hit.id] ?? 0) + 1;
    if (found[hit.id] > per) continue;
    const same = [[1, 0], [-1, 0], [0, 1], [0, -1], [1, 1], [-1, -1], [1, -1], [-1, 1]].every(([dx, dy]) => {
      const next = at(around * dx, around * dy);
      return next && next.id === hit.id && next.face === hit.face && next.shade === hit.shade;
    });
    if (!same) { found[hit.id]--; continue; }
    const o = 4 * (py * width + px);
    out.push({ id: hit.id, shade: hit.shade, at: [px, py], rgb: [pixels[o], pixels[o + 1], pixels[o + 2]] });
  }
  return out;
}"""


def go(page: Page, level: int, more: str = "") -> None:
    page.evaluate(f"location.hash = '#/level/{level}{more}'")
    drawn(page, level)


def opened(browser: Browser, plant: Product, level: int = 7, **settings: Any) -> Page:
    page = browser.new_page(**{"viewport": {"width": 1200, "height": 800}, "reduced_motion": "reduce", **settings})
    page.set_default_timeout(PATIENT_MS)
    page.on("pageerror", lambda error: _wrong.append(str(error)))
    page.on("console", lambda message: _wrong.append(message.text) if message.type == "error" else None)
    page.goto(f"{plant.url}/#/level/{level}")
    drawn(page, level)
    return page


_wrong: list[str] = []


@pytest.fixture(autouse=True)
def nothing_wrong() -> Iterator[None]:
    """What a page writes to its console as an error fails the test."""
    _wrong.clear()
    yield
    assert not _wrong, _wrong[:5]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium that draws in software, wherever it runs."""
    with launched(*SOFTWARE) as running:
        yield running


@pytest.fixture(scope="module")
def plant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """REF-5M near the end of a discharge, one cell far behind; its time stands still once the cells lie apart."""
    file, port = plant_on_free_ports(tmp_path_factory.mktemp("apart")), free_port()
    weak = ("--scenario", "weak-cell", "--at", "2026-06-21T16:00", "--speed", "60")
    emulator, twin = start("emulate", str(file), *weak), start("run", str(file), "--port", str(port))
    running = Product(f"http://127.0.0.1:{port}", file, emulator, twin)
    try:
        running.until(lambda: _spread(running) > WIDE_V, 400)
        running.hold()
        while _spread(running) <= WIDE_V:  # the sweeps of a plant in motion only seemed to say so
            running.go_on()
            running.until(lambda: _spread(running) > WIDE_V, 400)
            running.hold()
        yield running
    finally:
        running.stop()


@pytest.fixture(scope="module")
def large(plant: Product) -> Iterator[Product]:
    """A site of twenty such containers: registers speak for the first, but for rack 9, whose device never answers."""
    text = plant.plant.read_text()
    anatomy = text[text.index("[anatomy.c1]") : text.index("[bus.bus1]")]
    text = text.replace(anatomy, "".join(anatomy.replace("c1", f"c{n}") for n in range(1, 21)))
    found = re.search(r'id = "bcu09".*?127\.0\.0\.1:(\d+)', text, re.S)
    assert found
    file, port = plant.plant.with_name("large.toml"), free_port()
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))  # nobody listens there
        file.write_text(text.replace(found[1], str(deaf.getsockname()[1])))
        twin = start("run", str(file), "--port", str(port))
        running = Product(f"http://127.0.0.1:{port}", file, plant.emulator, twin)
        try:
            running.until(lambda: _spread(running) > WIDE_V, 300)
            yield running
        finally:
            with contextlib.suppress(ProcessLookupError):
                twin.send_signal(signal.SIGCONT)
            twin.terminate()
            twin.wait(timeout=60)


def _spread(running: Product) -> float:
    assert lives(running.twin)
    assert lives(running.emulator)
    try:
        return float(running.get("/api/figures/c1/cell_voltage_spread")["value"] or 0)
    except OSError:
        return 0.0


@pytest.fixture(scope="module")
def standing(plant: Product, browser: Browser) -> Iterator[Page]:
    page = opened(browser, plant)
    yield page
    page.close()


@pytest.fixture
def scene(standing: Page) -> Page:
    """A page that is not loaded anew for each test: all cells, coloured by what they deviate from the mean."""
    go(standing, 7)
    choose(standing, "deviation")
    return standing


def test_it_is_drawn_in_software(scene: Page) -> None:
    """Nothing below is worth anything where no stage stands; software is drawn without smoothed edges."""
    assert "SwiftShader" in scene.evaluate("window.__scene.renderer")
    assert scene.evaluate("window.__scene.tier") == "lite"
    smoothed = "document.querySelector('.scene > canvas').getContext('webgl2').getContextAttributes().antialias"
    assert scene.evaluate(smoothed) is False
    assert scene.evaluate("window.__scene.coverage()") > 0.08


def test_no_level_draws_too_much(scene: Page) -> None:
    for level in range(1, 15):
        go(scene, level)
        counts = scene.evaluate("window.__scene.counts")
        assert counts["calls"] <= 60, (level, counts)
        assert counts["triangles"] <= 100_000, (level, counts)
        assert counts["programs"] <= 12, (level, counts)


@pytest.mark.parametrize(("mode", "levels"), [("deviation", tuple(COLOURED)), ("percentile", (3, 4, 6, 7, 8))])
def test_a_pixel_reads_back_to_its_register(scene: Page, plant: Product, mode: str, levels: tuple[int, ...]) -> None:
    """Through the legend to within one step of the register; values beyond the legend's ends stand at its ends."""
    reader, total, bins = Reader(), Counter[int](), Counter[int]()
    choose(scene, mode)
    try:
        for level in levels:
            go(scene, level)
            legend = scene.evaluate("kind => window.__scene[kind]", COLOURED[level])
            ramp = [[value >> shift & 255 for shift in (0, 8, 16)] for value in legend["ramp"]]
            low, high = legend["from"] + legend["zero"], legend["to"] + legend["zero"]
            for probe, share, reading in _spread_out(
                scene.evaluate(PROBES, [*LOOKS[level], 2, level]), plant, low, high
            ):
                assert reader.words(reading) == [int(word, 16) for word in reading["words"]], probe
                fits = [i for i, row in enumerate(ramp) if _same(row, probe["shade"], probe["rgb"])]
                assert fits, (level, probe, share)
                # a step of the register, and what the legend's colours cannot tell apart
                step = (0.001 if COLOURED[level] == "scale" else 1.0) / (high - low) + 1 / len(ramp)
                assert min(abs(i / (len(ramp) - 1) - share) for i in fits) <= step, (level, probe, share)
                total[level] += 1
                bins[min(BINS - 1, int(share * BINS))] += 1
    finally:
        reader.close()
    assert min(total[level] for level in levels) >= 5, total
    if mode == "percentile":  # the legend ends where the cells do: every tenth of it is seen
        assert sum(total.values()) >= 200, total
        assert len(bins) == BINS, bins
        assert min(bins.values()) >= 3, bins
    else:
        assert sum(total.values()) >= 100, total


def choose(page: Page, mode: str) -> None:
    """Presses a button of the legend."""
    number = ["deviation", "percentile", "fixed"].index(mode)
    page.locator(".scene-modes button").nth(number).click()
    ramp = "window.__scene.scale.ramp[0]"
    until(page, f"({ramp} & 255) === {0x0B if mode == 'deviation' else 0x00} && window.__scene.ready")


def _spread_out(
    probes: list[dict[str, Any]], plant: Product, low: float, high: float
) -> list[tuple[dict[str, Any], float, dict[str, Any]]]:
    """At most 25 probes of each tenth of the legend: probe, share of the legend, its register."""
    kept: list[tuple[dict[str, Any], float, dict[str, Any]]] = []
    full = Counter[int]()
    for probe in probes:
        passport = plant.get(f"/api/figures/{probe['id']}/passport")
        share = min(1.0, max(0.0, (passport["value"] - low) / (high - low)))
        tenth = min(BINS - 1, int(share * BINS))
        full[tenth] += 1
        if full[tenth] <= 25:
            kept.append((probe, share, passport["reading"]))
    return kept


def _same(row: list[int], shade: float, rgb: list[int]) -> bool:
    """A legend's colour in a face's shade is what the pixel shows, to the last bit."""
    return all(abs(a * shade - b) <= 0.51 for a, b in zip(row, rgb, strict=True))


@pytest.mark.parametrize("mode", ["percentile", "fixed"])
def test_every_scale_of_the_legend_reads_back(scene: Page, plant: Product, mode: str) -> None:
    choose(scene, mode)
    legend = scene.evaluate("window.__scene.scale")
    ramp = [[value >> shift & 255 for shift in (0, 8, 16)] for value in legend["ramp"]]
    assert ramp[0] == [0x00, 0x22, 0x4E]
    assert ramp[-1] == [0xFE, 0xE8, 0x38]
    if mode == "fixed":
        assert [legend["from"], legend["to"]] == [2.8, 3.6]
    probes = scene.evaluate(PROBES, [500, 1, 1, 5])
    assert len(probes) >= 20
    for probe in probes[:40]:
        value = plant.get(f"/api/figures/{probe['id']}")["value"]
        share = min(1.0, max(0.0, (value - legend["from"]) / (legend["to"] - legend["from"])))
        assert _same(ramp[round(share * (len(ramp) - 1))], probe["shade"], probe["rgb"]), (probe, value)


TICKS = "JSON.stringify(window.__scene.ticks)"

# A random point of the canvas, with nothing over it, under which a cell lies and no other a pixel away.
AIMED = """([seed, done]) => {
  const { left, top, width, height } = document.querySelector('.scene > canvas').getBoundingClientRect();
  const at = (x, y) => window.__scene.probe((x - left) / width * 2 - 1, 1 - (y - top) / height * 2);
  const chance = () => (seed = (seed * 16807) % 2147483647) / 2147483647;
  for (let tries = 0; tries < 2000; tries++) {
    const x = Math.floor(left + 2 + chance() * (width - 4)), y = Math.floor(top + 2 + chance() * (height - 4));
    const hit = document.elementFromPoint(x, y)?.tagName === 'CANVAS' ? at(x, y) : null;
    if (!hit || hit.cell === null || done.includes(hit.id)) continue;
    if ([[1, 0], [-1, 0], [0, 1], [0, -1]].every(([dx, dy]) => at(x + dx, y + dy)?.id === hit.id)) {
      return { x, y, id: hit.id, seed };
    }
  }
  return null;
}"""
OPENED = """() => window.__scene.ready && decodeURIComponent(location.hash).includes('figure=')
  ? document.querySelector('.frame-open aside.inspector')?.dataset.passport : null"""


@pytest.mark.parametrize("level", [3, 6, 7, 8])
def test_a_click_opens_the_cell_under_it(scene: Page, level: int) -> None:
    """Random cells of each level: as skins, in their module, one by one; two hundred in all, one after the other.

    What was opened stays open: the next click is on the machine beside it, where each has another place.
    """
    go(scene, level)
    done: list[str] = []
    seed = level
    while len(done) < CLICKS:
        aimed = scene.evaluate(AIMED, [seed, done])
        assert aimed, (level, done)
        scene.mouse.click(aimed["x"], aimed["y"])
        until_true(lambda wanted=aimed["id"]: scene.evaluate(OPENED) == wanted, aimed)  # type: ignore[misc]
        seed = aimed["seed"]
        done.append(aimed["id"])
    scene.keyboard.press("Escape")
    until(scene, "!document.querySelector('.frame-open') && window.__scene.ready")


def test_nothing_is_drawn_while_the_page_is_held(plant: Product, browser: Browser) -> None:
    """After flights that were really flown: motion ends with the pause button."""
    page = opened(browser, plant, 12, viewport=SMALL, reduced_motion="no-preference")
    for level in (1, 5, 7):
        go(page, level)
        hold_page(page)
        assert _frames_in_ten_seconds(page) <= 2, level
        page.get_by_role("button", name="Resume").click()
    page.close()


def test_nothing_is_drawn_while_nothing_changes(scene: Page) -> None:
    """The page is live, frames of data come, and every word in them stays what it was."""
    for level in (3, 11):
        go(scene, level)
        before = scene.evaluate(TICKS)
        assert _frames_in_ten_seconds(scene) <= 2, level
        until_true(lambda before=before: scene.evaluate(TICKS) != before, "no data comes")  # type: ignore[misc]


def _frames_in_ten_seconds(page: Page) -> int:
    """On the page in front: others are not drawn at all."""
    before = at_rest(page)
    page.wait_for_timeout(10_000)
    return int(page.evaluate("window.__scene.counts.frames")) - before


def test_a_hidden_tab_draws_nothing(plant: Product, browser: Browser) -> None:
    """Power flows on level 1, so frames follow one another until nobody looks."""
    page = opened(browser, plant, 1, viewport=SMALL, reduced_motion="no-preference")
    frames = "window.__scene.counts.frames"
    first = page.evaluate(frames)
    until(page, f"{frames} > {first + 3}")
    page.evaluate("""() => {
      Object.defineProperty(document, 'hidden', { get: () => window.__away, configurable: true });
      window.__away = true;
    }""")
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    last = page.evaluate(frames)
    page.evaluate("() => new Promise((done) => setTimeout(done, 1500))")
    assert page.evaluate(frames) - last <= 1
    page.evaluate("() => { window.__away = false; document.dispatchEvent(new Event('visibilitychange')); }")
    until(page, f"{frames} > {last + 2}")
    page.close()


def test_three_tours_leave_nothing_behind(plant: Product, browser: Browser) -> None:
    """What the first tour put on the graphics card and in the heap is what the third leaves there.

    The page is held: what a plant goes on saying belongs to the time that a tour takes, not to the tour.
    """
    page = opened(browser, plant, 1, viewport=SMALL)
    hold_page(page)
    session = page.context.new_cdp_session(page)
    kept = []
    for _ in range(3):
        for level in (*range(1, 15), 1):
            go(page, level)
        session.send("HeapProfiler.collectGarbage")
        heap = session.send("Runtime.getHeapUsage")["usedSize"]
        counts = page.evaluate("window.__scene.counts")
        assert counts["geometries"] <= counts["built"]
        kept.append(([counts[name] for name in ("geometries", "textures", "programs")], heap))
    assert kept[0][0] == kept[1][0] == kept[2][0]
    first, second, third = (heap for _, heap in kept)
    # 1 MB in two tours; what the browser itself makes ready while a page is young counts once, not with each tour
    assert min(second - first, third - second) <= 500_000, kept
    page.close()


def test_every_flight_shows_the_machine(plant: Product, browser: Browser) -> None:
    page = opened(browser, plant, 1, viewport=SMALL, reduced_motion="no-preference")
    rows = page.evaluate("window.__scene.flights()")
    assert len({(a, b) for a, b, _, _ in rows}) == 182
    assert min(rows, key=lambda row: row[3])[3] >= 0.08
    page.close()


def test_a_lost_context_comes_back(scene: Page) -> None:
    hold_page(scene)  # on a busy machine registers come late, and are marked, and come again
    at_rest(scene)  # all of it is there
    before = scene.evaluate("[window.__scene.coverage(), JSON.stringify(window.__scene.pose)]")
    scene.evaluate("""() => {
      window.__lost = document.querySelector('.scene > canvas').getContext('webgl2').getExtension('WEBGL_lose_context');
      window.__lost.loseContext();
    }""")
    until(scene, "window.__scene.coverage() === 0")
    scene.evaluate("window.__lost.restoreContext()")
    again = "JSON.stringify([window.__scene.coverage(), JSON.stringify(window.__scene.pose)])"
    until_true(lambda: json.loads(scene.evaluate(again)) == before, before)
    scene.locator(".switches button[aria-pressed]").click()


def test_twenty_containers_stay_light(large: Product, browser: Browser) -> None:
    """99,840 cells: those afar are the skins of their modules."""
    page = opened(browser, large, 1, viewport=SMALL)
    assert page.evaluate("window.__scene.cells") == 99_840
    for level in range(1, 15):
        go(page, level)
        counts = until(page, "window.__scene?.ready && window.__scene.counts")  # it may just be built anew
        assert 1_000 <= counts["triangles"] <= 400_000, (level, counts)
        assert counts["programs"] <= 12, (level, counts)
        until(page, "window.__scene.coverage() >= 0.08")  # programs of a level's details are made as it comes into view
    page.close()


# How often each colour is seen on the faces of data that carry a mark: [shade, red, green, blue, pixels].
INKED = """(mark) => {
  const s = window.__scene, { width, height, pixels } = s.pixels(), seen = {};
  for (let py = 2; py < height; py += 5) {
    for (let px = 2; px < width; px += 5) {
      const hit = s.probe((px + 0.5) / width * 2 - 1, (py + 0.5) / height * 2 - 1);
      if (!hit || !hit.coloured || hit.mark !== mark) continue;
      const o = 4 * (py * width + px);
      const key = [hit.shade, pixels[o], pixels[o + 1], pixels[o + 2]].join();
      seen[key] = (seen[key] ?? 0) + 1;
    }
  }
  return Object.entries(seen).sort((a, b) => b[1] - a[1]).map(([key, n]) => [...key.split(',').map(Number), n]);
}"""


def test_silence_and_missing_registers_are_seen_by_shape_and_text(large: Product, browser: Browser) -> None:
    """Rack 9 never answered: crosses on grey, said on the rack. What has no register is named in the legend."""
    page = opened(browser, large, 3, viewport=SMALL)
    until(page, "!!document.querySelector('.scene-trouble[data-quality=no-answer]')")
    said = page.locator(".scene-trouble[data-quality=no-answer]")
    expect(said).to_contain_text("R9")
    expect(said).to_contain_text("no answer")
    go(page, 3)
    inks = page.evaluate(INKED, 5)
    assert inks
    seen = Counter[float]()
    for shade, *_, pixels in inks:
        seen[shade] += pixels
    broad = [shade for shade, pixels in seen.items() if pixels >= 30]  # a few pixels are an edge, not a face
    assert broad, inks
    for shade in broad:  # two tones, far apart, on every face: crosses and what lies under them
        tones = [sum(row[1:4]) / 3 for row in inks if row[0] == shade and row[4] >= 3]
        assert max(tones) - min(tones) > 40, inks[:6]
    go(page, 7)
    legend = page.locator(".scene-patterns li[data-quality=not-mapped]")
    expect(legend).to_have_count(1)
    expect(legend).to_contain_text("not mapped")
    page.close()


def test_a_stale_cell_wears_stripes_until_it_is_read_again(large: Product, browser: Browser) -> None:
    """The twin stops: what the page shows grows old, and says so on the machine; then the stripes go."""
    page = opened(browser, large, 6, viewport=SMALL)
    until(page, f"({INKED})(1).length === 0")
    large.twin.send_signal(signal.SIGSTOP)
    try:
        until(page, "!!document.querySelector('.scene-trouble[data-quality=stale]')")
        many = f"({INKED})(1).reduce((every, row) => every + row[4], 0) > 100"
        until(page, many)  # what was under way when the twin stopped may still come, and take them away once more
        inks = page.evaluate(INKED, 1)
        every = sum(row[4] for row in inks)
        assert every > 100
        assert 0.2 < sum(row[4] for row in inks if max(row[1:4]) < 40) / every < 0.7, inks[:5]
        expect(page.locator(".scene-trouble[data-quality=stale]")).to_contain_text("◐")
        expect(page.locator(".scene-patterns li[data-quality=stale]")).to_have_count(1)
    finally:
        large.twin.send_signal(signal.SIGCONT)
    until(page, f"!document.querySelector('.scene-trouble[data-quality=stale]') && ({INKED})(1).length === 0")
    page.close()
