"""The Native format: what is written is read, and what a server writes is what the format says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bessinside.historian.basis.folder import HistoryError
from bessinside.historian.clickhouse.native import NUMBERS, decode, encode


def test_bytes_as_clickhouse_writes_them() -> None:
    """SELECT toUInt8(1) AS a, 'x' AS b, [toInt32(-1), 2] AS c FORMAT Native."""
    content = b"\x03\x01\x01a\x05UInt8\x01\x01b\x06String\x01x"
    content += b"\x01c\x0cArray(Int32)\x02\0\0\0\0\0\0\0\xff\xff\xff\xff\x02\0\0\0"
    types = {"a": "UInt8", "b": "String", "c": "Array(Int32)"}
    assert encode(types, {"a": [1], "b": ["x"], "c": [[-1, 2]]}, 1) == content
    found = decode(content + content, ["a", "b", "c"])
    assert found["a"].tolist() == [1, 1]
    assert found["b"] == [b"x", b"x"]
    assert [one.tolist() for one in found["c"]] == [[-1, 2]] * 2


@given(
    numbers=st.lists(st.integers(-(2**63), 2**63 - 1), max_size=300),
    texts=st.lists(st.binary(max_size=300), max_size=300),
    lists=st.lists(st.lists(st.integers(-(2**31), 2**31 - 1), max_size=20), max_size=300),
)
def test_what_is_written_is_read(numbers: list[int], texts: list[bytes], lists: list[list[int]]) -> None:
    rows = min(len(numbers), len(texts), len(lists))
    types = {"n": "Int64", "t": "String", "l": "Array(Int32)"}
    columns = {"n": np.array(numbers[:rows], np.int64), "t": texts[:rows], "l": lists[:rows]}
    found = decode(encode(types, columns, rows), list(types))
    assert found["n"].tolist() == numbers[:rows]
    assert found["t"] == texts[:rows]
    assert [one.tolist() for one in found["l"]] == lists[:rows]


@pytest.mark.parametrize("kind", NUMBERS)
def test_every_number_keeps_its_bits(kind: str) -> None:
    dtype = NUMBERS[kind]
    info: Any = np.finfo(dtype) if dtype.kind == "f" else np.iinfo(dtype)
    values = np.array([info.min, 0, info.max] + ([np.nan, -0.0] if dtype.kind == "f" else []), dtype)
    found = decode(encode({"x": kind}, {"x": values}, len(values)), ["x"])["x"]
    assert found.tobytes() == values.tobytes()


def test_no_row_is_an_empty_column() -> None:
    found = decode(b"", ["a"])
    assert len(found["a"]) == 0


def test_an_answer_that_breaks_off_is_said() -> None:
    whole = encode({"a": "String", "b": "UInt32"}, {"a": ["some text"], "b": [7]}, 1)
    for end in range(1, len(whole)):
        with pytest.raises(HistoryError, match="not whole"):
            decode(whole[:end], ["a", "b"])


def test_columns_of_unlike_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="2 values of UInt8 for 3 rows"):
        encode({"a": "UInt8"}, {"a": [1, 2]}, 3)
