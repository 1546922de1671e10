"""Devices that list their own registers (SunSpec): the list is read once and becomes their map."""

from __future__ import annotations

from bessinside.errors import BessError
from bessinside.modbus import connect, parse_endpoint, parse_quirks
from bessinside.plant import Device
from bessinside.registers import RegisterMap, discover, sunspec_map

MAP = "sunspec"


async def discover_map(device: Device) -> RegisterMap | None:
    """Asks a SunSpec device for its chain of models; None where it does not answer or speaks no SunSpec."""
    endpoint = parse_endpoint(device.url)
    try:
        client = await connect(endpoint, quirks=parse_quirks(device.quirks), device=device.id)
    except BessError:
        return None

    async def read(fc: int, address: int, count: int) -> list[int]:
        return [int(word) for word in await client.read(endpoint.unit, fc, address, count)]

    try:
        return sunspec_map(await discover(read))
    except BessError:
        return None
    finally:
        await client.close()
