"""The live stream: one frame a tick for everybody; a viewer who is slow skips frames and loses nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

from bessinside.runtime import clock
from bessinside.twin import Twin
from bessinside.web.frame import encode_frame
from bessinside.web.schema import Schemas

TICK_S = 0.5


class Live:
    """Builds frames while somebody watches. `schema` is the hash of what the newest frame must be decoded with."""

    def __init__(self, twin: Twin) -> None:
        self.twin = twin
        self.schemas = Schemas(twin)
        self.schema = ""
        self._frame = b""
        self._tick = asyncio.Event()
        self._viewers = 0
        self._task: asyncio.Task[None] | None = None

    def current_schema(self) -> str:
        """The hash of the present schema."""
        self.schema = self.schemas.get().hash
        return self.schema

    async def frames(self) -> AsyncGenerator[str | bytes, None]:
        """Frames as they are built, newest first; a text with the schema's hash before the first and after a change.

        Ends when the stream is closed; raises what kept the next frame from being built.
        """
        self._viewers += 1
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._build())
        builder = self._task
        told = ""
        sent: bytes | None = None
        try:
            while not builder.done():
                if not self._frame or self._frame is sent:
                    await self._tick.wait()
                elif told != self.schema:
                    told = self.schema
                    yield told  # a slow viewer may find another schema when this is sent
                else:
                    sent = self._frame
                    yield sent
        finally:
            self._viewers -= 1
        if not builder.cancelled():
            builder.result()

    async def _build(self) -> None:
        try:
            while self._viewers:
                schema = self.current_schema()
                self._frame = encode_frame(self.twin, self.twin.snapshot(), schema)
                self._tick.set()
                self._tick = asyncio.Event()
                await clock.sleep(TICK_S)
        finally:
            self._frame = b""
            self._tick.set()  # nobody waits for a frame that never comes
            self._tick = asyncio.Event()

    async def close(self) -> None:
        """Ends the stream."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
