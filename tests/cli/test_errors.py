"""What is wrong with a file, a plant or a wish: exit code 1, one line on the error side, never a traceback."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

WRONG = {
    "no plant": (("plant", "check", "no.toml"), "no.toml:0: file: cannot be read (No such file or directory)"),
    "no plant to read": (("read", "no.toml"), "no.toml:0: file"),
    "no plant to run": (("run", "no.toml"), "no.toml:0: file"),
    "no plant to emulate": (("emulate", "no.toml"), "no.toml:0: file"),
    "no map": (("maps", "show", "janitza-umg96"), "did you mean 'janitza-umg96rme'?"),
    "no map file": (("maps", "show", "no.yaml"), "no.yaml:0: map: the file does not exist"),
    "no map to lint": (("maps", "lint", "no.yaml"), "no.yaml:0: map: the file does not exist"),
    "no table": (("maps", "import", "no.csv"), "no.csv: the file does not exist"),
    "a table of another kind": (
        ("maps", "import", "{folder}/x.txt"),
        "x.txt: no heading row with name, address and type",
    ),
    "a map that is there already": (("maps", "import", "{folder}/x.csv", "--to", "{folder}/x.txt"), "is there already"),
    "no capture": (("replay", "no.capture"), "No such file or directory: 'no.capture'"),
    "a capture that is none": (("replay", "{folder}/x.txt"), "x.txt:1: not a line of a capture"),
    "a capture that is there already": (("capture", "ref-5m", "bcu01", "{folder}/x.txt"), "x.txt is there already"),
    "a capture in no folder": (("capture", "{folder}/small.toml", "a", "/no/such/x"), "No such file or directory"),
    "a capture of no device": (
        ("capture", "{folder}/small.toml", "bcu99", "x"),
        "no such device (or it did not answer)",
    ),
    "a port that is a word": (("scan", "127.0.0.1", "--port", "x"), "port 'x': expected numbers such as 1, 3-5"),
    "ports backwards": (("scan", "127.0.0.1", "--port", "10-5"), "port '10-5': expected numbers"),
    "a port too high": (("scan", "127.0.0.1", "--port", "1,65536"), "port '65536'"),
    "a unit too high": (("scan", "127.0.0.1", "--unit", "256"), "unit '256'"),
    "no such figure": (("read", "{folder}/small.toml", "nothing"), "nothing: no such figure; "),
    "no such register": (("read", "{folder}/small.toml", "a:3:9999"), "a:3:9999: no such figure"),
    "an open address": (("run", "ref-5m", "--host", "0.0.0.0"), "so people must sign in: give --users FILE"),
    "half a certificate": (("run", "ref-5m", "--cert", "{folder}/x.txt"), "give --cert and --key"),
    "a schedule that is not there": (("emulate", "ref-5m", "--schedule", "no.csv"), "no.csv"),
    "a role that is none": (
        ("user", "anna", "--file", "u.toml", "--role", "king"),
        "role 'king': expected one of viewer",
    ),
    "a name with a quote": (("user", 'a"b', "--file", "u.toml"), "expected printable characters without quotes"),
}


@pytest.fixture
def folder(small: Any, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a plant that nobody serves, a text and a table."""
    path: Path = small.folder
    (path / "x.txt").write_text("no capture, no map, no certificate\n")
    (path / "x.csv").write_text("name,address,type\nsoc,1,uint16\n")
    (path / "small.toml").write_text(small.text())
    monkeypatch.chdir(path)
    return path


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_said_in_one_line(run: Any, folder: Path, name: str) -> None:
    arguments, says = WRONG[name]
    ran = run(*(argument.format(folder=folder) for argument in arguments))
    assert (ran.code, ran.out) == (1, "")
    assert says in ran.err
    assert ran.err.startswith("error: ")
    assert ran.err.count("\n") == 1


def test_a_broken_plant_names_file_line_and_key(run: Any, folder: Path, small: Any) -> None:
    (folder / "broken.toml").write_text(small.text().replace('at = "c1/r02"', 'at = "bus7"'))
    ran = run("plant", "check", "broken.toml")
    assert ran.code == 1
    wanted = "error: broken.toml:30: device.1.at: 'bus7' is no bus of this plant; add [bus.bus7] with its racks\n"
    assert ran.err == wanted  # square brackets are no markup: what to add is said in full


def test_a_port_that_is_taken(run: Any, live: Any) -> None:
    port = live.ports["a"]
    ran = run("run", str(live.file()), "--port", str(port))
    assert ran.code == 1
    assert f"error: cannot listen on http://127.0.0.1:{port}" in ran.err
    assert "Traceback" not in ran.err
