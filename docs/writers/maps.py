"""One page per shipped map: where it comes from, and every point with the way from its words to its value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bessinside.plant import levels
from bessinside.registers import Group, Point, RegisterMap
from bessinside.registers.sunspec import BASES, bindings
from writers import served
from writers.markdown import code, number, table

INDEX = """# Register maps

{maps} maps with {rows} documented registers come with the package. *Rows* counts registers of the vendor's
document, fields packed into one register once and a repeated group once. *Suspect* counts points that a reader must
not trust yet; each page says why. *Levels* are the [levels](../levels.md) that a map has metrics for.
"""
POINTS = """Addresses are those on the wire, of the first instance of a repeated group. *Decode* is what happens to
the raw number, in this order. △ marks a suspect point.
"""
SUNSPEC = """# sunspec

Devices that list their own models are read by discovery: write `map = "sunspec"` in the plant file. The list of
models is looked for at the addresses {bases}; the models themselves (addresses, types, scale factors, symbols,
values for *not implemented*) are the JSON files that the package `pysunspec2` ships, unchanged. This page says
which of their points carry which metric; a model that is not here is still read, its points keep their own names.
`one-string` bindings hold where the device's battery is a single string. Where two models of one device carry the
same metric of the same kind of part, the one with the higher number carries it.
"""


def pages() -> dict[str, str]:
    """The index and a page for each map."""
    found = {f"maps/{one.id}.md": _page(one) for one in served.shipped()}
    return {"maps/README.md": _index(), **found, "maps/sunspec.md": _sunspec()}


def _index() -> str:
    rows: list[tuple[object, ...]] = [
        (f"[{one.id}]({one.id}.md)", one.cls, one.label, one.rows, len(_suspects(one)), _levels(one))
        for one in served.shipped()
    ]
    rows.append(("[sunspec](sunspec.md)", "any", "Every SunSpec device, by discovery", "", "", ""))
    total = sum(one.rows for one in served.shipped())
    intro = INDEX.format(maps=len(served.shipped()), rows=total)
    return intro + "\n" + table(("Map", "Class", "Device", "Rows", "Suspect", "Levels"), rows)


def _suspects(found: RegisterMap) -> list[Point]:
    return [point for point in found.points() if point.suspect]


def _levels(found: RegisterMap) -> str:
    metrics = served.metrics_of(found)
    return " ".join(str(level.id) for level in levels() if metrics & set(level.metrics))


def _page(found: RegisterMap) -> str:
    source, addressing = found.source, found.addressing
    printed = "as on the wire" if not addressing.printed else f"wire address + {addressing.printed}"
    facts = [
        ("Class", found.cls),
        ("Document", " · ".join(part for part in (source.document, source.issue, source.date) if part)),
        ("Read from", source.read_from),
        ("Note", source.note),
        ("Rows", f"{found.rows} registers, {sum(1 for _ in found.points())} points, {len(_suspects(found))} suspect"),
        ("Printed addresses", ". ".join(part for part in (printed, addressing.note) if part)),
        ("Transport", _facts(found.transport)),
        ("Levels", _levels(found)),
    ]
    about = table(("Map", code(found.id)), [row for row in facts if row[1]])
    parts = [f"# {found.label}\n", about, POINTS]
    parts += _groups(found.group, "", found.addressing.printed)
    if suspects := _suspects(found):
        parts.append("## Suspect points\n")
        parts.append(table(("Address", "Point", "Why"), [(p.address, code(p.name), p.suspect) for p in suspects]))
    if coded := [point for point in found.points() if point.symbols]:
        parts.append("## Codes and bits\n")
        parts.append(table(("Address", "Point", "Values"), [(p.address, code(p.name), _symbols(p)) for p in coded]))
    return "\n".join(parts)


def _facts(transport: Mapping[str, Any]) -> str:
    def shown(value: Any) -> str:
        if isinstance(value, Mapping):
            return ", ".join(f"{key} {shown(inner)}" for key, inner in value.items())
        if isinstance(value, list):
            return " ".join(map(str, value))
        return {True: "yes", False: "no"}.get(value, str(value)) if isinstance(value, bool) else str(value)

    return "; ".join(f"{key}: {shown(value)}" for key, value in transport.items())


def _groups(group: Group, path: str, printed: int) -> Iterator[str]:
    name = f"{path}.{group.name}" if path else group.name
    if group.points:
        yield f"## {name}\n"
        yield f"{_about(group)}\n"
        columns = ("FC", "Address", "Printed", "Point", "Label", "Type", "Decode", "Unit", "Access", "Metric", "Source")
        yield table(columns, [_row(point, printed) for point in group.points])
    for below in group.groups:
        yield from _groups(below, name, printed)


def _about(group: Group) -> str:
    what = f"{group.label or group.name}."
    if group.anatomy:
        what += f" Stands for a {group.anatomy}."
    if group.repeats:
        most = f"up to {group.count} times" if group.count else "as often as the plant has it"
        many = f"as often as point `{group.count}` says" if isinstance(group.count, str) else most
        what += f" Repeats {many}, {group.stride} registers apart."
    return what + (f" {group.desc.rstrip('.')}." if group.desc else "")


def _row(point: Point, printed: int) -> tuple[object, ...]:
    label = point.label + (" △" if point.suspect else "")
    access = "W" if point.write_only else point.access
    return (
        point.fc, point.address, point.address + printed if printed else "", code(point.name), label, point.type,
        _decode(point), point.units, access, code(point.metric or ""), point.source,
    )  # fmt: skip


def _decode(point: Point) -> str:
    steps = []
    if point.words > 1 and point.low_first:
        steps.append("low word first")
    if point.mask is not None:
        steps.append(f"bits {point.mask:#x}")
    if point.sentinel:
        steps.append("none at " + " or ".join(f"{raw:#x}" for raw in point.sentinel))
    if point.bcd:
        steps.append("decimal digits")
    if isinstance(point.sf, str):
        steps.append(f"× 10^`{point.sf}`")
    elif point.sf:
        steps.append(f"× 10^{point.sf}".replace("-", "−"))
    if point.offset:
        steps.append(f"{'+' if point.offset > 0 else '−'} {number(abs(point.offset))}")
    if point.sign < 0:
        steps.append("sign turned round")
    if point.part:
        steps.append(f"part {point.part}")
    return ", ".join(steps)


def _symbols(point: Point) -> str:
    what = "bit " if point.type.startswith("bitfield") else ""
    return " · ".join(f"{what}{symbol.value} {symbol.label or symbol.name}" for symbol in point.symbols)


def _sunspec() -> str:
    rows = []
    for key, binding in bindings().items():
        bound = served.metrics_of_model(binding)
        rows.append((key, ", ".join(f"{point} → `{metric}`" for metric, point in bound.items()) or "none"))
    return SUNSPEC.format(bases=", ".join(map(str, BASES))) + "\n" + table(("Model", "Point → metric"), rows)
