"""`bessinside history` on the folder itself: files out of it and into it, copies, checks, and corrected maps."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.progress import Progress
from rich.table import Table

from bessinside.cli.screen import console, errors, human
from bessinside.cli.span import Folder, From, To, between
from bessinside.errors import BessError
from bessinside.historian.basis.when import iso, when
from bessinside.historian.clickhouse.address import is_address
from bessinside.historian.opened import opened
from bessinside.plant import load_plant
from bessinside.registers import load_map
from bessinside.runtime import disk
from bessinside.twin import Quality


def export(
    folder: Folder,
    figures: Annotated[list[str], typer.Argument(help="Ids, patterns (meter/*) or metrics (cell.voltage).")],
    file: Annotated[Path, typer.Option("--out", "-o", help="New file: .parquet, .arrow or .csv.")],
    begin: From = "",
    end: To = "",
) -> None:
    """Write figures of a span into a file that others read: a row for each figure and sweep.

    Examples:

      bessinside history export history cell.voltage -o cells.parquet --from 2026-06-21 --to 2026-06-22
      bessinside history export history 'meter/*' 'pcs1/*' -o meter.csv --from -1h
    """
    from bessinside.historian.export import export as write

    if disk.exists(file):
        raise BessError(f"{file} is there already; name another file")
    with opened(folder) as past:
        rows = write(past, figures, *between(past, begin, end), file)
    console.print(f"{rows:,} rows in {file}", highlight=False)


def take_in(
    folder: Folder,
    plant: Annotated[str, typer.Argument(help="The plant file that says what the devices are.")],
    capture: Annotated[
        Path, typer.Argument(help="A capture of `bessinside capture` or `bessinside emulate --record`.")
    ],
) -> None:
    """Make a capture history: every exchange byte for byte, at the time at which it was.

    Example:

      bessinside history import june ref-5m june.capture
    """
    from bessinside.historian.taken_in import take_in as record

    taken = asyncio.run(record(folder, load_plant(plant), capture))
    console.print(f"{taken.sweeps:,} sweeps, {taken.exchanges:,} exchanges in {folder}", highlight=False)
    if taken.left:
        console.print(f"{taken.left:,} exchanges were no reads of a sweep and are left out", highlight=False)


def take_in_table(
    folder: Folder,
    table: Annotated[Path, typer.Argument(help="The table of another system: .csv or .parquet.")],
    columns: Annotated[Path, typer.Option("--columns", help="A TOML file that says what its columns are.")],
    name: Annotated[str, typer.Option(help="What its readings are called by: foreign/NAME/ID.")],
) -> None:
    """Lay a table of another system beside a history: its readings are foreign, and never mix with those of the wire.

    Example:

      bessinside history import-table history scada.csv --columns scada.toml --name scada
    """
    from bessinside.historian.foreign.column_map import load_columns
    from bessinside.historian.foreign.foreign import Foreign
    from bessinside.historian.foreign.table import read_table

    if not re.fullmatch(r"[a-z0-9_-]+", name):
        raise BessError(f"--name {name}: expected small letters, digits, - and _")
    if is_address(folder):
        raise BessError(
            f"{folder}: tables of other systems lie in a folder, not on servers; import it into a folder that "
            "`bessinside run --history` writes, or create a table of your own beside those of the plant"
        )
    with opened(folder):  # it must be a history
        found = load_columns(columns)
        rows = read_table(table, found)
        Foreign(folder).keep(name, table, rows, found.column)
    ids = ", ".join(f"foreign/{name}/{one.id}" for one in found.column)
    console.print(f"{len(rows.time):,} rows of {ids}", highlight=False)


def backup(folder: Folder, target: Annotated[Path, typer.Argument(help="A new folder.")]) -> None:
    """Copy a history while it is recorded: one moment of it, whole.

    Example:

      bessinside history backup history /mnt/backup/2026-06-21
    """
    from bessinside.historian.backup import backup as copy

    copied = copy(folder, target)
    console.print(f"{copied.files:,} files, {copied.bytes:,} bytes in {target}", highlight=False)


def restore(
    source: Annotated[Path, typer.Argument(help="A folder that `history backup` made.")],
    folder: Annotated[Path, typer.Argument(help="A new folder, for `bessinside run --history`.", metavar="DIR")],
) -> None:
    """Check a backup and copy it to where it is to be used.

    Example:

      bessinside history restore /mnt/backup/2026-06-21 history
    """
    from bessinside.historian.backup import restore as copy

    copied = copy(source, folder)
    console.print(f"{copied.files:,} files, {copied.bytes:,} bytes in {folder}", highlight=False)


def check(folder: Folder) -> None:
    """Look whether a folder is whole: catalogue, every file that it names, maps and plant files.

    Example:

      bessinside history check history
    """
    from bessinside.historian.backup import check as look

    console.print(f"{look(folder):,} files, all there and readable", highlight=False)


def redecode(
    folder: Folder,
    file: Annotated[
        Path, typer.Option("--map", help="The corrected map; its id says which recorded ones it corrects.")
    ],
    begin: From = "",
    end: To = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would change and write nothing.")] = False,
    note: Annotated[str, typer.Option(help="Why; it is kept with the decoding.")] = "",
) -> None:
    """Decode the past again with a corrected map. What was recorded stays as it is, and the old decoding beside it.

    Examples:

      bessinside history redecode history --map discover-aes-bcu.yaml --from 2026-06-01 --dry-run
      bessinside history redecode history --map discover-aes-bcu.yaml --from 2026-06-01 --note "scale of SoC"
    """
    from bessinside.historian.redecode import apply, preview

    with opened(folder) as past:
        first, last = past.span()
        stop = when(end, last) if end else 2**62
        start = when(begin, last) if begin else first
        changes = preview(past.archive, past.worlds.decodings, load_map(file), start, min(stop, last + 1))
        table = Table(pad_edge=False)
        for name in ("device", "point", "figures", "for example", "was", "becomes"):
            table.add_column(name, justify="right" if name in ("figures", "was", "becomes") else "left")
        for one in changes:
            sides = ((one.old, one.old_quality), (one.new, one.new_quality))
            was, becomes = (human(value, one.unit) if mark is Quality.GOOD else mark.label for value, mark in sides)
            table.add_row(one.device, escape(one.point), str(one.figures), one.example, was, becomes)
        console.print(table if changes else "nothing changes", highlight=False)
        if not dry_run:
            with Progress(console=errors, transient=True) as progress:
                task = progress.add_task("minutes and hours of the new decoding", total=1.0)
                every = apply(
                    folder, past.archive, file, start, stop, note,
                    lambda share: progress.update(task, completed=share),
                )  # fmt: skip
            for added in every:
                console.print(
                    f"{added.recorded[:12]} is decoded with {added.by[:12]} from {iso(start)} on; the old decoding "
                    "stays on record (decodings.json)",
                    highlight=False,
                )
