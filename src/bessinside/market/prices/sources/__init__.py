"""Where prices come from: one file for each publisher, all giving a `PriceSeries` or an error in words."""

from __future__ import annotations
