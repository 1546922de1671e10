"""Captures of a whole plant: several devices in one file, compressed, and said to be emulated where they are."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from bessinside.modbus import Capture, Exchange, Outcome, read_capture
from bessinside.modbus.capture import read_header
from bessinside.modbus.errors import CaptureError
from bessinside.modbus.frames import read_pdu, tcp_frame


def exchange(number: int) -> Exchange:
    request = tcp_frame(number, 1, read_pdu(3, number, 1))
    return Exchange(number, number, "tcp", 1, Outcome.OK, request, tcp_frame(number, 1, bytes((3, 2, 0, number))))


def written(path: Path, *, compress: bool, count: int = 40) -> Path:
    with Capture(path, "plant", emulated="emulated: seed 1", devices=("a", "b"), compress=compress) as capture:
        for number in range(1, count):
            capture.add(exchange(number), "ab"[number % 2])
    return path


@pytest.mark.parametrize("compress", [False, True])
def test_each_device_has_its_own_exchanges(tmp_path: Path, compress: bool) -> None:
    path = written(tmp_path / "plant.capture", compress=compress)
    assert path.read_bytes().startswith(b"\x1f\x8b") is compress
    header = read_header(path)
    assert (header.device, header.devices, header.emulated) == ("plant", ("a", "b"), "emulated: seed 1")
    assert read_capture(path, "a") == [exchange(n) for n in range(2, 40, 2)]
    assert read_capture(path, "b") == [exchange(n) for n in range(1, 40, 2)]


def test_a_capture_of_one_device_is_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "one.capture"
    with Capture(path, "a") as capture:
        capture.add(exchange(1))
    assert path.read_text().splitlines()[0] == '{"capture":1,"device":"a","framing":"tcp"}'
    assert "device" not in path.read_text().splitlines()[1]
    assert read_header(path).emulated == ""
    assert read_capture(path) == read_capture(path, "a") == [exchange(1)]
    with pytest.raises(CaptureError, match=r"'b' is not in it; it has a"):
        read_capture(path, "b")


@pytest.mark.parametrize("name", ["", "c"])
def test_which_device_has_to_be_said(tmp_path: Path, name: str) -> None:
    with pytest.raises(CaptureError, match="it has a, b"):
        read_capture(written(tmp_path / "plant.capture", compress=True), name)


def test_compression_holds_no_time(tmp_path: Path) -> None:
    one, other = (written(tmp_path / name, compress=True).read_bytes() for name in ("one", "other"))
    assert one == other


def test_a_compressed_file_that_was_cut_off_or_damaged(tmp_path: Path) -> None:
    whole = written(tmp_path / "plant.capture", compress=True, count=200).read_bytes()
    cut, damaged = tmp_path / "cut", tmp_path / "damaged"
    cut.write_bytes(whole[: len(whole) // 2])
    found = read_capture(cut, "a")
    assert 0 < len(found) < 99
    assert found == [exchange(n) for n in range(2, 2 * len(found) + 1, 2)]
    damaged.write_bytes(whole[:100] + bytes(byte ^ 0x55 for byte in whole[100:200]) + whole[200:])
    with pytest.raises(CaptureError, match="damaged"):
        read_capture(damaged, "a")
    (tmp_path / "nothing").write_bytes(gzip.compress(b""))
    with pytest.raises(CaptureError, match="begins with a header line"):
        read_header(tmp_path / "nothing")
