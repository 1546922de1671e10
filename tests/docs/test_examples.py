"""Examples of the documentation hold: they run, parse, or are commands that exist."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from bessinside.cli import app
from bessinside.emulator.trouble.scenario import names as scenario_names
from bessinside.emulator.trouble.scenario import parse as parse_scenario
from bessinside.historian.basis.folder import Folder
from bessinside.historian.foreign.column_map import load_columns
from bessinside.historian.sealed.retention import RULES, load_rules
from bessinside.plant import levels, parse_plant
from bessinside.plant.levels import Level
from bessinside.plant.signals import parse_signals
from bessinside.registers import core_unit, parse_map
from bessinside.registers.metrics import vocabulary

ROOT = Path(__file__).parents[2]


@pytest.mark.xdist_group("emulated")
def test_python_runs(example_python: str, emulated: Any, capsys: pytest.CaptureFixture[str]) -> None:
    if re.search(r"""["']past["'/]""", example_python):
        return  # of a folder of the past: tests/historian/test_guide.py makes one and runs these
    exec(
        compile(example_python.replace('"ref-5m"', repr(str(emulated.file))), "example", "exec"),
        {"__name__": "__main__"},
    )
    printed = capsys.readouterr().out
    assert printed or "print(" not in example_python
    assert "value=None" not in printed
    assert "nan" not in printed


def test_toml_is_what_its_page_says(example_toml: str, tmp_path: Path) -> None:
    table = tomllib.loads(example_toml)
    if "act" in table:
        assert parse_scenario(example_toml, f"{table['id']}.toml").act
        return
    if "rule" in table:
        (tmp_path / RULES).write_text(example_toml)
        assert len(load_rules(Folder(tmp_path)).rules) == len(table["rule"])
        return
    if "column" in table:
        columns = tmp_path / "columns.toml"
        columns.write_text(example_toml)
        assert len(load_columns(columns).column) == len(table["column"])
        return
    own = [device["map"] for device in table["device"] if device["map"].endswith(".yaml")]
    for name in own:
        (tmp_path / name).touch()
    plant = parse_plant(example_toml, str(tmp_path / "plant.toml"))
    assert len(plant.devices) == len(table["device"])


def test_yaml_is_what_its_page_says(example_yaml: str) -> None:
    found = yaml.safe_load(example_yaml)
    if isinstance(found, list):
        known = {level.key for level in levels()}
        for row in found:
            assert row["key"] in known
            keys = {"id", "key", "en", "de", "show", "also"}
            assert set(row) <= keys
            assert keys & set(Level.__dataclass_fields__)
    elif "signals" in found:
        assert parse_signals(example_yaml, "example.yaml", scenario_names()).signals
    elif "group" in found:
        assert parse_map(example_yaml, f"{found['id']}.yaml").rows
    else:
        for kind, quantities in found.items():
            assert kind in {metric.kind for metric in vocabulary().values()}
            for name, row in quantities.items():
                assert re.fullmatch(r"[a-z][a-z0-9_]*", name)
                assert {"unit", "en", "de"} <= set(row) <= {"unit", "en", "de", "range"}
                assert core_unit(row["unit"]) == (row["unit"], 1.0)


def test_commands_exist(example_sh: str) -> None:
    top = typer.main.get_command(app)
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for line in example_sh.splitlines():
        words = shlex.split(line, comments=True)
        words = words[: words.index(">")] if ">" in words else words  # what is written to a file is up to the shell
        if not words:
            continue
        program = Path(words[0]).name
        if program == "bessinside":
            command: Any = top
            rest = words[1:]
            while hasattr(command, "commands"):
                assert rest, line
                assert rest[0] in command.commands, line
                command, rest = command.commands[rest[0]], rest[1:]
            command.make_context(command.name, list(rest))
        elif program == "make":
            assert words[1] in targets, line
        elif program == "python":
            assert (ROOT / words[1]).is_file(), line
        else:
            assert program == "mbpoll", f"{line}: a program that the reader does not know"


@pytest.mark.peer
@pytest.mark.xdist_group("emulated")
def test_the_readmes_two_programs_read_the_same(emulated: Any) -> None:
    if shutil.which("mbpoll") is None:
        pytest.skip("mbpoll is not on this machine")
    import bessinside

    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    cell, meter = re.findall(r"^mbpoll .*$", readme, re.MULTILINE)

    def polled(line: str) -> float:
        words = [moved(word, emulated) for word in shlex.split(line)]
        shown = subprocess.run(words, capture_output=True, text=True, check=True, timeout=10).stdout
        return float(re.findall(r"^\[\d+\]:\s+(\S+)", shown, re.MULTILINE)[0])

    with bessinside.open(emulated.file) as plant:
        plant.wait()
        assert polled(cell) / 1000 == plant.figure("c1/r04/m3/cell026/voltage").value
        power = plant.figure("meter/active_power").value
        assert power is not None
        assert polled(meter) == pytest.approx(-power, rel=1e-5)


def moved(word: str, emulated: Any) -> str:
    """A port of the reference plant, where this test serves it."""
    if not re.fullmatch(r"15\d{3}", word):
        return word
    shipped = (ROOT / "src/bessinside/plant/plants/ref-5m.toml").read_text()
    device = next(row["id"] for row in tomllib.loads(shipped)["device"] if f":{word}?" in row["url"])
    url = next(one.url for one in emulated.plant.devices if one.id == device)
    return re.search(r":(\d+)\?", url)[1]  # type: ignore[index]
