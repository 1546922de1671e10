"""Trouble made on purpose: what happens to an answer between a served device and its client."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reply:
    """What a server does instead of sending the right answer at once."""

    frame: bytes
    """The bytes to send; empty for silence."""
    delay_s: float = 0.0
    close: bool = False
    """Whether the connection is cut afterwards."""


Trouble = Callable[[int, bytes, bytes], Reply | None]
"""Called with unit, request frame and the right answer frame; None lets the right answer go."""
