"""A copy of a folder has everything that decides what it says: decodings, what was rolled up with them, rules."""

from __future__ import annotations

from pathlib import Path

import pytest

from bessinside.historian.backup import DECODED, backup, check
from bessinside.historian.basis import decoding
from bessinside.historian.basis.decoding import Decoding
from bessinside.historian.basis.folder import HistoryError
from bessinside.historian.sealed.retention import RULES
from tests.historian.made import Folders, Maker, plant_in


def test_decodings_and_rules_go_with_it(tmp_path: Path) -> None:
    folders = Folders(tmp_path / "history", plant_in(tmp_path))
    maker = Maker(folders.plant)
    folders.commit([(maker.sweep(k), maker.bound_of(k)) for k in range(1, 721)])
    folders.seal(720)
    root = folders.folder.root
    rolled = next((root / "rollups").iterdir())
    (root / DECODED).mkdir(parents=True)
    (root / DECODED / "later.minutes.parquet").write_bytes(rolled.read_bytes())
    (root / DECODED / "nobodys.minutes.parquet").write_bytes(b"half")
    (root / RULES).write_text('minutes = "2 y"\n')
    recorded = folders.store.editions("a")[0].map_hash
    added = Decoding(recorded, recorded, 0, 2**62, 1, "as it was", ("later.minutes.parquet",))
    decoding.add(root, [added])
    folders.close()
    copied = backup(root, tmp_path / "kept")
    assert decoding.load(tmp_path / "kept") == (added,)
    assert (tmp_path / "kept" / RULES).read_text() == 'minutes = "2 y"\n'
    assert [path.name for path in (tmp_path / "kept" / DECODED).iterdir()] == ["later.minutes.parquet"]
    assert copied.bytes == sum(path.stat().st_size for path in (tmp_path / "kept").rglob("*") if path.is_file())
    check(tmp_path / "kept")
    (tmp_path / "kept" / DECODED / "later.minutes.parquet").unlink()
    with pytest.raises(HistoryError, match=r"later\.minutes\.parquet is missing"):
        check(tmp_path / "kept")
