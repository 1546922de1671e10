"""Everything that can go wrong between a client and a device, each by its own name."""

from __future__ import annotations

from bessinside.errors import BessError

EXCEPTION_NAMES = {
    1: "illegal function",
    2: "illegal data address",
    3: "illegal data value",
    4: "device failure",
    5: "acknowledge",
    6: "device busy",
    8: "memory parity error",
    10: "gateway path unavailable",
    11: "gateway target failed to respond",
}
"""Exception codes of the Modbus Application Protocol Specification V1.1b3, clause 7."""


class ModbusError(BessError):
    """Any trouble with a Modbus device or with what was asked of it."""


class LimitError(ModbusError):
    """A request that no Modbus device may be sent: too long, beyond address 65535, unknown function code."""


class WriteRefused(ModbusError):
    """A write through a client that only reads."""


class EndpointError(ModbusError):
    """An address of a device that cannot be understood or reached."""


class SecurityError(ModbusError):
    """A certificate or role that does not let a connection be made."""


class CaptureError(ModbusError):
    """A capture file that cannot be replayed."""


class LinkClosed(ModbusError):
    """The connection ended before the answer came."""


class AnswerTimeout(ModbusError):
    """The device was silent for longer than its time limit."""


class DeviceException(ModbusError):
    """The device answered with an exception code."""

    def __init__(self, text: str, code: int) -> None:
        super().__init__(f"{text}: exception {code} ({EXCEPTION_NAMES.get(code, 'not in the specification')})")
        self.code = code


class FrameError(ModbusError):
    """Bytes that are no answer to what was asked."""


class Truncated(FrameError):
    """A frame that stopped before its end."""


class OverLong(FrameError):
    """A frame longer than the specification allows, or bytes behind its end."""


class WrongTransaction(FrameError):
    """A transaction identifier that is not in flight."""


class DuplicateAnswer(WrongTransaction):
    """A second answer to a request that was already answered."""


class Unsolicited(FrameError):
    """Bytes that came while nothing was asked."""


class WrongUnit(FrameError):
    """An answer of another unit."""


class WrongFunction(FrameError):
    """An answer with another function code."""


class WrongLength(FrameError):
    """A length or byte count that does not fit what was asked."""


class BadCrc(FrameError):
    """An RTU frame whose check sum does not fit its bytes."""


class NotModbus(FrameError):
    """A protocol identifier other than 0: the peer does not speak Modbus."""
