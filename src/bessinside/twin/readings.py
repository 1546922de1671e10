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
from bessinside.twin.quality import Quality

HISTORY_S = 300.0
_STALE_AFTER = 3.0  # poll periods without a good answer
_OF_OUTCOME = {Outcome.OK: Quality.GOOD, Outcome.EXCEPTION: Quality.DEVICE_EXCEPTION}


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
    block_time: int64[b], last byte of the newest good answer in ns UTC, 0 before the first
    block_quality: uint8[b], what the newest attempt brought
    """

    def __init__(self, bound: BoundDevice, quirks: Quirks) -> None:
        self.bound = bound
        self.quirks = quirks
        self.refusals = Refusals()
        self.values = np.full(bound.size, np.nan)
        self.state = np.full(bound.size, 4, dtype=np.uint8)
        self.sweep: Sweep | None = None
        self.tap: Callable[[Sweep], None] | None = None  # is given every sweep as it comes
        self.sweeps = 0
        self.failures = 0
        self.error = ""
        self.replan()

    def replan(self) -> None:
        """Plans the reads anew without what the device refuses. What was read so far is forgotten."""
        layout = self.bound.layout
        self.polled = np.flatnonzero(~_write_only(self.bound))
        self.plan: ReadPlan = self.refusals.plan(
            layout.fc[self.polled],
            layout.address[self.polled],
            layout.words[self.polled],
            max_registers=self.quirks.max_registers,
            max_bits=self.quirks.max_bits,
        )
        self.offset = np.full(self.bound.size, -1, dtype=np.int32)
        self.offset[self.polled] = self.plan.offset
        self.block = np.full(self.bound.size, -1, dtype=np.int32)
        self.block[self.polled] = self.plan.block_of
        # the block that carries a point's scale factor, -1 where the map states it or the device refuses it
        self.carrier = np.where(layout.sf_point >= 0, self.block[layout.sf_point], -1)
        self.codec = Codec(layout, self.offset, self.bound.factor)
        kinds = np.array([point.wire_type.kind for point in layout.points])
        self.texts = np.flatnonzero((kinds[layout.point] == "text") & (self.offset >= 0)).tolist()
        blocks = len(self.plan.requests)
        self.words: Image = np.zeros(self.plan.size, dtype=">u2")
        self.block_time = np.zeros(blocks, dtype=np.int64)
        self.block_quality = np.full(blocks, Quality.NONE, dtype=np.uint8)
        self.block_note = [""] * blocks
        self.answer: list[Sweep | None] = [None] * blocks  # the sweep of each block's newest good answer
        self.history: deque[Moment] = deque()

    def image(self) -> Image:
        """An image for the next sweep. It holds the newest words, which stay where the device does not answer; nobody
        sees the sweep's words before they are all there and decoded."""
        return self.words.copy()

    def take(self, sweep: Sweep) -> None:
        """Takes over a finished sweep: what was answered is new, what was not keeps its value and its time."""
        if self.tap is not None:
            self.tap(sweep)
        answered = sweep.outcome == Outcome.OK
        self.block_time[answered] = sweep.received_ns[answered]
        self.block_quality = np.array(
            [_OF_OUTCOME.get(Outcome(outcome), Quality.NO_ANSWER) for outcome in sweep.outcome], dtype=np.uint8
        )
        notes = sweep.error
        self.block_note = [notes.get(i, "") for i in range(len(answered))]
        for b in np.flatnonzero(answered):
            self.answer[b] = sweep
        self.words = sweep.image
        self.sweep = sweep
        self.sweeps += 1
        self.codec.decode(self.words, self.values, self.state)
        self.values += 0.0  # a turned sign leaves -0.0, which nobody wants to read
        for i in self.texts:
            self.state[i] = OK if self.codec.text(i, self.words) else SENTINEL
        self._remember(Moment(sweep.end_ns, sweep.image, answered))

    def fail(self, note: str) -> None:
        """Nothing could be asked at all (no connection): every block has no answer, values and times stay."""
        self.block_quality[:] = Quality.NO_ANSWER
        self.block_note = [note] * len(self.block_note)
        self.error = note
        self.failures += 1

    def refuse_all(self) -> str:
        """The device refuses every register: it starts up, or is another device. All are asked again next time."""
        self.refusals = Refusals()
        self.replan()
        note = f"{self.bound.device.id} answers every register of map {self.bound.map.id} with an exception"
        self.block_quality[:] = Quality.DEVICE_EXCEPTION
        self.block_note = [note] * len(self.block_note)
        return note

    def quality(self, now_ns: int, low: NDArray[np.float64], high: NDArray[np.float64]) -> NDArray[np.uint8]:
        """The quality of every point at a moment; `low` and `high` are what each metric can be at all."""
        read = self.block >= 0
        marks = np.full(self.bound.size, Quality.NOT_MAPPED, dtype=np.uint8)
        marks[self.polled] = Quality.DEVICE_EXCEPTION
        if not len(self.block_quality):
            return marks
        block, carrier, time = self.block[read], self.carrier[read], self.times()[read]
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
        times[scaled] = np.minimum(times[scaled], self.block_time[self.carrier[scaled]])
        return times

    def note(self, i: int) -> str:
        """What the newest attempt to read a point, or its scale factor, brought where it was not good."""
        if self.block[i] < 0:
            return self.refusal(i)
        own = self.block_note[self.block[i]]
        return own or (self.block_note[self.carrier[i]] if self.carrier[i] >= 0 else "")

    def words_of(self, i: int) -> list[str]:
        """The raw words of a point as hexadecimal text, as they came; none before the first read."""
        if self.block[i] < 0 or not self.block_time[self.block[i]]:
            return []
        return [f"{word:04X}" for word in self.codec.raw(i, self.words)]

    def refusal(self, i: int) -> str:
        """Why a point is not read: what the device said to its registers, or that they may only be written."""
        layout = self.bound.layout
        fc, first = int(layout.fc[i]), int(layout.address[i])
        for address in range(first, first + int(layout.words[i])):
            code = self.refusals.registers.get((fc, address))
            if code is not None:
                return f"the device answers register {address} with exception {code}; it is not asked again"
        return "the register can only be written"

    def shown(self) -> NDArray[np.float64]:
        """The values that may be shown: NaN for every point that was never answered."""
        return np.where(self.times() > 0, self.values, np.nan)

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


def _write_only(bound: BoundDevice) -> NDArray[np.bool_]:
    flags = np.array([point.write_only for point in bound.layout.points], dtype=bool)
    return np.asarray(flags[bound.layout.point])
