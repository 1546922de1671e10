"""The machine in space in a real browser: what is drawn, what stays behind, where a flight leads.

Drawn by SwiftShader, in software and bit for bit the same everywhere. Waits by `page.evaluate` alone: the policy of the
page forbids what `wait_for_function` does.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.e2e.conftest import launched

SOFTWARE = ("--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader")


def until(page: Page, script: str, seconds: float = 20.0) -> None:
    ends = time.monotonic() + seconds
    while not page.evaluate(script):
        assert time.monotonic() < ends, script
        time.sleep(0.05)


def go(page: Page, level: int) -> None:
    page.evaluate(f"location.hash = '#/level/{level}'")
    until(page, f"document.querySelector('.scene')?.dataset.level === '{level}' && window.__scene.ready")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium that draws in software, wherever it runs."""
    with launched(*SOFTWARE) as opened:
        yield opened


def test_it_is_drawn_in_software(scene: Page) -> None:
    """Nothing below is worth anything where no stage stands."""
    drawn = """() => {
      const gl = document.querySelector('.scene > canvas').getContext('webgl2');
      return gl.getParameter(gl.getExtension('WEBGL_debug_renderer_info').UNMASKED_RENDERER_WEBGL);
    }"""
    assert "SwiftShader" in scene.evaluate(drawn)
    assert scene.evaluate("window.__scene.coverage()") > 0.08


@pytest.fixture
def scene(product: Any, browser: Browser) -> Any:
    page = browser.new_page(viewport={"width": 1200, "height": 800}, reduced_motion="reduce")
    page.goto(f"{product.url}/#/level/7")
    until(page, "!!(window.__scene && window.__scene.ready && window.__scene.scale)")
    yield page
    page.close()


def test_no_level_draws_too_much(scene: Page) -> None:
    for level in range(1, 15):
        go(scene, level)
        counts = scene.evaluate("window.__scene.counts")
        assert counts["calls"] <= 60, (level, counts)
        assert counts["triangles"] <= 100_000, (level, counts)
        assert counts["programs"] <= 12, (level, counts)


def test_three_tours_leave_nothing_behind(scene: Page) -> None:
    """A geometry goes to the graphics card when it is first seen: its count may grow to what was built, not beyond."""
    kept = []
    for _ in range(3):
        for level in range(1, 15):
            go(scene, level)
        counts = scene.evaluate("window.__scene.counts")
        assert counts["geometries"] <= counts["built"]
        # a texture or program more is made when something that a register drives is first seen to move
        assert counts["programs"] <= 12
        assert counts["textures"] <= 6
        kept.append(counts["built"])
    assert kept[0] == kept[1] == kept[2]


def test_every_flight_shows_the_machine(product: Any, browser: Browser) -> None:
    page = browser.new_page(viewport={"width": 700, "height": 420})
    page.goto(f"{product.url}/#/level/1")
    until(page, "!!(window.__scene && window.__scene.ready)")
    rows = page.evaluate("window.__scene.flights()")
    assert len({(a, b) for a, b, _, _ in rows}) == 182
    assert min(rows, key=lambda row: row[3])[3] >= 0.08
    page.close()


def test_a_lost_context_comes_back(scene: Page) -> None:
    before = scene.evaluate("[window.__scene.coverage(), JSON.stringify(window.__scene.pose)]")
    scene.evaluate("""() => {
      window.__lost = document.querySelector('.scene > canvas').getContext('webgl2').getExtension('WEBGL_lose_context');
      window.__lost.loseContext();
    }""")
    until(scene, "window.__scene.coverage() === 0")
    scene.evaluate("window.__lost.restoreContext()")
    until(scene, "window.__scene.coverage() > 0")
    assert scene.evaluate("[window.__scene.coverage(), JSON.stringify(window.__scene.pose)]") == before
