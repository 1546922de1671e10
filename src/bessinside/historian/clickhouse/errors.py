"""What can be wrong with servers."""

from __future__ import annotations

from bessinside.historian.basis.folder import HistoryError


class ServerError(HistoryError):
    """What a server said against a statement."""


class ServerAway(ServerError):
    """No server answers."""
