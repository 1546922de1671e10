"""What a device cannot do, as data: the same facts hold a client back and make our server behave like the device."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from bessinside.modbus.errors import EndpointError
from bessinside.modbus.frames import MAX_BITS, MAX_REGISTERS

MAX_WINDOW = 8
_DURATION = re.compile(r"\s*([0-9.]+)\s*(ms|s)\s*")


@dataclass(frozen=True, slots=True)
class Quirks:
    """The limits of one device type. Times in seconds."""

    max_registers: int = MAX_REGISTERS
    """Most registers a request may ask for."""
    max_bits: int = MAX_BITS
    """Most bits a request may ask for."""
    pause_s: float = 0.0
    """Silence the device needs between an answer and the next request."""
    one_connection: bool = False
    """The device serves a single connection."""
    first_answer_s: float = 0.0
    """How much longer the first answer after connecting may take."""
    timeout_s: float = 1.0
    """Longest silence before a request counts as unanswered."""
    connect_s: float = 3.0
    """Longest time to open the connection."""
    short_exception: bool = False
    """Exceptions come with MBAP length 4 instead of 3 (a device in the field: 18 58 00 00 00 04 01 83 03)."""
    window: int = MAX_WINDOW
    """Most requests a probe may put in flight; 1 forbids probing."""

    def __post_init__(self) -> None:
        if not 1 <= self.max_registers <= MAX_REGISTERS:
            raise EndpointError(f"quirk max-registers = {self.max_registers}: write a number from 1 to {MAX_REGISTERS}")
        if not 1 <= self.max_bits <= MAX_BITS:
            raise EndpointError(f"quirk max-bits = {self.max_bits}: write a number from 1 to {MAX_BITS}")
        if not 1 <= self.window <= MAX_WINDOW:
            raise EndpointError(f"quirk window = {self.window}: write a number from 1 to {MAX_WINDOW}")
        if self.timeout_s <= 0 or self.connect_s <= 0 or self.pause_s < 0 or self.first_answer_s < 0:
            raise EndpointError("quirks timeout and connect must be positive, pause and first-answer not negative")


_KEYS = {
    "max-registers": "max_registers",
    "max-bits": "max_bits",
    "pause": "pause_s",
    "one-connection": "one_connection",
    "first-answer": "first_answer_s",
    "timeout": "timeout_s",
    "connect": "connect_s",
    "short-exception": "short_exception",
    "window": "window",
}


def parse_quirks(given: Mapping[str, object]) -> Quirks:
    """Quirks as a map or plant file writes them: `{max-registers: 60, pause: "100 ms", one-connection: true}`."""
    found: dict[str, object] = {}
    for key, value in given.items():
        name = _KEYS.get(key)
        if name is None:
            raise EndpointError(f"quirk {key!r} is not known; known are {', '.join(_KEYS)}")
        found[name] = _seconds(key, value) if name.endswith("_s") else _plain(key, value)
    return Quirks(**found)  # type: ignore[arg-type]


def _seconds(key: str, value: object) -> float:
    if isinstance(value, str):
        match = _DURATION.fullmatch(value)
        if match:
            return float(match[1]) * (1e-3 if match[2] == "ms" else 1.0)
    raise EndpointError(f'quirk {key} = {value!r}: write a time with its unit, as "100 ms" or "1 s"')


def _plain(key: str, value: object) -> int | bool:
    wanted: type = bool if key in ("one-connection", "short-exception") else int
    if isinstance(value, wanted) and (wanted is bool or not isinstance(value, bool)):
        return value  # type: ignore[return-value]
    raise EndpointError(f"quirk {key} = {value!r}: write {'true or false' if wanted is bool else 'a whole number'}")
