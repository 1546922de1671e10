"""A Parquet file of pages made beforehand. Its schema is written by Arrow, so that it is the same, byte for byte, as in
files that Arrow wrote; row groups are put together here (parquet.thrift of Apache Parquet 2.11).
"""

from __future__ import annotations

import functools
import io
from collections.abc import Mapping, Sequence
from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from bessinside.historian.sealed.footer import MAGIC, Fields, footer_bytes, read_footer, with_groups, with_pairs
from bessinside.historian.sealed.levels import number
from bessinside.historian.sealed.page import RLE, ZSTD, Page


class PageFile:
    """Writes row groups into an open file; nobody can read it before `close` wrote its footer."""

    def __init__(self, file: BinaryIO, schema: pa.Schema) -> None:
        self._file, self._head = file, _head(schema)
        self._groups: list[bytes] = []
        self._rows, self._at = 0, len(MAGIC)
        self._columns = _columns(schema)
        file.write(MAGIC)

    def write(self, rows: int, pages: Sequence[Page]) -> None:
        """A row group: a page for each column of the schema. Raises OSError."""
        begin, at, plain = self._at, self._at, 0
        chunks: list[bytes] = []
        for (kind, path), (content, encoding, values, size) in zip(self._columns, pages, strict=True):
            packed = len(content)
            # ColumnChunk: file_offset, ColumnMetaData: type, encodings, path, codec, values, sizes, data_page_offset
            chunks += (
                kind, _ENCODINGS[encoding], path, number(values << 1), b"\x16", number(size << 1), b"\x16",
                number(packed << 1), b"\x26", number(at << 1), b"\x00\x00",
            )  # fmt: skip
            plain += size
            at += packed
        self._at = at
        self._file.write(b"".join([page.content for page in pages]))
        count = len(pages)
        lists = bytes([count << 4 | 12]) if count < 15 else b"\xfc" + number(count)
        # RowGroup: columns, total_byte_size, num_rows, file_offset, total_compressed_size
        self._groups.append(
            b"\x19" + lists + b"".join(chunks) + b"\x16" + number(plain << 1) + b"\x16" + number(rows << 1)
            + b"\x26" + number(begin << 1) + b"\x16" + number(self._at - begin << 1) + b"\x00"
        )  # fmt: skip
        self._rows += rows

    def close(self, pairs: Mapping[str, bytes]) -> None:
        """Writes the footer. Raises OSError."""
        self._file.write(footer_bytes(with_pairs(with_groups(self._head, self._rows, self._groups), pairs)))


_ENCODINGS = {encoding: b"\x19\x25" + number(RLE << 1) + number(encoding << 1) for encoding in (0, 9)}


@functools.lru_cache(16)
def _head(schema: pa.Schema) -> Fields:
    """The footer of a file without rows."""
    empty = io.BytesIO()
    pq.ParquetWriter(empty, schema, store_schema=False).close()
    return read_footer(empty)[0]


@functools.lru_cache(16)
def _columns(schema: pa.Schema) -> list[tuple[bytes, bytes]]:
    """What ColumnChunk and ColumnMetaData say of every column before its encodings (its physical type), and behind them
    up to its count of values (path and codec)."""
    found: list[tuple[bytes, bytes]] = []
    path: list[tuple[bytes, int]] = []  # names of what encloses the next element, and how many of its children come yet
    for element in _head(schema)[2][1][1][1:]:
        name, children = element[4][1], element[5][1] if 5 in element else 0
        if children:
            path.append((name, children))
            continue
        names = [*(one for one, _ in path), name]
        packed = bytes([0x19, len(names) << 4 | 8]) + b"".join(number(len(one)) + one for one in names)
        kind = b"\x26\x00\x1c\x15" + number(element[1][1] << 1)
        found.append((kind, packed + b"\x15" + number(ZSTD << 1) + b"\x16"))
        while path:
            last, left = path.pop()
            if left > 1:
                path.append((last, left - 1))
                break
    return found
