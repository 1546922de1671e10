"""Start-up: what a kill, a power cut or a full disk left behind is put right, and said."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from bessinside.historian.basis.folder import Folder, HistoryError
from bessinside.historian.sealed.catalogue import load_segments
from bessinside.historian.sealed.segment import SUFFIXES
from bessinside.runtime import database, disk

_PART = re.compile(r"\..*\.\d+\.part")


def repair(folder: Folder, connection: database.Connection) -> list[str]:
    """Removes files that no transaction ever took over; says what it did. Acknowledged sweeps are in the tail then.

    Raises HistoryError where a file of the catalogue is missing: that is a loss, and nothing is hidden.
    """
    wrong = database.whole(connection)
    if wrong:
        raise HistoryError(
            f"{folder.tail} is damaged ({wrong[0]}); restore the folder from a backup, or record into a new one: "
            "the sealed segments of this one stay readable as plain Parquet"
        )
    done = []
    known = {f"{segment.name}{suffix}" for segment in load_segments(connection) for suffix in SUFFIXES}
    known |= {str(name) for (name,) in connection.execute("SELECT name FROM rollups")}
    for path in leftovers(folder, known):
        disk.remove(path)
        done.append(
            f"removed {path.relative_to(folder.root)}: writing it was never finished, its sweeps are in the tail"
        )
    missing = sorted(name for name in known if not _there(folder, name))
    if missing:
        raise HistoryError(
            f"{folder.root}: {len(missing)} sealed files are missing, the first is {missing[0]}; "
            "restore them from a backup"
        )
    return done


def leftovers(folder: Folder, known: set[str]) -> Iterator[Path]:
    """Files that are not in the catalogue."""
    for place in (folder.segments, folder.rollups, folder.maps, folder.plants, folder.root):
        for path in disk.list_dir(place):
            torn = _PART.fullmatch(path.name) is not None
            stranger = (
                place in (folder.segments, folder.rollups) and path.suffix == ".parquet" and path.name not in known
            )
            if torn or stranger:
                yield path


def _there(folder: Folder, name: str) -> bool:
    return disk.exists(folder.segments / name) or disk.exists(folder.rollups / name)
