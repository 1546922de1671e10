"""SQL over a history, with views that the maps decode."""

from __future__ import annotations
