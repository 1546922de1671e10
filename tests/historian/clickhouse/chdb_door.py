"""chDB, ClickHouse's engine inside a process, behind the same door as servers: a newer engine than Debian's."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bessinside.historian.clickhouse.door import Version
from bessinside.historian.clickhouse.errors import ServerError
from bessinside.historian.clickhouse.native import Column, decode, encode

WITHOUT = "chDB is not installed (it is in the extra `peers`)"


class ChdbDoor:
    """One database of a session; see :class:`bessinside.historian.clickhouse.door.Door`."""

    cluster = ""

    def __init__(self, session: Any, folder: Path, database: str) -> None:
        self.name = f"chdb/{database}"
        self._session, self._folder, self._database = session, folder, database
        self._turn = threading.Lock()

    def _run(self, statement: str, form: str = "Native") -> bytes:
        with self._turn:
            try:
                return bytes(self._session.query(statement, form).bytes() or b"")
            except Exception as error:  # chDB raises what it likes
                raise ServerError(f"{self.name}: {error}") from error

    def _in(self, statement: str) -> bytes:
        self._run(f"USE {self._database}")
        return self._run(statement)

    def version(self) -> Version:
        (text,) = decode(self._run("SELECT version() AS version"), ["version"])["version"]
        return tuple(int(part) for part in text.decode().split(".")[:3])

    def ask(self, query: str, names: Sequence[str]) -> dict[str, Column]:
        return decode(self._in(query), names)

    def put(self, table: str, types: Mapping[str, str], columns: Mapping[str, Column], rows: int) -> None:
        with tempfile.NamedTemporaryFile(dir=self._folder, suffix=".native") as file:
            file.write(encode(types, columns, rows))
            file.flush()
            names = ", ".join(types)
            structure = ", ".join(f"{name} {kind}" for name, kind in types.items())
            self._in(f"INSERT INTO {table} ({names}) SELECT {names} FROM file('{file.name}', Native, '{structure}')")

    def everywhere(self, statement: str) -> None:
        self._run(statement)

    def close(self) -> None:
        """The session is whoever made it's."""
