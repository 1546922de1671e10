"""What three kinds of contract pay in a year: the market, a toll, a floor."""

from __future__ import annotations


def merchant(market_eur: float) -> float:
    """The market's revenue is the owner's."""
    return market_eur


def toll(toll_eur_mw: float, power_mw: float) -> float:
    """A fixed rent for each MW, whatever the market does."""
    return toll_eur_mw * power_mw


def floor(market_eur: float, floor_eur_mw: float, share: float, power_mw: float) -> float:
    """max(floor, share · market): the optimiser guarantees the floor and keeps the rest of the market's revenue."""
    return max(floor_eur_mw * power_mw, share * market_eur)
