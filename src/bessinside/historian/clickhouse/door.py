"""The door to the servers: statements over HTTP, columns in ClickHouse's Native format. Asks the first that answers."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import Protocol

from bessinside.historian.clickhouse.address import Address
from bessinside.historian.clickhouse.errors import ServerAway, ServerError
from bessinside.historian.clickhouse.native import Column, decode, encode
from bessinside.runtime.calls import Calls
from bessinside.runtime.http import HttpError

Version = tuple[int, ...]


class Door(Protocol):
    """What the rest of this room needs of an engine. Safe in several threads. All raise ServerError, ServerAway."""

    name: str
    cluster: str

    def version(self) -> Version:
        """The engine's version, as (18, 16, 1)."""

    def ask(self, query: str, names: Sequence[str]) -> dict[str, Column]:
        """The columns that a SELECT gives, by these names."""

    def put(self, table: str, types: Mapping[str, str], columns: Mapping[str, Column], rows: int) -> None:
        """Writes rows into a table; when this returns the servers hold them."""

    def everywhere(self, statement: str) -> None:
        """Runs a statement (of the making of tables) on every server."""

    def close(self) -> None:
        """Ends it."""


class HttpDoor:
    """Servers over their HTTP interface; see :class:`Door`."""

    def __init__(self, address: Address) -> None:
        self.address, self.name, self.cluster = address, address.text, address.cluster
        self._calls = Calls(address.user, address.password)
        self._first = 0
        self._version: Version | None = None
        self._turn = threading.Lock()

    def version(self) -> Version:
        """The lowest version among the servers: all must understand what is said to them."""
        if self._version is None:
            found = []
            for host in self.address.hosts:
                said = self._on(host, "SELECT version() AS version FORMAT Native", {})
                (text,) = decode(said, ["version"])["version"]
                found.append(tuple(int(part) for part in text.decode().split(".")[:3]))
            self._version = min(found)
        return self._version

    def ask(self, query: str, names: Sequence[str]) -> dict[str, Column]:
        """See :meth:`Door.ask`."""
        return decode(self._any(f"{query} FORMAT Native".encode(), {"database": self.address.database}), names)

    def put(self, table: str, types: Mapping[str, str], columns: Mapping[str, Column], rows: int) -> None:
        """See :meth:`Door.put`. Rows for other servers are there too when it returns."""
        settings = {"database": self.address.database, "query": f"INSERT INTO {table} FORMAT Native"}
        if self.cluster:
            settings["insert_distributed_sync"] = "1"
        self._any(encode(types, columns, rows), settings)

    def everywhere(self, statement: str) -> None:
        """See :meth:`Door.everywhere`."""
        for host in self.address.hosts:
            self._on(host, statement, {})

    def close(self) -> None:
        """See :meth:`Door.close`."""
        self._calls.close()

    def _any(self, body: bytes, settings: Mapping[str, str]) -> bytes:
        """Asks the server that answered last, then the others."""
        hosts = self.address.hosts
        first = self._first
        said: dict[str, None] = {}
        for step in range(len(hosts) + 1):  # the first one twice: it may have closed a connection that it had kept
            number = (first + max(0, step - 1)) % len(hosts)
            try:
                found = self._call(hosts[number], body, settings)
            except ServerAway as error:
                said[str(error)] = None
                continue
            with self._turn:
                self._first = number
            return found
        raise ServerAway("; ".join(said))

    def _on(self, host: str, statement: str, settings: Mapping[str, str]) -> bytes:
        try:
            return self._call(host, statement.encode(), settings)
        except ServerAway:
            return self._call(host, statement.encode(), settings)

    def _call(self, host: str, body: bytes, settings: Mapping[str, str]) -> bytes:
        try:
            _, content = self._calls.post(f"{host}/", {"wait_end_of_query": "1", **settings}, body)
        except HttpError as error:
            kind = ServerAway if error.status == 0 else ServerError
            raise kind(f"{self.name}: {error}") from error
        return content
