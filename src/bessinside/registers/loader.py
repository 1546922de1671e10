"""Reads a register map: SunSpec's model vocabulary in YAML, with the ``x-`` keys for what SunSpec cannot say.

Everything a map may say is listed in the key sets below; ``schema.py`` makes the editor's JSON Schema from them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bessinside.registers.located import Entries, MapError, did_you_mean, parse
from bessinside.registers.metrics import metrics
from bessinside.registers.point import Addressing, Group, MapSource, Point, RegisterMap, Symbol
from bessinside.registers.wire_types import WIRE_TYPES
from bessinside.runtime import disk

MAPS = Path(__file__).parent / "maps"
BINDINGS = "sunspec.yaml"  # the one file among the maps that is none
CLASSES = ("pcs", "bms", "meter", "ess", "thermal", "safety")
ANATOMY = (
    "meter", "pcs", "bus", "container", "rack", "module", "cell", "sensor", "cooling", "smoke", "leak",
)  # fmt: skip
WORD_ORDERS = ("high-first", "low-first")
SIGNS = {"discharge-positive": 1, "discharge-negative": -1}

_FLOWING = {"x-fc", "x-word-order", "x-sentinel", "x-sign"}
MAP_KEYS = {"id", "label", "desc", "notes", "group", "x-class", "x-source", "x-addressing", "x-transport"} | _FLOWING
SOURCE_KEYS = {"document", "issue", "date", "from", "note"}
GROUP_KEYS = {
    "name", "type", "count", "label", "desc", "detail", "notes", "points", "groups", "x-anatomy", "x-stride",
} | _FLOWING  # fmt: skip
POINT_KEYS = {
    "name", "type", "size", "sf", "units", "access", "symbols", "label", "desc", "detail", "notes", "static",
    "mandatory", "x-address", "x-offset", "x-mask", "x-shift", "x-bcd", "x-metric", "x-part", "x-source",
    "x-verified-by", "x-suspect", "x-write-only", "x-range",
} | _FLOWING  # fmt: skip
SYMBOL_KEYS = {"name", "value", "label", "desc", "detail", "notes"}

_PART = re.compile(rf"({'|'.join(ANATOMY)})/[1-9][0-9]*")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_BIT_TYPES = ("uint16", "bitfield16", "enum16", "raw16")


@dataclass(frozen=True, slots=True)
class _Flow:
    """What a map or a group says for everything below it."""

    fc: int = 3
    low_first: bool = False
    sentinel: str | tuple[int, ...] = "none"
    sign: int | None = None

    def below(self, entries: Entries) -> _Flow:
        sentinel = self.sentinel
        if "x-sentinel" in entries:
            given = entries["x-sentinel"]
            sentinel = given if given in ("none", "sunspec") else tuple(_whole(entries, "x-sentinel"))
        return _Flow(
            entries.integer("x-fc", self.fc, 1, 4),
            entries.choice("x-word-order", WORD_ORDERS, WORD_ORDERS[self.low_first]) == "low-first",
            sentinel,
            SIGNS[entries.choice("x-sign", SIGNS)] if "x-sign" in entries else self.sign,
        )


def shipped_maps() -> tuple[str, ...]:
    """Ids of the maps that come with the package."""
    return tuple(sorted(p.stem for p in MAPS.glob("*.yaml") if p.name != BINDINGS))


def load_map(source: str | Path) -> RegisterMap:
    """The map of a shipped id, or of a ``.yaml`` file. Raises :class:`MapError`: file, line, key, what was expected."""
    name = str(source)
    if isinstance(source, str) and not name.endswith((".yaml", ".yml")):
        if name not in shipped_maps():
            raise MapError(name, 0, "map", f"no map of this id is shipped; {did_you_mean(name, shipped_maps())}")
        source = MAPS / f"{name}.yaml"
    path = Path(source)
    if not disk.exists(path):
        raise MapError(name, 0, "map", "the file does not exist")
    register_map = parse_map(disk.read_text(path), str(path))
    if register_map.id != path.stem:
        raise MapError(str(path), 0, "id", f"expected {path.stem!r}, the file's name, found {register_map.id!r}")
    return register_map


def parse_map(text: str, file: str) -> RegisterMap:
    """The map that ``text`` holds; ``file`` is only named in errors."""
    top = parse(text, file)
    top.allow("a map", MAP_KEYS)
    source = top.entries("x-source", required=True)
    source.allow("x-source", SOURCE_KEYS)
    addressing = top.entries("x-addressing")
    addressing.allow("x-addressing", {"printed", "note"})
    transport = top.entries("x-transport")
    transport.entries("quirks")
    return RegisterMap(
        id=top.text("id"),
        label=top.text("label"),
        cls=top.choice("x-class", CLASSES),
        source=MapSource(
            source.text("document"), source.text("from"), source.text("issue", ""), source.text("date", ""),
            source.text("note", ""),
        ),
        group=_group(top.entries("group", required=True), _Flow().below(top), (), None, [None]),
        addressing=Addressing(addressing.integer("printed", 0, -65535, 465535), addressing.text("note", "")),
        transport=dict(transport),
        path=file,
    )  # fmt: skip


def _group(
    entries: Entries, flow: _Flow, around: tuple[dict[str, Point], ...], kind: str | None, cursor: list[int | None]
) -> Group:
    """``around``: points by name of each enclosing group; ``cursor``: the address after the last point, if known."""
    entries.allow("a group", GROUP_KEYS)
    name = entries.text("name")
    anatomy = entries.choice("x-anatomy", ANATOMY) if "x-anatomy" in entries else None
    kind, flow = anatomy or kind, flow.below(entries)
    here: dict[str, Point] = {}
    scope = (*around, here)
    taken: dict[str, int] = {}
    for item in entries.each("points"):
        point = _point(item, flow, kind, cursor[0])
        _unique(item, taken, point.name)
        here[point.name] = point
        cursor[0] = point.address + point.words
    for item in entries.each("points"):
        _scale_exists(item, here[item["name"]], scope)
    groups = []
    for item in entries.each("groups"):
        group = _group(item, flow, scope, kind, cursor)
        _unique(item, taken, group.name)
        groups.append(group)
    group = Group(
        name, entries.text("label", ""), anatomy, _count(entries, around), 0, tuple(here.values()), tuple(groups),
        type=entries.choice("type", ("group", "sync"), "group"), desc=entries.text("desc", ""), line=entries.line,
    )  # fmt: skip
    if not here and not groups:
        raise entries.error("points", f"group {name!r} is empty: expected points or groups")
    if group.repeats:
        # What follows a repeated group begins where its last instance ends, which only the plant knows.
        cursor[0] = None
        return replace(group, stride=_stride(entries, group))
    if "x-stride" in entries:
        raise entries.error("x-stride", "stands in a group without count; expected count, or no x-stride")
    return group


def _unique(item: Entries, taken: dict[str, int], name: str) -> None:
    if not _NAME.fullmatch(name):
        raise item.error("name", f"expected letters, digits, _ and -, beginning with a letter, found {name!r}")
    if name in taken:
        raise item.error("name", f"{name!r} stands twice in this group; the first is on line {taken[name]}")
    taken[name] = item.line


def _count(entries: Entries, around: tuple[dict[str, Point], ...]) -> int | str | None:
    count = entries.get("count")
    if count is None:
        return None
    if isinstance(count, str):
        known = [name for points in around for name in points]
        if count not in known:
            raise entries.error("count", f"no point {count!r} in an enclosing group; {did_you_mean(count, known)}")
        return count
    return entries.integer("count")


def _stride(entries: Entries, group: Group) -> int:
    if "x-stride" in entries:
        return entries.integer("x-stride", low=1)
    covered = {address for p in group.walk() for address in range(p.address, p.address + p.words)}
    extent = max(covered) - min(covered) + 1
    if extent != len(covered) or any(below.repeats for below in _below(group)):
        raise entries.error("x-stride", "expected the number of registers from one instance to the next")
    return extent


def _below(group: Group) -> list[Group]:
    return [found for child in group.groups for found in (child, *_below(child))]


def _scale_exists(item: Entries, point: Point, scope: tuple[dict[str, Point], ...]) -> None:
    if not isinstance(point.sf, str):
        return
    carriers = [name for points in scope for name, p in points.items() if p.type == "sunssf"]
    if point.sf not in carriers:
        hint = did_you_mean(point.sf, carriers) if carriers else "the group and those around it have no sunssf point"
        raise item.error("sf", f"no point {point.sf!r} of type sunssf here; {hint}")


def _point(entries: Entries, flow: _Flow, kind: str | None, follows: int | None) -> Point:
    entries.allow("a point", POINT_KEYS)
    type_name = entries.choice("type", WIRE_TYPES)
    wire_type = WIRE_TYPES[type_name]
    words = entries.integer("size", wire_type.words or None, 1, 125)
    if wire_type.words and words != wire_type.words:
        raise entries.error("size", f"expected {wire_type.words}, the length of {type_name}, found {words}")
    address = entries.integer("x-address", follows)
    if address + words > 65536:
        raise entries.error("x-address", f"expected {words} registers to end at 65535, found a start at {address}")
    here = flow.below(entries)
    if here.fc in (1, 2) and type_name not in _BIT_TYPES:
        raise entries.error("type", f"expected one of {', '.join(_BIT_TYPES)} for a bit (x-fc {here.fc})")
    for key in ("x-mask", "x-shift", "x-bcd"):
        if key in entries and wire_type.kind not in ("uint", "int"):
            raise entries.error(key, f"expected only with whole-number types, found it with {type_name}")
    mask, shift = _mask(entries, type_name, words)
    low_high = entries.several("x-range", (int, float), "two numbers")
    if low_high and (len(low_high) != 2 or low_high[0] >= low_high[1]):
        raise entries.error("x-range", f"expected two numbers, the lower first, found {low_high}")
    part = entries.text("x-part", "") or None
    if part and not _PART.fullmatch(part):
        raise entries.error("x-part", f"expected a kind of part and a number from 1, like cell/3, found {part!r}")
    if not isinstance(entries.get("sf"), str):
        entries.integer("sf", 0, -10, 10)
    point = Point(
        name=entries.text("name"),
        type=type_name,
        address=address,
        fc=here.fc,
        words=words,
        label=entries.text("label", ""),
        units=entries.text("units", ""),
        access=entries.choice("access", ("R", "RW"), "R"),
        sf=entries.get("sf", 0),
        low_first=here.low_first,
        offset=entries.number("x-offset", 0.0),
        mask=mask,
        shift=shift,
        bcd=entries.flag("x-bcd"),
        metric=entries.text("x-metric", "") or None,
        part=part,
        symbols=tuple(_symbol(item) for item in entries.each("symbols")),
        static=entries.choice("static", ("S", "D"), "D") == "S",
        mandatory=entries.choice("mandatory", ("M", "O"), "O") == "M",
        range=(float(low_high[0]), float(low_high[1])) if low_high else None,
        source=entries.text("x-source", ""),
        verified_by=tuple(entries.several("x-verified-by", str, "a list of texts")),
        suspect=entries.text("x-suspect", "") or None,
        write_only=entries.flag("x-write-only"),
        desc=entries.text("desc", ""),
        detail=entries.text("detail", ""),
        notes=entries.text("notes", ""),
        line=entries.line,
    )
    _bcd(entries, point)
    sign, stated = _sign(entries, flow, point, kind)
    return replace(point, sentinel=_sentinel(entries, here, point), sign=sign, sign_stated=stated)


def _mask(entries: Entries, type_name: str, words: int) -> tuple[int | None, int]:
    if "x-mask" not in entries:
        if "x-shift" in entries:
            raise entries.error("x-shift", "expected only together with x-mask")
        return None, 0
    mask = entries.integer("x-mask", None, 1, (1 << 16 * words) - 1)
    zeros = (mask & -mask).bit_length() - 1
    holes = mask >> zeros
    if holes & (holes + 1) and not type_name.startswith("bitfield"):
        raise entries.error("x-mask", f"expected neighbouring bits for {type_name}, found holes in {mask:#x}")
    return mask, entries.integer("x-shift", zeros, 0, zeros)


def _bcd(entries: Entries, point: Point) -> None:
    if point.bcd and (point.wire_type.kind != "uint" or point.bits % 4):
        raise entries.error("x-bcd", "expected an unsigned type and a field of whole decimal digits (4 bits each)")


def _sentinel(entries: Entries, here: _Flow, point: Point) -> tuple[int, ...]:
    given, own = here.sentinel, "x-sentinel" in entries
    if given == "none" or not point.wire_type.numeric:
        return ()
    if given == "sunspec":
        if point.mask is not None and own:
            raise entries.error("x-sentinel", "expected a number: SunSpec has no sentinel for a part of a register")
        standard = point.wire_type.sentinel
        return () if standard is None or point.mask is not None else (standard,)
    bits = point.bits
    low = -(1 << bits - 1) if point.wire_type.kind == "int" else 0
    for value in given:
        if not (isinstance(value, int) and low <= value < 1 << bits) and own:
            raise entries.error("x-sentinel", f"expected raw numbers from {low} to {(1 << bits) - 1}, found {value}")
    return tuple(v & ((1 << bits) - 1) for v in given if isinstance(v, int) and low <= v < 1 << bits)


def _whole(entries: Entries, key: str) -> list[Any]:
    return entries.several(key, int, "raw whole numbers, none or sunspec")


def _sign(entries: Entries, flow: _Flow, point: Point, kind: str | None) -> tuple[int, bool]:
    """Sign of a point and whether the map states it. A default turns round only what has a direction on the wire."""
    if "x-sign" in entries:
        return SIGNS[entries.choice("x-sign", SIGNS)], True
    if flow.sign is None or point.metric is None:
        return 1, False
    known = metrics().get((point.part.split("/")[0] if point.part else kind or "", point.metric))
    directed = known is not None and known.directed
    negative = point.wire_type.kind in ("int", "float") or point.offset < 0
    return (flow.sign, True) if directed and negative else (1, False)


def _symbol(entries: Entries) -> Symbol:
    entries.allow("a symbol", SYMBOL_KEYS)
    return Symbol(entries.text("name"), entries.integer("value", None, 0, (1 << 64) - 1), entries.text("label", ""))
