"""`bessinside revenue`: the table, the JSON, files of the user, and errors that say what to do."""

from __future__ import annotations

import json
import os
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from bessinside.market.dispatch.reasons import Binding
from tests.market import publishers
from tests.market.publishers import publisher


@pytest.fixture(autouse=True)
def at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BESSINSIDE_CACHE", str(tmp_path / "cache"))
    for name in ("ENERGY_CHARTS", "SMARD", "REGELLEISTUNG"):
        monkeypatch.setenv(f"BESSINSIDE_{name}_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


def test_without_arguments_it_answers_for_the_days_that_ship(run: Any) -> None:
    ran = run("revenue")
    assert ran.code == 0, ran.err
    for words in (
        "Upper bound, not a forecast",
        "5,570.81 EUR",
        "5,571 EUR/MW",
        "Bundesnetzagentur | SMARD.de (CC BY 4.0)",
        "2026-09-27 to 2026-10-11, 1,440 slots of 15 min",
        "yesterday's prices",
        "a clock, no prices",
        "duality gap",
    ):
        assert words in ran.out


def test_the_json_has_the_bracket_the_slots_the_time_and_the_credit(run: Any) -> None:
    ran = run("revenue", "--json")
    found = json.loads(ran.out)
    assert ran.code == 0
    assert found["bound_eur"] == pytest.approx(5570.8101, abs=1e-3)
    assert found["bound_eur"] >= found["feasible_eur"] > 5570
    assert found["gap_eur"] == pytest.approx(found["bound_eur"] - found["feasible_eur"], abs=1e-9)
    assert found["slots"] == 1440
    assert found["seconds"] > 0
    assert abs(found["proof"]["duality_gap_eur"]) <= 1e-6
    assert found["attribution"] == "Bundesnetzagentur | SMARD.de (CC BY 4.0)"
    assert found["caveat"] == "Upper bound, not a forecast"
    assert sum(month["eur"] for month in found["months"]) == pytest.approx(found["feasible_eur"], abs=1e-6)
    assert [rung["key"] for rung in found["ladder"]] == ["timer", "last_week", "yesterday", "mean_28_days"]
    assert all(rung["eur"] < found["feasible_eur"] for rung in found["ladder"])


def test_units_scale_and_ten_times_the_battery_earns_ten_times_as_much(run: Any) -> None:
    one = json.loads(run("revenue", "--json").out)
    ten = json.loads(run("revenue", "--power", "10000 kW", "--energy", "20MWh", "--json").out)
    assert ten["bound_eur"] == pytest.approx(10 * one["bound_eur"], rel=1e-9)
    assert ten["eur_mw"] == pytest.approx(one["eur_mw"], rel=1e-9)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--power", "1 MWh"), "--power: expected a number and a unit such as '1 MW', got '1 MWh'"),
        (("--power", "much"), "--power: expected a number and a unit"),
        (("--energy", "0 MWh"), "--energy: expected more than zero"),
        (("--rte", "1.2"), "a battery that cannot be: Expected `float` <= 1.0"),
        (("--from", "2025-01-01"), "give both --from and --to, or neither"),
        (("--from", "2025-02-30", "--to", "2025-03-01"), "--from: expected a day such as 2025-12-31"),
        (("--from", "2025-02-02", "--to", "2025-02-01"), "--to: 2025-02-01 ends before 2025-02-02 begins"),
        (("--from", "2025-01-01", "--to", "2025-01-02"), "Without a network: leave out --from and --to"),
        (("--fcr",), "cannot be reached"),
    ],
)
def test_what_cannot_be_answered_says_why(run: Any, arguments: tuple[str, ...], says: str) -> None:
    ran = run("revenue", *arguments)
    assert ran.code == 1
    assert says in ran.err.replace("\n", " ")
    assert ran.out == ""


def test_days_of_the_sample_need_no_network_and_others_are_fetched_once(
    run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside = json.loads(run("revenue", "--from", "2026-10-01", "--to", "2026-10-02", "--json").out)
    assert (inside["slots"], inside["first_day"], inside["last_day"]) == (192, "2026-10-01", "2026-10-02")
    with publisher(publishers.energy_charts()) as there:
        monkeypatch.setenv("BESSINSIDE_ENERGY_CHARTS_URL", there.url)
        for _ in range(2):
            found = json.loads(run("revenue", "--from", "2025-10-25", "--to", "2025-10-26", "--json").out)
            assert found["slots"] == 196
            assert "energy-charts.info" in found["attribution"]
        assert len(there.asked) == 1


def test_a_file_with_a_gap_is_refused_with_its_place(run: Any, tmp_path: Path) -> None:
    path = tmp_path / "prices.csv"
    hours = [f"2026-01-01T{h:02d}:00Z,{h}" for h in range(24) if h != 5]
    path.write_text("\n".join(["utc_start,price_eur_mwh", *hours]))
    ran = run("revenue", "--prices", str(path))
    assert ran.code == 1
    assert "1 gap in the prices, the first from 2026-01-01T05:00Z to 2026-01-01T06:00Z" in ran.err.replace("\n", " ")


def test_prices_of_ones_own_and_the_schedule_as_a_file(run: Any, tmp_path: Path) -> None:
    path, plan = tmp_path / "prices.csv", tmp_path / "plan.csv"
    rows = [f"2026-01-{day:02d}T{h:02d}:00Z,{10 if h < 12 else 110}" for day in (5, 6) for h in range(24)]
    path.write_text("\n".join(["utc_start,price_eur_mwh", *rows]))
    ran = run("revenue", "--prices", str(path), "--rte", "1", "--cycles", "0", "--schedule", str(plan), "--json")
    found = json.loads(ran.out)
    assert found["bound_eur"] == pytest.approx(2 * 2 * 100)
    assert found["attribution"] == "file prices.csv"
    lines = plan.read_text().splitlines()
    assert lines[0] == "# Upper bound, not a forecast: planned with all prices known"
    assert lines[1] == "# prices: file prices.csv"
    header = lines[2].split(",")
    table = [dict(zip(header, line.split(","), strict=True)) for line in lines[3:]]
    assert len(table) == 48
    earned = sum(float(row["eur"]) for row in table)
    assert earned == pytest.approx(400, abs=0.01)
    assert {row["reason"] for row in table} <= {one.name.lower() for one in Binding}


def test_fcr_adds_to_the_maximum_and_is_credited(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    alone = json.loads(run("revenue", "--from", "2026-10-01", "--to", "2026-10-03", "--json").out)
    with publisher(publishers.fcr(date(2026, 10, 1), date(2026, 10, 3))) as there:
        monkeypatch.setenv("BESSINSIDE_REGELLEISTUNG_URL", there.url)
        both = json.loads(run("revenue", "--from", "2026-10-01", "--to", "2026-10-03", "--fcr", "--json").out)
    assert both["bound_eur"] > alone["bound_eur"]
    assert 0 < both["reserve_eur"] <= 0.8 * 3 * sum(range(60, 66)) + 1e-6
    assert "regelleistung.net (all rights reserved; fetched for this use, not kept)" in both["attribution"]
    assert sum(month["eur"] for month in both["months"]) == pytest.approx(both["feasible_eur"], abs=1e-6)


def test_fcr_prices_of_ones_own_must_fit_the_blocks(run: Any, tmp_path: Path) -> None:
    blocks = tmp_path / "fcr.csv"
    starts = [f"2026-{'09-30' if n == 0 else '10-01'}T{(22 + 4 * n) % 24:02d}:00Z,50" for n in range(6)]
    blocks.write_text("\n".join(["utc_start,price_eur_mwh", *starts]))
    good = run("revenue", "--from", "2026-10-01", "--to", "2026-10-01", "--fcr-prices", str(blocks), "--json")
    assert json.loads(good.out)["reserve_eur"] > 0
    wrong = run("revenue", "--from", "2026-10-01", "--to", "2026-10-02", "--fcr-prices", str(blocks))
    assert wrong.code == 1
    assert "no FCR price for the block that begins 2026-10-01T22:00Z" in wrong.err.replace("\n", " ")


def test_the_whole_year_2025_is_the_figure_that_was_published(run: Any) -> None:
    named = os.environ.get("BESSINSIDE_DATA")
    if not named:
        pytest.skip("BESSINSIDE_DATA is not set: the year 2025 is not solved")
    file = Path(named) / "market" / "da_delu_2025_15min_grid.csv.gz"
    found = json.loads(run("revenue", "--prices", str(file), "--json").out)
    assert found["bound_eur"] == pytest.approx(87_078, abs=0.5)
    assert found["feasible_eur"] >= 87_024
    assert abs(found["proof"]["duality_gap_eur"]) <= 1e-6
    assert found["eur_mw_year"] == pytest.approx(found["eur_mw"])
    assert len(found["months"]) == 12
    assert all(month["whole"] for month in found["months"])
    assert found["attribution"] == "file da_delu_2025_15min_grid.csv.gz"
    hours = json.loads(run("revenue", "--prices", str(file), "--hourly", "--json").out)
    assert hours["bound_eur"] == pytest.approx(84_635, abs=0.5)
    assert timedelta(hours=hours["slots"]) == timedelta(days=365)


def plain(path: Path, column: str, values: list[float], minutes: int = 60) -> Path:
    """A file of two days from midnight UTC."""
    rows = [
        f"2026-01-{5 + at * minutes // 1440:02d}T{at * minutes // 60 % 24:02d}:{at * minutes % 60:02d}Z,{value}"
        for at, value in enumerate(values)
    ]
    path.write_text("\n".join([f"utc_start,{column}", *rows]))
    return path


def test_a_second_stage_is_told_and_its_schedule_written(run: Any, tmp_path: Path) -> None:
    first = plain(tmp_path / "da.csv", "price_eur_mwh", [10.0] * 24 + [110.0] * 24)
    second = plain(tmp_path / "id.csv", "price_eur_mwh", ([10.0] * 12 + [60.0] * 12) + [110.0] * 24)
    asked = ("revenue", "--prices", str(first), "--rte", "1", "--cycles", "0", "--intraday", str(second))
    ran = run(*asked, "--schedule", str(tmp_path / "plan.csv"), "--json")
    assert ran.code == 0, ran.err
    told = json.loads(ran.out)
    assert told["bound_eur"] == pytest.approx(200)
    assert told["intraday"]["total_eur"] == pytest.approx(200 + told["intraday"]["eur"])
    assert 0 <= told["intraday"]["eur"] <= told["intraday"]["bound_eur"]
    assert told["intraday"]["attribution"] == "file id.csv"
    assert (tmp_path / "plan.csv").read_text().splitlines()[:2] == [
        "# Upper bound, not a forecast: planned with all prices of the second stage known",
        "# prices: file id.csv",
    ]
    assert "traded again" in run(*asked).out


def test_limits_of_grid_window_and_start(run: Any, tmp_path: Path) -> None:
    prices = plain(tmp_path / "da.csv", "price_eur_mwh", [110.0] * 12 + [10.0] * 24 + [60.0] * 12)

    def eur(*more: str) -> float:
        ran = run("revenue", "--prices", str(prices), "--rte", "1", "--cycles", "0", "--json", *more)
        assert ran.code == 0, ran.err
        return float(json.loads(ran.out)["bound_eur"])

    assert eur() == pytest.approx(100)
    assert eur("--soc-min", "0.25", "--soc-max", "0.75") == pytest.approx(50)
    assert eur("--soc-start", "1") == pytest.approx(200), "sold dear at first and bought back"
    assert eur("--export", "100 kW") == pytest.approx(0.1 * 12 * 50)
    assert eur("--import", "50kW") == pytest.approx(0.05 * 24 * 50)
    assert eur("--losses", "charge") == pytest.approx(100), "there are none"
    ran = run("revenue", "--losses", "here")
    assert ran.code == 1
    assert "a battery that cannot be: Invalid enum value 'here'" in ran.err


def test_own_schedules_stand_in_the_ladder(run: Any, tmp_path: Path) -> None:
    prices = plain(tmp_path / "da.csv", "price_eur_mwh", [10.0] * 24 + [110.0] * 24)
    own = plain(tmp_path / "own.csv", "power_kw", [-500.0] * 4 + [0.0] * 20 + [500.0] * 4 + [0.0] * 20)
    asked = ("revenue", "--prices", str(prices), "--rte", "1", "--cycles", "0", "--json")
    ladder = {
        rung["key"]: rung["eur"] for rung in json.loads(run(*asked, "--own", str(own), "--rolling").out)["ladder"]
    }
    assert ladder["own"] == pytest.approx(200)
    assert ladder["known_prices"] == pytest.approx(200)
    quarters = plain(tmp_path / "own15.csv", "power_kw", [-500.0] * 16 + [0.0] * 80 + [500.0] * 16 + [0.0] * 80, 15)
    assert json.loads(run(*asked, "--own", str(quarters)).out)["ladder"][-1]["eur"] == pytest.approx(200)
    own.write_text("\n".join(own.read_text().splitlines()[:-3]))
    ran = run(*asked, "--own", str(own))
    assert ran.code == 1
    assert "no power for 3 of 48 slots, the first at 2026-01-06T21:00Z" in ran.err.replace("\n", " ")


def test_afrr_capacity_beside_and_not_with_fcr(run: Any, tmp_path: Path) -> None:
    prices = plain(tmp_path / "da.csv", "price_eur_mwh", [50.0] * 48)
    blocks = tmp_path / "afrr.csv"
    starts = [f"2026-01-{4 + (hour + 3) // 24:02d}T{(hour + 3) % 24:02d}:00Z,40" for hour in range(20, 72, 4)]
    blocks.write_text("\n".join(["utc_start,price_eur_mwh", *starts]))
    asked = ("revenue", "--prices", str(prices), "--rte", "1", "--json")
    found = json.loads(run(*asked, "--afrr-down", str(blocks)).out)
    assert found["reserve_eur"] == pytest.approx(13 * 40, rel=1e-6), "room for an hour of full power in 13 blocks"
    assert found["attribution"] == "file da.csv; file afrr.csv"
    ran = run(*asked, "--afrr-down", str(blocks), "--fcr")
    assert ran.code == 1
    assert "FCR and aFRR in one question: they are alternatives" in ran.err.replace("\n", " ")
