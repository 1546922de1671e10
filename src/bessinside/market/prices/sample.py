"""The prices that ship with the program: fifteen real days, so that everything works without a network."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from bessinside.market.prices.provenance import CC_BY, CC_BY_URL, SMARD_ATTRIBUTION, Provenance
from bessinside.market.prices.series import PriceSeries
from bessinside.market.prices.sources import files

SAMPLE = Path(__file__).with_name("tables") / "delu_day_ahead_15min.csv"
PROVENANCE = Provenance(
    source="sample",
    product="day-ahead auction, DE-LU",
    url="https://www.smard.de/",
    fetched_ns=0,
    licence=CC_BY,
    attribution=SMARD_ATTRIBUTION,
    licence_url=CC_BY_URL,
    note="fifteen days that ship with the program",
)


@cache
def sample() -> PriceSeries:
    """The shipped prices: 1,440 quarters, 27 September to 11 October 2026 in local time."""
    return files.read(SAMPLE, PROVENANCE)
