"""Capacity that is held back for the grid: FCR both ways, aFRR one way."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bessinside.market.basis.days import Index, Stamps, local_blocks
from bessinside.market.dispatch.battery import BatteryError, Floats


@dataclass(frozen=True, slots=True)
class Reserve:
    """A capacity product sold by the block.

    `eur_mw` float64[b]: what one MW earns in each whole block of `hours` of local wall clock, the first being that of
    the first slot. `up`, `down`: whether it may ask for power out of and into the battery. `energy_h`: hours of its
    power for which energy (up) and room (down) must be there at any time. `share`: most of the battery's power it may
    take. What an activation moves and earns is left out.
    """

    name: str
    eur_mw: Floats
    up: bool = True
    down: bool = True
    energy_h: float = 0.25
    share: float = 0.8
    hours: int = 4

    def __post_init__(self) -> None:
        if not (self.up or self.down):
            raise BatteryError(f"{self.name}: a reserve goes up, down or both ways")
        if not 0 < self.share <= 1 or self.energy_h < 0:
            raise BatteryError(f"{self.name}: share must lie in 0 to 1 and energy_h be zero or more")

    def blocks(self, starts_ns: Stamps, zone: str) -> Index:
        """The block of each slot, int32[n]. Raises :class:`BatteryError` where blocks and prices do not pair."""
        block, starts = local_blocks(starts_ns, zone, self.hours)
        if self.eur_mw.shape != starts.shape or not np.all(np.isfinite(self.eur_mw)):
            raise BatteryError(
                f"{self.name}: these slots touch {len(starts)} blocks of {self.hours} h and need as many prices, "
                f"not {self.eur_mw.shape}"
            )
        return block


def fcr(eur_mw: Floats) -> Reserve:
    """Frequency containment reserve: 4-hour blocks, both ways, a quarter of an hour of energy each way."""
    return Reserve("FCR", eur_mw)


def afrr(eur_mw: Floats, *, up: bool, energy_h: float = 1.0) -> Reserve:
    """Automatic frequency restoration reserve, capacity alone, one way."""
    return Reserve("aFRR+" if up else "aFRR-", eur_mw, up=up, down=not up, energy_h=energy_h, share=1.0)
