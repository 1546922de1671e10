"""Files. What is written atomically is either the old file or the new one after a power cut, never a part of both."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


def read_bytes(path: str | Path) -> bytes:
    """The whole file."""
    return Path(path).read_bytes()


def read_text(path: str | Path) -> str:
    """The whole file as UTF-8."""
    return Path(path).read_text(encoding="utf-8")


def write_atomic(path: str | Path, content: bytes) -> None:
    """Replaces the file: written beside it, synced, renamed, and the folder synced, so that the rename lasts."""
    with replacing(path) as file:
        file.write(content)


@contextmanager
def replacing(path: str | Path) -> Iterator[BinaryIO]:
    """A file to write that takes the place of another when the block ends without an error, as :func:`write_atomic`.

    What a link leads to is replaced, not the link; a device or a pipe (`/dev/null`, `/dev/stdout`) is written to.
    """
    target = Path(path).resolve()
    if target.exists() and not target.is_file():
        with open(target, "wb") as device:
            yield device
        return
    beside = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        with open(beside, "wb") as file:
            yield file
            sync(file)
        beside.replace(target)
    finally:
        beside.unlink(missing_ok=True)
    sync_folder(target.parent)


def append(path: str | Path) -> BinaryIO:
    """Opens a file to append bytes to; :func:`sync` makes what was written last."""
    return open(path, "ab")


def open_read(path: str | Path) -> BinaryIO:
    """Opens a file to read bytes from, for files too long to hold."""
    return open(path, "rb")


def read_at(file: BinaryIO, offset: int, size: int) -> bytes:
    """Reads so many bytes from a place; several threads may read one file. Fewer come where the file ends before."""
    return os.pread(file.fileno(), size, offset)


def length(file: BinaryIO) -> int:
    """Bytes of an opened file."""
    return os.fstat(file.fileno()).st_size


def sync(file: BinaryIO) -> None:
    """Flushes the file to the disk itself."""
    file.flush()
    os.fsync(file.fileno())


def sync_folder(path: str | Path) -> None:
    """Makes renames and removals in a folder last."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def exists(path: str | Path) -> bool:
    """Whether something stands there."""
    return Path(path).exists()


def size(path: str | Path) -> int:
    """Bytes of the file."""
    return Path(path).stat().st_size


def list_dir(path: str | Path) -> list[Path]:
    """What a folder holds, sorted by name."""
    return sorted(Path(path).iterdir())


def make_dir(path: str | Path) -> Path:
    """Makes a folder and its parents where they are missing."""
    folder = Path(path)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def remove(path: str | Path) -> None:
    """Removes a file; FileNotFoundError where there is none."""
    Path(path).unlink()


def copy(source: str | Path, target: str | Path) -> int:
    """Copies a file so that it is whole and on the disk when it has its name; gives its bytes."""
    with open(source, "rb") as file, replacing(target) as beside:
        while chunk := file.read(1 << 20):
            beside.write(chunk)
    return size(target)
