"""`bessinside capture` and `bessinside replay`: what was on the wire, kept and played again."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.progress import Progress

from bessinside.cli.screen import console, errors
from bessinside.errors import BessError
from bessinside.modbus.capture import Capture, read_capture, read_header
from bessinside.modbus.replay import Replay
from bessinside.runtime import clock, disk
from bessinside.twin import Twin


def capture(
    plant: Annotated[str, typer.Argument(help="A plant file, or the id of a shipped plant.")],
    device: Annotated[str, typer.Argument(help="Id of the device in the plant file.")],
    file: Annotated[Path, typer.Argument(help="The capture file to write.")],
    seconds: Annotated[float, typer.Option(help="How long.")] = 10.0,
) -> None:
    """Record every exchange with a device, request and answer byte for byte.

    Example:

      bessinside capture ref-5m bcu04 rack4.capture --seconds 60
      bessinside replay rack4.capture --port 16034
    """
    if disk.exists(file):
        raise BessError(f"{file} is there already; name another file")
    sweeps = asyncio.run(_capture(plant, device, file, seconds))
    console.print(f"{sweeps} sweeps of {device} in {file}")


async def _capture(plant: str, device: str, file: Path, seconds: float) -> int:
    twin = Twin(plant)
    async with twin:
        found = [poller for poller in twin.pollers if poller.readings.bound.device.id == device]
        if not found:
            known = ", ".join(readings.bound.device.id for readings in twin.devices)
            raise BessError(f"{device}: the plant has no such device (or it did not answer); it has {known}")
        line, endpoint, readings = found[0].line, found[0].endpoint, found[0].readings
        with Capture(file, device, endpoint.framing) as record, Progress(console=errors, transient=True) as progress:
            task = progress.add_task(f"recording {device}", total=seconds)
            line.listen(lambda exchange: record.add(exchange) if exchange.unit == endpoint.unit else None)
            began, before = clock.monotonic(), readings.sweeps
            while (passed := clock.monotonic() - began) < seconds:
                progress.update(task, completed=passed)
                await clock.sleep(min(0.2, seconds - passed))
            line.listen(None)
        return readings.sweeps - before


def replay(
    file: Annotated[Path, typer.Argument(help="A capture file.")],
    port: Annotated[int, typer.Option(help="Port to serve it on (loopback).")] = 15900,
    device: Annotated[str, typer.Option(help="Which device, of a capture that holds several.")] = "",
) -> None:
    """Serve a capture as a device on this machine: it answers what was answered, mistakes and silences included.

    Examples:

      bessinside replay rack4.capture --port 16034
      bessinside replay june.capture --device bcu04    one device of a month that `emulate --record` wrote
    """
    asyncio.run(_replay(file, port, device))


async def _replay(file: Path, port: int, device: str) -> None:
    header = read_header(file)
    exchanges = read_capture(file, device)
    async with Replay(exchanges).server() as server:
        bound = await server.start("127.0.0.1", port)
        if header.emulated:
            console.print(f"[black on yellow] EMULATOR [/] {escape(header.emulated)}", highlight=False)
        console.print(f"{len(exchanges)} exchanges of {file} on 127.0.0.1:{bound}; Ctrl-C ends it")
        await asyncio.Event().wait()
