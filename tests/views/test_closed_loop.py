"""Facts of an emulated plant against what its physics knows: energies, round trip, cycles, availability, headroom."""

from __future__ import annotations

import math

import numpy as np
import pytest

from bessinside.market.prices.sample import sample
from bessinside.views import ROLES, FactBase, view
from bessinside.views.efficiency import round_trip
from bessinside.views.formulas import FORMULAS
from tests.views.closed import NOMINAL_WH, RATED_W, Closed
from tests.views.conftest import COURSE

QUANTUM = 2e3  # Wh of the meter's floating counters at 360 MWh, and of a minute


def value(base: FactBase, name: str) -> float:
    found = base.fact(name)
    assert found.value is not None, (name, found.missing)
    return found.value


def test_energies_are_those_of_the_physics(closed: Closed, base: FactBase) -> None:
    assert value(base, "throughput.fed_in") == pytest.approx(closed.counted("export"), abs=QUANTUM)
    assert value(base, "throughput.drawn") == pytest.approx(closed.counted("import"), abs=QUANTUM)
    assert value(base, "throughput.battery") == pytest.approx(closed.counted("dc_out"), abs=QUANTUM)
    assert value(base, "cycles.equivalent") == pytest.approx(closed.counted("dc_out") / NOMINAL_WH, abs=0.003)
    days = sum(hours for hours, _, _ in COURSE) / 24
    assert value(base, "cycles.per_day") == pytest.approx(value(base, "cycles.equivalent") / days, rel=1e-3)


@pytest.mark.parametrize(
    ("fact", "into", "out"),
    [
        ("efficiency.rte_meter", "import", "export"),
        ("efficiency.rte_pcs", "ac_in", "ac_out"),
        ("efficiency.rte_battery", "dc_in", "dc_out"),
    ],
)
def test_the_round_trip_is_that_of_the_physics(closed: Closed, base: FactBase, fact: str, into: str, out: str) -> None:
    health = closed.truth["soh"][0] / 100
    gained = closed.counted("cell_soc") / 100 * health * NOMINAL_WH
    true = 100 * round_trip(closed.counted(into), closed.counted(out), gained)
    assert value(base, fact) == pytest.approx(true, abs=0.6)


def test_auxiliaries_cost_round_trip(base: FactBase) -> None:
    assert (
        value(base, "efficiency.rte_meter") < value(base, "efficiency.rte_pcs") < value(base, "efficiency.rte_battery")
    )


def test_an_outage_is_missing_from_the_availability(base: FactBase) -> None:
    hours = sum(hours for hours, _, _ in COURSE)
    out = next(hours for hours, _, act in COURSE if act is not None and act.__name__ == "disconnect")
    found = base.fact("availability.technical")
    assert found.value == pytest.approx(100 * (1 - out / hours), abs=0.6)
    assert found.table is not None
    assert found.table.rows[0][2] == pytest.approx(out, abs=0.05)


def test_headroom_and_power_agree_with_the_cells(closed: Closed, base: FactBase) -> None:
    soc, health = closed.truth["soc"][1] / 100, closed.truth["soh"][1] / 100
    full = health * NOMINAL_WH
    assert value(base, "soc.give") == pytest.approx(soc * full, rel=0.03)
    assert value(base, "soc.take") == pytest.approx((1 - soc) * full, rel=0.03)
    assert value(base, "power.up_now") == RATED_W
    way_out = math.sqrt(value(base, "efficiency.rte_pcs") / 100)
    assert value(base, "power.up_60") == pytest.approx(min(RATED_W, value(base, "soc.give") * way_out), rel=1e-6)
    assert value(base, "fcr.able") == pytest.approx(0.8 * RATED_W)
    ladder = [value(base, f"power.up_{hold}") for hold in ("now", "15", "30", "60")]
    assert ladder == sorted(ladder, reverse=True)


def test_capacity_is_measured_without_the_health_of_the_bms(closed: Closed, base: FactBase) -> None:
    health = closed.truth["soh"][0] / 100
    assert value(base, "measured.energy") == pytest.approx(health * NOMINAL_WH, rel=0.03)
    assert value(base, "measured.power_out") == pytest.approx(240e3, rel=0.01)
    assert value(base, "measured.power_in") == pytest.approx(300e3, rel=0.01)


def test_the_register_of_charge_follows_the_current(base: FactBase) -> None:
    assert abs(value(base, "soc.by_counting")) < 1.5


def test_revenue_is_price_times_what_the_meter_counted(closed: Closed, base: FactBase) -> None:
    prices = sample().between(closed.start_ns, closed.end_ns - 10**9)
    found = base.fact("realised.eur")
    assert found.value is not None
    lowest, highest = float(prices.price.min()), float(prices.price.max())
    moved = (closed.counted("export") + closed.counted("import")) / 1e6
    assert abs(found.value) <= max(abs(lowest), abs(highest)) * moved
    hours = sum(hours for hours, _, _ in COURSE)
    yearly = found.value / (RATED_W / 1e6) * 8760 / hours
    assert value(base, "realised.eur_mw_year") == pytest.approx(yearly, rel=1e-9)
    bound = value(base, "bound.eur")
    assert bound >= found.value
    assert value(base, "capture.rate") == pytest.approx(100 * found.value / bound)
    split = base.fact("lost.split")
    assert split.value == pytest.approx(value(base, "lost.eur"), abs=1e-6)
    assert split.table is not None
    assert sum(float(row[1] or 0) for row in split.table.rows) == pytest.approx(value(base, "lost.eur"), abs=1e-6)


def test_a_schedule_is_held_against_the_meter(base: FactBase) -> None:
    assert value(base, "schedule.now") == pytest.approx(-250e3, rel=0.02)
    slots = base.fact("schedule.energy")
    assert slots.table is not None
    apart = np.array([float(row[1] or 0) for row in slots.table.rows])
    assert slots.value == pytest.approx(float(np.abs(apart).sum()))
    sold = apart[8:17]  # two to a quarter past four: 230 kW were sold and 240 kW came, less what the plant itself takes
    assert np.all(np.abs(sold) < 5e3), sold
    assert [one.name for one in base.fact("imbalance.cost").missing] == ["reBAP imbalance prices"]


def test_what_the_warranty_forbids_is_counted_in_hours(base: FactBase) -> None:
    assert value(base, "dwell.c_rate") == pytest.approx(1.25, abs=0.05)  # 300 kW of 836 kWh
    assert 0.5 < value(base, "dwell.soc") < 3.5
    found = base.fact("dwell.temperature")
    assert found.table is not None
    assert sum(float(row[1] or 0) for row in found.table.rows) == pytest.approx(6.0, abs=0.05)
    assert found.quality == "assumption"


def test_a_fact_has_the_same_value_in_every_view(base: FactBase) -> None:
    seen: dict[str, object] = {}
    for role in ROLES:
        for group in view(base, role).groups:
            for fact in group.facts:
                assert seen.setdefault(fact.id, fact) == fact
    assert set(seen) == set(FORMULAS)


@pytest.mark.parametrize("language", ["en", "de"])
def test_every_fact_says_what_it_is_and_whence(base: FactBase, language: str) -> None:
    for name in FORMULAS:
        fact = base.fact(name, language)
        assert all((fact.label, fact.definition, fact.equation, fact.reference)), name
        has = fact.value is not None or fact.text is not None or fact.table is not None
        assert has or fact.missing, name
        assert (fact.quality == "missing") == (not has), name
        for one in fact.missing:
            assert all((one.name, one.why, one.how)), name
        if has:
            assert fact.origin, name
        assert fact.value is None or math.isfinite(fact.value), name
        if fact.table is not None:
            width = len(fact.table.columns)
            assert all(len(row) == width for row in fact.table.rows), name
            keys = [column.label for column in fact.table.columns]
            assert language == "en" or not {"Range", "Hours", "Price"} & set(keys), name


def test_notes_are_said_in_both_languages(base: FactBase) -> None:
    for name in FORMULAS:
        english, german = base.fact(name), base.fact(name, "de")
        assert (german.value, german.quality) == (english.value, english.quality)
        for one, other in zip(english.missing, german.missing, strict=True):
            assert one.kind == other.kind
            in_words = " " in one.name or one.name == one.kind  # a key or a figure has one name, words have two
            assert (one.name != other.name) == in_words, name
            assert one.how != other.how, (name, one.how)
            assert one.why != other.why or name in ("lost.split", "cells.spread_most", "alarms.came"), (name, one.why)
        assert not english.note or english.note != german.note, (name, english.note)
        assert english.label != german.label or name.startswith("money"), name
    assert base.fact("realised.eur_mw_year", "de").note.startswith("aus 6,0 gezählten Stunden")


def test_what_the_warranty_allows_is_used_up(closed: Closed, base: FactBase) -> None:
    assert value(base, "throughput.lifetime") == pytest.approx(closed.truth["dc_out"][1], rel=1e-5)
    assert value(base, "throughput.used_up") == pytest.approx(100 * closed.truth["dc_out"][1] / 4e9, rel=1e-5)


def test_a_passport_goes_down_to_the_bytes(base: FactBase) -> None:
    found = base.passport("capture.rate")
    assert [one.id for one in found.facts] == ["realised.eur", "bound.eur"]
    assert found.prices
    assert "SMARD" in found.attribution
    meter = next(one for one in found.figures if one.id == "meter/energy_export")
    assert meter.reading is not None
    assert meter.reading.response_hex
    assert found.base == base.name


def test_the_maximum_is_that_of_the_waterfall_where_nothing_is_missing(base: FactBase) -> None:
    split = base.found("lost.split")
    assert "over 24 slots" in split.note, "six hours without a gap"
    assert split.value == pytest.approx(value(base, "lost.eur"), abs=1e-6)
