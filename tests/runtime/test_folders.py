"""Where things are kept that can be fetched again, by platform."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from bessinside.runtime.folders import CACHE_VARIABLE, cache_folder


@pytest.mark.parametrize(
    ("platform", "variables", "expected"),
    [
        ("linux", {"XDG_CACHE_HOME": "/x"}, Path("/x/bessinside")),
        ("linux", {}, Path("~/.cache/bessinside")),
        ("darwin", {}, Path("~/Library/Caches/bessinside")),
        ("win32", {"LOCALAPPDATA": "/local"}, Path("/local/bessinside/Cache")),
        ("linux", {CACHE_VARIABLE: "/mine", "XDG_CACHE_HOME": "/x"}, Path("/mine")),
    ],
)
def test_the_platform_or_the_user_says_where(
    monkeypatch: pytest.MonkeyPatch, platform: str, variables: dict[str, str], expected: Path
) -> None:
    for name in (CACHE_VARIABLE, "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "platform", platform)
    assert cache_folder() == expected.expanduser()
