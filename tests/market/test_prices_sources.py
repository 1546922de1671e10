"""Each publisher's answers, made by hand in their documented shape: the right series, or an error in words."""

from __future__ import annotations

import json
from datetime import date
from email.utils import formatdate
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bessinside.errors import BessError
from bessinside.market.basis.errors import MarketError
from bessinside.market.basis.localtime import HOUR_NS, QUARTER_NS, midnight_ns
from bessinside.market.prices.agreement import agreement
from bessinside.market.prices.cache import PriceCache
from bessinside.market.prices.day_ahead import at_hand, compare, day_ahead, fetch, missing_days
from bessinside.market.prices.provenance import credits
from bessinside.market.prices.series import SWITCH_NS, iso
from bessinside.market.prices.sources import energy_charts, entsoe, netztransparenz, regelleistung, smard
from bessinside.runtime import clock
from bessinside.runtime.http import HttpError, client
from tests.market import publishers
from tests.market.publishers import Reply, price_at, publisher

DAYS = {
    "the clock goes back": (date(2025, 10, 26), 100),
    "the clock goes forward": (date(2026, 3, 29), 92),
    "an hourly day": (date(2025, 9, 29), 24),
    "the last hourly day": (date(2025, 9, 30), 24),
    "the first day of quarters": (date(2025, 10, 1), 96),
}


def span(first: date, last: date) -> tuple[int, int]:
    return midnight_ns(first), midnight_ns(date.fromordinal(last.toordinal() + 1))


def as_published(found: Any) -> bool:
    return all(price_at(int(at) // 10**9) == price for at, price in zip(found.start_ns, found.price, strict=True))


async def ask(source: Any, url: str, first: date, last: date) -> Any:
    async with client() as http:
        return await source.fetch(http, *span(first, last), base=url, now_ns=1)


# energy-charts


@pytest.mark.parametrize(("day", "count"), DAYS.values(), ids=DAYS)
async def test_energy_charts_gives_each_day_its_slots(day: date, count: int) -> None:
    with publisher(publishers.energy_charts()) as there:
        found = await ask(energy_charts, there.url, day, day)
    assert (found.size, found.gaps(*span(day, day)).size) == (count, 0)
    assert as_published(found)
    assert set(found.unit_ns) == {HOUR_NS if count == 24 else QUARTER_NS}
    assert there.asked == [f"/price?bzn=DE-LU&start={day}&end={day}"]
    assert (
        credits(found.provenance) == "Bundesnetzagentur | SMARD.de, via energy-charts.info (Fraunhofer ISE) (CC BY 4.0)"
    )
    assert found.provenance[0].fetched_ns == 1


async def test_energy_charts_over_the_switch_has_hours_and_quarters() -> None:
    with publisher(publishers.energy_charts()) as there:
        found = await ask(energy_charts, there.url, date(2025, 9, 30), date(2025, 10, 1))
    assert list(found.length_ns) == [HOUR_NS] * 24 + [QUARTER_NS] * 96
    assert list(found.start_ns[found.length_ns == QUARTER_NS][:1]) == [SWITCH_NS]


async def test_energy_charts_tail_that_is_not_published_is_a_gap() -> None:
    with publisher(publishers.energy_charts(published_until=date(2026, 10, 11))) as there:
        found = await ask(energy_charts, there.url, date(2026, 10, 11), date(2026, 10, 12))
    assert found.size == 96
    assert found.gaps(*span(date(2026, 10, 11), date(2026, 10, 12))).tolist() == [
        list(span(date(2026, 10, 12), date(2026, 10, 12)))
    ]


def test_energy_charts_other_zones_are_not_kept() -> None:
    assert "GR" not in energy_charts.OPEN_ZONES


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"<html>", "not as documented"),
        (b"[]", "not as documented"),
        (b'{"price": [1]}', "not as documented"),
        (b'{"unix_seconds": ["x"], "price": [1], "unit": "EUR/MWh"}', "not as documented"),
        (b'{"unix_seconds": [0, 900], "price": [1], "unit": "EUR/MWh"}', "2 times but 1 prices"),
        (b'{"unix_seconds": [0], "price": [1], "unit": "EUR/kWh"}', "in 'EUR/kWh', expected EUR/MWh"),
        (b'{"unix_seconds": [900, 0], "price": [1, 2], "unit": "EUR / MWh"}', "times do not rise"),
    ],
)
async def test_energy_charts_that_changed_is_an_error_in_words(body: bytes, says: str) -> None:
    with publisher(lambda *_: Reply(200, body)) as there, pytest.raises(MarketError, match=says):
        await ask(energy_charts, there.url, date(2026, 1, 1), date(2026, 1, 1))


# SMARD


@pytest.mark.parametrize(("day", "count"), DAYS.values(), ids=DAYS)
async def test_smard_gives_each_day_its_quarters(day: date, count: int) -> None:
    weeks = [date(2025, 9, 29), date(2025, 10, 6), date(2025, 10, 20), date(2025, 10, 27), date(2026, 3, 23)]
    with publisher(publishers.smard(weeks)) as there:
        found = await ask(smard, there.url, day, day)
    quarters = count if count > 24 else 96
    assert (found.size, found.gaps(*span(day, day)).size) == (quarters, 0)
    assert as_published(found)
    assert set(found.unit_ns) == {HOUR_NS if count == 24 else QUARTER_NS}
    assert len(there.asked) == 2
    assert credits(found.provenance) == "Bundesnetzagentur | SMARD.de (CC BY 4.0)"


async def test_smard_over_two_weeks_asks_for_both_and_cuts_them() -> None:
    with publisher(publishers.smard([date(2025, 10, 20), date(2025, 10, 27)])) as there:
        found = await ask(smard, there.url, date(2025, 10, 26), date(2025, 10, 27))
    assert found.size == 196
    assert len(there.asked) == 3


async def test_smard_week_with_a_null_tail_ends_where_it_is_published() -> None:
    with publisher(publishers.smard([date(2026, 10, 5)], published_until=date(2026, 10, 8))) as there:
        found = await ask(smard, there.url, date(2026, 10, 5), date(2026, 10, 11))
    assert found.size == 4 * 96
    assert found.gaps(*span(date(2026, 10, 5), date(2026, 10, 11))).shape == (1, 2)


async def test_smard_without_that_week_or_zone_says_so() -> None:
    with publisher(publishers.smard([date(2026, 10, 5)])) as there:
        with pytest.raises(MarketError, match="no week of DE-LU"):
            await ask(smard, there.url, date(2020, 1, 1), date(2020, 1, 2))
        async with client() as http:
            with pytest.raises(MarketError, match="no prices for the zone 'XX'; it has DE-LU, AT"):
                await smard.fetch(http, 0, 1, zone="XX", base=there.url, now_ns=1)


@pytest.mark.parametrize(
    ("index", "week", "says"),
    [
        (b"nothing", b"", "list of weeks is not as known"),
        (b'{"timestamps": "x"}', b"", "list of weeks is not as known"),
        (b'{"timestamps": [1759096800000]}', b"{}", "week's file is not as known"),
        (b'{"timestamps": [1759096800000]}', b'{"series": [[1759096800000]]}', "week's file is not as known"),
        (b'{"timestamps": [1759096800000]}', b'{"series": [[1, "x"]]}', "week's file is not as known"),
    ],
)
async def test_smard_that_changed_is_an_error_in_words(index: bytes, week: bytes, says: str) -> None:
    with (
        publisher(lambda path, *_: Reply(200, index if "index" in path else week)) as there,
        pytest.raises(MarketError, match=says),
    ):
        await ask(smard, there.url, date(2025, 9, 30), date(2025, 9, 30))


# 429 and its like


async def test_a_server_that_is_busy_is_left_alone_as_long_as_it_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    monkeypatch.setattr(clock, "sleep", lambda seconds: _noted(waits, seconds))
    good, tries = publishers.energy_charts(), []

    def answer(path: str, query: dict[str, str], headers: dict[str, str]) -> Reply:
        tries.append(path)
        soon = formatdate(clock.now_ns() / 1e9 + 30, usegmt=True)
        busy = {
            1: Reply(429, b"", {"Retry-After": "17"}),
            2: Reply(429, b"", {"Retry-After": soon}),
            3: Reply(503, b""),
        }
        return busy.get(len(tries)) or good(path, query, headers)

    with publisher(answer) as there:
        found = await ask(energy_charts, there.url, date(2026, 1, 1), date(2026, 1, 1))
    assert found.size == 96
    assert waits[0] == 17.0
    assert 25 < waits[1] < 31
    assert waits[2] == 20.0


async def _noted(waits: list[float], seconds: float) -> None:
    waits.append(seconds)


async def test_a_wait_that_is_too_long_is_an_error_with_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    with publisher(lambda *_: Reply(429, b"", {"Retry-After": "3600"})) as there:
        with pytest.raises(HttpError, match="429: the server asks to be left alone for 3600 s") as found:
            await ask(energy_charts, there.url, date(2026, 1, 1), date(2026, 1, 1))
        assert len(there.asked) == 1
    assert (found.value.status, found.value.retry_after_s) == (429, 3600.0)


# ENTSO-E: parsed here; entsoe-py only carries the text


@pytest.mark.parametrize("sequences", [("1",), ("1", "2"), ("2", "1")])
def test_entsoe_takes_the_day_ahead_auction_alone(sequences: tuple[str, ...]) -> None:
    found = entsoe.parse(publishers.entsoe(sequences, date(2025, 10, 26)), "DE-LU", 1)
    assert found.size == 100
    assert [price_at(int(at) // 10**9 // 3600 * 3600) for at in found.start_ns] == list(found.price)
    assert set(found.unit_ns) == {QUARTER_NS}


def test_entsoe_without_the_day_ahead_auction_gives_nothing_in_its_place() -> None:
    with pytest.raises(entsoe.NoDayAheadAuction, match=r"only sequence 2; the day-ahead auction is sequence 1"):
        entsoe.parse(publishers.entsoe(("2",), date(2026, 7, 1)), "DE-LU", 1)
    with pytest.raises(entsoe.NoDayAheadAuction, match="no series at all"):
        entsoe.parse(publishers.entsoe((), date(2026, 7, 1)), "DE-LU", 1)
    unnamed = publishers.entsoe(("1",), date(2026, 7, 1)).replace("classificationSequence_", "other_")
    with pytest.raises(entsoe.NoDayAheadAuction, match="does not say its sequence"):
        entsoe.parse(unnamed, "DE-LU", 1)


def test_entsoe_hours_stay_hours() -> None:
    found = entsoe.parse(publishers.entsoe(("1", "2"), date(2025, 3, 30), resolution="PT60M"), "DE-LU", 1)
    assert found.size == 23
    assert set(found.length_ns) == {HOUR_NS}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("EUR</currency", "GBP</currency"), "prices in GBP/MWH"),
        (("PT15M", "P1D"), "resolution 'P1D'"),
        (("<position>1<", "<position>999<"), "position 999 in a period of 96"),
        (("</Publication", "</Other"), "not XML"),
        (('<?xml version="1.0" encoding="utf-8"?>', "<!DOCTYPE x [<!ENTITY a 'b'>]>"), "declares a document type"),
    ],
)
def test_entsoe_that_is_odd_is_refused(change: tuple[str, str], says: str) -> None:
    text = publishers.entsoe(("1",), date(2026, 7, 1)).replace(*change)
    with pytest.raises(MarketError, match=says):
        entsoe.parse(text, "DE-LU", 1)


async def test_entsoe_over_a_socket_asks_for_document_a44(monkeypatch: pytest.MonkeyPatch) -> None:
    module = pytest.importorskip("entsoe.entsoe", reason="the extra entsoe is not installed")
    day = date(2026, 7, 1)
    with publisher(lambda *_: Reply(200, publishers.entsoe(("2", "1"), day).encode())) as there:
        monkeypatch.setattr(module, "URL", there.url)
        found = await entsoe.fetch(*span(day, day), token="my-token", now_ns=1)
    assert found.size == 96
    assert "documentType=A44" in there.asked[0]
    assert "in_Domain=10Y1001A1001A82H" in there.asked[0]
    assert "my-token" not in json.dumps([one.url for one in found.provenance])


async def test_entsoe_error_does_not_tell_the_token(monkeypatch: pytest.MonkeyPatch) -> None:
    module = pytest.importorskip("entsoe.entsoe", reason="the extra entsoe is not installed")
    with publisher(lambda *_: Reply(401, b"unauthorised")) as there:
        monkeypatch.setattr(module, "URL", there.url)
        with pytest.raises(MarketError) as found:
            await entsoe.fetch(*span(date(2026, 7, 1), date(2026, 7, 1)), token="my-token", now_ns=1)
    assert "401" in str(found.value)
    assert "my-token" not in str(found.value)


# regelleistung.net and Netztransparenz


async def test_fcr_blocks_follow_the_clock_on_the_wall() -> None:
    first, last = date(2025, 10, 25), date(2025, 10, 26)
    with publisher(publishers.fcr(first, last)) as there:
        async with client() as http:
            found = await regelleistung.fetch_fcr(http, *span(first, last), base=there.url, now_ns=1)
    assert list(found.length_ns // HOUR_NS) == [4] * 6 + [5] + [4] * 5
    assert list(found.price) == [60.0, 61, 62, 63, 64, 65] * 2
    assert found.hourly[6] == 12.0
    assert not found.provenance[0].kept
    assert there.asked[0] == "/files?productTypes=FCR&from=2025-10-01&to=2025-10-31"


async def test_fcr_that_lacks_a_block_or_file_says_so() -> None:
    with publisher(publishers.fcr(date(2025, 10, 25), date(2025, 10, 25))) as there:
        async with client() as http:
            with pytest.raises(MarketError, match="6 of 12 blocks from 2025-10-25 to 2025-10-26 have no price"):
                await regelleistung.fetch_fcr(
                    http, *span(date(2025, 10, 25), date(2025, 10, 26)), base=there.url, now_ns=1
                )
    for body, says in ((b"[]", "no results of FCR"), (b"x", "not as known"), (b'[{"a": 1}]', "not as known")):
        with publisher(lambda *_, body=body: Reply(200, body)) as there:
            async with client() as http:
                with pytest.raises(MarketError, match=says):
                    await regelleistung.fetch_fcr(
                        http, *span(date(2025, 1, 1), date(2025, 1, 1)), base=there.url, now_ns=1
                    )


def test_an_fcr_sheet_of_another_kind_is_refused() -> None:
    with pytest.raises(MarketError, match="is not an xlsx"):
        regelleistung.parse(b"PK no", "file.xlsx")


def test_months_of_a_long_span_are_asked_one_by_one() -> None:
    assert regelleistung._months(date(2024, 1, 15), date(2024, 3, 2)) == [
        (date(2024, 1, 1), date(2024, 1, 31)),
        (date(2024, 2, 1), date(2024, 2, 29)),
        (date(2024, 3, 1), date(2024, 3, 31)),
    ]


async def test_rebap_is_read_with_a_token_and_never_kept(tmp_path: Path) -> None:
    start = int(np.datetime64("2025-10-01T00:00", "ns").astype(int))
    with publisher(publishers.rebap({})) as there:
        async with client() as http:
            keys: dict[str, Any] = {"client_id": "id", "secret": "secret", "token_url": f"{there.url}/token"}
            found = await netztransparenz.fetch_rebap(http, start, start + HOUR_NS, **keys, base=there.url, now_ns=1)
            with pytest.raises(BessError, match="HTTP 400"):
                await netztransparenz.fetch_rebap(
                    http, start, start + 1, **{**keys, "secret": "no"}, base=there.url, now_ns=1
                )
    assert list(found.price) == [1234.56, -12.5]
    assert [iso(int(at)) for at in found.start_ns] == ["2025-10-01T00:00Z", "2025-10-01T00:30Z"]
    assert there.asked[1] == "/data/NrvSaldo/reBAP/Qualitaetsgesichert/2025-10-01T00:00:00/2025-10-01T01:00:00"
    cache = PriceCache(tmp_path)
    assert cache.keep(found) == 0
    assert cache.list() == []


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a;b\n", "lacks Datum"),
        ("Datum;Zeitzone;von;reBAP\n01.10.2025;CET;00:00;1,0\n", "line 2: Zeitzone: expected UTC, got 'CET'"),
        ("Datum;Zeitzone;von;reBAP\n2025-10-01;UTC;00:00;1,0\n", "line 2"),
        ("Datum;Zeitzone;von;reBAP\n01.10.2025;UTC;00:00;eins\n", "line 2"),
    ],
)
def test_rebap_that_is_odd_is_refused_with_its_line(text: str, says: str) -> None:
    with pytest.raises(MarketError, match=says):
        netztransparenz.parse(text.encode(), energy_charts.Provenance("n", "", "", 0, "", "n"))


# Both publishers, the cache, and what is at hand


async def test_two_sources_agree_or_say_where_they_do_not() -> None:
    day = date(2025, 9, 30)
    with (
        publisher(publishers.energy_charts()) as one,
        publisher(publishers.smard([date(2025, 9, 29)])) as two,
        publisher(publishers.smard([date(2025, 9, 29)], shift=0.5)) as off,
    ):
        first = await ask(energy_charts, one.url, day, date(2025, 10, 1))
        second = await ask(smard, two.url, day, date(2025, 10, 1))
        third = await ask(smard, off.url, day, date(2025, 10, 1))
    same = agreement(first, second)
    assert (same.compared, same.only_first, same.only_second, same.worst_eur_mwh) == (192, 0, 0, 0.0)
    assert same.words() == "energy-charts and smard agree on 192 of 192 slots"
    other = agreement(first, third)
    assert other.worst_eur_mwh == 0.5
    assert "agree on 0 of 192 slots; they differ in 192, first at 2025-09-29T22:00Z (" in other.words()
    with pytest.raises(MarketError, match="no slot in common"):
        agreement(first.between(0, SWITCH_NS), second.between(SWITCH_NS, 1 << 62))
    with pytest.raises(MarketError, match="one of them has no prices"):
        agreement(first.between(0, 1), second)


async def test_what_was_fetched_is_kept_and_not_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    first, last = date(2025, 9, 29), date(2025, 10, 3)
    with publisher(publishers.energy_charts()) as there:
        monkeypatch.setenv("BESSINSIDE_ENERGY_CHARTS_URL", there.url)
        steps: list[tuple[str, int, int]] = []
        found = await day_ahead(*span(first, last), progress=lambda *step: steps.append(step))
        again = await day_ahead(*span(first, last))
        assert len(there.asked) == 1
    assert steps == [("energy-charts", 0, 5), ("energy-charts", 5, 5)]
    assert list(again.price) == list(found.price)
    assert list(again.unit_ns) == list(found.unit_ns)
    assert credits(again.provenance) == credits(found.provenance)
    assert [(kept.source, kept.zone, kept.month) for kept in PriceCache().list()] == [
        ("energy-charts", "DE-LU", "2025-09"),
        ("energy-charts", "DE-LU", "2025-10"),
    ]


async def test_a_day_that_is_not_published_whole_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    first, last = date(2026, 11, 1), date(2026, 11, 3)
    with publisher(publishers.energy_charts(published_until=date(2026, 11, 2))) as there:
        monkeypatch.setenv("BESSINSIDE_ENERGY_CHARTS_URL", there.url)
        found = await fetch(first, last)
        assert found.size == 192
        known = at_hand(*span(first, last))
        assert missing_days(known, *span(first, last)) == [last]
        there.answer = publishers.energy_charts()
        assert (await day_ahead(*span(first, last))).size == 288
        assert there.asked[-1] == f"/price?bzn=DE-LU&start={last}&end={last}"
    assert missing_days(at_hand(*span(first, last)), *span(first, last)) == []


async def test_smard_steps_in_where_energy_charts_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    day = date(2025, 10, 26)
    with (
        publisher(lambda *_: Reply(500, b"broken")) as broken,
        publisher(publishers.smard([date(2025, 10, 20)])) as there,
    ):
        monkeypatch.setenv("BESSINSIDE_ENERGY_CHARTS_URL", broken.url)
        monkeypatch.setenv("BESSINSIDE_SMARD_URL", there.url)
        found = await day_ahead(*span(day, day))
        assert found.size == 100
        with pytest.raises(HttpError, match="HTTP 500: broken"):
            await fetch(day, day, source="energy-charts")


async def test_without_a_network_the_sample_is_still_there_and_the_rest_says_what_to_do() -> None:
    found = await day_ahead(*span(date(2026, 9, 27), date(2026, 10, 11)))
    assert found.size == 1440
    with pytest.raises(MarketError, match=r"cannot be reached.*Without a network: leave out --from and --to"):
        await day_ahead(*span(date(2026, 10, 11), date(2026, 10, 12)))
    with pytest.raises(MarketError, match="no such source: 'epex'; known: energy-charts, smard, entsoe"):
        await fetch(date(2026, 1, 1), date(2026, 1, 2), source="epex")


async def test_entsoe_without_a_token_says_where_it_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ENTSOE_API_KEY", raising=False)
    with pytest.raises(MarketError, match="put it into ENTSOE_API_KEY"):
        await fetch(date(2026, 1, 1), date(2026, 1, 2), source="entsoe")


async def test_both_publishers_are_compared_and_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    day = date(2025, 10, 26)
    with (
        publisher(publishers.energy_charts()) as one,
        publisher(publishers.smard([date(2025, 10, 20)])) as two,
    ):
        monkeypatch.setenv("BESSINSIDE_ENERGY_CHARTS_URL", one.url)
        monkeypatch.setenv("BESSINSIDE_SMARD_URL", two.url)
        found = await compare(day, day)
    assert (found.compared, found.worst_eur_mwh) == (100, 0.0)
    assert {kept.source for kept in PriceCache().list()} == {"energy-charts", "smard"}


async def test_a_broken_file_of_the_cache_is_fetched_anew(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    day = date(2025, 10, 26)
    with publisher(publishers.energy_charts()) as there:
        monkeypatch.setenv("BESSINSIDE_ENERGY_CHARTS_URL", there.url)
        await fetch(day, day)
        (kept,) = PriceCache().list()
        for wrong in (b"", b"PAR1", kept.path.read_bytes()[:-40]):
            kept.path.write_bytes(wrong)
            assert at_hand(*span(day, day)) is None
        assert "is broken and will be fetched again" in caplog.text
        assert (await day_ahead(*span(day, day))).size == 100
        assert at_hand(*span(day, day)) is not None
