"""Where pages lie is what Arrow says of the same file; files of other writers have no such places."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bessinside.historian.sealed.footer import FooterError, join
from bessinside.historian.sealed.page import matrix, numbers
from bessinside.historian.sealed.page_places import PagePlaces
from bessinside.historian.sealed.pagefile import PageFile

SCHEMA = pa.schema([("number", pa.int64()), ("lists", pa.list_(pa.int32()))])


def write(path: Path, groups: list[tuple[int, int]], seed: int) -> None:
    """A row group for each (rows, entries of a list)."""
    chance = np.random.default_rng(seed)
    with path.open("wb") as out:
        file = PageFile(out, SCHEMA)
        for rows, entries in groups:
            lists = chance.integers(0, 2**20, (rows, entries), np.int32)
            file.write(rows, [numbers(np.arange(rows)), matrix(lists)])
        file.close({"about": b"x" * (seed % 300)})


def places_as_arrow_says(path: Path) -> None:
    footer = pq.read_metadata(path)
    with path.open("rb") as file:
        places = PagePlaces.read(file)
    assert places is not None
    assert places.nbytes < footer.serialized_size + 8 * footer.num_row_groups + 5000
    for group in range(footer.num_row_groups):
        for column in range(2):
            said = footer.row_group(group).column(column)
            assert places.of(group, column) == (
                said.data_page_offset, said.total_compressed_size, footer.row_group(group).num_rows
            )  # fmt: skip


@given(st.lists(st.tuples(st.integers(1, 300), st.integers(1, 60)), min_size=1, max_size=20), st.integers(0, 2**20))
@settings(max_examples=40, deadline=None)
def test_places_are_what_arrow_says(
    tmp_path_factory: pytest.TempPathFactory, groups: list[tuple[int, int]], seed: int
) -> None:
    folder = tmp_path_factory.mktemp("places")
    for name in ("a", "b"):
        write(folder / name, groups, seed)
        places_as_arrow_says(folder / name)
    with (folder / "a").open("rb") as a, (folder / "b").open("rb") as b, (folder / "both").open("wb") as out:
        join([a, b], out, {})
    places_as_arrow_says(folder / "both")


def test_files_of_other_writers_have_none(tmp_path: Path) -> None:
    table = pa.table({"number": [1, 2], "lists": [[1], [2]]}, schema=SCHEMA)
    for compression in ("zstd", "none"):
        pq.write_table(table, tmp_path / "other", compression=compression)
        with (tmp_path / "other").open("rb") as file:
            assert PagePlaces.read(file) is None
    pq.ParquetWriter(tmp_path / "empty", SCHEMA).close()
    with (tmp_path / "empty").open("rb") as file:
        assert PagePlaces.read(file) is None


@pytest.mark.parametrize("left", [0, 5, 11, 200])
def test_what_is_no_file_is_said(tmp_path: Path, left: int) -> None:
    write(tmp_path / "whole", [(40, 8)], 1)
    (tmp_path / "torn").write_bytes((tmp_path / "whole").read_bytes()[:left])
    with (tmp_path / "torn").open("rb") as file, pytest.raises(FooterError, match="no Parquet file"):
        PagePlaces.read(file)


def test_a_footer_that_lies_about_itself_is_said(tmp_path: Path) -> None:
    write(tmp_path / "whole", [(40, 8)], 1)
    data = bytearray((tmp_path / "whole").read_bytes())
    data[-8:-4] = (30).to_bytes(4, "little")
    (tmp_path / "short").write_bytes(data)
    with (tmp_path / "short").open("rb") as file, pytest.raises(FooterError):
        PagePlaces.read(file)
