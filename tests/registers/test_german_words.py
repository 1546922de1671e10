"""What maps call their bits and codes has a German word for the German page.

The map of SunSpec has no points of its own: those of the models are looked at in the browser's tests.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

import bessinside.registers

ROOT = Path(__file__).parents[2]
MAPS = sorted((Path(bessinside.registers.__file__).parent / "maps").glob("*.yaml"))
WORDS = json.loads((ROOT / "ui/src/i18n/vendor.de.json").read_text(encoding="utf-8"))


def names(group: dict[str, Any]) -> Iterator[str]:
    for point in group.get("points", []):
        for symbol in point.get("symbols", None) or []:
            yield symbol.get("label") or symbol["name"].replace("_", " ").lower()
    for inner in group.get("groups", []):
        yield from names(inner)


@pytest.mark.parametrize("path", MAPS, ids=lambda path: path.stem)
def test_every_bit_has_a_german_name(path: Path) -> None:
    found = yaml.safe_load(path.read_text(encoding="utf-8"))
    untold = {name for name in names(found.get("group", {})) if re.sub(r"\b\d+\b", "#", name) not in WORDS}
    assert not untold, sorted(untold)


def test_numbers_stay_where_they_are() -> None:
    assert all(english.count("#") == german.count("#") for english, german in WORDS.items())
    assert len(MAPS) >= 14
