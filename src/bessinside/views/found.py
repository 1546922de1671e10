"""What a formula gives back, and how it says that something is missing."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar, overload

from bessinside.twin.quality import Quality, worst
from bessinside.views.fact import Cell, Missing, Origin

T = TypeVar("T")
A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")
D = TypeVar("D")
PARTLY, ASSUMPTION, LACKING = "partly", "assumption", "missing"
_BY_LABEL = {mark.label: mark for mark in Quality}


@dataclass(frozen=True, slots=True)
class Rows:
    """A table without its words: column keys with units, and the rows. Names of columns are kept with the definitions;
    rows that hold words of a language are made by a function of it ("en" or "de")."""

    columns: tuple[tuple[str, str], ...]
    rows: Sequence[Sequence[Cell]] | Callable[[str], Sequence[Sequence[Cell]]]
    draw: str = "table"
    most: int = 400

    def told(self, language: str) -> Sequence[Sequence[Cell]]:
        """The rows in a language."""
        return self.rows(language) if callable(self.rows) else self.rows


@dataclass(frozen=True, slots=True)
class Found:
    """A value in the fact's unit (NaN where the fact is only words or a table) and what it rests on.

    `quality`: empty for the worst of the origins. `spanned`: it counts the span, not this moment. `missing`: what was
    left out although there is a value.
    """

    value: float = math.nan
    origin: tuple[Origin, ...] = ()
    text: str | None = None
    note: str = ""
    quality: str = ""
    spanned: bool = False
    table: Rows | None = None
    missing: tuple[Missing, ...] = ()

    def mark(self) -> str:
        """The quality in words."""
        if self.quality:
            return self.quality
        labels = {one.quality for one in self.origin}
        known = [_BY_LABEL[label] for label in labels if label in _BY_LABEL]
        mark = worst(known).label if known else Quality.GOOD.label
        if mark == Quality.GOOD.label and ASSUMPTION in labels:
            return ASSUMPTION
        return PARTLY if mark == Quality.GOOD.label and (PARTLY in labels or self.missing) else mark


class Lacking(Exception):
    """A fact that cannot be had: it carries what is missing. Never leaves the fact base."""

    def __init__(self, *missing: Missing) -> None:
        self.missing = tuple(dict.fromkeys(missing))
        super().__init__(", ".join(one.name for one in self.missing))


@overload
def gather(one: Callable[[], A], two: Callable[[], B], /) -> tuple[A, B]: ...
@overload
def gather(one: Callable[[], A], two: Callable[[], B], three: Callable[[], C], /) -> tuple[A, B, C]: ...
@overload
def gather(
    one: Callable[[], A], two: Callable[[], B], three: Callable[[], C], four: Callable[[], D], /
) -> tuple[A, B, C, D]: ...
def gather(*asked: Callable[[], Any]) -> tuple[Any, ...]:
    """All answers, or one Lacking that names everything that is missing for them, not only the first."""
    answers: list[Any] = []
    missing: list[Missing] = []
    for ask in asked:
        try:
            answers.append(ask())
        except Lacking as error:
            missing += error.missing
    if missing:
        raise Lacking(*missing)
    return tuple(answers)


def first_of(*asked: Callable[[], T]) -> T:
    """The first answer that can be had, or one Lacking that names what each would need."""
    missing: list[Missing] = []
    for ask in asked:
        try:
            return ask()
        except Lacking as error:
            missing += error.missing
    raise Lacking(*missing)


def with_note(found: Found, *words: str) -> Found:
    """The same with more words."""
    return replace(found, note=" ".join(word for word in (found.note, *words) if word))


def origins(*groups: Iterable[Origin]) -> tuple[Origin, ...]:
    """Origins of several kinds as one, each once."""
    return tuple(dict.fromkeys(one for group in groups for one in group))


def no_register(*metrics: str) -> Missing:
    """No device of the plant carries any of these metrics."""
    return Missing(
        "register",
        " | ".join(metrics),
        "no device of this plant carries it",
        "add a device whose map has it to the plant file, or the point to its map",
    )


def no_history(why: str) -> Missing:
    """Nothing, or too little, was recorded."""
    return Missing("history", "history", why, "record with: bessinside run PLANT --history DIR")


def no_input(key: str, what: str) -> Missing:
    """A key of the plant file that only its owner can know."""
    return Missing("input", key, f"{what} is not stated", f"put {key} into the plant file")


def no_prices(why: str) -> Missing:
    """Day-ahead prices of a time."""
    return Missing("feed", "day-ahead prices", why, "fetch them with: bessinside prices fetch --from DAY --to DAY")
