"""How the words of one point become its value, step by step, as its passport shows it."""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass

from bessinside.registers.point import Point


@dataclass(frozen=True, slots=True)
class Step:
    """One step: what is done, on what, and what comes out."""

    name: str
    expression: str
    result: str


def explain(point: Point, words: tuple[int, ...], exponent: int | None, factor: float) -> list[Step]:
    """The steps from ``words`` (in wire order) to the value; they end early where there is no value, saying why.

    ``exponent`` is the power of ten that applies, None if its register gives none; ``factor`` leads to the unit wanted.
    Computed apart from the codec, in plain Python: the two check each other in the tests.
    """
    if not words:
        return [Step("words", "not read", "no words")]
    steps = [Step("words", " ".join(f"0x{w:04X}" for w in words), f"{len(words)} word{'s' if len(words) > 1 else ''}")]
    if not point.wire_type.numeric:
        return steps
    raw = _combine(point, words, steps)
    if point.mask is not None:
        cut = (raw & point.mask) >> point.shift
        steps.append(Step("field", f"({raw} & {point.mask:#x}) >> {point.shift}", str(cut)))
        raw = cut
    if raw in point.sentinel:
        return [*steps, Step("not implemented", f"{raw:#x} is the device's sign for it", "no value")]
    number = _interpret(point, raw, steps)
    if number is None or not math.isfinite(number):
        return [*steps, Step("not a number", _shown(number), "no value")]
    return _scale(point, number, exponent, factor, steps)


def _combine(point: Point, words: tuple[int, ...], steps: list[Step]) -> int:
    if len(words) > 1:
        if point.low_first:
            words = words[::-1]
            steps.append(Step("word order", "low word first, turned round", " ".join(f"0x{w:04X}" for w in words)))
        else:
            steps.append(Step("word order", "high word first", " ".join(f"0x{w:04X}" for w in words)))
    raw = 0
    for word in words:
        raw = raw << 16 | word
    steps.append(Step("raw", f"0x{raw:0{4 * len(words)}X}", str(raw)))
    return raw


def _interpret(point: Point, raw: int, steps: list[Step]) -> float | int | None:
    if point.wire_type.kind == "float":
        size, code = (4, ">f") if point.words == 2 else (8, ">d")
        number: float = struct.unpack(code, raw.to_bytes(size, "big"))[0]
        steps.append(Step("floating point", f"IEEE 754, {8 * size} bit", _shown(number)))
        return number
    if point.bcd:
        digits = f"{raw:x}"
        steps.append(Step("decimal digits", "one in each four bits", digits))
        return int(digits) if digits.isdecimal() else None
    if point.wire_type.kind == "int":
        signed = raw - (1 << point.bits) if raw >> point.bits - 1 else raw
        steps.append(Step("signed", f"two's complement, {point.bits} bit", str(signed)))
        return signed
    return raw


def _scale(point: Point, number: float, exponent: int | None, factor: float, steps: list[Step]) -> list[Step]:
    unit = f" {point.units}" if point.units else ""
    if exponent is None:
        return [*steps, Step("scale factor", f"{point.sf} carries no exponent from -10 to 10", "no value")]
    carrier = f" ({point.sf})" if isinstance(point.sf, str) else ""
    # A negative power divides, as the codec does: 3301 / 1000 rounds once, 3301 * 0.001 twice.
    value = number * 10**exponent if exponent >= 0 else number / 10**-exponent
    if exponent or carrier:
        steps.append(Step("scale", f"{_shown(number)} × 10^{exponent}{carrier}", _shown(value) + unit))
    if point.offset:
        before, value = value, value + point.offset
        sign = "+" if point.offset > 0 else "−"
        steps.append(Step("offset", f"{_shown(before)} {sign} {_shown(abs(point.offset))}", _shown(value) + unit))
    if point.sign < 0:
        value = -value or 0.0  # no minus before a zero
        steps.append(Step("sign", "the device counts charging as positive", _shown(value) + unit))
    if factor != 1.0:
        before, value = value, value * factor
        steps.append(Step("unit", f"{_shown(before)} × {_shown(factor)}", _shown(value)))
    return [*steps, Step("value", "", _shown(value))]


def _shown(number: float | int | None) -> str:
    if number is None:
        return "a digit above 9"
    return str(number) if isinstance(number, int) else f"{number:.12g}"
