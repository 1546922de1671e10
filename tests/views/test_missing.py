"""What cannot be had is missing by name: no record, no register, no price, no statement; never a number."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bessinside.market.prices.cache import PriceCache
from bessinside.plant import levels, parse_plant
from bessinside.twin import Twin
from bessinside.views import ROLES, Evidence, FactBase, UnknownFact, UnknownRole, roles, view
from bessinside.views.definition import KINDS, definitions
from bessinside.views.formulas import FORMULAS, facts_of
from bessinside.views.role import role_of
from tests.views.closed import Closed, plant_text


@pytest.fixture
def silent(tmp_path: Path) -> FactBase:
    """A plant that nobody asked yet, without any record."""
    twin = Twin(parse_plant(plant_text()))
    return facts_of(Evidence(twin, twin.snapshot(), cache=PriceCache(tmp_path)))


def test_before_the_first_read_nothing_has_a_value(silent: FactBase) -> None:
    stated = {"nameplate.power", "nameplate.energy"}
    for name in FORMULAS:
        fact = silent.fact(name)
        if name in stated:
            assert fact.value is not None
            continue
        assert (fact.value, fact.text, fact.quality) == (None, None, "missing"), name
        assert fact.missing, name


def test_a_plant_without_a_meter_says_which_register_is_missing(tmp_path: Path) -> None:
    text = re.sub(r'\[\[device\]\]\nid = "meter".*?(?=\[\[device\]\])', "", plant_text(), flags=re.DOTALL)
    twin = Twin(parse_plant(text))
    base = facts_of(Evidence(twin, twin.snapshot(), cache=PriceCache(tmp_path)))
    missing = {(one.kind, one.name) for one in base.fact("realised.eur").missing}
    assert {("register", "meter.energy_export"), ("register", "meter.energy_import"), ("history", "history")} <= missing


def test_no_prices_are_a_feed_that_is_missing(closed: Closed, tmp_path: Path) -> None:
    then = closed.past.at(closed.end_ns)
    later = closed.end_ns + 400 * 86_400 * 10**9
    evidence = Evidence(then, then.snapshot(), closed.past, later - 3_600 * 10**9, later, cache=PriceCache(tmp_path))
    missing = {(one.kind, one.name) for one in facts_of(evidence).fact("realised.eur").missing}
    assert missing == {("feed", "day-ahead prices")}


def test_what_the_owner_does_not_state_is_named_by_its_key(silent: FactBase) -> None:
    names = {one.name for one in silent.fact("money.npv_toll").missing}
    assert names >= {"economics.toll_eur_mw_year", "economics.capex_eur", "economics.discount_percent"}
    assert {one.name for one in silent.fact("health.warranty").missing} == {"warranty.health", "warranty.start"}


def test_every_fact_has_words_and_every_role_only_known_facts() -> None:
    assert set(definitions()) == set(FORMULAS)
    for one in definitions().values():
        assert one.kind in KINDS
        assert set(one.labels) == set(one.texts) == {"en", "de"}
        assert one.labels["en"] != one.labels["de"] or one.id.startswith("money"), one.id
    used = {name for role in roles().values() for name in role.facts}
    assert used == set(FORMULAS)
    assert tuple(roles()) == ROLES


def test_a_role_weighs_metrics_that_stand_on_the_level() -> None:
    for role in roles().values():
        assert set(role.emphasis) == set(range(1, 15))
        for level in levels():
            assert role.emphasis[level.id], (role.id, level.id)
            assert set(role.emphasis[level.id]) <= set(level.metrics), (role.id, level.id)
            assert len(role.facts) == len(set(role.facts)), role.id


def test_roles_see_the_same_machine_differently(silent: FactBase) -> None:
    seen = [view(silent, role, "de") for role in ROLES]
    assert len({one.question for one in seen}) == len({one.title for one in seen}) == 3
    assert len({str(one.emphasis) for one in seen}) == 3


def test_unknown_names_say_which_there_are(silent: FactBase) -> None:
    with pytest.raises(UnknownFact, match=r"no\.such: there is no such fact; there are throughput\.fed_in"):
        silent.fact("no.such")
    with pytest.raises(UnknownRole, match="king: there is no such view; there are investor, marketer, purchaser"):
        role_of("king")
