"""Files that are put together here are what any reader of Parquet takes them for."""

from __future__ import annotations

import io
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bessinside.historian.sealed import footer
from bessinside.historian.sealed.page import Page, matrix, no_lists, numbers, ragged, same, texts
from bessinside.historian.sealed.pagefile import PageFile

SCHEMA = pa.schema(
    [
        ("number", pa.int64()),
        ("edition", pa.int32()),
        ("name", pa.string()),
        ("words", pa.list_(pa.uint16())),
        ("mean", pa.list_(pa.float64())),
        ("at", pa.list_(pa.int32())),
        ("frames", pa.list_(pa.binary())),
        ("outcome", pa.list_(pa.uint8())),
    ]
)
Row = dict[str, object]


def made(rows: int, entries: int, seed: int) -> tuple[list[Page], list[Row]]:
    """A row group, and what must be read out of it."""
    chance = np.random.default_rng(seed)
    words = chance.integers(0, 65536, (rows, entries)).astype(np.uint16)
    mean, missing = chance.normal(size=(rows, entries)), chance.random((rows, entries)) < 0.3
    at = [None if k % 3 == 0 else list(range(-1, k % 5)) for k in range(rows)]
    frames = [None if k % 4 == 0 else [bytes([n]) * n for n in range(k % 4)] for k in range(rows)]
    names = tuple(f"ä{k}" for k in range(rows))
    pages = [
        numbers(np.arange(rows) - 2**40), same(7, rows, "i4"), texts(names), matrix(words, width=4),
        matrix(mean, missing), ragged(at), ragged(frames), no_lists(rows),
    ]  # fmt: skip
    expected: list[Row] = [
        {
            "number": k - 2**40, "edition": 7, "name": names[k], "words": words[k].tolist(),
            "mean": [None if gone else value for value, gone in zip(mean[k].tolist(), missing[k], strict=True)],
            "at": at[k], "frames": frames[k], "outcome": None,
        }
        for k in range(rows)
    ]  # fmt: skip
    return pages, expected


@pytest.mark.parametrize(("rows", "entries"), [(1, 1), (3, 1), (7, 5), (256, 600), (40, 61)])
def test_what_was_put_in_comes_out(tmp_path: Path, rows: int, entries: int) -> None:
    path, expected = tmp_path / "some.parquet", []
    with open(path, "wb") as file:
        pages = PageFile(file, SCHEMA)
        for seed in range(20):
            group, plain = made(rows, entries, seed)
            pages.write(rows, group)
            expected += plain
        pages.close({"key": b"value"})
    table = pq.read_table(path)
    table.validate(full=True)
    assert table.schema.remove_metadata().equals(SCHEMA)
    assert table.to_pylist() == expected
    assert pq.read_metadata(path).metadata[b"key"] == b"value"
    with duckdb.connect() as database:
        found = database.execute("SELECT * FROM read_parquet(?)", [str(path)])
        names = [one[0] for one in found.description or ()]
        assert [dict(zip(names, row, strict=True)) for row in found.fetchall()] == expected


def test_a_file_without_rows_is_one_all_the_same(tmp_path: Path) -> None:
    path = tmp_path / "none.parquet"
    with open(path, "wb") as file:
        PageFile(file, SCHEMA).close({})
    assert pq.read_table(path).num_rows == 0


def test_files_of_arrow_and_ours_become_one() -> None:
    """A day that began under an older program is joined out of both."""
    group, expected = made(30, 12, 1)
    ours, theirs, joined = io.BytesIO(), io.BytesIO(), io.BytesIO()
    pages = PageFile(ours, SCHEMA)
    pages.write(30, group)
    pages.close({})
    writer = pq.ParquetWriter(
        theirs, SCHEMA, compression="zstd", write_statistics=False, use_dictionary=["name"], store_schema=False,
        column_encoding={"words.list.element": "BYTE_STREAM_SPLIT", "number": "DELTA_BINARY_PACKED"},
    )  # fmt: skip
    writer.write_table(pa.Table.from_pylist(expected, schema=SCHEMA))
    writer.close()
    for first, second in ((ours, theirs), (theirs, ours)):
        joined = io.BytesIO()
        footer.join([first, second], joined, {"key": b"value"})
        assert pq.read_table(joined).to_pylist() == expected + expected


def test_groups_found_by_their_pattern_are_moved_as_those_taken_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    files = []
    for seed in range(3):
        files.append(io.BytesIO())
        pages = PageFile(files[-1], SCHEMA)
        for rows in (30, 1, 200):
            pages.write(rows, made(rows, 12, seed)[0])
        pages.close({})
    quick, slow = io.BytesIO(), io.BytesIO()
    footer.join(files, quick, {"key": b"value"})
    monkeypatch.setattr(footer, "_plain_group", lambda _paths: None)
    footer.join(files, slow, {"key": b"value"})
    assert quick.getvalue() == slow.getvalue()
    assert pq.read_table(quick).num_rows == 3 * 231
    pairs, begin = footer.read_pairs(quick)
    assert pairs == {"key": b"value"}
    assert quick.getvalue()[begin:] == footer.footer_bytes(footer.read_footer(quick)[0])
