"""Sealed sweeps in Parquet, made to be read without this program too. A segment is four files of the same name:

NAME.words.parquet     a row per register: run, device, edition, fc, address, words (a list with one entry per sweep)
NAME.sweeps.parquet    a row per run: device, edition, lists number, start_ns, end_ns, tid, failed
NAME.requests.parquet  a row per request: run, device, edition, request, fc, address, count, lists wait_us, took_us
NAME.extremes.parquet  a row per metric of many points: run, device, edition, metric, lists low, high, count

A run is the sweeps of one edition of a device in ten minutes, named by the number of its first. Lists of one run belong
together entry by entry: `unnest(words), unnest(end_ns)`. A request was sent
`wait_us` after the answer before it (the first: after the start of its sweep) and answered `took_us` after that; null
where it was not. Lists outcome and exception are there where an answer was not data; odd_at and odd hold frames that
are not simply header and data; tids is there where transactions do not count up from tid.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from bessinside.historian.basis.archive import Edition
from bessinside.historian.basis.batch import NEVER, Batch, Times
from bessinside.historian.basis.run import Run
from bessinside.runtime import disk

WORDS, SWEEPS, REQUESTS = ".words.parquet", ".sweeps.parquet", ".requests.parquet"
EXTREMES = ".extremes.parquet"
SUFFIXES = (WORDS, SWEEPS, REQUESTS, EXTREMES)
GROUP_ROWS = 256
"""Most registers in a row group: one register's words of ten minutes cost the reading of its group."""
ABOUT = b"bessinside"

WORDS_SCHEMA = pa.schema(
    [
        ("device", pa.string()),
        ("edition", pa.int32()),
        ("run", pa.int64()),
        ("fc", pa.uint8()),
        ("address", pa.int32()),
        ("words", pa.list_(pa.uint16())),
    ]
)
SWEEPS_SCHEMA = pa.schema(
    [
        ("device", pa.string()),
        ("edition", pa.int32()),
        ("run", pa.int64()),
        ("number", pa.list_(pa.int64())),
        ("start_ns", pa.list_(pa.int64())),
        ("end_ns", pa.list_(pa.int64())),
        ("tid", pa.list_(pa.int32())),
        ("failed", pa.list_(pa.int32())),
    ]
)
REQUESTS_SCHEMA = pa.schema(
    [
        ("device", pa.string()),
        ("edition", pa.int32()),
        ("run", pa.int64()),
        ("request", pa.int32()),
        ("fc", pa.uint8()),
        ("address", pa.int32()),
        ("count", pa.int32()),
        ("wait_us", pa.list_(pa.int32())),
        ("took_us", pa.list_(pa.int32())),
        ("outcome", pa.list_(pa.uint8())),
        ("exception", pa.list_(pa.uint8())),
        ("odd_at", pa.list_(pa.int32())),
        ("odd", pa.list_(pa.binary())),
        ("tids", pa.list_(pa.int32())),
    ]
)
WORDS_COLUMN = WORDS_SCHEMA.get_field_index("words")
SWEEP_LISTS = {
    name: (SWEEPS_SCHEMA.get_field_index(name), kind)
    for name, kind in (
        ("number", np.int64), ("start_ns", np.int64), ("end_ns", np.int64), ("tid", np.int32), ("failed", np.int32)
    )
}  # fmt: skip
"""Place and kind of the lists in NAME.sweeps.parquet."""
WAIT, TOOK = (REQUESTS_SCHEMA.get_field_index(name) for name in ("wait_us", "took_us"))
EXTREMES_SCHEMA = pa.schema(
    [
        ("device", pa.string()),
        ("edition", pa.int32()),
        ("run", pa.int64()),
        ("metric", pa.string()),
        ("low", pa.list_(pa.float64())),
        ("high", pa.list_(pa.float64())),
        ("count", pa.list_(pa.int32())),
    ]
)


class About(msgspec.Struct, frozen=True):
    """What a segment's files say of themselves: enough to make the catalogue and the editions anew."""

    format: int
    parts: list[Run]
    editions: list[Edition]


def spread(rows: int, most: int = GROUP_ROWS) -> list[int]:
    """Sizes of the row groups of so many rows: as few as can be, about even."""
    groups = max(1, -(-rows // most))
    return [rows * (k + 1) // groups - rows * k // groups for k in range(groups)]


def words_table(batch: Batch) -> pa.Table:
    """The rows of NAME.words.parquet."""
    fc, address = batch.plan.registers()
    rows, sweeps = batch.words.shape
    return pa.table(
        [
            _same(batch.edition.device, rows),
            pa.array(np.full(rows, batch.edition.number, np.int32)),
            pa.array(np.full(rows, batch.times.number[0])),
            pa.array(fc.astype(np.uint8)),
            pa.array(address.astype(np.int32)),
            _lists(batch.words, sweeps),
        ],
        schema=WORDS_SCHEMA,
    )


def sweeps_table(batch: Batch) -> pa.Table:
    """The row of NAME.sweeps.parquet."""
    times = batch.times
    columns = (times.number, times.start_ns, times.end_ns, times.tid.astype(np.int32), times.failed)
    lists = [_lists(column[None, :], len(times)) for column in columns]
    head = [
        pa.array([batch.edition.device]),
        pa.array([batch.edition.number], pa.int32()),
        pa.array([int(times.number[0])], pa.int64()),
    ]
    return pa.table([*head, *lists], schema=SWEEPS_SCHEMA)


def requests_table(batch: Batch) -> pa.Table:
    """The rows of NAME.requests.parquet."""
    times, requests, rows = batch.times, batch.edition.requests, len(batch.edition.requests)
    wait, took = waits(times)
    odd = odd_frames(times, rows)
    plain = times.outcome is None or times.exception is None
    return pa.table(
        [
            _same(batch.edition.device, rows),
            pa.array(np.full(rows, batch.edition.number, np.int32)),
            pa.array(np.full(rows, batch.times.number[0])),
            pa.array(np.arange(rows, dtype=np.int32)),
            pa.array(np.array([one.fc for one in requests], np.uint8)),
            pa.array(np.array([one.address for one in requests], np.int32)),
            pa.array(np.array([one.count for one in requests], np.int32)),
            _lists(wait, len(times), wait == NEVER),
            _lists(took, len(times), took == NEVER),
            pa.nulls(rows, pa.list_(pa.uint8())) if plain else _lists(times.outcome, len(times)),
            pa.nulls(rows, pa.list_(pa.uint8())) if plain else _lists(times.exception, len(times)),
            pa.array([None if one is None else [at for at, _ in one] for one in odd], pa.list_(pa.int32())),
            pa.array([None if one is None else [raw for _, raw in one] for one in odd], pa.list_(pa.binary())),
            pa.array(odd_tids(times, rows), pa.list_(pa.int32())),
        ],
        schema=REQUESTS_SCHEMA,
    )


def odd_frames(times: Times, rows: int) -> list[list[tuple[int, bytes]] | None]:
    """Of every request the frames that are not simply header and data, with the position of their sweep; None for a
    request that has none."""
    found: list[list[tuple[int, bytes]] | None] = [None] * rows
    for (request, at), raw in times.raw.items():
        found[request] = [*(found[request] or ()), (at, raw)]
    return found


def odd_tids(times: Times, rows: int) -> list[list[int] | None]:
    """Position and transactions of sweeps in which these do not count up; the first request's row carries them, as
    they are of whole sweeps."""
    tids = [int(word) for at in sorted(times.tids) for word in (at, *times.tids[at])]
    none: list[list[int] | None] = [None] * rows
    return [tids, *none[1:]] if tids and rows else none


def waits(times: Times) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """int32[R, n] each: µs from the answer before (or what came of it) to the question, and from there to the answer.

    Differences repeat where times do not, and so take less room. NEVER where there is no question, or no answer.
    """
    sent, received = times.sent_us, times.received_us
    if (sent != NEVER).all() and (received != NEVER).all():
        return np.concatenate([sent[:1], sent[1:] - received[:-1]]), received - sent
    wait, took = np.full_like(sent, NEVER), np.full_like(sent, NEVER)
    before = np.zeros(len(times), np.int32)
    for r in range(len(sent)):
        asked, answered = sent[r] != NEVER, received[r] != NEVER
        wait[r] = np.where(asked, sent[r] - before, NEVER)
        before = np.where(asked, sent[r], before)
        took[r] = np.where(answered, received[r] - before, NEVER)
        before = np.where(answered, received[r], before)
    return wait, took


def after(wait: NDArray[np.int32], took: NDArray[np.int32]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """What :func:`waits` was made of: sent and received, int32[R, n] µs after the start."""
    if (wait != NEVER).all() and (took != NEVER).all():
        received = np.cumsum(wait + took, axis=0, dtype=np.int32)
        return received - took, received
    sent, received = np.full_like(wait, NEVER), np.full_like(wait, NEVER)
    before = np.zeros(wait.shape[1], np.int32)
    for r in range(len(wait)):
        asked, answered = wait[r] != NEVER, took[r] != NEVER
        sent[r] = np.where(asked, before + wait[r], NEVER)
        before = np.where(asked, sent[r], before)
        received[r] = np.where(answered, before + took[r], NEVER)
        before = np.where(answered, received[r], before)
    return sent, received


def read_about(path: Path) -> About:
    """What a segment's file says of itself. Raises ArrowInvalid or OSError where it is torn, KeyError where it is not
    one of ours, msgspec.DecodeError."""
    with disk.open_read(path) as file:
        return msgspec.json.decode(pq.read_metadata(file).metadata[ABOUT], type=About)


def read_words(file: pq.ParquetFile, groups: Iterable[int], sweeps: int) -> NDArray[np.uint16]:
    """uint16[rows, sweeps]: the words of some row groups."""
    column = file.read_row_groups(list(groups), columns=["words"], use_threads=True).column(0)
    chunks = [chunk.flatten().to_numpy(zero_copy_only=False) for chunk in column.chunks]
    flat = chunks[0] if len(chunks) == 1 else np.concatenate(chunks)
    return np.asarray(flat, np.uint16).reshape(-1, sweeps)


def read_sweeps(file: pq.ParquetFile, part: int, columns: Sequence[str]) -> dict[str, NDArray[Any]]:
    """Lists of one edition's row of NAME.sweeps.parquet, by column."""
    table = file.read_row_group(part, columns=list(columns), use_threads=False)
    return {name: table.column(name).chunk(0).flatten().to_numpy() for name in columns}


def read_metrics(file: pq.ParquetFile, group: int) -> list[str]:
    """The metrics that a row group of NAME.extremes.parquet has."""
    return [str(name) for name in file.read_row_group(group, columns=["metric"]).column(0).to_pylist()]


def read_extremes(
    file: pq.ParquetFile, group: int, metric: str
) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]] | None:
    """low, high, count of a metric in every sweep; None where the file does not have it."""
    table = file.read_row_group(group, use_threads=False)
    names = table.column("metric").to_pylist()
    if metric not in names:
        return None
    row = table.slice(names.index(metric), 1)
    lists = (row.column(name).combine_chunks().flatten() for name in ("low", "high", "count"))
    low, high, count = (one.to_numpy(zero_copy_only=False) for one in lists)
    return low, high, count


def read_requests(file: pq.ParquetFile, part: int) -> pa.Table:
    """The rows of one edition in NAME.requests.parquet."""
    return file.read_row_group(part, use_threads=False)


def read_waits(file: pq.ParquetFile, part: int, column: int, sweeps: int) -> NDArray[Any]:
    """int32[R, sweeps]: wait_us or took_us of one edition's requests, NEVER where it is null."""
    name = REQUESTS_SCHEMA.names[column]
    return _matrix(file.read_row_group(part, columns=[name], use_threads=False), name, sweeps, NEVER)


def whole_times(sweeps: dict[str, NDArray[Any]], requests: pa.Table) -> Times:
    """The times of one edition's sweeps, from a row of NAME.sweeps.parquet and its rows of NAME.requests.parquet."""
    n = len(sweeps["number"])
    sent, received = after(_matrix(requests, "wait_us", n, NEVER), _matrix(requests, "took_us", n, NEVER))
    plain = requests.column("outcome").null_count == len(requests)
    raw = {
        (r, at): frame
        for r, (places, frames) in enumerate(
            zip(requests.column("odd_at").to_pylist(), requests.column("odd").to_pylist(), strict=True)
        )
        for at, frame in zip(places or (), frames or (), strict=True)
    }
    listed = np.array((requests.column("tids").to_pylist() or [None])[0] or [], np.int32).reshape(-1, len(requests) + 1)
    return Times(
        sweeps["number"], sweeps["start_ns"], sweeps["end_ns"], sweeps["tid"].astype(np.uint16), sweeps["failed"],
        sent, received, None if plain else _matrix(requests, "outcome", n, 0).astype(np.uint8),
        None if plain else _matrix(requests, "exception", n, 0).astype(np.uint8), raw,
        {int(row[0]): row[1:].astype(np.uint16) for row in listed},
    )  # fmt: skip


def _matrix(table: pa.Table, name: str, sweeps: int, missing: int) -> NDArray[Any]:
    chunks = [chunk.flatten().fill_null(missing) for chunk in table.column(name).chunks]
    flat = np.concatenate([chunk.to_numpy(zero_copy_only=False) for chunk in chunks] or [np.zeros(0, np.int32)])
    return flat.reshape(len(table), sweeps)


def _lists(matrix: NDArray[Any] | None, sweeps: int, missing: NDArray[np.bool_] | None = None) -> pa.ListArray:
    assert matrix is not None
    offsets = pa.array(np.arange(len(matrix) + 1, dtype=np.int32) * sweeps)
    mask = missing.reshape(-1) if missing is not None and missing.any() else None
    return pa.ListArray.from_arrays(offsets, pa.array(np.ascontiguousarray(matrix).reshape(-1), mask=mask))


def _same(text: str, rows: int) -> pa.Array:
    return pa.array([text]).take(pa.array(np.zeros(rows, np.int32)))
