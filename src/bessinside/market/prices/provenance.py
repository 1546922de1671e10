"""Where prices come from, and under which terms they may be shown: every series carries this, wherever it is shown."""

from __future__ import annotations

import msgspec

CC_BY = "CC BY 4.0"
CC_BY_URL = "https://creativecommons.org/licenses/by/4.0/"
SMARD_ATTRIBUTION = "Bundesnetzagentur | SMARD.de"


class Provenance(msgspec.Struct, frozen=True):
    """One source of a series.

    `source`: short name (`smard`, `energy-charts`, `entsoe`, `file`, …); `product` what was traded; `url` without keys
    or tokens; `fetched_ns` UTC, 0 where nobody fetched it; `licence` and `attribution` as the publisher asks for them;
    `kept`: whether the terms let this program keep a copy in its cache.
    """

    source: str
    product: str
    url: str
    fetched_ns: int
    licence: str
    attribution: str
    licence_url: str = ""
    kept: bool = True
    note: str = ""

    @property
    def credit(self) -> str:
        """One line to stand beside a price: attribution and licence."""
        return f"{self.attribution} ({self.licence})" if self.licence else self.attribution


def credits(provenance: tuple[Provenance, ...]) -> str:
    """The credits of a series, each once."""
    return "; ".join(dict.fromkeys(one.credit for one in provenance))
