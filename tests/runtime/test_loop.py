"""The loop that long-lived processes run on."""

from __future__ import annotations

import asyncio
import importlib.util
import subprocess
import sys

import pytest

from bessinside.runtime import loop


async def where() -> str:
    await asyncio.sleep(0)
    return type(asyncio.get_running_loop()).__module__.split(".")[0]


def test_the_result_comes_back_and_errors_too() -> None:
    async def fails() -> None:
        raise ValueError("as it was")

    assert loop.run(where()) in {"asyncio", "uvloop"}
    with pytest.raises(ValueError, match="as it was"):
        loop.run(fails())


def test_without_uvloop_it_is_asyncio(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert loop.run(where()) == "asyncio"


@pytest.mark.skipif(importlib.util.find_spec("uvloop") is None, reason="uvloop is not installed")
def test_with_uvloop_it_is_uvloop() -> None:
    assert loop.run(where()) == "uvloop"


def test_it_runs_without_standard_files() -> None:
    program = "from bessinside.runtime import loop; import asyncio; loop.run(asyncio.sleep(0))"
    closed = subprocess.run(["sh", "-c", 'exec "$0" -c "$1" <&- >&- 2>&-', sys.executable, program], check=False)
    assert closed.returncode == 0
