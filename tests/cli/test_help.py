"""Every command explains itself, with an example; wrong usage is told apart from what is wrong with a plant."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import typer

import bessinside
from bessinside.cli import app


def commands(group: typer.Typer, *path: str) -> Iterator[tuple[str, ...]]:
    for command in group.registered_commands:
        assert command.name
        yield (*path, command.name)
    for below in group.registered_groups:
        assert below.typer_instance is not None
        assert below.name
        yield from commands(below.typer_instance, *path, below.name)


COMMANDS = sorted(commands(app))


def test_the_commands() -> None:
    assert [" ".join(path) for path in COMMANDS] == [
        *("capture", "demo", "emulate", "export", "history alarms", "history backup"),
        *("history cells", "history check", "history completeness", "history counted", "history export"),
        *("history import", "history import-table", "history info", "history redecode", "history restore"),
        *("history series", "history spread", "maps import", "maps lint", "maps list", "maps schema", "maps show"),
        *("plant check", "plant list", "prices fetch", "prices list", "prices rebap", "prices show"),
        *("read", "replay", "revenue", "run", "scan"),
        *("scenarios list", "scenarios show", "signals", "sql", "user", "view"),
    ]


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_help_has_a_sentence_and_an_example(run: Any, path: tuple[str, ...]) -> None:
    ran = run(*path, "--help")
    assert (ran.code, ran.err) == (0, "")
    assert re.search(r"Examples?:", ran.out)
    examples = [line.strip(" │") for line in ran.out.splitlines() if line.strip(" │").startswith("bessinside ")]
    assert any(example.startswith(f"bessinside {' '.join(path)}") for example in examples)


@pytest.mark.parametrize("arguments", [(), ("maps",), ("plant",)])
def test_without_a_command_there_is_help(run: Any, arguments: tuple[str, ...]) -> None:
    ran = run(*arguments)
    assert "Commands" in ran.out + ran.err
    assert ran.code in (0, 2)


def test_the_short_form(run: Any) -> None:
    assert run("read", "-h").out == run("read", "--help").out


def test_the_version(run: Any) -> None:
    ran = run("--version")
    assert (ran.code, ran.out) == (0, f"bessinside {bessinside.__version__}\n")


@pytest.mark.parametrize(
    "arguments",
    [("frobnicate",), ("read",), ("read", "ref-5m", "--jason"), ("run", "ref-5m", "--port", "x"), ("user", "anna")],
)
def test_wrong_usage_is_2_and_on_the_error_side(run: Any, arguments: tuple[str, ...]) -> None:
    ran = run(*arguments)
    assert (ran.code, ran.out) == (2, "")
    assert "Error" in ran.err
    assert "Traceback" not in ran.err
