"""What can be wrong with prices and with questions about them."""

from __future__ import annotations

from bessinside.errors import BessError


class MarketError(BessError):
    """Prices, or a question about them, cannot be used; the text says what to do next."""
