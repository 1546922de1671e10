"""What the guides to the past show works as it stands there, on eleven minutes of the reference plant."""

from __future__ import annotations

import asyncio
import importlib.util
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bessinside.historian.embedded.record import Historian
from bessinside.registers.loader import MAPS
from tests.cli.conftest import Run, run  # noqa: F401  a fixture

ROOT = Path(__file__).parents[2]
GUIDE = "".join(
    (ROOT / "docs" / "guides" / name).read_text(encoding="utf-8") for name in ("history.md", "history-folder.md")
)
BLOCKS = re.findall(r"^```(sh|python)\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)
STAY = {"bessinside emulate ref-5m", "bessinside run ref-5m --history past"}  # they go on until they are stopped
SECONDS = 670  # one slot of ten minutes sealed, the rest in the tail


def day_of(folder: Path) -> Any:
    """The emulated day of the benchmark."""
    spec = importlib.util.spec_from_file_location("historian_day", ROOT / "benchmarks" / "historian_day.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.Day(folder)


@pytest.fixture(scope="session")
def reference_past(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with eleven minutes of REF-5M."""
    scratch = tmp_path_factory.mktemp("reference")
    day = day_of(scratch)

    async def record() -> None:
        async with Historian(scratch / "past", day.plant, commit_every_s=0.01) as historian:
            for second, sweeps in enumerate(day.seconds()):
                if second == SECONDS:
                    break
                for sweep, bound in sweeps[:-1]:
                    historian.take(sweep, bound)
                if second % 60 == 59:
                    await historian.record(*sweeps[-1])
                else:
                    historian.take(*sweeps[-1])
            while await historian.seal():
                pass

    asyncio.run(record())
    return scratch / "past"


@pytest.mark.timeout(1500)
def test_the_guide_works(run: Run, reference_past: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    pytest.importorskip("pandas")
    shutil.copytree(reference_past, tmp_path / "past")
    (tmp_path / "fixed").mkdir()
    shipped = (MAPS / "discover-aes-bcu.yaml").read_text()
    (tmp_path / "fixed" / "discover-aes-bcu.yaml").write_text(_one_decimal_more(shipped))
    (columns,) = re.findall(r"^```toml\n(time = .*?)^```", GUIDE, re.MULTILINE | re.DOTALL)
    (tmp_path / "scada.toml").write_text(columns)
    (tmp_path / "scada.csv").write_text("Zeit;Wirkleistung [kW]\n21.06.2026 07:00;1200,5\n21.06.2026 07:15;n/a\n")
    monkeypatch.chdir(tmp_path)
    commands = 0
    for language, block in BLOCKS:
        if language == "python":
            if "import chdb" in block and importlib.util.find_spec("chdb") is None:
                continue  # an extra, and not for every machine
            # a process of its own, as a reader would: chDB can be opened once in one
            ran_alone = subprocess.run([sys.executable, "-c", block], capture_output=True, text=True, check=False)
            assert ran_alone.returncode == 0, ran_alone.stderr
            continue
        for line in block.strip().splitlines():
            if line in STAY:
                continue
            ran = run(*shlex.split(line)[1:])
            good = {0, 1} if " read " in line else {0}  # 1 where a figure that was asked for is not good
            assert ran.code in good, (line, ran.err)
            assert ran.out or "emulate" in line, line
            commands += 1
    assert commands >= 21
    assert (tmp_path / "cells.parquet").stat().st_size > 10_000
    assert (tmp_path / "past" / "decodings.json").exists()


def _one_decimal_more(text: str) -> str:
    """The map with another scale for the rack's SoC."""
    lines = text.splitlines()
    at = next(k for k, line in enumerate(lines) if re.search(r"x-metric: soc\b", line))
    while "sf: -1" not in lines[at]:
        at -= 1
    lines[at] = lines[at].replace("sf: -1", "sf: -2")
    return "\n".join(lines) + "\n"
