"""Links lead somewhere, pictures are there and small, and no page speaks of anything but the product."""

from __future__ import annotations

import re
import subprocess
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
WRITTEN_LATER = {"docs/figures.md"}  # by `make qualify`
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")


def anchors(text: str) -> set[str]:
    """The anchors of a page, as GitHub makes them from headings."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_links_lead_to_files_and_headings(document: Any) -> None:
    lost = []
    for link in _LINK.findall(document.prose):
        target, _, anchor = link.partition("#")
        if re.match(r"https?:", target):
            continue
        path = (document.path.parent / target).resolve() if target else document.path
        if not path.exists():
            if path.is_relative_to(ROOT) and str(path.relative_to(ROOT)) in WRITTEN_LATER:
                continue
            lost.append(link)
        elif anchor and anchor not in anchors(path.read_text(encoding="utf-8")):
            lost.append(link)
    assert lost == []


def test_headings_stand_once_and_in_order(document: Any) -> None:
    ranks = [len(marks) for marks in re.findall(r"^(#+) ", document.prose, re.MULTILINE)]
    assert ranks.count(1) == 1
    assert ranks[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(ranks))


def test_guides_and_decisions_are_one_page(document: Any) -> None:
    if Path(document.name).parts[:2] in (("docs", "guides"), ("docs", "decisions")):
        assert len(document.text.splitlines()) <= 150


def test_every_guide_is_found_from_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    guides = [path.name for path in (ROOT / "docs" / "guides").glob("*.md")]
    assert guides
    assert [name for name in guides if f"docs/guides/{name}" not in readme] == []


def test_pictures_are_shown_and_small() -> None:
    pages = "".join(path.read_text(encoding="utf-8") for path in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
    pictures = sorted((ROOT / "docs" / "pictures").iterdir())
    assert pictures
    for picture in pictures:
        assert picture.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n", picture.name
        assert picture.stat().st_size < 300_000, picture.name
        assert f"pictures/{picture.name}" in pages, f"{picture.name} is shown nowhere"


def test_figures_of_the_readme_stand_between_their_marks() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert readme.count("<!-- figures:begin -->") == readme.count("<!-- figures:end -->") == 1
    before, _, rest = readme.partition("<!-- figures:begin -->")
    _, _, after = rest.partition("<!-- figures:end -->")
    measured = re.compile(r"\d[\d,.]*\s*(×|times|µs|ms|requests/s|containers|%)")
    assert measured.findall(before + after) == []


def test_no_badges() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert not re.search(r"shields\.io|badge", readme)


def tracked() -> list[Path]:
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if found.returncode:
        pytest.skip("no repository: what is tracked is not known here")
    return [ROOT / name for name in found.stdout.splitlines() if (ROOT / name).is_file()]


# Written in pieces, so that this file does not find itself.
FOREIGN = [
    r"\bhelp" + r"ers?\b",
    r"\bsub-?" + r"agents?\b",
    r"session " + r"ended",
    r"issues " + r"(show|list)\b",
    r"(?<![\w.\-/:])/wo" + r"rk/",
    r"/ro" + r"ot/|/ho" + r"me/\w",
    r"contra" + r"ct\.md",
]


def test_tracked_files_speak_of_the_product_alone() -> None:
    pattern = re.compile("|".join(FOREIGN), re.IGNORECASE)
    found = []
    for path in tracked():
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except UnicodeDecodeError:
            continue
        found += [
            f"{path.relative_to(ROOT)}:{n}: {line[:120]}" for n, line in enumerate(lines, 1) if pattern.search(line)
        ]
    assert found == []
