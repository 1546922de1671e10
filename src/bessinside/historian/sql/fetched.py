"""A span of what servers keep, fetched for questions in SQL: the same raw tables as a folder has, all in memory."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import pyarrow as pa

from bessinside.historian.basis.archive import Rollup, Step
from bessinside.historian.basis.folder import HistoryError
from bessinside.historian.clickhouse.server import Server
from bessinside.historian.past.past import Past
from bessinside.historian.sealed.segment import (
    REQUESTS_SCHEMA,
    SWEEPS_SCHEMA,
    WORDS_SCHEMA,
    requests_table,
    sweeps_table,
    words_table,
)

LONGEST_NS = 86_400_000_000_000
_FILE = "servers"


def fetch(connection: Any, past: Past, begin_ns: int, end_ns: int) -> None:
    """Registers words, sweep_lists, requests, minutes, hours and events of [begin, end) with a DuckDB connection.

    Raises HistoryError where the span is longer than a day, ServerError; NothingRecorded.
    """
    server = cast(Server, past.archive)
    first, last = past.span()
    begin, end = max(begin_ns, first), min(end_ns, last + 1)
    if end - begin > LONGEST_NS:
        raise HistoryError(
            f"{past.name}: a day at most is fetched from servers to be asked in SQL: say --from and --to "
            "(or ask the servers in their own SQL, see the guide to a fleet)"
        )
    batches = [batch for device in server.devices() for batch in server.batches(device, begin, end)]
    for name, schema, table in (
        ("words", WORDS_SCHEMA, words_table),
        ("sweep_lists", SWEEPS_SCHEMA, sweeps_table),
        ("requests", REQUESTS_SCHEMA, requests_table),
    ):
        rows = pa.concat_tables([schema.empty_table(), *(table(batch) for batch in batches)])
        connection.register(name, rows.add_column(0, "file", pa.array([_FILE] * len(rows), pa.string())))
    ids = {device: _ids(past, device) for device in server.devices()}
    for name, step in (("minutes", Step.MINUTE), ("hours", Step.HOUR)):
        parts = [
            _flat(device, mine, server.rollup(mine, begin // step * step, end, step))
            for device, mine in ids.items()
            if mine
        ]
        connection.register(name, pa.concat_tables([_STEPS.empty_table(), *parts]))
    events = server.events(-(2**62), 2**62)
    happened = {
        "time": pa.array([event.time_ns for event in events], pa.int64()).cast(pa.timestamp("ns")),
        **{key: pa.array([getattr(one, key) for one in events], pa.string()) for key in ("kind", "subject", "text")},
    }
    connection.register("events", pa.table(happened))


def _ids(past: Past, device: str) -> list[str]:
    """The figures of a device in all of its worlds."""
    found: dict[str, None] = {}
    for stretch in past.worlds.of_device(device):
        bound = stretch.world.bound(device)
        if bound is not None:
            found |= dict.fromkeys(stretch.world.binding.ids[bound.first : bound.first + bound.size])
    return list(found)


_STEPS = pa.schema(
    [
        ("time", pa.timestamp("ns")),
        ("device", pa.string()),
        ("id", pa.string()),
        *((name, pa.float64()) for name in ("low", "high", "mean")),
        *((name, pa.int32()) for name in ("count", "left_out")),
    ]
)


def _flat(device: str, ids: list[str], rollup: Rollup) -> pa.Table:
    """A row for each figure and step that saw a sweep."""
    column, row = np.nonzero((rollup.count + rollup.left_out).T > 0)
    names = np.array(ids, object)
    return pa.table(
        {
            "time": pa.array(rollup.begin_ns[row]).cast(pa.timestamp("ns")),
            "device": pa.array([device] * len(row), pa.string()),
            "id": pa.array(names[column], pa.string()),
            **{key: pa.array(getattr(rollup, key)[row, column], from_pandas=True) for key in ("low", "high", "mean")},
            **{key: pa.array(getattr(rollup, key)[row, column]) for key in ("count", "left_out")},
        },
        schema=_STEPS,
    )
