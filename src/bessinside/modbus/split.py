"""Finds out which registers a device refuses, by halving a refused block until the bad point is alone.

A request that was damaged on its way is refused too. So nothing is believed at once: what is to be remembered is asked
again, and one answer is enough to forget the suspicion.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bessinside.modbus.client import Client
from bessinside.modbus.errors import DeviceException
from bessinside.modbus.frames import MAX_BITS, MAX_REGISTERS
from bessinside.modbus.plan import ReadPlan, plan
from bessinside.modbus.sweep import Outcome, Sweep

SPLITS = (2, 3)
"""Exception codes that speak of the addresses asked for: illegal data address, illegal data value."""
CONFIRMATIONS = 2
"""How often a refusal is asked again before it is remembered."""


@dataclass(slots=True)
class Refusals:
    """What a device was found to refuse.

    registers: exception code by (fc, address): left out of every plan, see :func:`ask_again`
    cuts: (fc, address) where two neighbours are answered apart but not together: a request begins there
    """

    registers: dict[tuple[int, int], int] = field(default_factory=dict)
    cuts: set[tuple[int, int]] = field(default_factory=set)

    def plan(
        self,
        fc: ArrayLike,
        address: ArrayLike,
        words: ArrayLike,
        *,
        max_registers: int = MAX_REGISTERS,
        max_bits: int = MAX_BITS,
        max_gap: int = 0,
    ) -> ReadPlan:
        """:func:`bessinside.modbus.plan.plan` without what is refused."""
        return plan(
            fc, address, words, max_registers=max_registers, max_bits=max_bits, max_gap=max_gap,
            refused=self.registers, cuts=self.cuts,
        )  # fmt: skip


async def learn(
    client: Client, sweep: Sweep, fc: ArrayLike, address: ArrayLike, words: ArrayLike, refusals: Refusals
) -> bool:
    """Narrows down every block of `sweep` that was refused with exception 2 or 3; True when something was learnt
    and the n points (fc, address, words: [n]) should be planned anew.

    A point stays whole: a device may refuse half of a 32-bit value that it answers in full. Raises the ModbusError
    of a read that fails in another way; what was learnt until then stays learnt.
    """
    first = np.atleast_1d(np.asarray(address, np.int64))
    codes = np.broadcast_to(np.asarray(fc, np.int64), first.shape)
    lengths = np.broadcast_to(np.asarray(words, np.int64), first.shape)
    known = len(refusals.registers) + len(refusals.cuts)
    for i in np.flatnonzero(sweep.outcome == Outcome.EXCEPTION).tolist():
        if sweep.exception[i] not in SPLITS:
            continue
        request = sweep.plan.requests[i]
        inside = (codes == request.fc) & (first < request.address + request.count) & (first + lengths > request.address)
        spans = _spans(first[inside], lengths[inside])
        if len(spans):
            await _halve(client, sweep.unit, request.fc, spans, refusals, int(sweep.exception[i]))
    return len(refusals.registers) + len(refusals.cuts) > known


async def ask_again(
    client: Client, unit: int, fc: ArrayLike, address: ArrayLike, words: ArrayLike, refusals: Refusals
) -> bool:
    """Asks once for every point (fc, address, words: [n]) that lies on a refused register, each on its own; True when
    one was answered: it is refused no longer, and the points should be planned anew.

    A device may have been slow to start or may have new firmware. Raises the ModbusError of a read that fails in
    another way; what was answered until then is remembered.
    """
    first = np.atleast_1d(np.asarray(address, np.int64))
    codes = np.broadcast_to(np.asarray(fc, np.int64), first.shape)
    lengths = np.broadcast_to(np.asarray(words, np.int64), first.shape)
    healed = False
    for code in sorted({function for function, _ in refusals.registers}):
        for span in _spans(first[codes == code], lengths[codes == code]):
            held = [(code, register) for register in range(*span.tolist()) if (code, register) in refusals.registers]
            if held and await _try(client, unit, code, span[np.newaxis]) is None:
                healed = True
                for place in held:
                    del refusals.registers[place]
    return healed


def _spans(first: NDArray[np.int64], lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    """Begin and end of each of some points, by address: int64[n, 2]."""
    return np.unique(np.stack((first, first + lengths), axis=1), axis=0)


async def _halve(client: Client, unit: int, fc: int, spans: NDArray[np.int64], refusals: Refusals, code: int) -> None:
    """`spans` (int64[n, 2], begin and end by address) were refused together with `code`."""
    if len(spans) == 1:
        if await _refused(client, unit, fc, spans):
            begin, end = spans[0].tolist()
            refusals.registers.update({(fc, register): code for register in range(begin, end)})
        return
    middle = len(spans) // 2
    verdicts = [await _try(client, unit, fc, half) for half in (spans[:middle], spans[middle:])]
    for half, verdict in zip((spans[:middle], spans[middle:]), verdicts, strict=True):
        if verdict is not None:
            await _halve(client, unit, fc, half, refusals, verdict)
    if verdicts == [None, None] and await _refused(client, unit, fc, spans):
        refusals.cuts.add((fc, int(spans[middle, 0])))


async def _refused(client: Client, unit: int, fc: int, spans: NDArray[np.int64]) -> bool:
    """Whether a device that refused some points goes on to do so."""
    for _ in range(CONFIRMATIONS):
        if await _try(client, unit, fc, spans) is None:
            return False
    return True


async def _try(client: Client, unit: int, fc: int, spans: NDArray[np.int64]) -> int | None:
    """The exception code with which a device refuses some points, None where it answers."""
    begin, end = int(spans[0, 0]), int(spans[:, 1].max())
    try:
        await client.read(unit, fc, begin, end - begin)
    except DeviceException as error:
        if error.code not in SPLITS:
            raise
        return error.code
    return None
