"""ClickHouse's Native format: blocks of columns as they lie in memory, so that arrays go in and out as they are.

A block is the number of columns and of rows (LEB128), then for each column its name and type (strings with their length
before them) and its values: numbers little-endian, strings with their length, arrays as the ends of all (UInt64), then
all elements. Format: https://clickhouse.com/docs/en/interfaces/formats/Native
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bessinside.historian.basis.folder import HistoryError

NUMBERS: dict[str, np.dtype[Any]] = {
    "UInt8": np.dtype("u1"), "UInt16": np.dtype("<u2"), "UInt32": np.dtype("<u4"), "UInt64": np.dtype("<u8"),
    "Int32": np.dtype("<i4"), "Int64": np.dtype("<i8"), "Float64": np.dtype("<f8"),
}  # fmt: skip
Column = Any
"""Numbers: an array; String: a sequence of bytes or str; Array(T): a sequence of arrays."""


def encode(types: Mapping[str, str], columns: Mapping[str, Column], rows: int) -> bytes:
    """Rows as one block; `columns` has every name of `types`, `rows` values each."""
    parts = [_number(len(types)), _number(rows)]
    for name, kind in types.items():
        parts += [_text(name.encode()), _text(kind.encode()), *_values(kind, columns[name], rows)]
    return b"".join(parts)


def _values(kind: str, values: Column, rows: int) -> list[bytes]:
    if len(values) != rows:
        raise ValueError(f"{len(values)} values of {kind} for {rows} rows")
    if kind in NUMBERS:
        return [np.ascontiguousarray(values, NUMBERS[kind]).tobytes()]
    if kind == "String":
        return [part for value in values for part in _string(value)]
    element = NUMBERS[kind.removeprefix("Array(").removesuffix(")")]
    ends = np.cumsum([len(value) for value in values], dtype=np.uint64)
    return [ends.astype("<u8").tobytes(), *(np.ascontiguousarray(value, element).tobytes() for value in values)]


def _string(value: bytes | str) -> tuple[bytes, bytes]:
    content = value.encode() if isinstance(value, str) else value
    return _number(len(content)), content


def _text(content: bytes) -> bytes:
    return _number(len(content)) + content


def _number(value: int) -> bytes:
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    found.append(value)
    return bytes(found)


def decode(content: bytes, names: Sequence[str]) -> dict[str, Column]:
    """The columns of all blocks, by the names that the question gave them; empty ones where no row came.

    Raises HistoryError where it is no such format, or breaks off.
    """
    reader = _Reader(content)
    found: dict[str, list[Column]] = {name: [] for name in names}
    kinds: dict[str, str] = {}
    try:
        while reader.at < len(content):
            columns, rows = reader.number(), reader.number()
            for _ in range(columns):
                name, kind = reader.text().decode(), reader.text().decode()
                kinds[name] = kind
                found[name].append(reader.values(kind, rows))
    except (IndexError, KeyError, ValueError) as error:
        raise HistoryError(f"an answer that is not whole, or of a type that was not asked for: {error!r}") from error
    return {name: _joined(kinds.get(name, ""), parts) for name, parts in found.items()}


def _joined(kind: str, parts: list[Column]) -> Column:
    if kind == "String" or kind.startswith("Array("):
        return [value for part in parts for value in part]
    if not parts:
        return np.zeros(0, np.int64)
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


class _Reader:
    """A place in a content. What breaks off raises IndexError or ValueError."""

    def __init__(self, content: bytes) -> None:
        self.content, self.at = content, 0

    def number(self) -> int:
        value = shift = 0
        while True:
            byte = self.content[self.at]
            self.at += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
            shift += 7

    def text(self) -> bytes:
        size = self.number()
        value = self.content[self.at : self.at + size]
        if len(value) != size:
            raise IndexError("it breaks off in a text")
        self.at += size
        return value

    def numbers(self, kind: str, count: int) -> NDArray[Any]:
        dtype = NUMBERS[kind]
        value = np.frombuffer(self.content, dtype, count, self.at) if count else np.zeros(0, dtype)
        self.at += dtype.itemsize * count
        return value

    def values(self, kind: str, rows: int) -> Column:
        if kind in NUMBERS:
            return self.numbers(kind, rows)
        if kind == "String":
            return [self.text() for _ in range(rows)]
        ends = self.numbers("UInt64", rows).astype(np.int64)
        flat = self.numbers(kind.removeprefix("Array(").removesuffix(")"), int(ends[-1]) if rows else 0)
        return np.split(flat, ends[:-1]) if rows else []
