"""Parquet files put one behind the other without decoding them: their pages are copied, their footers made one.

A footer is a struct in Thrift's compact protocol (parquet.thrift of Apache Parquet 2.11; compact protocol
specification of Apache Thrift). Only what depends on where a page lies in the file is changed.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from typing import Any, BinaryIO

MAGIC = b"PAR1"
_CHUNK = 1 << 20
_TRUE, _FALSE, _BYTE, _I16, _I32, _I64, _DOUBLE, _BINARY, _LIST, _SET, _MAP, _STRUCT = range(1, 13)
# field ids of parquet.thrift
_ROWS, _GROUPS, _PAIRS = 3, 4, 5  # FileMetaData
_COLUMNS, _GROUP_OFFSET, _ORDINAL = 1, 5, 7  # RowGroup
_CHUNK_OFFSET, _META, _OFFSET_INDEX, _COLUMN_INDEX = 2, 3, 4, 6  # ColumnChunk
_PLACES = (9, 10, 11, 14)  # ColumnMetaData: data pages, index pages, dictionary, Bloom filter

Fields = dict[int, tuple[int, Any]]
"""A struct: type and value by field id. A list is (type of its elements, values)."""


class FooterError(ValueError):
    """A file that is no Parquet file, or of a kind that is not written here."""


def join(inputs: Sequence[BinaryIO], out: BinaryIO, pairs: Mapping[str, bytes]) -> None:
    """Writes the row groups of all inputs, in order, as one file with the key-value metadata `pairs`.

    The inputs must have the same schema. Raises FooterError, OSError.
    """
    out.write(MAGIC)
    at = len(MAGIC)
    whole: Fields = {}
    for file in inputs:
        fields, end = read_footer(file)
        _shift(fields, at - len(MAGIC))
        file.seek(len(MAGIC))
        left = end - len(MAGIC)
        while left:
            chunk = file.read(min(left, _CHUNK))
            if not chunk:
                raise FooterError("the file ends within its pages")
            out.write(chunk)
            left -= len(chunk)
        at += end - len(MAGIC)
        if not whole:
            whole = fields
            continue
        if whole[2] != fields[2]:
            raise FooterError("the files have different schemas")
        whole[_ROWS] = (_I64, whole[_ROWS][1] + fields[_ROWS][1])
        whole[_GROUPS] = (_LIST, (_STRUCT, [*whole[_GROUPS][1][1], *fields[_GROUPS][1][1]]))
    for number, group in enumerate(whole[_GROUPS][1][1]):
        if number < 1 << 15:
            group[_ORDINAL] = (_I16, number)
        else:
            group.pop(_ORDINAL, None)  # it is optional, and has no room for more
    out.write(footer_bytes(with_pairs(whole, pairs)))


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
    size = file.seek(0, 2)
    file.seek(max(0, size - 8))
    tail = file.read(8)
    if size < 12 or tail[4:] != MAGIC:
        raise FooterError("no Parquet file: it does not end with PAR1")
    (length,) = struct.unpack("<I", tail[:4])
    if length > size - 12:
        raise FooterError("no Parquet file: its footer is longer than the file")
    file.seek(size - 8 - length)
    fields, _ = _read_struct(file.read(length), 0)
    return fields, size - 8 - length


def _shift(fields: Fields, by: int) -> None:
    """Moves every place that a footer names."""
    for group in fields[_GROUPS][1][1]:
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


def _read_number(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7


def _read_signed(data: bytes, at: int) -> tuple[int, int]:
    value, at = _read_number(data, at)
    return value >> 1 ^ -(value & 1), at


def _read(data: bytes, at: int, kind: int) -> tuple[Any, int]:
    if kind in (_I16, _I32, _I64):
        return _read_signed(data, at)
    if kind == _BINARY:
        size, at = _read_number(data, at)
        return data[at : at + size], at + size
    if kind == _STRUCT:
        return _read_struct(data, at)
    if kind in (_LIST, _SET):
        head, at = data[at], at + 1
        count, inner = head >> 4, head & 0x0F
        if count == 15:
            count, at = _read_number(data, at)
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


def _read_struct(data: bytes, at: int) -> tuple[Fields, int]:
    fields: Fields = {}
    field = 0
    while True:
        head, at = data[at], at + 1
        if head == 0:
            return fields, at
        step, kind = head >> 4, head & 0x0F
        if step:
            field += step
        else:
            field, at = _read_signed(data, at)
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
