"""Captures become history: exchanges from a file as the sweeps that they were."""

from __future__ import annotations

import heapq
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bessinside.historian.basis.folder import HistoryError, NothingRecorded
from bessinside.historian.basis.when import iso
from bessinside.historian.clickhouse.address import is_address
from bessinside.historian.opened import historian_of, open_past
from bessinside.modbus import Exchange, Outcome, ReadPlan, Request, Sweep
from bessinside.modbus.capture import read_capture, read_header
from bessinside.modbus.frames import READ_FUNCTIONS, unpack_bits
from bessinside.plant import SUNSPEC, BoundDevice, Plant, bind
from bessinside.registers import RegisterMap, discover, load_map, sunspec_map
from bessinside.runtime import disk

_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class TakenIn:
    """What an import brought; `left` exchanges were no reads of a sweep (a write, a search for refused registers)."""

    sweeps: int
    exchanges: int
    left: int


async def take_in(folder: str | Path, plant: Plant, capture: str | Path) -> TakenIn:
    """Records a capture of a device, or of the devices of a plant, into a history.

    The plant file says what each device's registers mean. Raises HistoryError where a device is not in the plant file,
    or the history holds a sweep of it from the capture's time or later; CaptureError; PlantError.
    """
    header = read_header(capture)
    every = {
        device: read_capture(capture, device if header.devices else "") for device in header.devices or (header.device,)
    }
    maps = await _maps(plant, every)
    bound = {one.device.id: one for one in bind(plant, lambda device: maps.get(device.id)).devices}
    read: list[list[tuple[Sweep, BoundDevice]]] = []
    exchanges = left = 0
    for device, found in every.items():
        if device not in bound:
            raise HistoryError(
                f"{capture} is of {device}, which {plant.path} does not have; it has "
                f"{', '.join(one.id for one in plant.devices)}"
            )
        sweeps = [(sweep, bound[device]) for sweep in sweeps_of(device, found)]
        used = sum(len(sweep.plan.requests) for sweep, _ in sweeps)
        exchanges, left = exchanges + used, left + len(found) - used
        read.append(sweeps)
    _behind(folder, read)
    count = 0
    async with historian_of(folder, plant, commit_every_s=0.01) as historian:
        for sweep, device_of in heapq.merge(*read, key=lambda one: one[0].end_ns):
            count += 1
            if count % _AT_ONCE:
                historian.take(sweep, device_of)
            else:
                await historian.record(sweep, device_of)
        while await historian.seal():
            pass
    return TakenIn(count, exchanges, left)


async def _maps(plant: Plant, every: Mapping[str, Sequence[Exchange]]) -> dict[str, RegisterMap]:
    """The map of every device; a SunSpec device's from the list of models as it stands in the capture."""
    found: dict[str, RegisterMap] = {}
    for device in plant.devices:
        if device.map != SUNSPEC:
            found[device.id] = load_map(device.map)
        elif device.id in every:
            found[device.id] = sunspec_map(await discover(_answers(device.id, every[device.id])))
    return found


def _answers(device: str, exchanges: Sequence[Exchange]) -> Callable[[int, int, int], Awaitable[list[int]]]:
    """Reads a device from what it answered first in a capture."""
    words: dict[tuple[int, int], int] = {}
    for exchange in exchanges:
        request = _request(exchange)
        if request is not None and exchange.outcome == Outcome.OK and not request.bits:
            answered = np.frombuffer(exchange.response_pdu[2:], ">u2").tolist()
            for offset, word in enumerate(answered):
                words.setdefault((request.fc, request.address + offset), word)

    async def read(fc: int, address: int, count: int) -> list[int]:
        try:
            return [words[fc, address + k] for k in range(count)]
        except KeyError as error:
            raise HistoryError(f"{device}: the capture has no answer for register {address}") from error

    return read


def _behind(folder: str | Path, read: Sequence[Sequence[tuple[Sweep, BoundDevice]]]) -> None:
    """Refuses what would lie before or among sweeps that are there: a device's sweeps are kept in order of time."""
    if not is_address(folder) and not disk.exists(Path(folder) / "tail.sqlite"):
        return
    try:
        past, close = open_past(folder)
    except NothingRecorded:
        return
    try:
        for sweeps in read:
            if not sweeps:
                continue
            first, device = sweeps[0][0], sweeps[0][0].device
            span = past.archive.span(device)
            if span is not None and span[1] >= first.end_ns:
                raise HistoryError(
                    f"{folder} holds sweeps of {device} up to {iso(span[1])}, the capture begins at "
                    f"{iso(first.end_ns)}: import it into a folder of its own"
                )
    finally:
        close()


def sweeps_of(device: str, exchanges: Sequence[Exchange]) -> Iterator[Sweep]:
    """Exchanges of one device in order of time as sweeps: a sweep ends before a read that is in it already."""
    number, held = 0, dict[Request, Exchange]()
    for exchange in exchanges:
        request = _request(exchange)
        if request is None:
            continue
        if request in held:
            number += 1
            yield _sweep(number, device, held)
            held = {}
        held[request] = exchange
    if held:
        yield _sweep(number + 1, device, held)


def _request(exchange: Exchange) -> Request | None:
    pdu = exchange.request_pdu
    if len(pdu) != 5 or pdu[0] not in READ_FUNCTIONS:
        return None
    return Request(pdu[0], int.from_bytes(pdu[1:3], "big"), int.from_bytes(pdu[3:5], "big"))


def _sweep(number: int, device: str, held: dict[Request, Exchange]) -> Sweep:
    plan, found = ReadPlan(held), list(held.values())
    image = np.zeros(plan.size, ">u2")
    exception, raw = np.zeros(len(found), np.uint8), {}
    for k, (request, exchange) in enumerate(held.items()):
        start = int(plan.starts[k])
        if exchange.outcome == Outcome.OK:
            payload = exchange.response_pdu[2:]
            words = unpack_bits(payload, request.count) if request.bits else np.frombuffer(payload, ">u2")
            image[start : start + request.count] = words
        elif exchange.outcome == Outcome.EXCEPTION:
            exception[k] = exchange.response_pdu[1]
        elif exchange.response:
            raw[k] = exchange.response
    sent = np.array([one.sent_ns for one in found], np.int64)
    received = np.array([one.received_ns for one in found], np.int64)
    tcp = found[0].framing == "tcp"
    tids = [int.from_bytes(one.request[:2], "big") if tcp else 0 for one in found]
    return Sweep(
        number, device, found[0].framing, found[0].unit, int(sent.min()), int(max(sent.max(), received.max())), plan,
        image, np.array(tids, np.uint16), sent, received, np.array([one.outcome for one in found], np.uint8), exception,
        {}, raw,
    )  # fmt: skip
