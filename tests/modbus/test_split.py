"""A refused block is narrowed down to the registers that are refused; they are left alone, and asked again some day."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bessinside.modbus import Quirks, Request, Server, Unit, connect
from bessinside.modbus.frames import exception_pdu
from bessinside.modbus.split import Refusals, ask_again, learn
from bessinside.modbus.trouble import Ask, Reply, Trouble
from bessinside.runtime.simulation import SimLoop


async def explore(server: Server, port: int, fc: int, address: np.ndarray, words: np.ndarray, **gap: int) -> Refusals:
    """Sweeps until nothing is refused any more."""
    refusals = Refusals()
    async with await connect(f"modbus+tcp://127.0.0.1:{port}", quirks=Quirks(timeout_s=0.5)) as client:
        for _ in range(4):
            sweep = await client.sweep(refusals.plan(fc, address, words, **gap))
            if not await learn(client, sweep, fc, address, words, refusals):
                assert sweep.ok
                return refusals
    raise AssertionError("still refused after four sweeps")


async def test_one_bad_register_is_found_and_its_neighbours_are_read(unit: Unit) -> None:
    unit.holding.readable[77] = False
    async with Server({1: unit}) as server:
        port = await server.start()
        address = np.arange(200)
        refusals = await explore(server, port, 3, address, np.ones(200, int))
        assert refusals.registers == {(3, 77): 2}
        made = refusals.plan(3, address, 1)
        assert made.requests == (Request(3, 0, 77), Request(3, 78, 122))
        assert np.flatnonzero(made.offset < 0).tolist() == [77]
        assert server.counts["requests"] < 25


async def test_a_wide_value_is_never_halved(unit: Unit) -> None:
    """This device refuses half of a 32-bit value, as some do; whole it gives all but one."""

    def trouble(ask: Ask) -> Reply | None:
        address, count = int.from_bytes(ask.pdu[1:3], "big"), int.from_bytes(ask.pdu[3:5], "big")
        odd = address % 2 or count % 2
        return Reply(ask.frame(exception_pdu(3, 2))) if odd or address <= 40 < address + count else None

    async with Server({1: unit}, trouble=trouble) as server:
        port = await server.start()
        refusals = await explore(server, port, 3, np.arange(0, 100, 2), np.full(50, 2))
    assert refusals.registers == {(3, 40): 2, (3, 41): 2}
    assert refusals.cuts == set()


async def test_a_gap_that_is_refused_becomes_a_cut(unit: Unit) -> None:
    unit.holding.readable[10:15] = False
    address = np.array([8, 9, 15, 16])
    async with Server({1: unit}) as server:
        refusals = await explore(server, await server.start(), 3, address, np.ones(4, int), max_gap=20)
    assert refusals.registers == {}
    assert refusals.cuts == {(3, 15)}
    assert refusals.plan(3, address, 1, max_gap=20).requests == (Request(3, 8, 2), Request(3, 15, 2))


async def test_a_device_that_answers_less_at_a_time_than_it_should(unit: Unit) -> None:
    async with Server({1: unit}, quirks=Quirks(max_registers=40)) as server:
        refusals = await explore(server, await server.start(), 3, np.arange(125), np.ones(125, int))
    assert refusals.registers == {}
    assert all(request.count <= 40 for request in refusals.plan(3, np.arange(125), 1).requests)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sets(st.integers(0, 399), max_size=12), st.integers(0, 2**32))
def test_what_is_learnt_is_exactly_what_is_closed(closed: set[int], seed: int) -> None:
    loop = SimLoop(seed)

    async def main() -> Refusals:
        unit = Unit()
        unit.input.define(0, 400)
        for address in closed:
            unit.input.readable[address] = False
        async with Server({1: unit}) as server:
            return await explore(server, await server.start(), 4, np.arange(400), np.ones(400, int))

    refusals = loop.run(main())
    loop.close()
    assert refusals.registers == {(4, address): 2 for address in closed}
    assert refusals.cuts == set()


def refuse_once(seed: int, share: float) -> Trouble:
    """A link on which requests are damaged: a request is refused with exception 2 at its first try, by chance."""
    random, tried = np.random.default_rng(seed), set()

    def trouble(ask: Ask) -> Reply | None:
        first = ask.pdu not in tried
        tried.add(ask.pdu)
        return Reply(ask.frame(exception_pdu(ask.pdu[0], 2))) if first and random.random() < share else None

    return trouble


@pytest.mark.parametrize("share", [1.0, 0.5])
@pytest.mark.parametrize("seed", range(5))
async def test_a_refusal_that_does_not_come_again_is_not_believed(unit: Unit, seed: int, share: float) -> None:
    """Neither of a register nor of a block whose halves are answered."""
    unit.holding.readable[40] = False
    address, found = np.arange(100), Refusals()
    async with Server({1: unit}, trouble=refuse_once(seed, share)) as server:
        client = await connect(f"modbus+tcp://127.0.0.1:{await server.start()}")
        for _ in range(20):
            sweep = await client.sweep(found.plan(3, address, 1))
            await learn(client, sweep, 3, address, 1, found)
        await client.close()
    assert found == Refusals({(3, 40): 2})
    assert sweep.ok


async def test_a_block_that_was_refused_once_is_not_cut(unit: Unit) -> None:
    found = Refusals()
    refused = iter([True])
    async with Server({1: unit}) as server:
        server.trouble = lambda ask: Reply(ask.frame(exception_pdu(3, 2))) if next(refused, False) else None
        async with await connect(f"modbus+tcp://127.0.0.1:{await server.start()}") as client:
            sweep = await client.sweep(found.plan(3, np.arange(100), 1))
            assert not sweep.ok
            assert not await learn(client, sweep, 3, np.arange(100), 1, found)
    assert found == Refusals()


async def test_what_is_answered_again_is_not_refused_any_more(unit: Unit) -> None:
    unit.holding.readable[[10, 11, 40]] = False
    address, words = np.array([*range(10), 10, 12, 40, 41]), np.array([*[1] * 10, 2, 1, 1, 1])
    async with Server({1: unit}) as server:
        port = await server.start()
        found = await explore(server, port, 3, address, words)
        assert set(found.registers) == {(3, 10), (3, 11), (3, 40)}
        async with await connect(f"modbus+tcp://127.0.0.1:{port}") as client:
            asked = server.counts["requests"]
            assert not await ask_again(client, 1, 3, address, words, found)
            assert server.counts["requests"] - asked == 2  # one for each point, none for the others
            unit.holding.readable[[10, 40]] = True
            assert await ask_again(client, 1, 3, address, words, found)
            assert set(found.registers) == {(3, 10), (3, 11)}  # half of a wide value is none
            unit.holding.readable[11] = True
            assert await ask_again(client, 1, 3, address, words, found)
            assert found == Refusals()
            assert (await client.sweep(found.plan(3, address, words))).ok
