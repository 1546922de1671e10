"""A refused block is narrowed down to the registers that are refused, and never asked for again."""

from __future__ import annotations

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bessinside.modbus import Quirks, Request, Server, Unit, connect
from bessinside.modbus.frames import exception_pdu
from bessinside.modbus.split import Refusals, learn
from bessinside.modbus.trouble import Ask, Reply
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
