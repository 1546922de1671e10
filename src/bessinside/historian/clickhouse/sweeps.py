"""Reading sweeps and words from the servers: each once, in the order of their numbers, as arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bessinside.historian.clickhouse.door import Door
from bessinside.historian.clickhouse.tables import SLOT_S, SWEEPS, WORDS, half_md5, slot_of

ALL = ("number", "edition", "start_ns", "end_ns", "tid", "failed", "sent", "received", "far", "trouble")
SHORT = ("number", "start_ns", "end_ns", "edition", "failed")
_LIMIT = 2**63 - 1
Found = dict[str, Any]


def within(device: str, start_ns: int, end_ns: int) -> str:
    """The condition for sweeps of a device that ended in [start, end)."""
    return (
        f"device = {half_md5(device)} AND slot BETWEEN {slot_of(start_ns)} AND {slot_of(end_ns - 1)} "
        f"AND end_ns >= {max(start_ns, -_LIMIT)} AND end_ns < {min(end_ns, _LIMIT)}"
    )


def read_sweeps(door: Door, names: Sequence[str], where: str) -> Found:
    """Columns of the sweeps that a condition names, `number` among them, each sweep once and in order."""
    found = door.ask(f"SELECT {', '.join(names)} FROM {SWEEPS.name} WHERE {where}", names)  # noqa: S608  our own names
    return once(found, "number")


def once(found: Found, key: str) -> Found:
    """Rows in the order of a column, one for each of its values."""
    _, at = np.unique(found[key], return_index=True)
    return picked(found, at)


def picked(found: Found, at: NDArray[np.int64]) -> Found:
    """Some rows, in the order asked for."""
    return {
        name: [column[k] for k in at.tolist()] if isinstance(column, list) else column[at]
        for name, column in found.items()
    }


def read_spans(door: Door, devices: Sequence[str]) -> dict[int, tuple[int, int]]:
    """Ends of the first and the last sweep of devices, by their hashed names: that of the first sweep lies in the first
    slot, that of the last in the last one."""
    if not devices:
        return {}
    mine, names = f"device IN ({', '.join(str(half_md5(device)) for device in devices)})", ("device", "low", "high")
    slots = door.ask(
        f"SELECT device, min(slot) AS low, max(slot) AS high FROM {SWEEPS.name} WHERE {mine} GROUP BY device",  # noqa: S608
        names,
    )
    if not len(slots["device"]):
        return {}
    either = sorted({*slots["low"].tolist(), *slots["high"].tolist()})
    ends = door.ask(
        f"SELECT device, min(end_ns) AS low, max(end_ns) AS high FROM {SWEEPS.name} "  # noqa: S608  numbers
        f"WHERE {mine} AND slot IN ({', '.join(map(str, either))}) GROUP BY device",
        names,
    )
    every = zip(ends["device"].tolist(), ends["low"].tolist(), ends["high"].tolist(), strict=True)
    return {device: (low, high) for device, low, high in every}


def newest(door: Door, device: str, at_ns: int) -> Found | None:
    """The newest sweep of a device that had ended by a moment, all of its columns; None where there is none."""
    slot = slot_of(at_ns)
    for low, high in ((slot - 600, slot), (slot - 86_400, slot), (0, slot)):
        where = f"device = {half_md5(device)} AND slot BETWEEN {max(0, low)} AND {high} "
        where += f"AND end_ns <= {min(at_ns, _LIMIT)}"
        found = door.ask(
            f"SELECT {', '.join(ALL)} FROM {SWEEPS.name} WHERE {where} ORDER BY number DESC LIMIT 1",  # noqa: S608
            ALL,
        )
        if len(found["number"]):
            return found
    return None


def newest_of(door: Door, devices: Sequence[str], at_ns: int) -> Found:
    """As :func:`newest` of many devices in one question, `device` (hashed) among the columns. Devices whose newest
    sweep lies further back than the slot before are left out."""
    slot, names = slot_of(at_ns), ("device", *ALL)
    where = (
        f"device IN ({', '.join(str(half_md5(device)) for device in devices)}) "
        f"AND slot BETWEEN {max(0, slot - SLOT_S)} AND {slot} AND end_ns <= {min(at_ns, _LIMIT)}"
    )
    inner = f"SELECT device, max(number) FROM {SWEEPS.name} WHERE {where} GROUP BY device"  # noqa: S608  numbers
    query = f"SELECT {', '.join(names)} FROM {SWEEPS.name} WHERE {where} AND (device, number) GLOBAL IN ({inner})"  # noqa: S608
    return once(door.ask(query, names), "device")


def words_of(door: Door, sweeps: Found) -> Found:
    """device (hashed), register, number and word of some sweeps of different devices, in one question."""
    names, numbers = ("device", "register", "number", "word"), sweeps["number"]
    slots = sorted({slot_of(int(end)) for end in sweeps["end_ns"]})
    # of the whole slot the numbers are looked through first, and the rest is read where one is near
    return door.ask(
        f"SELECT {', '.join(names)} FROM {WORDS.name} "  # noqa: S608  numbers
        f"PREWHERE number BETWEEN {numbers.min()} AND {numbers.max()} "
        f"WHERE device IN ({', '.join(map(str, sweeps['device']))}) AND slot IN ({', '.join(map(str, slots))}) "
        f"AND number IN ({', '.join(map(str, numbers))})",
        names,
    )


def read_words(
    door: Door, device: str, numbers: NDArray[np.int64], end_ns: NDArray[np.int64], registers: NDArray[np.int64]
) -> tuple[NDArray[np.uint16], NDArray[np.bool_]]:
    """uint16[n, k] of k registers (as :func:`~.rows.registers_of` names them, rising) in n sweeps by number (rising),
    and where there was one: bool[n, k]."""
    shape = len(numbers), len(registers)
    words, there = np.zeros(shape, np.uint16), np.zeros(shape, bool)
    if not words.size:
        return words, there
    names = ("register", "number", "word")
    which = "" if len(registers) > 4000 else f" AND register IN ({', '.join(map(str, registers.tolist()))})"
    which += f" AND number BETWEEN {numbers[0]} AND {numbers[-1]}"
    found = door.ask(
        f"SELECT register, number, word FROM {WORDS.name} WHERE device = {half_md5(device)} "  # noqa: S608  numbers
        f"AND slot BETWEEN {slot_of(int(end_ns.min()))} AND {slot_of(int(end_ns.max()))}{which}",
        names,
    )
    register, number = found["register"].astype(np.int64), found["number"].astype(np.int64)
    row, column = np.searchsorted(numbers, number), np.searchsorted(registers, register)
    row, column = np.minimum(row, len(numbers) - 1), np.minimum(column, len(registers) - 1)
    mine = (numbers[row] == number) & (registers[column] == register)
    words[row[mine], column[mine]] = found["word"][mine]
    there[row[mine], column[mine]] = True
    return words, there
