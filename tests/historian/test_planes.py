"""What is read from the planes of a page is what Arrow reads; what is not of that kind is left to Arrow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from bessinside.historian.basis.places import as_slice
from bessinside.historian.sealed.page import matrix
from bessinside.historian.sealed.pagefile import PageFile
from bessinside.historian.sealed.planes import Planes
from bessinside.historian.sealed.sealed import ParquetFiles

KINDS = {np.uint16: pa.uint16(), np.int32: pa.int32(), np.int64: pa.int64()}


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("planes") / "file.parquet"


def written(path: Path, values: NDArray[Any], missing: NDArray[np.bool_] | None = None) -> ParquetFiles:
    """Writes a file of one column with lists, a row of the matrix each."""
    with path.open("wb") as file:
        pages = PageFile(file, pa.schema([("lists", pa.list_(KINDS[values.dtype.type]))]))
        pages.write(len(values), [matrix(values, missing, width=4)])
        pages.close({})
    return ParquetFiles()


def by_arrow(path: Path) -> NDArray[Any]:
    table = pq.ParquetFile(path).read_row_group(0)
    return np.array(table.column(0).to_pylist())


@given(st.sampled_from(list(KINDS)), st.integers(1, 40), st.integers(1, 40), st.integers(0, 2**32))
@settings(max_examples=60, deadline=None)
def test_what_is_read_is_what_arrow_reads(path: Path, kind: type, rows: int, entries: int, seed: int) -> None:
    chance, kept = np.random.default_rng(seed), np.iinfo(kind)
    values = chance.integers(kept.min, kept.max, (rows, entries), kind, endpoint=True)
    planes = written(path, values).planes(path, 0, 0, entries, kind)
    assert planes is not None
    assert len(planes) == rows
    assert planes.rows().dtype == kind
    np.testing.assert_array_equal(planes.rows(), by_arrow(path))
    some = chance.permutation(rows)[: chance.integers(1, rows + 1)]
    np.testing.assert_array_equal(planes.rows(as_slice(some)), values[some])
    np.testing.assert_array_equal(planes.column(entries - 1), values[:, -1])
    again = Planes.of(values)
    np.testing.assert_array_equal(again.rows(), values)
    np.testing.assert_array_equal(again.column(0), values[:, 0])


def test_entries_that_are_missing_are_left_to_arrow(path: Path) -> None:
    values = np.arange(6, dtype=np.int32).reshape(2, 3)
    assert written(path, values, values == 4).planes(path, 0, 0, 3, np.int32) is None


def test_lists_of_another_length_are_left_to_arrow(path: Path) -> None:
    files = written(path, np.arange(6, dtype=np.int32).reshape(2, 3))
    assert files.planes(path, 0, 0, 2, np.int32) is None
    assert files.planes(path, 0, 0, 6, np.int32) is None


@pytest.mark.parametrize("how", [{}, {"use_dictionary": False}, {"compression": "zstd"}, {"data_page_version": "2.0"}])
def test_pages_of_other_writers_are_left_to_arrow(path: Path, how: dict[str, Any]) -> None:
    table = pa.table({"lists": pa.array([[1, 2], [3, 4]], pa.list_(pa.int32()))})
    pq.write_table(table, path, **how)
    files = ParquetFiles()
    assert files.planes(path, 0, 0, 2, np.int32) is None
    assert files.arrow(path).read_row_group(0).column(0).to_pylist() == [[1, 2], [3, 4]]


def test_places_that_follow_each_other_are_a_slice() -> None:
    assert as_slice(np.array([3])) == slice(3, 4)
    assert as_slice(np.array([3, 4, 5])) == slice(3, 6)
    for at in ([], [3, 5], [4, 3], [3, 3, 5], [5, 3, 7]):
        np.testing.assert_array_equal(as_slice(np.array(at, np.int64)), at)
