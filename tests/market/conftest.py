"""Nothing of these tests leaves the machine, and nothing of them stays in the user's cache."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BESSINSIDE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("BESSINSIDE_SMARD_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("BESSINSIDE_ENERGY_CHARTS_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
