"""The newest readings of one device: its words as they came, what they decode to, and how good each is."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bessinside.modbus import Outcome, Quirks, ReadPlan, Refusals, Sweep
from bessinside.modbus.sweep import Image
from bessinside.plant import BoundDevice
from bessinside.registers import OK, SENTINEL, Codec
from bessinside.runtime import clock
from bessinside.twin.quality import Quality
from bessinside.twin.silence import Silences

HISTORY_S = 300.0
_STALE_AFTER = 3.0  # poll periods without a good answer
OF_OUTCOME = {Outcome.OK: Quality.GOOD, Outcome.EXCEPTION: Quality.DEVICE_EXCEPTION}


@dataclass(frozen=True, slots=True)
class Moment:
    """The words of one sweep, kept for the trend of the last five minutes. `answered[b]`: block b was read."""

    time_ns: int
    words: NDArray[np.uint16]
    answered: NDArray[np.bool_]


class Readings:
    """Everything known about one device right now. Arrays have one entry per point (n) or per block (b).

    words: '>u2'[w], the register words of the newest good answer of each block
    values: float64[n] in SI units, NaN where a point has none; state: uint8[n] of the codec
    known: bool[w], whether a word was ever answered; unread: bool[n], whether one of a point's words was not
    block_time: int64[b], last byte of the newest good answer in ns UTC, 0 before the first
    block_quality: uint8[b], what the newest attempt brought; block_note: the same in words, where it was not good
    answers: for each block the sweeps and their requests that the block's words come from; tried: the newest attempt
    """

    def __init__(self, bound: BoundDevice, quirks: Quirks) -> None:
        self.bound = bound
        self.quirks = quirks
        self.refusals = Refusals()
        self.silences = Silences()
        self.values = np.full(bound.size, np.nan)
        self.state = np.full(bound.size, 4, dtype=np.uint8)
        self.sweep: Sweep | None = None
        self.tap: Callable[[Sweep], None] | None = None  # is given every sweep as it comes
        self.lost: Callable[[str], None] | None = None  # is told why nothing can be asked at all, once for each reason
        self._told = ""
        self.sweeps = 0
        self.failures = 0
        self.error = ""
        self.history: deque[Moment] = deque()
        self._begin(ReadPlan(()))
        self.replan()

    def replan(self) -> None:
        """Plans the reads anew without what the device refuses. What was read so far stays, as old and as good as it
        is, until the new reads bring something."""
        before, words, times, quality = self.plan, self.words, self.block_time, self.block_quality
        notes, answers, tried, known = self.block_note, self.answers, self.tried, self.known
        layout, plan = self.bound.layout, self._planned(self.refusals)
        self._begin(plan)
        self.offset = np.full(self.bound.size, -1, dtype=np.int32)
        self.offset[self.polled] = plan.offset
        self.block = np.full(self.bound.size, -1, dtype=np.int32)
        self.block[self.polled] = plan.block_of
        # the block that carries a point's scale factor, -1 where the map states it or the device refuses it
        self.carrier = np.where(layout.sf_point >= 0, self.block[layout.sf_point], -1)
        self.codec = Codec(layout, self.offset, self.bound.factor)
        kinds = np.array([point.wire_type.kind for point in layout.points])
        self.texts = np.flatnonzero((kinds[layout.point] == "text") & (self.offset >= 0)).tolist()

        # where each word of the image was before, and in which block: -1 where nobody read it
        source, origin = before.place(*plan.registers()), before.block(*plan.registers())
        self.words[source >= 0] = words[source[source >= 0]]
        self.known[:] = _where(known, source)
        for b, start in enumerate(plan.starts.tolist()):
            old = np.unique(origin[start : start + plan.requests[b].count])
            old = old[old >= 0]
            if len(old):
                worst = old[np.argmax(quality[old])]
                self.block_quality[b], self.block_note[b], self.tried[b] = quality[worst], notes[worst], tried[worst]
                self.block_time[b] = min(times[old][times[old] > 0], default=0)
                self.answers[b] = [answer for one in old for answer in answers[one]]
        self.unread = self._holes()
        self.history = deque(_moved(moment, source, origin, plan) for moment in self.history)
        self._decode()

    def _holes(self) -> NDArray[np.bool_]:
        """bool[n]: the points that are not read, or of which a word is not known."""
        holes = np.concatenate(([0], np.cumsum(~self.known)))
        begin = np.maximum(self.offset, 0)
        return (self.offset < 0) | (holes[begin + (self.offset >= 0) * self.bound.layout.words] > holes[begin])

    def _planned(self, refusals: Refusals) -> ReadPlan:
        layout = self.bound.layout
        self.polled = np.flatnonzero(~_write_only(self.bound))
        return refusals.plan(
            layout.fc[self.polled],
            layout.address[self.polled],
            layout.words[self.polled],
            max_registers=self.quirks.max_registers,
            max_bits=self.quirks.max_bits,
        )

    def _begin(self, plan: ReadPlan) -> None:
        """A plan of which nothing was read yet."""
        blocks = len(plan.requests)
        self.plan = plan
        self.words: Image = np.zeros(plan.size, dtype=">u2")
        self.known: NDArray[np.bool_] = np.zeros(plan.size, dtype=bool)
        self.block_of_word = np.repeat(np.arange(blocks), [request.count for request in plan.requests])
        self.block_time: NDArray[np.int64] = np.zeros(blocks, dtype=np.int64)
        self.block_quality: NDArray[np.uint8] = np.full(blocks, Quality.NONE, dtype=np.uint8)
        self.block_note: list[str] = [""] * blocks
        self.answers: list[list[tuple[Sweep, int]]] = [[] for _ in range(blocks)]
        self.tried: list[tuple[Sweep, int] | None] = [None] * blocks
        self.silences.keep(plan.requests)
        self._due: tuple[tuple[int, ...], ReadPlan] = ((), plan)

    def due(self) -> ReadPlan:
        """The reads to make now: all of the plan, but for those that would break the link."""
        order = self.silences.order(self.plan.requests, clock.monotonic())
        if order is None:
            return self.plan
        if order != self._due[0]:
            self._due = order, ReadPlan(self.plan.requests[i] for i in order)
        return self._due[1]

    def image(self, plan: ReadPlan) -> Image:
        """An image for a sweep of `plan`. It holds the newest words, which stay where the device does not answer;
        nobody sees the sweep's words before they are all there and decoded."""
        return self.words.copy() if plan is self.plan else self.words[self.plan.place(*plan.registers())]

    def take(self, sweep: Sweep) -> None:
        """Takes over a finished sweep: what was answered is new, what was not keeps its value and its time, what was
        not asked stays as it is. A sweep of a plan that is not the present one any more comes too late."""
        self._told = ""
        if self.tap is not None:
            self.tap(sweep)
        if sweep.plan not in (self.plan, self._due[1]):
            return
        self.silences.hear(sweep, clock.monotonic())
        if sweep.plan is self.plan:
            blocks, words = np.arange(len(self.plan.requests), dtype=np.int32), sweep.image
        else:
            codes, addresses = sweep.plan.registers()
            blocks = self.plan.block(codes[sweep.plan.starts], addresses[sweep.plan.starts])
            words = self.words.copy()
            words[self.plan.place(codes, addresses)] = sweep.image
        notes, answered = sweep.error, np.zeros(len(self.plan.requests), dtype=bool)
        for k, (b, outcome) in enumerate(zip(blocks.tolist(), sweep.outcome.tolist(), strict=True)):
            self.block_quality[b] = OF_OUTCOME.get(outcome, Quality.NO_ANSWER)
            self.block_note[b] = notes.get(k, "")
            self.tried[b] = one = (sweep, k)
            if outcome == Outcome.OK:
                self.answers[b], self.block_time[b], answered[b] = [one], sweep.received_ns[k], True
        self.words = words
        if not self.known.all():
            self.known |= answered[self.block_of_word]
            self.unread = self._holes()
        self.sweep = sweep
        self.sweeps += 1
        self._decode()
        self._remember(Moment(sweep.end_ns, words, answered))

    def _decode(self) -> None:
        self.codec.decode(self.words, self.values, self.state)
        self.values += 0.0  # a turned sign leaves -0.0, which nobody wants to read
        for i in self.texts:
            self.state[i] = OK if self.codec.text(i, self.words) else SENTINEL

    def fail(self, note: str) -> None:
        """Nothing could be asked at all (no connection): every block has no answer, values and times stay."""
        self.block_quality[:] = Quality.NO_ANSWER
        self.block_note = [note] * len(self.block_note)
        self.tried = [None] * len(self.tried)
        self.error = note
        self.failures += 1
        if self.lost is not None and note != self._told:
            self._told = note
            self.lost(note)

    def refuse(self, found: Refusals) -> bool:
        """Plans anew without what the device was found to refuse. False where that is everything: it starts up, or is
        another device; then everything is asked again next time."""
        left = bool(self._planned(found).requests)
        self.refusals = found if left else Refusals()
        self.replan()
        if not left:
            self.error = f"{self.bound.device.id} answers every register of map {self.bound.map.id} with an exception"
            self.block_quality[:] = Quality.DEVICE_EXCEPTION
            self.block_note = [self.error] * len(self.block_note)
        return left

    def quality(
        self, now_ns: int, low: NDArray[np.float64], high: NDArray[np.float64], times: NDArray[np.int64]
    ) -> NDArray[np.uint8]:
        """The quality of every point at a moment: `low` and `high` are what each metric can be at all, `times` those
        of :meth:`times`."""
        read = self.block >= 0
        marks = np.full(self.bound.size, Quality.NOT_MAPPED, dtype=np.uint8)
        marks[self.polled] = Quality.DEVICE_EXCEPTION
        if not len(self.block_quality):
            return marks
        block, carrier, time = self.block[read], self.carrier[read], times[read]
        mark = self.block_quality[block]
        mark = np.where((mark == Quality.GOOD) & (carrier >= 0), self.block_quality[carrier], mark)
        mark = np.where(
            (time == 0) & (self.block_time[block] > 0), Quality.NONE, mark
        )  # words, but no scale factor yet
        good = mark == Quality.GOOD
        state, value = self.state[read], self.values[read]
        odd = (state > 1) | (value < low[read]) | (value > high[read])
        mark = np.where(good & odd, Quality.IMPLAUSIBLE, mark)
        mark = np.where(good & (state == 1), Quality.NOT_IMPLEMENTED, mark)
        old = now_ns - time > _STALE_AFTER * self.bound.device.every_s * 1e9
        mark = np.where((mark == Quality.GOOD) & old, Quality.STALE, mark)
        marks[read] = mark
        return marks

    def times(self) -> NDArray[np.int64]:
        """The time of each point's newest good answer, ns UTC; 0 where there was none.

        A value is as old as its scale factor where that is read from another block, and unread before it.
        """
        times = np.zeros(self.bound.size, dtype=np.int64)
        read, scaled = self.block >= 0, self.carrier >= 0
        times[read] = self.block_time[self.block[read]]
        times[self.unread] = 0
        times[scaled] = np.minimum(times[scaled], times[self.bound.layout.sf_point[scaled]])
        return times

    def note(self, i: int) -> str:
        """What the newest attempt to read a point, or its scale factor, brought where it was not good."""
        if self.block[i] < 0:
            return self.refusal(i)
        own = self.block_note[self.block[i]]
        return own or (self.block_note[self.carrier[i]] if self.carrier[i] >= 0 else "")

    def words_of(self, i: int) -> list[str]:
        """The raw words of a point as hexadecimal text, as they came; none before the first read."""
        if self.unread[i]:
            return []
        return [f"{word:04X}" for word in self.codec.raw(i, self.words)]

    def answer(self, i: int) -> tuple[Sweep, int] | None:
        """The sweep, and its request, that brought the words of a point; None before the first."""
        if self.unread[i]:
            return None
        fc, address = int(self.bound.layout.fc[i]), int(self.bound.layout.address[i])
        for sweep, k in self.answers[self.block[i]]:
            asked = sweep.plan.requests[k]
            if asked.fc == fc and asked.address <= address < asked.address + asked.count:
                return sweep, k
        return None

    def attempt(self, block: int) -> tuple[Sweep, int] | None:
        """The sweep that asked for a block last, and its request; None where none did, or nothing could be sent."""
        return self.tried[block]

    def refusal(self, i: int) -> str:
        """Why a point is not read: what the device said to its registers, or that they may only be written."""
        layout = self.bound.layout
        fc, first = int(layout.fc[i]), int(layout.address[i])
        for address in range(first, first + int(layout.words[i])):
            code = self.refusals.registers.get((fc, address))
            if code is not None:
                return f"the device answers register {address} with exception {code}; it is asked again once an hour"
        return "the register can only be written"

    def shown(self, times: NDArray[np.int64] | None = None) -> NDArray[np.float64]:
        """The values that may be shown: NaN for every point that was never answered; `times` where they are known."""
        return np.where((self.times() if times is None else times) > 0, self.values, np.nan)

    def _remember(self, moment: Moment) -> None:
        self.history.append(moment)
        while moment.time_ns - self.history[0].time_ns > HISTORY_S * 1e9:
            self.history.popleft()

    def trend(self, i: int) -> tuple[list[float], list[float]]:
        """The last five minutes of a point, decoded again from the kept words: times in ms UTC, values in SI."""
        if self.block[i] < 0:
            return [], []
        needed = [block for block in (self.block[i], self.carrier[i]) if block >= 0]
        times, values = [], []
        one = np.full(self.bound.size, np.nan)
        state = np.zeros(self.bound.size, dtype=np.uint8)
        for moment in self.history:
            if moment.answered[needed].all():
                self.codec.decode(moment.words, one, state)
                times.append(moment.time_ns / 1e6)
                values.append(float(one[i]))
        return times, values


def _where(marks: NDArray[np.bool_], at: NDArray[np.int32]) -> NDArray[np.bool_]:
    """The mark at each place, false at none (-1)."""
    return np.append(marks, False)[at]


def _moved(moment: Moment, source: NDArray[np.int32], origin: NDArray[np.int32], plan: ReadPlan) -> Moment:
    """A moment of another plan as one of this; `source` and `origin` say where each word was, and in which block."""
    words: Image = np.zeros(plan.size, dtype=">u2")
    words[source >= 0] = moment.words[source[source >= 0]]
    answered = _where(moment.answered, origin)
    starts = plan.starts
    return Moment(moment.time_ns, words, np.logical_and.reduceat(answered, starts) if len(starts) else answered[:0])


def _write_only(bound: BoundDevice) -> NDArray[np.bool_]:
    flags = np.array([point.write_only for point in bound.layout.points], dtype=bool)
    return np.asarray(flags[bound.layout.point])
