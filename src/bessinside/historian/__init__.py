"""What was true: the historian keeps every sweep's words as they came, and gives them back."""

from __future__ import annotations

from bessinside.historian.basis.archive import (
    Archive,
    Edition,
    Event,
    Extremes,
    Image,
    Latest,
    Rollup,
    Step,
    Sweeps,
    Words,
    register,
)

__all__ = [
    "Archive",
    "Edition",
    "Event",
    "Extremes",
    "Image",
    "Latest",
    "Rollup",
    "Step",
    "Sweeps",
    "Words",
    "register",
]
