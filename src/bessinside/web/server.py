"""Serves the application: on loopback as it is, anywhere else only with sign-in and TLS (or behind a proxy)."""

from __future__ import annotations

import ipaddress
import ssl
from dataclasses import dataclass
from pathlib import Path

import uvicorn

from bessinside.errors import BessError
from bessinside.twin import Twin
from bessinside.web.app import create_app
from bessinside.web.health import Recording
from bessinside.web.users import Accounts, load_users


class ServeError(BessError):
    """A way of serving that would leave the plant open."""


@dataclass(frozen=True, slots=True)
class Listen:
    """Where and how to serve. `users`: the file of those who may sign in; `cert` and `key`: for TLS;
    `behind_proxy`: TLS and host names are somebody else's business."""

    host: str = "127.0.0.1"
    port: int = 8123
    users: Path | None = None
    cert: Path | None = None
    key: Path | None = None
    behind_proxy: bool = False
    names: tuple[str, ...] = ()

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach the address."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    @property
    def tls(self) -> bool:
        return self.cert is not None and self.key is not None

    @property
    def url(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.tls else 'http'}://{host}:{self.port}"

    def check(self) -> None:
        """Raises ServeError where the address is reachable from elsewhere and not protected, or TLS cannot be had."""
        self._check_tls()
        if self.loopback and not self.behind_proxy:
            return
        if self.users is None:
            where = "this server behind its proxy" if self.behind_proxy else self.host
            raise ServeError(
                f"{where} can be reached from other machines, so people must sign in: give --users FILE "
                "(create it with `bessinside user NAME --file FILE`)"
            )
        if not self.tls and not self.behind_proxy:
            raise ServeError(
                f"{self.host} can be reached from other machines and passwords would travel in the clear: give --cert "
                "and --key, or --behind-proxy if a proxy in front of this server speaks TLS"
            )

    def _check_tls(self) -> None:
        if (self.cert is None) != (self.key is None):
            raise ServeError("TLS needs both: give --cert and --key")
        if self.cert is not None and self.key is not None:
            try:
                ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(self.cert, self.key)
            except OSError as error:
                raise ServeError(f"{self.cert}, {self.key}: no certificate with its key: {error}") from error

    def hosts(self) -> frozenset[str]:
        """Names under which the server may be called; empty behind a proxy."""
        if self.behind_proxy and not self.names:
            return frozenset()
        names = {self.host, *self.names}
        if self.loopback:
            names |= {"localhost", "127.0.0.1", "[::1]"}
        plain = {f"[{name}]" if ":" in name and not name.startswith("[") else name for name in names}
        standard = self.behind_proxy or self.port in (80, 443)  # a browser leaves out the port that it expects
        return frozenset({f"{name}:{self.port}" for name in plain} | (plain if standard else set()))


def make_server(
    twin: Twin, listen: Listen, history: str | Path | None = None, recording: Recording | None = None
) -> uvicorn.Server:
    """A server that runs with `await server.serve()`; `history` is the folder or address of its past, `recording` says
    how that is recorded. Raises ServeError or UsersError."""
    listen.check()
    accounts = Accounts(load_users(listen.users)) if listen.users else None
    secure = listen.tls or listen.behind_proxy
    app = create_app(twin, hosts=listen.hosts(), accounts=accounts, secure=secure, history=history, recording=recording)
    config = uvicorn.Config(
        app,
        host=listen.host,
        port=listen.port,
        lifespan="on",
        log_level="warning",
        ws="websockets-sansio",
        ws_max_size=4096,  # viewers have nothing to say
        ws_per_message_deflate=False,  # frames are deflated once for all viewers
        server_header=False,
        ssl_certfile=listen.cert,
        ssl_keyfile=listen.key,
        ssl_version=ssl.PROTOCOL_TLS_SERVER,
        timeout_graceful_shutdown=2,
    )
    return uvicorn.Server(config)
