"""SQL over a folder: DuckDB with views that the maps decode, over the sealed files and the tail as they are now.

readings  time, id, part, metric, device, value, unit, quality: every reading of every sweep
cells     time, rack, module, number, id, metric, value, quality: what cells and sensors carry
alarms    time, id, part, device, code, name, label: every moment at which an alarm bit came up
minutes, hours   rollups, as they are kept
sweeps    time, device, edition, number, start, failed
points    id, part, metric, device, unit, name, type, function_code, address: what is read
events    time, kind, subject, text
words     the raw lists: file, device, edition, run, fc, address, words
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from bessinside.historian.embedded.store import Store
from bessinside.historian.opened import open_past
from bessinside.historian.sql.meanings import register_meanings
from bessinside.historian.sql.sealed_tables import register_files
from bessinside.historian.sql.views import QUALITIES, VIEWS


@contextmanager
def tables(folder: Path, begin_ns: int = -(2**62), end_ns: int = 2**62) -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB connection with the views, over what was recorded in [begin, end) in a folder, or on servers: of those
    the span is fetched, a day at most. Raises HistoryError."""
    past, close = open_past(folder)
    connection = duckdb.connect()
    try:
        connection.execute("SET TimeZone = 'UTC'")
        if isinstance(past.archive, Store):
            register_files(connection, past.archive, begin_ns, end_ns)
        else:
            from bessinside.historian.sql.fetched import fetch

            fetch(connection, past, begin_ns, end_ns)
        register_meanings(connection, past)
        for statement in VIEWS.format(begin=begin_ns, end=end_ns, qualities=QUALITIES).split(";"):
            connection.execute(statement)
        yield connection
    finally:
        connection.close()
        close()
