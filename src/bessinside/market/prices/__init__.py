"""Prices in time: where they come from, under which terms, how they are kept and compared."""

from __future__ import annotations
