"""The machine in space, in a real browser: script of a frame beside an empty three.js scene, data ticks, first frame.

REF-5M is served by an emulator and a twin of its own; the page runs in Chromium, drawn in software unless --gpu is
given. The peer is three.js with one camera and nothing to draw, in the same browser at the same time. Counts are exact;
milliseconds are medians of a machine that may be busy: compare them with the peer of the same run.

Needs Playwright, a Chromium on the path, the built page and ui/node_modules.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, Route, sync_playwright

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "src" / "bessinside" / "web" / "page"
READY = "!!(window.__scene && window.__scene.ready)"
THREE = ROOT / "ui" / "node_modules" / "three" / "build"
LEVELS = range(1, 15)
SOFTWARE = ("--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader")
ALWAYS = ("--no-sandbox", "--no-first-run", "--disable-background-networking", "--disable-component-update")
EMPTY = """<!doctype html><canvas width="1200" height="560"></canvas><script type="module">
import { PerspectiveCamera, Scene, WebGLRenderer } from "./three.module.js";
const renderer = new WebGLRenderer({ canvas: document.querySelector("canvas") });
const scene = new Scene(), camera = new PerspectiveCamera();
window.times = [];
const frame = () => {
  const began = performance.now();
  renderer.render(scene, camera);
  window.times.push(performance.now() - began);
  window.first ??= performance.now();
  requestAnimationFrame(frame);
};
requestAnimationFrame(frame);
</script>"""
Figures = dict[str, Any]


@contextlib.contextmanager
def product() -> Iterator[str]:
    """An emulator and a twin of REF-5M on ports of their own; gives the page's address."""
    text = (ROOT / "src/bessinside/plant/plants/ref-5m.toml").read_text()
    with tempfile.TemporaryDirectory() as folder:
        plant = Path(folder) / "ref-5m.toml"
        known = sorted(set(re.findall(r"127\.0\.0\.1:(\d+)", text)))
        port, *devices = free_ports(1 + len(known))
        moved = dict(zip(known, devices, strict=True))
        plant.write_text(re.sub(r"(?<=127\.0\.0\.1:)\d+", lambda found: str(moved[found[0]]), text))
        url = f"http://127.0.0.1:{port}"
        running: list[subprocess.Popen[bytes]] = []
        try:
            running.append(started("emulate", plant))
            for device in devices:
                until(partial(listens, device), f"the emulator on port {device}")
            running.append(started("run", plant, "--port", str(port)))
            until(lambda: healthy(url), "the twin's first sweep", 90)
            yield url
        finally:
            for process in reversed(running):  # the twin first: it would miss its emulator
                process.send_signal(signal.SIGTERM)
                process.wait(timeout=60)


def started(verb: str, plant: Path, *options: str) -> subprocess.Popen[bytes]:
    """A process of this product out of this tree."""
    return subprocess.Popen(
        [sys.executable, "-m", "bessinside", verb, str(plant), *options], cwd=ROOT / "src", stdout=subprocess.DEVNULL
    )


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on now."""
    with contextlib.ExitStack() as held:
        bound = [held.enter_context(socket.socket()) for _ in range(count)]
        for each in bound:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in bound]


def listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def check_page() -> None:
    """Raises SystemExit where the page is missing or older than its sources: its figures would be those of another."""
    built = PAGE / "index.html"
    sources = [path for path in (ROOT / "ui" / "src").rglob("*") if path.is_file()]
    newest = max(sources, key=lambda path: path.stat().st_mtime)
    if not built.is_file() or built.stat().st_mtime < newest.stat().st_mtime:
        raise SystemExit(f"{built} is missing or older than {newest}: run `make page`, then measure")


def healthy(url: str) -> bool:
    with contextlib.suppress(OSError), urllib.request.urlopen(f"{url}/api/health", timeout=5) as answer:
        return bool(json.load(answer)["status"] == "ok")
    return False


def until(holds: Callable[[], object], awaited: str, seconds: float = 60.0) -> None:
    """Waits for what `holds` asks. Raises SystemExit with what was `awaited` where it never comes."""
    ends = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > ends:
            raise SystemExit(f"waited {seconds:g} s in vain for {awaited}")
        time.sleep(0.02)


def go(page: Page, level: int) -> None:
    page.evaluate(f"location.hash = '#/level/{level}'")
    until(lambda: page.evaluate(READY), f"level {level}")


def opened(browser: Browser, url: str, level: int, **settings: Any) -> Page:
    page = browser.new_page(viewport={"width": 1200, "height": 800}, **settings)
    page.goto(f"{url}/#/level/{level}")
    until(lambda: page.evaluate(READY), f"level {level} of a page that was just opened")
    return page


def empty_scene(browser: Browser, frames: int) -> Figures:
    """Three.js with nothing in it: milliseconds of script of a frame, median, and to the first frame."""

    def serve(route: Route) -> None:
        name = route.request.url.rsplit("/", 1)[1]
        if name == "empty.html":
            route.fulfill(body=EMPTY, content_type="text/html")
        else:
            route.fulfill(path=THREE / name, content_type="text/javascript")

    page = browser.new_page(viewport={"width": 1200, "height": 800})
    page.route("http://empty.test/*", serve)
    page.goto("http://empty.test/empty.html")
    until(lambda: page.evaluate("(window.times ?? []).length") >= frames, "frames of an empty scene")
    times: list[float] = page.evaluate("window.times")
    first: float = page.evaluate("window.first")
    page.close()
    return {"frame_ms": statistics.median(times[10:]), "first_frame_ms": first}


def first_frame(browser: Browser, url: str, loads: int) -> Figures:
    """Milliseconds from the start of loading to the first frame with data in it."""
    found = [loaded(browser, url) for _ in range(loads)]
    return {"median_ms": statistics.median(found), "least_ms": min(found), "most_ms": max(found)}


def loaded(browser: Browser, url: str) -> float:
    page = opened(browser, url, 7)
    until(lambda: page.evaluate("window.__scene.first > 0"), "the first frame with data")
    first: float = page.evaluate("window.__scene.first")
    page.close()
    return first


def flown(browser: Browser, url: str, levels: Sequence[int], least: int) -> Figures:
    """Script of a frame in flight through levels, and of a tick of data, in milliseconds; counts of each level.

    `least` ticks are taken at rest on level 7; those of the flight share the cores with the software that draws.
    """
    page = opened(browser, url, 1)
    times: list[float] = []
    counts: Figures = {}
    page.evaluate("window.__scene.ticks.splice(0)")  # the first snapshot finds everything new
    for level in (*levels, 1):
        go(page, level)
        times += page.evaluate("window.__scene.times.splice(0)")
        now = page.evaluate("window.__scene.counts")
        counts[f"level_{level:02d}"] = {name: now[name] for name in ("calls", "triangles", "programs")}
    flying: list[float] = page.evaluate("window.__scene.ticks.splice(0)")
    go(page, 7)  # every cell is seen, and nothing is drawn but what registers change
    page.evaluate("window.__scene.ticks.splice(0)")
    until(lambda: page.evaluate("window.__scene.ticks.length") >= least, f"{least} snapshots")
    ticks: list[float] = page.evaluate("window.__scene.ticks")
    figures = {
        "renderer": page.evaluate("window.__scene.renderer"),
        "tier": page.evaluate("window.__scene.tier"),
        "cells": page.evaluate("window.__scene.cells"),
        "frame_ms": statistics.median(times),
        "frame_p95_ms": sorted(times)[int(0.95 * len(times))],
        "frames": len(times),
        "tick_ms": statistics.median(ticks),
        "tick_worst_ms": max(ticks),
        "tick_in_flight_ms": statistics.median(flying),
        "most": {name: max(row[name] for row in counts.values()) for name in ("calls", "triangles", "programs")},
        "counts": counts,
    }
    page.close()
    return figures


def tours(browser: Browser, url: str) -> Figures:
    """What two more tours leave behind after the first: heap in MB, and what lies on the graphics card."""
    page = opened(browser, url, 1, reduced_motion="reduce")
    session = page.context.new_cdp_session(page)
    kept: list[Figures] = []
    for _ in range(3):
        for level in (*LEVELS, 1):
            go(page, level)
        session.send("HeapProfiler.collectGarbage")
        heap = session.send("Runtime.getHeapUsage")["usedSize"] / 1e6
        counts = page.evaluate("window.__scene.counts")
        kept.append({"heap_MB": heap} | {name: counts[name] for name in ("geometries", "textures", "programs")})
    page.close()
    grown = {f"{name}_grown": round(kept[-1][name] - kept[0][name], 3) for name in kept[0]}
    return {"heap_MB": kept[-1]["heap_MB"], **grown}


def flights(browser: Browser, url: str) -> Figures:
    """Machine in sampled frames of every flight between two levels, as a share of the pixels."""
    page = browser.new_page(viewport={"width": 700, "height": 420})
    page.goto(f"{url}/#/level/1")
    until(lambda: page.evaluate(READY), "level 1 of a small page")
    rows = page.evaluate("window.__scene.flights()")
    page.close()
    worst = min(rows, key=lambda row: row[3])
    return {
        "pairs": len({(a, b) for a, b, _, _ in rows}),
        "least_machine": worst[3],
        "least_on": f"{worst[0]} to {worst[1]}",
    }


def shown(figures: Figures, indent: str = "  ") -> None:
    for name, value in figures.items():
        if isinstance(value, dict) and name != "counts":
            print(f"{indent}{name}")
            shown(value, indent + "  ")
        elif isinstance(value, dict):
            for level, row in value.items():
                print(f"{indent}{level}  " + "  ".join(f"{key} {number:>7,}" for key, number in row.items()))
        else:
            print(f"{indent}{name.replace('_', ' '):<24}{value if isinstance(value, str) else f'{value:,.4g}':>12}")


def main() -> None:
    """Runs it and prints a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer loads and levels, no heap tours: under a minute")
    parser.add_argument("--json", action="store_true", help="one JSON object with all figures on the last line")
    parser.add_argument("--gpu", action="store_true", help="draw with what the machine has instead of in software")
    parser.add_argument("--url", help="a page that runs already, instead of a plant of its own")
    options = parser.parse_args()
    if not THREE.is_dir():
        raise SystemExit(f"{THREE} is missing: run `npm ci` in ui/ for the empty scene to compare with")
    if not options.url:
        check_page()
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    path = next((found for name in names if (found := shutil.which(name))), None)
    place = contextlib.nullcontext(options.url) if options.url else product()
    with place as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=[*ALWAYS, *(() if options.gpu else SOFTWARE)])
        figures: Figures = {"browser": browser.version}
        figures["empty_scene"] = empty_scene(browser, 60 if options.quick else 240)
        figures["first_frame"] = first_frame(browser, url, 2 if options.quick else 7)
        levels = (1, 4, 7, 12) if options.quick else LEVELS
        figures["page"] = flown(browser, url, levels, 10 if options.quick else 30)
        if not options.quick:
            figures["after_three_tours"] = tours(browser, url)
            figures["flights"] = flights(browser, url)
        browser.close()
    own, empty = figures["page"]["frame_ms"], figures["empty_scene"]["frame_ms"]
    figures["frame_over_empty_ms"] = round(own - empty, 3)
    shown(figures)
    if options.json:
        print(json.dumps(figures))


if __name__ == "__main__":
    main()
