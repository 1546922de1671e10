"""The event loop that a long-lived process runs on: uvloop where it is installed (the extra `fast`), else asyncio's."""

from __future__ import annotations

import asyncio
import importlib.util
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


def run(main: Coroutine[Any, Any, T]) -> T:
    """Runs `main` to its end, as :func:`asyncio.run`; both loops do the same, uvloop with less of the processor."""
    if importlib.util.find_spec("uvloop") is None:
        return asyncio.run(main)
    import uvloop

    result: T = uvloop.run(main)
    return result
