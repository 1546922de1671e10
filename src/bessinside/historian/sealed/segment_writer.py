"""Writes the files of a segment, see :mod:`~bessinside.historian.sealed.segment` for what is in them."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import BinaryIO

import msgspec
import numpy as np

from bessinside.historian.basis.archive import Edition
from bessinside.historian.basis.batch import NEVER, Batch
from bessinside.historian.basis.peak import peaks_of
from bessinside.historian.basis.reduce import SweepExtremes
from bessinside.historian.basis.run import Run
from bessinside.historian.sealed.page import Page, matrix, no_lists, numbers, ragged, same, texts
from bessinside.historian.sealed.pagefile import PageFile
from bessinside.historian.sealed.segment import (
    ABOUT,
    EXTREMES,
    EXTREMES_SCHEMA,
    REQUESTS,
    REQUESTS_SCHEMA,
    SWEEPS,
    SWEEPS_SCHEMA,
    WORDS,
    WORDS_SCHEMA,
    About,
    odd_frames,
    odd_tids,
    spread,
    waits,
)
from bessinside.modbus import ReadPlan, Request

_SCHEMAS = {WORDS: WORDS_SCHEMA, SWEEPS: SWEEPS_SCHEMA, REQUESTS: REQUESTS_SCHEMA, EXTREMES: EXTREMES_SCHEMA}
_INT = 4  # Parquet has no shorter numbers


class SegmentWriter:
    """Writes the files of a segment, batch by batch, into the open files that it is given."""

    def __init__(self, files: dict[str, BinaryIO]) -> None:
        self.parts: list[Run] = []
        self._editions: dict[int, Edition] = {}
        self._groups = self._metrics = 0
        self._files = {suffix: PageFile(file, _SCHEMAS[suffix]) for suffix, file in files.items()}

    def add(self, batch: Batch, extremes: Sequence[SweepExtremes] = ()) -> None:
        """One edition's sweeps, in the order of their numbers, and the extremes of its metrics. Raises OSError."""
        times, edition = batch.times, batch.edition
        groups = self._words(batch)
        self._files[SWEEPS].write(1, _sweeps(batch))
        self._files[REQUESTS].write(len(edition.requests), _requests(batch))
        metrics = 0
        if extremes:
            self._files[EXTREMES].write(len(extremes), _extremes(batch, extremes))
            metrics, self._metrics = self._metrics + 1, self._metrics + 1
        self.parts.append(
            Run(
                edition.device, edition.number, int(times.number[0]), int(times.number[-1]), int(times.end_ns.min()),
                int(times.end_ns.max()), len(times), int(np.count_nonzero(times.failed)), len(self.parts), self._groups,
                groups, metrics - 1, peaks_of(times.end_ns, extremes),
            )
        )  # fmt: skip
        self._groups += groups
        self._editions[edition.number] = edition

    def close(self, version: int) -> list[Run]:
        """Ends the files; gives where everything is. Raises OSError."""
        about = msgspec.json.encode(About(version, self.parts, list(self._editions.values())))
        for file in self._files.values():
            file.close({ABOUT.decode(): about})
        return self.parts

    def _words(self, batch: Batch) -> int:
        at, sizes = 0, spread(len(batch.words))
        for size, registers in zip(sizes, _registers(batch.plan), strict=True):
            pages = [*_whose(batch, size), *registers]
            self._files[WORDS].write(size, [*pages, matrix(batch.words[at : at + size], width=_INT)])
            at += size
        return len(sizes)


@functools.lru_cache(256)
def _registers(plan: ReadPlan) -> list[tuple[Page, Page]]:
    """fc and address of every row group of words; made once of a plan."""
    fc, address = (one.astype(np.int32) for one in plan.registers())
    ends = np.cumsum(spread(len(fc)))[:-1]
    return [(numbers(a), numbers(b)) for a, b in zip(np.split(fc, ends), np.split(address, ends), strict=True)]


@functools.lru_cache(256)
def _places(requests: tuple[Request, ...]) -> tuple[Page, ...]:
    """request, fc, address and count of the rows of requests."""
    places = [np.array([getattr(one, name) for one in requests], np.int32) for name in ("fc", "address", "count")]
    return tuple(numbers(column) for column in (np.arange(len(requests), dtype=np.int32), *places))


def _whose(batch: Batch, rows: int) -> list[Page]:
    """device, edition, run: what rows of all files begin with."""
    edition = batch.edition
    return [
        texts((edition.device,) * rows),
        same(edition.number, rows, "i4"),
        same(int(batch.times.number[0]), rows, "i8"),
    ]


def _sweeps(batch: Batch) -> list[Page]:
    times = batch.times
    columns = (times.number, times.start_ns, times.end_ns, times.tid.astype(np.int32), times.failed)
    return [*_whose(batch, 1), *(matrix(column[None, :]) for column in columns)]


def _extremes(batch: Batch, extremes: Sequence[SweepExtremes]) -> list[Page]:
    low, high = (np.stack([getattr(one, name) for one in extremes]) for name in ("low", "high"))
    return [
        *_whose(batch, len(extremes)),
        texts(tuple(one.metric for one in extremes)),
        matrix(low, np.isnan(low)),
        matrix(high, np.isnan(high)),
        matrix(np.stack([one.count for one in extremes])),
    ]


def _requests(batch: Batch) -> list[Page]:
    times, requests, rows = batch.times, batch.edition.requests, len(batch.edition.requests)
    wait, took = waits(times)
    plain = times.outcome is None or times.exception is None
    odd = odd_frames(times, rows)
    return [
        *_whose(batch, rows),
        *_places(requests),
        matrix(wait, wait == NEVER),
        matrix(took, took == NEVER),
        no_lists(rows) if plain or times.outcome is None else matrix(times.outcome, width=_INT),
        no_lists(rows) if plain or times.exception is None else matrix(times.exception, width=_INT),
        ragged([None if one is None else [at for at, _ in one] for one in odd]),
        ragged([None if one is None else [raw for _, raw in one] for one in odd]),
        ragged(odd_tids(times, rows)),
    ]
