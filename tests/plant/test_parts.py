"""Names of parts: written, read, said aloud."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bessinside.plant import parts

KINDS = st.sampled_from(sorted(parts.PREFIX))
NUMBERS = st.integers(1, 99_999)


@given(KINDS, NUMBERS)
def test_a_segment_reads_back_as_it_was_written(kind: str, number: int) -> None:
    assert parts.split_segment(parts.segment(kind, number)) == (kind, number)


@given(NUMBERS, NUMBERS, NUMBERS, st.sampled_from(["cell", "sensor"]), NUMBERS)
def test_a_path_reads_back_as_it_was_written(c: int, r: int, m: int, leaf: str, n: int) -> None:
    wanted = {"container": c, "rack": r, "module": m, leaf: n}
    path = "/".join(parts.segment(kind, number) for kind, number in wanted.items())
    assert parts.numbers(path) == wanted
    assert parts.kind_of(path) == leaf
    assert parts.canonical(path) == path


def test_how_parts_are_written() -> None:
    written = [parts.segment(kind, 4) for kind in ("container", "rack", "module", "cell", "sensor", "pcs", "bus")]
    assert written == ["c4", "r04", "m4", "cell004", "ntc04", "pcs4", "bus4"]


def test_a_part_without_a_number_is_the_only_one() -> None:
    assert parts.split_segment("meter") == ("meter", 1)
    assert parts.canonical("meter") == "meter"


@pytest.mark.parametrize("text", ["", "4", "R04", "r-4", "rack04", "r04x", "r 4", "ü1"])
def test_what_is_no_part(text: str) -> None:
    with pytest.raises(ValueError, match="is no part: expected one of bus, c, cell"):
        parts.split_segment(text)


def test_every_spelling_has_one_canonical_form() -> None:
    assert parts.canonical("c1/r4/m3/cell26") == "c1/r04/m3/cell026"
    assert parts.canonical("c/r4") == "c1/r04"
    assert parts.canonical("c1/cooling1") == "c1/cooling1"


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("r04", "a rack is not inside nothing"),
        ("c1/m3", "a module is not inside a container"),
        ("c1/r04/r05", "a rack is not inside a rack"),
        ("c1/r04/cell001", "a cell is not inside a rack"),
        ("meter/r04", "a rack is not inside a meter"),
        ("c1/c2", "a container is not inside a container"),
        ("c0", "numbers begin at 1"),
        ("c1/r00", "numbers begin at 1"),
    ],
)
def test_a_path_that_leads_nowhere(path: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        parts.canonical(path)


def test_paths_in_words() -> None:
    assert parts.title("c1/r04/m3/cell026") == "Container 1, rack 4, module 3, cell 26"
    assert parts.title("c1/r04/m3/ntc05", "de") == "Container 1, Strang 4, Modul 3, NTC 5"
    assert parts.title("pcs2") == "PCS 2"
    assert parts.title("meter", "de") == "Zähler"
    assert parts.title("") == ""


def test_every_kind_has_a_word_in_both_languages() -> None:
    for kind in parts.PREFIX:
        for language in ("en", "de"):
            assert parts.title(parts.segment(kind, 2), language).endswith(" 2")
