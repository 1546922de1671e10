"""The reviewed pictures: 14 levels in six states, compared pixel by pixel with what somebody looked at and kept.

On the recorded version of Chromium, with the recorded fonts, every pixel is the same. On another version at most two in
a thousand differ. With other fonts every line of text differs, and the pictures say nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser

from tests.e2e.camera import FLAGS, LEVELS, STATES, State, camera
from tests.e2e.conftest import launched
from tests.e2e.moment import Moment, Story
from tests.e2e.sheet import FOLDER, PLACES, apart, difference, made_with, path_of, picture, read_sheet, recorded_with

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

ELSEWHERE = 0.002
"""Share of pixels that another version of Chromium may draw differently."""
ALL_BYTES = 8_000_000
TRIES = 4
RECORD = "python docs/make_pictures.py"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with launched(*FLAGS) as opened:
        yield opened


@pytest.fixture(scope="module")
def moments() -> Iterator[dict[Story, Moment]]:
    """The product at the moments that the states show; made when first asked for."""
    made: dict[Story, Moment] = {}
    yield made
    for moment in made.values():
        moment.close()


def test_they_are_all_there_and_small() -> None:
    found = sorted(FOLDER.glob("*.webp"))
    assert found == [path_of(level) for level in LEVELS]
    assert sum(path.stat().st_size for path in found) <= ALL_BYTES
    assert len(PLACES) == len(STATES) == 6


def test_what_each_state_must_show() -> None:
    """A set of pictures that are all alike would compare well."""
    for level in LEVELS:
        shots = read_sheet(level)
        for name in ("alarm", "stale", "light"):
            assert apart(shots["normal"], shots[name]) > 500, (level, name)


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.name)
def test_every_pixel(state: State, browser: Browser, moments: dict[Story, Moment], tmp_path: Path) -> None:
    recorded, here = recorded_with(), made_with(browser.version)
    if here["fonts"] != recorded["fonts"]:
        pytest.skip(f"recorded with the fonts {recorded['fonts']}, this machine has {here['fonts']}")
    same = here == recorded
    wrong = []
    if state.story not in moments:
        moments[state.story] = Moment(state.story)
    with camera(browser, moments[state.story], state) as taken:
        for level in LEVELS:
            kept = read_sheet(level)[state.name]
            most = 0 if same else int(ELSEWHERE * kept.shape[0] * kept.shape[1])
            shot = picture(taken.shoot(level))
            for _ in range(TRIES - 1):  # threads of the browser may round one pixel in a million the other way
                if apart(kept, shot) <= most:
                    break
                shot = picture(taken.repainted())
            if (pixels := apart(kept, shot)) > most:
                name = tmp_path / f"level-{level:02d}-{state.name}"
                Image.fromarray(shot).save(f"{name}-actual.png")
                Image.fromarray(difference(kept, shot)).save(f"{name}-diff.png")
                wrong.append(f"level {level:02d}: {pixels} pixels, {name}-diff.png")
    assert not wrong, "\n".join([f"{state.name}: not as recorded; look, and where it is right run `{RECORD}`", *wrong])
