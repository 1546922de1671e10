"""A tick: what one commit brought, sweeps of many devices side by side in a few arrays, as one value of the tail."""

from __future__ import annotations

import functools
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from bessinside.historian.basis.folder import HistoryError
from bessinside.modbus import Sweep

VERSION = 3
_WORD, _STAMP, _TID, _STEP = np.dtype(">u2"), np.dtype("<i8"), np.dtype("<u2"), np.dtype("<i4")
_LONGEST_STEP = 2**31 - 1  # ns
_lz4 = pa.Codec("lz4_raw")
_HEAD = ("device", "edition", "start_ns", "end_ns", "tid", "failed", "size", "requests")
_HEAD_BYTES = 8 * len(_HEAD)  # of one sweep


class Trouble(msgspec.Struct, array_like=True, omit_defaults=True):
    """What a sweep has beyond words and times where not every answer was plain: one byte a request for outcome and
    exception, frames as they came by request, and transactions (big-endian) where they do not count up."""

    outcome: bytes
    exception: bytes
    raw: dict[int, bytes]
    tid: bytes = b""


class _Packed(msgspec.Struct, array_like=True):
    """head: '<i8'[8, n]. words: '>u2', sweep after sweep, as one block of LZ4: a device says nearly the same second
    after second, and what is not written costs neither time nor the disk's life. times: of every sweep when each
    request was sent, then when it was answered; '<i4', how far each is from the one before (the first from the first
    sweep's start), or '<i8' where one is too far. troubles: by position, of sweeps that have any."""

    version: int
    head: bytes
    words: memoryview
    times: memoryview
    troubles: dict[int, Trouble]

    def sizes(self) -> tuple[int, int, int]:
        """How many sweeps, words and times."""
        n = len(self.head) // _HEAD_BYTES
        words, requests = np.frombuffer(self.head, _STAMP).reshape(len(_HEAD), n)[6:].sum(axis=1).tolist()
        return n, words, 2 * requests

    def unpack(self, words: NDArray[np.uint16], times: NDArray[np.int64]) -> None:
        """Fills both. Raises ValueError or OSError where the lengths are not those."""
        if len(words):
            plain = _lz4.decompress(self.words, words.nbytes, asbytes=True)
            words[:] = np.frombuffer(plain, _WORD)
        if len(self.times) == times.nbytes:
            times[:] = np.frombuffer(self.times, _STAMP)
            return
        np.cumsum(np.frombuffer(self.times, _STEP), out=times)
        times += _start_of(self.head)


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
    counts = [len(one.outcome) for one in sweeps]
    troubles = {} if _plain(sweeps, counts) else _troubles(sweeps)
    failed = [0] * len(sweeps)
    for k in troubles:
        failed[k] = int(np.count_nonzero(sweeps[k].outcome))
    rows = [
        *devices, *editions, *[one.start_ns for one in sweeps], *[one.end_ns for one in sweeps],
        *[int(one.tid[0]) if len(one.tid) else 0 for one in sweeps], *failed, *[len(one.image) for one in sweeps],
        *counts,
    ]  # fmt: skip
    words = _bytes([one.image for one in sweeps], _WORD)
    times = _bytes([column for one in sweeps for column in (one.sent_ns, one.received_ns)], _STAMP)
    return pack_columns(struct.pack(f"<{len(rows)}q", *rows), words, times, troubles)


def _bytes(columns: Sequence[NDArray[Any]], kind: np.dtype[Any]) -> bytes:
    """Columns one behind the other."""
    return b"".join([np.ascontiguousarray(one, kind).data for one in columns])


def pack_columns(head: bytes, words: bytes, times: bytes, troubles: dict[int, Trouble]) -> bytes:
    """A tick of its columns; head: '<i8'[8, n], a row for each of device, edition, start_ns, end_ns, tid, failed, words
    and requests; words: '>u2', times: '<i8', as in :class:`Tick`."""
    small = _lz4.compress(words, asbytes=True) if words else b""
    return _ENCODER.encode((VERSION, head, small, _short(times, head), troubles))


def _short(times: bytes, head: bytes) -> bytes:
    """Times as steps of half the size, where all are short enough."""
    stamps = np.frombuffer(times, _STAMP)
    if not len(stamps):
        return b""
    steps = np.empty_like(stamps)
    steps[0] = stamps[0] - _start_of(head)
    np.subtract(stamps[1:], stamps[:-1], out=steps[1:])
    if steps.max() > _LONGEST_STEP or steps.min() < -_LONGEST_STEP:
        return times
    return steps.astype(_STEP).tobytes()


def _start_of(head: bytes) -> int:
    """When the first of some sweeps began."""
    return int(struct.unpack_from("<q", head, 2 * len(head) // len(_HEAD))[0])


def unpack(first: int, packed: bytes) -> Tick:
    """What :func:`pack` packed; `first` is the number of its first sweep. Raises HistoryError where it is none."""
    return unpack_all([(first, packed)])


def unpack_all(rows: Iterable[tuple[int, bytes]]) -> Tick:
    """Some ticks as one: the number of the first sweep and what :func:`pack` packed of each. Raises HistoryError."""
    found = [(first, _unpacked(first, packed)) for first, packed in rows]
    sizes = [one.sizes() for _, one in found]
    words = np.empty(sum(size for _, size, _ in sizes), _WORD)
    times = np.empty(sum(size for _, _, size in sizes), _STAMP)
    troubles: dict[int, Trouble] = {}
    at = word = time = 0
    for (first, one), (sweeps, many_words, many_times) in zip(found, sizes, strict=True):
        try:
            one.unpack(words[word : word + many_words], times[time : time + many_times])
        except (ValueError, OSError) as error:
            raise HistoryError(f"the commit that begins with sweep {first} cannot be read: {error}") from error
        if one.troubles:
            troubles.update({at + k: trouble for k, trouble in one.troubles.items()})
        at, word, time = at + sweeps, word + many_words, time + many_times
    return tick_of(_head([first for first, _ in found], [one.head for _, one in found]), words, times, troubles)


def _unpacked(first: int, packed: bytes) -> _Packed:
    try:
        found = _DECODER.decode(packed)
    except msgspec.MsgspecError as error:
        raise HistoryError(f"the commit that begins with sweep {first} cannot be read: {error}") from error
    if found.version != VERSION:
        raise HistoryError(f"the commit that begins with sweep {first} has format {found.version}, expected {VERSION}")
    if len(found.head) % _HEAD_BYTES:
        raise HistoryError(
            f"the commit that begins with sweep {first} cannot be read: {len(found.head)} bytes of heads"
        )
    return found


def _head(firsts: Sequence[int], heads: Sequence[bytes]) -> NDArray[np.int64]:
    """The heads of ticks side by side, with the numbers of their sweeps before them."""
    sizes = np.array([len(head) // _HEAD_BYTES for head in heads], np.int64)
    out = np.empty((len(_HEAD) + 1, int(sizes.sum())), np.int64)
    ends = np.cumsum(sizes)
    out[0] = np.arange(out.shape[1]) + np.repeat(np.array(firsts, np.int64) - (ends - sizes), sizes)
    if len(sizes) and (sizes == sizes[0]).all():  # as it is while every commit brings the same devices
        each = np.frombuffer(b"".join(heads), "<i8").reshape(len(sizes), len(_HEAD), -1)
        out[1:] = each.transpose(1, 0, 2).reshape(len(_HEAD), -1)
    else:
        for head, end, size in zip(heads, ends.tolist(), sizes.tolist(), strict=True):
            out[1:, end - size : end] = np.frombuffer(head, "<i8").reshape(len(_HEAD), -1)
    return out


def _plain(sweeps: Sequence[Sweep], counts: Sequence[int]) -> bool:
    """Whether every request of every sweep was answered with data, and transactions count up: so it is nearly always,
    and seen for all at once."""
    outcome = b"".join([one.outcome.tobytes() for one in sweeps])
    if outcome.count(0) != len(outcome) or 0 in counts or [1 for one in sweeps if one.raw or one.framing != "tcp"]:
        return False
    tid = np.frombuffer(_bytes([one.tid for one in sweeps], _TID), _TID)
    return bool(((tid[1:] - tid[:-1] == 1) | _borders(tuple(counts))).all())


@functools.lru_cache(64)
def _borders(counts: tuple[int, ...]) -> NDArray[np.bool_]:
    """Of transactions that follow each other, whether they are of two sweeps: from one to the next they need not
    rise."""
    found = np.zeros(sum(counts) - 1, bool)
    found[np.cumsum(counts)[:-1] - 1] = True
    return found


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
