"""Independent programs: our client reads them, they read our server, and the words are the same."""

from __future__ import annotations

import asyncio
import re
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest
from pymodbus.client import AsyncModbusTcpClient
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from bessinside.modbus import Quirks, Request, Server, Unit, connect, parse_endpoint, plan
from bessinside.modbus.errors import DeviceException
from bessinside.modbus.probe import probe_window

pytestmark = pytest.mark.peer
MBPOLL = shutil.which("mbpoll")
COMPILER = shutil.which("cc")


@pytest.fixture
async def pymodbus_port(words: np.ndarray, bits: np.ndarray) -> AsyncIterator[int]:
    def bools(values: np.ndarray) -> list[bool]:
        return [bool(value) for value in values]

    device = SimDevice(
        1,
        (
            [SimData(0, values=bools(bits), datatype=DataType.BITS)],
            [SimData(0, values=bools(bits[::-1]), datatype=DataType.BITS)],
            [SimData(0, values=words.tolist(), datatype=DataType.REGISTERS)],
            [SimData(0, values=words[::-1].tolist(), datatype=DataType.REGISTERS)],
        ),
    )
    server = ModbusTcpServer(device, address=("127.0.0.1", 0))
    await server.serve_forever(background=True)
    assert server.transport is not None
    yield server.transport.sockets[0].getsockname()[1]  # type: ignore[attr-defined]
    await server.shutdown()


@pytest.fixture(scope="module")
def libmodbus_port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    if COMPILER is None or not Path("/usr/include/modbus/modbus.h").exists():
        pytest.skip("no C compiler or no libmodbus headers (Debian: libmodbus-dev): the libmodbus device was left out")
    program = tmp_path_factory.mktemp("peer") / "device"
    source = Path(__file__).with_name("peer_server.c")
    subprocess.run([COMPILER, "-O2", "-I/usr/include/modbus", source, "-o", program, "-lmodbus"], check=True)
    with subprocess.Popen([program], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield int(process.stdout.readline())
        process.kill()


async def read_everything(port: int, words: np.ndarray, bits: np.ndarray, *, window: int = 1) -> None:
    made = plan(np.repeat([1, 2, 3, 4], 2000), np.tile(np.arange(2000), 4), 1)
    async with await connect(f"modbus+tcp://127.0.0.1:{port}?unit=1") as client:
        client.window = window
        sweep = await client.sweep(made)
        assert sweep.error == {}
        assert sweep.image.tolist() == [*bits, *bits[::-1], *words, *words[::-1]]
        with pytest.raises(DeviceException, match="exception 2"):
            await client.read(1, 3, 3000, 1)


async def test_our_client_reads_pymodbus(pymodbus_port: int, words: np.ndarray, bits: np.ndarray) -> None:
    await read_everything(pymodbus_port, words, bits)


async def test_our_client_reads_libmodbus(libmodbus_port: int, words: np.ndarray, bits: np.ndarray) -> None:
    await read_everything(libmodbus_port, words, bits)


async def test_a_wide_window_on_libmodbus_does_not_wait_for_acknowledgements(
    libmodbus_port: int, words: np.ndarray, bits: np.ndarray
) -> None:
    loop = asyncio.get_running_loop()
    began = loop.time()
    for _ in range(5):
        await read_everything(libmodbus_port, words, bits, window=8)
    assert loop.time() - began < 1.0  # a delayed acknowledgement is 40 ms, a sweep has 5 batches


@asynccontextmanager
async def far_away(port: int, delay_s: float = 0.005) -> AsyncIterator[int]:
    """A port behind which another one lies, each way so long: what a wider window gains is then more than what a busy
    machine takes."""

    async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        while chunk := await source.read(65536):
            await asyncio.sleep(delay_s)
            sink.write(chunk)
        sink.close()

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(pump(reader, back), pump(there, writer))

    async with await asyncio.start_server(relay, "127.0.0.1", 0) as made:
        yield made.sockets[0].getsockname()[1]


async def test_the_probe_finds_what_each_server_takes(libmodbus_port: int, pymodbus_port: int, unit: Unit) -> None:
    quick, request = Quirks(timeout_s=0.3), Request(3, 0, 125)
    async with Server({1: unit}) as ours, far_away(await ours.start()) as port:
        assert await probe_window(parse_endpoint(f"modbus+tcp://127.0.0.1:{port}"), 1, request, quick) > 1
        narrow = Quirks(window=1)
        assert await probe_window(parse_endpoint(f"modbus+tcp://127.0.0.1:{port}"), 1, request, narrow) == 1
    assert await probe_window(parse_endpoint(f"modbus+tcp://127.0.0.1:{libmodbus_port}"), 1, request, quick) >= 1
    # pymodbus answers the first request of a segment and loses the rest
    assert await probe_window(parse_endpoint(f"modbus+tcp://127.0.0.1:{pymodbus_port}"), 1, request, quick) == 1


async def test_pymodbus_reads_our_server(server: Server, unit: Unit, words: np.ndarray, bits: np.ndarray) -> None:
    unit.holding.writable[:10] = True
    client = AsyncModbusTcpClient("127.0.0.1", port=server.port)  # type: ignore[attr-defined]
    await client.connect()
    try:
        assert (await client.read_holding_registers(7, count=125, device_id=1)).registers == words[7:132].tolist()
        assert (await client.read_input_registers(0, count=10, device_id=1)).registers == words[::-1][:10].tolist()
        assert (await client.read_coils(3, count=100, device_id=1)).bits[:100] == bits[3:103].astype(bool).tolist()
        found = await client.read_discrete_inputs(0, count=9, device_id=1)
        assert found.bits[:9] == bits[::-1][:9].astype(bool).tolist()
        refused = await client.read_holding_registers(1990, count=20, device_id=1)
        assert refused.isError()
        assert refused.exception_code == 2
        await client.write_registers(0, [1, 2, 3], device_id=1)
        assert unit.holding.words[:3].tolist() == [1, 2, 3]
        assert (await client.write_register(20, 1, device_id=1)).exception_code == 2
        identity = await client.read_device_information(device_id=1)
        assert identity.information[0] == b"BESS Inside"
    finally:
        client.close()


@pytest.mark.skipif(MBPOLL is None, reason="mbpoll is not installed (Debian: mbpoll)")
@pytest.mark.parametrize(("kind", "first"), [("4", 0), ("3", 10), ("0", 20), ("1", 30)])
async def test_mbpoll_reads_our_server(server: Server, unit: Unit, kind: str, first: int) -> None:
    table = {"4": unit.holding, "3": unit.input, "0": unit.coils, "1": unit.discrete}[kind]
    port = server.port  # type: ignore[attr-defined]
    command = f"{MBPOLL} -m tcp -0 -1 -q -a 1 -t {kind} -r {first} -c 100 -p {port} 127.0.0.1"
    process = await asyncio.create_subprocess_shell(command, stdout=asyncio.subprocess.PIPE)
    output = (await process.communicate())[0].decode()
    found = {int(a): int(v) & 0xFFFF for a, v in re.findall(r"\[(\d+)\]:\s+(-?\d+)", output)}
    assert found == {first + i: int(table.words[first + i]) for i in range(100)}, output
