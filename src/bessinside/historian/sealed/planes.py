"""Matrices as their pages hold them: first the lowest byte of every number, then the next of every one.

A list of 600 words for each of 256 registers costs a general reader ten times what its decompression costs: it looks at
every entry on its own. Where a page is of the kind that :mod:`~bessinside.historian.sealed.page` writes, its levels are
known beforehand, and behind them the planes lie ready: one sweep is a column of them, one register a row. Pages of any
other kind (entries that are missing, files of other writers) are left to Arrow.
"""

from __future__ import annotations

from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from bessinside.historian.sealed import levels
from bessinside.historian.sealed.page import BYTE_STREAM_SPLIT, read_head, unpacked
from bessinside.historian.sealed.page_places import Place
from bessinside.runtime import disk


class Planes:
    """A matrix of whole numbers [rows, entries]. planes: uint8[bytes, rows, entries], the lowest first."""

    def __init__(self, planes: NDArray[np.uint8], kind: np.dtype[Any]) -> None:
        self._planes, self._kind = planes, kind
        self.nbytes = planes.nbytes

    @classmethod
    def of(cls, matrix: NDArray[Any]) -> Planes:
        """Of a matrix that is there already."""
        little = np.ascontiguousarray(matrix, matrix.dtype.newbyteorder("<"))
        each = little.view(np.uint8).reshape(*matrix.shape, matrix.dtype.itemsize)
        return cls(np.moveaxis(each, 2, 0), matrix.dtype)

    def __len__(self) -> int:
        return int(self._planes.shape[1])

    def rows(self, at: NDArray[np.int64] | slice = slice(None)) -> NDArray[Any]:
        """Some rows, [len(at), entries]."""
        return self._joined(self._planes[:, at])

    def column(self, entry: int) -> NDArray[Any]:
        """One entry of every row."""
        return self._joined(self._planes[:, :, entry])

    def _joined(self, planes: NDArray[np.uint8]) -> NDArray[Any]:
        out: NDArray[Any] = planes[-1].astype(self._kind)
        for plane in planes[-2::-1]:
            out <<= 8
            out |= plane
        return out


def read_planes(file: BinaryIO, place: Place, entries: int, kind: np.dtype[Any]) -> Planes | None:
    """The lists of a column in a row group, each of so many entries, all there; None where its page is of another kind.

    kind: what an entry is, which may be shorter than in the file. Raises OSError.
    """
    if entries < 1:
        return None
    packed, rows = disk.read_at(file, place.offset, place.size), place.rows
    head = read_head(packed)
    if head is None or head.encoding != BYTE_STREAM_SPLIT or (head.values, head.end) != (rows * entries, len(packed)):
        return None
    plain = np.frombuffer(unpacked(packed, head), np.uint8)
    level = levels.starts(rows, entries) + levels.full(rows * entries)
    width, left = divmod(len(plain) - len(level), rows * entries)
    if left or width < kind.itemsize or plain[: len(level)].tobytes() != level:
        return None
    planes = plain[len(level) :].reshape(width, rows, entries)
    return Planes(planes if width == kind.itemsize else planes[: kind.itemsize].copy(), kind)
