"""Waiting for what a page must come to show, never for time. By `page.evaluate` alone: the policy of the page forbids
what `wait_for_function` does.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect

from tests.e2e.conftest import Product

WITHIN_S = 120.0
DRAWN = "document.querySelector('.scene')?.dataset.level === '{level}' && !!window.__scene?.ready"
FRAMES = "window.__scene?.counts.frames ?? 0"
STILL_S = 1.5
"""Nothing is drawn for this long: the machine has come to rest."""

# what a screen reader was told once stays as it was said; facts of a sweep go on while the plant stands
VALUES = """() => [...document.querySelectorAll('[data-figure]:not(.announced *)')]
  .filter(e => !e.dataset.figure.startsWith('device/') && e.dataset.value !== undefined)
  .map(e => [e.dataset.figure, Number(e.dataset.value)])"""


def until(page: Page, script: str, seconds: float = WITHIN_S) -> Any:
    """Waits until a script on the page gives something true, and what that is; AssertionError where it never does."""
    found: list[Any] = []

    def holds() -> bool:
        found[:] = [page.evaluate(script)]
        return bool(found[0])

    until_true(holds, script, seconds)
    return found[0]


def until_true(holds: Callable[[], bool], what: object, seconds: float = WITHIN_S) -> None:
    """Waits until something holds; AssertionError with `what` where it never does."""
    ends = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < ends, what() if callable(what) else what
        time.sleep(0.02)


def drawn(page: Page, level: int) -> None:
    """Waits until the machine in space stands at a level, drawn with data in it and labelled."""
    until(page, DRAWN.format(level=level))


def at_rest(page: Page) -> int:
    """Waits until nothing more is drawn; the number of frames by then."""
    seen, since, ends = -1, time.monotonic(), time.monotonic() + WITHIN_S
    while time.monotonic() - since < STILL_S:
        if (frames := int(page.evaluate(FRAMES))) != seen:
            seen, since = frames, time.monotonic()
        assert time.monotonic() < ends, "the machine is drawn again and again"
        time.sleep(0.05)
    return seen


def hold_page(page: Page) -> None:
    """Presses pause: what the page shows stays at one moment."""
    button = page.locator(".switches button[aria-pressed]")
    expect(button).to_have_attribute("aria-pressed", "false")
    button.click()
    expect(button).to_have_attribute("aria-pressed", "true")


def caught_up(page: Page, product: Product, seconds: float = 60.0) -> None:
    """Waits until the page shows the held plant: each figure the value that the API gives for it."""
    told: dict[str, float] = {}

    def behind() -> list[Any]:
        rows = page.evaluate(VALUES)
        late = [(name, value) for name, value in rows if not _same(told.get(name), value)]
        for name, _ in late:
            answer = product.get(f"/api/figures/{name}")["value"]
            told[name] = math.nan if answer is None else float(answer)
        return [(name, value, told[name]) for name, value in late if not _same(told[name], value)]

    until_true(lambda: not behind(), behind, seconds)


def _same(told: float | None, shown: float) -> bool:
    return told is not None and math.isclose(told, shown, rel_tol=1e-9, abs_tol=1e-12)
