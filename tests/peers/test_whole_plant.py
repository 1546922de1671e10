"""REF-5M read by strangers: pysunspec2, mbpoll and pymodbus find in its registers what our twin shows."""

from __future__ import annotations

import asyncio
import math
import re
import shutil
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sunspec2.modbus.client import SunSpecModbusClientDeviceTCP

from bessinside.twin import Quality
from bessinside.twin.readings import Readings
from tests.peers.conftest import REF_5M, Held
from tests.peers.decoder import SI, Row, decode, read_rows
from tests.peers.wire import blocks, read_with_mbpoll, read_with_pymodbus

pytestmark = [pytest.mark.peer, pytest.mark.xdist_group("held-plant")]
MBPOLL = shutil.which("mbpoll")
MAPS = Path(__file__).parents[2] / "src" / "bessinside" / "registers" / "maps"
DEVICES = re.findall(r'^id = "([a-z0-9]+)"\nlabel', REF_5M, re.MULTILINE)
SHOWN = (Quality.GOOD, Quality.NOT_IMPLEMENTED, Quality.IMPLAUSIBLE)


def test_the_list_of_devices_is_that_of_the_plant(held: Held) -> None:
    assert [device.id for device in held.plant.devices] == DEVICES
    assert len(DEVICES) == 21


# SunSpec


@pytest.fixture(scope="module")
def scanned(held: Held) -> SunSpecModbusClientDeviceTCP:
    device = SunSpecModbusClientDeviceTCP(held.unit("ss12"), "127.0.0.1", held.port("ss12"), timeout=10.0)
    device.scan()
    device.close()
    return device


def points_of(group: Any) -> Iterator[Any]:
    yield from group.points.values()
    for below in group.groups.values():
        for one in below if isinstance(below, list) else [below]:
            yield from points_of(one)


def test_pysunspec2_finds_the_models_of_the_rack_from_base_0(scanned: Any, held: Held) -> None:
    assert scanned.base_addr == 0
    assert [model.model_id for model in scanned.model_list] == [1, 802, 803, 804, 805, 805, 805, 805]
    assert not any(model.error_info for model in scanned.model_list)
    assert scanned.common[0].Mn.value == "BESS Inside emulator"
    assert scanned.models[804][0].NMod.value == 4
    assert [len(model.groups["lithium-ion-module-cell"]) for model in scanned.models[805]] == [104] * 4


def test_every_point_that_pysunspec2_reads_is_what_our_twin_shows(scanned: Any, held: Held) -> None:
    readings = held.readings("ss12")
    layout, values, quality = readings.bound.layout, held.values(readings), held.quality(readings)
    place = {int(address): i for i, address in enumerate(layout.address)}
    seen, missing = set(), 0
    for model in scanned.model_list:
        for point in points_of(model):
            if point.pdef["type"] == "pad":
                continue
            i = place[model.model_addr + point.offset]
            seen.add(i)
            name = f"model {model.model_id}, {layout.name(i)}"
            if point.value is None or point.value == "":
                missing += 1
                assert quality[i] is Quality.NOT_IMPLEMENTED, (name, quality[i])
                assert math.isnan(values[i]), name
            elif point.pdef["type"] == "string":
                assert held.twin.twin.text(readings.bound.first + i) == point.value, name
            else:
                assert quality[i] is Quality.GOOD, (name, quality[i])
                units, shown = layout.definition(i).units, held.twin.twin.binding.units[readings.bound.first + i]
                factor = 1 if units == shown else float(SI[units])
                assert values[i] == pytest.approx(point.cvalue * factor, rel=1e-12), name
    assert len(seen) == len(layout) - 1  # all but the marker, which a scan takes for itself
    assert 0 < missing < len(seen) / 2


# Modbus


IN_REF_5M = {"pcs": 2, "cell": 104, "sensor": 24, "cluster": 6, "pack": 4}
"""How often the groups of the maps stand in this plant, told by hand; the cells of a BAU are not read."""


def rows_of(readings: Readings, instances: Mapping[str, int] = IN_REF_5M) -> list[Row]:
    """The rows of a device in the order of our points, read a second time from the map's file."""
    map_id = readings.bound.map.id
    if map_id == "sunspec":
        layout = readings.bound.layout
        fields = zip(layout.names(), layout.fc.tolist(), layout.address.tolist(), layout.words.tolist(), strict=True)
        return [Row(*field, "raw") for field in fields]  # the words alone: pysunspec2 says what they mean
    found = read_rows(
        MAPS / f"{map_id}.yaml", lambda path, stated: instances.get(path.split(".")[-1].split("_")[0], stated)
    )
    rows = {row.name: row for row in found}
    return [rows[name] for name in readings.bound.layout.names()]


def served(held: Held, readings: Readings) -> list[int]:
    """The points of a device that it answers, as our twin found by asking."""
    return [i for i, mark in enumerate(held.quality(readings)) if mark in SHOWN]


@pytest.mark.parametrize("device", DEVICES)
def test_pymodbus_reads_every_served_point_as_our_twin_shows_it(device: str, held: Held) -> None:
    readings = held.readings(device)
    rows, answered = rows_of(readings), served(held, readings)
    meant = np.flatnonzero(next(i.served for i in held.emulator.world.images if i.bound.device.id == device)).tolist()
    assert len(meant) == next(row[4] for row in held.emulator.directory() if row[0] == device) > 0
    assert set(meant) <= set(answered)
    # a register that the document describes twice is answered as both
    assert blocks(rows[i] for i in answered) == blocks(rows[i] for i in meant)
    wanted = blocks(rows[i] for i in answered)
    words = asyncio.run(read_with_pymodbus(held.port(device), held.unit(device), wanted))
    values, quality, twin = held.values(readings), held.quality(readings), held.twin.twin
    for i in answered:
        row, index = rows[i], readings.bound.first + i
        raw = tuple(words[row.fc, row.address + k] for k in range(row.words))
        assert readings.codec.raw(i, readings.words) == raw, row.name
        if row.type == "raw":
            continue
        found = decode(row, words)
        if isinstance(found, str):
            assert (twin.text(index) or "") == found, row.name
        elif found is None:
            assert quality[i] is Quality.NOT_IMPLEMENTED, row.name
            assert math.isnan(values[i])
        else:
            factor = 1 if twin.binding.units[index] == row.units else SI[row.units]
            lost = float(abs(row.offset) * factor) * 1e-15
            assert values[i] == pytest.approx(float(found * factor), rel=1e-14, abs=lost), row.name


@pytest.mark.parametrize("device", DEVICES)
def test_what_our_twin_takes_for_refused_is_refused_to_others_too(device: str, held: Held) -> None:
    readings = held.readings(device)
    rows, answered = rows_of(readings), set(served(held, readings))
    refused = [row for i, row in enumerate(rows) if i not in answered and not row.writes]
    assert set(held.quality(readings)) <= {*SHOWN, Quality.DEVICE_EXCEPTION, Quality.NOT_MAPPED}
    if not refused:
        return
    with pytest.raises(AssertionError, match="exception_code=2"):
        asyncio.run(read_with_pymodbus(held.port(device), held.unit(device), [block_of(refused[0])]))
    for row in refused[:: max(1, len(refused) // 5)]:
        with pytest.raises(AssertionError, match="exception_code=2"):
            asyncio.run(read_with_pymodbus(held.port(device), held.unit(device), [block_of(row)]))


def block_of(row: Row) -> tuple[int, int, int]:
    return row.fc, row.address, row.words


@pytest.mark.skipif(MBPOLL is None, reason="mbpoll is not installed (Debian: mbpoll)")
@pytest.mark.parametrize("device", DEVICES)
def test_mbpoll_reads_every_block_that_our_twin_reads(device: str, held: Held) -> None:
    assert MBPOLL is not None
    readings = held.readings(device)
    wanted = [(request.fc, request.address, request.count) for request in readings.plan.requests]
    assert wanted
    read = partial(read_with_mbpoll, MBPOLL, held.port(device), held.unit(device))
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(read, wanted))
    for (fc, address, count), start, words in zip(wanted, readings.plan.starts.tolist(), answers, strict=True):
        ours = readings.words[start : start + count].tolist()
        assert [words[fc, address + k] for k in range(count)] == ours, (fc, address, count)
