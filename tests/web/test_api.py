"""What the routes answer: plant, health, levels, figures, passports."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest


async def test_the_plant_as_the_page_draws_it(site: Any) -> None:
    plant = (await site.http.get("/api/plant")).json()
    assert (plant["id"], plant["label"], plant["badge"]) == ("small", "Two racks", "EMULATOR")
    assert (plant["power_w"], plant["energy_wh"]) == (200e3, 400e3)
    assert plant["metadata"] == {"meter": {"class": "0.5S"}}
    (container,) = plant["anatomy"]["containers"]
    assert {key: container[key] for key in ("id", "racks", "modules", "cells", "sensors")} == {
        "id": "c1",
        "racks": 2,
        "modules": 2,
        "cells": 3,
        "sensors": 0,
    }
    assert {(edge["source"], edge["target"]) for edge in plant["oneline"]["edges"]} == {
        ("bus1", "c1/r01"),
        ("bus1", "c1/r02"),
    }
    assert plant["source"].startswith("2 × Modbus, modbus+tcp://127.0.0.1:")


async def test_the_reference_plant_hangs_together(serve: Any, emulated: Any) -> None:
    async with serve(plant=emulated.plant) as site:
        oneline = (await site.http.get("/api/plant?lang=de")).json()["oneline"]
    nodes = {node["id"]: node for node in oneline["nodes"]}
    edges = {(edge["source"], edge["target"]): edge["kind"] for edge in oneline["edges"]}
    assert {name for edge in edges for name in edge} == set(nodes)
    assert edges["grid", "meter"] == edges["meter", "pcs1"] == edges["meter", "pcs2"] == "ac"
    assert edges["pcs1", "bus1"] == edges["bus2", "c1/r12"] == "dc"
    assert sum(node["kind"] == "rack" for node in nodes.values()) == 12
    assert (nodes["grid"]["label"], nodes["pcs2"]["label"], nodes["c1/r04"]["label"]) == ("Netz", "PCS 2", "Strang 4")


async def test_health_before_and_after_a_device_is_lost(site: Any, served: Any) -> None:
    await site.read()
    health = (await site.http.get("/api/health")).json()
    assert (health["status"], health["plant"], health["emulated"]) == ("ok", "small", True)
    assert health["readings"] == 44
    assert 0 <= health["oldest_age_s"] < 5
    for device in health["devices"]:
        assert device["state"] == "up"
        assert device["sweeps"] >= 1
        assert device["last_sweep_ms"] > 0
        assert (device["refused"], device["error"]) == (0, "")
    await served.stop("b")
    async with asyncio.timeout(10):
        while (health := (await site.http.get("/api/health")).json())["devices"][1]["state"] != "down":
            await asyncio.sleep(0.02)
    assert health["status"] == "degraded"
    assert [device["state"] for device in health["devices"]] == ["up", "down"]
    assert health["devices"][1]["error"].startswith("b")


async def test_figures_and_passports(site: Any) -> None:
    await site.read()
    figure = (await site.http.get("/api/figures/c1/r01/m1/cell002/voltage?lang=de")).json()
    assert 0 <= figure.pop("age") < 5
    assert figure == {
        "id": "c1/r01/m1/cell002/voltage",
        "label": "Zellspannung",
        "part": "c1/r01/m1/cell002",
        "value": 3.301,
        "text": None,
        "unit": "V",
        "quality": "good",
    }
    passport = (await site.http.get("/api/figures/c1/r01/m1/cell002/voltage/passport")).json()
    assert passport["reading"]["words"] == ["0CE5"]
    assert passport["reading"]["commands"]["curl"] == f"curl -s {site.url}/api/figures/c1/r01/m1/cell002/voltage"
    derived = (await site.http.get("/api/figures/c1/cells_read/passport")).json()
    assert (derived["kind"], derived["value"], derived["reading"]) == ("derived", 12.0, None)


async def test_a_figure_that_two_devices_carry_has_a_name_for_each(serve: Any, served: Any) -> None:
    text = served.text().replace('at = "c1/r02"', 'at = "c1/r01"')
    async with serve(plant=served.plant(text)) as site:
        await site.read()
        first, plain, second = [
            (await site.http.get(f"/api/figures/c1/r01/soc{device}")).json() for device in ("@a", "", "@b")
        ]
        assert first["id"] == plain["id"] == "c1/r01/soc"
        assert (second["id"], second["value"]) == ("c1/r01/soc@b", 87.3)


@pytest.mark.parametrize("path", ["/api/levels", "/api/plant", "/api/schema", "/api/figures/c1/r01/soc"])
async def test_a_language_that_is_not_spoken(site: Any, path: str) -> None:
    assert (await site.http.get(path, params={"lang": "fr"})).status_code == 400
    assert (await site.http.get(path, params={"lang": "de"})).status_code == 200


async def test_a_mistake_of_ours_tells_nothing(
    site: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("/etc/secret is missing")

    monkeypatch.setattr(site.twin, "levels", broken)
    answer = await site.http.get("/api/levels")
    assert (answer.status_code, answer.json()) == (500, {"status": 500, "detail": "internal error"})
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "/etc/secret is missing" in caplog.text  # but the log has it


async def test_long_answers_are_compressed(site: Any) -> None:
    answer = await site.http.get("/api/schema", headers={"Accept-Encoding": "gzip"})
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["cache-control"] == "no-cache"


async def test_a_page_that_has_the_schema_is_told_so(site: Any) -> None:
    await site.read()
    first = await site.http.get("/api/schema")
    tag = first.headers["etag"]
    again = await site.http.get("/api/schema", headers={"If-None-Match": tag})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    other = await site.http.get("/api/schema", params={"lang": "de"}, headers={"If-None-Match": tag})
    assert other.status_code == 200
    assert other.json()["hash"] == first.json()["hash"]
    site.twin.devices[0].refusals.registers[3, 6] = 2
    site.twin.devices[0].replan()
    assert (await site.http.get("/api/schema", headers={"If-None-Match": tag})).status_code == 200


async def test_the_description_of_the_api_names_every_route(site: Any) -> None:
    paths = (await site.http.get("/api/openapi.json")).json()["paths"]
    named = {"/api/health", "/api/plant", "/api/levels", "/api/schema", "/api/session", "/api/figures/{figure_id}"}
    assert named <= set(paths)


async def test_the_open_circuit_curve_names_its_source(site: Any) -> None:
    curve = (await site.http.get("/api/curves/ocv")).json()
    assert curve["licence"] == "BSD-3-Clause"
    assert "SimSES" in curve["source"]
    assert (curve["soc"][0], curve["soc"][-1], len(curve["soc"])) == (0.0, 100.0, 201)
    assert sorted(curve["soc"]) == curve["soc"]
    branches = zip(curve["charge"], curve["mean"], curve["discharge"], strict=True)
    assert all(charge >= mean >= discharge for charge, mean, discharge in branches)
    assert 3.25 < curve["mean"][100] < 3.35


async def test_sweeps_are_figures_with_passports(site: Any) -> None:
    await site.read()
    rows = (await site.http.get("/api/sweeps?lang=de")).json()
    assert {row["id"].split("/")[1] for row in rows} == {"a", "b"}
    for row in rows:
        assert row["quality"] == "good"
        passport = (await site.http.get(f"/api/figures/{row['id']}/passport")).json()
        assert passport["kind"] == "derived"
        assert passport["derived"]["exchanges"]
