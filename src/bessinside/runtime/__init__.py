"""The only doors to the world: time, sockets, files and chance; and invariants that are counted in production."""

from __future__ import annotations

from bessinside.runtime import chance, clock, disk, invariants, loop, net

__all__ = ["chance", "clock", "disk", "invariants", "loop", "net"]
