"""Times of requests come back to the microsecond, whatever they are."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from bessinside.historian.basis.batch import NEVER
from bessinside.historian.clickhouse.stamps import packed, unpacked

MICROSECONDS = st.one_of(st.integers(0, 70_000), st.just(NEVER), st.integers(NEVER, 2**31 - 1))
SHAPES = st.tuples(st.integers(1, 9), st.integers(0, 9))


@given(st.data(), SHAPES)
def test_every_time_comes_back(data: st.DataObject, shape: tuple[int, int]) -> None:
    sent, received = (data.draw(arrays(np.int32, shape, elements=MICROSECONDS)) for _ in range(2))
    found = unpacked(*packed(sent, received), shape[0])
    np.testing.assert_array_equal(found[0], sent)
    np.testing.assert_array_equal(found[1], received)


def test_what_is_usual_takes_two_bytes() -> None:
    sent = np.arange(100, 40_000, 500, dtype=np.int32)[:, None]
    steps, took, far = packed(sent, sent + 420)
    assert steps[0].tolist() == [100] + [500] * (len(sent) - 1)
    assert set(took[0].tolist()) == {420}
    assert [len(one) for one in far] == [0]
    late = sent.copy()
    late[3:] += 1_000_000
    assert len(packed(late, late + 420)[2][0]) == 2 * len(sent)
