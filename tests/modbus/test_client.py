"""The client against our own server: words, times, bytes, limits, refusals."""

from __future__ import annotations

import asyncio
import time
from itertools import pairwise

import numpy as np
import pytest

from bessinside.modbus import (
    AnswerTimeout,
    Client,
    DeviceException,
    EndpointError,
    LimitError,
    LinkClosed,
    ModbusError,
    Outcome,
    Quirks,
    ReadPlan,
    Request,
    Server,
    Unit,
    WriteRefused,
    connect,
    plan,
)
from bessinside.modbus.frames import parse_tcp, read_pdu


async def open_client(server: Server, **options: object) -> Client:
    return await connect(f"modbus+tcp://127.0.0.1:{server.port}?unit=1", **options)  # type: ignore[attr-defined, arg-type]


async def test_a_sweep_brings_every_word_of_all_four_tables(
    server: Server, words: np.ndarray, bits: np.ndarray
) -> None:
    fc = np.repeat([1, 2, 3, 4], 2000)
    address = np.tile(np.arange(2000), 4)
    made = plan(fc, address, 1)
    async with await open_client(server) as client:
        before = time.time_ns()
        sweep = await client.sweep(made)
        after = time.time_ns()
    assert sweep.ok
    assert sweep.image.dtype == np.dtype(">u2")
    assert sweep.image[made.offset].tolist() == [*bits, *bits[::-1], *words, *words[::-1]]
    assert sweep.error == {}
    assert sweep.unit == 1
    slack = 2_000_000  # the wall clock is read once a sweep, the rest is told by the loop's clock
    stamps = np.concatenate(
        ([before - slack], np.stack((sweep.sent_ns, sweep.received_ns), 1).ravel(), [after + slack])
    )
    assert (np.diff(stamps) >= 0).all()
    assert before - slack <= sweep.start_ns <= sweep.end_ns <= after + slack


async def test_frames_are_rebuilt_byte_for_byte(server: Server) -> None:
    """Held to what really went over the wire, as a man in the middle saw it."""
    seen: dict[str, bytearray] = {"up": bytearray(), "down": bytearray()}

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        up_reader, up_writer = await asyncio.open_connection("127.0.0.1", server.port)  # type: ignore[attr-defined]

        async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter, name: str) -> None:
            while chunk := await source.read(4096):
                seen[name] += chunk
                sink.write(chunk)
            sink.close()

        await asyncio.gather(pump(reader, up_writer, "up"), pump(up_reader, writer, "down"), return_exceptions=True)

    middle = await asyncio.start_server(relay, "127.0.0.1", 0)
    port = middle.sockets[0].getsockname()[1]
    made = ReadPlan(
        [Request(3, 0, 125), Request(1, 3, 13), Request(4, 1990, 20), Request(2, 0, 2000), Request(4, 5, 1)]
    )
    async with await connect(f"modbus+tcp://127.0.0.1:{port}") as client:
        sweep = await client.sweep(made)
    middle.close()
    assert sweep.outcome.tolist() == [0, 0, Outcome.EXCEPTION, 0, 0]
    assert sweep.exception.tolist() == [0, 0, 2, 0, 0]
    requests = [sweep.request_bytes(i) for i in range(5)]
    assert b"".join(requests) == bytes(seen["up"])
    assert b"".join(sweep.response_bytes(i) for i in range(5)) == bytes(seen["down"])
    assert [parse_tcp(frame)[1] for frame in requests] == [read_pdu(r.fc, r.address, r.count) for r in made.requests]
    assert sweep.error[2].endswith("address 1990, count 20: exception 2 (illegal data address)")


async def test_transaction_identifiers_run_on_and_around(server: Server) -> None:
    made = plan(3, np.arange(250), 1)
    async with await open_client(server) as client:
        client._tid = 65534
        sweeps = [await client.sweep(made) for _ in range(3)]
    assert [sweep.tid.tolist() for sweep in sweeps] == [[65534, 65535], [0, 1], [2, 3]]
    assert all(sweep.ok for sweep in sweeps)
    assert [sweep.id for sweep in sweeps] == [1, 2, 3]


async def test_concurrent_sweeps_of_many_units_take_turns_on_one_link(unit: Unit) -> None:
    units = {number: Unit() for number in range(1, 6)}
    for number, one in units.items():
        one.holding.put(0, np.full(300, number))
    async with Server(units) as server:
        server.port = await server.start()  # type: ignore[attr-defined]
        async with await open_client(server) as client:
            sweeps = await asyncio.gather(*(client.sweep(plan(3, np.arange(300), 1), number) for number in units))
    for number, sweep in zip(units, sweeps, strict=True):
        assert sweep.ok
        assert (sweep.image == number).all()
    spans = sorted((int(sweep.sent_ns[0]), int(sweep.received_ns[-1])) for sweep in sweeps)
    assert all(ends <= begins for (_, ends), (begins, _) in pairwise(spans))


async def test_an_image_of_the_caller_is_written_in_place(server: Server, words: np.ndarray) -> None:
    made = plan(3, np.arange(100), 1)
    image = np.zeros(100, ">u2")
    async with await open_client(server) as client:
        sweep = await client.sweep(made, image=image)
        assert sweep.image is image
        assert (image == words[:100]).all()
        for wrong in (np.zeros(100, "<u2"), np.zeros(99, ">u2"), np.zeros(200, ">u2")[::2]):
            with pytest.raises(LimitError):
                await client.sweep(made, image=wrong)


async def test_reads_are_cut_into_as_many_requests_as_they_need(
    server: Server, words: np.ndarray, bits: np.ndarray
) -> None:
    async with await open_client(server, quirks=Quirks(max_registers=60)) as client:
        got = await client.read(1, 3, 7, 1000)
        assert got.dtype == np.uint16
        assert got.dtype.isnative
        assert (got == words[7:1007]).all()
        assert (await client.read(1, 1, 3, 1990) == bits[3:1993]).all()
    assert server.counts["requests"] == 17 + 1


async def test_what_is_refused_says_device_and_address(server: Server) -> None:
    async with await open_client(server, device="bcu04") as client:
        with pytest.raises(DeviceException, match=r"bcu04, unit 1, function code 3, address 5000.*exception 2"):
            await client.read(1, 3, 5000, 1)
        with pytest.raises(DeviceException, match="exception 11") as caught:
            await client.read(9, 3, 0, 1)
        assert caught.value.code == 11
        with pytest.raises(LimitError, match=r"bcu04, unit 1.*65530"):
            await client.read(1, 3, 65530, 7)
        with pytest.raises(LimitError, match="bcu04"):
            await client.read(1, 7, 0, 1)
        with pytest.raises(LimitError, match="unit 256"):
            await client.read(256, 3, 0, 1)
        assert not client.closed


async def test_a_client_that_reads_refuses_every_way_to_write(server: Server, unit: Unit) -> None:
    unit.holding.writable[:] = True
    unit.coils.writable[:] = True
    async with await open_client(server, device="pcs") as client:
        for fc in (5, 6, 15, 16):
            with pytest.raises(WriteRefused, match=r"pcs, unit 1.*only reads.*plant file"):
                await client.write(1, 0, [1], fc=fc)
        for fc in (5, 6, 15, 16, 22, 23):
            with pytest.raises(WriteRefused):
                await client.call(1, bytes((fc, 0, 0, 0, 1)))
    assert server.counts["requests"] == 0


async def test_writes_where_they_are_allowed(server: Server, unit: Unit) -> None:
    written: list[tuple[int, int, list[int]]] = []
    unit.on_write = lambda fc, address, values: written.append((fc, address, values.tolist()))
    unit.holding.writable[10:20] = True
    unit.coils.writable[10:20] = True
    async with await open_client(server, writes=True) as client:
        await client.write(1, 10, [7])
        await client.write(1, 11, [8, 9])
        await client.write(1, 10, [1], fc=5)
        await client.write(1, 11, [1, 0, 1], fc=15)
        assert (await client.read(1, 3, 10, 3)).tolist() == [7, 8, 9]
        assert (await client.read(1, 1, 10, 4)).tolist() == [1, 1, 0, 1]
        with pytest.raises(DeviceException, match="exception 2"):
            await client.write(1, 19, [1, 2])
        with pytest.raises(LimitError):
            await client.write(1, 0, [0] * 124)
    assert written == [(6, 10, [7]), (16, 11, [8, 9]), (5, 10, [1]), (15, 11, [1, 0, 1])]


async def test_device_identification_is_read(server: Server) -> None:
    async with await open_client(server) as client:
        answer = await client.call(1, bytes.fromhex("2b0e0100"))
    assert answer.startswith(bytes.fromhex("2b0e0181000003000b"))
    assert b"BESS Inside" in answer


async def test_a_pause_between_requests_is_kept(server: Server) -> None:
    made = ReadPlan([Request(3, 0, 10)] * 4)
    async with await open_client(server, quirks=Quirks(pause_s=0.02)) as client:
        sweep = await client.sweep(made)
        with pytest.raises(LimitError):
            client.window = 2
    assert sweep.ok
    assert ((sweep.sent_ns[1:] - sweep.received_ns[:-1]) >= 19_000_000).all()


async def test_a_first_answer_may_take_longer_than_the_others(unit: Unit) -> None:
    async with Server({1: unit}, quirks=Quirks(first_answer_s=0.3)) as server:
        server.port = await server.start()  # type: ignore[attr-defined]
        patient = Quirks(timeout_s=0.15, first_answer_s=0.4)
        async with await open_client(server, quirks=patient) as client:
            assert (await client.sweep(plan(3, np.arange(300), 1))).ok
    async with Server({1: unit}, quirks=Quirks(first_answer_s=60.0)) as server:
        server.port = await server.start()  # type: ignore[attr-defined]
        async with await open_client(server, quirks=Quirks(timeout_s=0.15)) as client:
            with pytest.raises(AnswerTimeout):
                await client.read(1, 3, 0, 1)


async def test_who_was_held_up_itself_blames_nobody(server: Server, quick: Quirks) -> None:
    """The time limit is over before this side looked again: it reads what came before it says that nothing came."""
    async with await open_client(server, quirks=quick) as client:
        await client.read(1, 3, 0, 1)
        reading = asyncio.ensure_future(client.read(1, 3, 0, 1))
        await asyncio.sleep(0)
        time.sleep(2 * quick.timeout_s)
        assert (await reading).tolist() == [0]


async def test_progress_moves_the_time_limit_of_a_long_sweep(unit: Unit) -> None:
    """Ten answers of 50 ms are no timeout of 150 ms: the limit is for one request."""
    async with Server({1: unit}, quirks=Quirks(pause_s=0.05)) as server:
        server.port = await server.start()  # type: ignore[attr-defined]
        async with await open_client(server, quirks=Quirks(timeout_s=0.15)) as client:
            sweep = await client.sweep(ReadPlan([Request(3, 0, 1)] * 10))
    assert sweep.ok
    assert sweep.end_ns - sweep.start_ns > 400_000_000


async def test_a_closed_client_says_so_and_sends_nothing(server: Server) -> None:
    client = await open_client(server)
    await client.close()
    assert client.closed
    sweep = await client.sweep(plan(3, [0], 1))
    assert sweep.outcome.tolist() == [Outcome.NOT_SENT]
    assert sweep.error[0].startswith("nothing was sent: ")
    assert sweep.request_bytes(0) == sweep.response_bytes(0) == b""
    with pytest.raises(LinkClosed):
        await client.read(1, 3, 0, 1)


async def test_a_cancelled_sweep_gives_up_its_link(unit: Unit) -> None:
    async with Server({1: unit}, quirks=Quirks(pause_s=0.2)) as server:
        server.port = await server.start()  # type: ignore[attr-defined]
        client = await open_client(server)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(client.sweep(ReadPlan([Request(3, 0, 1)] * 5)), 0.1)
        assert client.closed
        await client.close()


async def test_nobody_there_is_said_with_the_address() -> None:
    with pytest.raises(EndpointError, match=r"meter: cannot connect to modbus\+tcp://127\.0\.0\.1:1:"):
        await connect("modbus+tcp://127.0.0.1:1", device="meter")


async def test_an_empty_plan_is_an_empty_sweep(server: Server) -> None:
    async with await open_client(server) as client:
        sweep = await client.sweep(ReadPlan([]))
    assert sweep.ok
    assert sweep.image.size == 0


async def test_every_error_of_the_floor_is_a_modbus_error() -> None:
    assert all(issubclass(kind, ModbusError) for kind in (AnswerTimeout, DeviceException, EndpointError, LimitError))
