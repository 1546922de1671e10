"""A thread that does one thing after another for an event loop, with less ado than a pool of threads."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, TypeVar

T = TypeVar("T")
_Work = tuple[Callable[[], Any], asyncio.AbstractEventLoop, "asyncio.Future[Any]"]


class Worker:
    """Begins its thread with the first thing to do. A simulated loop (`in_line`) does all at once, without a thread."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._thread: threading.Thread | None = None
        self._work: SimpleQueue[_Work | None] = SimpleQueue()

    async def do(self, work: Callable[[], T]) -> T:
        """What the work gives, done by the thread after all that it was given before; raises what it raises."""
        loop = asyncio.get_running_loop()
        if getattr(loop, "in_line", False):
            return work()
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
            self._thread.start()
        done: asyncio.Future[T] = loop.create_future()
        self._work.put((work, loop, done))
        return await done

    def close(self) -> None:
        """Waits until all that was given is done, and ends the thread."""
        thread, self._thread = self._thread, None
        if thread is not None:
            self._work.put(None)
            thread.join()

    def _run(self) -> None:
        while (given := self._work.get()) is not None:
            work, loop, done = given
            error, found = None, None
            try:
                found = work()
            except BaseException as raised:  # it belongs to whoever waits
                error = raised
            try:
                loop.call_soon_threadsafe(_tell, done, found, error)
            except RuntimeError:  # the loop is closed: nobody waits any more
                return
            del given, work, loop, done, error, found  # nothing is held while there is nothing to do


def _tell(done: asyncio.Future[Any], found: object, error: BaseException | None) -> None:
    if done.cancelled():
        return
    if error is None:
        done.set_result(found)
    else:
        done.set_exception(error)
