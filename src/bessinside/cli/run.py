"""`bessinside run` and `bessinside demo`: the twin of a plant and its page."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import fnmatch
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from bessinside.cli.screen import console, log_to_terminal
from bessinside.errors import BessError
from bessinside.runtime import loop

if TYPE_CHECKING:
    from bessinside.historian.embedded.record import Historian
    from bessinside.plant import Plant
    from bessinside.twin import Twin

Port = Annotated[int, typer.Option(help="Port of the page and the API.")]


def run(
    plant: Annotated[str, typer.Argument(help="A plant file, or the id of a shipped plant.")],
    host: Annotated[
        str, typer.Option(help="Address to serve on; other than loopback needs --users and TLS.")
    ] = "127.0.0.1",
    port: Port = 8123,
    users: Annotated[Path | None, typer.Option(help="File of those who may sign in (see `bessinside user`).")] = None,
    cert: Annotated[Path | None, typer.Option(help="TLS certificate (PEM).")] = None,
    key: Annotated[Path | None, typer.Option(help="TLS key (PEM).")] = None,
    behind_proxy: Annotated[
        bool, typer.Option("--behind-proxy", help="A proxy in front speaks TLS and checks hosts.")
    ] = False,
    name: Annotated[list[str] | None, typer.Option(help="Further host name of this server; may be repeated.")] = None,
    history: Annotated[
        Path | None, typer.Option(help="Folder to record every sweep into; it is made if missing.", metavar="DIR")
    ] = None,
    historian: Annotated[
        str,
        typer.Option(
            help="Servers to record into, as clickhouse://user@host:8123/database (see the guide to a fleet).",
            metavar="ADDRESS",
        ),
    ] = "",
    past: Annotated[
        str,
        typer.Option(help="Folder or servers whose past to show; somebody else records there.", metavar="WHERE"),
    ] = "",
    only: Annotated[
        list[str] | None,
        typer.Option(help="Poll these devices alone, by id or pattern; may be repeated.", metavar="DEVICE"),
    ] = None,
) -> None:
    """Poll a plant and serve its twin: page, API and live socket on one address.

    Examples:

      bessinside run ref-5m                                  the reference plant (start `bessinside emulate` first)
      bessinside run plant.toml --port 9000
      bessinside run plant.toml --history past               every word that was read, kept in the folder past
      bessinside run plant.toml --historian 'clickhouse://recorder@db1:8123/plant?password_file=password'
      bessinside run plant.toml --only 'bcu*' --only meter --historian 'clickhouse://db1:8123/plant'
      bessinside run plant.toml --past 'clickhouse://db1:8123/plant' --port 9000
      bessinside run plant.toml --host 0.0.0.0 --name twin.example --users users.toml --cert cert.pem --key key.pem
    """
    from bessinside.web import Listen

    listen = Listen(host, port, users, cert, key, behind_proxy, tuple(name or ()))
    if (history is not None) + bool(historian) + bool(past) > 1:
        raise BessError("--history records into a folder, --historian onto servers, --past only looks: give one")
    loop.run(_serve(plant, listen, historian or history, past or None, only or []))


async def _serve(
    plant: str, listen: object, history: str | Path | None, past: str | None = None, only: Sequence[str] = ()
) -> None:
    from bessinside.twin import Twin
    from bessinside.web import Listen, make_server

    assert isinstance(listen, Listen)
    log_to_terminal()
    twin = Twin(_share(plant, only) if only else plant)
    historian = _historian(twin, history)
    shown = history if past is None else past
    server = make_server(twin, listen, shown, None if historian is None else historian.health)
    badge = "[black on yellow] EMULATOR [/]" if twin.plant.emulated else "[black on green] PLANT [/]"
    console.print(f"{badge} {twin.plant.label}: {len(twin.devices)} devices, {twin.binding.size} points")
    console.print(f"page and API on [bold]{listen.url}[/bold]; Ctrl-C ends it")
    async with _recorded(twin, historian):
        with contextlib.suppress(SystemExit):  # how uvicorn says that it cannot bind
            await server.serve()
    if not server.started:
        raise BessError(f"cannot listen on {listen.url}: is another server running there? Give another --port")


def _share(plant: str, only: Sequence[str]) -> Plant:
    """The plant with some of its devices: the share of one poller. Raises BessError where a pattern names none."""
    from bessinside.plant import load_plant

    whole = load_plant(plant)
    ids = [device.id for device in whole.devices]
    for pattern in only:
        if not fnmatch.filter(ids, pattern):
            raise BessError(f"--only {pattern}: {whole.path} has no such device; it has {', '.join(ids)}")
    mine = tuple(one for one in whole.devices if any(fnmatch.fnmatchcase(one.id, pattern) for pattern in only))
    return dataclasses.replace(whole, devices=mine)


def _historian(twin: Twin, where: str | Path | None) -> Historian | None:
    if where is None:
        return None
    from bessinside.historian.opened import historian_of

    return historian_of(where, twin.plant)


@contextlib.asynccontextmanager
async def _recorded(twin: Twin, historian: Historian | None) -> AsyncIterator[None]:
    """Records what the twin reads, where a folder is given; what was read last is committed at the end."""
    if historian is None:
        yield
        return
    async with historian:
        twin.listen(historian.take, lambda device, why: historian.note("link", device, why))
        console.print(f"recording into [bold]{escape(historian.health().folder)}[/bold]")
        for line in historian.repaired:
            console.print(escape(line), highlight=False)
        yield
        twin.listen(None)


async def _answers(plant: str, emulator: subprocess.Popen[bytes], within_s: float = 30.0) -> None:
    """Waits until the emulator's last device can be reached."""
    from bessinside.modbus import ModbusError, connect
    from bessinside.plant import load_plant
    from bessinside.runtime import clock

    url = load_plant(plant).devices[-1].url
    ends = clock.monotonic() + within_s
    while clock.monotonic() < ends:
        if emulator.poll() is not None:
            raise BessError("the emulator ended at once; its message stands above")
        try:
            client = await connect(url)
        except ModbusError:
            await clock.sleep(0.1)
        else:
            await client.close()
            return
    raise BessError(f"the emulator does not answer at {url} within {within_s:g} s")


def demo(
    port: Port = 8123,
    plant: Annotated[str, typer.Option(help="The shipped plant to show (ref-5m, ref-1m).")] = "ref-5m",
    world: Annotated[str, typer.Option(help="Its registers: `vendor` or `sunspec`.")] = "vendor",
    scenario: Annotated[
        list[str] | None,
        typer.Option(help="What goes wrong in it, as NAME or NAME@PART; may be repeated.", metavar="NAME"),
    ] = None,
    speed: Annotated[float, typer.Option(help="Seconds of the plant in each real one.")] = 1.0,
    at: Annotated[
        str, typer.Option(help="When it begins, as 2026-06-21T05:00 (UTC); now unless said.", metavar="TIME")
    ] = "",
) -> None:
    """Start the reference plant and, as another process that knows it only by its sockets, its twin.

    Lines of standard input go to the plant: `help` lists what it obeys.

    Examples:

      bessinside demo
      bessinside demo --port 9000
      bessinside demo --scenario weak-cell --at 2026-06-21T16:00    find it on levels 7 and 8
    """
    from bessinside.cli.emulate import plant_in

    command = [sys.executable, "-m", "bessinside"]
    plant = plant_in(plant, world)
    asked = ["--speed", f"{speed:g}", *(word for name in scenario or () for word in ("--scenario", name))]
    asked += ["--at", at] if at else []
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    emulator = subprocess.Popen([*command, "emulate", plant, *asked])  # noqa: S603  our own program
    started = [emulator]
    try:
        asyncio.run(_answers(plant, emulator))
        twin = subprocess.Popen([*command, "run", plant, "--port", str(port)])  # noqa: S603
        started.append(twin)
        code = twin.wait()
        if code:
            raise typer.Exit(code)
    except KeyboardInterrupt:
        pass
    finally:
        for process in reversed(started):
            process.terminate()
        for process in started:
            try:
                process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                process.kill()
