"""What goes wrong on a simulated link: kinds, how often, and how often it happened."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import numpy as np

KINDS = ("lose", "late", "cut", "flip", "duplicate", "split", "hang", "refuse")


@dataclass(frozen=True, slots=True)
class FaultTable:
    """Probability of each kind for each chunk on a link (`refuse`: for each connection that is opened).

    lose: the chunk never arrives · late: it arrives up to `late_s` later, and all behind it · cut: the connection is
    lost on both sides · flip: one bit is turned over · duplicate: it arrives twice · split: it arrives in two pieces ·
    hang: nothing arrives in this direction any more, and nobody is told · refuse: nobody answers the connection
    """

    lose: float = 0.0
    late: float = 0.0
    cut: float = 0.0
    flip: float = 0.0
    duplicate: float = 0.0
    split: float = 0.0
    hang: float = 0.0
    refuse: float = 0.0
    late_s: float = 3.0
    latency_s: float = 0.0002
    jitter_s: float = 0.0002
    counts: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        chunk = [getattr(self, kind) for kind in KINDS]
        if min(chunk) < 0 or sum(chunk[:-1]) > 1 or self.refuse > 1:
            raise ValueError("probabilities of faults must not be negative nor exceed 1 together")

    def draw(self, chance: np.random.Generator) -> str | None:
        """The fault that befalls the next chunk, counted; None for none."""
        left = float(chance.random())
        for kind in KINDS[:-1]:
            left -= getattr(self, kind)
            if left < 0:
                self.counts[kind] += 1
                return kind
        return None

    def refuses(self, chance: np.random.Generator) -> bool:
        """Whether the next connection is refused, counted."""
        refused = float(chance.random()) < self.refuse
        if refused:
            self.counts["refuse"] += 1
        return refused

    def latency(self, chance: np.random.Generator) -> float:
        """Seconds a chunk travels."""
        return self.latency_s + float(chance.random()) * self.jitter_s

    def quiet(self) -> FaultTable:
        """The same link without faults."""
        return FaultTable(late_s=self.late_s, latency_s=self.latency_s, jitter_s=self.jitter_s)
