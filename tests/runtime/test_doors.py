"""Clock, disk, chance and invariants."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path

import numpy as np
import pytest

from bessinside.runtime import chance, clock, disk, invariants, net


async def test_the_clock_outside_a_simulation_is_the_system_clock() -> None:
    assert abs(clock.now_ns() - time.time_ns()) < 50_000_000
    before = clock.monotonic()
    await clock.sleep(0.01)
    assert 0.009 < clock.monotonic() - before < 0.5


def test_the_clock_goes_without_a_loop() -> None:
    assert abs(clock.monotonic() - time.monotonic()) < 0.05
    assert abs(clock.now_ns() - time.time_ns()) < 50_000_000


def test_an_atomic_write_replaces_the_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "state"
    disk.write_atomic(path, b"one" * 1000)
    disk.write_atomic(path, b"two")
    assert disk.read_bytes(path) == b"two"
    assert disk.list_dir(tmp_path) == [path]


def test_a_failed_atomic_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "state"
    disk.write_atomic(path, b"one")

    def full(file: object) -> None:
        raise OSError(28, "no space left on device")

    monkeypatch.setattr(disk, "sync", full)
    with pytest.raises(OSError, match=r"no space"):
        disk.write_atomic(path, b"two")
    assert disk.read_bytes(path) == b"one"
    assert disk.list_dir(tmp_path) == [path]


def test_what_is_no_plain_file_is_written_to_and_a_link_is_followed(tmp_path: Path) -> None:
    pipe, target, link = tmp_path / "pipe", tmp_path / "target", tmp_path / "link"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    disk.write_atomic(pipe, b"through")
    assert os.read(reader, 100) == b"through"
    os.close(reader)
    assert pipe.is_fifo()
    target.write_bytes(b"old")
    link.symlink_to(target)
    disk.write_atomic(link, b"new")
    assert link.is_symlink()
    assert target.read_bytes() == b"new"


def test_files_and_folders(tmp_path: Path) -> None:
    folder = disk.make_dir(tmp_path / "a" / "b")
    assert disk.make_dir(folder) == folder
    with disk.append(folder / "log") as file:
        file.write("Ω".encode())
        disk.sync(file)
    with disk.append(folder / "log") as file:
        file.write(b"!")
    assert disk.read_text(folder / "log") == "Ω!"
    assert disk.size(folder / "log") == 3
    with disk.open_read(folder / "log") as file:
        assert file.read(2) == "Ω".encode()
    assert disk.exists(folder / "log")
    disk.remove(folder / "log")
    assert not disk.exists(folder / "log")
    with pytest.raises(FileNotFoundError):
        disk.remove(folder / "log")


def test_streams_depend_on_seed_and_name_alone() -> None:
    def numbers(seed: int, name: str) -> list[int]:
        return chance.Chance(seed).stream(name).integers(0, 2**32, 4).tolist()

    one = chance.Chance(1)
    one.stream("other").random(100)
    assert one.stream("a").integers(0, 2**32, 4).tolist() == numbers(1, "a")
    assert len({tuple(numbers(seed, name)) for seed in (1, 2) for name in ("a", "b", "")}) == 6
    assert isinstance(chance.stream("x"), np.random.Generator)


def test_what_must_not_be_guessed_differs_every_time() -> None:
    assert len({chance.random_bytes(16) for _ in range(100)}) == 100
    assert len({chance.token() for _ in range(100)}) == 100
    assert len(chance.token(32)) >= 43


def test_invariants_are_counted_and_never_raise() -> None:
    invariants.reset()
    assert invariants.always("words fit", True)
    assert not invariants.always("words fit", False)
    assert invariants.sometimes("link lost")
    assert not invariants.sometimes("disk full", False)
    assert invariants.counters() == {
        "disk full": {"kind": "sometimes", "held": 0, "broken": 1},
        "link lost": {"kind": "sometimes", "held": 1, "broken": 0},
        "words fit": {"kind": "always", "held": 1, "broken": 1},
    }
    assert invariants.broken() == ("words fit",)
    invariants.reset()
    assert invariants.counters() == {}


async def test_the_port_of_a_listener_is_known() -> None:
    listener = await net.listen(asyncio.Protocol, "127.0.0.1", 0)
    port = net.port_of(listener)
    transport, _ = await net.connect(asyncio.Protocol, "127.0.0.1", port)
    assert transport.get_extra_info("peername") == ("127.0.0.1", port)
    assert net.quick_ack(transport) is not None
    transport.close()
    listener.close()
    with pytest.raises(OSError, match=r"refused|Connect call failed"):
        await net.connect(asyncio.Protocol, "127.0.0.1", port)
