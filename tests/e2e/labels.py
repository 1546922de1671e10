"""Independent reading: registers by pymodbus, words to values by a point's facts, texts of the page to numbers."""

from __future__ import annotations

import math
import re
import struct
from typing import Any

from pymodbus.client import ModbusTcpClient

PREFIX = {"": 1.0, "µ": 1e-6, "m": 1e-3, "k": 1e3, "M": 1e6, "G": 1e9}
BASE = ("W", "var", "VA", "Wh", "varh", "V", "A", "Hz", "Ω", "Pa", "s")
SCALED = {"l/min": 1 / 60000, "bar": 1e5} | dict.fromkeys(("%", "°C", "K", "rpm", "ppm", "%/m", "m", ""), 1.0)


class Reader:
    """Reads registers with pymodbus, one connection per device."""

    def __init__(self) -> None:
        self.clients: dict[tuple[str, int], ModbusTcpClient] = {}

    def words(self, reading: dict[str, Any]) -> list[int]:
        """The words of a passport's register, read anew."""
        device = reading["device"]
        key = (device["host"], device["port"])
        if key not in self.clients:
            self.clients[key] = ModbusTcpClient(device["host"], port=device["port"], timeout=3)
            assert self.clients[key].connect()
        client, address, count = self.clients[key], reading["address"], reading["words_count"]
        unit = device["unit"]
        match reading["function_code"]:
            case 1:
                return [int(bit) for bit in client.read_coils(address, count=count, device_id=unit).bits[:count]]
            case 2:
                bits = client.read_discrete_inputs(address, count=count, device_id=unit).bits
                return [int(bit) for bit in bits[:count]]
            case 3:
                return list(client.read_holding_registers(address, count=count, device_id=unit).registers)
            case _:
                return list(client.read_input_registers(address, count=count, device_id=unit).registers)

    def close(self) -> None:
        for client in self.clients.values():
            client.close()


def recompute(words: list[int], fact: dict[str, Any], exponent: int) -> float:
    """A value from its words by the facts of the schema: word order, type, field, scale, offset, sign, unit."""
    ordered = words[::-1] if fact["low_first"] else words
    data = b"".join(struct.pack(">H", word) for word in ordered)
    if fact["type"].startswith("float"):
        number = struct.unpack(">f" if len(words) == 2 else ">d", data)[0]
    else:
        raw = int.from_bytes(data, "big")
        bits = 16 * len(words)
        if fact["mask"] is not None:
            raw = (raw & fact["mask"]) >> fact["shift"]
            bits = (fact["mask"] >> fact["shift"]).bit_length()
        if fact["type"].startswith(("int", "sunssf")) and raw >> (bits - 1):
            raw -= 1 << bits
        number = float(raw)
    return float(fact["sign"] * (number * 10.0**exponent + fact["add"]) * fact["factor"])


def as_shown(text: str, unit: str) -> tuple[float, float]:
    """A number as it is written on the page, in SI, and half of its last digit."""
    clean = text.strip().replace(",", "").replace("−", "-").replace("\u202f", "").replace("\xa0", "")
    match = re.fullmatch(r"[-+]?\d+(?:\.(\d+))?", clean)
    assert match, f"{text!r} is no number"
    size = scale_of(unit)
    digits = len(match.group(1) or "")
    return float(clean) * size, 0.5 * 10.0**-digits * size


def scale_of(unit: str) -> float:
    """What a unit on the page is in SI."""
    if unit in SCALED:
        return SCALED[unit]
    for base in BASE:
        if unit.endswith(base) and unit[: -len(base)] in PREFIX:
            return PREFIX[unit[: -len(base)]]
    raise AssertionError(f"unit {unit!r} is not known to this test")


def close(a: float, b: float, tolerance: float) -> bool:
    return math.isclose(a, b, rel_tol=1e-9, abs_tol=tolerance + 1e-12)
