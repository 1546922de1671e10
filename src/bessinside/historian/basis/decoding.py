"""Later and better decodings of the past: which map stands for which, and for what time. Nothing raw is ever changed.

They are kept in `decodings.json` of the folder, oldest first; of several for the same map and time the last one holds.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import msgspec

from bessinside.errors import BessError
from bessinside.runtime import disk

FILE = "decodings.json"


class DecodingError(BessError):
    """A list of decodings that cannot be read, or a decoding that changes nothing."""


class Decoding(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Sweeps that ended in [from_ns, to_ns) and were recorded with the map `recorded` are decoded with `by`: hashes.

    Of [rolled_from_ns, rolled_to_ns), whole hours, minutes and hours of what changed lie in `files` of the folder.
    """

    recorded: str
    by: str
    from_ns: int
    to_ns: int
    applied_ns: int
    note: str = ""
    files: tuple[str, ...] = ()
    rolled_from_ns: int = 0
    rolled_to_ns: int = 0


def load(folder: str | Path) -> tuple[Decoding, ...]:
    """The decodings of a folder, oldest first. Raises DecodingError."""
    path = Path(folder) / FILE
    if not disk.exists(path):
        return ()
    try:
        return tuple(msgspec.json.decode(disk.read_bytes(path), type=list[Decoding]))
    except msgspec.DecodeError as error:
        raise DecodingError(f"{path}: no list of decodings: {error}") from error


def add(folder: str | Path, added: Sequence[Decoding]) -> None:
    """Writes decodings behind those that are there; all of them or none."""
    every = [*load(folder), *added]
    disk.write_atomic(Path(folder) / FILE, msgspec.json.format(msgspec.json.encode(every), indent=2))


def governing(decodings: Sequence[Decoding], recorded: str) -> list[tuple[Decoding | None, int, int]]:
    """The decodings that stand for a recorded map: (decoding, from, to) without a seam over all time, in order; None
    where the recorded map itself holds."""
    mine = [one for one in decodings if one.recorded == recorded]
    cuts = sorted({-(2**62), 2**62, *(one.from_ns for one in mine), *(one.to_ns for one in mine)})
    found: list[tuple[Decoding | None, int, int]] = []
    for low, high in pairwise(cuts):
        by = next((one for one in reversed(mine) if one.from_ns <= low and high <= one.to_ns), None)
        if found and found[-1][0] is by:
            found[-1] = (by, found[-1][1], high)
        else:
            found.append((by, low, high))
    return found


def pieces(decodings: Sequence[Decoding], recorded: str) -> list[tuple[str, int, int]]:
    """The maps that stand for a recorded one: (hash, from, to) without a seam over all time, in order."""
    found: list[tuple[str, int, int]] = []
    for one, low, high in governing(decodings, recorded):
        by = recorded if one is None else one.by
        if found and found[-1][0] == by:
            found[-1] = (by, found[-1][1], high)
        else:
            found.append((by, low, high))
    return found
