"""The command `bessinside` and how its errors look."""

from __future__ import annotations

import sys

import typer
from rich.markup import escape

from bessinside import __version__
from bessinside.cli import (
    emulate,
    export,
    history,
    maps,
    plants,
    prices,
    read,
    revenue,
    run,
    scan,
    scenarios,
    signals,
    sql,
    tape,
    users,
    view,
)
from bessinside.cli.screen import errors
from bessinside.errors import BessError

app = typer.Typer(
    name="bessinside",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="""A register-true digital twin of a battery storage plant.

Every figure is a Modbus register that you can open (device, function code, address, bytes, decode, age, quality) and
read again with a tool that is not ours.

[bold]First steps[/bold]

  bessinside demo                     reference plant and twin, page on http://127.0.0.1:8123
  bessinside scan 192.0.2.10          what answers there, and which map fits
  bessinside run my-plant.toml        the twin of your plant
  bessinside read my-plant.toml       its figures in the terminal
""",
)
app.command("demo")(run.demo)
app.command("run")(run.run)
app.command("emulate")(emulate.emulate)
app.command("read")(read.read)
app.command("scan")(scan.scan)
app.command("capture")(tape.capture)
app.command("replay")(tape.replay)
app.command("sql")(sql.sql)
app.command("signals")(signals.signals)
app.command("revenue")(revenue.revenue)
app.command("view")(view.view)
app.command("export")(export.export)
app.command("user")(users.user)
app.add_typer(maps.app, name="maps")
app.add_typer(plants.app, name="plant")
app.add_typer(scenarios.app, name="scenarios")
app.add_typer(prices.app, name="prices")
app.add_typer(history.app, name="history")


@app.callback(invoke_without_command=True)
def top(version: bool = typer.Option(False, "--version", help="Print the version and stop.")) -> None:
    """Shown by `bessinside --help`."""
    if version:
        typer.echo(f"bessinside {__version__}")
        raise typer.Exit


def main() -> None:
    """Runs the command. Exit codes: 0 done, 1 the plant or a file is not as expected, 2 wrong usage, 130 stopped."""
    try:
        app()
    except (BessError, OSError) as error:
        errors.print(f"[red]error:[/red] {escape(str(error))}", soft_wrap=True, highlight=False)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
