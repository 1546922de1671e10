"""The wire types: how one value lies in 16-bit registers.

Names, sizes and not-implemented values are those of the SunSpec Device Information Model Specification 1.2, clause 4;
checked in the tests against the tables of ``pysunspec2``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["uint", "int", "float", "text", "pad"]


@dataclass(frozen=True, slots=True)
class WireType:
    """One wire type.

    ``words`` is its length in registers, 0 where the map states it (``string``, ``pad``). ``kind`` says how the bits
    become a number; ``text`` and ``pad`` never do. ``sentinel`` is SunSpec's not-implemented value as an unsigned
    number over all words, None where there is none.
    """

    name: str
    words: int
    kind: Kind
    sentinel: int | None

    @property
    def numeric(self) -> bool:
        """Whether a value of this type is a number."""
        return self.kind in ("uint", "int", "float")


def _ints(stem: str, kind: Kind, sentinels: dict[int, int]) -> list[WireType]:
    return [WireType(f"{stem}{bits}", bits // 16, kind, sentinel) for bits, sentinel in sentinels.items()]


_MOST_NEGATIVE = {16: 0x8000, 32: 0x8000_0000, 64: 0x8000_0000_0000_0000}
_ALL_ONES = {16: 0xFFFF, 32: 0xFFFF_FFFF, 64: 0xFFFF_FFFF_FFFF_FFFF}
_ZERO = {16: 0, 32: 0, 64: 0}

WIRE_TYPES: dict[str, WireType] = {
    wire_type.name: wire_type
    for wire_type in (
        *_ints("int", "int", _MOST_NEGATIVE),
        *_ints("uint", "uint", _ALL_ONES),
        *_ints("acc", "uint", _ZERO),
        *_ints("bitfield", "uint", _ALL_ONES),
        *_ints("enum", "uint", {16: 0xFFFF, 32: 0xFFFF_FFFF}),
        WireType("count", 1, "uint", 0xFFFF),
        WireType("raw16", 1, "uint", None),
        WireType("sunssf", 1, "int", 0x8000),
        WireType("float32", 2, "float", 0x7FC0_0000),
        WireType("float64", 4, "float", 0x7FF8_0000_0000_0000),
        WireType("string", 0, "text", None),
        WireType("ipaddr", 2, "text", None),
        WireType("ipv6addr", 8, "text", None),
        WireType("eui48", 4, "text", None),
        WireType("pad", 0, "pad", None),
    )
}
