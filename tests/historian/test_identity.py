"""What is written is what is read: words, outcomes and frames, from the tail and from sealed files alike."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bessinside.historian import register
from bessinside.historian.basis.batch import NEVER, Times
from bessinside.historian.sealed.segment import after, waits
from bessinside.modbus import Exchange, Outcome, ReadPlan, Request, Sweep
from bessinside.modbus.exchange import exchanges
from tests.historian.made import START_NS, Folders, Maker, plant_in

_COUNT = {1: 2000, 2: 2000, 3: 125, 4: 125}


@st.composite
def plans(draw: st.DrawFn) -> ReadPlan:
    """Requests of any function code anywhere, some on the same registers."""
    requests = []
    for _ in range(draw(st.integers(1, 5))):
        fc = draw(st.integers(1, 4))
        count = draw(st.integers(1, min(_COUNT[fc], 150)))
        requests.append(Request(fc, draw(st.integers(0, 65536 - count)), count))
    return ReadPlan(requests)


@st.composite
def histories(draw: st.DrawFn) -> list[Sweep]:
    """Sweeps of one device as they may come: plans that change, failures, odd frames, transactions that jump."""
    variants = draw(st.lists(plans(), min_size=1, max_size=3))
    framing = draw(st.sampled_from(("tcp", "rtu")))
    chance = np.random.default_rng(draw(st.integers(0, 2**32)))
    found, start = [], START_NS
    for number in range(draw(st.integers(1, 12))):
        plan = variants[int(chance.integers(len(variants)))]
        count = len(plan.requests)
        start += int(chance.integers(1, 3_000_000_000))
        sent = start + chance.integers(0, 10**9, count)
        received = sent + chance.integers(0, 10**9, count)
        outcome, exception = np.zeros(count, np.uint8), np.zeros(count, np.uint8)
        raw: dict[int, bytes] = {}
        if chance.random() < 0.4:
            outcome = chance.integers(0, 6, count).astype(np.uint8)
            exception = np.where(outcome == Outcome.EXCEPTION, chance.integers(1, 12, count), 0).astype(np.uint8)
            received[np.isin(outcome, (Outcome.TIMEOUT, Outcome.CLOSED, Outcome.NOT_SENT))] = 0
            sent[outcome == Outcome.NOT_SENT] = 0
            raw = {
                int(i): chance.bytes(int(chance.integers(0, 40))) for i in np.flatnonzero(chance.random(count) < 0.3)
            }
        words = chance.integers(0, 65536, plan.size).astype(">u2")
        for i, request in enumerate(plan.requests):
            if request.bits:  # a bit is 0 or 1
                words[plan.starts[i] : plan.starts[i] + request.count] &= 1
        base = int(chance.integers(65536))
        tid = (np.arange(count) + base).astype(np.uint16)
        if chance.random() < 0.2:
            tid = chance.integers(0, 65536, count).astype(np.uint16)
        if framing == "rtu":
            tid[:] = 0
        end = int(max(start, sent.max(), received.max())) + 1000
        found.append(
            Sweep(
                number, "a", framing, int(chance.integers(1, 248)), start, end, plan, words, tid, sent, received,
                outcome, exception, {}, raw,
            )
        )  # fmt: skip
    return found


def _same(one: Exchange, other: Exchange) -> None:
    assert (one.framing, one.unit, one.outcome) == (other.framing, other.unit, other.outcome)
    assert one.request == other.request
    assert one.response == other.response
    assert abs(one.sent_ns - other.sent_ns) <= 500
    assert abs(one.received_ns - other.received_ns) <= 500
    assert (one.received_ns == 0) == (other.received_ns == 0)


def _check(folders: Folders, sweeps: list[Sweep], numbers: list[int]) -> None:
    """Everything that the archive says of these sweeps is what they were."""
    store, device = folders.store, "a"
    found = store.sweeps(device, 0, 2**62)
    assert found.number.tolist() == numbers
    assert found.start_ns.tolist() == [sweep.start_ns for sweep in sweeps]
    assert found.end_ns.tolist() == [sweep.end_ns for sweep in sweeps]
    assert found.failed.tolist() == [int(np.count_nonzero(sweep.outcome)) for sweep in sweeps]
    editions = {edition.number: edition for edition in store.editions(device)}
    for sweep, number, edition in zip(sweeps, numbers, found.edition.tolist(), strict=True):
        assert editions[edition].requests == sweep.plan.requests
        assert (editions[edition].unit, editions[edition].framing) == (sweep.unit, sweep.framing)
        image = store.image(device, sweep.end_ns)
        assert image is not None
        if image.number == number:  # another sweep may have ended at the same moment
            np.testing.assert_array_equal(image.words, sweep.image)
            np.testing.assert_array_equal(image.outcome, sweep.outcome)
            np.testing.assert_array_equal(image.exception, sweep.exception)
        for one, other in zip(store.exchanges(device, number), exchanges(sweep), strict=True):
            _same(one, other)
    wanted = sorted(
        {register(r.fc, r.address + k) for sweep in sweeps for r in sweep.plan.requests for k in range(r.count)}
    )
    columns = store.words(device, wanted, 0, 2**62)
    assert columns.number.tolist() == numbers
    for row, sweep in enumerate(sweeps):
        place = sweep.plan.place(np.array(wanted) >> 16, np.array(wanted) & 0xFFFF)
        block = sweep.plan.block(np.array(wanted) >> 16, np.array(wanted) & 0xFFFF)
        ok = (place >= 0) & (sweep.outcome[block] == Outcome.OK)
        np.testing.assert_array_equal(columns.ok[row], ok)
        np.testing.assert_array_equal(columns.words[row][ok], sweep.image[place][ok])


@given(histories(), st.data())
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
def test_words_and_frames_come_back_as_they_were(history: list[Sweep], data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        plant = plant_in(root)
        bound = Maker(plant).bound[0]
        folders = Folders(root / "history", plant)
        try:
            numbers: list[int] = []
            cuts = sorted({0, len(history), *data.draw(st.lists(st.integers(0, len(history)), max_size=3))})
            for low, high in pairwise(cuts):
                numbers += folders.commit([(sweep, bound) for sweep in history[low:high]])
            _check(folders, history, numbers)
            folders.seal(numbers[cuts[1] - 1])  # one commit is sealed, the others are in the tail
            _check(folders, history, numbers)
            if len(cuts) > 2:
                folders.seal(numbers[-1])
                _check(folders, history, numbers)
        finally:
            folders.close()


@given(st.integers(0, 2**32), st.integers(1, 6), st.integers(1, 20))
@settings(max_examples=200, deadline=None)
def test_differences_of_times_give_the_times_back(seed: int, requests: int, sweeps: int) -> None:
    chance = np.random.default_rng(seed)
    sent = chance.integers(0, 2**30, (requests, sweeps)).astype(np.int32)
    received = chance.integers(0, 2**30, (requests, sweeps)).astype(np.int32)
    lost = chance.random((requests, sweeps)) < 0.3
    received[lost] = NEVER
    sent[lost & (chance.random((requests, sweeps)) < 0.5)] = NEVER
    none = np.zeros(sweeps, np.int64)
    times = Times(none, none, none, none.astype(np.uint16), none.astype(np.int32), sent, received)
    again = after(*waits(times))
    np.testing.assert_array_equal(again[0], sent)
    np.testing.assert_array_equal(again[1], received)


@pytest.fixture
def folders(tmp_path: Path) -> Iterator[Folders]:
    made = Folders(tmp_path / "history", plant_in(tmp_path))
    yield made
    made.close()


def test_the_seam_shows_no_sweep_twice_and_misses_none(folders: Folders) -> None:
    maker = Maker(folders.plant)
    for first in range(1, 2001, 20):
        folders.commit([(maker.sweep(number), maker.bound_of(number)) for number in range(first, first + 20)])
        folders.seal()
    for device, odd in (("a", 0), ("b", 1)):
        found = folders.store.sweeps(device, 0, 2**62)
        assert found.number.tolist() == [number for number in range(1, 2001) if number % 2 == odd]
        half = START_NS + 600_000_000_000  # the seam between the first sealed slot and what follows
        left = folders.store.sweeps(device, 0, half).number.tolist()
        right = folders.store.sweeps(device, half, 2**62).number.tolist()
        assert left
        assert right
        assert left + right == found.number.tolist()


def test_a_number_that_was_never_given_is_unknown(folders: Folders) -> None:
    from bessinside.historian.basis.folder import UnknownSweep

    maker = Maker(folders.plant)
    folders.commit([(maker.sweep(1), maker.bound_of(1))])
    with pytest.raises(UnknownSweep, match="sweep 7 of b"):
        folders.store.exchanges("b", 7)
    with pytest.raises(UnknownSweep):
        folders.store.exchanges("a", 1)  # it is the other device's
