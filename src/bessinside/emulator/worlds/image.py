"""The registers that one device serves, and what may be done to them before anybody sees them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from bessinside.modbus import Table, Unit
from bessinside.plant import BoundDevice
from bessinside.registers import Codec

Words = NDArray[np.uint16]

Spoil = Callable[[Words], None]
"""A register fault: changes the word image of a device in place before it is published."""

_TABLES = {1: "coils", 2: "discrete", 3: "holding", 4: "input"}


class DeviceImage:
    """The word image of a device over all its tables, and the unit that serves it.

    `served` bool[n] says which points are carried, `words` uint16[size] is the image (a view of the plant's), `codec`
    knows where each point lies in it. Readers see what `publish` copied.
    """

    def __init__(self, bound: BoundDevice, served: NDArray[np.bool_]) -> None:
        self.bound = bound
        self.served = served
        self.unit = Unit()
        self.spoil: list[Spoil] = []
        layout = bound.layout
        # word k of the image is address keys[k][1] of table keys[k][0]
        keys = sorted(
            {
                (int(layout.fc[i]), int(layout.address[i]) + word)
                for i in np.flatnonzero(served)
                for word in range(int(layout.words[i]))
            }
        )
        self._place = {key: k for k, key in enumerate(keys)}
        first = [self._place.get((int(layout.fc[i]), int(layout.address[i])), -1) for i in range(bound.size)]
        self.codec = Codec(layout, np.where(served, first, -1).astype(np.int32), bound.factor)
        self.size = len(keys)
        self.words: Words = np.zeros(self.size, dtype=np.uint16)
        self._spans: list[tuple[Table, slice | NDArray[np.int64], slice]] = []
        for fc, name in _TABLES.items():
            mine = [k for k, key in enumerate(keys) if key[0] == fc]
            if mine:
                addresses = np.array([keys[k][1] for k in mine], dtype=np.int64)
                table: Table = getattr(self.unit, name)
                table.readable[addresses] = True
                whole = int(addresses[-1]) - int(addresses[0]) + 1 == len(addresses)
                where = slice(int(addresses[0]), int(addresses[-1]) + 1) if whole else addresses
                self._spans.append((table, where, slice(mine[0], mine[-1] + 1)))

    def place(self, fc: int, address: int) -> int:
        """Where a register stands in the word image; KeyError where the device does not serve it."""
        return self._place[fc, address]

    def publish(self) -> None:
        """Copies the image, changed as `spoil` wants, into the served tables: readers see the old one or the new."""
        words = self.words
        if self.spoil:
            words = words.copy()
            for change in self.spoil:
                change(words)
        for table, where, mine in self._spans:
            table.words[where] = words[mine]
