"""Golden bytes from the specification and from real devices; round trips of everything else."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bessinside.modbus import errors, frames
from bessinside.modbus.answer import answer
from bessinside.modbus.unit import Unit


@pytest.mark.parametrize(
    ("pdu", "expected"),
    [  # Modbus Application Protocol V1.1b3, the examples of clauses 6.1 to 6.4
        (frames.read_pdu(1, 19, 19), "0100130013"),
        (frames.read_pdu(2, 196, 22), "0200c40016"),
        (frames.read_pdu(3, 107, 3), "03006b0003"),
        (frames.read_pdu(4, 8, 1), "0400080001"),
        # clauses 6.5, 6.6, 6.11, 6.12
        (frames.write_pdu(5, 172, [1]), "0500acff00"),
        (frames.write_pdu(6, 1, [3]), "0600010003"),
        (frames.write_pdu(15, 19, [1, 0, 1, 1, 0, 0, 1, 1, 1, 0]), "0f0013000a02cd01"),
        (frames.write_pdu(16, 1, [10, 258]), "100001000204000a0102"),
        (frames.exception_pdu(3, 2), "8302"),
    ],
)
def test_pdus_are_those_of_the_specification(pdu: bytes, expected: str) -> None:
    assert pdu.hex() == expected


def test_answers_are_those_of_the_specification() -> None:
    unit = Unit()
    unit.holding.put(107, [0x022B, 0x0000, 0x0064])
    unit.input.put(8, [0x000A])
    unit.coils.put(19, [int(bit) for byte in (0xCD, 0x6B, 0x05) for bit in f"{byte:08b}"[::-1]][:19])
    assert answer(unit, bytes.fromhex("03006b0003")).hex() == "0306022b00000064"
    assert answer(unit, bytes.fromhex("0400080001")).hex() == "0402000a"
    assert answer(unit, bytes.fromhex("0100130013")).hex() == "0103cd6b05"


def test_frames_are_those_of_the_specification() -> None:
    assert frames.tcp_frame(0x1501, 0xFF, bytes.fromhex("0300040001")).hex() == "150100000006ff0300040001"
    assert frames.crc16(b"123456789") == 0x4B37
    assert frames.rtu_frame(1, bytes.fromhex("030000000a")).hex() == "01030000000ac5cd"


@given(st.integers(0, 65535), st.integers(0, 255), st.binary(min_size=1, max_size=253))
def test_frames_come_back_as_they_went(tid: int, unit: int, pdu: bytes) -> None:
    header, body = frames.parse_tcp(frames.tcp_frame(tid, unit, pdu))
    assert (header.transaction, header.unit, header.length, body) == (tid, unit, len(pdu) + 1, pdu)
    assert frames.parse_rtu(frames.rtu_frame(unit, pdu)) == (unit, pdu)


@given(st.lists(st.integers(0, 1), min_size=1, max_size=2000))
def test_bits_come_back_as_they_went(bits: list[int]) -> None:
    packed = frames.pack_bits(np.array(bits, np.uint16))
    assert len(packed) == frames.answer_size(1, len(bits))
    assert frames.unpack_bits(packed, len(bits)).tolist() == bits


@given(st.integers(0, 255), st.binary(min_size=2, max_size=253), st.data())
def test_one_flipped_bit_never_passes_the_check_sum(unit: int, pdu: bytes, data: st.DataObject) -> None:
    frame = bytearray(frames.rtu_frame(unit, pdu))
    bit = data.draw(st.integers(0, 8 * len(frame) - 1))
    frame[bit // 8] ^= 1 << bit % 8
    with pytest.raises(errors.BadCrc):
        frames.parse_rtu(bytes(frame))


@pytest.mark.parametrize(
    ("frame", "error"),
    [
        ("0001000000", errors.Truncated),
        ("000100000005010302", errors.Truncated),
        ("0001000100030183020a", errors.NotModbus),
        ("00010000ffff01830200", errors.OverLong),
        ("0001000000470103", errors.Truncated),
        ("000100000001010302", errors.WrongLength),
        ("00010000000301830299", errors.OverLong),
    ],
)
def test_wrong_tcp_frames_have_names(frame: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        frames.parse_tcp(bytes.fromhex(frame))


@pytest.mark.parametrize(
    ("frame", "error"),
    [("0103", errors.Truncated), ("01030000000ac5ce", errors.BadCrc), ("00" * 257, errors.OverLong)],
)
def test_wrong_rtu_frames_have_names(frame: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        frames.parse_rtu(bytes.fromhex(frame))


@pytest.mark.parametrize(
    ("fc", "address", "count"),
    [(3, 0, 0), (3, 0, 126), (1, 0, 2001), (3, 65535, 2), (4, -1, 1), (5, 0, 1), (0, 0, 1)],
)
def test_reads_beyond_the_limits_are_refused(fc: int, address: int, count: int) -> None:
    with pytest.raises(errors.LimitError):
        frames.read_pdu(fc, address, count)


def test_the_limits_themselves_are_allowed() -> None:
    for fc, address, count in ((3, 0, 125), (4, 65411, 125), (1, 0, 2000), (2, 63536, 2000), (3, 65535, 1)):
        frames.read_pdu(fc, address, count)


@pytest.mark.parametrize(
    ("fc", "address", "values"),
    [(16, 0, [0] * 124), (16, 0, []), (6, 0, [65536]), (6, 0, [-1]), (5, 0, [2]), (16, 65535, [1, 2]), (3, 0, [1])],
)
def test_writes_beyond_the_limits_are_refused(fc: int, address: int, values: list[int]) -> None:
    with pytest.raises(errors.LimitError):
        frames.write_pdu(fc, address, values)
