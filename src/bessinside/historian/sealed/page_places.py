"""Where the pages of a file lie, read from its footer as it came.

A general reader makes some kilobytes of objects of every row group, and a file of a day has thousands. Where a file was
written as :mod:`~bessinside.historian.sealed.pagefile` does it, one pattern finds what a row group says when somebody
asks, and nothing is held but the bytes of the footer.
"""

from __future__ import annotations

import re
from typing import BinaryIO, NamedTuple

import numpy as np

from bessinside.historian.sealed.footer import footer_at_end, plain_groups
from bessinside.historian.sealed.levels import read_number
from bessinside.historian.sealed.page import ZSTD
from bessinside.runtime import disk


class Place(NamedTuple):
    """Where the only page of a column in a row group begins, the bytes it takes, and the rows of the group."""

    offset: int
    size: int
    rows: int


class PagePlaces:
    """The row groups of one file. `nbytes` is about what it takes in memory."""

    def __init__(self, footer: bytes, plain: re.Pattern[bytes], begins: list[int]) -> None:
        self._footer, self._plain = footer, plain
        self._begins = np.array(begins, np.int64)
        self.nbytes = len(footer) + self._begins.nbytes + 4096

    @classmethod
    def read(cls, file: BinaryIO) -> PagePlaces | None:
        """Of an opened file; None where not all its row groups are plain. Raises FooterError, OSError."""
        footer = footer_at_end(lambda at, size: disk.read_at(file, at, size), disk.length(file))
        found = plain_groups(footer)
        return None if found is None else cls(footer, *found)

    def of(self, group: int, column: int) -> Place | None:
        """None where the page is not packed with zstd."""
        found = self._plain.match(self._footer, int(self._begins[group]))
        assert found is not None  # it was when it was read
        codec, size, offset, rows = (
            read_number(self._footer, found.start(k))[0] >> 1
            for k in (3 * column + 1, 3 * column + 2, 3 * column + 3, found.re.groups)
        )
        return Place(offset, size, rows) if codec == ZSTD else None
