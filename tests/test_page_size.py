"""What a browser fetches before the page stands: small, and nothing of the third dimension or the charts in it."""

from __future__ import annotations

import gzip
import re
from functools import cache
from pathlib import Path

import pytest

import bessinside.web

PAGE = Path(bessinside.web.__file__).parent / "page"
SCRIPT_LIMIT = 60_000
STYLE_LIMIT = 15_000
SPACE_LIMIT = 220_000
LANGUAGES = ("de", "en")
# what stays readable of a library in a minified script
THREE = "WebGLRenderer"
UPLOT = "u-legend"
IMPORTED = re.compile(r"""(?:\bfrom|\bimport)\s*["']\./([\w.-]+\.js)["']""")


@cache
def text(name: str) -> str:
    return (PAGE / "assets" / name).read_text(encoding="utf-8")


def named(pattern: str) -> list[str]:
    return re.findall(pattern, (PAGE / "index.html").read_text(encoding="utf-8"))


def with_imports(names: list[str]) -> set[str]:
    """Scripts and all that they import before they run."""
    found: set[str] = set()
    new = set(names)
    while new:
        found |= new
        new = {name for one in new for name in IMPORTED.findall(text(one))} - found
    return found


def initial() -> set[str]:
    return with_imports(named(r'(?:src|href)="\./assets/([\w.-]+\.js)"'))


def zipped(names: set[str]) -> int:
    """Bytes on the wire, as the twin compresses them."""
    return sum(len(gzip.compress(text(name).encode(), compresslevel=5)) for name in names)


@pytest.mark.parametrize("language", LANGUAGES)
def test_script_before_the_page_stands(language: str) -> None:
    dictionary = [path.name for path in (PAGE / "assets").glob(f"{language}-*.js")]
    assert len(dictionary) == 1, dictionary
    size = zipped(initial() | with_imports(dictionary))
    assert size <= SCRIPT_LIMIT, f"{size} bytes: {sorted(initial())}"


def test_style_before_the_page_stands() -> None:
    styles = set(named(r'href="\./assets/([\w.-]+\.css)"'))
    assert styles
    assert 0 < zipped(styles) <= STYLE_LIMIT


def test_only_the_language_in_use_is_fetched_first() -> None:
    assert not [name for name in initial() if name.startswith(tuple(f"{language}-" for language in LANGUAGES))]


def test_charts_and_space_come_later() -> None:
    everything = "".join(text(path.name) for path in (PAGE / "assets").glob("*.js"))
    assert UPLOT in everything, "the mark no longer finds the library"
    first = "".join(text(name) for name in initial())
    assert first
    assert UPLOT not in first
    assert THREE not in first


def test_the_page_with_the_machine_in_space() -> None:
    """What is fetched by itself later: the third dimension with all that it imports, on top of the first scripts."""
    space = [path.name for path in (PAGE / "assets").glob("*.js") if THREE in text(path.name)]
    assert space, "the mark no longer finds the library"
    dictionary = [path.name for path in (PAGE / "assets").glob("de-*.js")]
    size = zipped(initial() | with_imports(dictionary) | with_imports(space))
    assert size <= SPACE_LIMIT, f"{size} bytes: {sorted(space)}"
