"""The words for each key of a map file and a plant file, kept in `meanings.toml`."""

from __future__ import annotations

import tomllib
from pathlib import Path

_TABLES = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
PLACES: dict[str, str] = _TABLES["places"]
SCHEMES: dict[str, str] = _TABLES["schemes"]
TRANSPORT: dict[str, str] = _TABLES["transport"]


def of(place: str, key: str) -> str:
    """The words for a key. Raises KeyError with the place where they are missing."""
    words: str | None = _TABLES["keys"].get(place, {}).get(key) or _TABLES["common"].get(key)
    if words is None:
        raise KeyError(f"{place}: {key}: say in docs/writers/meanings.toml what it means")
    return words
