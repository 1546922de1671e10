"""Which history, and which part of it: options that several commands have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bessinside.errors import BessError
from bessinside.historian.basis.when import iso, when
from bessinside.historian.past.past import Past

Folder = Annotated[Path, typer.Argument(help="The folder that `bessinside run --history` writes.", metavar="DIR")]
From = Annotated[
    str, typer.Option("--from", help="Begin, as 2026-06-21T05:00 (UTC) or -2h before the end.", metavar="TIME")
]
To = Annotated[
    str, typer.Option("--to", help="End, which is not included; the newest sweep unless said.", metavar="TIME")
]


def between(past: Past, begin: str, end: str) -> tuple[int, int]:
    """The span [from, to) that was asked for; the whole record where nothing was said. Raises WhenError, BessError."""
    first, last = past.span()
    stop = when(end, last) if end else last + 1
    start = when(begin, stop - 1) if begin else first
    if start >= stop:
        raise BessError(f"--from {iso(start)} is not before --to {iso(stop)}")
    return start, stop
