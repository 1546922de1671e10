"""What all rooms stand on: days of the clock on the wall, and what can be wrong with a question."""

from __future__ import annotations
