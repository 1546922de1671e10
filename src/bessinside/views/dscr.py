"""Debt service cover ratio: cash flow before debt over interest and repayment of a level loan."""

from __future__ import annotations

import math
from collections.abc import Sequence


def annuity(debt: float, rate: float, years: int) -> float:
    """Level payment that repays `debt` in `years` at `rate` (a share): D·r / (1 − (1 + r)^−n), D/n at no interest."""
    if rate < 1e-12:  # no interest that a cent would show
        return debt / years
    return debt * rate / -math.expm1(-years * math.log1p(rate))


def least_cover(flows: Sequence[float], debt: float, rate: float, years: int) -> float:
    """The lowest ratio of yearly flow (years 1 … n, without the investment) to debt service; infinite without debt."""
    if debt <= 0:
        return math.inf
    service = annuity(debt, rate, years)
    return min(flow / service for flow in flows[:years])
