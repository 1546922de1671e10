"""Markdown of this repository, as the tests of the documentation read it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
_FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^\1```", re.MULTILINE | re.DOTALL)


class Document:
    """One page. `fences(language)` are its examples with their line, without the indent they stand in."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = str(path.relative_to(ROOT))
        self.text = path.read_text(encoding="utf-8")
        self.prose = _FENCE.sub("", self.text)

    def fences(self, language: str) -> list[tuple[int, str]]:
        found = []
        for fence in _FENCE.finditer(self.text):
            if fence[2] == language:
                indent = len(fence[1])
                line = self.text.count("\n", 0, fence.start()) + 1
                found.append((line, "\n".join(row[indent:] for row in fence[3].splitlines()) + "\n"))
        return found


def documents() -> list[Document]:
    """README, changelog and everything below docs/."""
    paths = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
    return [Document(path) for path in paths]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test with `document` runs for every page, one with `example_<language>` for every example of that language."""
    for name in metafunc.fixturenames:
        if name == "document":
            metafunc.parametrize(name, [pytest.param(page, id=page.name) for page in documents()])
        elif name.startswith("example_"):
            examples = [
                pytest.param(body, id=f"{page.name}:{line}")
                for page in documents()
                for line, body in page.fences(name.removeprefix("example_"))
            ]
            assert examples, f"no examples of {name}"
            metafunc.parametrize(name, examples)
