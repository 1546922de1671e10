"""The event loop that a long-lived process runs on: uvloop where it is installed (the extra `fast`), else asyncio's."""

from __future__ import annotations

import asyncio
import importlib.util
import os
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


def run(main: Coroutine[Any, Any, T]) -> T:
    """Runs `main` to its end, as :func:`asyncio.run`; both loops do the same, uvloop with less of the processor."""
    if importlib.util.find_spec("uvloop") is None:
        return asyncio.run(main)
    import uvloop

    _fill_standard_files()
    result: T = uvloop.run(main)
    return result


def _fill_standard_files() -> None:
    """Gives a process without standard input, output or error an empty one: uvloop aborts without."""
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest free number: this one
