"""One sweep out of many: its words and times, and its exchanges frame by frame."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bessinside.historian.basis.archive import Edition, Image
from bessinside.historian.basis.batch import Times, stamps_ns
from bessinside.modbus import Exchange, ReadPlan, Sweep
from bessinside.modbus.exchange import exchanges


def image_of(edition: Edition, times: Times, position: int, words: NDArray[np.uint16]) -> Image:
    """The sweep at a position of some times; words: uint16[plan.size], its own."""
    start, requests = int(times.start_ns[position]), len(times.sent_us)
    plain = times.outcome is None or times.exception is None
    return Image(
        int(times.number[position]), edition, start, int(times.end_ns[position]), words,
        stamps_ns(times.sent_us[:, position], start), stamps_ns(times.received_us[:, position], start),
        np.zeros(requests, np.uint8) if times.outcome is None else times.outcome[:, position].copy(),
        np.zeros(requests, np.uint8) if plain or times.exception is None else times.exception[:, position].copy(),
    )  # fmt: skip


def exchanges_of(
    edition: Edition, plan: ReadPlan, times: Times, position: int, words: NDArray[np.uint16]
) -> list[Exchange]:
    """The exchanges of the sweep at a position; words: '>u2'[plan.size], its own."""
    image = image_of(edition, times, position, words)
    tids = times.tids.get(position)
    if tids is None:
        rising = np.arange(len(plan.requests)) + int(times.tid[position])
        tids = (rising if edition.framing == "tcp" else np.zeros(len(plan.requests))).astype(np.uint16)
    raw = {request: frame for (request, at), frame in times.raw.items() if at == position}
    sweep = Sweep(
        image.number, edition.device, edition.framing, edition.unit, image.start_ns, image.end_ns, plan, words, tids,
        image.sent_ns, image.received_ns, image.outcome, image.exception, {}, raw,
    )  # fmt: skip
    return list(exchanges(sweep))
