"""`bessinside sql`: questions in SQL about a historian's folder."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.markup import escape
from rich.table import Table

from bessinside.cli.screen import console, interactive
from bessinside.errors import BessError
from bessinside.historian.basis.when import when
from bessinside.historian.opened import opened

MOST_ROWS = 200
TABLES = ("readings", "cells", "alarms", "minutes", "hours", "sweeps", "points", "events", "words")


def sql(
    folder: Annotated[Path, typer.Argument(help="The folder that `bessinside run --history` writes.", metavar="DIR")],
    query: Annotated[str, typer.Argument(help="A SELECT; without one, lines are asked for until `exit`.")] = "",
    begin: Annotated[str, typer.Option("--from", help="Look at no file from before, as 2026-06-21T05:00 or -2h.")] = "",
    end: Annotated[str, typer.Option("--to", help="Look at nothing from then on.")] = "",
    as_csv: Annotated[bool, typer.Option("--csv", help="Comma-separated lines instead of a table.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON array instead of a table.")] = False,
) -> None:
    """Ask a history in SQL (DuckDB): readings, cells and alarms as the maps decode them, sealed and not yet sealed.

    Tables: readings, cells, alarms, minutes, hours, sweeps, points, events, words. `DESCRIBE readings` lists columns.

    Examples:

      bessinside sql history "SELECT time, value FROM readings WHERE id = 'meter/active_power'" --from -1h
      bessinside sql history "SELECT rack, max(value) - min(value) FROM cells GROUP BY rack, metric" --from -1min
    """
    from bessinside.historian.sql.sql import tables

    first, stop = -(2**62), 2**62
    if begin or end:
        with opened(folder) as past:
            last = past.span()[1]
        stop = when(end, last) if end else last + 1
        first = when(begin, last) if begin else first
    with tables(folder, first, stop) as connection:
        if query:
            _answer(connection, query, as_csv, as_json)
            return
        console.print(f"tables: {', '.join(TABLES)}; `exit` ends it", highlight=False)
        while (line := _line()) not in ("exit", "quit"):
            if line:
                try:
                    _answer(connection, line, as_csv, as_json)
                except BessError as error:
                    console.print(f"[red]{escape(str(error))}[/red]", highlight=False)


def _line() -> str:
    try:
        return input("sql> " if interactive() else "").strip().rstrip(";")
    except EOFError:
        return "exit"


def _answer(connection: Any, query: str, as_csv: bool, as_json: bool) -> None:
    """Asks, and puts the rows on the terminal. Raises BessError with what DuckDB says of the question."""
    import duckdb

    try:
        asked = connection.execute(query)
        columns = [str(column[0]) for column in asked.description or ()]
        rows = asked.fetchall()
    except duckdb.Error as error:
        raise BessError(str(error)) from error
    if as_json:
        found = [{name: _plain(value) for name, value in zip(columns, row, strict=True)} for row in rows]
        console.out(msgspec.json.encode(found).decode(), highlight=False)
        return
    if as_csv:
        for row in (columns, *rows):
            console.out(",".join(_quoted(value) for value in row), highlight=False)
        return
    table = Table(*map(escape, columns), pad_edge=False)
    for row in rows[:MOST_ROWS]:
        table.add_row(*(escape(_shown(value)) for value in row))
    console.print(table)
    if len(rows) > MOST_ROWS:
        console.print(f"the first {MOST_ROWS} of {len(rows):,} rows; --csv or --json gives all", highlight=False)


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime.datetime) else value


def _shown(value: Any) -> str:
    if value is None:
        return "—"
    return f"{value:.9g}" if isinstance(value, float) else str(_plain(value))


def _quoted(value: Any) -> str:
    text = "" if value is None else str(_plain(value))
    return f'"{text.replace(chr(34), chr(34) * 2)}"' if any(sign in text for sign in ',"\n') else text
