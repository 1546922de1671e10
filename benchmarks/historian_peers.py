"""The same words in databases that others would use: a row for each register and second (time, register, word)."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Column = NDArray[np.int64]
BATCH_S = 600


@dataclass(frozen=True)
class Asked:
    """What the peers are asked: a cell's register, those of all cells, and the span of their data in s."""

    cell: int
    cells: NDArray[np.int64]
    begin: int
    end: int


class Peer(Protocol):
    """A database with one table `r(ts, p, v)`: s since the epoch, number of the register, word."""

    name: str

    def add(self, ts: Column, p: Column, v: NDArray[np.uint16]) -> None: ...

    def close(self) -> int:
        """Everything on the disk; bytes."""

    def query(self, text: str) -> Any: ...


class DuckDb:
    name = "DuckDB narrow"

    def __init__(self, folder: Path) -> None:
        import duckdb

        self.path = folder / "peer.duckdb"
        self.connection = duckdb.connect(str(self.path))
        self.connection.execute("CREATE TABLE r (ts INTEGER, p SMALLINT, v USMALLINT)")

    def add(self, ts: Column, p: Column, v: NDArray[np.uint16]) -> None:
        batch = pa.table({"ts": ts.astype(np.int32), "p": p.astype(np.int16), "v": v})
        self.connection.register("batch", batch)
        self.connection.execute("INSERT INTO r SELECT * FROM batch")
        self.connection.unregister("batch")

    def close(self) -> int:
        self.connection.execute("CHECKPOINT")
        return self.path.stat().st_size

    def query(self, text: str) -> Any:
        return self.connection.execute(text).fetchall()


class SqLite:
    name = "SQLite narrow"

    def __init__(self, folder: Path) -> None:
        self.path = folder / "peer.sqlite"
        self.connection = sqlite3.connect(self.path)
        self.connection.executescript(
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; "
            "CREATE TABLE r (ts INTEGER, p INTEGER, v INTEGER, PRIMARY KEY (ts, p)) WITHOUT ROWID;"
        )

    def add(self, ts: Column, p: Column, v: NDArray[np.uint16]) -> None:
        rows = zip(ts.tolist(), p.tolist(), v.tolist(), strict=True)
        self.connection.executemany("INSERT INTO r VALUES (?, ?, ?)", rows)
        self.connection.commit()

    def close(self) -> int:
        self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return self.path.stat().st_size

    def query(self, text: str) -> Any:
        return self.connection.execute(text).fetchall()


class ChDb:
    name = "chDB narrow"

    def __init__(self, folder: Path) -> None:
        from chdb.session import Session

        self.folder = folder / "peer.chdb"
        self.session = Session(str(self.folder))
        self.session.query("CREATE DATABASE IF NOT EXISTS d ENGINE = Atomic")
        self.session.query(
            "CREATE TABLE d.r (ts UInt32 CODEC(Delta, ZSTD), p UInt16 CODEC(Delta, ZSTD), v UInt16 CODEC(Delta, ZSTD)) "
            "ENGINE = MergeTree ORDER BY (intDiv(ts, 600), p, ts)"
        )
        self._file = folder / "batch.parquet"

    def add(self, ts: Column, p: Column, v: NDArray[np.uint16]) -> None:
        import pyarrow.parquet as pq

        batch = pa.table({"ts": ts.astype(np.uint32), "p": p.astype(np.uint16), "v": v})
        pq.write_table(batch, self._file, compression="none", use_dictionary=False)
        self.session.query(f"INSERT INTO d.r SELECT ts, p, v FROM file('{self._file}', Parquet)")

    def close(self) -> int:
        self.session.query("OPTIMIZE TABLE d.r FINAL")
        asked = "SELECT sum(bytes_on_disk) FROM system.parts WHERE table = 'r' AND active"
        return int(str(self.session.query(asked, "CSV")).strip())

    def query(self, text: str) -> Any:
        return str(self.session.query(text.replace(" r ", " d.r "), "CSV"))


def peers(folder: Path) -> list[Peer]:
    """Those that are installed here."""
    found: list[Peer] = [DuckDb(folder), SqLite(folder)]
    try:
        found.append(ChDb(folder))
    except ImportError:
        print("chDB is not installed (the extra `peers`): left out")
    return found


def measure(peer: Peer, asked: Asked, best: Callable[[Callable[[], Any]], float]) -> dict[str, float]:
    """ms of each question on the data that a peer holds."""
    at = (asked.begin + asked.end) // 2
    low, high = int(asked.cells.min()), int(asked.cells.max())
    questions = {
        "cell_minutes_ms": (
            f"SELECT ts - ts % 60 AS m, min(v), max(v), avg(v) FROM r WHERE p = {asked.cell} GROUP BY m ORDER BY m"
        ),
        "cells_at_ms": f"SELECT p, v FROM r WHERE ts = {at} AND p BETWEEN {low} AND {high}",
        "spread_ms": (
            f"SELECT ts, max(v) - min(v) AS s FROM r WHERE p BETWEEN {low} AND {high} "
            "GROUP BY ts ORDER BY s DESC LIMIT 1"
        ),
        "snapshot_ms": f"SELECT p, v FROM r WHERE ts = {at}",
    }
    return {name: best(partial(peer.query, text)) for name, text in questions.items()}


def fill(peer: Peer, seconds: list[tuple[int, NDArray[np.uint16]]]) -> tuple[float, int]:
    """Writes the words of some seconds in batches of ten minutes; CPU s and bytes on the disk."""
    before = time.process_time()
    for first in range(0, len(seconds), BATCH_S):
        part = seconds[first : first + BATCH_S]
        words = np.stack([row for _, row in part])
        count = words.shape[1]
        ts = np.repeat(np.array([at for at, _ in part]), count)
        peer.add(ts, np.tile(np.arange(count), len(part)), words.reshape(-1))
    size = peer.close()
    return time.process_time() - before, size
