"""`bessinside scan`: what answers at an address, and which map fits."""

from __future__ import annotations

import asyncio
from typing import Annotated

import msgspec
import typer
from rich.progress import Progress
from rich.table import Table

from bessinside.cli.screen import console, errors
from bessinside.errors import BessError
from bessinside.twin.scan import Found
from bessinside.twin.scan import scan as scan_host


def scan(
    host: Annotated[str, typer.Argument(help="Host name or address; host:port is understood.")],
    port: Annotated[str, typer.Option(help="Ports: 502, or 15020-15070, or 502,1502.")] = "502",
    unit: Annotated[str, typer.Option(help="Unit ids: 1, or 1-10, or 1,2,126.")] = "1",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON array.")] = False,
) -> None:
    """Find Modbus devices: SunSpec models by discovery, else the shipped map that fits best, by evidence.

    It only reads (function codes 1 to 4), one request at a time with a pause between them. Exit code 1 if nothing
    answers.

    Examples:

      bessinside scan 192.0.2.10
      bessinside scan 127.0.0.1 --port 15020-15070
    """
    if ":" in host and not host.startswith("["):
        host, _, port = host.rpartition(":")
    found = asyncio.run(_scan(host, numbers(port, 65535, "port"), numbers(unit, 255, "unit"), as_json))
    if not found:
        errors.print(f"nothing speaks Modbus at {host}, port {port}, unit {unit}; try --port 1-1024 or --unit 1-247")
        raise typer.Exit(1)


async def _scan(host: str, ports: list[int], units: list[int], as_json: bool) -> list[Found]:
    found: list[Found] = []
    with Progress(console=errors, transient=True) as progress:
        task = progress.add_task("scanning", total=len(ports) * len(units))
        async for url, one in scan_host(host, ports, units):
            progress.update(task, advance=1, description=f"scanning {url}")
            if one is not None:
                found.append(one)
    if as_json:
        console.out(msgspec.json.encode([_row(one) for one in found]).decode(), highlight=False)
    elif found:
        table = Table("address", "best fit", "score", "evidence", "next best")
        for one in found:
            if one.sunspec is not None:
                table.add_row(one.url, "sunspec", "1.00", one.sunspec.label, "")
            else:
                best, *rest = one.fits
                after = f"{rest[0].map} {rest[0].score:.2f}" if rest else ""
                table.add_row(one.url, best.map, f"{best.score:.2f}", best.evidence, after)
        console.print(table)
    return found


def _row(found: Found) -> dict[str, object]:
    if found.sunspec is not None:
        return {"url": found.url, "map": "sunspec", "score": 1.0, "evidence": found.sunspec.label}
    fits = [{"map": fit.map, "score": round(fit.score, 3), "evidence": fit.evidence} for fit in found.fits]
    return {"url": found.url, **fits[0], "others": fits[1:4]}


def numbers(text: str, most: int, what: str) -> list[int]:
    """`1,3-5` as [1, 3, 4, 5]. Raises BessError."""
    found: list[int] = []
    for part in text.split(","):
        low, _, high = part.strip().partition("-")
        if not low.isdigit() or (high and not high.isdigit()) or int(high or low) > most or int(high or low) < int(low):
            raise BessError(f"{what} {part!r}: expected numbers such as 1, 3-5 up to {most}")
        found += range(int(low), int(high or low) + 1)
    return found
