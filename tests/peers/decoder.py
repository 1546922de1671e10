"""A second reading of map files and words, which shares no code with the package: YAML or JSON in, numbers out.

A map is read with plain PyYAML, its rows are laid out here, and words become numbers by `struct` and exact fractions.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import yaml

Words = Mapping[tuple[int, int], int]
"""Words by (function code, address)."""

_BITS = ((16, "H"), (32, "I"), (64, "Q"))
_FORMATS = {
    **{f"{stem}{bits}": (bits // 16, code) for stem in ("uint", "acc", "bitfield") for bits, code in _BITS},
    **{f"int{bits}": (bits // 16, code.lower()) for bits, code in _BITS},
    "enum16": (1, "H"),
    "enum32": (2, "I"),
    "count": (1, "H"),
    "raw16": (1, "H"),
    "sunssf": (1, "h"),
    "float32": (2, "f"),
    "float64": (4, "d"),
    "ipaddr": (2, ""),
    "ipv6addr": (8, ""),
    "eui48": (4, ""),
    "raw": (0, ""),
}
_TEXTS = ("string", "ipaddr", "ipv6addr", "eui48")


@dataclass(frozen=True, slots=True)
class Row:
    """One register value of one instance: where it lies and what the map says about it."""

    name: str
    fc: int
    address: int
    words: int
    type: str
    low_first: bool = False
    mask: int | None = None
    shift: int = 0
    sf: int | str = 0
    sf_at: int | None = None
    offset: Fraction = Fraction(0)
    sign: int = 1
    bcd: bool = False
    sentinels: tuple[int, ...] = ()
    units: str = ""
    metric: str | None = None
    range: tuple[float, float] | None = None
    writes: bool = False

    @property
    def text(self) -> bool:
        return self.type in _TEXTS

    @property
    def bits(self) -> int:
        """Width of the raw number."""
        return 16 * self.words if self.mask is None else (self.mask >> self.shift).bit_length()

    def bit_places(self) -> set[tuple[int, int, int]]:
        """Every bit of the wire that the row takes: (function code, address, bit)."""
        mask = (1 << 16 * self.words) - 1 if self.mask is None else self.mask
        ranks = range(self.words) if self.low_first else range(self.words - 1, -1, -1)
        return {
            (self.fc, self.address + k, bit)
            for k, rank in enumerate(ranks)
            for bit in range(16)
            if mask >> 16 * rank + bit & 1
        }


# reading a map


def read_rows(file: Path, counts: Callable[[str, Any], int]) -> list[Row]:
    """All rows of a map file. `counts(dotted path of a group, its count in the file)` says how often it repeats."""
    top = yaml.safe_load(file.read_text(encoding="utf-8"))
    return list(_group(top["group"], _flow(top, {}), "", {}, counts, 0, [None]))


_FLOWING = ("x-fc", "x-word-order", "x-sentinel", "x-sign")


def _flow(entry: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    return above | {key: entry[key] for key in _FLOWING if key in entry}


def _group(
    entry: dict[str, Any],
    above: dict[str, Any],
    path: str,
    factors: dict[str, int],
    counts: Callable[[str, Any], int],
    shift: int,
    cursor: list[int | None],
    top: bool = True,
) -> Iterator[Row]:
    flow = _flow(entry, above)
    assert "x-sign" not in flow, "a sign for a whole group needs the vocabulary; say it at each point"
    repeats = "count" in entry
    times = counts(f"{path}{entry['name']}", entry["count"]) if repeats else 1
    stride = entry.get("x-stride") or _extent(entry)
    for n in range(times):
        where = (
            path
            if top and not repeats
            else f"{path}{entry['name']}[{n + 1}]."
            if repeats
            else f"{path}{entry['name']}."
        )
        moved, here = shift + n * stride, dict(factors)
        own = []
        for point in entry.get("points", ()):
            given = _flow(point, flow)
            words = point.get("size") or _FORMATS[point["type"]][0]
            address = point.get("x-address", cursor[0])
            cursor[0] = address + words
            if point["type"] == "sunssf":
                here[point["name"]] = address + moved
            own.append((point, given, address, words))
        for point, given, address, words in own:
            if point["type"] != "pad":
                yield _row(point, given, where, address + moved, words, here)
        for below in entry.get("groups", ()):
            yield from _group(below, flow, where, here, counts, moved, cursor, top=False)
    if repeats:
        cursor[0] = None


def _extent(entry: dict[str, Any]) -> int:
    """Registers of one instance of a group that does not state its stride: its points follow one another."""
    taken = [
        (p["x-address"], p.get("size") or _FORMATS[p["type"]][0]) for p in entry.get("points", ()) if "x-address" in p
    ]
    return max(a + w for a, w in taken) - min(a for a, _ in taken) if taken else 0


def _row(
    point: dict[str, Any], flow: dict[str, Any], where: str, address: int, words: int, factors: dict[str, int]
) -> Row:
    mask = point.get("x-mask")
    shift = point.get("x-shift", (mask & -mask).bit_length() - 1 if mask else 0)
    bits = 16 * words if mask is None else (mask >> shift).bit_length()
    sf = point.get("sf", 0)
    sentinel = flow.get("x-sentinel", "none")
    raws = [sentinel] if isinstance(sentinel, int) else sentinel if isinstance(sentinel, list) else []
    stated = tuple(raw & (1 << bits) - 1 for raw in raws)
    given = point.get("x-range")
    return Row(
        name=where + str(point["name"]),
        fc=flow.get("x-fc", 3),
        address=address,
        words=words,
        type=point["type"],
        low_first=flow.get("x-word-order") == "low-first",
        mask=mask,
        shift=shift,
        sf=sf,
        sf_at=factors[sf] if isinstance(sf, str) else None,
        offset=Fraction(str(point.get("x-offset", 0))),
        sign=-1 if point.get("x-sign") == "discharge-negative" else 1,
        bcd=bool(point.get("x-bcd")),
        sentinels=_not_implemented(point["type"]) if sentinel == "sunspec" else stated,
        units=str(point.get("units", "")),
        metric=point.get("x-metric"),
        range=(float(given[0]), float(given[1])) if given else None,
        writes=bool(point.get("x-write-only")),
    )


def _not_implemented(kind: str) -> tuple[int, ...]:
    """SunSpec's values for "not implemented", Device Information Model Specification, clause 4."""
    number = re.fullmatch(r"(u?int|acc|enum|bitfield|raw|float|count|sunssf)(\d*)", kind)
    if number is None or number[1] == "raw":
        return ()
    bits = int(number[2] or 16)
    if number[1] == "float":
        return (0x7FC00000,) if bits == 32 else (0x7FF8000000000000,)
    return ({"int": 1 << bits - 1, "sunssf": 0x8000, "acc": 0}.get(number[1], (1 << bits) - 1),)


def model_rows(document: dict[str, Any], address: int, counts: Mapping[str, int]) -> list[Row]:
    """All rows of a SunSpec model (as its JSON says it) that begins at an address; `counts` by group or count point."""
    cursor = address

    def walk(group: dict[str, Any], where: str, above: dict[str, int]) -> Iterator[Row]:
        nonlocal cursor
        here, own = dict(above), []
        for point in group.get("points", ()):
            if point["type"] == "sunssf":
                here[point["name"]] = cursor
            own.append((point, cursor))
            cursor += point["size"]
        for point, at in own:
            if point["type"] != "pad":
                yield _row(point, {"x-sentinel": "sunspec"}, where, at, point["size"], here)
        for below in group.get("groups", ()):
            key = below["count"] if isinstance(below.get("count"), str) else below["name"]
            for n in range(counts[key] if "count" in below else 1):
                yield from walk(below, f"{where}{below['name']}[{n + 1}].", here)

    return list(walk(document["group"], "", {}))


# reading words


def decode(row: Row, words: Words, factors: Words | None = None) -> Fraction | str | None:
    """What the words of a row say: an exact number in the map's units, a text, or None for "not implemented".

    Raises ValueError where the words are no value of the row's type (NaN, bad digits, a scale factor out of range).
    """
    found = [words[row.fc, row.address + k] for k in range(row.words)]
    if row.text:
        data = struct.pack(f">{row.words}H", *found)
        return data.split(b"\0", 1)[0].decode("utf-8", "replace").strip()
    if row.low_first:
        found.reverse()
    data = struct.pack(f">{row.words}H", *found)
    raw = int.from_bytes(data, "big")
    if row.mask is not None:
        raw = (raw & row.mask) >> row.shift
    if raw in row.sentinels:
        return None
    code = _FORMATS[row.type][1]
    number: Fraction
    if code in "fd":
        number = Fraction(struct.unpack(f">{code}", data)[0])
    elif row.bcd:
        number = Fraction(int(f"{raw:x}"))
    elif code.islower():  # signed
        number = Fraction(raw - (1 << row.bits) if raw >> row.bits - 1 else raw)
    else:
        number = Fraction(raw)
    return row.sign * (number * Fraction(10) ** exponent(row, words) + row.offset)


def exponent(row: Row, words: Words) -> int:
    """The power of ten of a row, read from its register where the map names one."""
    if row.sf_at is None:
        assert isinstance(row.sf, int)
        return row.sf
    found: int = struct.unpack(">h", struct.pack(">H", words[row.fc, row.sf_at]))[0]
    if not -10 <= found <= 10:
        raise ValueError(f"{row.name}: scale factor {found}")
    return found


def quantum(row: Row, words: Words) -> Fraction:
    """The smallest step of a row in the map's units: one count, or one step of its float at this value."""
    step = Fraction(1)
    if row.type.startswith("float"):
        value = decode(row, words)
        assert isinstance(value, Fraction)
        mantissa = 23 if row.words == 2 else 52
        size = abs(value - row.sign * row.offset) / Fraction(10) ** exponent(row, words)
        step = Fraction(2) ** (_floor_log2(size) - mantissa) if size else Fraction(1, 2**149)
    return step * Fraction(10) ** exponent(row, words)


def _floor_log2(number: Fraction) -> int:
    power = number.numerator.bit_length() - number.denominator.bit_length()
    return power if Fraction(2) ** power <= number else power - 1


_ONE = "V A W var VA Hz C K % Wh varh Ah s rpm ppm m Ohm %/m %WHRtg Pct"
SI = {
    "": Fraction(1),
    **dict.fromkeys(_ONE.split(), Fraction(1)),
    **dict.fromkeys(["kW", "kvar", "kVA", "kWh", "kvarh", "kOhm", "kPa"], Fraction(1000)),
    "mV": Fraction(1, 1000),
    "mA": Fraction(1, 1000),
    "uA": Fraction(1, 10**6),
    "dm": Fraction(1, 10),
    "l/min": Fraction(1, 60_000),
    "h": Fraction(3600),
    "d": Fraction(86_400),
}
"""From the unit in a map to the one shown, written down here by hand and not taken from the package."""
