"""Tables of other systems beside a history."""

from __future__ import annotations
