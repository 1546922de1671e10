"""`bessinside emulate`: an emulated plant behind real Modbus servers, or its sweeps in a capture."""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.progress import Progress
from rich.table import Table

from bessinside.cli.lines import listen
from bessinside.cli.screen import console, errors, log_to_terminal
from bessinside.errors import BessError
from bessinside.plant import load_plant
from bessinside.runtime import clock, loop

if TYPE_CHECKING:
    from bessinside.emulator.service.serve import Emulator

RESERVE = 0.4  # of the rated power, what is kept for primary control unless --fcr says otherwise


def emulate(
    plant: Annotated[str, typer.Argument(help="A shipped plant (ref-5m, ref-1m) or a plant file.")] = "ref-5m",
    world: Annotated[
        str, typer.Option(help="Which registers: `vendor` (maps of real devices) or `sunspec`; of shipped plants.")
    ] = "vendor",
    scenario: Annotated[
        list[str] | None,
        typer.Option(help="What goes wrong from the start on, as NAME or NAME@PART; may be repeated.", metavar="NAME"),
    ] = None,
    speed: Annotated[float, typer.Option(help="Seconds of the plant in each real one; 1 is real time.")] = 1.0,
    seed: Annotated[int, typer.Option(help="The same seed gives the same plant, cell for cell.")] = 1,
    schedule: Annotated[
        str, typer.Option(help="CSV of a day: time of day (HH:MM, UTC) and power in W, discharging positive.")
    ] = "",
    at: Annotated[
        str, typer.Option(help="When the plant begins, as 2026-06-21T05:00 (UTC); now unless said.", metavar="TIME")
    ] = "",
    years: Annotated[
        float | None, typer.Option(help="Years that the plant has been at work; about one unless said.")
    ] = None,
    fcr: Annotated[
        float | None,
        typer.Option(
            help="Primary control on top of the schedule, kW at 200 mHz; 40 % of the power unless said, none with a "
            "scenario's own setting."
        ),
    ] = None,
    hold: Annotated[bool, typer.Option("--hold", help="Stand still: serve the first moment for ever.")] = False,
    record: Annotated[
        tuple[str, Path] | None,
        typer.Option(help="Serve nothing: write so long (30d, 12h) of sweeps to FILE.", metavar="SPAN FILE"),
    ] = None,
    every: Annotated[str, typer.Option(help="With --record: how far the sweeps are apart.", metavar="SPAN")] = "60s",
    truth: Annotated[
        Path | None, typer.Option(help="Write what the scenarios make wrong, where and when, as JSON lines.")
    ] = None,
) -> None:
    """Serve a physically modelled battery plant over Modbus on this machine.

    Everything it serves is emulated and says so, here and in every unit's device identification. While it runs it
    obeys lines of standard input: `help` lists them, `go 14:30` fast-forwards, `speed 60` hurries, `scenario NAME`
    begins trouble. With --scenario the plant is in the setting that the scenario is written for, unless --schedule
    gives another. SIGUSR1 makes time stand still, SIGUSR2 lets it go on.

    Examples:

      bessinside emulate                               the reference plant REF-5M on ports 15020 to 15070
      bessinside emulate ref-5m --seed 7               another one of the same type
      bessinside emulate --at 2026-06-21T05:00 --speed 60       a summer day in 24 minutes
      bessinside emulate --scenario weak-cell          one cell of 4,992 is weak; can you find it?
      bessinside emulate --record 30d june.capture     a month in a file, for `bessinside replay`
      mbpoll -0 -1 -B -a 1 -p 15020 -t 4:float -r 19026 127.0.0.1    its active power with a foreign tool
    """
    from bessinside.emulator.service.moment import moment, span
    from bessinside.emulator.service.serve import Emulator

    file = load_plant(plant_in(plant, world))
    lasts = span(record[0]) if record else 0.0
    start = moment(at) if at else clock.now_ns() - round(lasts * 1e9) if record else None
    emulator = Emulator(
        file,
        seed=seed,
        schedule=schedule or None,
        reserve=_reserve(file.power_w or 0.0, fcr, own_setting=bool(scenario) and not schedule),
        speed=speed,
        scenario=scenario,
        years=years,
        at=start,
    )
    if record:
        _record(emulator, record[1], lasts, span(every))
    else:
        emulator.held = hold
        loop.run(_serve(emulator, truth))
    _write_truth(emulator, truth)


def _reserve(power: float, fcr: float | None, *, own_setting: bool) -> float:
    """Primary control in W."""
    if fcr is not None:
        return fcr * 1e3
    return 0.0 if own_setting else RESERVE * power


def plant_in(name: str, world: str) -> str:
    """The name of a plant in a world of registers; plants of one's own have the world that their file has."""
    from bessinside.emulator.worlds.world import world_file

    if world == "vendor":
        return name
    try:
        return world_file(name, world)
    except KeyError as error:
        raise BessError(f"--world {world}: {error.args[0]}") from None


def _record(emulator: Emulator, path: Path, span_s: float, every_s: float) -> None:
    from bessinside.emulator.service.record import Recording

    recording = Recording(emulator, path, span_s, every_s)
    console.print(
        f"{recording.sweeps:,} sweeps of {recording.registers:,} registers, {every_s:g} s apart: "
        f"{path} gets {_size(recording.size)} at most",
        highlight=False,
    )
    with Progress(console=errors, transient=True) as progress:
        task = progress.add_task("recording", total=recording.sweeps)
        written = recording.write(lambda done: progress.update(task, completed=done))
    console.print(f"{written:,} exchanges in {path}, {_size(path.stat().st_size)}, {emulator.label}", highlight=False)


def _size(size: float) -> str:
    for unit in ("bytes", "kB", "MB"):
        if size < 1000.0:
            return f"{size:.3g} {unit}"
        size /= 1000.0
    return f"{size:.3g} GB"


def _write_truth(emulator: Emulator, path: Path | None) -> None:
    from bessinside.emulator.trouble.truth import write_truths

    if path is not None:
        write_truths(path, emulator.plays.truths())


async def _serve(emulator: Emulator, truth: Path | None) -> None:
    from bessinside.emulator.service.control import Control

    log_to_terminal()
    stop = asyncio.Event()
    running = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        running.add_signal_handler(number, stop.set)
    running.add_signal_handler(signal.SIGUSR1, emulator.hold)
    running.add_signal_handler(signal.SIGUSR2, emulator.go_on)
    control = Control(emulator, _say)

    def take(line: str) -> None:
        try:
            _say(control.obey(line))
        except BessError as error:
            errors.print(f"[red]error:[/red] {escape(str(error))}", soft_wrap=True, highlight=False)
        _write_truth(emulator, truth)

    async with emulator:
        _write_truth(emulator, truth)
        _introduce(emulator)
        listen(take)
        await stop.wait()
        await control.close()


def _introduce(emulator: Emulator) -> None:
    console.print(
        f"[black on yellow] EMULATOR [/] {escape(f'{emulator.plant.label}: {emulator.label}')}", soft_wrap=True
    )
    table = Table()
    for column in ("device", "map", "address", "unit", "points served"):
        table.add_column(column, justify="right" if column in ("unit", "points served") else "left")
    for row in emulator.directory():
        table.add_row(*map(str, row))
    console.print(table)
    if emulator.speed > 1.0:
        _say(f"each second {emulator.speed:g} s of the plant go by; the registers change once a second")
    if emulator.setting is not None:
        _say(
            f"in the setting of its scenario: {emulator.setting.soc:g} % charged, "
            f"{emulator.physics.schedule.at(emulator.physics.time_ns) / 1e6:+.2f} MW at first; --schedule sets another"
        )
    hint = "; type help for what it obeys" if sys.stdin is not None and sys.stdin.isatty() else ""
    _say(f"serving; Ctrl-C ends it{hint}")


def _say(text: str) -> None:
    if text:
        console.print(text, markup=False, highlight=False, soft_wrap=True)
