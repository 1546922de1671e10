"""Takes every picture of the documentation and of the picture test anew, and writes `docs/gallery.md`.

`python docs/make_pictures.py` takes all; `python docs/make_pictures.py 3 8` only those levels, with their sheets. The
product stands still at one moment inside this program: no port is opened, and two runs give the same files. Look at
each picture before you keep it.
"""

from __future__ import annotations

import json
import sys
import textwrap
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "src"), str(ROOT)]

from PIL import Image  # noqa: E402
from playwright.sync_api import Browser  # noqa: E402

from bessinside.plant import levels  # noqa: E402
from tests.e2e.camera import CALM, DESK, FLAGS, LEVELS, STATES, Camera, State, camera  # noqa: E402
from tests.e2e.conftest import launched  # noqa: E402
from tests.e2e.moment import STANDS, Moment, Story  # noqa: E402
from tests.e2e.sheet import RECORDED, Picture, apart, made_with, picture, write_sheet  # noqa: E402

FOLDER = ROOT / "docs" / "pictures"
GALLERY = ROOT / "docs" / "gallery.md"
CELL = "c1/r04/m3/cell026"
# name of the picture, where the page is, height
GUIDES = (
    ("level-01", "#/level/1", 850),
    ("level-07", "#/level/7", 850),
    ("passport", f"#/level/7?figure={CELL}/voltage", 1240),
)
GUIDES_WIDTH = 1360
TRIES = 6

INTRO = (
    "The 14 levels of the reference plant in six states, side by side on one sheet each: {states}. Drawn in software "
    "at one moment of an emulated plant (seed 1, {moment} UTC). `python docs/make_pictures.py` takes them anew, and "
    "`tests/e2e/test_pictures.py` compares every pixel."
)
HEAD = "| Level | What it answers | Pictures |\n|---|---|---|\n"


def steady(taken: Camera, level: int) -> Picture:
    """A picture of a level that comes out the same twice in a row."""
    before = picture(taken.shoot(level))
    for _ in range(TRIES):
        now = picture(taken.repainted())
        if apart(before, now) == 0:
            return now
        before = now
    raise SystemExit(f"level {level}: the page never looks the same twice; something on it moves by itself")


def take_sheets(browser: Browser, moments: dict[Story, Moment], wanted: list[int]) -> None:
    """The sheets of some levels."""
    shots: dict[int, dict[str, Picture]] = {level: {} for level in wanted}
    for state in STATES:
        with camera(browser, moments[state.story], state) as taken:
            for level in LEVELS:  # all of them: what moves has come as far as in the test
                shot = steady(taken, level)
                if level in shots:
                    shots[level][state.name] = shot
        print(f"{state.name}: {len(wanted)} levels", flush=True)
    for level, of in shots.items():
        write_sheet(level, of)
    RECORDED.write_text(json.dumps(made_with(browser.version), indent=2) + "\n", encoding="utf-8")


def take_guides(browser: Browser, moment: Moment) -> None:
    """The pictures of README and guides."""
    for name, where, height in GUIDES:
        state = State(name, "", "", CALM, {"width": GUIDES_WIDTH, "height": height}, still=True)
        with camera(browser, moment, state) as taken:
            shot = Image.fromarray(picture(taken.shoot_at(where)))
            shot.quantize(256, dither=Image.Dither.NONE).save(FOLDER / f"{name}.png", optimize=True)


def gallery() -> str:
    """The page that shows the sheets."""
    states = "; ".join(f"{state.place}, {state.sentence}" for state in STATES)
    rows = [
        f"| **{level.id:02d}** {level.title()} | {level.question()} "
        f"| [![Level {level.id}: {level.title()}](../tests/e2e/pictures/level-{level.id:02d}.webp)]"
        f"(../tests/e2e/pictures/level-{level.id:02d}.webp) |"
        for level in levels()
    ]
    words = INTRO.format(states=states, moment=f"{STANDS:%Y-%m-%d %H:%M}")
    return "\n".join(["# Gallery", "", textwrap.fill(words, 120), "", HEAD + "\n".join(rows), ""])


def main() -> None:
    wanted = [int(level) for level in sys.argv[1:]] or list(LEVELS)
    moments = {state.story: Moment(state.story) for state in STATES}
    with launched(*FLAGS) as browser:
        take_sheets(browser, moments, wanted)
        if wanted == list(LEVELS):
            take_guides(browser, moments[CALM])
    GALLERY.write_text(gallery(), encoding="utf-8")
    for moment in moments.values():
        moment.close()
    size = sum(path.stat().st_size for path in RECORDED.parent.glob("*.webp"))
    print(f"{len(wanted)} sheets of {DESK['width']} x {DESK['height']}; the set has {size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
