"""`bessinside plant`: plant files."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from bessinside.cli.screen import console
from bessinside.plant import levels, load_plant, shipped_plants
from bessinside.twin import Twin

app = typer.Typer(no_args_is_help=True, help="Plant files: check one, list the shipped ones.")


@app.command("list")
def list_plants() -> None:
    """The plants that come with the product.

    Example:

      bessinside plant list
    """
    table = Table("id", "label", "devices")
    for name in shipped_plants():
        plant = load_plant(name)
        table.add_row(name, plant.label, str(len(plant.devices)))
    console.print(table)


@app.command("check")
def check(file: Annotated[str, typer.Argument(help="A plant file, or the id of a shipped plant.")]) -> None:
    """Check a plant file: devices, maps, places, and what each of the 14 levels will show. Asks no device.

    Example:

      bessinside plant check my-plant.toml
    """
    twin = Twin(file)
    table = Table(title=f"{twin.plant.label}: {twin.binding.size} points", title_justify="left")
    for column in ("device", "map", "at", "points", "reads a sweep", "every"):
        table.add_column(column, justify="right" if column in ("points", "reads a sweep", "every") else "left")
    for readings in twin.devices:
        device = readings.bound.device
        reads = len(readings.plan.requests)
        table.add_row(
            device.id, device.map, " ".join(device.at), str(readings.bound.size), str(reads), f"{device.every_s:g} s"
        )
    for device in twin.plant.devices:
        if all(readings.bound.device.id != device.id for readings in twin.devices):
            table.add_row(device.id, device.map, " ".join(device.at), "by discovery", "", f"{device.every_s:g} s")
    console.print(table)
    shows = Table("level", "title", "figures", "without a register", title="Levels", title_justify="left")
    for level, row in zip(levels(), twin.levels(), strict=True):
        missing = [figure.label for figure in row.figures if not figure.part]
        shows.add_row(f"{level.id:02d}", row.title, str(len(row.figures) - len(missing)), ", ".join(missing))
    console.print(shows)
