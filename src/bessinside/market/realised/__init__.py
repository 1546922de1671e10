"""What was earned by the registers, and the way down to it from the maximum."""

from __future__ import annotations
