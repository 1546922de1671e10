"""A rollup file read as a whole, page after page: so the minutes of a day are put together out of a hundred files.

A general reader looks at every entry of a list on its own. Pages as :mod:`~bessinside.historian.sealed.page` writes
them lie one behind the other, and hold the bytes of a matrix; any other file is left to Arrow.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from bessinside.historian.sealed import levels
from bessinside.historian.sealed.footer import MAGIC, FooterError, read_pairs
from bessinside.historian.sealed.page import BYTE_STREAM_SPLIT, Head, joined, read_head, unpacked
from bessinside.historian.sealed.rollup import SCHEMA, RollupAbout, RollupPart, group_rows
from bessinside.historian.sealed.segment import ABOUT, spread
from bessinside.runtime import disk

_FIRST_LIST = SCHEMA.get_field_index("low")


class RolledPages:
    """A rollup file in memory. `about` is what it says of itself."""

    def __init__(self, path: Path) -> None:
        self._data = disk.read_bytes(path)
        pairs, self._end = read_pairs(io.BytesIO(self._data))
        if ABOUT.decode() not in pairs:
            raise FooterError(f"{path} does not say what it holds")
        self.about: RollupAbout = msgspec.json.decode(pairs[ABOUT.decode()], type=RollupAbout)
        self._groups = self._places()

    def fill(self, part: RollupPart, into: list[NDArray[Any]]) -> bool:
        """Writes low, high, mean, count and left_out of a part into matrices [figures, steps]; False where its pages
        are of another kind."""
        if self._groups is None:
            return False
        at = 0
        for k, rows in enumerate(spread(part.figures, group_rows(part.steps))):
            for place, table in zip(self._groups[part.group + k], into, strict=True):
                if not self._read(place, table[at : at + rows]):
                    return False
            at += rows
        return True

    def _places(self) -> list[list[Head]] | None:
        """The pages of lists in every row group; None where the file was not written page after page."""
        at, groups = len(MAGIC), []
        for _ in range(sum(part.groups for part in self.about.parts)):
            pages = []
            for _ in SCHEMA:
                found = read_head(self._data, at)
                if found is None:
                    return None
                at = found.end
                pages.append(found)
            groups.append(pages[_FIRST_LIST:])
        return groups if at == self._end else None

    def _read(self, place: Head, into: NDArray[Any]) -> bool:
        if place.encoding != BYTE_STREAM_SPLIT or not into.size:
            return False
        plain = unpacked(self._data, place)
        begins, full = levels.starts(*into.shape), levels.full(into.size)
        if not plain.startswith(begins) or len(plain) < len(begins) + 4:
            return False
        if plain.startswith(full, len(begins)):
            values = joined(plain, len(begins) + len(full), into.dtype)
            if len(values) != into.size:
                return False
            into[:] = values.reshape(into.shape)
            return True
        some = levels.read_gappy(plain, len(begins), into.size)
        if some is None or into.dtype.kind != "f":
            return False
        missing, at = some
        values = joined(plain, at, into.dtype)
        if len(values) != into.size - np.count_nonzero(missing):
            return False
        whole = np.full(into.size, np.nan)
        whole[~missing] = values
        into[:] = whole.reshape(into.shape)
        return True
