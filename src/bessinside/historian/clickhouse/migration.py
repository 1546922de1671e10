"""The tables made, and brought from an older program's to what this one writes; the servers know the version."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import bessinside
from bessinside.historian.basis.folder import HistoryError, NothingRecorded
from bessinside.historian.clickhouse.door import Door, Version
from bessinside.historian.clickhouse.errors import ServerError
from bessinside.historian.clickhouse.tables import FIRST, Table
from bessinside.runtime import clock

Step = Callable[[str, str, Version], Iterator[str]]
"""Statements from one version to the next, of a database, a cluster ('' for none) and the servers' version."""

MIGRATIONS = Table(
    "migrations",
    {"version": "UInt32", "applied_ns": "Int64", "program": "String"},
    ("version", "applied_ns"),
    "version",
)


def _first(database: str, cluster: str, version: Version) -> Iterator[str]:
    for table in FIRST:
        yield from table.statements(database, cluster, version)


STEPS: tuple[Step, ...] = (_first,)
"""Step n makes version n + 1 of version n. What was released is never changed: a new version is a new step."""


def kept_version(door: Door) -> int:
    """The version of what the database holds, 0 where there is none."""
    try:
        found = door.ask("SELECT version FROM migrations", ["version"])["version"]
    except ServerError as error:
        if "Code: 60" in str(error) or "Code: 81" in str(error):  # no such table, no such database
            return 0
        raise
    return int(found.max()) if len(found) else 0


def migrate(door: Door, database: str, steps: tuple[Step, ...] = STEPS) -> int:
    """Makes what is missing; gives the version that it found. Every statement may run twice, and by several at once.

    Raises ServerError, ServerAway; HistoryError where a newer program made the tables.
    """
    found = kept_version(door)
    _not_newer(door, found, len(steps))
    if found == len(steps):
        return found
    version = door.version()
    door.everywhere(f"CREATE DATABASE IF NOT EXISTS {database}")
    for statement in MIGRATIONS.statements(database, door.cluster, version):
        door.everywhere(statement)
    for number, step in enumerate(steps[found:], found + 1):
        for statement in step(database, door.cluster, version):
            door.everywhere(statement)
        row = {"version": [number], "applied_ns": [clock.now_ns()], "program": [bessinside.__version__]}
        door.put("migrations", MIGRATIONS.columns, row, 1)
    return found


def check_version(door: Door, steps: tuple[Step, ...] = STEPS) -> None:
    """Raises NothingRecorded where the database holds nothing, HistoryError where it is not what this program reads."""
    found = kept_version(door)
    if not found:
        raise NothingRecorded(
            f"{door.name} holds no history: `bessinside run PLANT --historian {door.name}` records one"
        )
    _not_newer(door, found, len(steps))
    if found < len(steps):
        raise HistoryError(
            f"{door.name} is of version {found}, this program reads {len(steps)}: start a recorder of this program, "
            "which brings it up to date"
        )


def _not_newer(door: Door, found: int, known: int) -> None:
    if found > known:
        raise HistoryError(
            f"{door.name} was made by a newer program (version {found}, this one knows {known}): take that program"
        )
