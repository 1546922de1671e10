"""Calls an ASGI application in place, as uvicorn would from its sockets."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Any

Application = Callable[..., Awaitable[None]]
HOST = b"plant.example"


class ViewerGone(OSError):
    """What a server is told that sends to a viewer who has left; uvicorn says it likewise."""


def _scope(kind: str, path: str, query: str, origin: bool) -> dict[str, Any]:
    headers = [(b"host", HOST)] + [(b"origin", b"http://" + HOST)] * origin
    return {
        "type": kind,
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "scheme": "ws" if kind == "websocket" else "http",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": query.encode(),
        "headers": headers,
        "client": ("10.0.0.9", 40000),
        "server": ("10.0.0.1", 80),
        "extensions": {},
        "state": {},
        **({"subprotocols": []} if kind == "websocket" else {"method": "GET"}),
    }


async def get(app: Application, path: str, query: str = "") -> tuple[int, bytes]:
    """Status and body of a GET."""
    asked = [{"type": "http.request", "body": b"", "more_body": False}]
    status, body = 0, bytearray()

    async def receive() -> dict[str, Any]:
        return asked.pop() if asked else {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            status = message["status"]
        elif message["type"] == "http.response.body":
            body.extend(message.get("body", b""))

    await app(_scope("http", path, query, False), receive, send)
    return status, bytes(body)


async def watch(app: Application, path: str, take: Callable[[str | bytes], Awaitable[None]]) -> None:
    """Opens a WebSocket and gives `take` every message; ends when `take` raises ConnectionError: the viewer is gone."""
    asked = [{"type": "websocket.connect"}]
    gone = asyncio.Event()

    async def receive() -> dict[str, Any]:
        if asked:
            return asked.pop()
        await gone.wait()
        return {"type": "websocket.disconnect", "code": 1001}

    async def send(message: dict[str, Any]) -> None:
        if gone.is_set():
            raise ViewerGone
        if message["type"] == "websocket.send":
            text, data = message.get("text"), message.get("bytes")
            try:
                await take(text if text is not None else data)
            except ConnectionError as error:
                gone.set()
                raise ViewerGone from error
        else:
            assert message["type"] in ("websocket.accept", "websocket.close"), message

    with contextlib.suppress(ViewerGone):
        await app(_scope("websocket", path, "", True), receive, send)


class Running:
    """The application between its start and its end."""

    def __init__(self, app: Application) -> None:
        self.app = app
        self._told: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._said: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Application:
        async def serve() -> None:
            scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": {}}
            await self.app(scope, self._told.get, self._said.put)

        self._task = asyncio.create_task(serve())
        await self._tell("startup")
        return self.app

    async def __aexit__(self, *_: object) -> None:
        await self._tell("shutdown")
        assert self._task is not None
        await self._task

    async def _tell(self, what: str) -> None:
        await self._told.put({"type": f"lifespan.{what}"})
        answer = await self._said.get()
        assert answer["type"] == f"lifespan.{what}.complete", answer
