"""`bessinside capture` and `bessinside replay`: what was on the wire, kept and played again."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress

from bessinside.cli.screen import console, errors
from bessinside.errors import BessError
from bessinside.modbus import parse_endpoint
from bessinside.modbus.capture import Capture, read_capture
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
        found = [readings for readings in twin.devices if readings.bound.device.id == device]
        if not found:
            known = ", ".join(readings.bound.device.id for readings in twin.devices)
            raise BessError(f"{device}: the plant has no such device (or it did not answer); it has {known}")
        framing = parse_endpoint(found[0].bound.device.url).framing
        with Capture(file, device, framing) as record, Progress(console=errors, transient=True) as progress:
            task = progress.add_task(f"recording {device}", total=seconds)
            found[0].tap = record.add
            began, before = clock.monotonic(), found[0].sweeps
            while (passed := clock.monotonic() - began) < seconds:
                progress.update(task, completed=passed)
                await clock.sleep(min(0.2, seconds - passed))
            found[0].tap = None
        return found[0].sweeps - before


def replay(
    file: Annotated[Path, typer.Argument(help="A capture file.")],
    port: Annotated[int, typer.Option(help="Port to serve it on (loopback).")] = 15900,
) -> None:
    """Serve a capture as a device on this machine: it answers what was answered, mistakes and silences included.

    Example:

      bessinside replay rack4.capture --port 16034
    """
    asyncio.run(_replay(file, port))


async def _replay(file: Path, port: int) -> None:
    exchanges = read_capture(file)
    async with Replay(exchanges).server() as server:
        bound = await server.start("127.0.0.1", port)
        console.print(f"{len(exchanges)} exchanges of {file} on 127.0.0.1:{bound}; Ctrl-C ends it")
        await asyncio.Event().wait()
