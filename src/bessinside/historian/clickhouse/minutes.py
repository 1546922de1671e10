"""Minutes that the servers keep, added up to steps, and which sweeps have none yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bessinside.historian.basis.reduce import Minutes
from bessinside.historian.clickhouse.door import Door
from bessinside.historian.clickhouse.sweeps import once
from bessinside.historian.clickhouse.tables import MINUTES, ROLLED, SWEEPS, half_md5, slot_of

_SECOND = 1_000_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Made:
    """Of which sweeps of a device in a span minutes are made.

    newest: the newest batch of minutes that counts, -1 for none; open: slots that hold a sweep without; first, last:
    int64[n], the numbers of sweeps that have them, as ranges by slot: slot int64[n]
    """

    newest: int
    open: tuple[int, ...]
    slot: NDArray[np.int64]
    first: NDArray[np.int64]
    last: NDArray[np.int64]

    def without(self, number: NDArray[np.int64], slot: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which sweeps, by number and slot, have no minutes yet."""
        left = np.ones(len(number), bool)
        for at, first, last in zip(self.slot.tolist(), self.first.tolist(), self.last.tolist(), strict=True):
            if at in self.open:
                left &= ~((slot == at) & (number >= first) & (number <= last))
        return left


def made(door: Door, device: str, begin_ns: int, end_ns: int) -> Made:
    """What minutes there are of a device in [begin, end)."""
    names = ("slot", "batch", "first", "last", "sweeps")
    where = f"device = {half_md5(device)} AND slot BETWEEN {slot_of(begin_ns)} AND {slot_of(end_ns - 1)}"
    found = door.ask(f"SELECT {', '.join(names)} FROM {ROLLED.name} WHERE {where}", names)  # noqa: S608  numbers
    found["key"] = found["slot"].astype(np.uint64) << np.uint64(32) ^ found["batch"].astype(np.uint64)
    found = once(found, "key")
    every = door.ask(
        f"SELECT slot, count() AS sweeps FROM {SWEEPS.name} WHERE {where} GROUP BY slot",  # noqa: S608  numbers
        ("slot", "sweeps"),
    )
    covered: dict[int, int] = {}
    for slot, sweeps in zip(found["slot"].tolist(), found["sweeps"].tolist(), strict=True):
        covered[slot] = covered.get(slot, 0) + sweeps
    there = zip(every["slot"].tolist(), every["sweeps"].tolist(), strict=True)
    left = tuple(sorted(slot for slot, sweeps in there if sweeps != covered.get(slot, 0)))
    slot, batch, first, last = (found[name].astype(np.int64) for name in names[:4])
    return Made(int(batch.max()) if len(batch) else -1, left, slot, first, last)


def kept(
    door: Door, device: str, figures: Sequence[str], begin_ns: int, end_ns: int, step_ns: int, newest: int
) -> Minutes:
    """The steps of some figures of a device in [begin, end), from the minutes of all batches up to the newest."""
    step, begin, end = step_ns // _SECOND, begin_ns // _SECOND, -(-end_ns // _SECOND)
    width = -(-(end - begin) // step)
    shape = len(figures), width
    low, high, mean = (np.full(shape, np.nan) for _ in range(3))
    count, left_out = np.zeros(shape, np.int32), np.zeros(shape, np.int32)
    place = {half_md5(name): k for k, name in enumerate(figures)}
    columns = ("low", "high", "mean", "count", "left_out")
    names = ("figure", "step", "lowest", "highest", "total", "counted", "left")
    inner = (
        f"SELECT DISTINCT figure, minute, batch, {', '.join(columns)} FROM {MINUTES.name} "  # noqa: S608  numbers
        f"WHERE device = {half_md5(device)} AND slot BETWEEN {slot_of(begin_ns)} AND {slot_of(end_ns - 1)} "
        f"AND figure IN ({', '.join(map(str, place))}) AND minute >= {begin} AND minute < {end} AND batch <= {newest}"
    )
    found = door.ask(
        f"SELECT figure, intDiv(minute - {begin}, {step}) AS step, minIf(low, count > 0) AS lowest, "  # noqa: S608
        "maxIf(high, count > 0) AS highest, sumIf(mean * count, count > 0) AS total, sum(toInt64(count)) AS counted, "
        f"sum(toInt64(left_out)) AS left FROM ({inner}) GROUP BY figure, step",
        names,
    )
    row = np.array([place[figure] for figure in found["figure"].tolist()], np.int64)
    column = found["step"].astype(np.int64)
    count[row, column], left_out[row, column] = found["counted"], found["left"]
    some = found["counted"] > 0
    row, column = row[some], column[some]
    low[row, column], high[row, column] = found["lowest"][some], found["highest"][some]
    mean[row, column] = found["total"][some] / found["counted"][some]
    return Minutes(tuple(figures), begin_ns, low, high, mean, count, left_out, step_ns)
