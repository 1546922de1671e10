"""Devices that list their own registers (SunSpec): the list is read once and becomes their map."""

from __future__ import annotations

from bessinside.modbus import connect, parse_endpoint, parse_quirks
from bessinside.plant import Device
from bessinside.registers import RegisterMap, discover, sunspec_map


async def discover_map(device: Device) -> RegisterMap:
    """Asks a SunSpec device for its chain of models and makes a map of it.

    Raises ModbusError where the device does not answer, SunSpecError where it speaks no SunSpec.
    """
    endpoint = parse_endpoint(device.url)
    client = await connect(endpoint, quirks=parse_quirks(device.quirks), device=device.id)

    async def read(fc: int, address: int, count: int) -> list[int]:
        words: list[int] = (await client.read(endpoint.unit, fc, address, count)).tolist()
        return words

    try:
        return sunspec_map(await discover(read))
    finally:
        await client.close()
