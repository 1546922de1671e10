"""Minutes and hours in the decoding that holds: those that were kept, and those that a corrected map made anew."""

from __future__ import annotations
