"""What reserves need in the programme: power kept free, energy kept in stock, space kept empty.

With f the capacity held back in the block of slot t, up the share of it that may be called out and down in:

    y[t] r_out + sum f_up h      <= P_out[t] h           power left to call out          "out"
    x[t] r_in  + sum f_down h    <= P_in[t] h            power left to call in           "in"
    sum f_up H / r_out  - e      <= -floor               energy for H hours of the call  "stock"
    sum f_down H / r_in + e      <= ceiling              space for H hours of the call   "space"

r is meter over cells. The last two hold at every slot's end and where a block begins.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bessinside.market.basis.days import Index
from bessinside.market.dispatch.battery import Battery, Floats
from bessinside.market.dispatch.losses import Pieces
from bessinside.market.dispatch.reserve import Reserve

# rows and coefficients of a family of columns: one pair for every entry that a column can have; row -1 is none
Entries = list[tuple[Index, Floats]]


@dataclass(frozen=True, slots=True)
class Room:
    """The reserves of a programme and the battery's limits in MW and MWh, float64[n]."""

    reserves: Sequence[Reserve]
    blocks: Sequence[Index]
    n: int
    hours: float
    start_mwh: float
    into: Pieces
    out: Pieces
    into_mw: Floats
    out_mw: Floats
    floor: Floats
    ceiling: Floats

    def worth(self, battery: Battery) -> tuple[Floats, Floats]:
        """EUR per MW and most MW of every block of every reserve."""
        most = []
        for reserve in self.reserves:
            power = min(battery.charge_w if reserve.down else np.inf, battery.discharge_w if reserve.up else np.inf)
            most.append(np.full(len(reserve.eur_mw), reserve.share * power / 1e6))
        return np.concatenate([reserve.eur_mw for reserve in self.reserves]), np.concatenate(most)

    def add(
        self, rows: dict[str, slice], of_x: Entries, of_y: Entries, of_e: Entries, of_f: Entries, first: int
    ) -> Floats:
        """Adds the entries, names the new rows, and gives their upper limits."""
        n = self.n
        begins = np.zeros(n, dtype=bool)
        for block in self.blocks:
            begins[np.concatenate([[0], np.flatnonzero(np.diff(block)) + 1])] = True
        at = np.flatnonzero(begins).astype(np.int32)
        sizes = {"out": n, "in": n, "stock": n + len(at), "space": n + len(at)}
        for kind, size in sizes.items():
            rows[kind] = slice(first, first + size)
            first += size
        step = np.arange(n, dtype=np.int32)
        of_x.append(((np.tile(step, len(self.into.cell)) + rows["in"].start).astype(np.int32), self.into.ratio.ravel()))
        of_y.append(((np.tile(step, len(self.out.cell)) + rows["out"].start).astype(np.int32), self.out.ratio.ravel()))
        order = np.full(n, -1, dtype=np.int32)  # the extra row of a block that begins after slot t
        order[at[at > 0] - 1] = np.flatnonzero(at > 0) + n
        for kind, sign in (("stock", -1.0), ("space", 1.0)):
            low = rows[kind].start
            of_e.append(((step + low).astype(np.int32), np.full(n, sign)))
            of_e.append((np.where(order >= 0, order + low, -1).astype(np.int32), np.full(n, sign)))
        of_f.extend(self._capacity(rows, at))
        edge = np.maximum(at - 1, 0)
        stock = np.concatenate([-self.floor, -self.floor[edge]])
        space = np.concatenate([self.ceiling, self.ceiling[edge]])
        if at[0] == 0:  # before the first slot the energy is given
            stock[n] += self.start_mwh
            space[n] -= self.start_mwh
        return np.concatenate([self.out_mw * self.hours, self.into_mw * self.hours, stock, space])

    def _capacity(self, rows: dict[str, slice], at: Index) -> Entries:
        """Entries of f: a column for each block, as many rows as its longest block has slots and beginnings."""
        tables: list[tuple[list[Index], list[Floats]]] = []
        for reserve, block in zip(self.reserves, self.blocks, strict=True):
            count = int(block[-1]) + 1
            slots, beginnings = _padded(block, count), _padded(block[at], count)
            kinds = [("out", self.hours, 1 / self.out.reference)] if reserve.up else []
            kinds += [("in", self.hours, 1 / self.into.reference)] if reserve.down else []
            index: list[Index] = []
            value: list[Floats] = []
            for kind, hours, cells in kinds:
                energy = "stock" if kind == "out" else "space"
                low, extra = rows[energy].start, rows[energy].start + self.n
                for table, offset, factor in (
                    (slots, rows[kind].start, hours),
                    (slots, low, reserve.energy_h * cells),
                    (beginnings, extra, reserve.energy_h * cells),
                ):
                    for column in table.T:
                        index.append(np.where(column >= 0, column + offset, -1).astype(np.int32))
                        value.append(np.full(count, factor))
            tables.append((index, value))
        entries: Entries = []
        for depth in range(max(len(index) for index, _ in tables)):
            rows_here, values_here = [], []
            for index, value in tables:
                none = np.full(len(index[0]), -1, dtype=np.int32), np.zeros(len(index[0]))
                entry = (index[depth], value[depth]) if depth < len(index) else none
                rows_here.append(entry[0])
                values_here.append(entry[1])
            entries.append((np.concatenate(rows_here), np.concatenate(values_here)))
        return entries


def _padded(block: Index, count: int) -> Index:
    """Positions of each block's members as rows of a table, -1 where a block has fewer than the longest."""
    order = np.argsort(block, kind="stable")
    sizes = np.bincount(block, minlength=count)
    within = np.arange(len(block)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    table = np.full((count, int(sizes.max())), -1, dtype=np.int32)
    table[block[order], within] = order
    return table
