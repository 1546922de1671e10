"""The catalogue: which sealed files there are, and which runs of sweeps each holds. Tables of the tail's database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from bessinside.historian.basis.archive import Step
from bessinside.historian.basis.folder import HistoryError
from bessinside.historian.basis.peak import Peak
from bessinside.historian.basis.run import Run
from bessinside.historian.sealed.rollup import Rolled
from bessinside.runtime import database, invariants

_RUN = (
    "d.name, r.edition, r.first, r.last, r.begin_ns, r.end_ns, r.sweeps, r.failed, r.part, r.words_group, "
    "r.words_groups, r.extremes, r.peaks"
)


@dataclass(frozen=True, slots=True)
class Segment:
    """One set of sealed files of ten minutes (`kind` slot) or of a day."""

    id: int
    name: str
    kind: str
    first: int
    last: int
    begin_ns: int
    end_ns: int
    sweeps: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Sealed:
    """Files that are written and wait for their place in the catalogue."""

    name: str
    kind: str
    parts: list[Run]
    bytes: int

    @property
    def first(self) -> int:
        return min(run.first for run in self.parts)

    @property
    def last(self) -> int:
        return max(run.last for run in self.parts)

    @property
    def sweeps(self) -> int:
        return sum(run.sweeps for run in self.parts)


@dataclass(frozen=True, slots=True)
class Found:
    """A run, and the name of the segment whose files hold it."""

    name: str
    run: Run


def load_segments(connection: database.Connection, kind: str | None = None) -> list[Segment]:
    """All segments, or those of a kind, oldest first."""
    rows = connection.execute("SELECT * FROM segments WHERE ?1 IS NULL OR kind = ?1 ORDER BY first", (kind,))
    return [Segment(*row) for row in rows]


def load_runs(connection: database.Connection, segment: int) -> list[Run]:
    """The runs of a segment in the order of its files."""
    rows = connection.execute(
        f"SELECT {_RUN} FROM runs r JOIN devices d ON d.id = r.device WHERE r.segment = ? ORDER BY r.part",  # noqa: S608
        (segment,),
    )
    return [_run(*row) for row in rows]


def runs_between(
    connection: database.Connection, device: int, start_ns: int, end_ns: int, newest: int | None = None
) -> list[Found]:
    """The runs of a device with sweeps in a span, oldest first; or so many of the newest, newest first."""
    order = "ORDER BY r.first" if newest is None else f"ORDER BY r.last DESC LIMIT {newest}"
    return _found(connection, f"r.device = ? AND r.end_ns >= ? AND r.begin_ns < ? {order}", (device, start_ns, end_ns))


def runs_with(connection: database.Connection, device: int, number: int) -> list[Found]:
    """The runs of a device among whose numbers one lies."""
    return _found(connection, "r.device = ? AND r.first <= ? AND r.last >= ?", (device, number, number))


def _found(connection: database.Connection, where: str, values: tuple[int, ...]) -> list[Found]:
    rows = connection.execute(
        f"SELECT s.name, {_RUN} FROM runs r JOIN segments s ON s.id = r.segment JOIN devices d ON d.id = r.device "  # noqa: S608
        f"WHERE {where}",
        values,
    )
    return [Found(name, _run(*columns)) for name, *columns in rows]


def _run(*columns: Any) -> Run:
    peaks = None if columns[-1] is None else msgspec.json.decode(columns[-1], type=list[Peak])
    return msgspec.convert([*columns[:-1], peaks], Run)


def rollup_files(connection: database.Connection, start_ns: int, end_ns: int, step: Step) -> list[str]:
    """The rollup files for steps in a span: those of that step, and of minutes where an hour was not made yet."""
    rows = connection.execute(
        "SELECT name, step_ns, first, last FROM rollups "
        "WHERE end_ns > ? AND begin_ns < ? AND step_ns <= ? ORDER BY first",
        (start_ns, end_ns, step),
    ).fetchall()
    long = [(first, last) for _, own, first, last in rows if own == step]
    return [
        str(name)
        for name, own, first, last in rows
        if own == step or not any(low <= first and last <= high for low, high in long)
    ]


def enter(connection: database.Connection, sealed: Sealed, rolled: Rolled | None, devices: Mapping[str, int]) -> None:
    """Puts files into the catalogue and their sweeps out of the tail, inside the caller's transaction."""
    cursor = connection.execute(
        "INSERT INTO segments (name, kind, first, last, begin_ns, end_ns, sweeps, bytes) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            sealed.name, sealed.kind, sealed.first, sealed.last, min(run.begin_ns for run in sealed.parts),
            max(run.end_ns for run in sealed.parts), sealed.sweeps, sealed.bytes,
        ),
    )  # fmt: skip
    connection.executemany(
        "INSERT INTO runs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                cursor.lastrowid, devices[run.device], run.edition, run.first, run.last, run.begin_ns, run.end_ns,
                run.sweeps, run.failed, run.part, run.words_group, run.words_groups, run.extremes,
                None if run.peaks is None else msgspec.json.encode(run.peaks),
            )
            for run in sealed.parts
        ],
    )  # fmt: skip
    if rolled is not None:
        enter_rollup(connection, rolled)
    if sealed.kind == "slot":
        (last,) = connection.execute("SELECT max(last) FROM ticks WHERE first <= ?", (sealed.last,)).fetchone()
        if not invariants.always("historian: what is sealed is what leaves the tail", last == sealed.last):
            raise HistoryError(
                f"{sealed.name} ends at sweep {sealed.last}, the tail at {last}: nothing is taken out of it"
            )
        connection.execute("DELETE FROM ticks WHERE last <= ?", (sealed.last,))


def enter_rollup(connection: database.Connection, rolled: Rolled) -> None:
    """Puts a rollup into the catalogue, inside the caller's transaction."""
    connection.execute(
        "INSERT INTO rollups (name, step_ns, first, last, begin_ns, end_ns, bytes) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (rolled.name, rolled.step_ns, rolled.first, rolled.last, rolled.begin_ns, rolled.end_ns, rolled.bytes),
    )


def leave(connection: database.Connection, segments: Sequence[Segment], rollups: Sequence[str]) -> None:
    """Takes files out of the catalogue, inside the caller's transaction."""
    for segment in segments:
        connection.execute("DELETE FROM runs WHERE segment = ?", (segment.id,))
        connection.execute("DELETE FROM segments WHERE id = ?", (segment.id,))
    for name in rollups:
        connection.execute("DELETE FROM rollups WHERE name = ?", (name,))
