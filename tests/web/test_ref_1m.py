"""The levels of REF-1M as the page gets them: what its makes measure is there, what they do not is said so."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from bessinside.emulator.service.serve import Emulator
from bessinside.plant import Plant, parse_plant
from bessinside.plant.plantfile import SHIPPED
from tests.peers.conftest import on_ports

WITHOUT_DEVICE = {9: 10, 14: 10}
"""Of no device of this plant: figures of cooling on level 9, of smoke, gas and leaks on level 14."""


def moved(folder: Path) -> Plant:
    return parse_plant(on_ports((SHIPPED / "ref-1m.toml").read_text(encoding="utf-8")), str(folder / "ref-1m.toml"))


async def test_levels_of_a_plant_of_other_makes(serve: Any, tmp_path: Path) -> None:
    plant = moved(tmp_path)
    emulator = Emulator(plant, seed=2)
    emulator.hold()
    async with emulator, serve(plant=plant) as site:
        async with asyncio.timeout(30):
            while not all(poller.state == "up" and poller.readings.sweeps > 1 for poller in site.twin.pollers):
                await asyncio.sleep(0.05)
        levels = {level["id"]: level for level in (await site.http.get("/api/levels")).json()}
        oneline = (await site.http.get("/api/plant")).json()["oneline"]
    assert sorted(levels) == list(range(1, 15))
    for number, level in levels.items():
        good = [figure["id"] for figure in level["figures"] if figure["quality"] == "good"]
        assert good, number
        missing = [figure for figure in level["figures"] if figure["quality"] == "not mapped"]
        if number in WITHOUT_DEVICE:
            assert len(missing) == WITHOUT_DEVICE[number], [figure["id"] for figure in missing]
    edges = {(edge["source"], edge["target"]) for edge in oneline["edges"]}
    assert {("pcs4", "bus4"), ("bus4", "c1/r07"), ("bus4", "c1/r08"), ("meter", "pcs3")} <= edges
