"""Fetched prices kept on this machine: a Parquet file for each source, zone and local month, with its provenance.

Only whole local days are kept: a day of which a part is not published yet is asked for again. Each file is written
beside and renamed. `bessinside revenue --prices FILE` reads them too.
"""

from __future__ import annotations

import io
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import msgspec
import numpy as np

from bessinside.market.basis.errors import MarketError
from bessinside.market.basis.localtime import MINUTE_NS, day_of, midnight_ns
from bessinside.market.prices.provenance import Provenance
from bessinside.market.prices.series import PriceSeries, joined
from bessinside.market.prices.sources.files import PRICE, START, UNIT
from bessinside.runtime import disk
from bessinside.runtime.folders import cache_folder

log = logging.getLogger(__name__)
LENGTH = "length_min"
_META = b"bessinside"


@dataclass(frozen=True, slots=True)
class Kept:
    """One file of the cache."""

    path: Path
    source: str
    zone: str
    month: str
    bytes: int


class PriceCache:
    """The cache below a folder; the platform's cache folder unless said."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or cache_folder() / "prices"

    def path(self, source: str, zone: str, month: date) -> Path:
        """The file of a month."""
        return self.folder / source / zone / f"{month:%Y-%m}.parquet"

    def list(self) -> list[Kept]:
        """What is kept, by source, zone and month."""
        if not disk.exists(self.folder):
            return []
        return [
            Kept(file, file.parts[-3], file.parts[-2], file.stem, disk.size(file))
            for source in disk.list_dir(self.folder)
            for zone in disk.list_dir(source)
            for file in disk.list_dir(zone)
            if file.suffix == ".parquet" and not file.name.startswith(".")
        ]

    def read_month(self, kept: Kept) -> PriceSeries | None:
        """One file, None where it is broken."""
        return _load(kept.path, kept.zone)

    def read(self, source: str, zone: str, start_ns: int, end_ns: int) -> PriceSeries | None:
        """What is kept of [start, end), None where it is nothing."""
        found = []
        for month in months(start_ns, end_ns):
            path = self.path(source, zone, month)
            if disk.exists(path) and (one := _load(path, zone)) is not None:
                found.append(one)
        if not found:
            return None
        kept = joined(found).between(start_ns, end_ns)
        return kept if kept.size else None

    def keep(self, prices: PriceSeries) -> int:
        """Keeps the whole local days of a series of one source; gives how many. Nothing where the terms forbid it."""
        if not prices.size or not all(one.kept for one in prices.provenance):
            return 0
        (source,) = {one.source for one in prices.provenance} or {""}
        whole = whole_days(prices)
        for month in months(int(prices.start_ns[0]), prices.end_ns):
            begin, end = midnight_ns(month), midnight_ns(_next(month))
            fresh = [prices.between(midnight_ns(day), midnight_ns(day + timedelta(days=1))) for day in whole]
            fresh = [one for one in fresh if begin <= int(one.start_ns[0]) < end]
            if not fresh:
                continue
            path = self.path(source, prices.zone, month)
            old = _load(path, prices.zone) if disk.exists(path) else None
            disk.make_dir(path.parent)
            disk.write_atomic(path, _bytes(joined([old, *fresh] if old is not None else fresh)))
        return len(whole)


def whole_days(prices: PriceSeries) -> Sequence[date]:
    """Local days that a series covers from midnight to midnight without a gap."""
    found = []
    slots = prices.days()
    for number, first in enumerate(slots.first):
        last = slots.first[number + 1] if number + 1 < len(slots.first) else prices.size
        day: date = slots.days[number].item()
        begin, end = midnight_ns(day, prices.local), midnight_ns(day + timedelta(days=1), prices.local)
        covered = int(prices.length_ns[first:last].sum())
        if int(prices.start_ns[first]) == begin and covered == end - begin:
            found.append(day)
    return found


def months(start_ns: int, end_ns: int) -> list[date]:
    """First days of the local months that [start, end) touches."""
    month, last = day_of(start_ns).replace(day=1), day_of(end_ns - 1)
    found = []
    while month <= last:
        found.append(month)
        month = _next(month)
    return found


def _next(month: date) -> date:
    return (month.replace(day=28) + timedelta(days=4)).replace(day=1)


def _bytes(prices: PriceSeries) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.table(
        {
            START: pa.array(prices.start_ns).cast(pa.timestamp("ns", "UTC")),
            PRICE: prices.price,
            UNIT: (prices.unit_ns // MINUTE_NS).astype(np.int32),
            LENGTH: (prices.length_ns // MINUTE_NS).astype(np.int32),
        }
    ).replace_schema_metadata({_META: msgspec.json.encode(prices.provenance)})
    sink = io.BytesIO()
    pq.write_table(table, sink, compression="zstd")
    return sink.getvalue()


def _load(path: Path, zone: str) -> PriceSeries | None:
    """A file of the cache; None, and a warning, where it is broken: it is then fetched and written anew."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(io.BytesIO(disk.read_bytes(path)))
        provenance = msgspec.json.decode((table.schema.metadata or {})[_META], type=tuple[Provenance, ...])
        return PriceSeries(
            table[START].cast(pa.int64()).to_numpy().astype(np.int64),
            table[LENGTH].to_numpy().astype(np.int64) * MINUTE_NS,
            table[UNIT].to_numpy().astype(np.int64) * MINUTE_NS,
            table[PRICE].to_numpy().astype(np.float64),
            provenance,
            zone,
        )
    except (pa.ArrowException, KeyError, msgspec.MsgspecError, MarketError) as error:
        log.warning("%s is broken and will be fetched again: %s", path, error)
        return None
