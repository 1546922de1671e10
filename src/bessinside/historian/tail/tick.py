"""A tick: what one commit brought, sweeps of many devices side by side in a few arrays, as one value of the tail."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
from numpy.typing import NDArray

from bessinside.historian.basis.folder import HistoryError
from bessinside.modbus import Sweep

VERSION = 2
_HEAD = ("device", "edition", "start_ns", "end_ns", "tid", "failed", "size", "requests")


class Trouble(msgspec.Struct, array_like=True, omit_defaults=True):
    """What a sweep has beyond words and times where not every answer was plain: one byte a request for outcome and
    exception, frames as they came by request, and transactions (big-endian) where they do not count up."""

    outcome: bytes
    exception: bytes
    raw: dict[int, bytes]
    tid: bytes = b""


class _Packed(msgspec.Struct, array_like=True):
    """head: int64[8, n]; words: '>u2', sweep after sweep; times: int64, of every sweep when each request was sent, then
    when it was answered; all little-endian but the words. troubles: by position, of sweeps that have any."""

    version: int
    head: bytes
    words: bytes
    times: bytes
    troubles: dict[int, Trouble]


@dataclass(frozen=True, slots=True, eq=False)
class Tick:
    """n sweeps in the order of their numbers.

    head: int64[9, n], a row for each of number, device, edition, start_ns, end_ns, tid, failed, words and requests
    words_at: int64[n + 1], where the words of each begin in `words` (uint16 of either byte order)
    times_at: int64[n + 1], where its times begin in `times` (int64: R when the requests were sent, then R when they
    were answered)
    troubles: by position, only of sweeps that have any
    """

    head: NDArray[np.int64]
    words_at: NDArray[np.int64]
    times_at: NDArray[np.int64]
    words: NDArray[np.uint16]
    times: NDArray[np.int64]
    troubles: dict[int, Trouble]

    def __len__(self) -> int:
        return int(self.head.shape[1])

    @property
    def number(self) -> NDArray[np.int64]:
        return self._row(0)

    @property
    def device(self) -> NDArray[np.int64]:
        return self._row(1)

    @property
    def edition(self) -> NDArray[np.int64]:
        return self._row(2)

    @property
    def start_ns(self) -> NDArray[np.int64]:
        return self._row(3)

    @property
    def end_ns(self) -> NDArray[np.int64]:
        return self._row(4)

    @property
    def tid(self) -> NDArray[np.int64]:
        return self._row(5)

    @property
    def failed(self) -> NDArray[np.int64]:
        return self._row(6)

    def _row(self, k: int) -> NDArray[np.int64]:
        row: NDArray[np.int64] = self.head[k]
        return row

    @property
    def nbytes(self) -> int:
        """About what it takes in memory."""
        return int(self.words.nbytes + self.times.nbytes + self.head.nbytes) + 2048

    def where(self, device: int | None, begin_ns: int, end_ns: int, last: int = 2**62) -> NDArray[np.int64]:
        """Positions of the sweeps that ended in [begin, end), of one device or all, up to a number."""
        mine = (self.end_ns >= begin_ns) & (self.end_ns < end_ns) & (self.number <= last)
        return np.flatnonzero(mine if device is None else mine & (self.device == device))

    def some(self, at: NDArray[np.int64]) -> Tick:
        """Some of its sweeps, by position."""
        if len(at) == len(self):
            return self
        places = at.tolist()
        words = [self.words[self.words_at[k] : self.words_at[k + 1]] for k in places]
        times = [self.times[self.times_at[k] : self.times_at[k + 1]] for k in places]
        troubles = {n: self.troubles[k] for n, k in enumerate(places) if k in self.troubles} if self.troubles else {}
        if not places:
            return tick_of(self.head[:, at], self.words[:0], self.times[:0], troubles)
        return tick_of(self.head[:, at], np.concatenate(words), np.concatenate(times), troubles)


def together(ticks: Sequence[Tick]) -> Tick:
    """Some ticks as one."""
    if len(ticks) == 1:
        return ticks[0]
    troubles: dict[int, Trouble] = {}
    at = 0
    for tick in ticks:
        troubles.update({at + k: trouble for k, trouble in tick.troubles.items()})
        at += len(tick)
    if not ticks:
        return tick_of(np.zeros((len(_HEAD) + 1, 0), np.int64), np.zeros(0, ">u2"), np.zeros(0, np.int64), {})
    head, words, times = (
        np.concatenate([tick.head for tick in ticks], axis=1),
        np.concatenate([tick.words for tick in ticks]),
        np.concatenate([tick.times for tick in ticks]),
    )
    return tick_of(head, words, times, troubles)


def tick_of(
    head: NDArray[np.int64], words: NDArray[np.uint16], times: NDArray[np.int64], troubles: dict[int, Trouble]
) -> Tick:
    """A tick of its columns, see :class:`Tick`."""
    words_at, times_at = (np.concatenate(([0], np.cumsum(column))) for column in (head[7], 2 * head[8]))
    return Tick(head, words_at, times_at, words, times, troubles)


def pack(sweeps: Sequence[Sweep], devices: Sequence[int], editions: Sequence[int]) -> bytes:
    """Sweeps as the tail keeps them, with the numbers of their devices and editions. The bytes are copied: the sweeps
    may be forgotten."""
    counts = [len(sweep.outcome) for sweep in sweeps]
    troubles = {} if _plain(sweeps, counts) else _troubles(sweeps)
    failed = [0] * len(sweeps)
    for k in troubles:
        failed[k] = int(np.count_nonzero(sweeps[k].outcome))
    head = np.array(
        [
            devices, editions, [one.start_ns for one in sweeps], [one.end_ns for one in sweeps],
            [int(one.tid[0]) if len(one.tid) else 0 for one in sweeps], failed, [len(one.image) for one in sweeps],
            counts,
        ],
        "<i8",
    )  # fmt: skip
    words = np.concatenate([one.image for one in sweeps], dtype=">u2").tobytes()
    times = np.concatenate([column for one in sweeps for column in (one.sent_ns, one.received_ns)], dtype="<i8")
    return pack_columns(head, words, times.tobytes(), troubles)


def pack_columns(head: NDArray[np.int64], words: bytes, times: bytes, troubles: dict[int, Trouble]) -> bytes:
    """A tick of its columns; head: '<i8'[8, n], a row for each of device, edition, start_ns, end_ns, tid, failed, words
    and requests."""
    return _ENCODER.encode(_Packed(VERSION, head.tobytes(), words, times, troubles))


def unpack(first: int, packed: bytes) -> Tick:
    """What :func:`pack` packed; `first` is the number of its first sweep. Raises HistoryError where it is none."""
    return unpack_all([(first, packed)])


def unpack_all(rows: Iterable[tuple[int, bytes]]) -> Tick:
    """Some ticks as one: the number of the first sweep and what :func:`pack` packed of each. Raises HistoryError."""
    heads, words, times, at = [np.zeros((len(_HEAD) + 1, 0), np.int64)], [], [], 0
    troubles: dict[int, Trouble] = {}
    for first, packed in rows:
        found, head = _unpacked(first, packed)
        heads.append(head)
        words.append(found.words)
        times.append(found.times)
        troubles.update({at + k: trouble for k, trouble in found.troubles.items()})
        at += head.shape[1]
    flat = words[0] if len(words) == 1 else b"".join(words), times[0] if len(times) == 1 else b"".join(times)
    return tick_of(
        np.concatenate(heads, axis=1), np.frombuffer(flat[0], ">u2"), np.frombuffer(flat[1], "<i8"), troubles
    )


def _unpacked(first: int, packed: bytes) -> tuple[_Packed, NDArray[np.int64]]:
    """What was packed, and its head with the numbers before it."""
    try:
        found = _DECODER.decode(packed)
        head = np.frombuffer(found.head, "<i8").reshape(len(_HEAD), -1)
    except (msgspec.MsgspecError, ValueError) as error:
        raise HistoryError(f"the commit that begins with sweep {first} cannot be read: {error}") from error
    if found.version != VERSION:
        raise HistoryError(f"the commit that begins with sweep {first} has format {found.version}, expected {VERSION}")
    numbered = np.empty((len(_HEAD) + 1, head.shape[1]), np.int64)
    numbered[0] = np.arange(first, first + head.shape[1])
    numbered[1:] = head
    return found, numbered


def _plain(sweeps: Sequence[Sweep], counts: Sequence[int]) -> bool:
    """Whether every request of every sweep was answered with data, and transactions count up: so it is nearly always,
    and seen for all at once."""
    outcome = b"".join([one.outcome.tobytes() for one in sweeps])
    if outcome.count(0) != len(outcome) or 0 in counts or any(one.raw or one.framing != "tcp" for one in sweeps):
        return False
    rising = np.diff(np.concatenate([one.tid for one in sweeps])) == 1
    rising[np.cumsum(counts)[:-1] - 1] = True  # from one sweep to the next they need not
    return bool(rising.all())


def _troubles(sweeps: Sequence[Sweep]) -> dict[int, Trouble]:
    found: dict[int, Trouble] = {}
    for k, sweep in enumerate(sweeps):
        tids = sweep.tid
        counting = np.arange(len(tids), dtype=np.uint16)
        rising = sweep.framing != "tcp" or bool((tids - counting == tids[:1]).all())
        if sweep.outcome.any() or sweep.raw or not rising:
            odd = b"" if rising else tids.astype(">u2").tobytes()
            found[k] = Trouble(sweep.outcome.tobytes(), sweep.exception.tobytes(), dict(sweep.raw), odd)
    return found


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(_Packed)
