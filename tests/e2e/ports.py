"""Ports for what the tests start: each process has its own, so that several may run at once."""

from __future__ import annotations

import itertools
import os
import socket
from collections.abc import Iterator

# below the range that the system gives to outgoing connections
PLANTS = range(100, 13_000, 100)
"""Offsets of the reference plant's ports, which lie between 15020 and 15070."""
PLANT_DOOR = 15_099
PAGES = range(28_200, 32_700, 100)
"""Hundreds of ports for pages and relays."""

_kept: list[socket.socket] = []


def free_offset() -> int:
    """An offset that moves all ports of the reference plant to free ones."""
    for offset in _from_here(PLANTS):
        if _keep(PLANT_DOOR + offset):
            if all(_free(port + offset) for port in range(15_020, 15_071)):
                return offset
            _kept.pop().close()
    raise RuntimeError("no free ports for a plant")


def free_port() -> int:
    """A port that nobody listens on, and that no other process of tests is given."""
    return next(_pages)


def _own_pages() -> Iterator[int]:
    for first in _from_here(PAGES):
        if _keep(first):
            yield from filter(_free, range(first + 1, first + 100))
    raise RuntimeError("no free ports for a page")


def _from_here(all_of: range) -> Iterator[int]:
    """Every one of them, beginning where no neighbour does."""
    begin = next(_turn) % len(all_of)
    return itertools.chain(all_of[begin:], all_of[:begin])


def _keep(port: int) -> bool:
    """Takes a port for as long as this process lives: whoever has it has those that go with it."""
    door = socket.socket()
    try:
        door.bind(("127.0.0.1", port))
    except OSError:
        door.close()
        return False
    _kept.append(door)
    return True


def _free(port: int) -> bool:
    with socket.socket() as found:
        try:
            found.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


_turn = itertools.count(os.getpid() * 7, 29)
_pages = _own_pages()
