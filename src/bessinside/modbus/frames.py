"""Frames of Modbus Application Protocol V1.1b3 on TCP (MBAP header) and on serial lines (RTU, CRC-16)."""

from __future__ import annotations

import struct
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bessinside.modbus.errors import BadCrc, LimitError, NotModbus, OverLong, Truncated, WrongLength

READ_COILS, READ_DISCRETE, READ_HOLDING, READ_INPUT = 1, 2, 3, 4
WRITE_COIL, WRITE_REGISTER, WRITE_COILS, WRITE_REGISTERS = 5, 6, 15, 16
ENCAPSULATED = 43
READ_FUNCTIONS = (READ_COILS, READ_DISCRETE, READ_HOLDING, READ_INPUT)
WRITE_FUNCTIONS = (WRITE_COIL, WRITE_REGISTER, WRITE_COILS, WRITE_REGISTERS)

MAX_REGISTERS, MAX_BITS = 125, 2000
MAX_WRITE_REGISTERS, MAX_WRITE_BITS = 123, 1968
ADDRESSES = 65536
MAX_PDU = 253
MAX_LENGTH = MAX_PDU + 1  # what the MBAP length counts: unit identifier and PDU
MAX_RTU = 256

_READ = struct.Struct(">BHH")
_MBAP = struct.Struct(">HHHB")


class Mbap(NamedTuple):
    """The header of a Modbus/TCP frame; `length` counts the unit identifier and the PDU."""

    transaction: int
    length: int
    unit: int


def check_read(function: int, address: int, count: int) -> None:
    """Raises LimitError for a read that the specification does not allow."""
    if function not in READ_FUNCTIONS:
        raise LimitError(f"function code {function} does not read; use one of {READ_FUNCTIONS}")
    most = MAX_BITS if function in (READ_COILS, READ_DISCRETE) else MAX_REGISTERS
    if not 1 <= count <= most:
        raise LimitError(f"function code {function} at {address}: {count} asked for, a request carries 1 to {most}")
    if address < 0 or address + count > ADDRESSES:
        raise LimitError(f"function code {function} at {address}: {count} reach beyond address {ADDRESSES - 1}")


def read_pdu(function: int, address: int, count: int) -> bytes:
    """The request of function codes 1 to 4 (clauses 6.1 to 6.4)."""
    check_read(function, address, count)
    return _READ.pack(function, address, count)


def write_pdu(function: int, address: int, values: list[int]) -> bytes:
    """The request of function codes 5, 6, 15 and 16 (clauses 6.5, 6.6, 6.11, 6.12); coils are 0 or 1."""
    if function not in WRITE_FUNCTIONS:
        raise LimitError(f"function code {function} does not write; use one of {WRITE_FUNCTIONS}")
    most = {WRITE_COIL: 1, WRITE_REGISTER: 1, WRITE_COILS: MAX_WRITE_BITS, WRITE_REGISTERS: MAX_WRITE_REGISTERS}
    count = len(values)
    if not 1 <= count <= most[function] or address < 0 or address + count > ADDRESSES:
        raise LimitError(
            f"function code {function} at {address}: {count} values; a request carries 1 to {most[function]} "
            f"and ends at address {ADDRESSES - 1}"
        )
    bits = function in (WRITE_COIL, WRITE_COILS)
    if any(not 0 <= value <= (1 if bits else 0xFFFF) for value in values):
        raise LimitError(f"function code {function} at {address}: a value does not fit {'a bit' if bits else 'u16'}")
    if function == WRITE_COIL:
        return _READ.pack(function, address, 0xFF00 if values[0] else 0)
    if function == WRITE_REGISTER:
        return _READ.pack(function, address, values[0])
    payload = pack_bits(np.array(values, dtype=np.uint16)) if bits else np.array(values, dtype=">u2").tobytes()
    return _READ.pack(function, address, count) + bytes((len(payload),)) + payload


def exception_pdu(function: int, code: int) -> bytes:
    """The answer that refuses `function` with `code`."""
    return bytes((function & 0x7F | 0x80, code))


def answer_size(function: int, count: int) -> int:
    """Bytes of data in the answer to a read of `count` registers or bits."""
    return (count + 7) // 8 if function in (READ_COILS, READ_DISCRETE) else 2 * count


def pack_bits(words: NDArray[np.uint16]) -> bytes:
    """0/1 words to bytes, first bit lowest, as function codes 1, 2 and 15 carry them."""
    return np.packbits(words != 0, bitorder="little").tobytes()


def unpack_bits(payload: bytes | bytearray | memoryview, count: int) -> NDArray[np.uint8]:
    """Bytes to `count` words of 0 or 1."""
    return np.unpackbits(np.frombuffer(payload, np.uint8), count=count, bitorder="little")


def tcp_frame(transaction: int, unit: int, pdu: bytes) -> bytes:
    """A Modbus/TCP frame."""
    return _MBAP.pack(transaction, 0, len(pdu) + 1, unit) + pdu


def parse_tcp(frame: bytes) -> tuple[Mbap, bytes]:
    """Header and PDU of exactly one Modbus/TCP frame; raises the FrameError that names what is wrong."""
    if len(frame) < 8:
        raise Truncated(f"{len(frame)} bytes: a Modbus/TCP frame has 8 at least")
    transaction, protocol, length, unit = _MBAP.unpack_from(frame)
    if protocol:
        raise NotModbus(f"protocol identifier {protocol}, Modbus has 0")
    if length > MAX_LENGTH:
        raise OverLong(f"length {length}, a frame has {MAX_LENGTH} at most")
    if length < 2:
        raise WrongLength(f"length {length}, a frame has 2 at least")
    if len(frame) < 6 + length:
        raise Truncated(f"{len(frame)} of {6 + length} bytes")
    if len(frame) > 6 + length:
        raise OverLong(f"{len(frame) - 6 - length} bytes behind the end of the frame")
    return Mbap(transaction, length, unit), frame[7:]


def _crc_table() -> tuple[int, ...]:
    table = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ 0xA001 if value & 1 else value >> 1
        table.append(value)
    return tuple(table)


_CRC = _crc_table()


def crc16(frame: bytes | bytearray | memoryview) -> int:
    """CRC-16/MODBUS (serial line specification V1.02, clause 6.2.2): 0x4B37 for b"123456789"."""
    crc = 0xFFFF
    table = _CRC
    for byte in frame:
        crc = crc >> 8 ^ table[(crc ^ byte) & 0xFF]
    return crc


def rtu_frame(unit: int, pdu: bytes) -> bytes:
    """An RTU frame: unit, PDU, check sum with its low byte first."""
    body = bytes((unit,)) + pdu
    return body + crc16(body).to_bytes(2, "little")


def parse_rtu(frame: bytes) -> tuple[int, bytes]:
    """Unit and PDU of exactly one RTU frame; raises the FrameError that names what is wrong."""
    if len(frame) < 4:
        raise Truncated(f"{len(frame)} bytes: an RTU frame has 4 at least")
    if len(frame) > MAX_RTU:
        raise OverLong(f"{len(frame)} bytes: an RTU frame has {MAX_RTU} at most")
    expected = crc16(frame[:-2]).to_bytes(2, "little")
    if frame[-2:] != expected:
        raise BadCrc(f"check sum {frame[-2:].hex()}, the bytes give {expected.hex()}")
    return frame[0], frame[1:-2]
