"""A capture becomes history on servers as it does in a folder, and SQL and alarms are asked of it there."""

from __future__ import annotations

from pathlib import Path

import pytest

from bessinside.historian.opened import opened
from bessinside.modbus import Capture, exchanges
from tests.cli.conftest import Run, run  # noqa: F401  a fixture
from tests.historian.clickhouse.queries import assert_same
from tests.historian.clickhouse.server import Cluster
from tests.historian.memory import MemoryArchive

pytestmark = [pytest.mark.xdist_group("clickhouse"), pytest.mark.timeout(600)]


def test_a_capture_becomes_history_on_servers(
    run: Run,  # noqa: F811
    recorded: tuple[Path, MemoryArchive],
    cluster: Cluster,
    tmp_path: Path,
) -> None:
    memory, plant = recorded[1], recorded[0].parent / "plant.toml"
    with Capture(tmp_path / "a.capture", "a", "tcp") as capture:
        for _, sweep in memory.kept["a"]:
            for exchange in exchanges(sweep):
                capture.add(exchange)
    address = f"{cluster.address('imported')}&buffer={tmp_path / 'buffer'}"
    for target in (str(tmp_path / "history"), address):
        ran = run("history", "import", target, str(plant), str(tmp_path / "a.capture"))
        assert ran.code == 0, ran.err
        assert f"{len(memory.kept['a']):,} sweeps" in ran.out
    with opened(tmp_path / "history") as here, opened(address) as there:
        start, end = here.span()
        assert there.span() == (start, end)
        for ask in (
            lambda past: past.series("c1/r01/soc", start, end + 1),
            lambda past: past.plot("c1/r01/soc", start, end + 1, 5),
            lambda past: past.cells("cell.voltage", end),
            lambda past: past.alarms(start, end + 1),
            lambda past: past.completeness(start, end + 1),
            lambda past: past.archive.exchanges("a", int(past.archive.sweeps("a", start, end + 1).number[-1])),
        ):
            assert_same(ask(here), ask(there))
    again = run("history", "import", address, str(plant), str(tmp_path / "a.capture"))
    assert again.code == 1
    assert "holds sweeps of a up to" in again.err
    query = "SELECT count(*), max(value) FROM readings WHERE id = 'c1/r01/soc'"
    rows = [run("sql", target, query, "--json").out for target in (str(tmp_path / "history"), address)]
    assert rows[0] == rows[1] != ""
    for verb in ("alarms", "info"):
        said = run("history", verb, address)
        assert (said.code, said.err) == (0, "")
