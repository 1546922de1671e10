"""The address of a past on ClickHouse: `clickhouse://user@host:8123,host2:8123/database?cluster=name`."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from bessinside.errors import BessError
from bessinside.runtime import disk

SCHEMES = {"clickhouse": ("http", 8123), "clickhouses": ("https", 8443)}
_KEYS = ("cluster", "password_file", "buffer")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}")
_FORM = "clickhouse://user@host:8123/database"


class AddressError(BessError):
    """An address that cannot be understood."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a past is kept.

    hosts: the address of every server, `http://host:port`; with `cluster` (the name of these servers in their own
    configuration) each keeps a part of the devices, without it there is one. buffer: the folder that holds what the
    servers do not have yet, None for the place that the program chooses. `text` shows it, without the password.
    """

    hosts: tuple[str, ...]
    database: str
    user: str = "default"
    password: str = field(default="", repr=False)
    cluster: str = ""
    buffer: Path | None = None
    text: str = ""


def is_address(where: str | Path) -> bool:
    """Whether this names a server rather than a folder. A Path has lost one of the slashes."""
    return str(where).partition(":")[0] in SCHEMES and ":/" in str(where)


def parse_address(where: str | Path) -> Address:
    """The address that a text says. Raises AddressError, also where the file of the password cannot be read."""
    text = re.sub(r"^(\w+):/+", r"\1://", str(where))
    scheme, _, rest = text.partition("://")
    if scheme not in SCHEMES:
        raise AddressError(f"{where}: expected {_FORM}, or clickhouses:// for TLS")
    web, port = SCHEMES[scheme]
    authority, _, path = rest.partition("/")
    database, _, query = path.partition("?")
    if not _NAME.fullmatch(database):
        raise AddressError(
            f"{_bare(text)}: the database {database!r} must be a name of letters, digits and _ as in {_FORM}"
        )
    said = dict(parse_qsl(query, keep_blank_values=True))
    if unknown := sorted(set(said) - set(_KEYS)):
        raise AddressError(f"{_bare(text)}: unknown {', '.join(unknown)}; there are {', '.join(_KEYS)}")
    cluster = said.get("cluster", "")
    if cluster and not _NAME.fullmatch(cluster):
        raise AddressError(f"{_bare(text)}: cluster {cluster!r} must be a name of letters, digits and _")
    who, _, hosts = authority.rpartition("@")
    user, _, password = who.partition(":")
    if file := said.get("password_file"):
        try:
            password = disk.read_text(file).strip("\r\n")
        except OSError as error:
            raise AddressError(
                f"{_bare(text)}: the password's file {file} cannot be read ({error.strerror})"
            ) from error
    else:
        password = unquote(password)
    every = tuple(_host(one, web, port, text) for one in hosts.split(","))
    if len(every) > 1 and not cluster:
        raise AddressError(
            f"{_bare(text)}: {len(every)} servers, but no ?cluster=NAME: the name under which their configuration "
            "(remote_servers) knows each other"
        )
    buffer = said.get("buffer")
    shown = f"{scheme}://{user + '@' if user else ''}{hosts}/{database}" + (f"?cluster={cluster}" if cluster else "")
    return Address(
        every, database, unquote(user) or "default", password, cluster, Path(buffer) if buffer else None, shown
    )  # fmt: skip


def _host(one: str, web: str, default: int, text: str) -> str:
    try:
        parts = urlsplit(f"//{one}")
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise AddressError(f"{_bare(text)}: {one!r} is no host:port ({error})") from error
    if not host or parts.path or parts.query:
        raise AddressError(f"{_bare(text)}: {one!r} is no host:port")
    return f"{web}://{f'[{host}]' if ':' in host else host}:{port or default}"


def _bare(text: str) -> str:
    """The address without a password."""
    return re.sub(r"(//[^/@:]*):[^/@]*@", r"\1@", text)
