"""The readings of one device as they were at a moment: what the twin would have held then, made from the archive."""

from __future__ import annotations

import copy
from collections.abc import Mapping

import numpy as np

from bessinside.historian.basis.archive import Archive, Edition, Image, register
from bessinside.modbus import DeviceException, ModbusError, Outcome, Quirks, ReadPlan, Sweep
from bessinside.plant import BoundDevice
from bessinside.twin.quality import Quality
from bessinside.twin.readings import OF_OUTCOME, Readings

OF_CODE = np.array([OF_OUTCOME.get(outcome, Quality.NO_ANSWER) for outcome in Outcome], np.uint8)
"""The quality that each outcome gives, by its number."""
_AGAIN_NS = 7_200_000_000_000  # what was refused is asked again once an hour
_TRIED = 4  # sweeps that are looked at
_NEVER = np.iinfo(np.int64).max
_SAID = {
    Outcome.TIMEOUT: "no answer within the time limit",
    Outcome.BAD_FRAME: "what came back was no answer to it",
    Outcome.CLOSED: "the connection ended before the answer came",
    Outcome.NOT_SENT: "not sent: the connection had ended",
}


class Recalled(Readings):
    """One device at a moment that is past. The newest sweep, and what it brought, is looked up when somebody asks."""

    def __init__(self, archive: Archive, bound: BoundDevice, quirks: Quirks, edition: Edition) -> None:
        self.archive = archive
        self.edition = edition
        self.at_ns = 0
        self.cut_off = False
        self._sweeps: dict[int, Sweep | None] = {}
        self._newest: Sweep | None = None
        super().__init__(bound, quirks)
        codes, addresses = self.plan.registers()
        self.registers: list[int] = (codes << 16 | addresses).tolist()

    def _planned(self, refusals: object) -> ReadPlan:
        """The plan of the edition; what it does not read is what the device had refused by then."""
        layout = self.bound.layout
        write_only = np.array([point.write_only for point in layout.points], dtype=bool)[layout.point]
        self.polled = np.flatnonzero(~write_only)
        plan = self.edition.plan()
        fc, first, words = layout.fc[self.polled], layout.address[self.polled], layout.words[self.polled]
        offset, last = plan.place(fc, first), plan.place(fc, first + words.astype(np.int64) - 1)
        whole = (offset >= 0) & (last == offset + words - 1)
        block = np.where(whole, plan.block(fc, first), -1).astype(np.int32)
        return ReadPlan(plan.requests, np.where(whole, offset, -1).astype(np.int32), block)

    def at(self, at_ns: int, image: Image | None, lost: str | None = None) -> Recalled:
        """These readings at a moment. `image`: the newest sweep that had ended by then; `lost`: what was said when the
        device could not be reached since."""
        found = copy.copy(self)
        found.at_ns = at_ns
        found._sweeps, found._newest = {}, None
        starts = self.plan.starts
        if image is not None and image.edition.number == self.edition.number and not image.outcome.any():
            found.words, found.known = image.words.astype(">u2"), np.ones(self.plan.size, bool)
            found.block_time, outcome = image.received_ns, image.outcome
        else:
            latest = self.archive.latest(self.bound.device.id, self.registers, 0 if image is None else image.end_ns)
            came, outcome = latest.received_ns > 0, latest.outcome[starts]
            found.words, found.known = np.where(came, latest.words, 0).astype(">u2"), came
            times = np.where(came, latest.received_ns, _NEVER)
            oldest = np.minimum.reduceat(times, starts) if len(starts) else times[:0]
            found.block_time = np.where(oldest == _NEVER, 0, oldest)
        found.block_quality = OF_CODE[outcome]
        found.block_quality[(outcome == Outcome.NOT_SENT) & (found.block_time == 0)] = Quality.NONE
        found.block_note = [""] * len(starts)
        for b in np.flatnonzero(~np.isin(found.block_quality, (Quality.GOOD, Quality.NONE))).tolist():
            found.block_note[b] = _SAID.get(Outcome(int(outcome[b])), "")
        if lost is not None:
            found.block_quality[:] = Quality.NO_ANSWER
            found.block_note = [lost] * len(starts)
        found.error, found.cut_off = lost or "", lost is not None
        found.unread = self.offset < 0 if found.known.all() else found._holes()
        found.values, found.state = np.full(self.bound.size, np.nan), np.full(self.bound.size, 4, dtype=np.uint8)
        found._decode()
        return found

    @property
    def sweep(self) -> Sweep | None:
        """The newest sweep that had ended."""
        if self._newest is None and self.at_ns:
            image = self.archive.image(self.bound.device.id, self.at_ns)
            self._newest = None if image is None else sweep_of(self.archive, image)
        return self._newest

    @sweep.setter
    def sweep(self, sweep: Sweep | None) -> None:
        self._newest = sweep

    @property
    def state_of_link(self) -> str:
        """`up`, `partly` or `down`, as the newest answers of each block say; `connecting` before the first."""
        marks = set(self.block_quality.tolist())
        if marks <= {Quality.NONE}:
            return "connecting"
        if marks == {Quality.GOOD}:
            return "up"
        return "partly" if marks & {Quality.GOOD, Quality.DEVICE_EXCEPTION} else "down"

    def answer(self, i: int) -> tuple[Sweep, int] | None:
        """The sweep, and its request, that brought the words of a point."""
        if self.unread[i]:
            return None
        fc, address = int(self.bound.layout.fc[i]), int(self.bound.layout.address[i])
        sweep = self._brought(int(self.block[i]), register(fc, address))
        k = -1 if sweep is None else int(sweep.plan.block(fc, address))
        return None if sweep is None or k < 0 else (sweep, k)

    def _brought(self, block: int, number: int) -> Sweep | None:
        """The newest sweep in which a block was answered."""
        if block not in self._sweeps:
            device, since = self.bound.device.id, int(self.block_time[block])
            words = self.archive.words(device, [number], since, self.at_ns + 1)
            came = np.flatnonzero(words.ok[:, 0])
            image = self.archive.image(device, int(words.end_ns[came[-1]])) if len(came) else None
            self._sweeps[block] = None if image is None else sweep_of(self.archive, image)
        return self._sweeps[block]

    def note(self, i: int) -> str:
        """What the newest attempt to read a point brought where it was not good; an exception by its code."""
        block = int(self.block[i])
        if block >= 0 and self.block_quality[block] == Quality.DEVICE_EXCEPTION:
            tried = self.attempt(block)
            if tried is not None:
                return tried[0].error.get(tried[1], "")
        return super().note(i)

    def attempt(self, block: int) -> tuple[Sweep, int] | None:
        """The newest sweep that asked for a block, and its request."""
        sweep = self.sweep
        if sweep is None or self.cut_off:
            return None
        request = self.plan.requests[block]
        k = int(sweep.plan.block(request.fc, request.address))
        return None if k < 0 else (sweep, k)

    def refusal(self, i: int) -> str:
        """Why a point was not read: what the device had said to its registers before, or that they may only be
        written."""
        layout = self.bound.layout
        if self.bound.point(i).write_only:
            return super().refusal(i)
        fc, first = int(layout.fc[i]), int(layout.address[i])
        for address in range(first, first + int(layout.words[i])):
            code = self._refused(fc, address)
            if code is not None:
                return f"the device had answered register {address} with exception {code}; it was not asked for then"
        return f"register {first} was not asked for: the device had refused it before"

    def _refused(self, fc: int, address: int) -> int | None:
        """The exception that the newest sweep which asked for a register brought: in the hours before, or when the
        device was first read without it."""
        device = self.bound.device.id
        asking = [one.number for one in self.archive.editions(device) if int(one.plan().block(fc, address)) >= 0]
        for end in (self.at_ns, self.edition.since_ns):
            sweeps = self.archive.sweeps(device, end - _AGAIN_NS, end + 1)
            tried = np.flatnonzero(np.isin(sweeps.edition, asking) & (sweeps.failed > 0))[-_TRIED:]
            for end_ns in sweeps.end_ns[tried][::-1].tolist():
                image = self.archive.image(device, end_ns)
                k = -1 if image is None else int(image.edition.plan().block(fc, address))
                if image is not None and k >= 0 and image.outcome[k] == Outcome.EXCEPTION:
                    return int(image.exception[k])
        return None


def sweep_of(archive: Archive, image: Image) -> Sweep:
    """A recorded sweep as it was when it came: the same arrays, and the same frames byte for byte."""
    edition, plan = image.edition, image.edition.plan()
    sent = [k for k in range(len(plan.requests)) if image.sent_ns[k]]
    tid, raw = np.zeros(len(plan.requests), np.uint16), {}
    for k, exchange in zip(sent, archive.exchanges(edition.device, image.number), strict=True):
        tid[k] = int.from_bytes(exchange.request[:2], "big") if edition.framing == "tcp" else 0
        raw[k] = exchange.response
    return Sweep(
        image.number, edition.device, edition.framing, edition.unit, image.start_ns, image.end_ns, plan,
        image.words.astype(">u2"), tid, image.sent_ns, image.received_ns, image.outcome, image.exception,
        _faults(image, plan), raw,
    )  # fmt: skip


def _faults(image: Image, plan: ReadPlan) -> Mapping[int, ModbusError]:
    """What went wrong, by request, in the words of the outcome that was recorded."""
    faults: dict[int, ModbusError] = {}
    for k, outcome in enumerate(image.outcome.tolist()):
        request = plan.requests[k]
        what = (
            f"unit {image.edition.unit}, function code {request.fc}, address {request.address}, count {request.count}"
        )
        if outcome == Outcome.EXCEPTION:
            faults[k] = DeviceException(what, int(image.exception[k]))
        elif outcome != Outcome.OK:
            faults[k] = ModbusError(f"{what}: {_SAID[Outcome(outcome)]}")
    return faults
