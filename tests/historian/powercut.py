"""What a disk may hold after a power cut: the calls of a process, as strace wrote them down, and images made of them.

A file's bytes are safe once the file was synced, names of files (made, renamed, removed) once their folder was. Of what
was not, any part may have reached the disk: each write whole, not at all or cut off; names up to any point in order.
Folders themselves are taken to be there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

import numpy as np

CALLS = "openat,write,pwrite64,ftruncate,fsync,fdatasync,rename,renameat,renameat2,unlink,unlinkat"
STRACE = ("strace", "-f", "-qq", "-y", "-xx", "-s", "8388608", "-e", f"trace={CALLS}", "-e", "signal=none")
SECTOR = 512


@dataclass(frozen=True, slots=True)
class Call:
    """A call that worked, or a line that the process wrote to its standard output (`ack`)."""

    kind: str
    path: str = ""
    at: int = -1
    data: bytes = b""
    to: str = ""


_LINE = re.compile(r"^\d+ +(\w+)\((.*)\) += (\S+)", re.DOTALL)
_HEX = re.compile(r"\\x([0-9a-f]{2})")
_FD = r"\d+<((?:[^>\\]|\\x..)*)>"


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text.replace("\\x", ""))


def _text(text: str) -> str:
    return _HEX.sub(lambda found: chr(int(found[1], 16)), text)


def read_calls(log: Path, root: Path) -> Iterator[Call]:
    """The calls on files below a folder, in the order in which they ended; paths are relative to it."""
    begun: dict[str, str] = {}
    position: dict[str, int] = {}
    prefix = f"{root}/"
    for raw in log.read_text("latin-1").splitlines():
        pid, line = raw.split(" ", 1)[0], raw
        if line.endswith("<unfinished ...>"):
            begun[pid] = line.removesuffix("<unfinished ...>")
            continue
        if " resumed>" in line:
            line = begun.pop(pid).rstrip() + line.split(" resumed>", 1)[1]
        found = _LINE.match(line)
        if found is None or found[3].startswith("-"):
            continue
        name, given, gave = found.groups()
        if name == "write" and re.match(r"1<", given):
            yield Call("ack", data=_bytes(given.split('"')[1]))
            continue
        paths = [_text(one) for one in re.findall(r'"((?:\\x[0-9a-f]{2})*)"', given)]
        fd = re.match(_FD, given)
        path = _text(fd[1]) if fd is not None and name not in ("openat", "unlinkat") else (paths or [""])[0]
        if name in ("renameat", "renameat2", "rename"):
            path = paths[0]
        if not path.startswith(prefix) and path != str(root):
            continue
        short = path.removeprefix(prefix) if path != str(root) else "."
        if short.endswith("-shm"):
            continue
        if name == "openat":
            if "O_CREAT" in given:
                position[short] = 0
                yield Call("make", short)
                if "O_TRUNC" in given:
                    yield Call("cut", short, 0)
        elif name in ("write", "pwrite64"):
            data = _bytes(given[fd.end() :].split('"')[1])[: int(gave)] if fd is not None else b""
            if name == "pwrite64":
                yield Call("write", short, int(given.rsplit(",", 1)[1]), data)
            else:
                yield Call("write", short, position.get(short, 0), data)
                position[short] = position.get(short, 0) + len(data)
        elif name == "ftruncate":
            yield Call("cut", short, int(given.rsplit(",", 1)[1]))
        elif name in ("fsync", "fdatasync"):
            yield Call("sync", short)
        elif name.startswith("rename"):
            yield Call("rename", short, to=paths[1].removeprefix(prefix))
        else:
            yield Call("remove", short)


@dataclass(slots=True)
class _File:
    safe: bytearray = field(default_factory=bytearray)
    loose: list[Call] = field(default_factory=list)


class Disk:
    """A disk that is told every call; `image` says what may be on it if the power goes now."""

    def __init__(self) -> None:
        self.names: dict[str, _File] = {}
        self.safe_names: dict[str, _File] = {}
        self.loose_names: dict[str, list[tuple[Call, _File | None]]] = {}
        self.acknowledged = 0

    def tell(self, call: Call) -> None:
        """Lets a call happen."""
        folder = str(PurePosixPath(call.path).parent)
        if call.kind == "ack":
            lines = [line for line in call.data.decode().split() if line.isdigit()]
            self.acknowledged = max([self.acknowledged, *map(int, lines)])
        elif call.kind == "make":
            if call.path not in self.names:
                self.names[call.path] = _File()
                self.loose_names.setdefault(folder, []).append((call, self.names[call.path]))
        elif call.kind in ("write", "cut"):
            self.names[call.path].loose.append(call)
        elif call.kind == "rename":
            self.names[call.to] = self.names.pop(call.path)
            self.loose_names.setdefault(folder, []).append((call, None))
        elif call.kind == "remove":
            del self.names[call.path]
            self.loose_names.setdefault(folder, []).append((call, None))
        elif call.path in self.names:
            file = self.names[call.path]
            for one in file.loose:
                _apply(file.safe, one)
            file.loose = []
        else:
            for done in self.loose_names.pop(call.path, []):
                _rename(self.safe_names, *done)

    def image(self, chance: np.random.Generator, keep: float) -> dict[str, bytes]:
        """Files by path as they may be; of what was not safe about the share `keep` is there."""
        names = dict(self.safe_names)
        for loose in self.loose_names.values():
            there = len(loose) if keep >= 1 else int(chance.integers(len(loose) + 1)) if keep > 0 else 0
            for done in loose[:there]:
                _rename(names, *done)
        found = {}
        for path, file in names.items():
            content = bytearray(file.safe)
            for call in file.loose:
                luck = float(chance.random())
                if luck < keep * 0.8 or keep >= 1:
                    _apply(content, call)
                elif luck < keep and call.kind == "write":  # cut off within
                    sectors = int(chance.integers(len(call.data) // SECTOR + 1))
                    _apply(content, Call("write", call.path, call.at, call.data[: sectors * SECTOR]))
            found[path] = bytes(content)
        return found

    def loose(self) -> int:
        """How many calls are not safe yet."""
        files = {id(file): len(file.loose) for file in self.names.values()}
        return sum(files.values()) + sum(map(len, self.loose_names.values()))


def _apply(content: bytearray, call: Call) -> None:
    if call.kind == "cut":
        del content[call.at :]
        content.extend(bytes(max(0, call.at - len(content))))
    elif call.data:
        content.extend(bytes(max(0, call.at - len(content))))
        content[call.at : call.at + len(call.data)] = call.data


def _rename(names: dict[str, _File], call: Call, file: _File | None) -> None:
    if call.kind == "make" and file is not None:
        names[call.path] = file
    elif call.kind == "rename" and call.path in names:
        names[call.to] = names.pop(call.path)
    elif call.kind == "remove":
        names.pop(call.path, None)


def write(image: dict[str, bytes], root: Path) -> None:
    """Puts an image into an empty folder."""
    for path, content in image.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
