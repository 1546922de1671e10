"""What the program has is documented: every command, route, key, quality, level, metric, formula and shipped map."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

import bessinside
from bessinside.cli import app
from bessinside.modbus import endpoint, quirks
from bessinside.plant import levels, plantfile
from bessinside.registers import loader, shipped_maps
from bessinside.registers.metrics import vocabulary
from bessinside.twin import Quality, Twin
from bessinside.twin.formulas import FORMULAS
from bessinside.web import create_app

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
REFERENCE = DOCS / "reference"
GUIDES = DOCS / "guides"


def text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def section(page: str, title: str) -> str:
    """The part of a page below a heading of the second rank."""
    found = re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", page, re.MULTILINE | re.DOTALL)
    assert found, f"no section {title!r}"
    return found[1]


def without_words(names: Iterable[str], page: str) -> set[str]:
    """Names that a page does not have as code."""
    return {name for name in names if f"`{name}`" not in page}


def leaves(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    below = getattr(command, "commands", {})
    if not below:
        yield path
    for name, inner in below.items():
        yield from leaves(inner, (*path, name))


COMMANDS = [" ".join(path) for path in leaves(typer.main.get_command(app))]


def make_reference(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(DOCS / "make_reference.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_reference_pages_say_what_the_program_says() -> None:
    found = make_reference("--check")
    assert found.returncode == 0, found.stdout + found.stderr


def test_a_stale_missing_or_foreign_page_is_found(tmp_path: Path) -> None:
    shutil.copytree(REFERENCE, tmp_path, dirs_exist_ok=True)
    (tmp_path / "levels.md").write_text("something else")
    (tmp_path / "metrics.md").unlink()
    (tmp_path / "old.md").write_text("from another time")
    found = make_reference("--check", "--folder", str(tmp_path))
    assert found.returncode == 1
    assert found.stdout.splitlines()[:3] == ["left over: old.md", "missing: metrics.md", "stale: levels.md"]


def test_there_are_commands() -> None:
    assert {"demo", "run", "maps lint", "plant check"} <= set(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_its_reference_and_stands_in_a_guide(command: str) -> None:
    assert section(text(REFERENCE / "cli.md"), f"bessinside {command}").strip()
    written = text(ROOT / "README.md") + "".join(text(path) for path in GUIDES.glob("*.md"))
    called = rf"(bessinside|make) {command}\b"
    assert re.search(called, written), f"no guide uses `bessinside {command}`"


def test_every_route_is_documented() -> None:
    page = text(REFERENCE / "api.md")
    for route in create_app(Twin("ref-5m")).routes:
        path = re.sub(r":\w+}", "}", route.path)
        for method in sorted(getattr(route, "methods", set()) - {"OPTIONS", "HEAD"}) or ["GET"]:
            assert f"{method} {path}\n" in page or f"`{method} {path}`" in page, f"{method} {path}"


@pytest.mark.parametrize(
    ("title", "known"),
    [
        ("A map", loader.MAP_KEYS),
        ("x-source", loader.SOURCE_KEYS),
        ("A group", loader.GROUP_KEYS),
        ("A point", loader.POINT_KEYS),
        ("A symbol", loader.SYMBOL_KEYS),
        ("quirks", quirks._KEYS),
    ],
)
def test_every_map_key_is_documented(title: str, known: Iterable[str]) -> None:
    assert not without_words(known, section(text(REFERENCE / "map-keys.md"), title))


@pytest.mark.parametrize(
    ("title", "known"),
    [
        ("The file", plantfile._TABLES),
        ("[plant]", plantfile._PLANT_KEYS),
        ("[anatomy.c1]", {"racks", "modules", "cells", "sensors"}),
        ("[bus.bus1]", {"pcs", "racks"}),
        ("[emulator]", plantfile._EMULATOR_KEYS),
        ("[[device]]", plantfile._DEVICE_KEYS),
        ("url", {key for keys in endpoint._KEYS.values() for key in keys}),
        ("quirks", quirks._KEYS),
    ],
)
def test_every_plant_file_key_is_documented(title: str, known: Iterable[str]) -> None:
    assert not without_words(known, section(text(REFERENCE / "plant-file-keys.md"), title))


def test_the_guide_to_plant_files_names_every_key() -> None:
    guide = text(GUIDES / "own-plant.md")
    known = (
        plantfile._TABLES
        | plantfile._PLANT_KEYS
        | plantfile._DEVICE_KEYS
        | plantfile._EMULATOR_KEYS
        | {"racks", "modules", "cells", "sensors"}
    )
    assert {key for key in known if not re.search(rf"\b{key}\b", guide)} == set()


def test_the_guide_to_transports_names_every_quirk_scheme_and_parameter() -> None:
    guide = text(GUIDES / "modbus-transports.md")
    assert not without_words(quirks._KEYS, section(guide, "What a device cannot do"))
    assert all(f"{scheme}://" in guide for scheme in endpoint.SCHEMES)
    parameters = {key for keys in endpoint._KEYS.values() for key in keys}
    assert {key for key in parameters if f"{key}=" not in guide and f"`{key}`" not in guide} == set()


def test_every_level_is_documented() -> None:
    page, readme = text(REFERENCE / "levels.md"), text(ROOT / "README.md").lower()
    for level in levels():
        about = section(page, f"{level.id:02d} {level.title('en')}")
        assert level.question("en") in about
        assert not without_words((*level.show, *level.also), about)
        assert f"{level.id:02d} {level.title('en').lower()}" in readme


def test_every_metric_is_documented() -> None:
    assert not without_words(vocabulary(), text(REFERENCE / "metrics.md"))


def test_every_derived_figure_is_documented() -> None:
    assert not without_words((formula.key for formula in FORMULAS), text(REFERENCE / "derived.md"))


@pytest.mark.parametrize("name", shipped_maps())
def test_every_map_has_a_page_with_every_point(name: str) -> None:
    found, page = loader.load_map(name), text(REFERENCE / "maps" / f"{name}.md")
    assert f"[{name}]({name}.md)" in text(REFERENCE / "maps" / "README.md")
    assert found.source.document in page
    assert found.source.read_from in page
    for point in found.points():
        assert f"| {point.address} |" in page
        assert f"`{point.name}`" in page
        assert not point.suspect or " ".join(point.suspect.split()).replace("|", "\\|") in page


def test_the_guide_to_passports_names_every_quality_and_every_line_of_the_inspector() -> None:
    guide = text(GUIDES / "reading-a-passport.md")
    assert {quality.label for quality in Quality if f"| {quality.label} |" not in guide} == set()
    lines = re.findall(r'"fact\.\w+": "(.+?)"', text(ROOT / "ui" / "src" / "i18n" / "en.ts"))
    assert len(lines) > 15
    assert [line for line in lines if line not in guide] == []


def test_the_changelog_names_what_programs_rely_on() -> None:
    log = text(ROOT / "CHANGELOG.md")
    release = re.search(rf"^## \[{re.escape(bessinside.__version__)}\].*?(?=^## |\Z)", log, re.MULTILINE | re.DOTALL)
    assert release, f"no section for {bessinside.__version__}"
    assert "### API" in release[0]
    rest = {name for name in bessinside.__all__ if f"`{name}`" not in log and f"`bessinside.{name}`" not in log}
    assert rest == set()
    assert not without_words(COMMANDS, log)


def test_decisions_are_numbered_and_say_context_decision_consequences() -> None:
    pages = sorted((DOCS / "decisions").glob("*.md"))
    assert [int(page.name[:4]) for page in pages] == list(range(1, len(pages) + 1))
    for number, page in enumerate(pages, start=1):
        words = text(page)
        assert words.startswith(f"# {number}. ")
        assert all(f"**{part}.**" in words for part in ("Context", "Decision", "Consequences")), page.name
        assert f"decisions/{page.name}" in text(DOCS / "architecture.md"), page.name
