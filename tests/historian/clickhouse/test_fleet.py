"""Two pollers that share the devices of a plant, a page that only looks, and the commands, over two servers."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from bessinside.cli import app
from bessinside.errors import BessError
from bessinside.historian.basis.when import iso
from bessinside.historian.opened import opened
from tests.conftest import SMALL_MAP, Small
from tests.historian.clickhouse.server import PASSWORD, Cluster, free_port
from tests.historian.made import Folders, plant_in

pytestmark = pytest.mark.xdist_group("clickhouse")

ROOT = Path(__file__).parents[3]


class Program:
    """`bessinside run` in a process of its own."""

    def __init__(self, plant: Path, *arguments: str) -> None:
        self.port = free_port()
        self.log = plant.parent / f"{self.port}.log"
        with open(self.log, "wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "bessinside", "run", str(plant), "--port", str(self.port), *arguments],
                cwd=ROOT, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
            )  # fmt: skip

    def get(self, path: str) -> Any:
        """What it answers, None while it does not (or has nothing)."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=20) as answer:
                return json.loads(answer.read())
        except urllib.error.HTTPError as error:
            if error.code in (404, 503):
                return None
            raise
        except OSError:
            assert self.process.poll() is None, self.log.read_text()
            return None

    def end(self) -> None:
        self.process.terminate()
        self.process.wait(60)


def until(holds: Callable[[], Any], seconds: float = 90.0) -> Any:
    ends = time.monotonic() + seconds
    while not (found := holds()):
        assert time.monotonic() < ends, f"not within {seconds} s"
        time.sleep(0.1)
    return found


def run(*arguments: str, good: bool = True) -> str:
    """What a command says. Where `good` is not asked for, a figure may have missed its last sweep on a busy machine."""
    found = CliRunner().invoke(app, list(arguments), catch_exceptions=False)
    assert found.exit_code in ((0,) if good else (0, 1)), found.output
    return found.output


@pytest.fixture
def fleet(live: Small, cluster: Cluster, tmp_path: Path) -> Iterator[tuple[str, Path, list[Program]]]:
    plant = live.file()
    address = cluster.address("live")
    programs = [
        Program(plant, "--only", "a", "--historian", f"{address}&buffer={tmp_path / 'buffer-a'}"),
        Program(plant, "--only", "b", "--historian", f"{address}&buffer={tmp_path / 'buffer-b'}"),
    ]
    try:
        programs.append(Program(plant, "--past", address))
        yield address, plant, programs
    finally:
        for one in programs:
            one.end()


@pytest.mark.timeout(600)
def test_pollers_share_a_plant_and_others_look(fleet: tuple[str, Path, list[Program]], tmp_path: Path) -> None:
    address, plant, (a, b, page) = fleet
    for one, device in ((a, "a"), (b, "b")):
        health = until(
            lambda one=one: (found := one.get("/api/health")) and found["history"]["recorded"] > 10 and found
        )
        assert [row["id"] for row in health["devices"]] == [device]
        assert health["history"]["folder"].startswith("clickhouse://recorder@127.0.0.1:")
        assert PASSWORD not in json.dumps(health)
        assert {"buffered", "buffered_s", "buffer_share"} <= set(health["history"])
    until(lambda: (found := page.get("/api/history")) and found["start_ms"])

    def both() -> bool:
        with opened(address) as past:
            return past.archive.devices() == ["a", "b"] or past.archive.devices() == ["b", "a"]

    until(both)
    live = until(lambda: (found := page.get("/api/health")) and found["status"] == "ok" and found)
    assert live["history"] is None
    a.end()
    b.end()
    with opened(address) as past:
        _, end = past.span()
        end_of_a = past.archive.span("a")[1]
        then = past.at(end)
        assert {name: then.figure(name).value for name in ("c1/r01/soc", "c1/r02/soc")} == {
            "c1/r01/soc": 87.3,
            "c1/r02/soc": 87.3,
        }
    # who else records is asked once a second: a page may not know the newer device yet
    row = until(lambda: page.get(f"/api/history/figures/c1/r02/soc?t={page.get('/api/history')['end_ms']}"))
    assert (row["value"], row["unit"]) == (87.3, "%")
    span = page.get("/api/history")
    series = f"/api/history/series?id=c1/r01/soc&from={span['start_ms']}&to={span['end_ms'] + 1}&points=50"
    (plot,) = until(lambda: page.get(series))
    assert sum(plot["count"]) > 10

    at = ("--at", iso(end_of_a))
    (shown,) = json.loads(run("read", str(plant), "c1/r01/soc", *at, "--history", address, "--json", good=False))
    assert shown["value"] == 87.3
    assert "cell.voltage at" in run("history", "cells", address, "cell.voltage")
    assert "rows in" in run("history", "export", address, "c1/r01/soc", "-o", str(tmp_path / "soc.csv"))
    lines = (tmp_path / "soc.csv").read_text().splitlines()
    assert len(lines) > 10

    corrected = tmp_path / "corrected" / "small-bms.yaml"
    corrected.parent.mkdir()
    corrected.write_text(
        SMALL_MAP.replace("name: soc, type: uint16, sf: -1", "name: soc, type: uint16, sf: -2").replace(
            "x-source: {document: A document", "x-source: {document: Another document"
        )
    )
    said = run("history", "redecode", address, "--map", str(corrected), "--note", "scale")
    assert "the old decoding" in said
    with opened(address) as past, opened(address, as_recorded=True) as before:
        assert past.at(end).figure("c1/r01/soc").value == pytest.approx(8.73)
        assert before.at(end).figure("c1/r01/soc").value == 87.3
        assert [one.note for one in past.worlds.decodings] == ["scale"]
    until(lambda: (row := page.get(f"/api/history/figures/c1/r01/soc?t={span['end_ms']}")) and row["value"] < 9)


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("--history", "x", "--historian", "clickhouse://db/plant"), "give one"),
        (("--past", "x", "--historian", "clickhouse://db/plant"), "give one"),
        (("--only", "nobody"), "has no such device; it has meter"),
        (("--historian", "clickhouse://db"), "the database ''"),
    ],
)
def test_what_does_not_go_together_is_said(arguments: tuple[str, ...], why: str) -> None:
    with pytest.raises(BessError) as found:
        CliRunner().invoke(app, ["run", "ref-5m", "--port", "1", *arguments], catch_exceptions=False)
    assert why in str(found.value)


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("backup", "clickhouse://db/plant", "x"), "servers have a backup of their own .*FREEZE"),
        (("check", "clickhouse://db/plant"), "servers have a backup of their own"),
        (("restore", "clickhouse://db/plant", "x"), "servers have a backup of their own"),
        (("restore", "kept", "clickhouse://db/plant"), "servers have a backup of their own"),
        (
            ("import-table", "clickhouse://db/plant", "t.csv", "--columns", "t.toml", "--name", "t"),
            "tables of other systems lie in a folder, not on servers; import it into a folder",
        ),
    ],
    ids=["backup", "check", "restore from", "restore to", "import-table"],
)
def test_what_servers_do_themselves_is_said(
    arguments: tuple[str, ...], why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders = Folders(tmp_path / "kept", plant_in(tmp_path))
    folders.close()
    monkeypatch.chdir(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(BessError, match=why):
        CliRunner().invoke(app, ["history", *arguments], catch_exceptions=False)
    assert sorted(path for path in tmp_path.rglob("*") if not path.name.startswith("tail.sqlite-")) == before
