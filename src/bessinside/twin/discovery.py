"""Devices that list their own registers (SunSpec): the list is read twice and becomes their map."""

from __future__ import annotations

from bessinside.registers import RegisterMap, SunSpecError, discover, sunspec_map
from bessinside.registers.sunspec import SunSpecDevice
from bessinside.twin.line import Line


async def discover_map(line: Line, unit: int) -> RegisterMap:
    """Asks a SunSpec device for its chain of models and makes a map of it.

    The list is read twice: a damaged answer must not become the map that every later answer is read with. Raises
    ModbusError where the device does not answer, SunSpecError where it speaks no SunSpec or the two readings differ.
    """

    async def read(fc: int, address: int, count: int) -> list[int]:
        client = await line.client()
        words: list[int] = (await client.read(unit, fc, address, count)).tolist()
        return words

    first = await discover(read)
    second = await discover(read, bases=(first.base,))
    if first != second:
        raise SunSpecError(f"two readings of the list of models differ: {_said(first)}; then {_said(second)}")
    return sunspec_map(first)


def _said(found: SunSpecDevice) -> str:
    """A chain in words: models with their addresses and what was read with them."""
    models = (
        f"{m.id} at {m.address}, length {m.length}" + "".join(f", {name} {value}" for name, value in m.values.items())
        for m in found.models
    )
    return f"from {found.base}: {'; '.join(models) or 'no models'}"
