"""YAML with lines: what an unquoted word means, and where an error is."""

from __future__ import annotations

import pytest

from bessinside.registers import MapError
from bessinside.registers.located import parse, scalar


@pytest.mark.parametrize(
    ("word", "meaning"),
    [
        ("0x2000", 0x2000),
        ("-12", -12),
        ("010", 10),
        ("1e3", 1000.0),
        ("1.0e+10", 1e10),
        (".5", 0.5),
        ("true", True),
        ("False", False),
        ("null", None),
        ("", None),
        ("~", None),
        ("OFF", "OFF"),
        ("no", "no"),
        ("yes", "yes"),
        ("2023-06-13", "2023-06-13"),
        ("12:30", "12:30"),
        ("V2.3", "V2.3"),
        ("-", "-"),
        ("1_000", "1_000"),
    ],
)
def test_scalar(word: str, meaning: object) -> None:
    found = scalar(word)
    assert found == meaning
    assert type(found) is type(meaning)


def test_quoted_numbers_stay_text() -> None:
    assert parse('a: "12"\nb: 12\n', "f.yaml") == {"a": "12", "b": 12}


def test_lines_are_remembered() -> None:
    entries = parse("a: 1\n\nb:\n  - {c: 1,\n     d: 2}\n", "f.yaml")
    assert entries.lines == {"a": 1, "b": 3}
    assert entries["b"][0].lines == {"c": 4, "d": 5}


def test_a_doubled_key_names_both_lines() -> None:
    with pytest.raises(MapError, match=r"f.yaml:3: a: stands twice; the first is on line 1"):
        parse("a: 1\nb: 2\na: 3\n", "f.yaml")


def test_broken_yaml_names_the_line() -> None:
    with pytest.raises(MapError) as caught:
        parse("a: 1\nb: [1, 2\nc: 3\n", "f.yaml")
    assert caught.value.line in (2, 3)
    assert caught.value.key == "YAML"


def test_a_list_is_no_map() -> None:
    with pytest.raises(MapError, match=r"f.yaml:1: map: expected a mapping"):
        parse("- a\n", "f.yaml")


def test_an_alias_that_leads_back_into_itself() -> None:
    with pytest.raises(MapError, match=r"leads back into itself"):
        parse("a: &a [*a]\n", "f.yaml")


def test_control_characters_are_refused() -> None:
    with pytest.raises(MapError, match=r"YAML"):
        parse("a: \x00\n", "f.yaml")
