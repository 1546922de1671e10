"""`bessinside view`: a table for people, JSON for programs, and where a fact comes from."""

from __future__ import annotations

import json
from typing import Any

from bessinside.views import ROLES
from bessinside.views.formulas import FORMULAS


def test_a_view_of_now(run: Any, live: Any) -> None:
    ran = run("view", "purchaser", str(live.file()))
    assert ran.code == 0, ran.err
    assert "Is it what it says it is?" in ran.out
    assert "missing: history" in ran.out


def test_the_same_for_a_program_in_german(run: Any, live: Any) -> None:
    seen: set[str] = set()
    for role in ROLES:
        ran = run("view", role, str(live.file()), "--json", "--german")
        found = json.loads(ran.out)
        assert (ran.code, found["role"], found["live"]) == (0, role, True)
        for group in found["groups"]:
            for fact in group["facts"]:
                seen.add(fact["id"])
                assert fact["value"] is not None or fact["text"] or fact["table"] or fact["missing"], fact["id"]
    assert seen == set(FORMULAS)


def test_why_says_where_a_fact_comes_from(run: Any, live: Any) -> None:
    ran = run("view", "purchaser", str(live.file()), "--why", "health.soh")
    assert (ran.code, "c1/r01/soh" in ran.out, "registers of the BMS" in ran.out) == (0, True, True)
    ran = run("view", "purchaser", str(live.file()), "--why", "health.soh", "--json")
    assert json.loads(ran.out)["figures"][0]["reading"]["words"]


def test_what_does_not_go_is_said(run: Any, live: Any) -> None:
    ran = run("view", "king", str(live.file()))
    assert (ran.code, "investor, marketer, purchaser" in ran.err) == (1, True)
    ran = run("view", "investor", str(live.file()), "--from", "-1h")
    assert (ran.code, "need --history DIR" in ran.err) == (1, True)
    ran = run("view", "investor", str(live.file()), "--why", "no.such")
    assert (ran.code, "no such fact" in ran.err) == (1, True)
