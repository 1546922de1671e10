"""In which line of a TOML text a key stands, so that an error can point at it."""

from __future__ import annotations

import re
import tomllib

_TABLE = re.compile(r"\s*(\[\[?)\s*([^\]\s]+)\s*\]\]?")
_KEY = re.compile(r"\s*([A-Za-z0-9_\-\"']+(?:\s*\.\s*[A-Za-z0-9_\-\"']+)*)\s*=")


def key_lines(text: str) -> dict[tuple[str | int, ...], int]:
    """The line (from 1) of each table and key by its path; the n-th `[[device]]` is `("device", n)` with n from 0."""
    lines: dict[tuple[str | int, ...], int] = {}
    counted: dict[str, int] = {}
    here: tuple[str | int, ...] = ()
    for number, line in enumerate(text.splitlines(), start=1):
        if table := _TABLE.match(line):
            name = table.group(2)
            if table.group(1) == "[[":
                counted[name] = counted.get(name, -1) + 1
                here = (*name.split("."), counted[name])
            else:
                here = tuple(name.split("."))
            lines.setdefault(here, number)
        elif key := _KEY.match(line):
            names = [part.strip().strip("\"'") for part in key.group(1).split(".")]
            lines.setdefault((*here, *names), number)
    return lines


def error_line(error: tomllib.TOMLDecodeError) -> int:
    """The line (from 1) at which a text stops being TOML; 0 where the error names none, as at the end of the text."""
    # `lineno` is there from Python 3.14 on; before, the message alone says it.
    line = re.search(r"line (\d+)", str(error))
    return int(line[1]) if line else 0
