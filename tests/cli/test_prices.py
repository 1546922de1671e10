"""`bessinside prices`: what is fetched, what is shown, and whose it is."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.market import publishers
from tests.market.publishers import publisher


@pytest.fixture(autouse=True)
def at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BESSINSIDE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.mark.parametrize(("shift", "code"), [(0.0, 0), (0.4, 1)])
def test_two_publishers_are_asked_and_compared(
    run: Any, monkeypatch: pytest.MonkeyPatch, shift: float, code: int
) -> None:
    with (
        publisher(publishers.energy_charts()) as one,
        publisher(publishers.smard([date(2025, 10, 20)], shift=shift)) as two,
    ):
        monkeypatch.setenv("BESSINSIDE_ENERGY_CHARTS_URL", one.url)
        monkeypatch.setenv("BESSINSIDE_SMARD_URL", two.url)
        ran = run("prices", "fetch", "--from", "2025-10-26")
    assert ran.code == code, ran.err
    assert f"energy-charts and smard agree on {100 if code == 0 else 0} of 100 slots" in ran.out
    assert "kept in " in ran.out
    listed = run("prices", "list").out
    assert "ships with the program" in listed
    assert "energy-charts" in listed
    assert "2025-10" in listed
    assert "CC BY 4.0" in listed


def test_days_that_are_not_published_are_named(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with publisher(publishers.energy_charts(published_until=date(2026, 10, 20))) as there:
        monkeypatch.setenv("BESSINSIDE_ENERGY_CHARTS_URL", there.url)
        ran = run("prices", "fetch", "--from", "2026-10-20", "--to", "2026-10-21", "--source", "energy-charts")
    assert ran.code == 1
    assert "1 days are not whole, the first 2026-10-21" in ran.out


def test_shown_prices_carry_their_credit(run: Any) -> None:
    ran = run("prices", "show")
    assert ran.code == 0
    assert "2026-10-11" in ran.out
    assert "Bundesnetzagentur | SMARD.de (CC BY 4.0)" in ran.out
    lines = run("prices", "show", "--from", "2026-10-01", "--csv").out.splitlines()
    assert (lines[0], len(lines)) == ("utc_start,price_eur_mwh,mtu_min", 97)
    found = json.loads(run("prices", "show", "--from", "2026-10-01", "--to", "2026-10-02", "--json").out)
    assert len(found["price_eur_mwh"]) == 192
    assert found["provenance"][0]["licence"] == "CC BY 4.0"


def test_prices_that_are_not_here_say_how_to_get_them(run: Any) -> None:
    ran = run("prices", "show", "--from", "2020")
    assert ran.code == 1
    assert "`bessinside prices fetch` brings them" in ran.err.replace("\n", " ")
    ran = run("prices", "fetch", "--from", "2026-02-02", "--to", "2026-02-01")
    assert ran.code == 1
    assert "ends before" in ran.err


def test_the_imbalance_price_is_asked_for_and_never_kept(
    run: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("NETZTRANSPARENZ_CLIENT_ID", "NETZTRANSPARENZ_CLIENT_SECRET"):
        monkeypatch.delenv(name, raising=False)
    ran = run("prices", "rebap", "--from", "2025-10-01")
    assert ran.code == 1
    assert "NETZTRANSPARENZ_CLIENT_ID and NETZTRANSPARENZ_CLIENT_SECRET not set" in ran.err.replace("\n", " ")
    monkeypatch.setenv("NETZTRANSPARENZ_CLIENT_ID", "id")
    monkeypatch.setenv("NETZTRANSPARENZ_CLIENT_SECRET", "secret")
    with publisher(publishers.rebap({})) as there:
        monkeypatch.setenv("BESSINSIDE_NETZTRANSPARENZ_URL", there.url)
        monkeypatch.setenv("BESSINSIDE_NETZTRANSPARENZ_TOKEN_URL", f"{there.url}/token")
        shown = run("prices", "rebap", "--from", "2025-10-01")
        lines = run("prices", "rebap", "--from", "2025-10-01", "--csv").out.splitlines()
    assert shown.code == 0, shown.err
    assert "Netztransparenz.de (licence not stated; not kept)" in shown.out
    assert lines == ["utc_start,price_eur_mwh,mtu_min", "2025-10-01T00:00Z,1234.56,15", "2025-10-01T00:30Z,-12.5,15"]
    assert "secret" not in shown.out + shown.err
    assert not list(tmp_path.rglob("*.parquet"))
