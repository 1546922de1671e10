"""The event loop that a long-lived process runs on: uvloop where it is installed (the extra `fast`), else asyncio's."""

from __future__ import annotations

import asyncio
import gc
import importlib.util
import os
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


def run(main: Coroutine[Any, Any, T]) -> T:
    """Runs `main` to its end, as :func:`asyncio.run`; both loops do the same, uvloop with less of the processor."""
    seldom_collect()
    if importlib.util.find_spec("uvloop") is None:
        return asyncio.run(main)
    import uvloop

    _fill_standard_files()
    result: T = uvloop.run(main)
    return result


def seldom_collect() -> None:
    """Lets the collector of cycles look seldom, and never at what is there already.

    A poller makes many objects a second and hardly any cycle; with Python's own thresholds, looking for cycles took up
    to 40 % of its time with 1,000 devices.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


def _fill_standard_files() -> None:
    """Gives a process without standard input, output or error an empty one: uvloop aborts without."""
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest free number: this one
