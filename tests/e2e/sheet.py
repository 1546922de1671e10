"""Reviewed pictures on disk: one lossless sheet a level with its six states, and what they were made with."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tests.e2e.camera import DESK, STATES

FOLDER = Path(__file__).with_name("pictures")
RECORDED = FOLDER / "recorded.json"
COLUMNS = 2

Picture = NDArray[np.uint8]
"""uint8[height, width, 3]"""


def picture(png: bytes) -> Picture:
    """A screenshot as an array."""
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))


def path_of(level: int, folder: Path = FOLDER) -> Path:
    """The sheet of a level."""
    return folder / f"level-{level:02d}.webp"


def _places() -> dict[str, tuple[slice, slice]]:
    """Where each state stands on a sheet: rows and columns."""
    wide, high = DESK["width"], DESK["height"]
    found = {}
    for n, state in enumerate(STATES):
        top, left = n // COLUMNS * high, n % COLUMNS * wide
        found[state.name] = slice(top, top + state.size["height"]), slice(left, left + state.size["width"])
    return found


PLACES = _places()


def write_sheet(level: int, shots: Mapping[str, Picture], folder: Path = FOLDER) -> Path:
    """Writes the sheet of a level; equal pictures side by side cost next to nothing."""
    rows = -(-len(STATES) // COLUMNS)
    sheet = np.zeros((rows * DESK["height"], COLUMNS * DESK["width"], 3), np.uint8)
    for name, shot in shots.items():
        sheet[PLACES[name]] = shot
    folder.mkdir(parents=True, exist_ok=True)
    path = path_of(level, folder)
    Image.fromarray(sheet).save(path, "WEBP", lossless=True, quality=70, method=4)
    return path


def read_sheet(level: int) -> dict[str, Picture]:
    """The recorded pictures of a level by state."""
    sheet = np.asarray(Image.open(path_of(level)).convert("RGB"))
    return {name: sheet[place] for name, place in PLACES.items()}


def apart(one: Picture, other: Picture) -> int:
    """Pixels that are not the same; all of them where the sizes differ."""
    return int((one != other).any(axis=2).sum()) if one.shape == other.shape else one.shape[0] * one.shape[1]


def difference(recorded: Picture, now: Picture) -> Picture:
    """The picture, pale, with red where it differs from what was recorded."""
    if recorded.shape != now.shape:
        return now
    shown = (now // 3 + 150).astype(np.uint8)
    shown[(recorded != now).any(axis=2)] = (220, 0, 0)
    return shown


def made_with(version: str) -> dict[str, Any]:
    """What a picture hangs on beside the page: the browser's version, and the fonts that it finds on this machine."""
    return {"chromium": version, "fonts": [_font(family) for family in ("system-ui", "sans-serif", "monospace")]}


def _font(family: str) -> str:
    """The file name of the font that stands for a family; what fontconfig says, or nothing."""
    program = shutil.which("fc-match")
    if program is None:
        return ""
    told = subprocess.run([program, "-f", "%{file|basename}", family], capture_output=True, text=True, check=False)
    return told.stdout.strip()


def recorded_with() -> dict[str, Any]:
    """What the recorded pictures were made with."""
    content: dict[str, Any] = json.loads(RECORDED.read_text(encoding="utf-8"))
    return content
