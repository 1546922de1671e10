"""Files that a person opens on the page: prices, FCR prices, a load curve. They stay in this process, for a while."""

from __future__ import annotations

import hashlib
import tempfile
from collections import OrderedDict
from pathlib import Path

import msgspec
import numpy as np

from bessinside.errors import BessError
from bessinside.market.basis.errors import MarketError
from bessinside.market.basis.localtime import MINUTE_NS, day_of
from bessinside.market.prices.reserve_prices import BlockPrices, from_series
from bessinside.market.prices.series import PriceSeries
from bessinside.market.prices.sources import files
from bessinside.market.realised.load_curve import LoadCurve, parse
from bessinside.runtime import disk

KINDS = ("prices", "fcr", "curve")
MOST_BYTES = 8 * 1024 * 1024  # six years of quarters are some 6 MB
KEPT = 8


class NoSuchFile(BessError):
    """The file is no longer kept."""


class BroughtRow(msgspec.Struct, frozen=True):
    """A file as it was understood: its `id` for later questions, days, slots, minutes of a slot, lowest and highest."""

    id: str
    kind: str
    name: str
    first: str
    last: str
    slots: int
    minutes: int
    low: float
    high: float
    unit: str


class Brought:
    """The last files. Each has an id of its content, so that the same file is kept once."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, PriceSeries | LoadCurve] = OrderedDict()

    def take(self, kind: str, name: str, raw: bytes) -> BroughtRow:
        """Reads a file. Raises MarketError that names file, line and column."""
        plain = Path(name).name or "file.csv"
        found = parse(plain, raw) if kind == "curve" else _prices(plain, raw)
        key = f"{kind}-{hashlib.sha256(raw).hexdigest()[:16]}"
        self._kept[key] = found
        self._kept.move_to_end(key)
        if len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return _row(key, kind, plain, found)

    def hold(self, kind: str, name: str, found: PriceSeries) -> BroughtRow:
        """Keeps a series that was fetched as if it had been opened."""
        raw = found.start_ns.tobytes() + found.price.tobytes()
        key = f"{kind}-{hashlib.sha256(raw).hexdigest()[:16]}"
        self._kept[key] = found
        self._kept.move_to_end(key)
        if len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return _row(key, kind, name, found)

    def prices(self, key: str) -> PriceSeries:
        """Raises NoSuchFile."""
        found = self._kept.get(key)
        if not isinstance(found, PriceSeries):
            raise NoSuchFile("this file of prices is no longer kept: open it again")
        return found

    def capacity(self, key: str) -> BlockPrices:
        """FCR prices by their blocks. Raises NoSuchFile."""
        return from_series(self.prices(key), "FCR")

    def curve(self, key: str) -> LoadCurve:
        """Raises NoSuchFile."""
        found = self._kept.get(key)
        if not isinstance(found, LoadCurve):
            raise NoSuchFile("this load curve is no longer kept: open it again")
        return found


def _prices(name: str, raw: bytes) -> PriceSeries:
    """Prices by their file's own reader, which names the line; the place where it lies for that moment is nobody's."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        disk.write_atomic(path, raw)
        try:
            return files.read(path)
        except files.PriceFileError as error:
            raise MarketError(str(error).replace(f"{folder}/", "")) from error


def _row(key: str, kind: str, name: str, found: PriceSeries | LoadCurve) -> BroughtRow:
    if isinstance(found, LoadCurve):
        power = (found.out_wh - found.in_wh) * (3600e9 / found.slot_ns)
        minutes, unit, low, high = found.slot_ns // MINUTE_NS, "W", float(power.min()), float(power.max())
    else:
        minutes, low, high = int(found.length_ns.min()) // MINUTE_NS, float(found.price.min()), float(found.price.max())
        unit = "EUR/MWh" if kind == "prices" else "EUR/MW"
    start = np.asarray(found.start_ns)
    return BroughtRow(
        key, kind, name, str(day_of(int(start[0]))), str(day_of(found.end_ns - 1)), len(start), minutes, low, high, unit
    )
