"""The simulated world: the same code, a virtual clock, links that fail, and every run replayed from its seed."""

from __future__ import annotations

import asyncio
import time
from collections import Counter

import numpy as np
import pytest

from bessinside.errors import BessError
from bessinside.modbus import Client, ModbusError, Outcome, Quirks, Server, Unit, connect, plan
from bessinside.runtime import chance, clock, net
from bessinside.runtime.faults import KINDS, FaultTable
from bessinside.runtime.simulation import START_NS, SimDeadlock, SimLoop

PLAN = plan(3, np.arange(1000), 1)
ROUGH = dict.fromkeys(KINDS, 0.004) | {"split": 0.02, "hang": 0.001, "refuse": 0.2}


def poll(seed: int, seconds: float, **faults: float) -> tuple[list[int], str, Counter[str], Counter[str]]:
    """A poller at 1 Hz and a device; its outcomes, the trace, the faults, and the words that came wrong."""
    loop = SimLoop(seed, faults=FaultTable(**faults))
    words = (np.arange(1000) * 7919 % 65536).astype(np.uint16)

    async def main() -> tuple[list[int], Counter[str]]:
        unit = Unit()
        unit.holding.put(0, words)
        outcomes = [0] * len(Outcome)
        seen: Counter[str] = Counter()
        async with Server({1: unit}) as server:
            await server.start("10.0.0.1", 502)
            client: Client | None = None
            until = clock.monotonic() + seconds
            while clock.monotonic() < until:
                try:
                    if client is None or client.closed:
                        client = await connect("modbus+tcp://10.0.0.1:502", quirks=Quirks(timeout_s=0.5))
                    sweep = await client.sweep(PLAN)
                    for outcome in sweep.outcome.tolist():
                        outcomes[outcome] += 1
                    assert sweep.end_ns - sweep.start_ns <= 8 * 0.51e9
                    seen["wrong words"] += int(sweep.ok and (sweep.image != words).any())
                except ModbusError as error:
                    seen[type(error).__name__] += 1
                await clock.sleep(1.0)
        return outcomes, seen

    outcomes, seen = loop.run(main())
    trace = loop.trace_hash()
    loop.close()
    return outcomes, trace, loop.faults.counts, seen


def test_equal_seeds_are_equal_runs_and_others_are_not() -> None:
    first, again, other = (poll(seed, 200, **ROUGH) for seed in (1, 1, 2))
    assert first == again
    assert first[1] != other[1]


def test_every_kind_of_fault_happens_and_every_request_has_its_outcome() -> None:
    outcomes, _, faults, seen = poll(7, 1500, **ROUGH)
    assert set(faults) == set(KINDS), faults
    assert all(count >= 5 for count in faults.values()), faults
    assert all(outcomes[o] for o in Outcome if o is not Outcome.EXCEPTION), outcomes
    assert outcomes[Outcome.OK] > 0.5 * sum(outcomes)
    # A bit turned over inside the words passes Modbus/TCP, which has no check sum: only plausibility can find it.
    assert seen["wrong words"] <= faults["flip"]
    assert seen["EndpointError"] == faults["refuse"]


def test_a_healthy_link_loses_nothing() -> None:
    outcomes, _, faults, seen = poll(3, 300)
    assert not faults
    assert outcomes[Outcome.OK] == sum(outcomes) > 2000
    assert seen["wrong words"] == 0


def test_hours_pass_in_moments() -> None:
    began = time.monotonic()
    loop = SimLoop(start_ns=START_NS)

    async def main() -> tuple[float, int]:
        await clock.sleep(86_400)
        return clock.monotonic(), clock.now_ns()

    elapsed, wall = loop.run(main())
    assert elapsed == pytest.approx(87_400)
    assert wall == START_NS + 86_400_000_000_000
    assert time.monotonic() - began < 1
    loop.close()


def test_waiting_for_ever_is_found_at_once() -> None:
    loop = SimLoop()

    async def main() -> None:
        await loop.create_future()

    with pytest.raises(SimDeadlock):
        loop.run_until_complete(main())
    for task in asyncio.all_tasks(loop):
        task.cancel()
    loop.run_until_complete(asyncio.sleep(0))
    loop.close()


def test_chance_is_that_of_the_seed() -> None:
    async def draw() -> int:
        return int(chance.stream("x").integers(2**40))

    loops = [SimLoop(seed) for seed in (1, 1, 2)]
    one, again, other = (loop.run(draw()) for loop in loops)
    assert one == again != other
    for loop in loops:
        loop.close()


def test_threads_are_run_in_place() -> None:
    loop = SimLoop()

    async def main() -> tuple[int, str]:
        value = await asyncio.to_thread(lambda: 7)
        try:
            await asyncio.to_thread(lambda: 1 // 0)
        except ZeroDivisionError as error:
            return value, str(error)
        return value, ""

    assert loop.run(main())[0] == 7
    loop.close()


def test_streams_end_and_half_ends_are_told() -> None:
    loop = SimLoop()

    async def main() -> list[str]:
        events: list[str] = []

        class Echo(asyncio.Protocol):
            def connection_made(self, transport: asyncio.BaseTransport) -> None:
                self.transport = transport

            def data_received(self, data: bytes) -> None:
                self.transport.write(data[::-1])  # type: ignore[attr-defined]

        class Caller(asyncio.Protocol):
            def data_received(self, data: bytes) -> None:
                events.append(data.decode())

            def eof_received(self) -> None:
                events.append("end")

            def connection_lost(self, exc: Exception | None) -> None:
                events.append(f"lost {exc}")

        echoes: list[Echo] = []

        def echo() -> Echo:
            echoes.append(Echo())
            return echoes[-1]

        listener = await net.listen(echo, "0.0.0.0", 0)
        transport, _ = await net.connect(Caller, "plant", net.port_of(listener))
        transport.write(b"abc")
        await clock.sleep(1)
        transport.pause_reading()
        transport.write(b"def")
        await clock.sleep(1)
        assert events == ["cba"]
        transport.resume_reading()
        echoes[0].transport.close()  # type: ignore[attr-defined]
        await clock.sleep(1)
        listener.close()
        assert transport.is_closing()
        with pytest.raises(ConnectionRefusedError):
            await net.connect(Caller, "plant", net.port_of(listener))
        return events

    assert loop.run(main()) == ["cba", "fed", "end", "lost None"]
    loop.close()


def test_ports_are_taken_once_and_tls_is_refused() -> None:
    import ssl

    loop = SimLoop()

    async def main() -> None:
        await net.listen(asyncio.Protocol, "a", 1)
        with pytest.raises(OSError, match="in use"):
            await net.listen(asyncio.Protocol, "a", 1)
        with pytest.raises(BessError, match="no TLS"):
            await net.connect(asyncio.Protocol, "a", 1, ssl=ssl.create_default_context())

    loop.run(main())
    loop.close()


def test_probabilities_must_be_possible() -> None:
    for wrong in ({"lose": -0.1}, {"lose": 0.6, "late": 0.6}, {"refuse": 1.1}):
        with pytest.raises(ValueError, match="probabilities"):
            FaultTable(**wrong)
    quiet = FaultTable(lose=0.5, latency_s=0.1).quiet()
    assert (quiet.lose, quiet.latency_s) == (0.0, 0.1)
