"""The application on a real server and a free port, around the small plant."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import argon2
import httpx
import pytest

from bessinside.twin import Twin
from bessinside.web import Listen, app, make_server
from bessinside.web import users as accounts
from bessinside.web.users import save_user

PASSWORD = "correct horse battery"


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@dataclass
class Site:
    """A running server: its address, its twin, and a client that behaves as a page of this origin."""

    url: str
    port: int
    twin: Twin
    http: httpx.AsyncClient

    @property
    def socket_url(self) -> str:
        return self.url.replace("http", "ws", 1) + "/api/live"

    async def sign_in(self, user: str, password: str = PASSWORD) -> httpx.Response:
        return await self.http.post("/api/session", json={"user": user, "password": password})

    async def read(self) -> None:
        """Waits until every device was read."""
        async with asyncio.timeout(10):
            while {poller.state for poller in self.twin.pollers} != {"up"}:
                await asyncio.sleep(0.01)


@pytest.fixture(scope="session", autouse=True)
def cheap_hashes() -> Iterator[None]:
    """Hashes that take no time; what the product uses is tested by its parameters."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(accounts, "_hasher", argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        yield


Serve = Callable[..., AbstractAsyncContextManager[Site]]


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A built page of three files, and a secret beside it."""
    folder = tmp_path / "page"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<!doctype html><title>the page</title>")
    (folder / "assets" / "main-1a2b.js").write_text("export {}")
    (folder / "icon.svg").write_text("<svg/>")
    (tmp_path / "secret.txt").write_text("secret")
    monkeypatch.setattr(app, "PAGE", folder)
    return folder


@pytest.fixture
def serve(small: Any, page: Path) -> Serve:
    """Serves the small plant; `listen` takes the fields of `Listen`."""

    @asynccontextmanager
    async def run(
        *, verify: Any = True, plant: Any = None, history: Path | None = None, **listen: Any
    ) -> AsyncIterator[Site]:
        where = Listen(**{"port": free_port(), **listen})
        twin = Twin(plant or small.plant())
        server = make_server(twin, where, history)
        task = asyncio.create_task(server.serve())
        while not server.started:
            assert not task.done(), "the server ended at once"
            await asyncio.sleep(0.005)
        url = where.url
        try:
            async with httpx.AsyncClient(base_url=url, headers={"Origin": url}, verify=verify, trust_env=False) as http:
                yield Site(url, where.port, twin, http)
        finally:
            server.should_exit = True
            await task

    return run


@pytest.fixture
async def site(serve: Serve, served: Any) -> AsyncIterator[Site]:
    """The small plant on loopback, without sign-in."""
    async with serve(plant=served.plant()) as running:
        yield running


@pytest.fixture(scope="session")
def users(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A users file with one person of each role."""
    path = tmp_path_factory.mktemp("users") / "users.toml"
    for role in ("viewer", "operator", "admin"):
        save_user(path, f"a-{role}", role, PASSWORD)
    return path


@pytest.fixture
async def guarded(serve: Serve, users: Path) -> AsyncIterator[Site]:
    """The small plant on loopback, with sign-in."""
    async with serve(users=users) as running:
        yield running
