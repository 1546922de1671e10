"""Pages of Parquet made straight from matrices: a column of a row group is one page.

A list of 600 words for each of 10,000 registers costs a general writer ten times what its compression costs: it looks
at every entry on its own. Here the levels of a whole page are a few bytes, known beforehand, and the bytes of a matrix
are put in order by one copy. (Apache Parquet 2.11: DATA_PAGE of version 1, PLAIN, BYTE_STREAM_SPLIT, ZSTD.)
"""

from __future__ import annotations

import functools
import re
import struct
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from bessinside.historian.sealed import levels
from bessinside.historian.sealed.levels import number

PLAIN, RLE, BYTE_STREAM_SPLIT = 0, 3, 9
ZSTD = 6
_LEVEL = 1  # what a higher one saves is a hundredth of the files, for twice the time
_KINDS = {one: number(one << 1) + 2 * (b"\x15" + number(RLE << 1)) + b"\x00\x00" for one in (PLAIN, BYTE_STREAM_SPLIT)}
_codec = pa.Codec("zstd", compression_level=_LEVEL)


class Page(NamedTuple):
    """A page with its header. `values` counts its levels; `plain_bytes` is its size before compression."""

    content: bytes
    encoding: int
    values: int
    plain_bytes: int


class Head(NamedTuple):
    """Where the content of a page begins and ends, how long it is unpacked, how many values it has, their encoding."""

    begin: int
    end: int
    plain_bytes: int
    values: int
    encoding: int


_NUMBER = rb"([\x80-\xff]*[\x00-\x7f])"
# PageHeader: type DATA_PAGE, sizes, DataPageHeader: values, encoding, levels in RLE (parquet.thrift, compact protocol)
_HEAD = re.compile(
    rb"\x15\x00\x15" + _NUMBER + rb"\x15" + _NUMBER + rb"\x2c\x15" + _NUMBER + rb"\x15" + _NUMBER
    + rb"\x15\x06\x15\x06\x00\x00"
)  # fmt: skip


def read_head(data: bytes, at: int = 0) -> Head | None:
    """The header of the page that begins at a place; None where it is not one of data with these fields alone."""
    found = _HEAD.match(data, at)
    if found is None:
        return None
    plain, packed, values, encoding = (levels.read_number(field, 0)[0] >> 1 for field in found.groups())
    return Head(found.end(), found.end() + packed, plain, values, encoding)


def unpacked(data: bytes, head: Head) -> bytes:
    """The levels of a page and the values behind them. Raises OSError where they are damaged."""
    content: bytes = _codec.decompress(memoryview(data)[head.begin : head.end], head.plain_bytes, asbytes=True)
    return content


def numbers(values: NDArray[Any]) -> Page:
    """A column of int32, int64 or float64, all there."""
    return _page(len(values), PLAIN, levels.present(len(values)) + np.ascontiguousarray(values).tobytes())


@functools.lru_cache(512)
def same(value: int, rows: int, kind: str) -> Page:
    """A column in which every row has the same number."""
    return numbers(np.full(rows, value, kind))


@functools.lru_cache(512)
def texts(values: tuple[str, ...]) -> Page:
    """A column of texts. The same columns come again and again, and are made once."""
    return _page(len(values), PLAIN, levels.present(len(values)) + b"".join(_counted(one.encode()) for one in values))


def matrix(rows: NDArray[Any], missing: NDArray[np.bool_] | None = None, width: int = 0) -> Page:
    """A column of lists, a row of the matrix [r, n] each, n at least 1; entries that are `missing` are null.

    width: bytes of an entry in the file where that is more than it has here: unsigned words fill four.
    """
    count, entries = rows.shape
    flat = np.ascontiguousarray(rows).reshape(-1)
    if missing is not None and missing.any():
        level = levels.gappy(missing)
        flat = flat[~missing.reshape(-1)]
    else:
        level = levels.full(count * entries)
    return _page(count * entries, BYTE_STREAM_SPLIT, _split(levels.starts(count, entries) + level, flat, width))


@functools.lru_cache(256)
def same_lists(value: int, rows: int, entries: int, kind: str) -> Page:
    """A column of lists in which every entry of every row is the same number."""
    return matrix(np.full((rows, entries), value, kind))


@functools.lru_cache(256)
def no_lists(rows: int) -> Page:
    """A column in which no row has a list."""
    return _page(rows, PLAIN, levels.no_lists(rows))


def ragged(rows: Sequence[Sequence[int] | Sequence[bytes] | None]) -> Page:
    """A column of lists of numbers (int32) or bytes, of any length, or of none."""
    if not any(row is not None for row in rows):
        return no_lists(len(rows))
    level, count = levels.ragged(rows)
    flat = [one for row in rows for one in row or ()]
    plain = b"".join(_counted(one) if isinstance(one, bytes) else struct.pack("<i", one) for one in flat)
    return _page(count, PLAIN, level + plain)


def _split(level: bytes, flat: NDArray[Any], width: int) -> NDArray[np.uint8]:
    """Behind the levels first the lowest byte of every number, then the next of every one."""
    own = flat.dtype.itemsize
    little = flat.astype(flat.dtype.newbyteorder("<"), copy=False)
    out = np.empty(len(level) + max(own, width) * len(flat), np.uint8)
    out[: len(level)] = np.frombuffer(level, np.uint8)
    streams = out[len(level) :].reshape(max(own, width), len(flat))
    if own <= 4:
        whole = little.view(f"<u{own}")
        for k in range(own):
            streams[k] = whole >> 8 * k  # a cast to one byte takes the lowest
    else:
        streams[:own] = little.view(np.uint8).reshape(-1, own).T
    streams[own:] = 0
    return out


def joined(plain: bytes, at: int, kind: np.dtype[Any]) -> NDArray[Any]:
    """The numbers whose bytes lie behind a place, put in order as pages do it; some bytes too many are left out."""
    own = kind.itemsize
    count = (len(plain) - at) // own
    planes = np.frombuffer(plain, np.uint8, own * count, at).reshape(own, count)
    out = np.empty((count, own), np.uint8)
    for k in range(own):
        out[:, k] = planes[k]
    numbers: NDArray[Any] = out.view(kind.newbyteorder("<")).reshape(-1)
    return numbers


def _counted(text: bytes) -> bytes:
    return struct.pack("<I", len(text)) + text


def _page(values: int, encoding: int, content: bytes | NDArray[np.uint8]) -> Page:
    """A page of its levels and, behind them, its values."""
    packed: bytes = _codec.compress(content, asbytes=True)
    size = len(content)
    # PageHeader: type DATA_PAGE, sizes, DataPageHeader: values, encoding, levels in RLE (parquet.thrift, compact)
    header = (
        b"\x15\x00\x15" + number(size << 1) + b"\x15" + number(len(packed) << 1) + b"\x2c\x15" + number(values << 1)
        + b"\x15" + _KINDS[encoding]
    )  # fmt: skip
    return Page(header + packed, encoding, values, len(header) + size)
