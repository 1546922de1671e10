"""Takes the pictures of README and guides from a running page: `python docs/make_pictures.py [http://127.0.0.1:8123]`."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

FOLDER = Path(__file__).parent / "pictures"
WIDTH = 1360
# name of the picture, where the page is, height
PICTURES = (
    ("level-01", "#/level/1", 850),
    ("level-07", "#/level/7", 850),
    ("passport", "#/level/7?figure=c1/r04/m3/cell026/voltage", 1240),
)
ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")


def browser() -> str | None:
    """The Chromium of this machine; None for Playwright's own."""
    return os.environ.get("BESSINSIDE_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")


def main() -> None:
    url = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8123"
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=browser(), args=list(ARGUMENTS))
        for name, where, height in PICTURES:
            context = opened.new_context(
                viewport={"width": WIDTH, "height": height}, locale="en-GB", color_scheme="dark"
            )
            page = context.new_page()
            page.goto(f"{url}/{where}")
            page.wait_for_selector("#level-title")
            page.wait_for_timeout(3000)  # until every device was read and the trend has begun
            page.screenshot(path=str(FOLDER / f"{name}.png"))
            context.close()
        opened.close()


if __name__ == "__main__":
    main()
