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
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from bessinside.historian.basis.archive import Edition
from bessinside.historian.basis.columns import Columns
from bessinside.historian.basis.world import Stretch, World
from bessinside.historian.embedded.store import Store
from bessinside.historian.opened import open_past
from bessinside.historian.past.past import Past
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
from bessinside.modbus import Outcome
from bessinside.plant import BoundDevice
from bessinside.runtime import database
from bessinside.twin.quality import Quality

_TAIL = "tail"
_STEPS = {"minutes": 60_000_000_000, "hours": 3_600_000_000_000}
_DECODED = pa.struct([("value", pa.float64()), ("quality", pa.uint8())])
_QUALITIES = "[" + ", ".join(f"'{mark.label}'" for mark in Quality) + "]"


@contextmanager
def tables(folder: Path, begin_ns: int = -(2**62), end_ns: int = 2**62) -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB connection with the views, over what was recorded in [begin, end) in a folder, or on servers: of those
    the span is fetched, a day at most. Raises HistoryError."""
    past, close = open_past(folder)
    connection = duckdb.connect()
    try:
        connection.execute("SET TimeZone = 'UTC'")
        if isinstance(past.archive, Store):
            _files(connection, past.archive, begin_ns, end_ns)
        else:
            from bessinside.historian.sql.fetched import fetch

            fetch(connection, past, begin_ns, end_ns)
        _meanings(connection, past)
        for statement in _VIEWS.format(begin=begin_ns, end=end_ns, qualities=_QUALITIES).split(";"):
            connection.execute(statement)
        yield connection
    finally:
        connection.close()
        close()


def _files(connection: duckdb.DuckDBPyConnection, store: Store, begin_ns: int, end_ns: int) -> None:
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


def _meanings(connection: duckdb.DuckDBPyConnection, past: Past) -> None:
    """Tables of what the registers mean, edition by edition, and the function that decodes them."""
    points: dict[str, list[Any]] = {name: [] for name in _POINT_SCHEMA.names}
    registers: dict[str, list[NDArray[np.int64]]] = {name: [] for name in _REGISTER_SCHEMA.names}
    symbols: dict[str, list[Any]] = {name: [] for name in _SYMBOL_SCHEMA.names}
    decoders: list[Decoder] = []
    made: dict[Any, Columns] = {}
    by_number = {
        edition.number: edition for device in past.archive.devices() for edition in past.worlds.editions(device)
    }
    for device in past.archive.devices():
        for stretch in past.worlds.of_device(device):
            world = stretch.world
            bound = world.bound(device)
            if bound is None:
                continue
            first = len(decoders)
            for i in range(bound.size):
                _add_point(points, symbols, stretch, bound, i, len(decoders))
                decoders.append(_decoder(made, world, bound, i))
            mine = [decoders[first + i].registers for i in range(bound.size)]
            for number in stretch.editions:
                _add_registers(registers, by_number[number], first, mine)
    connection.register("point_rows", pa.table(points, _POINT_SCHEMA))
    joined = {name: np.concatenate([np.empty(0, np.int64), *column]) for name, column in registers.items()}
    connection.register("registers", pa.table(joined).cast(_REGISTER_SCHEMA))
    connection.register("symbols", pa.table(symbols, _SYMBOL_SCHEMA))

    def decoded(point: pa.ChunkedArray, words: pa.ChunkedArray, outcomes: pa.ChunkedArray) -> pa.Array:
        """STRUCT(value, quality)[]: for each row a list of lists of words, one for each register of the point."""
        rows = [decoders[number] for number in point.to_pylist()]
        return _decode(rows, _matrices(words), _came(outcomes))

    connection.create_function(
        "decoded", decoded, ["INTEGER", "USMALLINT[][]", "UTINYINT[][]"], 'STRUCT("value" DOUBLE, quality UTINYINT)[]',
        type="arrow",
    )  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Decoder:
    """How one point is decoded: its registers int64[W] as the archive numbers them, the columns of a point that is
    defined as it is, and what its metric can be at all."""

    registers: NDArray[np.int64]
    columns: Columns
    low: float
    high: float


def _decoder(made: dict[Any, Columns], world: World, bound: BoundDevice, i: int) -> Decoder:
    layout, carrier = bound.layout, int(bound.layout.sf_point[i])
    own = (int(layout.fc[i]) << 16 | int(layout.address[i])) + np.arange(int(layout.words[i]))
    every = own
    if carrier >= 0:
        every = np.union1d(own, [int(layout.fc[carrier]) << 16 | int(layout.address[carrier])])
    key = id(bound.map), int(layout.point[i]), float(bound.factor[i]), tuple((every - own[0]).tolist())
    if key not in made:
        made[key] = Columns(bound, (i,))
    index = bound.first + i
    return Decoder(every, made[key], float(world.binding.low[index]), float(world.binding.high[index]))


def _add_registers(
    registers: dict[str, list[NDArray[np.int64]]], edition: Edition, first: int, mine: list[NDArray[np.int64]]
) -> None:
    """Which registers the points from number `first` on need, and in which requests of an edition they are read; those
    that it does not read whole are left out."""
    counts = np.array([len(one) for one in mine])
    codes = np.concatenate([np.empty(0, np.int64), *mine])
    if not len(codes):
        return
    request = edition.plan().block(codes >> 16, codes & 0xFFFF).astype(np.int64)
    begins = np.cumsum(counts) - counts
    whole = np.repeat(np.minimum.reduceat(request, begins) >= 0, counts)
    row = (
        np.repeat(np.arange(first, first + len(mine)), counts), np.full(len(codes), edition.number), codes >> 16,
        codes & 0xFFFF, np.arange(len(codes)) - np.repeat(begins, counts), np.repeat(counts, counts), request,
    )  # fmt: skip
    for column, values in zip(registers.values(), row, strict=True):
        column.append(values[whole])


def _add_point(
    points: dict[str, list[Any]],
    symbols: dict[str, list[Any]],
    stretch: Stretch,
    bound: BoundDevice,
    i: int,
    number: int,
) -> None:
    index, point, metric = bound.first + i, bound.point(i), bound.metrics[i]
    binding = stretch.world.binding
    row = (
        number, binding.ids[index], binding.parts[index], metric.key if metric else None, bound.device.id,
        binding.units[index], point.name, point.type, int(bound.layout.fc[i]), int(bound.layout.address[i]),
        stretch.from_ns, stretch.to_ns,
    )  # fmt: skip
    for column, value in zip(points.values(), row, strict=True):
        column.append(value)
    if point.type.startswith("bitfield"):
        for symbol in point.symbols:
            named = number, symbol.value, symbol.name, symbol.label or symbol.name
            for name, entry in zip(symbols, named, strict=True):
                symbols[name].append(entry)


def _decode(rows: list[Decoder], words: list[NDArray[np.uint16]], came: list[NDArray[np.bool_] | None]) -> pa.Array:
    """Decodes rows together that are defined alike."""
    alike: dict[int, list[int]] = {}
    for row, decoder in enumerate(rows):
        alike.setdefault(id(decoder.columns), []).append(row)
    values: list[Any] = [None] * len(rows)
    marks: list[Any] = [None] * len(rows)
    for mine in alike.values():
        matrix = np.concatenate([words[row] for row in mine])
        read = np.concatenate([np.ones(words[row].shape, bool) if (got := came[row]) is None else got for row in mine])
        value, mark = rows[mine[0]].columns.decode(matrix, read)
        ends = np.cumsum([len(words[row]) for row in mine])[:-1]
        for row, v, m in zip(mine, np.split(value[:, 0], ends), np.split(mark[:, 0], ends), strict=True):
            odd = (v < rows[row].low) | (v > rows[row].high)
            values[row], marks[row] = v, np.where(odd & (m == Quality.GOOD), Quality.IMPLAUSIBLE, m)
    lengths = [len(one) for one in words]
    offsets = pa.array(np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32))
    flat = np.concatenate([np.empty(0), *values])
    quality = np.concatenate([np.empty(0, np.uint8), *marks]).astype(np.uint8)
    decoded = pa.StructArray.from_arrays([pa.array(flat, from_pandas=True), pa.array(quality)], fields=list(_DECODED))
    return pa.ListArray.from_arrays(offsets, decoded)


def _matrices(column: pa.ChunkedArray | pa.Array) -> list[NDArray[np.uint16]]:
    """Each row of W lists of n words as uint16[n, W]."""
    found = []
    for chunk in column.chunks if isinstance(column, pa.ChunkedArray) else [column]:
        for row in range(len(chunk)):
            inner = chunk[row].values
            flat = inner.flatten().to_numpy(zero_copy_only=False).astype(np.uint16, copy=False)
            found.append(flat.reshape(len(inner), -1).T)
    return found


def _came(column: pa.ChunkedArray | pa.Array) -> list[NDArray[np.bool_] | None]:
    """Each row of W lists of outcomes as bool[n, W], None where every answer was data."""
    found: list[NDArray[np.bool_] | None] = []
    for chunk in column.chunks if isinstance(column, pa.ChunkedArray) else [column]:
        for row in range(len(chunk)):
            inner = chunk[row].values
            some = next((k for k in range(len(inner)) if inner[k].is_valid), None)
            if some is None:
                found.append(None)
                continue
            size = len(inner[some].values)
            ends = [
                inner[k].values.to_numpy(zero_copy_only=False) if inner[k].is_valid else np.zeros(size, np.uint8)
                for k in range(len(inner))
            ]
            found.append(np.stack(ends, axis=1) == Outcome.OK)
    return found


_POINT_SCHEMA = pa.schema(
    [
        ("point", pa.int32()),
        *((name, pa.string()) for name in ("id", "part", "metric", "device", "unit", "name", "type")),
        ("function_code", pa.int32()),
        ("address", pa.int32()),
        ("from_ns", pa.int64()),
        ("to_ns", pa.int64()),
    ]
)
_REGISTER_SCHEMA = pa.schema(
    [("point", pa.int32()), ("edition", pa.int32()), ("fc", pa.uint8()), ("address", pa.int32()), ("k", pa.int32()),
     ("of", pa.int32()), ("request", pa.int32())]
)  # fmt: skip
_SYMBOL_SCHEMA = pa.schema([("point", pa.int32()), ("code", pa.int32()), ("name", pa.string()), ("label", pa.string())])

_VIEWS = """
CREATE VIEW points AS SELECT DISTINCT * EXCLUDE (point, from_ns, to_ns) FROM point_rows;
CREATE VIEW sweeps AS
  SELECT make_timestamp_ns(end_ns) AS time, device, edition, number, make_timestamp_ns(start_ns) AS start, failed
  FROM (SELECT device, edition, unnest(number) AS number, unnest(start_ns) AS start_ns, unnest(end_ns) AS end_ns,
               unnest(failed) AS failed FROM sweep_lists)
  WHERE end_ns >= {begin} AND end_ns < {end};
CREATE VIEW lists AS
  SELECT r.point, w.run, r.k, r.of, w.words, q.outcome
  FROM registers r
  JOIN words w ON w.edition = r.edition AND w.fc = r.fc AND w.address = r.address
  JOIN requests q ON q.run = w.run AND q.request = r.request;
CREATE VIEW decoded_lists AS
  SELECT point, run, decoded(point, [words], [outcome]) AS decoded FROM lists WHERE of = 1
  UNION ALL
  SELECT point, run, decoded(point, list(words ORDER BY k), list(outcome ORDER BY k)) AS decoded
  FROM lists WHERE of > 1 GROUP BY point, run;
CREATE VIEW readings AS
  SELECT make_timestamp_ns(ns) AS time, id, part, metric, device, found.value AS value, unit,
         {qualities}[found.quality + 1] AS quality
  FROM (SELECT p.id, p.part, p.metric, p.device, p.unit, p.from_ns, p.to_ns, unnest(s.end_ns) AS ns,
               unnest(d.decoded) AS found
        FROM point_rows p
        JOIN decoded_lists d ON d.point = p.point
        JOIN sweep_lists s ON s.run = d.run)
  WHERE ns >= {begin} AND ns < {end} AND ns >= from_ns AND ns < to_ns;
CREATE VIEW cells AS
  SELECT time, regexp_extract(part, '^(.*?)(/m[0-9]+)?/(cell|sensor)[0-9]+$', 1) AS rack,
         TRY_CAST(regexp_extract(part, '/m([0-9]+)/', 1) AS INTEGER) AS module,
         TRY_CAST(regexp_extract(part, '(cell|sensor)([0-9]+)$', 2) AS INTEGER) AS number,
         id, metric, value, quality
  FROM readings WHERE metric LIKE 'cell.%' OR metric LIKE 'sensor.%';
CREATE VIEW alarms AS
  SELECT time, id, part, device, code, name, label
  FROM (SELECT r.time, r.id, r.part, r.device, y.code, y.name, y.label,
               (r.value::UBIGINT >> y.code) & 1 AS up,
               lag((r.value::UBIGINT >> y.code) & 1, 1, 0) OVER (PARTITION BY r.id, y.code ORDER BY r.time) AS before
        FROM readings r
        JOIN point_rows p ON p.id = r.id AND p.device = r.device
        JOIN symbols y ON y.point = p.point
        WHERE r.quality = 'good')
  WHERE up = 1 AND before = 0
"""
