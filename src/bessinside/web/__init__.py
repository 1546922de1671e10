"""HTTP, WebSocket and sign-in; serves the built page."""

from bessinside.web.app import create_app
from bessinside.web.server import Listen, ServeError, make_server

__all__ = ["Listen", "ServeError", "create_app", "make_server"]
