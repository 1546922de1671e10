"""The other way round: devices built on pymodbus and on libmodbus, read and understood by our twin."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

import bessinside
from bessinside.modbus import Table
from bessinside.twin import Quality
from tests.modbus.test_peers import libmodbus_port  # noqa: F401  (a fixture)
from tests.peers.conftest import REF_5M, Background, Held, free_ports, on_ports, wait_for_two_sweeps
from tests.peers.decoder import SI, decode
from tests.peers.test_whole_plant import rows_of

pytestmark = [pytest.mark.peer, pytest.mark.xdist_group("held-plant")]


def stretches(table: Table, kind: DataType) -> list[SimData]:
    """A table of a unit as pymodbus wants it: what is readable, stretch by stretch."""
    addresses = np.flatnonzero(table.readable)
    found = []
    for _, run in itertools.groupby(enumerate(addresses.tolist()), lambda pair: pair[1] - pair[0]):
        own = [address for _, address in run]
        words = table.words[own[0] : own[-1] + 1].tolist()
        values = [bool(word) for word in words] if kind is DataType.BITS else words
        found.append(SimData(own[0], values=values, datatype=kind))
    # a table without a register needs one that nobody asks for
    return found or [SimData(65535, values=[False] if kind is DataType.BITS else [0], datatype=kind)]


@pytest.fixture
def on_pymodbus(held: Held, background: Background, tmp_path: Path) -> Iterator[Path]:
    """REF-5M once more: the same words, served by pymodbus. Gives its plant file."""
    images = held.emulator.world.images
    ports = free_ports(len(images))
    file = tmp_path / "on-pymodbus.toml"
    file.write_text(on_ports(REF_5M, ports), encoding="utf-8")
    servers: list[ModbusTcpServer] = []

    async def begin() -> None:
        for image, port in zip(images, ports, strict=True):
            unit, bits, words = image.unit, DataType.BITS, DataType.REGISTERS
            tables = (
                stretches(unit.coils, bits),
                stretches(unit.discrete, bits),
                stretches(unit.holding, words),
                stretches(unit.input, words),
            )
            server = ModbusTcpServer(SimDevice(1, tables), address=("127.0.0.1", port))
            await server.serve_forever(background=True)
            servers.append(server)

    async def end() -> None:
        for server in servers:
            await server.shutdown()

    background.run(begin())
    yield file
    background.run(end())


def test_our_twin_reads_the_whole_plant_from_pymodbus(held: Held, on_pymodbus: Path) -> None:
    with bessinside.open(on_pymodbus) as twin:
        twin.wait(60.0)
        wait_for_two_sweeps(twin)
        now = twin.snapshot()
    assert list(twin.ids()) == list(held.twin.ids())
    function = np.concatenate([readings.bound.layout.fc for readings in held.twin.twin.devices])
    # pymodbus keeps bits sixteen to a register, and answers all of them where one is there
    padding = (function < 3) & (held.now.quality == Quality.DEVICE_EXCEPTION)
    np.testing.assert_array_equal(now.quality[~padding], held.now.quality[~padding])
    np.testing.assert_array_equal(now.values[~padding], held.now.values[~padding])
    np.testing.assert_array_equal(now.derived_values, held.now.derived_values)
    np.testing.assert_array_equal(now.derived_quality, held.now.derived_quality)
    assert np.count_nonzero(now.quality == Quality.GOOD) > 9000


def test_our_twin_understands_a_device_built_on_libmodbus(libmodbus_port: int, tmp_path: Path) -> None:  # noqa: F811
    """All four tables hold a known pattern; IN-POWER's map, with low words first and packed bytes, gives it meaning."""
    file = tmp_path / "libmodbus.toml"
    file.write_text(
        f"""
        [plant]
        id = "libmodbus"
        label = "A device built on libmodbus"

        [[device]]
        id = "pcs"
        map = "inpower-pcs-v23"
        at = ["pcs1"]
        url = "modbus+tcp://127.0.0.1:{libmodbus_port}?unit=1"
        every = "100 ms"
        """,
        encoding="utf-8",
    )
    pattern = np.arange(2000) * 40503 % 65536
    words = {(3, a): int(w) for a, w in enumerate(pattern)} | {(4, 1999 - a): int(w) for a, w in enumerate(pattern)}
    words |= {(1, a): int(w) >> 3 & 1 for a, w in enumerate(pattern)}
    words |= {(2, 1999 - a): int(w) >> 3 & 1 for a, w in enumerate(pattern)}
    with bessinside.open(file) as twin:
        twin.wait(10.0)
        now, binding = twin.snapshot(), twin.twin.binding
        readings = twin.twin.devices[0]
        rows = {row.name: row for row in rows_of(readings, {"pcs": 1})}
        names = readings.bound.layout.names()
        for i, name in enumerate(names):
            row, found = rows[name], decode(rows[name], words)
            factor = 1 if binding.units[i] == row.units else SI[row.units]
            assert found is not None
            assert not isinstance(found, str)
            assert now.values[i] == pytest.approx(float(found * factor), rel=1e-14), row
            beyond = not binding.low[i] <= now.values[i] <= binding.high[i]
            assert now.quality[i] == (Quality.IMPLAUSIBLE if beyond else Quality.GOOD), row
    assert {row.fc for row in rows.values()} == {1, 2, 3, 4}
    assert len(names) > 130
