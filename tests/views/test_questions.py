"""How often a fact base asks the historian: few questions at first, fewer for what was over, all through the door."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest

from bessinside.historian.basis.archive import HOUR_NS, Archive, Step
from bessinside.historian.past.past import Past
from bessinside.views import Evidence, FactBase
from bessinside.views.formulas import FORMULAS
from bessinside.views.kept import Kept
from bessinside.views.remembering import Remembering
from tests.views.closed import Closed
from tests.views.conftest import SLOW

MINUTE = 60 * 10**9
FACTS = [name for name in FORMULAS if name not in SLOW]


class Watched:
    """An archive that counts what it is asked, and how many rollup questions of how many figures."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self.questions: Counter[str] = Counter()
        self.open = 0

    def __getattr__(self, name: str) -> Callable[..., Any]:
        asked = getattr(self._archive, name)

        def ask(*values: Any) -> Any:
            assert self.open == 1, f"{name} was asked beside the door"
            self.questions[name] += 1
            return asked(*values)

        return ask


@pytest.fixture
def watched(closed: Closed) -> tuple[Watched, Remembering]:
    archive = Watched(closed.past.archive)
    shared = Past(archive)  # type: ignore[arg-type]

    @contextmanager
    def door() -> Iterator[Past]:
        assert archive.open == 0, "who holds the door asks through it again"
        archive.open += 1
        yield shared
        archive.open -= 1

    return archive, Remembering(shared, door)


def base_of(closed: Closed, past: Past, end_ns: int) -> FactBase:
    then = past.at(end_ns)
    evidence = Evidence(then, then.snapshot(), past, closed.start_ns, end_ns, owner=closed.plant)
    return FactBase("watched", evidence, FORMULAS)


def ask_all(base: FactBase) -> None:
    for name in FACTS:
        base.fact(name)


def test_the_first_answer_asks_for_all_minutes_at_once(
    closed: Closed, base: FactBase, watched: tuple[Watched, Remembering]
) -> None:
    archive, past = watched
    mine = base_of(closed, past, closed.end_ns)
    for name in FACTS:  # and they are what the past says without a door
        assert mine.fact(name) == base.fact(name), name
    # all minutes, what is open of them, minutes of waterfall and set-points, hours of alarms, minutes where they moved
    assert archive.questions["rollup"] <= 16, archive.questions
    assert archive.questions["words"] <= 30, archive.questions
    assert archive.questions["sweeps"] <= 15, archive.questions
    assert archive.questions["span"] <= 30, archive.questions


def test_the_next_base_asks_only_for_what_is_new(closed: Closed, watched: tuple[Watched, Remembering]) -> None:
    archive, past = watched
    ask_all(base_of(closed, past, closed.end_ns - 2 * MINUTE))
    first = archive.questions.copy()
    asked: list[tuple[int, int]] = []
    rollup = archive._archive.rollup

    def watch(figures: list[str], start_ns: int, end_ns: int, step: Step) -> Any:
        asked.append((start_ns, end_ns))
        return rollup(figures, start_ns, end_ns, step)

    archive._archive.rollup = watch  # type: ignore[method-assign]
    try:
        ask_all(base_of(closed, past, closed.end_ns - MINUTE))
    finally:
        del archive._archive.rollup
    assert sum(archive.questions.values()) - sum(first.values()) <= 0.9 * sum(first.values())
    assert asked
    assert min(start for start, _ in asked) >= (closed.end_ns - 3 * MINUTE) // HOUR_NS * HOUR_NS - HOUR_NS, asked


def test_blocks_give_what_the_archive_gives(closed: Closed) -> None:
    archive = closed.past.archive

    @contextmanager
    def door() -> Iterator[Archive]:
        yield archive

    kept = Kept(door, most_bytes=40_000)  # so small that blocks go again
    ids = closed.past.newest().binding.ids
    chance = np.random.default_rng(5)
    for _ in range(12):
        begin, end = np.sort(chance.integers(closed.start_ns - HOUR_NS, closed.end_ns + HOUR_NS, 2)).tolist()
        step = Step.MINUTE if chance.random() < 0.7 else Step.HOUR
        names = [ids[int(k)] for k in chance.integers(0, len(ids), int(chance.integers(1, 5)))]
        mine, theirs = (one.rollup(names, begin, end, step) for one in (kept, archive))
        for column in ("begin_ns", "low", "high", "mean", "count", "left_out"):
            np.testing.assert_array_equal(getattr(mine, column), getattr(theirs, column), f"{column} {begin} {end}")
    assert kept._bytes <= 40_000
