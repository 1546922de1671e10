"""A historian's folder opened to ask it, whether or not somebody records into it meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bessinside.historian import decoding
from bessinside.historian.past import Past


@contextmanager
def opened(folder: str | Path, *, as_recorded: bool = False) -> Iterator[Past]:
    """The past that a folder holds, decoded with the maps that came to stand for others, or `as_recorded` with those of
    its time. Raises HistoryError where it is no historian's folder, DecodingError."""
    from bessinside.historian.store import Store  # Arrow is loaded for those who ask only

    archive = Store(folder)
    try:
        yield Past(archive, () if as_recorded else decoding.load(folder), str(folder))
    finally:
        archive.close()
