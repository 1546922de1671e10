"""Devices that list their own registers (SunSpec): the list is read once and becomes their map."""

from __future__ import annotations

from bessinside.modbus import parse_endpoint, parse_quirks
from bessinside.plant import Device
from bessinside.registers import RegisterMap, discover, sunspec_map
from bessinside.twin.line import Line


async def discover_map(device: Device) -> RegisterMap:
    """Asks a SunSpec device for its chain of models and makes a map of it.

    Raises ModbusError where the device does not answer, SunSpecError where it speaks no SunSpec.
    """
    line = Line(parse_endpoint(device.url), parse_quirks(device.quirks), device.id)
    try:
        await line.client()
        return sunspec_map(await discover(line.read))
    finally:
        await line.close()
