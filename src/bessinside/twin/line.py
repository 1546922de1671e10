"""One connection to one address, shared by every unit behind it and made anew where it broke."""

from __future__ import annotations

import asyncio

from bessinside.modbus import Client, Endpoint, Quirks, Tap, connect


class Line:
    """A gateway, a serial line or a single device: what stands behind one address gets one connection.

    Some devices hang up on a question about registers that they do not have; the next one who asks connects again.
    """

    def __init__(self, endpoint: Endpoint, quirks: Quirks, device: str | None = None) -> None:
        self.endpoint = endpoint
        self.quirks = quirks
        self._device = device
        self._tap: Tap | None = None
        self._client: Client | None = None
        self._turn = asyncio.Lock()

    async def client(self) -> Client:
        """The connection; raises ModbusError where none can be had."""
        async with self._turn:
            if self._client is None or self._client.closed:
                await self._drop()
                self._client = await connect(self.endpoint, quirks=self.quirks, device=self._device)
                self._client.tap = self._tap
            return self._client

    def listen(self, tap: Tap | None) -> None:
        """Gives every exchange on this line, of every unit behind it, to `tap` from now on; None ends that."""
        self._tap = tap
        if self._client is not None:
            self._client.tap = tap

    async def read(self, fc: int, address: int, count: int) -> list[int]:
        """The words of some registers; raises ModbusError."""
        client = await self.client()
        words: list[int] = (await client.read(self.endpoint.unit, fc, address, count)).tolist()
        return words

    async def close(self) -> None:
        """Closes the connection; the next one who asks opens it again."""
        async with self._turn:
            await self._drop()

    async def _drop(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            await client.close()
