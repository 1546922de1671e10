"""Which requests read a set of points, and where each point's words lie in the compact image of the answers."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bessinside.modbus.errors import LimitError
from bessinside.modbus.frames import ADDRESSES, MAX_BITS, MAX_REGISTERS, READ_FUNCTIONS, answer_size, check_read


@dataclass(frozen=True, slots=True, order=True)
class Request:
    """One read: function code 1 to 4, address as on the wire, number of registers or bits."""

    fc: int
    address: int
    count: int

    def __post_init__(self) -> None:
        check_read(self.fc, self.address, self.count)

    @property
    def bits(self) -> bool:
        """Whether the answer carries bits, one word each in the image."""
        return self.fc < 3


class ReadPlan:
    """Requests in the order in which they are sent; the image has one word per register or bit, request after request.

    requests: the R requests
    starts: int32[R], the word at which each request's answer begins in the image
    size: words of the image
    offset: int32[n], the word of each planned point, -1 where the point is not read (it touches a refused register)
    block_of: int32[n], the request of each planned point, -1 where the point is not read
    """

    __slots__ = ("_at", "_keys", "block_of", "offset", "packed", "requests", "size", "sizes", "spans", "starts")

    def __init__(
        self,
        requests: Iterable[Request],
        offset: NDArray[np.int32] | None = None,
        block_of: NDArray[np.int32] | None = None,
    ) -> None:
        self.requests = tuple(requests)
        if len(self.requests) > 0xFFFF:
            raise LimitError(f"{len(self.requests)} requests in one plan: transaction identifiers tell 65535 apart")
        counts = np.array([request.count for request in self.requests], dtype=np.int64)
        ends = np.cumsum(counts)
        self.starts: NDArray[np.int32] = (ends - counts).astype(np.int32)
        self.size = int(ends[-1]) if self.requests else 0
        none = np.empty(0, np.int32)
        self.offset = none if offset is None else offset
        self.block_of = none if block_of is None else block_of
        self.sizes = tuple(answer_size(request.fc, request.count) for request in self.requests)
        # Where an answer's bytes go in the image; bits are unpacked, so they have no span of bytes.
        self.spans = tuple(
            None if request.bits else slice(2 * int(start), 2 * (int(start) + request.count))
            for request, start in zip(self.requests, self.starts, strict=True)
        )
        self.packed = _packed(self.requests)
        order = sorted(range(len(self.requests)), key=lambda i: (self.requests[i].fc, self.requests[i].address))
        self._at = np.array(order, dtype=np.int64)
        self._keys = np.array([self.requests[i].fc << 16 | self.requests[i].address for i in order], dtype=np.int64)

    def registers(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Function code and address of every word of the image, int64[size] each."""
        counts = [request.count for request in self.requests]
        codes = np.repeat(np.array([request.fc for request in self.requests], np.int64), counts)
        first = np.array([request.address for request in self.requests], np.int64) - self.starts
        return codes, np.repeat(first, counts) + np.arange(self.size)

    def block(self, fc: ArrayLike, address: ArrayLike) -> NDArray[np.int32]:
        """The request that reads each (fc, address), -1 where none does."""
        codes, addresses = np.asarray(fc, np.int64), np.asarray(address, np.int64)
        if not self.requests:
            return np.full(np.broadcast_shapes(codes.shape, addresses.shape), -1, np.int32)
        found = np.searchsorted(self._keys, codes << 16 | addresses, side="right") - 1
        at = self._at[np.maximum(found, 0)]
        first = np.array([request.address for request in self.requests], np.int64)[at]
        count = np.array([request.count for request in self.requests], np.int64)[at]
        functions = np.array([request.fc for request in self.requests], np.int64)[at]
        inside = (found >= 0) & (functions == codes) & (addresses < first + count)
        return np.where(inside, at, -1).astype(np.int32)

    def place(self, fc: ArrayLike, address: ArrayLike) -> NDArray[np.int32]:
        """The word of the image that holds each (fc, address), -1 where the plan does not read it."""
        block = self.block(fc, address)
        if not self.requests:
            return block
        first = np.array([request.address for request in self.requests], np.int64)[block]
        return np.where(block >= 0, self.starts[block] + np.asarray(address, np.int64) - first, -1).astype(np.int32)

    def __repr__(self) -> str:
        return f"ReadPlan({len(self.requests)} requests, {self.size} words)"


def _packed(requests: tuple[Request, ...]) -> NDArray[np.uint8]:
    """uint8[R, 12]: every request as a Modbus/TCP frame of transaction 0 and unit 0."""
    frames = np.zeros((len(requests), 12), np.uint8)
    frames[:, 5] = 6
    if requests:
        frames[:, 7] = [request.fc for request in requests]
        frames[:, 8:10] = np.array([[request.address] for request in requests], ">u2").view(np.uint8)
        frames[:, 10:12] = np.array([[request.count] for request in requests], ">u2").view(np.uint8)
    return frames


def plan(
    fc: ArrayLike,
    address: ArrayLike,
    words: ArrayLike,
    *,
    max_registers: int = MAX_REGISTERS,
    max_bits: int = MAX_BITS,
    max_gap: int = 0,
    refused: Collection[tuple[int, int]] = (),
    cuts: Collection[tuple[int, int]] = (),
) -> ReadPlan:
    """Plans the fewest requests in address order that read n points.

    fc, address, words: [n] each; a bit has one word. A point is never torn over two requests, unless it is longer
    than one request can be. `max_gap`: how many registers nobody asked for may be read to join two points; 0 reads
    nothing that the map does not document. `refused`: (fc, address) that the device answers with an exception;
    they are never asked for again, and a point on one of them is not read. `cuts`: (fc, address) at which a request
    must begin anew (see :mod:`bessinside.modbus.split`). Raises LimitError.
    """
    codes = np.atleast_1d(np.asarray(fc, np.int64))
    first = np.atleast_1d(np.asarray(address, np.int64))
    length = np.broadcast_to(np.atleast_1d(np.asarray(words, np.int64)), first.shape)
    codes = np.broadcast_to(codes, first.shape)
    _check_points(codes, first, length)
    requests: list[Request] = []
    kept = np.ones(first.shape, bool)
    for code in sorted(set(codes.tolist())):
        limit = min(max_bits, MAX_BITS) if code < 3 else min(max_registers, MAX_REGISTERS)
        closed = np.zeros(ADDRESSES + 1, np.int64)
        closed[[register for function, register in refused if function == code]] = 1
        before = np.concatenate(([0], np.cumsum(closed)))  # refused registers below each address
        apart = {address for function, address in cuts if function == code}
        mine = np.flatnonzero(codes == code)
        bad = before[first[mine] + length[mine]] > before[first[mine]]
        kept[mine[bad]] = False
        mine = mine[~bad]
        mine = mine[np.lexsort((-length[mine], first[mine]))]
        requests += _blocks(code, first[mine].tolist(), length[mine].tolist(), limit, max_gap, before, apart)
    result = ReadPlan(requests)
    block = np.where(kept, result.block(codes, first), -1).astype(np.int32)
    offset = np.where(kept, result.place(codes, first), -1).astype(np.int32)
    return ReadPlan(requests, offset, block)


def _check_points(codes: NDArray[np.int64], first: NDArray[np.int64], length: NDArray[np.int64]) -> None:
    for wrong in np.flatnonzero(
        ~np.isin(codes, READ_FUNCTIONS) | (first < 0) | (length < 1) | (first + length > ADDRESSES)
    ):
        raise LimitError(
            f"point at function code {codes[wrong]}, address {first[wrong]}, {length[wrong]} words: "
            f"function codes 1 to 4 read addresses 0 to {ADDRESSES - 1}"
        )


def _blocks(
    code: int,
    first: list[int],
    length: list[int],
    limit: int,
    max_gap: int,
    before: NDArray[np.int64],
    apart: set[int],
) -> list[Request]:
    """Requests of one function code for points sorted by address."""
    requests: list[Request] = []
    start = end = -1
    for address, words in zip(first, length, strict=True):
        stop = address + words
        if start >= 0 and stop <= end:
            continue  # several points on the same words
        gap = address - end
        joins = start >= 0 and (gap < 0 or (gap <= max_gap and address not in apart and before[address] == before[end]))
        if joins and stop - start <= limit:
            end = stop
            continue
        if start >= 0:
            requests.append(Request(code, start, end - start))
        start = address
        while stop - start > limit:
            requests.append(Request(code, start, limit))
            start += limit
        end = stop
    if start >= 0:
        requests.append(Request(code, start, end - start))
    return requests
