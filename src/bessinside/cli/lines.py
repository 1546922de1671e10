"""Lines of standard input as they come, while the program goes on."""

from __future__ import annotations

import asyncio
import signal
import sys
import threading
from collections.abc import Callable


def listen(take: Callable[[str], None]) -> None:
    """Calls `take` on the running loop with every line of standard input until it ends; nothing where it is closed.

    A program in the background of a terminal is stopped for reading from it: that is switched off here, and such a
    read just ends.
    """
    if sys.stdin is None or sys.stdin.closed:
        return
    loop = asyncio.get_running_loop()
    if hasattr(signal, "SIGTTIN"):
        signal.signal(signal.SIGTTIN, signal.SIG_IGN)
    threading.Thread(target=_read, args=(loop, take), name="standard input", daemon=True).start()


def _read(loop: asyncio.AbstractEventLoop, take: Callable[[str], None]) -> None:
    try:
        for line in sys.stdin:
            loop.call_soon_threadsafe(take, line)
    except (OSError, ValueError, RuntimeError):
        return  # no terminal any more, or the program ended while somebody typed
