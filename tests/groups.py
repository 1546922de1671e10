"""Which tests go to the same of several workers: what is made for them once need not be made twice.

`--dist loadgroup` of pytest-xdist 3.8 sees no group under pytest 9.2: it writes them into node ids that cannot be
written to. Here they are read from the source: a module's `pytestmark`, or what stands over a function.
"""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

ROOT = Path(__file__).parents[1]
E2E = "tests/e2e/"
SHARING = ("access", "label_true", "levels", "page", "signals", "tour")
"""Files of the browser tests that share the product."""
LONGEST = ("product", "scene", "flight", "pictures")
"""Groups of the browser tests that are begun first, so that two workers end at about the same time."""


class Groups(LoadScopeScheduling):
    """Gives whole groups to workers."""

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Groups | None:
    """Stands in for `--dist loadgroup`."""
    return Groups(config, log) if config.getoption("dist") == "loadgroup" else None


def group_of(nodeid: str) -> str:
    """The group of a test; a test without one is its own, a file of browser tests is one."""
    file, _, test = nodeid.partition("::")
    if file.startswith(E2E):
        name = Path(file).stem.removeprefix("test_")
        return "product" if name in SHARING else name
    marked = _marked(file)
    return marked.get(test.partition("[")[0], marked.get("", nodeid))


@cache
def _marked(file: str) -> dict[str, str]:
    """Groups by function; that of the whole module has no name."""
    path = ROOT / file
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    found: dict[str, str] = {}
    for node in ast.parse(text).body if "xdist_group" in text else ():
        of_module = isinstance(node, ast.Assign) and "pytestmark" in [getattr(t, "id", "") for t in node.targets]
        if of_module or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            for name in _names(node):
                found.setdefault(getattr(node, "name", ""), name)
    return found


def _names(within: ast.AST) -> list[str]:
    """What is asked of `xdist_group` there."""
    calls = [node for node in ast.walk(within) if isinstance(node, ast.Call)]
    asked = [call for call in calls if isinstance(call.func, ast.Attribute) and call.func.attr == "xdist_group"]
    return [arg.value for call in asked for arg in call.args if isinstance(arg, ast.Constant)]
