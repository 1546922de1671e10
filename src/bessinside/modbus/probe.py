"""How many requests a device takes at a time: tried at connect, never assumed."""

from __future__ import annotations

from bessinside.modbus.client import connect
from bessinside.modbus.endpoint import Endpoint
from bessinside.modbus.errors import ModbusError
from bessinside.modbus.plan import ReadPlan, Request
from bessinside.modbus.quirks import Quirks
from bessinside.runtime import clock

_WINDOWS = (2, 4, 8)
_ROUNDS = 3


async def probe_window(endpoint: Endpoint, unit: int, request: Request, quirks: Quirks | None = None) -> int:
    """The largest window (1, 2, 4 or 8, at most `quirks.window`) in which every request is answered, and faster.

    It opens a connection of its own and closes it; `request` is a read that the device answers. Many devices answer
    only the first of several requests in one TCP segment, so a device gets a wider window only by proving it.
    """
    quirks = quirks or Quirks()
    if quirks.window == 1 or quirks.pause_s or endpoint.framing != "tcp":
        return 1
    plan = ReadPlan([request] * (2 * _WINDOWS[-1]))
    best, window = float("inf"), 1
    client = await connect(endpoint, quirks=quirks)
    try:
        for candidate in (1, *(wide for wide in _WINDOWS if wide <= quirks.window)):
            client.window = candidate
            fastest = float("inf")
            for _ in range(_ROUNDS):
                began = clock.monotonic()
                sweep = await client.sweep(plan, unit)
                if not sweep.ok:
                    return window
                fastest = min(fastest, clock.monotonic() - began)
            if fastest >= best:
                return window
            best, window = fastest, candidate
    except (TimeoutError, ModbusError):
        return window
    finally:
        await client.close()
    return window
