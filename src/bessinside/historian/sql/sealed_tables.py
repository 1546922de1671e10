"""The raw tables over a folder: its sealed Parquet files as they lie there, and its tail."""

from __future__ import annotations

import duckdb
import pyarrow as pa

from bessinside.historian.embedded.store import Store
from bessinside.historian.sealed.catalogue import load_segments
from bessinside.historian.sealed.rollup import SCHEMA as ROLLUP_SCHEMA
from bessinside.historian.sealed.segment import (
    REQUESTS,
    REQUESTS_SCHEMA,
    SWEEPS,
    SWEEPS_SCHEMA,
    WORDS,
    WORDS_SCHEMA,
    requests_table,
    sweeps_table,
    words_table,
)
from bessinside.historian.tail.batches import tail_batches
from bessinside.runtime import database

_TAIL = "tail"
_STEPS = {"minutes": 60_000_000_000, "hours": 3_600_000_000_000}


def register_files(connection: duckdb.DuckDBPyConnection, store: Store, begin_ns: int, end_ns: int) -> None:
    """The raw tables: sealed files of the span, and the tail as Arrow; both of one moment."""
    reader = database.connect_to_read(store.folder.tail)
    try:
        with database.reading(reader):
            segments = [one for one in load_segments(reader) if one.end_ns >= begin_ns and one.begin_ns < end_ns]
            batches = tail_batches(reader, begin_ns=begin_ns, end_ns=end_ns)
            rollups = reader.execute(
                "SELECT name, step_ns FROM rollups WHERE end_ns > ? AND begin_ns < ?", (begin_ns, end_ns)
            ).fetchall()
            events = reader.execute("SELECT time_ns, kind, subject, text FROM events ORDER BY time_ns, id").fetchall()
    finally:
        reader.close()
    for name, suffix, schema, table in (
        ("words", WORDS, WORDS_SCHEMA, words_table),
        ("sweep_lists", SWEEPS, SWEEPS_SCHEMA, sweeps_table),
        ("requests", REQUESTS, REQUESTS_SCHEMA, requests_table),
    ):
        tail = pa.concat_tables([schema.empty_table(), *(table(batch) for batch in batches)])
        connection.register(f"{name}_tail", tail)
        columns = ", ".join(schema.names)
        query = f"SELECT '{_TAIL}' AS file, {columns} FROM {name}_tail"  # noqa: S608  names of our own schema
        paths = [str(store.folder.segments / f"{one.name}{suffix}") for one in segments]
        if paths:
            listed = ", ".join("'" + path.replace("'", "''") + "'" for path in paths)
            base = f"replace(parse_filename(filename), '{suffix}', '')"
            query += (
                f" UNION ALL SELECT {base} AS file, {columns} "  # noqa: S608  quoted above
                f"FROM read_parquet([{listed}], filename = true)"
            )
        connection.execute(f"CREATE VIEW {name} AS {query}")
    for name, step in _STEPS.items():
        paths = [str(store.folder.rollups / file) for file, step_ns in rollups if step_ns == step]
        _rollups(connection, name, paths)
    happened = pa.table(
        {
            "time": pa.array([row[0] for row in events], pa.timestamp("ns")),
            **{
                key: pa.array([row[i] for row in events], pa.string())
                for i, key in ((1, "kind"), (2, "subject"), (3, "text"))
            },
        }
    )
    connection.register("events", happened)


def _rollups(connection: duckdb.DuckDBPyConnection, name: str, paths: list[str]) -> None:
    """A row for each figure and step that saw a sweep."""
    connection.register(f"{name}_none", ROLLUP_SCHEMA.empty_table())
    source = f"SELECT * FROM {name}_none"  # noqa: S608  our own name
    if paths:
        listed = ", ".join("'" + path.replace("'", "''") + "'" for path in paths)
        source += f" UNION ALL SELECT * FROM read_parquet([{listed}])"  # noqa: S608  quoted above
    lists = ("low", "high", "mean", "count", "left_out")
    columns = ", ".join(f'unnest("{one}") AS "{one}"' for one in lists)
    connection.execute(
        f"CREATE VIEW {name} AS SELECT make_timestamp_ns(begin_ns + step_ns * i) AS time, device, id, low, high, mean, "  # noqa: S608
        f'"count", left_out FROM (SELECT device, figure AS id, begin_ns, step_ns, unnest(range(len("count"))) AS i, '
        f'{columns} FROM ({source})) WHERE "count" + left_out > 0'
    )
