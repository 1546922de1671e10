"""Runs a part's full list and writes its figures into docs/figures.md, with the command, date and commit behind each.

    python benchmarks/qualify.py             every part, which may take hours
    python benchmarks/qualify.py modbus      one part

A part is a program whose last line is one JSON object; test lists print their count the same way.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import subprocess
import sys
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
FIGURES = ROOT / "docs" / "figures.md"
README = ROOT / "README.md"
HEAD = """# Figures

Every figure here was printed by the command beside it: `make qualify` runs all of them, `make qualify PART=modbus` one.
"""


@dataclass(frozen=True)
class Part:
    """One list of figures: its command and environment. `tests`: a pytest run, counted by its last line."""

    name: str
    title: str
    command: tuple[str, ...]
    environment: dict[str, str] = field(default_factory=dict)
    tests: bool = False

    @property
    def shown(self) -> str:
        """The command as a person types it."""
        setting = "".join(f"{key}={value} " for key, value in self.environment.items())
        return f"{setting}python {' '.join(self.command)}"


PARTS = (
    Part("modbus", "The wire beside its peers", ("benchmarks/modbus.py", "--json")),
    Part("twin", "The whole reference plant", ("benchmarks/twin.py", "--json")),
    Part("physics", "The cell, the plant and their speed", ("benchmarks/physics.py", "--json")),
    Part("dispatch", "The best use of a battery, beside energy models", ("benchmarks/dispatch.py", "--json")),
    Part("page", "The machine in space", ("benchmarks/page.py", "--json")),
    Part("historian", "A day of the past", ("benchmarks/historian.py", "--json")),
    Part("redecode", "A map that was wrong", ("benchmarks/redecode.py", "--json")),
    Part("fuzz", "Frame parsers", ("-m", "pytest", "-q", "tests/fuzz"), {"BESSINSIDE_FUZZ": "20000000"}, True),
    Part("sim", "Simulated faults", ("-m", "pytest", "-q", "tests/sim"), {"BESSINSIDE_FULL": "1"}, True),
    Part("truth", "Label-true in a browser", ("-m", "pytest", "-q", "tests/e2e"), {"BESSINSIDE_FULL": "1"}, True),
)


def run(part: Part) -> dict[str, Any]:
    """Runs one part and gives its figures. Raises SystemExit where it fails."""
    print(f"{part.name}: {part.shown}", flush=True)
    began = time.monotonic()
    environment = dict(os.environ, **part.environment)
    done = subprocess.run(
        [sys.executable, *part.command], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=False
    )
    print(done.stdout)
    if done.returncode:
        raise SystemExit(f"{part.name} failed")
    seconds = round(time.monotonic() - began, 1)
    last = done.stdout.strip().splitlines()[-1]
    if part.tests:
        counts = {word: int(number) for number, word in re.findall(r"(\d+) (passed|skipped|failed)", last)}
        return {**counts, "seconds": seconds}
    return {**flat(json.loads(last)), "seconds": seconds}


def flat(figures: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested figures under dotted names."""
    found: dict[str, Any] = {}
    for key, value in figures.items():
        name = f"{prefix}{key}"
        if isinstance(value, dict):
            found |= flat(value, f"{name}.")
        else:
            found[name] = value
    return found


def section(part: Part, figures: dict[str, Any]) -> str:
    """The part's section of docs/figures.md."""
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False
    ).stdout.strip()
    rows = "\n".join(f"| {name} | {written(value)} |" for name, value in figures.items())
    return (
        f"<!-- part:{part.name} -->\n## {part.title}\n\n`{part.shown}`, {datetime.now(UTC):%Y-%m-%d}, commit {commit}, "
        f"{os.cpu_count()} × {platform.machine()}, Python {platform.python_version()}.\n\n"
        f"| figure | value |\n| --- | ---: |\n{rows}\n<!-- end:{part.name} -->\n"
    )


def written(value: Any) -> str:
    """A figure with four significant digits."""
    if not isinstance(value, float):
        return str(value)
    return f"{value:,.4g}" if abs(value) < 1e4 else f"{value:,.0f}"


def keep(part: Part, text: str) -> None:
    """Replaces the part's section, or adds it."""
    page = FIGURES.read_text() if FIGURES.exists() else HEAD
    pattern = re.compile(rf"<!-- part:{part.name} -->.*?<!-- end:{part.name} -->\n", re.S)
    page = pattern.sub(lambda _: text, page) if pattern.search(page) else f"{page.rstrip()}\n\n{text}"
    FIGURES.write_text(page)


def ratios(figures: dict[str, Any]) -> dict[str, str]:
    """What the README says of the wire: ratios against pymodbus and the machine's limit of the same run."""

    def of(prefix: str, suffix: str) -> list[float]:
        return [value for name, value in figures.items() if name.startswith(prefix) and name.endswith(suffix)]

    client = "clients.connections_100_in_flight_1."
    hundred = "connections_100_in_flight_1.cpu_us"
    server = figures[f"servers.pymodbus_{hundred}"] / min(of("servers.ours", hundred))
    peer = figures["paced.pymodbus_in_flight_1.containers_a_core"]
    paced = [max(of("paced.ours", f"in_flight_{window}.containers_a_core")) / peer for window in (1, 8)]
    times = {
        "CPU of a client's request, pymodbus against ours, 100 connections": figures[client + "times_less_cpu"],
        "CPU of a client's request, ours against bare sockets that read nothing": figures[client + "times_the_limit"],
        "CPU of a server's request, pymodbus against ours, 100 connections": server,
        "containers of 9,000 registers that a core polls and decodes at 1 Hz, ours against pymodbus": paced[0],
        "the same with eight requests in flight": paced[1],
    }
    return {
        **{name: f"{value:.1f} times" for name, value in times.items()},
        "decoding a container": f"{figures['decode.us_a_container']:.1f} µs",
    }


def quote(ratios: dict[str, str]) -> None:
    """Writes the ratios that the README quotes between its two marks."""
    page = README.read_text()
    lines = "\n".join(f"- {name}: {value}" for name, value in ratios.items())
    marked = f"<!-- figures:begin -->\n{lines}\n<!-- figures:end -->"
    README.write_text(re.sub(r"<!-- figures:begin -->.*?<!-- figures:end -->", lambda _: marked, page, flags=re.S))


def main() -> None:
    """Runs the parts named on the command line, all of them by default."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", nargs="*", choices=[*(part.name for part in PARTS), []], help="which parts to run")
    chosen = parser.parse_args().part
    for part in PARTS:
        if not chosen or part.name in chosen:
            figures = run(part)
            keep(part, section(part, figures))
            if part.name == "modbus":
                quote(ratios(figures))


if __name__ == "__main__":
    main()
