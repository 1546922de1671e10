"""`bessinside history`: what a historian's folder holds, in the terminal and in files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import msgspec
import numpy as np
import typer
from rich.markup import escape
from rich.table import Table

from bessinside.cli import kept
from bessinside.cli.screen import console, human
from bessinside.cli.span import Folder, From, To, between
from bessinside.historian.basis.rows import Rows
from bessinside.historian.basis.when import iso, when
from bessinside.historian.opened import opened
from bessinside.historian.past.past import Past

app = typer.Typer(no_args_is_help=True, help="What was true: figures, cells and sweeps of the past, and their folder.")

AsJson = Annotated[bool, typer.Option("--json", help="One JSON array instead of a table.")]
AsCsv = Annotated[bool, typer.Option("--csv", help="Comma-separated lines instead of a table.")]


def put(rows: Rows, as_csv: bool, as_json: bool, title: str = "", most: int = 0) -> None:
    """Rows as CSV, as JSON or as a table, of which the terminal gets the last `most` (0 for all)."""
    if as_csv:
        import pyarrow as pa
        import pyarrow.csv

        sink = pa.BufferOutputStream()
        pa.csv.write_csv(rows.arrow(), sink)
        console.out(sink.getvalue().to_pybytes().decode().rstrip("\n"), highlight=False)
        return
    columns = rows.columns()
    count = len(next(iter(columns.values())))
    if as_json:
        found = [{name: _plain(name, column[i]) for name, column in columns.items()} for i in range(count)]
        console.out(msgspec.json.encode(found).decode(), highlight=False)
        return
    table = Table(title=escape(title) or None, title_justify="left", pad_edge=False)
    for name, column in columns.items():
        table.add_column(
            name, justify="right" if isinstance(column, np.ndarray) and column.dtype.kind in "if" else "left"
        )
    first = max(0, count - most) if most else 0
    for i in range(first, count):
        table.add_row(*(_written(name, column[i]) for name, column in columns.items()))
    console.print(table)
    if first:
        console.print(f"the last {most} of {count} rows; --csv or --json gives all", highlight=False)


def _plain(name: str, value: Any) -> Any:
    if name in ("time", "until"):
        return iso(int(value)) if value else None
    if isinstance(value, float | np.floating):
        return float(value) if np.isfinite(value) else None
    return value.item() if isinstance(value, np.generic) else value


def _written(name: str, value: Any) -> str:
    plain = _plain(name, value)
    if plain is None:
        return "—"
    return f"{plain:,.6g}" if isinstance(plain, float) else escape(str(plain))


@app.command("info")
def info(folder: Folder, as_json: AsJson = False) -> None:
    """What a folder holds: devices, time, sweeps, bytes on the disk, plant files and maps.

    Example:

      bessinside history info history
    """
    with opened(folder) as past:
        facts = facts_of(past, folder)
    if as_json:
        console.out(msgspec.json.encode(facts).decode(), highlight=False)
        return
    badge = "[black on yellow] EMULATOR [/]" if facts["emulated"] else "[black on green] PLANT [/]"
    console.print(f"{badge} {escape(facts['label'])}, {facts['from']} to {facts['to']}", highlight=False)
    table = Table(pad_edge=False)
    for name in ("device", "map", "from", "to", "sweeps", "incomplete"):
        table.add_column(name, justify="right" if name in ("sweeps", "incomplete") else "left")
    for row in facts["devices"]:
        table.add_row(row["device"], row["map"], row["from"], row["to"], f"{row['sweeps']:,}", f"{row['incomplete']:,}")
    console.print(table)
    console.print(
        f"{facts['sweeps']:,} sweeps, {facts['bytes']:,} bytes on the disk, {facts['plant_files']} plant files, "
        f"{facts['maps']} maps",
        highlight=False,
    )


def facts_of(past: Past, folder: Path) -> dict[str, Any]:
    """What `history info` says, as plain values."""
    first, last = past.span()
    rows, plants, maps = [], set(), set()
    for device in past.archive.devices():
        begin, end = past.archive.span(device) or (0, 0)
        sweeps, editions = past.archive.sweeps(device, begin, end + 1), past.archive.editions(device)
        plants |= {edition.plant_hash for edition in editions}
        maps |= {edition.map_hash for edition in editions}
        rows.append(
            {
                "device": device,
                "map": past.worlds.register_map(past.worlds.map_of(editions[-1], end)).id,
                "from": iso(begin),
                "to": iso(end),
                "sweeps": len(sweeps),
                "incomplete": int(np.count_nonzero(sweeps.failed)),
            }
        )
    plant = past.newest().binding.plant
    return {
        "plant": plant.id,
        "label": plant.label,
        "emulated": plant.emulated,
        "from": iso(first),
        "to": iso(last),
        "sweeps": sum(row["sweeps"] for row in rows),
        "bytes": sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()),
        "plant_files": len(plants),
        "maps": len(maps),
        "devices": rows,
    }


@app.command("series")
def series(
    folder: Folder,
    figure: Annotated[str, typer.Argument(help="Id of a figure, such as meter/active_power.")],
    begin: From = "-5min",
    end: To = "",
    points: Annotated[int, typer.Option(help="Draw it together to so many spans with low, high and mean.")] = 0,
    as_csv: AsCsv = False,
    as_json: AsJson = False,
) -> None:
    """One figure over time: a row for every sweep, or for every span with --points.

    Examples:

      bessinside history series history meter/active_power --from -1h --csv
      bessinside history series history c1/r04/m3/cell026/voltage --from 2026-06-21 --to 2026-06-22 --points 1440
    """
    with opened(folder) as past:
        start, stop = between(past, begin, end)
        found = past.plot(figure, start, stop, points) if points else past.series(figure, start, stop)
    put(found, as_csv, as_json, f"{found.id}: {found.label}, {found.unit}", 60)


@app.command("cells")
def cells(
    folder: Folder,
    metric: Annotated[
        str, typer.Argument(help="A metric, such as cell.voltage or sensor.temperature.")
    ] = "cell.voltage",
    at: Annotated[str, typer.Option(help="The moment; the newest unless said.", metavar="TIME")] = "end",
    as_csv: AsCsv = False,
    as_json: AsJson = False,
) -> None:
    """Every part that carries a metric at one moment, and how they lie.

    Examples:

      bessinside history cells history --at 2026-06-21T16:00
      bessinside history cells history sensor.temperature --at -30min --csv
    """
    with opened(folder) as past:
        moment = when(at, past.span()[1])
        found = past.cells(metric, moment)
        lies = past.distribution(metric, moment)
    if as_csv or as_json:
        put(found, as_csv, as_json)
        return
    console.print(f"{metric} at {iso(moment)}: {lies.count} good, {lies.left_out} left out", highlight=False)
    table = Table(pad_edge=False)
    shares = {0.0: "lowest", 0.01: "1 %", 0.25: "25 %", 0.5: "median", 0.75: "75 %", 0.99: "99 %", 1.0: "highest"}
    for name in [*shares.values(), "mean", "spread"]:
        table.add_column(name, justify="right")
    values = [lies.quantiles[share] for share in shares] + [lies.mean, lies.quantiles[1.0] - lies.quantiles[0.0]]
    table.add_row(*(human(value, found.unit) for value in values))
    console.print(table)


@app.command("spread")
def spread(
    folder: Folder,
    metric: Annotated[str, typer.Argument(help="A metric, such as cell.voltage.")] = "cell.voltage",
    begin: From = "-1d",
    end: To = "",
    recompute: Annotated[
        bool, typer.Option("--recompute", help="From every part again, not from what was kept.")
    ] = False,
) -> None:
    """The largest distance between the parts of each device in a span: when it was, and between which two.

    Example:

      bessinside history spread history cell.voltage --from -1d
    """
    with opened(folder) as past:
        start, stop = between(past, begin, end)
        found = past.spread(metric, start, stop, recompute=recompute, named=100)
        unit = past.newest().binding.units[past.newest().binding.of_metric(metric)[0]]
    table = Table(
        title=f"largest spread of {metric}, {iso(start)} to {iso(stop)}", title_justify="left", pad_edge=False
    )
    for name in ("device", "time", "spread", "low", "high", "lowest", "highest"):
        table.add_column(name, justify="right" if name in ("spread", "low", "high") else "left")
    for row in found:
        numbers = (human(value, unit) for value in (row.spread, row.low, row.high))
        table.add_row(row.device, iso(row.time_ns), *numbers, row.lowest, row.highest)
    console.print(table)


@app.command("counted")
def counted(
    folder: Folder,
    figure: Annotated[str, typer.Argument(help="Id of a counter, such as meter/energy_export.")],
    begin: From = "-1d",
    end: To = "",
    as_json: AsJson = False,
) -> None:
    """What a counter counted in a span: over gaps and over its own rollover, not over a reset.

    Example:

      bessinside history counted history meter/energy_export --from 2026-06-21 --to 2026-06-22
    """
    with opened(folder) as past:
        start, stop = between(past, begin, end)
        found, world = past.counted(figure, start, stop), past.find(figure)
    index = world.binding.find(figure)
    assert index is not None  # counted() named it
    unit = world.binding.units[index]
    if as_json:
        total = found.total if np.isfinite(found.total) else None
        row = {"figure": figure, "unit": unit, **msgspec.to_builtins(found), "total": total}
        console.out(msgspec.json.encode(row).decode(), highlight=False)
        return
    console.print(
        f"[bold]{human(found.total, unit)}[/bold] from {iso(found.first_ns)} to {iso(found.last_ns)}", highlight=False
    )
    console.print(
        f"{found.readings:,} good readings, {found.rollovers} rollovers, {found.resets} resets, longest gap "
        f"{found.longest_gap_ns / 1e9:,.1f} s",
        highlight=False,
    )


@app.command("completeness")
def completeness(
    folder: Folder,
    device: Annotated[str, typer.Option(help="One device; all unless said.")] = "",
    begin: From = "-1d",
    end: To = "",
    as_csv: AsCsv = False,
    as_json: AsJson = False,
) -> None:
    """What share of the expected sweeps came, for each device and hour.

    Example:

      bessinside history completeness history --from -1d
    """
    with opened(folder) as past:
        start, stop = between(past, begin, end)
        found = past.completeness(start, stop, device or None)
    put(found, as_csv, as_json, f"sweeps that came, {iso(start)} to {iso(stop)}")


@app.command("alarms")
def alarms(
    folder: Folder,
    begin: From = "-1d",
    end: To = "",
    as_csv: AsCsv = False,
    as_json: AsJson = False,
) -> None:
    """Every alarm bit that stood in a span: when it came and when it went, as the words on the wire say.

    Example:

      bessinside history alarms history --from -1d
    """
    with opened(folder) as past:
        start, stop = between(past, begin, end)
        found = past.alarms(start, stop)
    put(found, as_csv, as_json, f"alarms, {iso(start)} to {iso(stop)}", 200)


for verb, command in (
    ("export", kept.export),
    ("import", kept.take_in),
    ("import-table", kept.take_in_table),
    ("backup", kept.backup),
    ("restore", kept.restore),
    ("check", kept.check),
    ("redecode", kept.redecode),
):
    app.command(verb)(command)
