"""Signal pages over HTTP: the list, a page with the registers of this plant, and what no page speaks for."""

from __future__ import annotations

from typing import Any

from bessinside.plant.signals import SECTIONS, subsystems
from bessinside.web.signals import MOST_REGISTERS


async def test_the_list_by_subsystem_in_the_language_asked_for(site: Any) -> None:
    english = (await site.http.get("/api/signals")).json()
    german = (await site.http.get("/api/signals?lang=de")).json()
    assert [one["title"] for one in english] == [one.titles["en"] for one in subsystems()]
    assert [one["id"] for one in english] == [one["id"] for one in german]
    rows = {row["metric"]: row for one in german for row in one["signals"]}
    assert rows["cell.voltage"]["title"] == "Zellspannung"
    assert rows["cell.voltage"]["levels"] == [4, 7]
    assert rows["meter.active_power"]["also"][0] == "meter.active_power_l1"
    assert rows["cell.voltage"]["registers"] == 12
    assert rows["meter.active_power"]["registers"] == 0


async def test_a_page_has_the_registers_of_this_plant(site: Any) -> None:
    page = (await site.http.get("/api/signals/cell.voltage")).json()
    assert (page["title"], page["unit"], page["subsystem"]) == ("Cell voltage", "V", "Cell")
    assert list(page["texts"]) == list(SECTIONS)
    assert page["total"] == len(page["registers"]) == 12
    assert page["registers"][1] == "c1/r01/m1/cell002/voltage"
    assert {one["id"] for one in page["scenarios"]} >= {"weak-cell", "internal-short"}
    weak = next(one for one in page["scenarios"] if one["id"] == "weak-cell")
    assert (weak["title"], weak["levels"]) == ("Weak cell", [4, 7, 8])
    assert all(fact["source"] for fact in page["facts"])
    german = (await site.http.get("/api/signals/cell.voltage?lang=de")).json()
    assert german["texts"]["measures"].startswith("Eine Messplatine")
    assert next(one for one in german["scenarios"] if one["id"] == "weak-cell")["title"] == "Schwache Zelle"


async def test_a_page_speaks_for_its_like(site: Any) -> None:
    page = (await site.http.get("/api/signals/bus.soc")).json()
    own = (await site.http.get("/api/signals/rack.soc")).json()
    assert (page["metric"], page["total"]) == ("bus.soc", 0)
    assert page["texts"] == own["texts"]
    assert [row["metric"] for row in page["alike"]] == ["rack.soc"]
    assert own["alike"] == []


async def test_of_many_registers_the_first_fifty(serve: Any, emulated: Any) -> None:
    async with serve(plant=emulated.plant) as site:
        page = (await site.http.get("/api/signals/cell.voltage")).json()
        carried = len(site.twin.binding.of_metric("cell.voltage"))
    assert page["total"] == carried >= 4992
    assert len(page["registers"]) == MOST_REGISTERS
    assert page["registers"][0] == "c1/r01/m1/cell001/voltage"


async def test_what_no_page_speaks_for(site: Any) -> None:
    answer = await site.http.get("/api/signals/cell.voltages")
    assert answer.status_code == 404
    assert answer.json()["detail"] == "no page speaks for the signal 'cell.voltages'; did you mean 'cell.voltage'?"
    assert (await site.http.get("/api/signals/cell.voltage?lang=fr")).status_code == 400
