"""Levels of Parquet: which entries of a column are there, and where its lists begin (Apache Parquet 2.11, Dremel's
definition and repetition levels, RLE and bit-packed hybrid).

A column here is a value that may be missing (levels 0 and 1), or a list that may be missing, of entries that may be
missing (0: no list, 1: an empty one, 2: no entry, 3: an entry).
"""

from __future__ import annotations

import functools
import struct
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray


@functools.lru_cache(8192)
def number(value: int) -> bytes:
    """An unsigned number, seven bits a byte, the lowest first."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def read_number(data: bytes, at: int) -> tuple[int, int]:
    """What :func:`number` wrote at a place, and where it ends. Raises IndexError where the data ends before."""
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7


@functools.lru_cache(256)
def present(rows: int) -> bytes:
    """The levels of so many values, all there."""
    return _framed(number(rows << 1) + b"\x01")


@functools.lru_cache(256)
def starts(rows: int, entries: int) -> bytes:
    """Where lists begin: so many, each of so many entries (at least one)."""
    row = b"\x02\x00" + number(entries - 1 << 1) + b"\x01"
    return _framed(row * rows if entries > 1 else number(rows << 1) + b"\x00")


@functools.lru_cache(256)
def full(entries: int) -> bytes:
    """The levels of lists with so many entries in all, all there."""
    return _framed(number(entries << 1) + b"\x03")


@functools.lru_cache(256)
def no_lists(rows: int) -> bytes:
    """Starts and levels of so many rows without a list."""
    return 2 * _framed(number(rows << 1) + b"\x00")


def gappy(missing: NDArray[np.bool_]) -> bytes:
    """The levels of lists with entries of which some are missing: bool[entries]."""
    return _packed(np.where(missing.reshape(-1), 2, 3).astype(np.uint8))


def read_gappy(data: bytes, at: int, entries: int) -> tuple[NDArray[np.bool_], int] | None:
    """What :func:`gappy` was made of, and where its levels end; None where at this place are levels of another kind."""
    size = struct.unpack_from("<I", data, at)[0]
    head = number(-(-entries // 8) << 1 | 1)
    begin = at + 4 + len(head)
    packed = np.frombuffer(data, np.uint8, at + 4 + size - begin, begin)
    if data[at + 4 : begin] != head or len(packed) * 4 < entries:
        return None
    levels = np.empty((len(packed), 4), np.uint8)
    for k in range(4):
        levels[:, k] = packed >> 2 * k & 3
    flat = levels.reshape(-1)[:entries]
    return (flat == 2, at + 4 + size) if (flat >= 2).all() else None


def ragged(rows: Sequence[Sequence[Any] | None]) -> tuple[bytes, int]:
    """Starts and levels of lists of any length, or of none, and how many levels these are."""
    begins, levels = bytearray(), bytearray()
    for row in rows:
        begins += b"\x00" + b"\x01" * (len(row or ()) - 1)
        levels += b"\x03" * len(row) if row else b"\x00" if row is None else b"\x01"
    return _packed(np.frombuffer(begins, np.uint8), 1) + _packed(np.frombuffer(levels, np.uint8)), len(levels)


def _packed(levels: NDArray[np.uint8], bits: int = 2) -> bytes:
    """Levels of one or two bits, bit-packed: eight of them a group, the first in the lowest bits."""
    groups = -(-len(levels) // 8)
    padded = np.zeros(groups * 8, np.uint8)
    padded[: len(levels)] = levels
    if bits == 1:
        return _framed(number(groups << 1 | 1) + np.packbits(padded, bitorder="little").tobytes())
    four = padded.reshape(-1, 4)
    packed = four[:, 0] | four[:, 1] << 2 | four[:, 2] << 4 | four[:, 3] << 6
    return _framed(number(groups << 1 | 1) + packed.astype(np.uint8).tobytes())


def _framed(runs: bytes) -> bytes:
    return struct.pack("<I", len(runs)) + runs
