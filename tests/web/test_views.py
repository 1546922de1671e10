"""The three views over HTTP: roles at sign-in, one base for all, passports, and honest gaps."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bessinside.historian.embedded.record import Historian
from bessinside.views import ROLES
from bessinside.views.formulas import FORMULAS
from bessinside.web.users import save_user
from tests.web.conftest import PASSWORD, Serve, Site


@pytest.fixture
async def recorded(serve: Serve, served: Any, tmp_path: Path) -> AsyncIterator[Site]:
    """The small plant with a record of a second or more."""
    folder = tmp_path / "history"
    plant = served.plant(served.file().read_text())
    async with (
        serve(plant=plant, history=folder) as site,
        Historian(folder, plant, commit_every_s=0.05) as historian,
    ):
        site.twin.listen(historian.take)
        await site.read()
        async with asyncio.timeout(30):
            while True:
                span = (await site.http.get("/api/history")).json()
                if span["start_ms"] is not None and span["end_ms"] - span["start_ms"] > 1000:
                    break
                await asyncio.sleep(0.05)
        yield site


async def get(site: Site, path: str, **query: Any) -> Any:
    answer = await site.http.get(path, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_roles_with_a_choice_where_sign_in_is_off(site: Site) -> None:
    found = await get(site, "/api/views", lang="de")
    assert [role["id"] for role in found["roles"]] == list(ROLES)
    assert (found["mine"], found["choice"]) == ("", True)
    assert found["roles"][1]["title"] == "Direktvermarkter"


async def test_the_role_at_sign_in_is_the_view(serve: Serve, tmp_path: Path) -> None:
    users = tmp_path / "users.toml"
    for role in ("marketer", "operator"):
        save_user(users, f"a-{role}", role, PASSWORD)
    async with serve(users=users) as site:
        assert (await site.http.get("/api/views")).status_code == 401
        assert (await site.http.get("/api/views/marketer")).status_code == 401
        assert (await site.sign_in("a-marketer")).json()["role"] == "marketer"
        found = await get(site, "/api/views")
        assert (found["mine"], found["choice"]) == ("marketer", False)
        assert (await site.sign_in("a-operator")).status_code == 200
        found = await get(site, "/api/views")
        assert (found["mine"], found["choice"]) == ("", True)


async def test_a_fact_has_one_value_in_every_view_of_a_base(recorded: Site) -> None:
    first = await get(recorded, "/api/views/purchaser")
    seen: dict[str, Any] = {}
    for role in ROLES:
        found = await get(recorded, f"/api/views/{role}", base=first["base"])
        assert (found["role"], found["base"]) == (role, first["base"])
        assert set(found["emphasis"]) == {str(level) for level in range(1, 15)}
        for group in found["groups"]:
            for fact in group["facts"]:
                assert seen.setdefault(fact["id"], fact) == fact
    assert set(seen) == set(FORMULAS)
    for name in ("health.soh", "realised.eur"):
        assert await get(recorded, f"/api/facts/{name}", base=first["base"]) == seen[name]


async def test_a_passport_names_base_figures_and_what_is_missing(recorded: Site) -> None:
    base = (await get(recorded, "/api/views/investor"))["base"]
    found = await get(recorded, "/api/facts/health.soh/passport", base=base)
    assert found["base"] == base
    assert found["fact"]["value"] is not None
    figure = found["fact"]["origin"][0]
    assert figure["kind"] == "figure"
    assert (await recorded.http.get(figure["link"])).status_code == 200
    assert found["figures"][0]["id"] == figure["id"]
    assert found["figures"][0]["reading"]["words"]
    lacking = await get(recorded, "/api/facts/realised.eur_mw_year/passport", base=base, lang="de")
    assert "meter.energy_export" in {one["name"] for one in lacking["fact"]["missing"]}
    assert lacking["fact"]["label"].startswith("Erlös")


async def test_the_past_is_asked_by_its_span(recorded: Site) -> None:
    span = await get(recorded, "/api/history")
    begin, end = span["start_ms"], span["start_ms"] + 900
    found = await get(recorded, "/api/facts/data.completeness", **{"from": begin, "to": end})
    assert found["span"] == [pytest.approx(begin), pytest.approx(end)]
    assert found["value"] is not None
    for query in ({"from": end, "to": begin}, {"from": -5, "to": end}, {"from": begin, "to": begin}):
        assert (await recorded.http.get("/api/views/investor", params=query)).status_code == 400, query


async def test_without_a_record_there_is_only_the_present(site: Site) -> None:
    await site.read()
    found = await get(site, "/api/views/purchaser")
    assert (found["span"], found["live"]) == (None, True)
    facts = {fact["id"]: fact for group in found["groups"] for fact in group["facts"]}
    assert facts["health.soh"]["value"] is not None
    assert [one["kind"] for one in facts["data.completeness"]["missing"]] == ["history"]
    assert (await site.http.get("/api/views/purchaser", params={"to": 1e12})).status_code == 400


async def test_unknown_names_are_not_found(site: Site) -> None:
    assert (await site.http.get("/api/views/king")).status_code == 404
    assert (await site.http.get("/api/facts/no.such")).status_code == 404
    assert (await site.http.get("/api/facts/no.such/passport")).status_code == 404
