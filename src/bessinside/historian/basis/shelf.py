"""A shelf: what was made at some cost, kept while there is room."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

T = TypeVar("T")


class Shelf:
    """A cache that forgets what was not asked for the longest, once it holds more than `most` (by weight)."""

    def __init__(self, most: int, drop: Callable[[Any], None] | None = None) -> None:
        self._most = most
        self._held: OrderedDict[Hashable, tuple[Any, int]] = OrderedDict()
        self._weight = 0
        self._drop = drop
        self._lock = threading.Lock()

    def get(self, key: Hashable, make: Callable[[], T], weigh: Callable[[T], int] = lambda _: 1) -> T:
        """What is under the key, made now if it is not there."""
        with self._lock:
            if key in self._held:
                self._held.move_to_end(key)
                found: T = self._held[key][0]
                return found
        made = make()
        with self._lock:
            self._held[key] = made, weigh(made)
            self._weight += weigh(made)
            while self._weight > self._most and len(self._held) > 1:
                _, (gone, weight) = self._held.popitem(last=False)
                self._weight -= weight
                if self._drop is not None:
                    self._drop(gone)
        return made
