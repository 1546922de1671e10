"""A copy of a folder while somebody records into it, and the way back."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from bessinside.historian.basis import decoding
from bessinside.historian.basis.folder import Folder, HistoryError
from bessinside.historian.clickhouse.address import is_address
from bessinside.historian.sealed.retention import RULES
from bessinside.historian.sealed.segment import SUFFIXES
from bessinside.runtime import database, disk

_TRIES = 5
DECODED = "decoded/rollups"
"""Where the rollups of later decodings lie in a folder."""
FOREIGN = "foreign"
"""Where the tables of other systems lie in a folder."""


@dataclass(frozen=True, slots=True)
class Copied:
    """What a backup or a restore copied."""

    files: int
    bytes: int


def backup(source: str | Path, target: str | Path) -> Copied:
    """Copies a history into a folder that holds none: one moment of it, whoever records meanwhile.

    Sealed files never change; those that the copied catalogue names are copied, and where one went away meanwhile
    (retention, compaction) the catalogue is copied anew. Raises HistoryError.
    """
    old, new = _used(source), _free(target)
    new.make()
    for _ in range(_TRIES):
        reader = database.connect_to_read(old.tail)
        try:
            database.copy(reader, new.tail)
        finally:
            reader.close()
        try:
            copied = [
                disk.copy(old.root / name, new.root / name) for name in _named(new) if not disk.exists(new.root / name)
            ]
        except FileNotFoundError:
            continue
        copied += _copy_decodings(old, new)
        copied += _copy_foreign(old, new)
        if disk.exists(old.root / RULES):
            copied.append(disk.copy(old.root / RULES, new.root / RULES))
        for folder in ("maps", "plants"):
            for path in disk.list_dir(old.root / folder):
                copied.append(disk.copy(path, new.root / folder / path.name))
        _drop_others(new)
        disk.sync_folder(new.root)
        return Copied(len(copied) + 1, sum(copied) + disk.size(new.tail))
    raise HistoryError(f"{source}: its files changed {_TRIES} times while they were copied; try again")


def restore(source: str | Path, target: str | Path) -> Copied:
    """Copies a backup to where it is to be used, after looking whether it is whole. Raises HistoryError."""
    check(source)
    return backup(source, target)


def check(source: str | Path) -> int:
    """Looks whether a folder is whole: the catalogue and every file that it names, decodings, maps, foreign tables.

    Gives how many files there are. Raises HistoryError with what is missing or damaged.
    """
    folder = _used(source)
    reader = database.connect_to_read(folder.tail)
    try:
        wrong = database.whole(reader)
        hashes = reader.execute("SELECT DISTINCT plant_hash, map_hash FROM editions").fetchall()
    except sqlite3.DatabaseError as error:
        raise HistoryError(f"{folder.tail} is damaged: {error}") from error
    finally:
        reader.close()
    if wrong:
        raise HistoryError(f"{folder.tail} is damaged: {wrong[0]}")
    decodings = decoding.load(folder.root)
    later = [f"{DECODED}/{name}" for one in decodings for name in one.files]
    names = [*_named(folder), *later, *_foreign(folder)]
    for name in names:
        try:
            with disk.open_read(folder.root / name) as file:
                pq.read_metadata(file)
        except FileNotFoundError as error:
            raise HistoryError(f"{folder.root / name} is missing; restore an older backup") from error
        except (pa.ArrowInvalid, OSError) as error:
            raise HistoryError(f"{folder.root / name} is damaged: {error}") from error
    for plant_hash, map_hash in hashes:
        folder.plant(plant_hash)
        folder.register_map(map_hash)
    for one in decodings:
        folder.register_map(one.by)
    return len(names) + 1


def _copy_decodings(old: Folder, new: Folder) -> list[int]:
    """Copies the decodings as they stand, and what was rolled up with them; gives bytes. The list is only ever added
    to, and the files that it names never change; their maps lie among the others."""
    known = decoding.load(old.root)
    if not known:
        return []
    names = sorted({name for one in known for name in one.files})
    disk.make_dir(new.root / DECODED)
    copied = [disk.copy(old.root / DECODED / name, new.root / DECODED / name) for name in names]
    if disk.exists(new.root / decoding.FILE):  # of an earlier try
        disk.remove(new.root / decoding.FILE)
    decoding.add(new.root, known)
    return [*copied, disk.size(new.root / decoding.FILE)]


def _foreign(folder: Folder) -> list[str]:
    """Imported tables of other systems, relative to the folder."""
    root = folder.root / FOREIGN
    found = disk.list_dir(root) if disk.exists(root) else ()
    return [f"{FOREIGN}/{path.name}" for path in found if path.suffix == ".parquet"]


def _copy_foreign(old: Folder, new: Folder) -> list[int]:
    """Copies imported tables, which never change; gives bytes."""
    names = _foreign(old)
    if names and not disk.exists(new.root / FOREIGN):
        disk.make_dir(new.root / FOREIGN)
    return [disk.copy(old.root / name, new.root / name) for name in names]


def _named(folder: Folder) -> list[str]:
    """Files of the catalogue, relative to the folder."""
    reader = database.connect_to_read(folder.tail)
    try:
        segments = [
            f"segments/{name}{suffix}" for (name,) in reader.execute("SELECT name FROM segments") for suffix in SUFFIXES
        ]
        return segments + [f"rollups/{name}" for (name,) in reader.execute("SELECT name FROM rollups")]
    finally:
        reader.close()


def _drop_others(folder: Folder) -> None:
    """Removes what an earlier try copied and the catalogue does not name any more."""
    known = set(_named(folder))
    for kind in ("segments", "rollups"):
        for path in disk.list_dir(folder.root / kind):
            if f"{kind}/{path.name}" not in known:
                disk.remove(path)


def _used(path: str | Path) -> Folder:
    _no_servers(path)
    folder = Folder(Path(path))
    if not disk.exists(folder.tail):
        raise HistoryError(f"{path} holds no history: expected {folder.tail.name} in it")
    return folder


def _free(path: str | Path) -> Folder:
    _no_servers(path)
    folder = Folder(Path(path))
    if disk.exists(folder.root) and disk.list_dir(folder.root):
        raise HistoryError(f"{path} is not empty: name a new folder")
    return folder


def _no_servers(path: str | Path) -> None:
    if is_address(path):
        raise HistoryError(
            f"{path}: servers have a backup of their own (ALTER TABLE … FREEZE on each, or BACKUP DATABASE on "
            "newer ones); this copies folders"
        )
