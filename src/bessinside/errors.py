"""The one root of every error this package raises on purpose."""

from __future__ import annotations


class BessError(Exception):
    """Something a person can act on. The text says what is wrong, where, and what to do next."""
