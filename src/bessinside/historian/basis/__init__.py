"""What all rooms stand on: what an archive answers, and what the recorded words mean."""

from __future__ import annotations
