"""What a map says that is doubtful, and what it leaves out.

``error``: the twin would show something wrong or nothing. ``warning``: a reader should look at the document again.
``note``: worth knowing.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

from bessinside.registers.layout import LayoutError, flatten
from bessinside.registers.metrics import Metric, metrics
from bessinside.registers.point import Group, Point, RegisterMap
from bessinside.registers.units import UNITS, UnitError, factor

Level = Literal["error", "warning", "note"]

# Full power of a large PCS: how fast an energy counter runs at most.
WRAP_POWER = 1e6
WRAP_DAYS = 30.0
_SNAKE = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True, slots=True)
class Finding:
    """One remark on a map, at a line and key of its file."""

    level: Level
    file: str
    line: int
    key: str
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.level}: {self.key}: {self.text}"


class Placed(NamedTuple):
    """A point, the kind of part it belongs to, and the metric it is bound to (None where it is bound to none)."""

    point: Point
    kind: str | None
    metric: Metric | None


Remark = tuple[Level, str, str]


def lint(register_map: RegisterMap) -> list[Finding]:
    """All findings of one map, in the order of its lines."""
    file = register_map.path or register_map.id
    placed = list(_placed(register_map.group, None))
    found = [
        Finding(level, file, entry.point.line, key, f"{entry.point.name}: {text}")
        for entry in placed
        for rule in RULES
        for level, key, text in rule(entry)
    ]
    found += [Finding("warning", file, line, "x-address", text) for line, text in _overlaps(register_map)]
    found += [Finding("warning", file, line, "x-metric", text) for line, text in _twice(register_map.group, ())]
    silent = sum(entry.metric is not None and not entry.point.sentinel for entry in placed)
    if silent:
        found.append(
            Finding("note", file, 0, "x-sentinel", f"{silent} points with a metric have no value for 'not implemented'")
        )
    return sorted(found, key=lambda finding: finding.line)


def _placed(group: Group, kind: str | None) -> Iterator[Placed]:
    kind = group.anatomy or kind
    for point in group.points:
        own = point.part.split("/")[0] if point.part else kind
        yield Placed(point, own, metrics().get((own or "", point.metric or "")))
    for below in group.groups:
        yield from _placed(below, kind)


def _metric(entry: Placed) -> Iterator[Remark]:
    point, metric = entry.point, entry.metric
    if point.metric is None:
        return
    if entry.kind is None:
        yield "error", "x-metric", "no enclosing group has an x-anatomy, so the metric belongs to no part"
    elif metric is None:
        known = [name for kind, name in metrics() if kind == entry.kind]
        yield "error", "x-metric", f"{point.metric!r} is no metric of a {entry.kind}; known are {', '.join(known)}"
    elif metric.unit != "text" and not point.wire_type.numeric:
        yield "error", "type", f"metric {metric.name} is a number, the register is {point.type}"
    else:
        try:
            factor("" if metric.unit in ("code", "text") else point.units, metric.unit)
        except UnitError as error:
            yield "error", "units", str(error)


def _unit(entry: Placed) -> Iterator[Remark]:
    if entry.metric is None and entry.point.units not in UNITS:
        yield "warning", "units", f"unit {entry.point.units!r} is not known; it is shown as it is"


def _sign(entry: Placed) -> Iterator[Remark]:
    point = entry.point
    silent = point.suspect is None or "sign" not in point.suspect
    if entry.metric and entry.metric.directed and not point.sign_stated and silent:
        yield "warning", "x-sign", "the metric has a direction and the map does not say which way the device counts"


def _origin(entry: Placed) -> Iterator[Remark]:
    if not entry.point.source:
        yield "note", "x-source", "no page, row or line of the document is named"
    if entry.point.suspect:
        yield "note", "x-suspect", entry.point.suspect


def _words(entry: Placed) -> Iterator[Remark]:
    if not entry.point.label:
        yield "warning", "label", "no label; a person sees the bare name"
    if not _SNAKE.fullmatch(entry.point.name):
        yield "warning", "name", "expected lower case letters, digits and _ (snake_case)"


def _symbols(entry: Placed) -> Iterator[Remark]:
    point = entry.point
    is_bits = point.type.startswith("bitfield")
    limit = point.bits if is_bits else 1 << point.bits
    for symbol in point.symbols:
        if symbol.value >= limit:
            what = "bit" if is_bits else "value"
            yield "error", "symbols", f"{what} {symbol.value} ({symbol.name}) lies outside {point.bits} bits"
    for what in ("name", "value"):
        for value, times in Counter(getattr(symbol, what) for symbol in point.symbols).items():
            if times > 1:
                yield "warning", "symbols", f"{what} {value} stands {times} times"


def _span(point: Point) -> tuple[float, float] | None:
    """Lowest and highest value that the register can carry, in its units."""
    if point.wire_type.kind not in ("int", "uint") or isinstance(point.sf, str):
        return None
    if point.wire_type.kind == "int":
        low, high = -(1 << point.bits - 1), (1 << point.bits - 1) - 1
    else:
        low, high = 0, 10 ** (point.bits // 4) - 1 if point.bcd else (1 << point.bits) - 1
    ends = sorted(point.sign * (raw * 10.0**point.sf + point.offset) for raw in (low, high))
    return ends[0], ends[1]


def _range(entry: Placed) -> Iterator[Remark]:
    span = _span(entry.point)
    if span and entry.point.range and (entry.point.range[1] <= span[0] or span[1] <= entry.point.range[0]):
        low, high = entry.point.range
        yield "error", "x-range", f"the register carries {span[0]:g} to {span[1]:g}, none of it in {low:g} to {high:g}"


def _counter(entry: Placed) -> Iterator[Remark]:
    span, metric = _span(entry.point), entry.metric
    if span is None or metric is None or metric.unit not in ("Wh", "varh") or metric.name.endswith("able_energy"):
        return
    try:
        days = span[1] * factor(entry.point.units, metric.unit) / WRAP_POWER / 24
    except UnitError:
        return
    if days < WRAP_DAYS:
        yield "warning", "type", f"the counter wraps after {days:.3g} days at {WRAP_POWER / 1e6:g} MW"
    else:
        yield "note", "type", f"the counter wraps after {days / 365.25:.3g} years at {WRAP_POWER / 1e6:g} MW"


RULES: tuple[Callable[[Placed], Iterator[Remark]], ...] = (
    _metric,
    _unit,
    _sign,
    _origin,
    _words,
    _symbols,
    _range,
    _counter,
)


def _overlaps(register_map: RegisterMap) -> Iterator[tuple[int, str]]:
    """Registers that two points claim; fields of one register may stand side by side. Two instances of open counts."""
    try:
        layout = flatten(register_map, _most)
    except LayoutError as error:
        yield register_map.group.line, str(error)
        return
    owner: dict[tuple[int, int], list[tuple[int, int]]] = {}
    told: set[tuple[int, int]] = set()
    fcs, addresses, which = layout.fc.tolist(), layout.address.tolist(), layout.point.tolist()
    for i, (fc, address, p) in enumerate(zip(fcs, addresses, which, strict=True)):
        for at, bits in _occupied(layout.points[p], address):
            for other, taken in owner.setdefault((fc, at), []):
                pair = (p, which[other])
                if bits & taken and pair not in told:
                    told.add(pair)
                    text = f"{layout.name(i)} and {layout.name(other)} both lie at fc {fc} address {at}"
                    yield layout.points[p].line, text
            owner[fc, at].append((i, bits))


def _most(group: Group, _: str) -> int:
    return group.count if isinstance(group.count, int) and group.count else 2


def _occupied(point: Point, address: int) -> Iterator[tuple[int, int]]:
    mask = (1 << 16 * point.words) - 1 if point.mask is None else point.mask
    for k in range(point.words):
        rank = k if point.low_first else point.words - 1 - k
        bits = mask >> 16 * rank & 0xFFFF
        if bits:
            yield address + k, bits


def _twice(group: Group, parts: tuple[str, ...]) -> Iterator[tuple[int, str]]:
    """Metrics that one part would get from two points of this map."""
    seen: dict[tuple[tuple[str, ...], str | None, str], Point] = {}
    for place, point in _bound(group, parts):
        if point.metric is None:
            continue
        key = (place, point.part, point.metric)
        if key in seen:
            text = f"{point.name}: {point.metric} is bound already by {seen[key].name} on line {seen[key].line}"
            yield point.line, text
        else:
            seen[key] = point


def _bound(group: Group, parts: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Point]]:
    # A repeated group that is no part of the plant tells its instances apart by number.
    own = group.anatomy or (f"{group.name}[]" if group.repeats else None)
    here = (*parts, own) if own else parts
    yield from ((here, point) for point in group.points)
    for below in group.groups:
        yield from _bound(below, here)
