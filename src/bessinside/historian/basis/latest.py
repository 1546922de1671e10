"""What was known of some registers at a moment, from any archive: the newest sweep, and behind it an hour at most."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bessinside.historian.basis.archive import HOUR_NS, Archive, Image, Latest
from bessinside.modbus import Outcome, ReadPlan


def latest(archive: Archive, device: str, registers: Sequence[int], at_ns: int) -> Latest:
    """The newest good answer of some registers by a moment; see :meth:`Archive.latest`."""
    return latest_from(archive, device, registers, at_ns, archive.image(device, at_ns))


def latest_from(archive: Archive, device: str, registers: Sequence[int], at_ns: int, image: Image | None) -> Latest:
    """As :func:`latest`, where the newest sweep is known already; None where there is none."""
    wanted = np.asarray(registers, np.int64)
    found = Latest(
        np.zeros(len(wanted), np.uint16), np.zeros(len(wanted), np.int64),
        np.full(len(wanted), Outcome.NOT_SENT, np.uint8),
    )  # fmt: skip
    if image is not None:
        good = _take(image, wanted, found)
        if not good.all():
            _look_back(archive, device, wanted, np.flatnonzero(~good), at_ns, found)
    return found


def _take(image: Image, wanted: NDArray[np.int64], found: Latest) -> NDArray[np.bool_]:
    """Fills in what one sweep says of some registers; bool[k], where it has a good answer."""
    place, block = _places(image.edition.plan(), wanted)
    read = place >= 0
    found.outcome[read] = image.outcome[block[read]]
    good: NDArray[np.bool_] = read & (found.outcome == Outcome.OK)
    found.words[good], found.received_ns[good] = image.words[place[good]], image.received_ns[block[good]]
    return good


def _look_back(
    archive: Archive, device: str, wanted: NDArray[np.int64], where: NDArray[np.int64], at_ns: int, found: Latest
) -> None:
    """Finds the newest good answers of registers that the newest sweep has none of."""
    before = archive.words(device, wanted[where].tolist(), at_ns - HOUR_NS, at_ns + 1)
    some = before.ok.any(axis=0)
    last = len(before.ok) - 1 - before.ok[::-1].argmax(axis=0)
    for row in np.unique(last[some]).tolist() if len(before.ok) else ():
        mine = np.flatnonzero(some & (last == row))
        image = archive.image(device, int(before.end_ns[row]))
        if image is None:
            continue
        _, block = _places(image.edition.plan(), wanted[where[mine]])
        found.words[where[mine]] = before.words[row, mine]
        found.received_ns[where[mine]] = np.where(block >= 0, image.received_ns[block], image.end_ns)


def _places(plan: ReadPlan, wanted: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where each register is in the image of a plan, and in which request; -1 where it is not read."""
    codes, addresses = wanted >> 16, wanted & 0xFFFF
    return plan.place(codes, addresses).astype(np.int64), plan.block(codes, addresses).astype(np.int64)
