"""Emulated sweeps in a file: what a reader would have read, said to be emulated, and played again."""

from __future__ import annotations

import asyncio
import gzip
import json
import re
from pathlib import Path

import numpy as np
import pytest

from bessinside.emulator.service.moment import moment
from bessinside.emulator.service.record import Recording
from bessinside.emulator.service.serve import Emulator, EmulatorError
from bessinside.modbus import parse_endpoint
from bessinside.modbus.capture import read_capture, read_header
from bessinside.modbus.errors import CaptureError
from bessinside.modbus.replay import Replay
from bessinside.plant import Plant, load_plant, parse_plant
from bessinside.twin import Quality, Twin

NS = 1_000_000_000
START = moment("2026-06-21T05:00")


def record(plant: Plant, path: Path, span: float = 600.0, every: float = 60.0) -> tuple[Emulator, Recording, list[int]]:
    emulator = Emulator(plant, seed=3, at=START)
    recording, done = Recording(emulator, path, span, every), []
    recording.write(done.append)
    return emulator, recording, done


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Emulator, Recording, list[int]]:
    path = tmp_path_factory.mktemp("record") / "ten-minutes.capture"
    return path, *record(load_plant("ref-1m"), path)


def test_the_header_says_what_it_is(recorded: tuple[Path, Emulator, Recording, list[int]]) -> None:
    path, emulator, _, done = recorded
    header = read_header(path)
    assert header.device == "ref-1m"
    assert header.devices == tuple(device.id for device in emulator.plant.devices)
    assert header.emulated == (
        "emulated: Reference plant REF-1M, seed 3, no scenario, a sweep every 60 s "
        "from 2026-06-21 05:00:00 UTC to 2026-06-21 05:10:00 UTC"
    )
    assert done == list(range(1, 12))


def test_the_size_is_what_was_said_at_most(recorded: tuple[Path, Emulator, Recording, list[int]]) -> None:
    path, _, recording, _ = recorded
    assert 0.3 * recording.size < path.stat().st_size < recording.size
    assert path.stat().st_size < 2 * recording.registers * recording.sweeps  # less than the bare words


def test_every_device_is_swept_at_the_same_moments(recorded: tuple[Path, Emulator, Recording, list[int]]) -> None:
    path, emulator, _, _ = recorded
    for device in emulator.plant.devices:
        found = read_capture(path, device.id)
        assert sorted({exchange.sent_ns for exchange in found}) == [START + n * 60 * NS for n in range(11)]
        assert all(exchange.received_ns == exchange.sent_ns for exchange in found)
        assert {exchange.unit for exchange in found} == {parse_endpoint(device.url).unit}


def test_the_last_sweep_is_what_is_served(recorded: tuple[Path, Emulator, Recording, list[int]]) -> None:
    path, emulator, _, _ = recorded
    for image in emulator.world.images:
        last = [e for e in read_capture(path, image.bound.device.id) if e.sent_ns == START + 600 * NS]
        read = 0
        for exchange in last:
            function, address, count = exchange.request_pdu[0], *np.frombuffer(exchange.request_pdu[1:], ">u2").tolist()
            table = image.unit.table(function)
            if function > 2:
                assert exchange.response_pdu[2:] == table.words[address : address + count].tobytes()
            read += count
        served = {
            (int(image.bound.layout.fc[i]), int(image.bound.layout.address[i]) + word)
            for i in np.flatnonzero(image.served)
            for word in range(int(image.bound.layout.words[i]))
        }
        assert read == len(served)


def test_the_same_seed_start_and_span_make_the_same_file(
    recorded: tuple[Path, Emulator, Recording, list[int]], tmp_path: Path
) -> None:
    again = tmp_path / "again.capture"
    record(load_plant("ref-1m"), again)
    assert again.read_bytes() == recorded[0].read_bytes()


async def test_a_twin_of_the_replay_shows_what_was_recorded(
    recorded: tuple[Path, Emulator, Recording, list[int]], tmp_path: Path
) -> None:
    """The whole last sweep of one device, over a socket, by a twin that never heard of the emulator."""
    path, emulator, _, _ = recorded
    image = next(image for image in emulator.world.images if image.bound.map.id == "sinexcel-pws")
    device = image.bound.device
    async with Replay(read_capture(path, device.id)).server() as server:
        port = await server.start()
        text = Path(emulator.plant.path).read_text()
        text = text.split("[[device]]")[0] + next(
            f"[[device]]{part}" for part in text.split("[[device]]")[1:] if f'id = "{device.id}"' in part
        )
        text = re.sub(r"127\.0\.0\.1:\d+", f"127.0.0.1:{port}", text).replace('every = "1 s"', 'every = "50 ms"')
        async with Twin(parse_plant(text, str(tmp_path / "one.toml"))) as twin:
            async with asyncio.timeout(20):
                while twin.devices[0].sweeps < 20:
                    await asyncio.sleep(0.02)
            now = twin.snapshot()
    span = slice(image.bound.first, image.bound.first + image.bound.size)
    truth = emulator.world.values[span]
    compared = 0
    for i in np.flatnonzero(image.served):
        if np.isfinite(truth[i]):
            assert now.quality[i] in (Quality.GOOD, Quality.STALE), image.bound.names[i]
            assert abs(now.values[i] - truth[i]) <= image.codec.quantum(int(i), image.words) / 2 * (1 + 1e-9)
            compared += 1
    assert compared > 30


def test_sunspec_chains_are_recorded_whole(moved: Path, tmp_path: Path) -> None:
    path = tmp_path / "ref-5m.capture"
    emulator, _, _ = record(load_plant(moved), path, 60.0, 60.0)
    image = next(image for image in emulator.world.images if image.bound.device.id == "ss12")
    known = np.zeros(65536, dtype=bool)
    for exchange in read_capture(path, "ss12"):
        address, count = np.frombuffer(exchange.request_pdu[1:], ">u2").tolist()
        known[address : address + count] = True
    assert np.array_equal(known, image.unit.holding.readable)


def test_one_device_of_several_has_to_be_named(recorded: tuple[Path, Emulator, Recording, list[int]]) -> None:
    path = recorded[0]
    with pytest.raises(CaptureError, match=r"name one of them; it has meter, pcs1"):
        read_capture(path)
    with pytest.raises(CaptureError, match=r"'pcs9' is not in it"):
        read_capture(path, "pcs9")


def test_a_file_that_was_cut_off_is_read_as_far_as_it_goes(
    recorded: tuple[Path, Emulator, Recording, list[int]], tmp_path: Path
) -> None:
    whole = recorded[0].read_bytes()
    cut = tmp_path / "cut.capture"
    cut.write_bytes(whole[: len(whole) * 3 // 4])
    found, all_of_it = read_capture(cut, "meter"), read_capture(recorded[0], "meter")
    assert 0 < len(found) < len(all_of_it)
    assert found == all_of_it[: len(found)]
    lines = gzip.decompress(whole).splitlines()
    assert json.loads(lines[1])["device"] == "meter"


def test_what_makes_no_recording_is_refused(tmp_path: Path) -> None:
    emulator = Emulator(load_plant("ref-1m"), at=START)
    with pytest.raises(EmulatorError, match="is none within"):
        Recording(emulator, tmp_path / "a", 30.0, 60.0)
    (tmp_path / "b").write_text("something")
    with pytest.raises(CaptureError, match="exists"):
        Recording(emulator, tmp_path / "b", 120.0, 60.0).write()
