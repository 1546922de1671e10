"""The calculator: a question about a battery and the answer in EUR, with its ladder, months and years."""

from __future__ import annotations
