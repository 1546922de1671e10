"""SQLite. What is committed here has reached the disk: the write-ahead log is synced with every commit."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PAGE_BYTES = 16384
_WAIT_MS = 10_000
_CHECKPOINT_PAGES = 512

Connection = sqlite3.Connection
Row = tuple[object, ...]
Error = sqlite3.Error


def connect(path: str | Path) -> Connection:
    """Opens a database for reading and writing; it is made where there is none. One thread at a time may use it.

    Raises sqlite3.Error.
    """
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=64)
    connection.execute(f"PRAGMA busy_timeout={_WAIT_MS}")
    connection.execute(f"PRAGMA page_size={PAGE_BYTES}")
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA secure_delete=OFF")  # some builds write zeros over all that is removed: twice the writes
    connection.execute(f"PRAGMA wal_autocheckpoint={_CHECKPOINT_PAGES}")
    return connection


def connect_to_read(path: str | Path) -> Connection:
    """Opens a database that another connection, or another process, may be writing. Raises sqlite3.Error."""
    connection = sqlite3.connect(f"{Path(path).resolve().as_uri()}?mode=ro", uri=True, isolation_level=None,
                                 check_same_thread=False, cached_statements=64)  # fmt: skip
    connection.execute(f"PRAGMA busy_timeout={_WAIT_MS}")
    return connection


@contextmanager
def transaction(connection: Connection) -> Iterator[Connection]:
    """All or nothing; committed, and on the disk, when the block ends without an error."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield connection
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


@contextmanager
def reading(connection: Connection) -> Iterator[Connection]:
    """One moment: everything that is read in the block was true at the same time."""
    connection.execute("BEGIN")
    try:
        yield connection
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def whole(connection: Connection) -> list[str]:
    """What SQLite finds wrong with the file; nothing if it is whole."""
    found = [str(row[0]) for row in connection.execute("PRAGMA quick_check")]
    return [] if found == ["ok"] else found


def copy(source: Connection, path: str | Path) -> None:
    """Copies a whole database as it is at one moment, while others go on writing to it. Raises sqlite3.Error."""
    target = sqlite3.connect(path, isolation_level=None)
    try:
        source.backup(target)
        target.execute("PRAGMA journal_mode=DELETE")  # one file, whole on the disk
    finally:
        target.close()
