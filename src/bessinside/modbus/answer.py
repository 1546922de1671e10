"""What a unit answers to a request's PDU: a function of the unit's tables, which it may write."""

from __future__ import annotations

import struct

import numpy as np

from bessinside.modbus.frames import (
    ADDRESSES,
    ENCAPSULATED,
    MAX_BITS,
    MAX_REGISTERS,
    MAX_WRITE_BITS,
    MAX_WRITE_REGISTERS,
    WRITE_COIL,
    WRITE_COILS,
    WRITE_REGISTER,
    WRITE_REGISTERS,
    exception_pdu,
    pack_bits,
    unpack_bits,
)
from bessinside.modbus.unit import Table, Unit

ILLEGAL_FUNCTION, ILLEGAL_ADDRESS, ILLEGAL_VALUE = 1, 2, 3
_PAIR = struct.Struct(">HH")
_DEVICE_ID = 0x0E
_BASIC, _REGULAR = 3, 0x80  # objects below 3 are basic, below 0x80 regular


def answer(unit: Unit, pdu: bytes, max_registers: int = MAX_REGISTERS, max_bits: int = MAX_BITS) -> bytes:
    """The answer's PDU for function codes 1 to 6, 15, 16 and 43/14; exceptions 1, 2 and 3 as V1.1b3 clause 7 wants."""
    function = pdu[0]
    if function in (1, 2, 3, 4):
        return _read(unit, function, pdu, max_bits if function < 3 else max_registers)
    if function in (WRITE_COIL, WRITE_REGISTER, WRITE_COILS, WRITE_REGISTERS):
        return _write(unit, function, pdu)
    if function == ENCAPSULATED:
        return _identify(unit, pdu)
    return exception_pdu(function, ILLEGAL_FUNCTION)


def _read(unit: Unit, function: int, pdu: bytes, limit: int) -> bytes:
    if len(pdu) != 5:
        return exception_pdu(function, ILLEGAL_VALUE)
    address, count = _PAIR.unpack_from(pdu, 1)
    if not 1 <= count <= limit:
        return exception_pdu(function, ILLEGAL_VALUE)
    table = unit.table(function)
    if address + count > ADDRESSES or not table.readable[address : address + count].all():
        return exception_pdu(function, ILLEGAL_ADDRESS)
    words = table.words[address : address + count]
    payload = pack_bits(words) if function < 3 else words.tobytes()
    return bytes((function, len(payload))) + payload


def _write(unit: Unit, function: int, pdu: bytes) -> bytes:
    table = unit.table(function)
    if len(pdu) < 5:
        return exception_pdu(function, ILLEGAL_VALUE)
    address, second = _PAIR.unpack_from(pdu, 1)
    if function in (WRITE_COIL, WRITE_REGISTER):
        if len(pdu) != 5 or (function == WRITE_COIL and second not in (0, 0xFF00)):
            return exception_pdu(function, ILLEGAL_VALUE)
        value = second if function == WRITE_REGISTER else second >> 15
        return _store(unit, table, function, address, np.array([value], np.uint16), pdu)
    bits = function == WRITE_COILS
    size = (second + 7) // 8 if bits else 2 * second
    most = MAX_WRITE_BITS if bits else MAX_WRITE_REGISTERS
    if not 1 <= second <= most or len(pdu) != 6 + size or pdu[5] != size:
        return exception_pdu(function, ILLEGAL_VALUE)
    if bits:
        values = unpack_bits(pdu[6:], second).astype(np.uint16)
    else:
        values = np.frombuffer(pdu, ">u2", offset=6).astype(np.uint16)
    return _store(unit, table, function, address, values, pdu[:5])


def _store(
    unit: Unit,
    table: Table,
    function: int,
    address: int,
    values: np.ndarray[tuple[int], np.dtype[np.uint16]],
    echo: bytes,
) -> bytes:
    end = address + len(values)
    if end > ADDRESSES or not table.writable[address:end].all():
        # what nobody may write anywhere is a function that the unit does not have
        return exception_pdu(function, ILLEGAL_ADDRESS if table.writable.any() else ILLEGAL_FUNCTION)
    if unit.refuse is not None and (code := unit.refuse(function, address, values)):
        return exception_pdu(function, code)
    table.words[address:end] = values
    if unit.on_write is not None:
        unit.on_write(function, address, values)
    return echo


def _identify(unit: Unit, pdu: bytes) -> bytes:
    """Read device identification (clause 6.21): basic, regular and extended stream, or one object."""
    function = pdu[0]
    if len(pdu) < 2 or pdu[1] != _DEVICE_ID or not unit.identification:
        return exception_pdu(function, ILLEGAL_FUNCTION)
    if len(pdu) != 4 or pdu[2] not in (1, 2, 3, 4):
        return exception_pdu(function, ILLEGAL_VALUE)
    code, first = pdu[2], pdu[3]
    known = sorted(unit.identification)
    if code == 4:
        if first not in unit.identification:
            return exception_pdu(function, ILLEGAL_ADDRESS)
        wanted = [first]
    else:
        limit = (_BASIC, _REGULAR, 256)[code - 1]
        start = first if first in unit.identification else 0
        wanted = [number for number in known if start <= number < limit]
    conformity = 0x80 | (3 if known[-1] >= _REGULAR else 2 if known[-1] >= _BASIC else 1)
    body, taken, follows = bytearray(), 0, 0
    for number in wanted:
        text = unit.identification[number].encode()[:240]
        if len(body) + 2 + len(text) > 245:
            follows = number
            break
        body += bytes((number, len(text))) + text
        taken += 1
    return bytes((function, _DEVICE_ID, code, conformity, 0xFF if follows else 0, follows, taken)) + bytes(body)
