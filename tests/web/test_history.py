"""The past over HTTP: the same frames, schemas, levels and passports as live, and figures over time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from bessinside.historian.embedded.record import Historian
from bessinside.runtime import clock
from bessinside.twin import FigureRow
from tests.web.conftest import Serve, Site
from tests.web.test_frame import take_apart

Kept = tuple[Site, list[tuple[float, dict[str, FigureRow]]]]


@pytest.fixture
async def kept(serve: Serve, served: Any, tmp_path: Path) -> AsyncIterator[Kept]:
    """The small plant, recorded for two seconds, and what was live at some moments."""
    folder, seen = tmp_path / "history", []
    plant = served.plant(served.file().read_text())
    async with (
        serve(plant=plant, history=folder) as site,
        Historian(folder, plant, commit_every_s=0.05) as historian,
    ):
        site.twin.listen(historian.take)
        for step in range(8):
            served.units["a"].holding.put(0, [800 + step])
            await asyncio.sleep(0.3)
            now = site.twin.snapshot()
            # to the microsecond: that is how exactly ms fit a float
            seen.append((now.time_ns / 1e6, {name: site.twin.figure(name, now) for name in site.twin.ids()}))
        await asyncio.sleep(0.3)
        yield site, seen


async def test_a_moment_of_the_past_decodes_as_a_live_frame(kept: Kept) -> None:
    site, seen = kept
    for ms, live in seen[3:]:
        answer = await site.http.get("/api/history/snapshot", params={"t": ms})
        assert answer.status_code == 200, answer.text
        frame = take_apart(answer.content)
        assert frame["schema"].decode() == answer.headers["X-Schema"]
        assert frame["time_ms"] == pytest.approx(ms, abs=0.001)
        schema = (await site.http.get("/api/history/schema", params={"t": ms})).json()
        assert schema["hash"] == answer.headers["X-Schema"]
        names = schema["points"]["id"]
        soc = names.index("c1/r01/soc")
        word = int(frame["words"][schema["points"]["offset"][soc]])
        assert word / 10 == pytest.approx(live["c1/r01/soc"].value)
        derived = dict(zip([row["id"] for row in schema["figures"]], frame["values"].tolist(), strict=True))
        for name, value in derived.items():
            assert (value == pytest.approx(live[name].value)) if live[name].value is not None else np.isnan(value)


async def test_levels_figures_and_passports_are_those_of_then(kept: Kept) -> None:
    site, seen = kept
    ms, live = seen[5]
    for name in ("c1/r01/soc", "c1/r02/voltage", "c1/cell_voltage_spread"):
        row = (await site.http.get(f"/api/history/figures/{name}", params={"t": ms})).json()
        assert (row["value"], row["quality"]) == (live[name].value, live[name].quality)
    passport = (await site.http.get("/api/history/figures/c1/r01/soc/passport", params={"t": ms})).json()
    words = passport["reading"]["words"]
    assert int(words[0], 16) / 10 == live["c1/r01/soc"].value
    assert words[0].lower() in passport["reading"]["response_hex"].replace(" ", "")
    assert passport["trend"]["v"][-1] == live["c1/r01/soc"].value
    assert "--at" in passport["reading"]["commands"]["bessinside"]
    levels = (await site.http.get("/api/history/levels", params={"t": ms, "lang": "de"})).json()
    assert len(levels) == 14


async def test_figures_over_time(kept: Kept) -> None:
    site, _ = kept
    span = (await site.http.get("/api/history")).json()
    assert span["recording"]
    asked = {"id": ["c1/r01/soc", "c1/r02/soc"], "from": span["start_ms"], "to": span["end_ms"] + 1, "points": 50}
    first, second = (await site.http.get("/api/history/series", params=asked)).json()
    assert (first["id"], second["id"], first["unit"]) == ("c1/r01/soc", "c1/r02/soc", "%")
    assert max(value for value in first["high"] if value is not None) == pytest.approx(80.7)
    assert len(first["t"]) == len(first["low"]) == len(first["left_out"]) <= 50
    events = (await site.http.get("/api/history/events", params={"from": 0, "to": span["end_ms"] + 1e6})).json()
    assert "start" in [event["kind"] for event in events]


async def test_facts_of_sweeps_and_a_field_over_time(kept: Kept) -> None:
    site, seen = kept
    ms, _ = seen[5]
    rows = {row["id"]: row for row in (await site.http.get("/api/history/sweeps", params={"t": ms})).json()}
    assert rows["device/a/sweep_failed"]["value"] == 0.0
    assert rows["device/b/sweep_requests"]["value"] > 0
    span = (await site.http.get("/api/history")).json()
    asked = {"metric": "cell.voltage", "part": "c1/r02", "from": span["start_ms"], "to": span["end_ms"] + 1}
    answer = await site.http.get("/api/history/field", params=asked | {"points": 4})
    assert answer.status_code == 200, answer.text
    length = int.from_bytes(answer.content[:4], "little")
    about = msgspec.json.decode(answer.content[4 : 4 + length])
    assert about["id"][0] == "c1/r02/m1/cell001/voltage"
    k, m = len(about["id"]), about["spans"]
    numbers = np.frombuffer(answer.content[4 + length :], "<f4").reshape(5, k, m)
    np.testing.assert_allclose(numbers[0, 0][~np.isnan(numbers[0, 0])], 3.3, rtol=1e-6)
    assert numbers[3:].view("<u4")[0, 0].sum() > 0
    nothing = await site.http.get("/api/history/field", params=asked | {"part": "c9"})
    assert (nothing.status_code, "c9" in nothing.text) == (404, True)


async def test_alarms_have_a_beginning_and_an_end(kept: Kept) -> None:
    site, _ = kept
    span = (await site.http.get("/api/history")).json()
    answer = await site.http.get("/api/history/alarms", params={"from": span["start_ms"], "to": span["end_ms"] + 1})
    assert (answer.status_code, answer.json()) == (200, [])  # no register of the small plant speaks of trouble


async def test_a_corrected_map_is_picked_up_while_the_server_runs(
    kept: Kept, served: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bessinside.historian.opened import opened
    from bessinside.historian.redecode import apply
    from bessinside.web import history

    monkeypatch.setattr(history, "LOOK_AGAIN_S", 0.0)
    site, seen = kept
    ms, live = seen[5]
    where = "/api/history/figures/c1/r01/soc"
    assert (await site.http.get(where, params={"t": ms})).json()["value"] == live["c1/r01/soc"].value
    fixed = tmp_path / "fixed" / "small-bms.yaml"
    fixed.parent.mkdir()
    fixed.write_text(
        (served.folder / "small-bms.yaml").read_text().replace("soc, type: uint16, sf: -1", "soc, type: uint16, sf: -2")
    )
    with opened(tmp_path / "history") as past:
        apply(tmp_path / "history", past.archive, fixed, 0, 2**62, "a test")
    after = (await site.http.get(where, params={"t": ms})).json()
    assert after["value"] == pytest.approx((live["c1/r01/soc"].value or 0) / 10)
    passport = (await site.http.get(f"{where}/passport", params={"t": ms})).json()
    assert passport["reading"]["scale"] == "× 10^-2"
    assert len((await site.http.get("/api/history/schema", params={"t": ms})).json()["hash"]) == 8


async def test_what_cannot_be_answered_says_why(kept: Kept) -> None:
    site, seen = kept
    for path, status, word in (
        ("/api/history/snapshot?t=1000", 404, "the first sweep ended at"),
        ("/api/history/snapshot?t=-1", 400, "ms since 1970"),
        ("/api/history/series?id=c9/soc&from=0&to=1000", 404, "c9/soc"),
        ("/api/history/series?id=c1/r01/soc&from=1000&to=0", 400, "before"),
        ("/api/history/series?id=c1/r01/soc&from=0&to=1&points=99999", 400, ""),
        (f"/api/history/figures/c9/soc?t={seen[-1][0]}", 404, "c9/soc"),
    ):
        answer = await site.http.get(path)
        assert answer.status_code == status, (path, answer.text)
        assert word in answer.text


async def test_a_server_without_a_history_says_so(site: Site) -> None:
    assert (await site.http.get("/api/history")).json() == {"recording": False, "start_ms": None, "end_ms": None}
    answer = await site.http.get("/api/history/snapshot", params={"t": clock.now_ns() / 1e6})
    assert answer.status_code == 404
    assert "--history" in msgspec.json.decode(answer.content)["detail"]
