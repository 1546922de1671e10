"""Who was read how, on the servers: editions by what they say, with the maps and plant files by theirs."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import msgspec

from bessinside.historian.basis.archive import Edition
from bessinside.historian.basis.folder import LAID_OUT, Folder, HistoryError
from bessinside.historian.clickhouse.door import Door
from bessinside.historian.clickhouse.tables import EDITIONS, FILES, half_md5, quoted
from bessinside.historian.tail.tail import pack_requests, unpack_requests
from bessinside.plant import Plant
from bessinside.plant.plantfile import parse_plant
from bessinside.registers import RegisterMap
from bessinside.registers.loader import parse_map
from bessinside.runtime import disk

PLANT, MAP = ".toml", ".yaml"


def edition_number(edition: Edition) -> int:
    """The number of an edition on the servers, the same whoever records it: 31 bits of a hash of what it says."""
    said = (
        edition.device, edition.framing, edition.unit, edition.plant_hash, edition.map_hash,
        pack_requests(edition.requests),
    )  # fmt: skip
    return int.from_bytes(hashlib.blake2b(msgspec.msgpack.encode(said), digest_size=4).digest(), "big") & 0x7FFFFFFF


class Registrar:
    """Writes editions and files, each once in the life of this program; `forget` makes it say everything again."""

    def __init__(self, door: Door, folder: Folder) -> None:
        self._door, self._folder = door, folder
        self._said: set[int] = set()
        self._files: set[str] = set()

    def forget(self) -> None:
        """The servers may be others now."""
        self._said.clear()
        self._files.clear()

    def register(self, edition: Edition) -> int:
        """The number of an edition, which the servers know from now on. Raises HistoryError where two have the same."""
        number = edition_number(edition)
        if number in self._said:
            return number
        others = [one for one in load_editions(self._door, number) if not _same(one, edition)]
        if others:
            raise HistoryError(f"{self._door.name}: editions of {others[0].device} and {edition.device} share a number")
        self._keep(edition.plant_hash, self._folder.plants, (PLANT,))
        self._keep(edition.map_hash, self._folder.maps, (MAP, LAID_OUT))
        row = {
            "device": [half_md5(edition.device)], "edition": [number], "name": [edition.device],
            "since_ns": [edition.since_ns], "rank": [edition.number], "framing": [edition.framing],
            "unit": [edition.unit], "plant_hash": [edition.plant_hash], "map_hash": [edition.map_hash],
            "requests": [pack_requests(edition.requests)],
        }  # fmt: skip
        self._door.put(EDITIONS.name, EDITIONS.columns, row, 1)
        self._said.add(number)
        return number

    def _keep(self, name: str, place: Path, suffixes: Iterable[str]) -> None:
        if name in self._files:
            return
        for suffix in suffixes:
            path = place / f"{name}{suffix}"
            if disk.exists(path):
                keep_file(self._door, name, suffix, disk.read_bytes(path))
        self._files.add(name)


def keep_file(door: Door, name: str, suffix: str, content: bytes) -> None:
    """Keeps a file under the hash of its content."""
    door.put(FILES.name, FILES.columns, {"hash": [name], "suffix": [suffix], "content": [content]}, 1)


def keep_map(door: Door, register_map: RegisterMap) -> str:
    """Keeps the file of a map; gives its hash."""
    content = disk.read_bytes(register_map.path)
    name = hashlib.sha256(content).hexdigest()
    keep_file(door, name, MAP, content)
    return name


def load_editions(door: Door, number: int | None = None) -> list[Edition]:
    """All editions, or those of a number, in the order in which they began; `since_ns` is the first anybody saw."""
    names = [*EDITIONS.columns]
    where = "" if number is None else f" WHERE edition = {number}"
    rows = door.ask(f"SELECT {', '.join(names)} FROM {EDITIONS.name}{where}", names)  # noqa: S608  names of our own
    first: dict[tuple[str, int], tuple[int, Edition]] = {}
    for k in range(len(rows["edition"])):
        found = Edition(
            int(rows["edition"][k]), rows["name"][k].decode(), int(rows["since_ns"][k]), rows["framing"][k].decode(),
            int(rows["unit"][k]), rows["plant_hash"][k].decode(), rows["map_hash"][k].decode(),
            unpack_requests(rows["requests"][k]),
        )  # fmt: skip
        key = found.device, found.number
        if key not in first or found.since_ns < first[key][1].since_ns:
            first[key] = int(rows["rank"][k]), found
    order = sorted(first.values(), key=lambda one: (one[1].since_ns, one[0], one[1].device))
    return [edition for _, edition in order]


def _same(one: Edition, other: Edition) -> bool:
    return replace(one, number=0, since_ns=0) == replace(other, number=0, since_ns=0)


def _file(door: Door, name: str, suffixes: tuple[str, ...]) -> tuple[str, bytes]:
    """Suffix and content of a file. Raises HistoryError where it is not there, or not what its name says."""
    rows = door.ask(
        f"SELECT suffix, content FROM {FILES.name} WHERE hash = {quoted(name)}",  # noqa: S608  quoted
        ["suffix", "content"],
    )
    for suffix, content in zip(rows["suffix"], rows["content"], strict=True):
        if suffix.decode() in suffixes:
            if hashlib.sha256(content).hexdigest() != name:
                raise HistoryError(f"{door.name}: the file {name} is not what was kept: restore it from a backup")
            return suffix.decode(), content
    raise HistoryError(
        f"{door.name}: the file {name} is missing: without it what was recorded cannot be decoded; restore it from a "
        "backup"
    )


def load_plant_of(door: Door, name: str) -> Plant:
    """The plant file of a hash. Raises HistoryError, PlantError."""
    suffix, content = _file(door, name, (PLANT,))
    return parse_plant(content.decode(), f"plants/{name}{suffix}", kept=True)


def load_map_of(door: Door, name: str) -> RegisterMap:
    """The map of a hash. Raises HistoryError, MapError."""
    suffix, content = _file(door, name, (MAP, LAID_OUT))
    if suffix == LAID_OUT:
        return msgspec.json.decode(content, type=RegisterMap)
    return parse_map(content.decode(), f"maps/{name}{suffix}")
