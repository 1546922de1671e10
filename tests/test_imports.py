"""No module needs another that needs it in turn, not even for its types."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1] / "src"
FILES = {
    ".".join(path.with_suffix("").relative_to(ROOT).parts).removesuffix(".__init__"): path
    for path in sorted((ROOT / "bessinside").rglob("*.py"))
}


def imported(path: Path) -> set[str]:
    """The modules of the product that a file imports, anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            names = (f"{node.module}.{alias.name}" for alias in node.names)
            found |= {name if name in FILES else node.module for name in names}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return found & set(FILES)


def rings(needs: dict[str, set[str]]) -> list[str]:
    """The modules that stand in a ring, or between two."""
    while True:
        asked_for = set().union(*needs.values()) if needs else set()
        loose = {name for name, wanted in needs.items() if not wanted or name not in asked_for}
        if not loose:
            return sorted(needs)
        needs = {name: wanted - loose for name, wanted in needs.items() if name not in loose}


@pytest.mark.parametrize("floor", ["runtime", "registers", "modbus", "plant", "emulator", "twin", "web", "cli"])
def test_modules_of_a_floor_import_each_other_in_one_direction(floor: str) -> None:
    own = {name: path for name, path in FILES.items() if name.startswith(f"bessinside.{floor}.")}
    needs = {name: imported(path) & set(own) for name, path in own.items()}
    assert any(needs.values())
    assert rings(needs) == []


def test_a_ring_is_found() -> None:
    assert rings({"a": {"b"}, "b": {"c"}, "c": {"d", "b"}, "d": set()}) == ["b", "c"]
