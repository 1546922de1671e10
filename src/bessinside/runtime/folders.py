"""Folders of this machine that belong to the program."""

from __future__ import annotations

import os
import sys
from pathlib import Path

CACHE_VARIABLE = "BESSINSIDE_CACHE"


def cache_folder() -> Path:
    """Where things are kept that can be fetched again: `BESSINSIDE_CACHE`, else the platform's place. Not yet made.

    Linux `$XDG_CACHE_HOME/bessinside` (`~/.cache/bessinside`), macOS `~/Library/Caches/bessinside`, Windows
    `%LOCALAPPDATA%\\bessinside\\Cache`.
    """
    if said := os.environ.get(CACHE_VARIABLE):
        return Path(said).expanduser()
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "bessinside" / "Cache"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "bessinside"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "bessinside"
