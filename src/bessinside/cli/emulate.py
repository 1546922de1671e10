"""`bessinside emulate`: the reference plant behind real Modbus servers."""

from __future__ import annotations

import asyncio
import signal
from typing import Annotated

import typer
from rich.table import Table

from bessinside.cli.screen import console


def emulate(
    plant: Annotated[str, typer.Argument(help="A shipped plant (ref-5m) or a plant file.")] = "ref-5m",
    seed: Annotated[int, typer.Option(help="The same seed gives the same plant, cell for cell.")] = 1,
    schedule: Annotated[
        str, typer.Option(help="CSV of a day: time of day (HH:MM, UTC) and power in W, discharging positive.")
    ] = "",
    fcr: Annotated[float, typer.Option(help="Primary control on top of the schedule: kW at 200 mHz.")] = 1000.0,
    hold: Annotated[bool, typer.Option("--hold", help="Stand still: serve the first moment for ever.")] = False,
) -> None:
    """Serve a physically modelled battery plant over Modbus TCP on this machine.

    Everything it serves is emulated and says so. SIGUSR1 makes time stand still, SIGUSR2 lets it go on.

    Examples:

      bessinside emulate                       the reference plant REF-5M on ports 15020 to 15070
      bessinside emulate ref-5m --seed 7       another one of the same type
      mbpoll -0 -1 -B -a 1 -p 15020 -t 4:float -r 19026 127.0.0.1    its active power with a foreign tool
    """
    asyncio.run(_serve(plant, seed, schedule, fcr * 1e3, hold))


async def _serve(name: str, seed: int, schedule: str, reserve: float, hold: bool) -> None:
    from bessinside.emulator.serve import Emulator
    from bessinside.plant import load_plant

    emulator = Emulator(load_plant(name), seed=seed, schedule=schedule or None, reserve=reserve)
    emulator.held = hold
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    loop.add_signal_handler(signal.SIGUSR1, emulator.hold)
    loop.add_signal_handler(signal.SIGUSR2, emulator.go_on)
    async with emulator:
        table = Table(title=f"EMULATOR: {emulator.plant.label}, seed {seed}", title_justify="left")
        for column in ("device", "map", "address", "unit", "points served"):
            table.add_column(column, justify="right" if column in ("unit", "points served") else "left")
        for row in emulator.directory():
            table.add_row(*map(str, row))
        console.print(table)
        console.print("serving; Ctrl-C ends it")
        await stop.wait()
