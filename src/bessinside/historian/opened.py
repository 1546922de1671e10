"""A past opened to ask it, whether or not somebody records into it meanwhile: a folder, or servers by their address."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, cast

from bessinside.historian.basis import decoding
from bessinside.historian.clickhouse.address import Address, is_address, parse_address
from bessinside.historian.embedded.spool import COMMIT_EVERY_S
from bessinside.historian.past.past import Past
from bessinside.plant import Plant

if TYPE_CHECKING:
    from bessinside.historian.clickhouse.server import Server
    from bessinside.historian.embedded.record import Historian


@contextmanager
def opened(where: str | Path, *, as_recorded: bool = False) -> Iterator[Past]:
    """The past that a folder or an address (`clickhouse://…`) holds, decoded with the maps that came to stand for
    others, or `as_recorded` with those of its time. Raises HistoryError where nothing was recorded there,
    AddressError, DecodingError."""
    past, close = open_past(where, as_recorded=as_recorded)
    try:
        yield past
    finally:
        close()


def open_past(where: str | Path, *, as_recorded: bool = False) -> tuple[Past, Callable[[], None]]:
    """As :func:`opened`, but it stays open until the second one is called."""
    if is_address(where):
        server = open_server(parse_address(where))
        try:
            return Past(server, () if as_recorded else server.decodings(), server.name), server.close
        except BaseException:
            server.close()
            raise
    from bessinside.historian.embedded.store import Store  # Arrow is loaded for those who ask only

    store = Store(where)
    try:
        return Past(store, () if as_recorded else decoding.load(where), str(where), Path(where)), store.close
    except BaseException:
        store.close()
        raise


def renewed(past: Past, where: str | Path) -> Past:
    """A past with the decodings that hold now; itself where they are those that it has. Raises DecodingError."""
    folder = not is_address(where)
    decodings = decoding.load(where) if folder else cast("Server", past.archive).decodings()
    if decodings == past.worlds.decodings:
        return past
    return Past(past.archive, decodings, past.name, Path(where) if folder else None)


def historian_of(where: str | Path, plant: Plant, *, commit_every_s: float = COMMIT_EVERY_S) -> Historian:
    """What records a plant into a folder or onto servers. Raises AddressError."""
    if is_address(where):
        from bessinside.historian.clickhouse.recorder import Recorder

        return Recorder(where, plant, commit_every_s=commit_every_s)
    from bessinside.historian.embedded.record import Historian

    return Historian(where, plant, commit_every_s=commit_every_s)


def open_server(address: Address) -> Server:
    """The archive that servers keep."""
    from bessinside.historian.clickhouse.door import HttpDoor
    from bessinside.historian.clickhouse.server import Server

    return Server(HttpDoor(address))
