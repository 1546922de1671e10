"""`bessinside read`: figures in the terminal, with their raw words."""

from __future__ import annotations

import asyncio
import fnmatch
import re
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.live import Live
from rich.markup import escape
from rich.table import Table

from bessinside.cli.screen import MARKS, console, errors, interactive, shown
from bessinside.errors import BessError
from bessinside.modbus import parse_endpoint
from bessinside.plant import load_plant
from bessinside.runtime import clock
from bessinside.twin import Snapshot, State, Twin


def read(
    plant: Annotated[str, typer.Argument(help="A plant file, or the id of a shipped plant.")],
    figures: Annotated[
        list[str] | None,
        typer.Argument(help="Ids or patterns (meter/*, */soc), or a register as device:function code:address."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON array instead of a table.")] = False,
    watch: Annotated[bool, typer.Option("--watch", help="Go on until Ctrl-C.")] = False,
    every: Annotated[float, typer.Option(help="Seconds between two tables with --watch.")] = 1.0,
    at: Annotated[
        str,
        typer.Option(help="A moment that is past, as 2026-06-21T05:00 (UTC) or -2h; needs --history.", metavar="TIME"),
    ] = "",
    history: Annotated[
        Path | None, typer.Option(help="The folder that `bessinside run --history` wrote.", metavar="DIR")
    ] = None,
) -> None:
    """Read figures of a plant: value, quality, age and the raw words they come from; now, or at a moment of its past.

    Exit code 0 if every figure asked for is good, 1 if any is not.

    Examples:

      bessinside read ref-5m                          what the 14 levels show
      bessinside read ref-5m 'meter/*'                everything of the meter
      bessinside read ref-5m 'c1/r04/m3/cell*/voltage' --json
      bessinside read ref-5m pcs1/active_power --watch
      bessinside read ref-5m 'meter/*' --at 2026-06-21T16:00 --history history
    """
    if at or history:
        raise typer.Exit(0 if _read_past(plant, figures or [], as_json, watch, at, history) else 1)
    good = asyncio.run(_read(plant, figures or [], as_json, watch, every))
    raise typer.Exit(0 if good else 1)


async def _read(plant: str, patterns: list[str], as_json: bool, watch: bool, every: float) -> bool:
    async with Twin(plant) as twin:
        await _first_answers(twin)
        ids = _chosen(twin, patterns)
        if as_json:
            while True:
                now = twin.snapshot()
                rows = [_row(twin, figure_id, now) for figure_id in ids]
                console.out(msgspec.json.encode(rows).decode(), highlight=False)
                if not watch:
                    return all(row["quality"] == "good" for row in rows)
                await clock.sleep(every)
        if watch:
            with Live(_table(twin, ids), console=console, auto_refresh=False, screen=interactive()) as live:
                while True:
                    await clock.sleep(every)
                    live.update(_table(twin, ids), refresh=True)
        console.print(_table(twin, ids))
        now = twin.snapshot()
        return all(twin.figure(figure_id, now).quality == "good" for figure_id in ids)


def _read_past(plant: str, patterns: list[str], as_json: bool, watch: bool, at: str, history: Path | None) -> bool:
    """Figures at a moment of the past; whether all are good."""
    from bessinside.historian.basis.when import iso, when
    from bessinside.historian.opened import opened

    if history is None or not at or watch:
        raise BessError("the past needs both: --at TIME and --history DIR (and no --watch)")
    with opened(history) as past:
        then = past.at(when(at, past.span()[1]))
        if load_plant(plant).id != then.plant.id:
            raise BessError(f"{history} is the history of {then.plant.id}, not of {plant}")
        ids = _chosen(then, patterns)
        if as_json:
            now = then.snapshot()
            rows = [_row(then, figure_id, now) for figure_id in ids]
            console.out(msgspec.json.encode(rows).decode(), highlight=False)
            return all(row["quality"] == "good" for row in rows)
        console.print(f"at {iso(then.at_ns)}", highlight=False)
        console.print(_table(then, ids))
        now = then.snapshot()
        return all(then.figure(figure_id, now).quality == "good" for figure_id in ids)


async def _first_answers(twin: Twin, within_s: float = 8.0) -> None:
    """Waits until every device was tried once."""
    with errors.status("asking the devices …"):
        ends = clock.monotonic() + within_s
        while any(p.state == "connecting" for p in twin.pollers) and clock.monotonic() < ends:
            await clock.sleep(0.05)


def _chosen(twin: State, patterns: list[str]) -> list[str]:
    known = list(twin.ids())
    if not patterns:
        return list(dict.fromkeys(row.id for level in twin.levels() for row in level.figures if row.part))
    chosen: list[str] = []
    for pattern in patterns:
        if register := re.fullmatch(r"([a-z0-9_-]+):([1-4]):(\d+)", pattern):
            device, fc, address = register.group(1), int(register.group(2)), int(register.group(3))
            found = [
                twin.binding.ids[bound.first + i]
                for bound in twin.binding.devices
                if bound.device.id == device
                for i in range(bound.size)
                if bound.layout.fc[i] == fc and bound.layout.address[i] == address
            ]
        else:
            found = [name for name in known if fnmatch.fnmatchcase(name, pattern) or name.split("@")[0] == pattern]
            index = None if found else twin.binding.find(pattern)  # a plain id may be said with its device too
            found = found if index is None else [twin.binding.ids[index]]
        if not found:
            raise BessError(f"{pattern}: no such figure; `bessinside read {twin.plant.id} '*'` lists all {len(known)}")
        chosen += found
    return list(dict.fromkeys(chosen))


def _row(twin: State, figure_id: str, now: Snapshot) -> dict[str, object]:
    found = twin.figure(figure_id, now)
    row: dict[str, object] = {
        "id": figure_id,
        "value": found.value if found.text is None else found.text,
        "unit": found.unit,
        "quality": found.quality,
        "age": found.age,
    }
    index = twin.binding.find(figure_id)
    if index is not None:
        bound, i = twin.binding.locate(index)
        row |= {
            "device": bound.device.id,
            "unit_id": parse_endpoint(bound.device.url).unit,
            "function_code": int(bound.layout.fc[i]),
            "address": int(bound.layout.address[i]),
            "words": twin.devices[bound.number].words_of(i),
        }
        return row
    derived = twin.derived.find(figure_id)
    if derived is not None:
        formula, _, inputs = twin.derived.locate(derived)
        return row | {"formula": formula.equation, "inputs": len(inputs)}
    passport = twin.passport(figure_id).derived
    return row if passport is None else row | {"formula": passport.formula, "inputs": passport.inputs_total}


def _table(twin: State, ids: list[str]) -> Table:
    badge = "EMULATOR" if twin.plant.emulated else "PLANT"
    table = Table(title=f"{badge} {escape(twin.plant.label)}", title_justify="left", pad_edge=False)
    for name in ("figure", "value", "", "age", "device", "register", "words"):
        table.add_column(name, justify="right" if name in ("value", "age") else "left", overflow="fold")
    now = twin.snapshot()
    for figure_id in ids:
        row = twin.figure(figure_id, now)
        age = f"{row.age:.1f} s" if row.age is not None else "—"
        index = twin.binding.find(figure_id)
        if index is None:
            source = ("derived", "formula", "")
        else:
            bound, i = twin.binding.locate(index)
            words = twin.devices[bound.number].words_of(i)
            source = (bound.device.id, f"FC{bound.layout.fc[i]} {bound.layout.address[i]}", " ".join(words))
        table.add_row(figure_id, escape(shown(row)), MARKS[row.quality], age, *source)
    return table
