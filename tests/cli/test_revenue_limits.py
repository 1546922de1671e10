"""`bessinside revenue` with outages, with a curve of efficiencies, with the battery of a plant file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(autouse=True)
def at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BESSINSIDE_CACHE", str(tmp_path / "cache"))


def asked(run: Any, *arguments: str) -> dict[str, Any]:
    ran = run("revenue", *arguments, "--json")
    assert ran.code == 0, ran.err
    found: dict[str, Any] = json.loads(ran.out)
    assert abs(found["proof"]["duality_gap_eur"]) <= 1e-6
    assert found["feasible_eur"] <= found["bound_eur"]
    return found


def prices(folder: Path) -> Path:
    """Four local days in winter: 10 EUR/MWh up to noon UTC, then 110."""
    path = folder / "prices.csv"
    rows = [f"2026-01-{day:02d}T{h:02d}:00Z,{10 if h < 12 else 110}" for day in (5, 6, 7, 8) for h in range(24)]
    path.write_text("\n".join(["utc_start,price_eur_mwh", *rows]))
    return path


def test_outages_as_spans_and_as_a_file_are_the_same(run: Any, tmp_path: Path) -> None:
    own = ("--prices", str(prices(tmp_path)), "--rte", "1", "--cycles", "0")
    whole = asked(run, *own)["bound_eur"]
    assert whole == pytest.approx(4 * 2 * 100)
    day = asked(run, *own, "--unavailable", "2026-01-06T00:00Z/2026-01-07T00:00Z")
    assert day["bound_eur"] == pytest.approx(3 * 2 * 100), "the day that is out earns nothing"
    mask = tmp_path / "mask.csv"
    mask.write_text(
        "# an inspection\nutc_start,available\n2026-01-06T00:00Z,0\n\n2026-01-07T00:00Z,1\n2026-01-09T00:00Z,1\n"
    )
    assert asked(run, *own, "--availability", str(mask))["bound_eur"] == pytest.approx(day["bound_eur"], abs=1e-9)
    dear = "2026-01-05T12:00Z/2026-01-06T00:00Z"
    plan = tmp_path / "plan.csv"
    kept = asked(run, *own, "--unavailable", dear + "=0.1", "--schedule", str(plan))
    assert kept["bound_eur"] == pytest.approx(3 * 200 + 12 * 0.1 * 100), "a tenth of the power over twelve hours"
    rows = [line.split(",") for line in plan.read_text().splitlines() if line.startswith("2026-01-05T1")]
    assert max(abs(float(row[3])) for row in rows if row[0] >= "2026-01-05T12") == pytest.approx(100.0)
    part = asked(run, *own, "--unavailable", "2026-01-08T12:30Z/2026-01-09T00:00Z")["bound_eur"]
    assert part == pytest.approx(3 * 200 + 0.5 * 100), "half of the hour in which it begins is left"
    both = asked(run, *own, "--availability", str(mask), "--unavailable", "2026-01-08T00:00Z/2026-01-09T00:00Z")
    assert both["bound_eur"] == pytest.approx(2 * 200)


def test_a_curve_takes_the_place_of_the_round_trip(run: Any, tmp_path: Path) -> None:
    flat, bent = tmp_path / "flat.csv", tmp_path / "bent.csv"
    root = 0.88**0.5
    flat.write_text(f"power_kw,efficiency\n500,{root}\n1000,{root}\n")
    assert asked(run, "--pcs-curve", str(flat))["bound_eur"] == pytest.approx(asked(run)["bound_eur"], rel=1e-9)
    bent.write_text(f"power_kw,charging,discharging\n# losses rise with the power\n500,{root},{root}\n1000,0.9,0.9\n")
    worse = asked(run, "--pcs-curve", str(bent))
    assert worse["bound_eur"] < asked(run)["bound_eur"]
    assert worse["bound_eur"] > asked(run, "--rte", "0.81")["bound_eur"], "at half of the power it loses less"
    ran = run("revenue", "--pcs-curve", str(bent))
    assert "2 points of efficiency" in ran.out


def test_the_battery_of_a_plant_file_and_what_is_said_against_it(run: Any) -> None:
    found = asked(run, "--plant", "ref-5m")
    assert found["question"]["power_w"] == 2.5e6
    assert found["question"]["energy_wh"] == pytest.approx(5_015_960)
    assert (found["question"]["round_trip"], found["question"]["cycles_day"]) == (0.88, 1.5)
    other = asked(run, "--plant", "ref-5m", "--cycles", "2", "--power", "1MW")["question"]
    assert (other["power_w"], other["cycles_day"], other["energy_wh"]) == (1e6, 2.0, pytest.approx(5_015_960))


@pytest.mark.parametrize(
    ("option", "text", "says"),
    [
        ("--unavailable", "yesterday", "--unavailable: expected 2026-10-01T08:00/2026-10-01T20:00"),
        ("--unavailable", "2026-10-01/2026-10-02=2", "--unavailable: expected 2026-10-01T08:00/2026-10-01T20:00"),
        ("--unavailable", "2026-10-02/2026-10-01", "ends before it begins"),
        ("--unavailable", "2026-10-02/soon", "expected a time such as 2026-10-01T08:00Z, got 'soon'"),
    ],
)
def test_an_outage_that_is_none_says_why(run: Any, option: str, text: str, says: str) -> None:
    ran = run("revenue", option, text)
    assert ran.code == 1
    assert says in ran.err.replace("\n", " ")


def test_outages_that_overlap_are_refused(run: Any) -> None:
    spans = ("--unavailable", "2026-10-01/2026-10-03", "--unavailable", "2026-10-02/2026-10-04=0.5")
    ran = run("revenue", *spans)
    assert ran.code == 1
    assert "two outages overlap at 2026-10-02T00:00Z" in ran.err.replace("\n", " ")


@pytest.mark.parametrize(
    ("option", "text", "says"),
    [
        ("--availability", "utc_start,share\n", "mine.csv:1: expected the columns utc_start and available"),
        ("--availability", "utc_start,available\n2026-10-01,0\n", "two rows or more, the last one for the end"),
        (
            "--availability",
            "# a\nutc_start,available\n2026-10-01,0\n\n2026-10-01,1\n",
            "mine.csv:5: utc_start: not after",
        ),
        (
            "--availability",
            "utc_start,available\n2026-10-01,90\n",
            "mine.csv:2: available: expected a share from 0 to 1",
        ),
        ("--availability", "utc_start,available\nnever,0\n", "mine.csv:2: utc_start: expected a time such as"),
        ("--pcs-curve", "power,efficiency\n", "mine.csv:1: expected the columns power_kw and efficiency"),
        ("--pcs-curve", "power_kw,efficiency\n", "mine.csv: expected a header and one line or more"),
        (
            "--pcs-curve",
            "power_kw,efficiency\n500,97\n",
            "mine.csv:2: efficiency: expected a number above 0 and up to 1",
        ),
        ("--pcs-curve", "power_kw,efficiency\n500,0,97\n", "mine.csv:2: expected 2 columns, got 3"),
        ("--pcs-curve", "power_kw,efficiency\n500,0.97\n# x\n400,0.98\n", "mine.csv:4: power_kw: not above"),
        ("--pcs-curve", "power_kw,efficiency\n500,0.97\n", "the curve ends at 500000 W, below the power of 1e+06 W"),
        ("--pcs-curve", "power_kw,efficiency\n500,0.8\n1000,0.99\n", "losses of the curve fall somewhere"),
    ],
)
def test_a_file_that_cannot_be_used_is_named_with_its_line(
    run: Any, tmp_path: Path, option: str, text: str, says: str
) -> None:
    path = tmp_path / "mine.csv"
    path.write_text(text)
    ran = run("revenue", option, str(path))
    assert ran.code == 1
    assert says in ran.err.replace("\n", " ").replace(str(tmp_path) + "/", "")
    assert ran.out == ""


def test_a_curve_counts_its_energy_at_the_cells(run: Any, tmp_path: Path) -> None:
    path = tmp_path / "curve.csv"
    path.write_text("power_kw,efficiency\n1000,0.97\n")
    ran = run("revenue", "--pcs-curve", str(path), "--energy-at", "meter")
    assert ran.code == 1
    assert "say what the cells hold" in ran.err.replace("\n", " ")
