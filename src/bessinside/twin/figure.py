"""What anybody sees: a value with its unit, quality and age."""

from __future__ import annotations

import msgspec


class FigureRow(msgspec.Struct, frozen=True):
    """One figure at one moment. `value` is null before the first read and where there is none; `age` in seconds."""

    id: str
    label: str
    part: str
    value: float | None
    text: str | None
    unit: str
    quality: str
    age: float | None


class LevelRow(msgspec.Struct, frozen=True):
    """One of the 14 levels with its figures."""

    id: int
    key: str
    title: str
    question: str
    figures: list[FigureRow]
