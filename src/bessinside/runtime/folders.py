"""Folders of this machine that belong to the program."""

from __future__ import annotations

import os
import sys
from pathlib import Path

CACHE_VARIABLE = "BESSINSIDE_CACHE"
STATE_VARIABLE = "BESSINSIDE_STATE"


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


def state_folder() -> Path:
    """Where things are kept that must outlive a start and can not be fetched again: `BESSINSIDE_STATE`, else the
    platform's place. Not yet made.

    Linux `$XDG_STATE_HOME/bessinside` (`~/.local/state/bessinside`), macOS `~/Library/Application Support/bessinside`,
    Windows `%LOCALAPPDATA%\\bessinside\\State`.
    """
    if said := os.environ.get(STATE_VARIABLE):
        return Path(said).expanduser()
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "bessinside" / "State"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "bessinside"
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "bessinside"
