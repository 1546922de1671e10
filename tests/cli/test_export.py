"""`bessinside export`: a GLB file read by the rules of glTF 2.0, with every cell where the scene draws it."""

from __future__ import annotations

import json
import shutil
import struct
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from bessinside.cli import export as command
from bessinside.errors import BessError
from bessinside.plant import load_plant

INSTANCING = "EXT_mesh_gpu_instancing"
TYPES = {5121: np.uint8, 5123: np.uint16, 5125: np.uint32, 5126: np.float32}
WIDE = {"SCALAR": 1, "VEC3": 3, "VEC4": 4}
PLANTS = ("ref-5m", "ref-1m")
CELL = np.array([0.1747, 0.2075, 0.0717])


@dataclass
class File:
    """A GLB file, read with nothing but its specification."""

    raw: bytes

    @cached_property
    def chunks(self) -> list[tuple[int, bytes]]:
        magic, version, length = struct.unpack_from("<4sII", self.raw)
        assert (magic, version, length) == (b"glTF", 2, len(self.raw))
        found, at = [], 12
        while at < length:
            size, kind = struct.unpack_from("<II", self.raw, at)
            assert size % 4 == 0
            found.append((kind, self.raw[at + 8 : at + 8 + size]))
            at += 8 + size
        assert at == length
        return found

    @cached_property
    def content(self) -> dict[str, Any]:
        content: dict[str, Any] = json.loads(self.chunks[0][1])
        return content

    def values(self, number: int) -> NDArray[Any]:
        accessor = self.content["accessors"][number]
        view = self.content["bufferViews"][accessor["bufferView"]]
        start, kind = view["byteOffset"], TYPES[accessor["componentType"]]
        wide = WIDE[accessor["type"]]
        assert accessor["count"] * wide * np.dtype(kind).itemsize == view["byteLength"]
        found = np.frombuffer(self.chunks[1][1][start : start + view["byteLength"]], kind)
        return found.reshape(accessor["count"], wide)

    @cached_property
    def nodes(self) -> list[tuple[dict[str, Any], NDArray[np.float64]]]:
        """Every node that the scene shows, and where its origin is."""
        content = self.content
        found = []
        waiting = [(n, np.zeros(3)) for n in content["scenes"][content["scene"]]["nodes"]]
        while waiting:
            number, origin = waiting.pop()
            node = content["nodes"][number]
            at = origin + node.get("translation", (0.0, 0.0, 0.0))
            found.append((node, at))
            waiting += [(child, at) for child in node.get("children", ())]
        return found

    def drawn(self, kind: str) -> NDArray[np.float64]:
        """float64[n, 3]: where the parts of a kind are drawn by instancing."""
        of = [(n, at) for n, at in self.nodes if INSTANCING in n.get("extensions", {}) and n["extras"]["kind"] == kind]
        places = [at + self.values(n["extensions"][INSTANCING]["attributes"]["TRANSLATION"]) for n, at in of]
        return np.concatenate(places)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], File]:
    """The shipped plants as files."""
    try:
        command.node()
    except BessError as error:
        pytest.skip(str(error))
    made: dict[str, File] = {}

    def of(plant: str) -> File:
        if plant not in made:
            to = tmp_path_factory.mktemp("glb") / f"{plant}.glb"
            command.export(plant, glb=to)
            made[plant] = File(to.read_bytes())
        return made[plant]

    return of


@pytest.mark.parametrize("plant", PLANTS)
def test_it_is_a_sound_file(files: Callable[[str], File], plant: str) -> None:
    """Lengths, bounds and indices (glTF 2.0, 3.6, 3.7 and 4.4)."""
    file = files(plant)
    assert [kind for kind, _ in file.chunks] == [0x4E4F534A, 0x004E4942]
    content, binary = file.content, file.chunks[1][1]
    assert content["asset"]["version"] == "2.0"
    assert content["extensionsUsed"] == content["extensionsRequired"] == [INSTANCING]
    assert [buffer["byteLength"] for buffer in content["buffers"]] == [len(binary)]
    ends = 0
    for view in content["bufferViews"]:
        assert view["byteOffset"] % 4 == 0
        assert view["byteOffset"] >= ends  # no two overlap
        ends = view["byteOffset"] + view["byteLength"]
    assert ends <= len(binary) < ends + 4
    for number, accessor in enumerate(content["accessors"]):
        values = file.values(number)
        assert np.isfinite(values.astype(float)).all()
        if "min" in accessor:
            assert accessor["min"] == values.min(axis=0).tolist()
            assert accessor["max"] == values.max(axis=0).tolist()
    for mesh in content["meshes"]:
        for part in mesh["primitives"]:
            position = file.values(part["attributes"]["POSITION"])
            index = file.values(part["indices"])[:, 0]
            assert "min" in content["accessors"][part["attributes"]["POSITION"]]
            assert len(index) % 3 == 0
            assert set(index.tolist()) == set(range(len(position)))
            assert 0 <= part["material"] < len(content["materials"])
            colour = part["attributes"].get("COLOR_0")
            assert colour is None or len(file.values(colour)) == len(position)
    assert len(file.nodes) == len(content["nodes"])  # a tree: each is reached once


@pytest.mark.parametrize("plant", PLANTS)
def test_every_cell_stands_in_its_rack(files: Callable[[str], File], plant: str) -> None:
    file = files(plant)
    container = load_plant(plant).anatomy.containers[0]
    cells, modules = file.drawn("cell"), file.drawn("module")
    count = container.racks * container.modules * container.cells
    assert len(cells) == count
    assert len(modules) == container.racks * container.modules
    assert len(np.unique(cells.round(4), axis=0)) == count
    for axis in range(3):  # none reaches into another: cells of one row are a whole cell apart
        apart = [b - a for a, b in pairwise(np.unique(cells[:, axis].round(3))) if b - a > 0.002]
        assert min(apart) >= CELL[axis] - 0.002
    assert np.abs(cells[:, 1].mean() - modules[:, 1].mean()) < 1e-4


@pytest.mark.parametrize("plant", PLANTS)
def test_parts_have_their_ids_and_the_anatomy(files: Callable[[str], File], plant: str) -> None:
    file, known = files(plant), load_plant(plant)
    names = {node["name"]: node for node, _ in file.nodes}
    assert len(names) == len(file.nodes)
    racks = known.anatomy.all("rack")
    assert sorted(name for name in names if names[name].get("extras", {}).get("kind") == "rack") == sorted(racks)
    assert {"meter", "c1/cooling1", *racks} <= set(names)
    anatomy = names[known.id]["extras"]["anatomy"]
    assert anatomy["containers"][0]["cells"] == known.anatomy.containers[0].cells
    for bus in known.anatomy.buses:
        assert bus.pcs is not None
        assert set(bus.racks) <= set(names[bus.pcs]["extras"]["racks"])


@pytest.mark.parametrize("plant", PLANTS)
def test_it_is_small(files: Callable[[str], File], plant: str) -> None:
    assert len(files(plant).raw) < 96_000


def test_it_is_the_same_every_time(files: Callable[[str], File], run: Any, tmp_path: Path) -> None:
    to = tmp_path / "again.glb"
    ran = run("export", "ref-5m", "--glb", str(to))
    assert (ran.code, ran.err) == (0, "")
    assert "4,992 cells" in ran.out
    assert to.read_bytes() == files("ref-5m").raw


def test_it_replaces_nothing_unasked(run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ref-1m.glb").write_bytes(b"mine")
    ran = run("export", "ref-1m")
    assert ran.code == 1
    assert "ref-1m.glb is there already" in ran.err
    assert "--force" in ran.err
    assert (tmp_path / "ref-1m.glb").read_bytes() == b"mine"
    ran = run("export", "ref-1m", "--glb", "nowhere/a.glb")
    assert ran.code == 1
    assert "no folder nowhere" in ran.err


def test_without_node_it_says_what_to_install(run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    ran = run("export", "ref-1m", "--glb", str(tmp_path / "a.glb"))
    assert ran.code == 1
    assert "pip install 'bessinside[glb]'" in ran.err
    assert not list(tmp_path.iterdir())


def test_a_program_that_fails_is_named(run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: shutil.os.path.realpath("/bin/false"))  # type: ignore[attr-defined]
    ran = run("export", "ref-1m", "--glb", str(tmp_path / "a.glb"))
    assert ran.code == 1
    assert "Node 20" in ran.err
