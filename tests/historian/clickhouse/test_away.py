"""Servers that are killed, and recorders that are killed, cost no sample: everything comes, once, as it was."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pytest

from bessinside.historian.clickhouse.address import parse_address
from bessinside.historian.clickhouse.door import HttpDoor
from bessinside.historian.clickhouse.recorder import Recorder
from bessinside.historian.clickhouse.server import Server
from bessinside.historian.embedded.record import Health
from tests.historian.clickhouse.server import Cluster
from tests.historian.made import Maker, plant_in

pytestmark = [pytest.mark.xdist_group("clickhouse"), pytest.mark.timeout(600)]

FULL = os.environ.get("BESSINSIDE_FULL") == "1"
# The minute of a qualification run is some seconds here.
AWAY_S = 60.0 if FULL else 3.0
ROOT = Path(__file__).parents[3]


async def until(holds: Callable[[], bool], seconds: float = 60.0) -> None:
    ends = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < ends, f"not within {seconds} s"
        await asyncio.sleep(0.02)


def assert_all_there(address: str, maker: Maker, numbers: Iterable[int]) -> None:
    """Every made sweep is on the servers once, with its words; nothing else is."""
    server = Server(HttpDoor(parse_address(address)))
    try:
        wanted = {bound.device.id: [] for bound in maker.bound}
        for number in numbers:
            wanted[maker.bound_of(number).device.id].append(maker.sweep(number))
        for device, sweeps in wanted.items():
            found = server.sweeps(device, 0, 2**62)
            assert found.end_ns.tolist() == [sweep.end_ns for sweep in sweeps]
            assert (np.diff(found.number) > 0).all()
            position = 0
            batches = server.batches(device, 0, 2**62)
            images = {int(n): batch.words[:, k] for batch in batches for k, n in enumerate(batch.times.number)}
            for position, sweep in enumerate(sweeps):
                np.testing.assert_array_equal(images[int(found.number[position])], sweep.image)
    finally:
        server.close()


@pytest.mark.parametrize(
    "killed",
    [
        pytest.param((0,), id="the one that is asked"),
        pytest.param((1,), id="the other", marks=pytest.mark.skipif(not FULL, reason="with BESSINSIDE_FULL=1")),
        pytest.param((0, 1), id="both"),
    ],
)
async def test_a_server_that_is_killed_under_load_costs_no_sample(
    cluster: Cluster, tmp_path: Path, killed: tuple[int, ...]
) -> None:
    plant = plant_in(tmp_path)
    maker = Maker(plant)
    address = cluster.address(f"killed{sum(killed) + len(killed)}")
    recorder = Recorder(f"{address}&buffer={tmp_path / 'buffer'}", plant, commit_every_s=0.05, send_every_s=0.2)
    number = 0
    seen: list[Health] = []
    ends = asyncio.Event()

    async def load() -> None:
        nonlocal number
        while not ends.is_set():
            for _ in range(10):
                number += 1
                recorder.take(maker.sweep(number), maker.bound_of(number))
            await asyncio.sleep(0.05)

    async with recorder:
        task = asyncio.create_task(load())
        await until(lambda: recorder.health().recorded > 100 and recorder.health().buffered < 100)
        for one in killed:
            cluster.servers[one].kill(signal.SIGKILL)
        try:
            await until(lambda: recorder.health().trouble != "")
            at = number
            gone = time.monotonic()
            while time.monotonic() - gone < AWAY_S or number < at + 200:
                seen.append(recorder.health())
                await asyncio.sleep(0.05)
        finally:
            for one in killed:
                await asyncio.to_thread(cluster.servers[one].start)
        await until(lambda: recorder.health().trouble == "", 90)
        ends.set()
        await task
        await until(lambda: recorder.health().waiting == recorder.health().buffered == 0)
        assert recorder.health().dropped == 0
    buffered = [one.buffered for one in seen]
    assert buffered[-1] > 100
    assert buffered[-1] == max(buffered)
    assert seen[-1].buffered_s > 0
    assert seen[-1].buffer_share > 0
    assert seen[-1].trouble.startswith("the servers take nothing: ")
    assert_all_there(address, maker, range(1, number + 1))


async def test_a_buffer_that_is_full_refuses_what_is_new_and_says_so(cluster: Cluster, tmp_path: Path) -> None:
    plant = plant_in(tmp_path)
    maker = Maker(plant)
    nobody = parse_address(f"clickhouse://127.0.0.1:9/full?buffer={tmp_path / 'buffer'}")
    recorder = Recorder(nobody, plant, commit_every_s=0.02, send_every_s=0.05, bound=200_000)
    async with recorder:
        taken = []
        for number in range(1, 3000):
            before = recorder.health().dropped
            recorder.take(maker.sweep(number), maker.bound_of(number))
            taken += [number] if recorder.health().dropped == before else []
            if number % 100 == 0:
                await until(lambda: recorder.health().waiting == 0)
        await until(lambda: recorder.health().buffered == recorder.health().recorded)
        health = recorder.health()
        assert health.dropped > 0
        assert health.recorded == len(taken) == 2999 - health.dropped
        assert 0.8 < health.buffer_share <= 1.2  # what a sweep takes is known when it is committed
        await until(lambda: recorder.health().trouble != "")
        assert "cannot be reached" in recorder.health().trouble
    address = cluster.address("full")
    async with Recorder(f"{address}&buffer={tmp_path / 'buffer'}", plant, send_every_s=0.05) as recorder:
        await until(lambda: recorder.health().buffered == 0 and recorder.health().trouble == "")
    assert_all_there(address, maker, taken)
    server = Server(HttpDoor(parse_address(address)))
    assert any("sweeps were lost" in event.text for event in server.events(0, 2**62))
    server.close()


def test_a_recorder_that_is_killed_loses_nothing_that_was_acknowledged(cluster: Cluster, tmp_path: Path) -> None:
    address = f"{cluster.address('child')}&buffer={tmp_path / 'buffer'}"
    chance = np.random.default_rng(4)
    acknowledged: list[int] = []
    first = 1
    for round_of in range(20 if FULL else 2):
        command = [sys.executable, "-m", "tests.historian.clickhouse.child", str(tmp_path), address, str(first)]
        child = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert child.stdout is not None
        wanted = int(chance.integers(30, 400))
        for _ in range(wanted):
            acknowledged.append(int(child.stdout.readline()))
        child.kill()
        acknowledged += [int(line) for line in child.stdout.read().split("\n")[:-1]]
        child.wait(30)
        first = 10_000 * (round_of + 1) + 1
    plant = plant_in(tmp_path)
    maker = Maker(plant)

    async def rest() -> None:
        async with Recorder(address, plant, send_every_s=0.05) as recorder:
            await until(lambda: recorder.health().buffered == 0 and recorder.health().trouble == "")

    asyncio.run(rest())
    server = Server(HttpDoor(parse_address(address)))
    ends = {device: server.sweeps(device, 0, 2**62).end_ns.tolist() for device in server.devices()}
    server.close()
    for device, found in ends.items():
        assert len(set(found)) == len(found), "a sweep is there twice"
        mine = {maker.sweep(number).end_ns for number in acknowledged if maker.bound_of(number).device.id == device}
        assert mine <= set(found), "an acknowledged sweep is missing"
        assert len(found) <= len(mine) + 10 * 3 * (first // 10_000)
