"""Tails of older formats, brought to that of today in one transaction.

Format 1 kept a commit as a list of sweeps, each a list: number, device, edition, start, end, first transaction, failed
requests, words, times, troubles. Format 2 keeps their columns side by side, and the peaks of every run. Format 3 packs
words and times, see :mod:`~bessinside.historian.tail.tick`.
"""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np

from bessinside.historian.basis.folder import HistoryError
from bessinside.historian.tail.tick import VERSION, Trouble, pack_columns
from bessinside.runtime import database

_Sweep1 = tuple[int, int, int, int, int, int, int, bytes, bytes, bytes | None]
_Tick2 = tuple[int, bytes, bytes, bytes, dict[int, Trouble]]


def check_format(connection: database.Connection, folder: str | Path) -> None:
    """Looks whether a tail is of today's format. Raises HistoryError where it is of another one."""
    try:
        (found,) = connection.execute("SELECT value FROM about WHERE key = 'format'").fetchone() or (None,)
        columns = {row[1] for row in connection.execute("PRAGMA table_info(runs)")}
    except database.Error as error:
        raise HistoryError(f"{folder} holds no history that can be read: {error}") from error
    if found is None or found > VERSION:
        raise HistoryError(f"{folder} has format {found}, this program reads {VERSION}: take the program it is from")
    if found < VERSION or "peaks" not in columns:
        raise HistoryError(
            f"{folder} was written by an older program: record into it once "
            f"(`bessinside run PLANT --history {folder}`), which brings it to the format of today"
        )


def upgrade(connection: database.Connection, version: int) -> None:
    """Brings a tail of an older version, or one without some column, to that of today; all of it or nothing.

    Raises sqlite3.Error, msgspec.MsgspecError.
    """
    columns = {row[1] for row in connection.execute("PRAGMA table_info(runs)")}
    if version == VERSION and "peaks" in columns:
        return
    with database.transaction(connection):
        if "peaks" not in columns:
            connection.execute("ALTER TABLE runs ADD COLUMN peaks BLOB")
        for (first,) in connection.execute("SELECT first FROM ticks").fetchall() if version < VERSION else ():
            again = _from_1 if version == 1 else _from_2
            (packed,) = connection.execute("SELECT sweeps FROM ticks WHERE first = ?", (first,)).fetchone()
            connection.execute("UPDATE ticks SET sweeps = ? WHERE first = ?", (again(packed), first))
        connection.execute("UPDATE about SET value = ? WHERE key = 'format'", (VERSION,))


def _from_1(packed: bytes) -> bytes:
    rows = msgspec.msgpack.decode(packed, type=list[_Sweep1])
    sizes = [len(row[7]) // 2 for row in rows]
    requests = [len(row[8]) // 16 for row in rows]
    head = np.array([*np.array([row[1:7] for row in rows], np.int64).T, sizes, requests], "<i8")
    troubles = {k: msgspec.msgpack.decode(row[9], type=Trouble) for k, row in enumerate(rows) if row[9] is not None}
    return pack_columns(head.tobytes(), b"".join(row[7] for row in rows), b"".join(row[8] for row in rows), troubles)


def _from_2(packed: bytes) -> bytes:
    _, head, words, times, troubles = msgspec.msgpack.decode(packed, type=_Tick2)
    return pack_columns(head, words, times, troubles)
