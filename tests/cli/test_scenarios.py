"""`bessinside scenarios`: every shipped fault, its story, and what must show it."""

from __future__ import annotations

import json
from typing import Any

from bessinside.emulator.trouble.scenario import load, names


def test_the_list_names_every_scenario_with_its_levels(run: Any) -> None:
    ran = run("scenarios", "list")
    assert (ran.code, ran.err) == (0, "")
    for name in names():
        (line,) = [line for line in ran.out.splitlines() if f" {name} " in line]
        assert load(name).title.en in line
        assert " ".join(map(str, load(name).levels)) in line
    assert [one["id"] for one in json.loads(run("scenarios", "list", "--json").out)] == list(names())


def test_one_is_shown_with_story_acts_and_expectations(run: Any) -> None:
    ran = run("scenarios", "show", "isolation-fault")
    assert ran.code == 0
    for words in (
        "Chafed insulation",
        "rack.insulation_positive",
        "any rack",
        "below 750000",
        "LOW_INSULATION",
        "70 s",
    ):
        assert words in ran.out, words
    assert "Durchgescheuerte" in run("scenarios", "show", "isolation-fault", "--de").out
    found = json.loads(run("scenarios", "show", "isolation-fault", "--json").out)
    assert found["act"][0] == {"lever": "rack.insulation_positive", "value": 4e5, "part": "any rack", "figure": "",
                               "start": 60.0, "ramp": 0.0, "end": None, "every": None}  # fmt: skip


def test_an_unknown_one_is_an_error_that_names_the_known(run: Any) -> None:
    ran = run("scenarios", "show", "meteor")
    assert ran.code == 1
    assert "scenario meteor" in ran.err
    assert "weak-cell" in ran.err
