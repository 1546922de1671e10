"""Golden vectors: words and the value they must give, for decoders in other languages.

Computed here in exact fractions from the definition of a point, apart from the codec, which the tests hold to them too.
A decoder of another language may differ by rounding of the last bits; a relative error of 1e-12 is agreement.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

from bessinside.registers.wire_types import WIRE_TYPES

OK, SENTINEL, BAD_SCALE, NOT_A_NUMBER = 0, 1, 2, 3


def golden_vectors() -> list[dict[str, Any]]:
    """Vectors {type, words, low_first, mask, shift, sf, add, sign, factor, sentinel, bcd, value, state}.

    ``words`` are in wire order; ``value`` is null where ``state`` is not 0; ``sentinel`` lists raw unsigned numbers
    after mask and shift, or is null; ``sf`` is an exponent, or null where its register carries none (state 2).
    """
    return [*_every_type(), *_scaled(), *_fields(), *_digits(), *_bad_floats(), *_bad_scales()]


def _vector(type_name: str, raw: int, **given: Any) -> dict[str, Any]:
    count = WIRE_TYPES[type_name].words
    words = [raw >> 16 * k & 0xFFFF for k in range(count)]
    low_first = given.get("low_first", False)
    entry: dict[str, Any] = {
        "type": type_name,
        "words": words if low_first else words[::-1],
        "low_first": low_first,
        "mask": None,
        "shift": 0,
        "sf": 0,
        "add": 0.0,
        "sign": 1,
        "factor": 1.0,
        "sentinel": None,
        "bcd": False,
    }
    entry |= given
    value, state = _meaning(entry, raw)
    return entry | {"value": value, "state": state}


def _meaning(entry: dict[str, Any], raw: int) -> tuple[float | None, int]:
    wire_type = WIRE_TYPES[entry["type"]]
    bits = 16 * wire_type.words
    if entry["mask"] is not None:
        raw = (raw & entry["mask"]) >> entry["shift"]
        bits = (entry["mask"] >> entry["shift"]).bit_length()
    if entry["sentinel"] and raw in entry["sentinel"]:
        return None, SENTINEL
    if entry["sf"] is None:
        return None, BAD_SCALE
    if wire_type.kind == "float":
        size, code = (4, ">f") if bits == 32 else (8, ">d")
        number = struct.unpack(code, raw.to_bytes(size, "big"))[0]
        if number != number or number in (float("inf"), float("-inf")):
            return None, NOT_A_NUMBER
    elif entry["bcd"]:
        if not f"{raw:x}".isdecimal():
            return None, NOT_A_NUMBER
        number = int(f"{raw:x}")
    else:
        number = raw - (1 << bits) if wire_type.kind == "int" and raw >> bits - 1 else raw
    scaled = Fraction(number) * Fraction(10) ** entry["sf"] + Fraction(entry["add"])
    factor = Fraction(entry["factor"]).limit_denominator(10**9)
    return float(entry["sign"] * scaled * factor), OK


def _every_type() -> Iterator[dict[str, Any]]:
    """Each numeric type, both word orders: zero, one, ends, a pattern that tells the words apart, the sentinel."""
    for name, wire_type in WIRE_TYPES.items():
        if not wire_type.numeric:
            continue
        bits = 16 * wire_type.words
        raws: Sequence[int] = (
            0,
            1,
            (1 << bits) - 1,
            1 << bits - 1,
            (1 << bits - 1) - 1,
            0x0123456789ABCDEF >> 64 - bits,
        )
        if wire_type.kind == "float":
            code = ">f" if bits == 32 else ">d"
            raws = [int.from_bytes(struct.pack(code, v), "big") for v in (0.0, 1.0, -2.5, 3.3, 1e9, -1e-7)]
        for low_first in (False, True) if wire_type.words > 1 else (False,):
            for raw in raws:
                yield _vector(name, raw, low_first=low_first)
            if wire_type.sentinel is not None:
                yield _vector(name, wire_type.sentinel, low_first=low_first, sentinel=[wire_type.sentinel])


def _scaled() -> Iterator[dict[str, Any]]:
    yield _vector("uint16", 3301, sf=-3)
    yield _vector("uint16", 32150, sf=-1, add=-3200.0)
    yield _vector("uint16", 65, add=-40.0)
    yield _vector("int16", 0xFF38, sf=2, sign=-1)
    yield _vector("int16", 0x7FFF, sf=-1, sign=-1, factor=1000.0)
    yield _vector("int32", 0xFFFFFF9C, sf=-1, low_first=True)
    yield _vector("uint32", 123456789, sf=-2, factor=1000.0)
    yield _vector("uint16", 1234, sf=-2, factor=1 / 60000)
    yield _vector("int64", (1 << 64) - 123456789012, factor=1000.0)
    yield _vector("uint64", 9007199254740993, sf=-3, low_first=True)
    yield _vector("float32", 0x44E1C000, factor=1000.0, sign=-1)
    for exponent in range(-10, 11):
        yield _vector("int16", 0xCFC7, sf=exponent)


def _fields() -> Iterator[dict[str, Any]]:
    """Fields in a word: bytes, and two 12-bit cells with an 8-bit temperature in one 32-bit word."""
    for mask, shift in ((0xFF00, 8), (0x00FF, 0), (0x0FF0, 4), (0xFF00, 0)):
        yield _vector("uint16", 0x8A7C, mask=mask, shift=shift)
        yield _vector("int16", 0x8A7C, mask=mask, shift=shift)
    packed = 0xEB << 24 | 3312 << 12 | 3298
    for low_first in (False, True):
        yield _vector("uint32", packed, mask=0x00000FFF, sf=-3, low_first=low_first, sentinel=[0])
        yield _vector("uint32", packed, mask=0x00FFF000, shift=12, sf=-3, low_first=low_first, sentinel=[0])
        yield _vector("int32", packed, mask=0xFF000000, shift=24, low_first=low_first)
        yield _vector("uint32", packed & 0xFF000FFF, mask=0x00FFF000, shift=12, low_first=low_first, sentinel=[0])
    yield _vector("bitfield16", 0x0100, mask=0x0100, shift=8)


def _digits() -> Iterator[dict[str, Any]]:
    yield _vector("uint16", 0x2359, bcd=True)
    yield _vector("uint32", 0x01234567, bcd=True, sf=-2, low_first=True)
    yield _vector("uint16", 0x2359, bcd=True, mask=0xFF00, shift=8)
    yield _vector("uint16", 0x1A00, bcd=True)


def _bad_floats() -> Iterator[dict[str, Any]]:
    yield _vector("float32", 0x7F800000)
    yield _vector("float32", 0xFF800000)
    yield _vector("float32", 0x7FC00000)
    yield _vector("float32", 0x7FC00000, sentinel=[0x7FC00000])
    yield _vector("float64", 0x7FF8000000000001)


def _bad_scales() -> Iterator[dict[str, Any]]:
    yield _vector("uint16", 100, sf=None)
    yield _vector("uint16", 0xFFFF, sf=None, sentinel=[0xFFFF])
    yield _vector("float32", 0x3F800000, sf=None)


if __name__ == "__main__":
    print("[\n" + ",\n".join(json.dumps(vector) for vector in golden_vectors()) + "\n]")
