"""The folder of a historian: what lies where."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import msgspec

from bessinside.errors import BessError
from bessinside.plant import Plant, load_plant
from bessinside.registers import RegisterMap
from bessinside.registers.loader import parse_map
from bessinside.runtime import disk

FORMAT = 1
LAID_OUT = ".json"  # a map that a device listed itself, as it was laid out


class HistoryError(BessError):
    """A folder that cannot be used as a historian's."""


class NothingRecorded(BessError):
    """A moment or a figure of which the archive has nothing."""


class UnknownSweep(BessError):
    """A sweep that is not in the archive, or not any more."""


@dataclass(frozen=True, slots=True)
class Folder:
    """tail.sqlite: sweeps not sealed yet, and the catalogue of all files; segments/: sealed sweeps; rollups/: minutes
    and hours; maps/, plants/: the files that were in use, named by the sha256 of what they say."""

    root: Path

    @property
    def tail(self) -> Path:
        return self.root / "tail.sqlite"

    @property
    def segments(self) -> Path:
        return self.root / "segments"

    @property
    def rollups(self) -> Path:
        return self.root / "rollups"

    @property
    def maps(self) -> Path:
        return self.root / "maps"

    @property
    def plants(self) -> Path:
        return self.root / "plants"

    def make(self) -> None:
        """Makes what is missing of it."""
        for path in (self.root, self.segments, self.rollups, self.maps, self.plants):
            if not disk.exists(path):
                disk.make_dir(path)
        disk.sync_folder(self.root)

    def keep_plant(self, plant: Plant) -> str:
        """Keeps the plant file as it is now; gives its hash. Raises PlantError where it cannot be read."""
        return _keep(self.plants, ".toml", disk.read_bytes(plant.path))

    def keep_map(self, register_map: RegisterMap) -> str:
        """Keeps a map; gives the hash of its text, or of its layout where a device listed it itself."""
        if not disk.exists(register_map.path) or register_map.id == "sunspec":
            return _keep(self.maps, LAID_OUT, msgspec.json.encode(register_map))
        content = disk.read_bytes(register_map.path)
        if parse_map(content.decode(), register_map.path) != register_map:
            raise HistoryError(
                f"{register_map.path} was changed after it was loaded: start again, so that what is recorded and what "
                "says how to read it belong together"
            )
        return _keep(self.maps, ".yaml", content)

    def plant(self, plant_hash: str) -> Plant:
        """The plant file of a hash. Raises HistoryError where it is not there, PlantError where it cannot be read."""
        return load_plant(_kept(self.plants / f"{plant_hash}.toml"), kept=True)

    def register_map(self, map_hash: str) -> RegisterMap:
        """The map of a hash. Raises HistoryError where it is not there, MapError where it cannot be read."""
        listed = self.maps / f"{map_hash}{LAID_OUT}"
        if disk.exists(listed):
            return msgspec.json.decode(disk.read_bytes(listed), type=RegisterMap)
        path = _kept(self.maps / f"{map_hash}.yaml")
        return parse_map(disk.read_text(path), str(path))


def _keep(folder: Path, suffix: str, content: bytes) -> str:
    name = hashlib.sha256(content).hexdigest()
    path = folder / f"{name}{suffix}"
    if not disk.exists(path) or disk.read_bytes(path) != content:
        disk.write_atomic(path, content)
    return name


def _kept(path: Path) -> Path:
    if not disk.exists(path):
        raise HistoryError(
            f"{path} is missing: without it what was recorded cannot be decoded; restore it from a backup"
        )
    return path
