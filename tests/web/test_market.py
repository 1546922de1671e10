"""The market over HTTP: prices with their credit, the calculator, and what bounds its work."""

from __future__ import annotations

import asyncio
import csv
import io
import threading
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from bessinside.market.prices.sample import sample
from bessinside.market.worth.question import Question
from bessinside.market.worth.revenue import Desk
from bessinside.web.market_desk import Asked, Busy, MarketDesk, Superseded

CREDIT = "Bundesnetzagentur | SMARD.de (CC BY 4.0)"


@pytest.fixture(autouse=True)
def at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BESSINSIDE_CACHE", str(tmp_path / "cache"))


async def test_prices_come_with_their_days_and_credit(site: Any) -> None:
    found = (await site.http.get("/api/prices")).json()
    assert found["price"] == sample().price.tolist()
    assert found["start_ms"][0] * 10**6 == int(sample().start_ns[0])
    assert (len(found["days"]), found["days"][0], found["days"][-1]) == (15, "2026-09-27", "2026-10-11")
    assert found["minute"][:5] == [0, 15, 30, 45, 60]
    assert found["gaps"] == []
    assert found["attribution"] == CREDIT
    assert found["provenance"][0]["licence_url"].startswith("https://creativecommons.org/")
    assert found["known"] == [{"source": "sample", "first": "2026-09-27", "last": "2026-10-11"}]
    assert found["summary"]["hours"] == 360
    day = (await site.http.get("/api/prices?from=2026-10-01&to=2026-10-01")).json()
    assert day["price"] == found["price"][4 * 96 : 5 * 96]


async def test_the_answer_is_the_one_that_the_engine_gives(site: Any) -> None:
    asked = {"question": {"power_w": 2e6, "energy_wh": 8e6, "round_trip": 0.9, "cycles_day": 1.0}}
    found = (await site.http.post("/api/revenue", json=asked)).json()
    mine = Question(power_w=2e6, energy_wh=8e6, round_trip=0.9, cycles_day=1.0)
    prices = sample()
    direct = Desk.open(prices, mine, int(prices.start_ns[0]), prices.end_ns).answer(mine).revenue
    revenue = found["revenue"]
    assert revenue["bound_eur"] == pytest.approx(direct.bound_eur, abs=1e-6)
    assert revenue["feasible_eur"] == pytest.approx(direct.feasible_eur, abs=1e-6)
    assert [rung["eur"] for rung in revenue["ladder"]] == pytest.approx([rung.eur for rung in direct.ladder], abs=1e-6)
    assert revenue["caveat"] == "Upper bound, not a forecast"
    assert revenue["attribution"] == CREDIT
    by_address = "/api/revenue?power=2e6&energy=8e6&rte=0.9&cycles=1&from=2026-09-27&to=2026-10-11"
    same = (await site.http.get(by_address)).json()
    assert same["revenue"]["bound_eur"] == pytest.approx(revenue["bound_eur"], abs=1e-6)


async def test_a_slider_gets_the_bound_alone(site: Any) -> None:
    whole = (await site.http.post("/api/revenue", json={})).json()["revenue"]
    found = (await site.http.post("/api/revenue/bound", json={"ticket": "a"})).json()
    assert found["bound_eur"] == pytest.approx(whole["bound_eur"], abs=1e-6)
    assert abs(found["duality_gap_eur"]) <= 1e-6
    assert found["caveat"] == "Upper bound, not a forecast"
    more = (await site.http.post("/api/revenue/bound", json={"question": {"energy_wh": 2.4e6}, "ticket": "a"})).json()
    assert more["bound_eur"] > found["bound_eur"]


async def test_slots_say_what_is_done_and_why_in_two_languages(site: Any) -> None:
    answer = (await site.http.post("/api/revenue", json={})).json()
    path = f"/api/revenue/{answer['id']}/slots"
    found = (await site.http.get(path)).json()
    assert len(found["start_ms"]) == 7 * 96
    assert {len(found[key]) for key in ("price", "power_w", "soc", "eur", "reason", "words")} == {7 * 96}
    whole = (await site.http.get(f"{path}?from=2026-09-27&to=2026-10-11")).json()
    assert sum(whole["eur"]) == pytest.approx(answer["revenue"]["feasible_eur"], abs=1e-3)
    assert all(0 <= soc <= 1 for soc in whole["soc"])
    day = (await site.http.get(f"{path}?from=2026-10-01&to=2026-10-01&lang=de")).json()
    assert len(day["words"]) == 96
    assert any("Lädt mit" in words for words in day["words"])
    assert found["attribution"] == CREDIT
    assert (await site.http.get(f"{path}?from=2026-01-01&to=2026-10-01")).status_code == 400
    assert (await site.http.get("/api/revenue/nothing/slots")).status_code == 404


async def test_the_schedule_is_a_file_that_adds_up(site: Any) -> None:
    answer = (await site.http.post("/api/revenue", json={})).json()
    found = await site.http.get(f"/api/revenue/{answer['id']}/schedule.csv")
    assert found.headers["content-disposition"] == 'attachment; filename="schedule.csv"'
    lines = found.text.splitlines()
    assert lines[0].startswith("# Upper bound, not a forecast")
    assert CREDIT in lines[1]
    rows = list(csv.DictReader(io.StringIO("\n".join(lines[2:]))))
    assert sum(float(row["eur"]) for row in rows) == pytest.approx(answer["revenue"]["feasible_eur"], abs=0.1)


async def test_published_figures_name_their_sources(site: Any) -> None:
    found = (await site.http.get("/api/revenue/compare?lang=de")).json()
    assert {row["name"] for row in found["indices"]} >= {"enervis", "Modo Energy"}
    assert all(row["source"] and row["counts"] for row in found["indices"])
    mine = [y for y in found["years"] if (y["year"], y["hours"], y["cycles"]) == (2025, 2, 1.5)]
    assert [y["eur_mw"] for y in mine] == [87078]


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        ({"question": {"power_w": 0}}, 400, "power_w"),
        ({"question": {"round_trip": 1.5}}, 400, "round_trip"),
        ({"question": {"cells": 1}}, 400, "cells"),
        ({"question": {"soc_min": 0.9, "soc_max": 0.2}}, 400, "window of the state of charge"),
        ({"first": "2026-13-01"}, 400, "no such day: '2026-13-01'"),
        ({"first": "2026-10-02", "last": "2026-10-01"}, 400, "ask for at least a day"),
        ({"first": "2020-01-01", "last": "2026-10-01"}, 400, "at most 732 days"),
        (
            {"first": "2025-01-01", "last": "2025-01-02"},
            400,
            "bessinside prices fetch --from 2025-01-01 --to 2025-01-02",
        ),
        ({"first": "2026-10-11", "last": "2026-10-12"}, 400, "the prices reach from"),
        ({"ticket": "x" * 65}, 400, "ticket"),
    ],
)
async def test_what_is_no_question_says_why(site: Any, body: dict[str, Any], status: int, says: str) -> None:
    found = await site.http.post("/api/revenue", json=body)
    assert found.status_code == status
    assert says in found.text


async def test_a_newer_question_takes_the_place_of_one_that_waits() -> None:
    desk, gate = MarketDesk(), threading.Event()
    first = asyncio.create_task(desk.run("a", lambda _: gate.wait(5)))
    await asyncio.sleep(0.05)
    second = asyncio.create_task(desk.run("b", lambda _: 2))
    third = asyncio.create_task(desk.run("b", lambda _: 3))
    other = asyncio.create_task(desk.run("", lambda _: 4))
    await asyncio.sleep(0.05)
    gate.set()
    assert await first
    with pytest.raises(Superseded):
        await second
    assert await third == 3
    assert await other == 4
    desk.close()


async def test_work_that_goes_on_ends_between_its_steps_when_a_newer_question_comes() -> None:
    desk, gate, steps = MarketDesk(), threading.Event(), []

    def work(step: Any) -> int:
        for name in ("one", "two", "three"):
            steps.append(name)
            gate.wait(5)
            step(name)
        return 0

    first = asyncio.create_task(desk.run("a", work))
    await asyncio.sleep(0.05)
    second = asyncio.create_task(desk.run("a", lambda _: 2))
    await asyncio.sleep(0.05)
    gate.set()
    with pytest.raises(Superseded):
        await first
    assert await second == 2
    assert steps == ["one"]
    desk.close()


async def test_only_so_many_questions_wait() -> None:
    desk, gate = MarketDesk(), threading.Event()
    waiting = [asyncio.create_task(desk.run("", lambda _: gate.wait(5))) for _ in range(8)]
    await asyncio.sleep(0.05)
    with pytest.raises(Busy, match="ask again in a moment"):
        await desk.run("", lambda _: 1)
    gate.set()
    assert all(await asyncio.gather(*waiting))
    assert await desk.run("", lambda _: 1) == 1
    desk.close()


async def test_answers_and_warm_solvers_are_kept_in_bounds() -> None:
    desk = MarketDesk()
    names = []
    for day in range(1, 10):
        span = [date(2026, 10, day)] * 2
        names.append((await desk.answer(Asked(Question(), *span)))[0])
    assert len(desk._answers) == 6
    assert len(desk._desks) == 3
    assert names[-1] in desk._answers
    assert names[0] not in desk._answers
    desk.close()


async def test_who_is_not_signed_in_gets_no_prices(guarded: Any) -> None:
    for path in ("/api/prices", "/api/revenue", "/api/revenue/compare"):
        assert (await guarded.http.get(path)).status_code == 401
    assert (await guarded.http.post("/api/revenue", json={})).status_code == 401


async def test_a_curve_of_losses_and_outages_are_asked_over_the_wire(site: Any) -> None:
    days = {"first": "2026-10-01", "last": "2026-10-04"}
    point = {"power_w": 1e6, "charging": 0.938, "discharging": 0.938}
    out = {"begin": "2026-10-02T00:00+02:00", "end": "2026-10-03T00:00+02:00"}

    async def eur(**question: Any) -> float:
        found = await site.http.post("/api/revenue", json={"question": question, **days})
        assert found.status_code == 200, found.text
        return float(found.json()["revenue"]["bound_eur"])

    assert await eur(curve=[point]) == pytest.approx(await eur(round_trip=0.938**2), rel=1e-9)
    assert await eur(outages=[out]) < await eur() - 50
    assert await eur() == pytest.approx(await eur(outages=[{**out, "available": 1.0}]), abs=1e-6)
    for wrong, says in (
        ({"outages": [out, out]}, "two outages overlap"),
        ({"curve": [{**point, "charging": 1.2}]}, "Expected `float` <= 1.0"),
        ({"curve": [point] * 21}, "length <= 20"),
    ):
        refused = await site.http.post("/api/revenue", json={"question": wrong, **days})
        assert refused.status_code == 400
        assert says in refused.text
