"""The registers of one served unit: an image per table, and masks of what may be read and written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bessinside.modbus.errors import LimitError
from bessinside.modbus.frames import ADDRESSES

OnWrite = Callable[[int, int, NDArray[np.uint16]], None]
"""Called after a write with function code, address and the words written (bits as 0 and 1)."""

Refuse = Callable[[int, int, NDArray[np.uint16]], int]
"""Asked before a write, with the same: the exception code that refuses it, 0 to let it through."""


class Table:
    """One of the four tables of a unit, 65536 addresses.

    words: '>u2'[65536], registers as on the wire, bits as 0 and 1; assign native values to slices of it
    readable, writable: bool[65536]; outside them requests are answered with exception 2
    """

    __slots__ = ("open", "readable", "store", "words", "writable")

    def __init__(self) -> None:
        self.words: NDArray[np.uint16] = np.zeros(ADDRESSES, ">u2")
        self.store = self.words.view(np.uint8).data
        self.open = bytearray(ADDRESSES)
        self.readable: NDArray[np.bool_] = np.frombuffer(self.open, np.bool_)
        self.writable: NDArray[np.bool_] = np.zeros(ADDRESSES, np.bool_)

    def define(self, address: int, count: int = 1, *, writable: bool = False) -> None:
        """Makes `count` addresses readable, and writable where asked."""
        if address < 0 or count < 1 or address + count > ADDRESSES:
            raise LimitError(f"{count} addresses from {address} do not lie between 0 and {ADDRESSES - 1}")
        self.readable[address : address + count] = True
        if writable:
            self.writable[address : address + count] = True

    def put(self, address: int, words: ArrayLike, *, writable: bool = False) -> None:
        """Defines the addresses of `words` (values 0 to 65535) and sets them."""
        values = np.atleast_1d(np.asarray(words))
        self.define(address, len(values), writable=writable)
        self.words[address : address + len(values)] = values


@dataclass(slots=True, eq=False)
class Unit:
    """What a server answers for one unit identifier."""

    coils: Table = field(default_factory=Table)
    discrete: Table = field(default_factory=Table)
    holding: Table = field(default_factory=Table)
    input: Table = field(default_factory=Table)
    on_write: OnWrite | None = None
    refuse: Refuse | None = None
    identification: Mapping[int, str] = field(default_factory=dict)
    """Objects of function code 43/14: 0 vendor, 1 product code, 2 revision, 3 URL, 4 product name, 5 model."""

    def table(self, fc: int) -> Table:
        """The table that a function code reads or writes."""
        return {1: self.coils, 2: self.discrete, 3: self.holding, 4: self.input}[_READS_OF.get(fc, fc)]


_READS_OF = {5: 1, 15: 1, 6: 3, 16: 3}
