"""Time. Under a :class:`~bessinside.runtime.simulation.SimLoop` every reading is the loop's virtual time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable


def source() -> Callable[[], int]:
    """The wall clock of the running loop as a function without arguments (ns since the epoch, UTC).

    A hot path takes it once instead of asking for the loop at every reading.
    """
    loop = asyncio._get_running_loop()
    virtual: Callable[[], int] | None = getattr(loop, "wall_ns", None)
    return time.time_ns if virtual is None else virtual


def now_ns() -> int:
    """UTC wall clock in nanoseconds since the epoch; virtual under a simulated loop."""
    return source()()


def monotonic() -> float:
    """Seconds of a clock that never goes back: the running loop's where one runs, else the system's."""
    loop = asyncio._get_running_loop()
    return time.monotonic() if loop is None else loop.time()


async def sleep(seconds: float) -> None:
    """Waits `seconds` of the running loop's time."""
    await asyncio.sleep(seconds)
