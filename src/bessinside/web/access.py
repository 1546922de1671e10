"""Nothing is open by default: every request is checked against the policy file, its host and its origin."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from litestar.connection import ASGIConnection
from litestar.exceptions import NotAuthorizedException, PermissionDeniedException
from litestar.handlers.base import BaseRouteHandler
from litestar.handlers.websocket_handlers import WebsocketRouteHandler

from bessinside.errors import BessError
from bessinside.registers import Point
from bessinside.runtime import disk
from bessinside.web.users import Accounts

COOKIE = "bessinside"
_RANK = {"public": 0, "viewer": 1, "investor": 1, "marketer": 1, "purchaser": 1, "operator": 2, "admin": 3}


class PolicyError(BessError):
    """Something is served for which the policy file has no row."""


@dataclass(frozen=True, slots=True)
class Policy:
    """Which role each route and method, each socket, and each access of a Modbus point asks for."""

    routes: Mapping[str, Mapping[str, str]]
    sockets: Mapping[str, str]
    points: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def role(self, path: str, method: str) -> str | None:
        """The least role for a route, None where the policy has no row: nobody gets in."""
        return self.sockets.get(path) if method == "WEBSOCKET" else self.routes.get(path, {}).get(method)


@cache
def policy() -> Policy:
    """The policy file that ships beside this module."""
    table = tomllib.loads(disk.read_text(Path(__file__).with_name("policy.toml")))
    return Policy(table["route"], table["socket"], table["point"])


def check_points(points: Iterable[Point], rules: Policy | None = None) -> None:
    """Raises PolicyError where a point of the plant has an access for which the policy file has no row."""
    rows = (rules or policy()).points
    for point in points:
        access = "W" if point.write_only else point.access
        if access not in rows:
            raise PolicyError(f"policy.toml has no row for points with access {access!r} ({point.name}): add it")


@dataclass(frozen=True, slots=True)
class Gate:
    """Checks one request: known host, own origin, a policy row, and a session where sign-in is on.

    `hosts` are the names under which this server is reached (`127.0.0.1:8123`); empty means any (behind a proxy that
    checks). `accounts` is None where sign-in is off, which is possible on loopback only.
    """

    hosts: frozenset[str]
    accounts: Accounts | None

    def __call__(self, connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
        """Litestar guard. Raises PermissionDeniedException (403) or NotAuthorizedException (401)."""
        socket = isinstance(handler, WebsocketRouteHandler)
        method = "WEBSOCKET" if socket else str(connection.scope.get("method", "GET"))
        method = "GET" if method == "HEAD" else method
        host = connection.headers.get("host", "")
        if self.hosts and host not in self.hosts:
            raise PermissionDeniedException(
                f"this server is not called {host!r}; if it is to be reached under that name, start it with --name "
                "NAME, as it stands in the address but without the port"
            )
        origin = connection.headers.get("origin")
        if (socket or method != "GET") and (origin is None or urlsplit(origin).netloc != host):
            raise PermissionDeniedException("foreign origin")
        need = policy().role(str(connection.scope.get("path_template", "")), method)
        if need is None:
            raise PermissionDeniedException("no policy row for this route")
        if need == "public" or self.accounts is None:
            return
        session = self.accounts.session(connection.cookies.get(COOKIE))
        if session is None:
            raise NotAuthorizedException("sign in first")
        if _RANK[session.role] < _RANK[need]:
            raise PermissionDeniedException(f"this needs the role {need}")
