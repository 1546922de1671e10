"""The planner: every point is covered, no limit is broken, nothing refused is touched."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bessinside.modbus.errors import LimitError
from bessinside.modbus.plan import ReadPlan, Request, plan

POINT = st.tuples(st.sampled_from([1, 2, 3, 4]), st.integers(0, 600), st.integers(1, 8))


@settings(max_examples=300)
@given(
    st.lists(POINT, min_size=1, max_size=120),
    st.integers(8, 125),
    st.integers(8, 2000),
    st.integers(0, 30),
    st.sets(st.tuples(st.sampled_from([1, 2, 3, 4]), st.integers(0, 610)), max_size=20),
    st.sets(st.tuples(st.sampled_from([1, 2, 3, 4]), st.integers(0, 610)), max_size=20),
)
def test_plans_cover_every_point_within_the_limits(
    points: list[tuple[int, int, int]],
    registers: int,
    bits: int,
    gap: int,
    refused: set[tuple[int, int]],
    cuts: set[tuple[int, int]],
) -> None:
    fc, address, words = (np.array(column) for column in zip(*points, strict=True))
    made = plan(fc, address, words, max_registers=registers, max_bits=bits, max_gap=gap, refused=refused, cuts=cuts)
    asked: dict[tuple[int, int], int] = {}
    for request, start in zip(made.requests, made.starts.tolist(), strict=True):
        assert request.count <= (bits if request.fc < 3 else registers)
        for i in range(request.count):
            assert (request.fc, request.address + i) not in refused
            asked.setdefault((request.fc, request.address + i), start + i)
    assert made.size == sum(request.count for request in made.requests)
    wanted = set()
    for i, (f, a, n) in enumerate(points):
        covered = [(f, a + k) for k in range(n)]
        if any(register in refused for register in covered):
            assert made.offset[i] == made.block_of[i] == -1
            continue
        wanted.update(covered)
        request, start = made.requests[made.block_of[i]], int(made.starts[made.block_of[i]])
        assert request.fc == f
        assert request.address <= a
        assert a + n <= request.address + request.count
        assert made.offset[i] == start + a - request.address
        assert made.place(f, a) >= 0
    if gap == 0:
        assert wanted == set(asked)


def test_neighbours_share_a_request_and_a_full_request_ends() -> None:
    made = plan(3, np.arange(300), 1)
    assert made.requests == (Request(3, 0, 125), Request(3, 125, 125), Request(3, 250, 50))
    assert plan(3, np.arange(0, 252, 2), 2).requests == (Request(3, 0, 124), Request(3, 124, 124), Request(3, 248, 4))


def test_a_point_is_not_torn_but_a_long_text_lies_in_one_piece_of_the_image() -> None:
    made = plan(3, [0, 300], [260, 4])
    assert made.requests == (Request(3, 0, 125), Request(3, 125, 125), Request(3, 250, 10), Request(3, 300, 4))
    assert made.offset.tolist() == [0, 260]


def test_a_gap_is_read_only_where_that_is_asked_for() -> None:
    assert len(plan(3, [0, 10], 1).requests) == 2
    assert plan(3, [0, 10], 1, max_gap=9).requests == (Request(3, 0, 11),)
    assert len(plan(3, [0, 10], 1, max_gap=9, refused={(3, 5)}).requests) == 2
    assert len(plan(3, [0, 10], 1, max_gap=9, refused={(4, 5)}).requests) == 1


def test_a_cut_separates_neighbours() -> None:
    assert plan(3, [0, 1], 1, cuts={(3, 1)}).requests == (Request(3, 0, 1), Request(3, 1, 1))


def test_places_of_what_is_not_read_are_minus_one() -> None:
    made = plan([3, 1], [10, 10], [2, 1])
    assert made.place([3, 3, 3, 1, 4], [10, 11, 12, 10, 10]).tolist() == [1, 2, -1, 0, -1]
    assert ReadPlan([]).place([3], [0]).tolist() == [-1]
    assert ReadPlan([]).size == 0


@pytest.mark.parametrize(("fc", "address", "words"), [(3, 65535, 2), (5, 0, 1), (3, -1, 1), (3, 0, 0)])
def test_points_that_no_device_has_are_refused(fc: int, address: int, words: int) -> None:
    with pytest.raises(LimitError, match=rf"function code {fc}, address {address}"):
        plan([fc], [address], [words])
