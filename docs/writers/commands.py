"""The command line, from its own help."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from typing import Any

import typer

from bessinside.cli import app
from writers.markdown import cell, code, table

INTRO = """# Command line

Every command says this of itself with `--help`. Exit codes: 0 done, 1 the plant or a file is not as expected, 2
wrong usage, 130 interrupted. Results go to standard output, errors and progress to standard error.
"""


def page() -> str:
    """All commands."""
    return "\n".join([INTRO, *_commands(typer.main.get_command(app), ("bessinside",))])


def _commands(command: Any, path: tuple[str, ...]) -> Iterator[str]:
    below = getattr(command, "commands", {})
    if not below:
        yield _section(command, path)
    for name, inner in below.items():
        yield from _commands(inner, (*path, name))


def _section(command: Any, path: tuple[str, ...]) -> str:
    words, examples = _split(inspect.cleandoc(command.help or ""))
    shown = [p for p in command.params if not getattr(p, "hidden", False) and p.name != "help"]
    arguments = [p for p in shown if not p.opts[0].startswith("-")]
    options = [p for p in shown if p.opts[0].startswith("-")]
    usage = " ".join([*path, *(_usage(p) for p in arguments), *(["[OPTIONS]"] if options else [])])
    parts = [f"## {' '.join(path)}\n", f"{words}\n", f"```text\n{usage}\n```\n"]
    if shown:
        rows = [(code(_name(p)), p.help or "", _default(p)) for p in (*arguments, *options)]
        parts.append(table(("Argument or option", "Meaning", "Default"), rows))
    if examples:
        parts.append(f"```sh\n{examples}\n```\n")
    return "\n".join(parts)


def _split(text: str) -> tuple[str, str]:
    """The words of a docstring, and its examples without their indent."""
    words, _, examples = re.sub(r"[\b]", "", text).partition("\nExample")
    lines = [line.strip() for line in examples.splitlines()[1:] if line.strip()]
    width = max((len(line.split("   ", 1)[0]) for line in lines if "   " in line), default=0)
    return words.strip(), "\n".join(_aligned(line, width) for line in lines)


def _aligned(line: str, width: int) -> str:
    """An example with what it does behind a comment sign."""
    command, _, remark = line.partition("   ")
    return f"{command:<{width}}   # {remark.strip()}" if remark.strip() else command


def _name(parameter: Any) -> str:
    if not parameter.opts[0].startswith("-"):
        return str(parameter.metavar or parameter.name).strip("[]").upper()
    value = "" if getattr(parameter, "is_flag", False) else f" {parameter.metavar or parameter.name.upper()}"
    return f"{'/'.join(parameter.opts)}{value}"


def _usage(parameter: Any) -> str:
    name = _name(parameter) + ("..." if parameter.nargs == -1 else "")
    return name if parameter.required else f"[{name}]"


def _default(parameter: Any) -> str:
    if parameter.required:
        return "required"
    if parameter.default in (None, False, "") or callable(parameter.default):
        return ""
    return code(cell(parameter.default))
