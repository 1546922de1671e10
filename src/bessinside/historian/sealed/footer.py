"""Parquet files put one behind the other without decoding them: their pages are copied, their footers made one.

A footer is a struct in Thrift's compact protocol (parquet.thrift of Apache Parquet 2.11; compact protocol
specification of Apache Thrift). Only what depends on where a page lies in the file is changed: in row groups as they
are written here the numbers that say so are found by one pattern and replaced, a hundred thousand of them a day; all
others are taken apart field by field.
"""

from __future__ import annotations

import functools
import re
import struct
from collections.abc import Callable, Mapping, Sequence
from typing import Any, BinaryIO

from bessinside.historian.sealed.levels import read_number

MAGIC = b"PAR1"
_CHUNK = 1 << 20
_TRUE, _FALSE, _BYTE, _I16, _I32, _I64, _DOUBLE, _BINARY, _LIST, _SET, _MAP, _STRUCT = range(1, 13)
# field ids of parquet.thrift
_ROWS, _GROUPS, _PAIRS = 3, 4, 5  # FileMetaData
_COLUMNS, _GROUP_OFFSET, _ORDINAL = 1, 5, 7  # RowGroup
_CHUNK_OFFSET, _META, _OFFSET_INDEX, _COLUMN_INDEX = 2, 3, 4, 6  # ColumnChunk
_PATH, _PLACES = 3, (9, 10, 11, 14)  # ColumnMetaData: name; data pages, index pages, dictionary, Bloom filter

_NUMBER = rb"[\x80-\xff]*[\x00-\x7f]"
_TORN = "a footer that ends too early or lacks what every footer has"

Fields = dict[int, tuple[int, Any]]
"""A struct: type and value by field id. A list is (type of its elements, values)."""


class FooterError(ValueError):
    """A file that is no Parquet file, or of a kind that is not written here."""


def join(inputs: Sequence[BinaryIO], out: BinaryIO, pairs: Mapping[str, bytes]) -> None:
    """Writes the row groups of all inputs, in order, as one file with the key-value metadata `pairs`.

    The inputs must have the same schema. Raises FooterError, OSError.
    """
    out.write(MAGIC)
    at, rows = len(MAGIC), 0
    whole: Fields = {}
    groups: list[bytes] = []
    for file in inputs:
        packed, end = _packed_footer(file)
        fields, moved = _moved(packed, at - len(MAGIC))
        file.seek(len(MAGIC))
        left = end - len(MAGIC)
        while left:
            chunk = file.read(min(left, _CHUNK))
            if not chunk:
                raise FooterError("the file ends within its pages")
            out.write(chunk)
            left -= len(chunk)
        at += end - len(MAGIC)
        whole = whole or fields
        if whole[2] != fields[2]:
            raise FooterError("the files have different schemas")
        rows += fields[_ROWS][1]
        groups += moved
    out.write(footer_bytes(with_pairs(with_groups(whole, rows, groups), pairs)))


def read_pairs(file: BinaryIO) -> tuple[dict[str, bytes], int]:
    """The key-value metadata of a file, and where its footer begins. Raises FooterError."""
    packed, begin = _packed_footer(file)
    fields, _ = _moved(packed, 0)
    pairs = fields[_PAIRS][1][1] if _PAIRS in fields else []
    return {pair[1][1].decode(): pair[2][1] for pair in pairs if 2 in pair}, begin


def with_pairs(fields: Fields, pairs: Mapping[str, bytes]) -> Fields:
    """A footer with other key-value metadata."""
    found = [{1: (_BINARY, key.encode()), 2: (_BINARY, value)} for key, value in pairs.items()]
    return fields | {_PAIRS: (_LIST, (_STRUCT, found))}


def with_groups(fields: Fields, rows: int, groups: Sequence[bytes]) -> Fields:
    """A footer with other row groups, each a struct already packed; `rows` is how many they have together."""
    return fields | {_ROWS: (_I64, rows), _GROUPS: (_LIST, (_STRUCT, list(groups)))}


def footer_bytes(fields: Fields) -> bytes:
    """How a file ends that has this footer."""
    packed = bytearray()
    _write_struct(packed, fields)
    return bytes(packed) + struct.pack("<I", len(packed)) + MAGIC


def read_footer(file: BinaryIO) -> tuple[Fields, int]:
    """The footer of a file, and where it begins. Raises FooterError."""
    packed, begin = _packed_footer(file)
    return _read_struct(packed, 0)[0], begin


def _packed_footer(file: BinaryIO) -> tuple[bytes, int]:
    def read(at: int, size: int) -> bytes:
        file.seek(at)
        return file.read(size)

    length = file.seek(0, 2)
    footer = footer_at_end(read, length)
    return footer, length - 8 - len(footer)


def footer_at_end(read: Callable[[int, int], bytes], length: int) -> bytes:
    """The footer of a file of some `length`, of which `read` gives so many bytes from a place. Raises FooterError."""
    tail = read(max(0, length - 8), 8)
    if length < 12 or tail[4:] != MAGIC:
        raise FooterError("no Parquet file: it does not end with PAR1")
    (size,) = struct.unpack("<I", tail[:4])
    if size > length - 12:
        raise FooterError("no Parquet file: its footer is longer than the file")
    return read(length - 8 - size, size)


def plain_groups(data: bytes) -> tuple[re.Pattern[bytes], list[int]] | None:
    """Where in a footer every row group begins, and the pattern of each: of every column three groups, its codec, the
    bytes of its page and where that begins, then one, the rows. None where not all are as they are written here. Raises
    FooterError."""
    try:
        at = _groups_at(data)
        inner, count, at = _read_list(data, at)
        if inner != _STRUCT or not count:
            return None
        group, _ = _read_struct(data, at)
        plain = _plain_group(tuple(_path(column) for column in group[_COLUMNS][1][1]), pages=True)
        begins = []
        for _ in range(count):
            found = plain.match(data, at)
            if found is None:
                return None
            begins.append(at)
            at = found.end()
    except (IndexError, KeyError) as error:
        raise FooterError(_TORN) from error
    return plain, begins


def _groups_at(data: bytes) -> int:
    """Where the list of row groups begins."""
    field = at = 0
    while True:
        field, kind, at = _read_head(data, at, field)
        if field == _GROUPS or kind == 0:
            return at
        _, at = _read(data, at, kind)


def _moved(data: bytes, by: int) -> tuple[Fields, list[bytes]]:
    """A footer without its row groups, and these, packed, with every place that they name moved. Raises FooterError."""
    fields: Fields = {}
    groups: list[bytes] = []
    field = at = 0
    try:
        while True:
            field, kind, at = _read_head(data, at, field)
            if kind == 0:
                return fields, groups
            if field == _GROUPS:
                at = _move_groups(data, at, by, groups)
            else:
                value, at = _read(data, at, kind)
                fields[field] = (kind, value)
    except (IndexError, KeyError) as error:
        raise FooterError(_TORN) from error


def _move_groups(data: bytes, at: int, by: int, moved: list[bytes]) -> int:
    """Takes the list of row groups that begins at a place; gives the place behind it."""
    inner, count, at = _read_list(data, at)
    if inner != _STRUCT and count:
        raise FooterError("row groups that are no structs")
    plain: re.Pattern[bytes] | None = None
    for number in range(count):
        found = plain.match(data, at) if plain is not None else None
        if found is not None:
            moved.append(_replaced(data, found, by))
            at = found.end()
            continue
        group, at = _read_struct(data, at)
        if number == 0:
            plain = _plain_group(tuple(_path(column) for column in group[_COLUMNS][1][1]))
        _shift(group, by)
        group.pop(_ORDINAL, None)  # its number in the file that it was in; optional
        packed = bytearray()
        _write_struct(packed, group)
        moved.append(bytes(packed))
    return at


def _path(column: Fields) -> bytes:
    packed = bytearray()
    _write_struct(packed, {_PATH: column[_META][1][_PATH]})
    return bytes(packed[1:-1])


@functools.lru_cache(16)
def _plain_group(paths: tuple[bytes, ...], *, pages: bool = False) -> re.Pattern[bytes]:
    """A row group as :mod:`~bessinside.historian.sealed.pagefile` packs it, of these columns. Its groups are its
    places, or what :func:`plain_groups` says of its `pages`."""
    count = len(paths)
    n, kept = _NUMBER, b"(" + _NUMBER + b")"
    here, own = (kept, n) if pages else (n, kept)
    pieces = [b"\x19", re.escape(bytes([count << 4 | _STRUCT])) if count < 15 else b"\xfc" + n]
    for path in paths:
        pieces += (b"&\x00\x1c\x15", n, b"\x19%", n, n, b"\x19", re.escape(path), b"\x15", here)
        pieces += (b"\x16", n, b"\x16", n, b"\x16", here, b"&", kept, b"\x00\x00")
    pieces += (b"\x16", n, b"\x16", here, b"&", own, b"\x16", n, b"\x00")
    return re.compile(b"".join(pieces), re.DOTALL)


def _replaced(data: bytes, found: re.Match[bytes], by: int) -> bytes:
    """A row group whose places are moved."""
    pieces: list[bytes | bytearray] = []
    here = found.start()
    for k in range(1, found.re.groups + 1):
        begin, end = found.span(k)
        moved = bytearray()
        _write_number(moved, read_number(data, begin)[0] + 2 * by)
        pieces += (data[here:begin], moved)
        here = end
    pieces.append(data[here : found.end()])
    return b"".join(pieces)


def _shift(group: Fields, by: int) -> None:
    """Moves every place that a row group names."""
    _move(group, (_GROUP_OFFSET,), by)
    for column in group[_COLUMNS][1][1]:
        if _OFFSET_INDEX in column or _COLUMN_INDEX in column:
            raise FooterError("page indexes are not moved")
        if column[_CHUNK_OFFSET][1]:  # 0 where a writer keeps no copy of the column's metadata
            _move(column, (_CHUNK_OFFSET,), by)
        _move(column[_META][1], _PLACES, by)


def _move(fields: Fields, names: Sequence[int], by: int) -> None:
    for name in names:
        if name in fields:
            kind, value = fields[name]
            fields[name] = (kind, value + by)


def _read_signed(data: bytes, at: int) -> tuple[int, int]:
    value, at = read_number(data, at)
    return value >> 1 ^ -(value & 1), at


def _read(data: bytes, at: int, kind: int) -> tuple[Any, int]:
    if kind in (_I16, _I32, _I64):
        return _read_signed(data, at)
    if kind == _BINARY:
        size, at = read_number(data, at)
        return data[at : at + size], at + size
    if kind == _STRUCT:
        return _read_struct(data, at)
    if kind in (_LIST, _SET):
        inner, count, at = _read_list(data, at)
        values = []
        for _ in range(count):
            if inner in (_TRUE, _FALSE):
                value, at = data[at] == _TRUE, at + 1
            else:
                value, at = _read(data, at, inner)
            values.append(value)
        return (inner, values), at
    if kind in (_TRUE, _FALSE):
        return kind == _TRUE, at
    if kind == _BYTE:
        return data[at], at + 1
    if kind == _DOUBLE:
        return data[at : at + 8], at + 8
    raise FooterError(f"a footer with a field of type {kind}")


def _read_list(data: bytes, at: int) -> tuple[int, int, int]:
    """Type and count of the elements of a list, and where they begin."""
    head, at = data[at], at + 1
    count, inner = head >> 4, head & 0x0F
    if count == 15:
        count, at = read_number(data, at)
    return inner, count, at


def _read_head(data: bytes, at: int, before: int) -> tuple[int, int, int]:
    """Id and type of the next field of a struct, and where its value begins; type 0 where the struct ends."""
    head, at = data[at], at + 1
    step, kind = head >> 4, head & 0x0F
    if head and not step:
        before, at = _read_signed(data, at)
    return before + step, kind, at


def _read_struct(data: bytes, at: int) -> tuple[Fields, int]:
    fields: Fields = {}
    field = 0
    while True:
        field, kind, at = _read_head(data, at, field)
        if kind == 0:
            return fields, at
        value, at = _read(data, at, kind)
        fields[field] = (kind, value)


def _write_number(out: bytearray, value: int) -> None:
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)


def _write_signed(out: bytearray, value: int) -> None:
    _write_number(out, value << 1 if value >= 0 else (-value << 1) - 1)


def _write(out: bytearray, kind: int, value: Any) -> None:
    if kind in (_I16, _I32, _I64):
        _write_signed(out, value)
    elif kind == _BINARY:
        _write_number(out, len(value))
        out += value
    elif kind == _STRUCT and isinstance(value, bytes):
        out += value  # packed beforehand
    elif kind == _STRUCT:
        _write_struct(out, value)
    elif kind in (_LIST, _SET):
        inner, values = value
        if len(values) < 15:
            out.append(len(values) << 4 | inner)
        else:
            out.append(0xF0 | inner)
            _write_number(out, len(values))
        for one in values:
            if inner in (_TRUE, _FALSE):
                out.append(_TRUE if one else _FALSE)
            else:
                _write(out, inner, one)
    elif kind == _BYTE:
        out.append(value)
    elif kind == _DOUBLE:
        out += value


def _write_struct(out: bytearray, fields: Fields) -> None:
    before = 0
    for field in sorted(fields):
        kind, value = fields[field]
        if 0 < field - before < 16:
            out.append(field - before << 4 | kind)
        else:
            out.append(kind)
            _write_signed(out, field)
        _write(out, kind, value)
        before = field
    out.append(0)
