"""Two servers of ClickHouse, and one past in a folder, in chDB and on both servers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bessinside.historian.clickhouse.address import Address, parse_address
from bessinside.historian.clickhouse.door import HttpDoor
from bessinside.historian.clickhouse.recorder import Recorder
from bessinside.historian.clickhouse.server import Server
from bessinside.historian.embedded.store import Store
from bessinside.historian.past.past import Past
from bessinside.plant import load_plant
from tests.conftest import Small
from tests.historian.clickhouse import chdb_door
from tests.historian.clickhouse.recorded import record
from tests.historian.clickhouse.server import PROGRAM, WITHOUT, Cluster


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    if PROGRAM is None:
        pytest.skip(WITHOUT)
    made = Cluster(tmp_path_factory.mktemp("clickhouse"))
    try:
        made.start()
        yield made
    finally:
        made.stop()


@pytest.fixture(scope="session")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A session of chDB, of which a process has one."""
    found = pytest.importorskip("chdb.session", reason=chdb_door.WITHOUT)
    made = found.Session(str(tmp_path_factory.mktemp("chdb")))
    yield made
    made.close()


@pytest.fixture(scope="session")
def pasts(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[dict[str, Past]]:
    """The same past by where it is kept: `folder`, and as far as this machine has them `servers` and `chdb`."""
    root: Path = tmp_path_factory.mktemp("same")
    small = Small(root)
    plant = load_plant(small.file(small.text().replace('every = "200 ms"', 'every = "4 s"')))
    doors: dict[str, Any] = {}
    recorders = []
    if PROGRAM is not None:
        found: Cluster = request.getfixturevalue("cluster")
        address = parse_address(found.address("same", more=f"&buffer={root / 'buffer-servers'}"))
        doors["servers"] = lambda: HttpDoor(address)
        recorders.append(Recorder(address, plant, commit_every_s=20.0, send_every_s=90.0))
    try:
        session = request.getfixturevalue("session")
    except pytest.skip.Exception:
        pass
    else:
        doors["chdb"] = lambda: chdb_door.ChdbDoor(session, root, "same")
        address_of = Address((), "same", buffer=root / "buffer-chdb", text="chdb")
        recorders.append(Recorder(address_of, plant, commit_every_s=20.0, send_every_s=90.0, door=doors["chdb"]()))
    record(small, root / "folder", recorders)
    store = Store(root / "folder")
    servers = {name: Server(door()) for name, door in doors.items()}
    yield {"folder": Past(store), **{name: Past(server) for name, server in servers.items()}}
    for server in servers.values():
        server.close()
    store.close()
