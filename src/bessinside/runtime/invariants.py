"""Invariants that stay on in production: they never raise, they are counted and shown."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Count:
    """How often a named condition was asked for, and how it was answered."""

    kind: str
    held: int = 0
    broken: int = 0


_COUNTS: dict[str, Count] = {}


def _count(kind: str, name: str, condition: bool) -> bool:
    count = _COUNTS.get(name)
    if count is None:
        count = _COUNTS[name] = Count(kind)
    if condition:
        count.held += 1
    else:
        count.broken += 1
    return condition


def always(name: str, condition: bool) -> bool:
    """Counts a condition that must hold every time; gives it back, so that the caller can act on it."""
    return _count("always", name, condition)


def sometimes(name: str, condition: bool = True) -> bool:
    """Counts a condition that must hold at least once in a long run: a test that never met it tested nothing."""
    return _count("sometimes", name, condition)


def counters() -> dict[str, dict[str, int | str]]:
    """All counts by name: kind ("always" or "sometimes"), held, broken."""
    return {name: {"kind": c.kind, "held": c.held, "broken": c.broken} for name, c in sorted(_COUNTS.items())}


def broken() -> tuple[str, ...]:
    """Names of the `always` conditions that failed at least once."""
    return tuple(name for name, count in sorted(_COUNTS.items()) if count.kind == "always" and count.broken)


def reset() -> None:
    """Forgets all counts: the start of a run."""
    _COUNTS.clear()
