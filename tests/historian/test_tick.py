"""A commit's sweeps come back from the bytes that keep them, whatever their words and times are."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bessinside.historian.basis.folder import HistoryError
from bessinside.historian.tail.tick import Tick, Trouble, pack_columns, together, unpack, unpack_all

STAMPS = st.one_of(
    st.integers(1_782_043_200_000_000_000, 1_782_043_202_000_000_000), st.just(0), st.integers(-(2**62), 2**62)
)


@st.composite
def columns(draw: st.DrawFn) -> tuple[bytes, bytes, bytes, dict[int, Trouble]]:
    """head, words, times and troubles of some sweeps."""
    sizes = draw(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 4)), min_size=1, max_size=5))
    words = draw(st.lists(st.integers(0, 65535), min_size=sum(w for w, _ in sizes), max_size=sum(w for w, _ in sizes)))
    count = 2 * sum(requests for _, requests in sizes)
    times = draw(st.lists(STAMPS, min_size=count, max_size=count))
    starts = draw(st.lists(STAMPS, min_size=len(sizes), max_size=len(sizes)))
    ones = [1] * len(sizes)
    head = np.array([ones, ones, starts, starts, ones, ones, *zip(*sizes, strict=True)], "<i8")
    troubles = {0: Trouble(b"\x01", b"\x02", {0: b"raw"})} if draw(st.booleans()) else {}
    return head.tobytes(), np.array(words, ">u2").tobytes(), np.array(times, "<i8").tobytes(), troubles


def same(found: Tick, wanted: Tick) -> bool:
    arrays = ("head", "words_at", "times_at", "words", "times")
    return found.troubles == wanted.troubles and all(
        np.array_equal(getattr(found, name), getattr(wanted, name)) for name in arrays
    )


@given(columns())
def test_what_is_packed_comes_back(given: tuple[bytes, bytes, bytes, dict[int, Trouble]]) -> None:
    head, words, times, troubles = given
    tick = unpack(7, pack_columns(head, words, times, troubles))
    assert tick.head[1:].astype("<i8").tobytes() == head
    assert tick.number.tolist() == list(range(7, 7 + len(tick)))
    assert (tick.words.astype(">u2").tobytes(), tick.times.astype("<i8").tobytes()) == (words, times)
    assert tick.troubles == troubles


@given(st.lists(columns(), max_size=4))
def test_some_at_once_are_as_each_for_itself(given: list[tuple[bytes, bytes, bytes, dict[int, Trouble]]]) -> None:
    rows = [(100 * k + 1, pack_columns(*one)) for k, one in enumerate(given)]
    assert same(unpack_all(rows), together([unpack(*row) for row in rows]))


def test_times_of_a_second_take_half_their_size_and_words_that_repeat_hardly_any() -> None:
    start, count = 1_782_043_200_000_000_000, 500
    head = np.array([[1], [1], [start], [start + 10**9], [0], [0], [50_000], [count]], "<i8").tobytes()
    times = start + np.arange(2 * count, dtype="<i8") * 1_000_000
    words = np.tile(np.arange(1000, dtype=">u2"), 50)
    packed = pack_columns(head, words.tobytes(), times.tobytes(), {})
    assert len(packed) < 4 * len(times) + 4000
    late = times.copy()
    late[3] += 3_000_000_000  # a device that answered after three seconds
    assert unpack(1, pack_columns(head, words.tobytes(), late.tobytes(), {})).times.tolist() == late.tolist()


@pytest.mark.parametrize("field", [1, 2, 3])
def test_a_damaged_commit_is_told_by_its_first_sweep(field: int) -> None:
    head = np.array([[1], [1], [5], [6], [0], [0], [300], [2]], "<i8").tobytes()
    packed = pack_columns(head, bytes(range(200)) * 3, np.array([1, 2, 3, 4], "<i8").tobytes(), {})
    parts = list(msgspec.msgpack.decode(packed))
    parts[field] = parts[field][:-3]
    with pytest.raises(HistoryError, match="the commit that begins with sweep 41 cannot be read"):
        unpack(41, msgspec.msgpack.encode(parts))
    for broken in (b"", b"\x93", msgspec.msgpack.encode([99, b"", b"", b"", {}])):
        with pytest.raises(HistoryError, match="the commit that begins with sweep 41"):
            unpack(41, broken)
