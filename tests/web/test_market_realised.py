"""What was realised and the way down to it, by a counted plant and by a load curve; files of one's own."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bessinside.market.basis.errors import MarketError
from bessinside.market.basis.localtime import MINUTE_NS
from bessinside.market.prices.sample import sample
from bessinside.market.prices.sources.files import write_csv
from bessinside.market.realised.frequency import Droop
from bessinside.market.realised.registers import Said
from bessinside.market.realised.waterfall import Realised
from bessinside.market.worth.question import Question
from bessinside.web.history import HistoryDesk
from bessinside.web.market_desk import MarketDesk
from bessinside.web.market_realised import RealisedDesk, equation, rounded
from tests.market import counted_plant as made

ASKED = Question(power_w=made.POWER_W, energy_wh=made.ENERGY_WH, round_trip=0.9216, cycles_day=1.5)
SECOND = date(2026, 10, 9)


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HistoryDesk]:
    desk = HistoryDesk(made.record(tmp_path_factory.mktemp("counted")))
    yield desk
    desk.close()


@pytest.fixture(autouse=True)
def at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BESSINSIDE_CACHE", str(tmp_path / "cache"))


def by_hand() -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """EUR of each quarter of both days: the powers that were made, at the prices that ship."""
    wh = made.day().meter_w.reshape(-1, 15).sum(axis=1) / 60
    prices = sample().between(made.START_NS, made.START_NS + made.MINUTES * MINUTE_NS).price
    return np.asarray(prices * wh / 1e6)


async def test_each_quarter_is_what_the_counters_say_at_its_price(past: HistoryDesk) -> None:
    found = await RealisedDesk(MarketDesk(), past).realised(made.FIRST, SECOND, "", "")
    assert (found.first, found.last, found.minutes, found.source) == ("2026-10-08", "2026-10-09", 15, "registers")
    eur, mine = np.array(found.eur, float), by_hand()
    known = np.isfinite(eur)
    assert (len(eur), int(known.sum()), found.counted_slots, found.valued_slots) == (192, 185, 185, 185)
    assert eur[known] == pytest.approx(mine[known], abs=0.001)
    assert found.eur_total == pytest.approx(float(mine[known].sum()), abs=0.02)
    assert [(gap.begin_ms, gap.end_ms) for gap in found.gaps] == [
        (made.START_NS / 1e6 + 8 * 3600e3, made.START_NS / 1e6 + 9.75 * 3600e3)
    ]
    assert [(one.figure, one.left_out, one.resets) for one in found.counters] == [
        ("meter/energy_export", 3, 0),
        ("meter/energy_import", 3, 0),
    ]
    assert found.attribution == "Bundesnetzagentur | SMARD.de (CC BY 4.0)"


async def test_the_bars_add_up_to_the_shown_digits_and_the_outage_has_its_own(past: HistoryDesk) -> None:
    found = await RealisedDesk(MarketDesk(), past).waterfall(made.FIRST, SECOND, ASKED, "", "")
    assert (found.slots, found.left_out) == (192 - 39, 39), "the longest stretch without a gap"
    assert found.bound_cents - sum(bar.cents for bar in found.bars) == found.realised_cents
    assert all(abs(bar.cents - 100 * bar.eur) <= 1 for bar in found.bars)
    bars = {bar.key: bar for bar in found.bars}
    assert found.realised_eur <= found.bound_eur
    assert found.realised_eur == pytest.approx(float(by_hand()[39:].sum()), abs=0.02)
    assert bars["availability"].measured
    assert bars["availability"].eur > 10, "the converter tripped in the dearest hour"
    assert bars["availability"].figures == ["pcs1/state_fault"]
    dearest = bars["availability"].slots[0]
    assert made.START_NS / 1e6 + (24 + 19.5) * 3600e3 <= dearest.start_ms < made.START_NS / 1e6 + (24 + 20.5) * 3600e3
    assert abs(bars["unexplained"].eur) < 0.01 * found.bound_eur
    assert not bars["auxiliaries"].measured
    assert bars["frequency"].missing == "no register carries meter.frequency or container.frequency or pcs.frequency"
    assert (bars["frequency"].cents, bars["cycle_cap"].cents, bars["cycle_cap"].measured) == (0, 0, True)
    assert bars["cycle_cap"].figures == ["pcs1/active_power_setpoint"]
    assert bars["auxiliaries"].missing == "no register carries container.auxiliary_energy"
    drawn = made.DRAW_W / 4e6 * sample().between(made.START_NS, made.START_NS + made.MINUTES * MINUTE_NS).price[39:]
    assert bars["meter"].eur == pytest.approx(float(drawn.sum()), abs=0.05), "all that the meter lost is that draw"
    assert found.start_soc == pytest.approx(made.START_SOC * 0.99, rel=0.01)
    assert found.caveat == "Upper bound, not a forecast"


async def test_a_load_curve_of_ones_own_needs_no_history() -> None:
    desk = MarketDesk()
    lines = ["utc_start,power_kw"]
    for slot, watts in enumerate(made.day().meter_w.reshape(-1, 15).mean(axis=1)):
        at = np.datetime64(made.START_NS // 10**9 + slot * 900, "s")
        lines.append(f"{at}Z,{watts / 1e3:.6f}")
    curve = await desk.bring("curve", "mine.csv", "\n".join(lines).encode())
    assert (curve.slots, curve.minutes, curve.first, curve.last) == (192, 15, "2026-10-08", "2026-10-09")
    realised = RealisedDesk(desk, HistoryDesk(None))
    found = await realised.realised(None, None, curve.id, "")
    assert found.source == "mine.csv"
    assert found.eur_total == pytest.approx(float(by_hand().sum()), abs=0.001)
    fall = await realised.waterfall(None, None, ASKED, curve.id, "")
    assert fall.slots == 192
    assert fall.bound_cents - sum(bar.cents for bar in fall.bars) == fall.realised_cents
    assert not {bar.key: bar for bar in fall.bars}["availability"].measured


async def test_without_history_it_says_what_to_start(site: Any) -> None:
    found = await site.http.get("/api/market/realised")
    assert found.status_code == 404
    assert "--history DIR" in found.json()["detail"]
    with pytest.raises(MarketError, match="ask for 1 to 62 days"):
        await RealisedDesk(MarketDesk(), HistoryDesk(None)).realised(date(2025, 1, 1), SECOND, "x", "")


async def test_prices_of_ones_own_are_asked_like_those_of_the_machine(site: Any) -> None:
    text = write_csv(sample().between(made.START_NS, made.START_NS + made.MINUTES * MINUTE_NS))
    kept = (await site.http.post("/api/market/files/prices?name=mine.csv", content=text.encode())).json()
    assert (kept["slots"], kept["minutes"], kept["unit"]) == (192, 15, "EUR/MWh")
    own = (await site.http.get(f"/api/prices?own={kept['id']}")).json()
    assert own["days"] == ["2026-10-08", "2026-10-09"]
    assert own["attribution"] == "file mine.csv"
    days = {"first": "2026-10-08", "last": "2026-10-09"}
    mine = (await site.http.post("/api/revenue", json={"own": kept["id"], **days})).json()
    machine = (await site.http.post("/api/revenue", json=days)).json()
    assert mine["revenue"]["bound_eur"] == pytest.approx(machine["revenue"]["bound_eur"], abs=1e-6)
    gone = await site.http.post("/api/revenue", json={"own": "prices-0"})
    assert (gone.status_code, "open it again" in gone.json()["detail"]) == (404, True)


@pytest.mark.parametrize(
    ("kind", "text", "detail"),
    [
        ("prices", "utc_start,price\n", "mine.csv:1: price_eur_mwh: no such column"),
        ("prices", "utc_start,price_eur_mwh\n2026-10-08T00:00Z,x\n", "mine.csv:2: price_eur_mwh: expected a number"),
        ("curve", "utc_start,power_kw\n2026-10-08T00:00Z,x\n", "mine.csv:2: power_kw: expected a number"),
    ],
)
async def test_a_wrong_file_is_named_with_line_and_column(site: Any, kind: str, text: str, detail: str) -> None:
    found = await site.http.post(f"/api/market/files/{kind}?name=../../mine.csv", content=text.encode())
    assert found.status_code == 400
    assert found.json()["detail"].startswith(detail)


async def test_fcr_of_ones_own_raises_the_maximum_and_is_in_the_plan(site: Any) -> None:
    """A made-up price of 100 EUR/MW for each block of four hours."""
    first = np.datetime64("2026-10-07T22:00", "m")
    lines = ["utc_start,price_eur_mwh", *(f"{first + np.timedelta64(4 * k, 'h')}Z,100" for k in range(12))]
    kept = (await site.http.post("/api/market/files/fcr?name=made-up.csv", content="\n".join(lines).encode())).json()
    assert (kept["slots"], kept["unit"]) == (12, "EUR/MW")
    days = {"first": "2026-10-08", "last": "2026-10-09"}
    alone = (await site.http.post("/api/revenue", json=days)).json()
    both = (await site.http.post("/api/revenue", json={"fcr": kept["id"], **days})).json()
    assert both["revenue"]["reserve_eur"] > 0
    assert both["revenue"]["bound_eur"] > alone["revenue"]["bound_eur"]
    plan = (await site.http.get(f"/api/revenue/{both['id']}/schedule.json")).json()
    assert len(plan["slots"]) == 192
    assert max(slot["reserve_w"] for slot in plan["slots"]) == pytest.approx(0.8e6, rel=0.01)
    assert plan["caveat"] == "Upper bound, not a forecast"
    bare = (await site.http.get(f"/api/revenue/{alone['id']}/schedule.json")).json()
    assert {slot["reserve_w"] for slot in bare["slots"]} == {0.0}


def test_the_droop_that_was_measured_stands_in_its_relation() -> None:
    words = Said(Realised(np.zeros(4)), droop=Droop(1.0e6, 0.98765, 1234))
    assert equation("frequency", words).endswith("− K·a(Δf),  K = 1.000 MW / 200 mHz, R² = 0.988, 1234 min")
    assert "K =" not in equation("meter", words)
    assert equation("frequency", Said(Realised(np.zeros(4)))).endswith("− K·a(Δf)")


def test_cents_add_up_whatever_the_remainders() -> None:
    for seed in range(200):
        bars = np.random.default_rng(seed).normal(0, 10, 10)
        top = 1000.0 + seed / 7
        first, between, last = rounded(top, bars.tolist(), top - float(bars.sum()))
        assert first - sum(between) == last
        assert (first, last) == (round(100 * top), round(100 * (top - float(bars.sum()))))
        assert np.abs(np.array(between) - 100 * bars).max() <= 1.0
