"""FCR prices that the page fetches: from a publisher on a socket of this machine, into memory, with what went wrong."""

from __future__ import annotations

import asyncio
import threading
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from bessinside.web.market_fetch import months
from tests.market import publishers
from tests.market.publishers import Reply, publisher

FIRST, LAST = date(2026, 9, 27), date(2026, 10, 11)
ROUTE = "/api/market/fetch/fcr"
ASK = f"{ROUTE}?first={FIRST}&last={LAST}"


@pytest.fixture(autouse=True)
def at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BESSINSIDE_CACHE", str(tmp_path / "cache"))
    return tmp_path


def test_months_hold_all_days_once() -> None:
    assert months(FIRST, LAST) == [(FIRST, date(2026, 9, 30)), (date(2026, 10, 1), LAST)]
    assert months(LAST, LAST) == [(LAST, LAST)]
    assert len(months(date(2025, 1, 31), date(2025, 12, 1))) == 12


async def test_what_is_fetched_is_sold_and_credited_and_never_written(
    site: Any, at_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {path for path in at_home.rglob("*") if path.is_file()}
    assert (await site.http.get(ROUTE)).json()["state"] == "idle"
    with publisher(publishers.fcr(FIRST, LAST)) as there:
        monkeypatch.setenv("BESSINSIDE_REGELLEISTUNG_URL", there.url)
        answer = await site.http.post(ASK)
        assert answer.status_code == 200, answer.text
        found = answer.json()
    assert (found["state"], found["done"], found["total"], found["detail"]) == ("done", 2, 2, "")
    assert found["attribution"].startswith("regelleistung.net (all rights reserved")
    file = found["file"]
    assert (file["kind"], file["first"], file["last"], file["slots"]) == ("fcr", str(FIRST), str(LAST), 15 * 6)
    assert (await site.http.get(ROUTE)).json() == found
    question = {"question": {}, "first": str(FIRST), "last": str(LAST)}
    alone = (await site.http.post("/api/revenue", json=question)).json()["revenue"]
    both = (await site.http.post("/api/revenue", json={**question, "fcr": file["id"]})).json()["revenue"]
    assert both["reserve_eur"] > 0
    assert both["bound_eur"] > alone["bound_eur"]
    assert "regelleistung.net" in both["attribution"]
    assert {path for path in at_home.rglob("*") if path.is_file()} == before


async def test_progress_is_told_and_a_second_fetch_waits(site: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    go_on = threading.Event()
    usual = publishers.fcr(FIRST, LAST)

    def slow(path: str, query: dict[str, str], headers: dict[str, str]) -> Reply:
        if "2026-10" in query.get("from", ""):
            go_on.wait(60)
        return usual(path, query, headers)

    with publisher(slow) as there:
        monkeypatch.setenv("BESSINSIDE_REGELLEISTUNG_URL", there.url)
        asked = asyncio.create_task(site.http.post(ASK))
        try:
            async with asyncio.timeout(60):
                while (await site.http.get(ROUTE)).json()["done"] < 1:
                    await asyncio.sleep(0.02)
            now = (await site.http.get(ROUTE)).json()
            assert (now["state"], now["done"], now["total"], now["first"]) == ("running", 1, 2, str(FIRST))
            second = await site.http.post(ASK)
            assert (second.status_code, "wait" in second.json()["detail"]) == (409, True)
        finally:
            go_on.set()
        assert (await asked).json()["state"] == "done"


async def test_what_went_wrong_says_what_to_do(site: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with publisher(publishers.fcr(FIRST, LAST)) as there:
        away = there.url
    monkeypatch.setenv("BESSINSIDE_REGELLEISTUNG_URL", away)  # nobody listens there any more
    answer = await site.http.post(ASK)
    assert answer.status_code == 502
    detail = answer.json()["detail"]
    assert "cannot be reached" in detail
    assert "file of FCR prices of your own" in detail
    now = (await site.http.get(ROUTE)).json()
    assert (now["state"], now["detail"], now["file"]) == ("failed", detail, None)
    with publisher(publishers.fcr(FIRST, FIRST)) as there:  # the other days were not published
        monkeypatch.setenv("BESSINSIDE_REGELLEISTUNG_URL", there.url)
        answer = await site.http.post(ASK)
        assert answer.status_code == 400
        assert "have no price" in answer.json()["detail"]


async def test_bad_questions_are_refused(site: Any) -> None:
    for query in ("first=2026-10-02&last=2026-10-01", "first=2024-01-01&last=2026-01-01", "first=2026-02-30&last=x"):
        assert (await site.http.post(f"{ROUTE}?{query}")).status_code == 400, query
    assert (await site.http.post(ROUTE)).status_code == 400
    assert (await site.http.post("/api/market/fetch/oil?first=2026-10-01&last=2026-10-01")).status_code == 404
    assert (await site.http.get("/api/market/fetch/oil")).status_code == 404
