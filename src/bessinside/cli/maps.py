"""`bessinside maps`: register maps, the shipped ones and one's own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.markup import escape
from rich.table import Column, Table

from bessinside.cli.screen import console
from bessinside.errors import BessError
from bessinside.plant import levels
from bessinside.registers import Group, RegisterMap, load_map, shipped_maps
from bessinside.registers.importer import read_table
from bessinside.registers.lint import lint
from bessinside.registers.schema import map_schema
from bessinside.runtime import disk

app = typer.Typer(no_args_is_help=True, help="Register maps: list, show, lint, import; the schema for editors.")
_COLOURS = {"error": "red", "warning": "yellow", "note": "dim"}


def served_levels(found: RegisterMap) -> list[int]:
    """Numbers of the levels that a map has metrics for."""
    metrics = set(_metrics(found.group, None))
    return [level.id for level in levels() if metrics & set(level.metrics)]


def _metrics(group: Group, kind: str | None) -> list[str]:
    kind = group.anatomy or kind
    own = [f"{p.part.split('/')[0] if p.part else kind}.{p.metric}" for p in group.points if p.metric]
    return own + [key for below in group.groups for key in _metrics(below, kind)]


@app.command("list")
def list_maps(as_json: Annotated[bool, typer.Option("--json", help="One JSON array.")] = False) -> None:
    """The maps that come with the product: rows, suspects, and which of the 14 levels each serves.

    Example:

      bessinside maps list --json
    """
    found = [load_map(name) for name in shipped_maps()]
    rows = [
        {
            "id": one.id,
            "class": one.cls,
            "label": one.label,
            "rows": one.rows,
            "suspect": sum(1 for point in one.points() if point.suspect),
            "levels": served_levels(one),
        }
        for one in found
    ]
    if as_json:
        console.out(msgspec.json.encode(rows).decode(), highlight=False)
        return
    table = Table(Column("map", no_wrap=True), "class", "device", "rows", "suspect", "levels")
    for row in rows:
        table.add_row(*(" ".join(map(str, v)) if isinstance(v, list) else str(v) for v in (
            row["id"], row["class"], row["label"], row["rows"], row["suspect"], row["levels"]
        )))  # fmt: skip
    table.add_section()
    total = sum(one.rows for one in found)
    table.add_row(f"{len(found)} maps", "", "", str(total), "", "")
    console.print(table)
    console.print('and every SunSpec device, by discovery: `map = "sunspec"`', highlight=False)


@app.command("show")
def show(name: Annotated[str, typer.Argument(metavar="MAP", help="Id of a shipped map, or a map file.")]) -> None:
    """One map: where it comes from and every point with address, type, scale and metric.

    Example:

      bessinside maps show janitza-umg96rme
    """
    found = load_map(name)
    source = found.source
    console.print(f"[bold]{escape(found.label)}[/bold] ({found.id}, {found.cls}): {found.rows} rows")
    document = f"{source.document} {source.issue} {source.date}; read from {source.read_from}"
    console.print(document, highlight=False, markup=False)
    table = Table("group", "point", "FC", "address", "type", "scale", "unit", "access", "metric", "remark")
    _add_rows(table, found.group, "")
    console.print(table)


def _add_rows(table: Table, group: Group, path: str) -> None:
    name = f"{path}.{group.name}" if path else group.name
    shown = escape(f"{name}[{group.count or '…'}]" if group.repeats else name)
    for point in group.points:
        scale = point.sf if isinstance(point.sf, str) else f"10^{point.sf}" if point.sf else ""
        order = " low first" if point.low_first else ""
        field = f" & {point.mask:#x}" if point.mask is not None else ""
        remark = f"[yellow]suspect:[/yellow] {escape(point.suspect)}" if point.suspect else ""
        table.add_row(
            shown, point.name, str(point.fc), str(point.address), f"{point.type}{order}{field}", scale, point.units,
            point.access, point.metric or "", remark,
        )  # fmt: skip
        shown = ""
    for below in group.groups:
        _add_rows(table, below, name)


@app.command("lint")
def lint_maps(
    files: Annotated[
        list[str] | None, typer.Argument(metavar="[FILE]", help="Map files or ids; all shipped ones by default.")
    ] = None,
    notes: Annotated[bool, typer.Option("--notes", help="Show notes too, not only errors and warnings.")] = False,
) -> None:
    """Check maps: sources, units, overlaps, sentinels, counters that wrap. Exit code 1 where one has an error.

    Examples:

      bessinside maps lint
      bessinside maps lint my-bms.yaml --notes
    """
    names = files or list(shipped_maps())
    count = {"error": 0, "warning": 0, "note": 0}
    for name in names:
        for finding in lint(load_map(name)):
            count[finding.level] += 1
            if finding.level != "note" or notes:
                place, colour = f"{Path(finding.file).name}:{finding.line}", _COLOURS[finding.level]
                console.print(
                    f"{place}: [{colour}]{finding.level}[/]: {escape(finding.key)}: {escape(finding.text)}",
                    highlight=False,
                    soft_wrap=True,
                )
    console.print(f"{len(names)} maps: " + ", ".join(f"{number} {level}s" for level, number in count.items()))
    if count["error"]:
        raise typer.Exit(1)


@app.command("import")
def import_table(
    file: Annotated[Path, typer.Argument(help="A CSV or Excel file with one row per register.")],
    name: Annotated[str, typer.Option("--id", help="Id of the new map; the file's name by default.")] = "",
    to: Annotated[Path | None, typer.Option("--to", help="Write the map here instead of to the terminal.")] = None,
) -> None:
    """Turn an owner's register list (CSV or Excel, cells on a sheet of their own) into a map to complete by hand.

    Examples:

      bessinside maps import registers.xlsx --id my-bms --to my-bms.yaml
      bessinside maps lint my-bms.yaml
    """
    text = read_table(file, map_id=name or None)
    if to is None:
        console.out(text, highlight=False)
    elif disk.exists(to):
        raise BessError(f"{to} is there already; name another file")
    else:
        disk.write_atomic(to, text.encode())
        console.print(f"written: {to}; check it with `bessinside maps lint {to}`")


@app.command("schema")
def schema() -> None:
    """The JSON Schema of map files, for editors.

    Example:

      bessinside maps schema > map.schema.json
    """
    console.out(msgspec.json.format(msgspec.json.encode(map_schema())).decode(), highlight=False)
