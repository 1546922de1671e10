"""What was committed last: ticks in one SQLite file, and who was read how."""

from __future__ import annotations
