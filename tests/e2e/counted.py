"""A twin over the past of the counted plant, which is silent now: what was realised can be checked by hand."""

from __future__ import annotations

import contextlib
import json
import shutil
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import Product, free_port, lives, start
from tests.market import counted_plant

MOMENT_MS = counted_plant.START_NS // 10**6 + (2 * 1440 - 1) * 60_000
MOMENT = "t=2026-10-09T21:59:00Z"


@dataclass
class Counted:
    """The running twin: its address, and the folder of its plant and past."""

    url: str
    folder: Path

    def get(self, path: str) -> Any:
        with urllib.request.urlopen(self.url + path, timeout=60) as answer:
            return json.load(answer)


@contextlib.contextmanager
def counted(folder: Path, *more: str, like: Path | None = None) -> Iterator[Counted]:
    """Records two days, or takes a copy of what was recorded in `like`, and serves them; `more` arguments of `run`."""
    plant = counted_plant.files(folder)
    if like is None:
        counted_plant.record(folder)
    else:
        shutil.copytree(like / "past", folder / "past")
    port = free_port()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BESSINSIDE_CACHE", str(folder / "cache"))
        twin = start("run", str(plant), "--port", str(port), "--history", str(folder / "past"), *more)
    running = Product(f"http://127.0.0.1:{port}", plant, twin, twin)
    try:
        running.until(lambda: _answers(running), 90)
        yield Counted(running.url, folder)
    finally:
        twin.terminate()
        twin.wait(timeout=60)


def _answers(running: Product) -> bool:
    assert lives(running.twin)
    with contextlib.suppress(OSError):
        return bool(running.get("/api/health"))
    return False
