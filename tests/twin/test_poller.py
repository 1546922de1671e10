"""A device that fails: it is asked less often, it comes back, and the others never notice. Under a virtual clock."""

from __future__ import annotations

import itertools
import logging
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from bessinside.modbus.trouble import Ask, Reply
from bessinside.runtime import clock
from bessinside.twin import Twin
from bessinside.twin.poller import ASK_AGAIN_S, LAST_RETRY_S, Poller
from bessinside.twin.silence import LAST_WAIT_S

Simulate = Callable[..., Any]


def poller(twin: Twin, device: str) -> Poller:
    return next(one for one in twin.pollers if one.readings.bound.device.id == device)


def reset(ask: Ask) -> Reply:
    return Reply(b"", close=True)


def half(ask: Ask) -> Reply:
    return Reply(ask.right[: len(ask.right) // 2], close=True)


def garbage(ask: Ask) -> Reply:
    return Reply(b"\x16\x03\x01 no Modbus at all")


def overlong(ask: Ask) -> Reply:
    return Reply(ask.right + b"\0\0\0")


def twice(ask: Ask) -> Reply:
    return Reply(ask.right + ask.right)


def other_transaction(ask: Ask) -> Reply:
    return Reply(bytes((ask.right[0] ^ 0x55,)) + ask.right[1:])


def other_unit(ask: Ask) -> Reply:
    return Reply(ask.right[:6] + b"\x09" + ask.right[7:])


def silence(ask: Ask) -> Reply:
    return Reply(b"")


def late(ask: Ask) -> Reply:
    return Reply(ask.right, delay_s=5.0)


TROUBLES = [reset, half, garbage, overlong, twice, other_transaction, other_unit, silence, late]


@pytest.mark.parametrize("trouble", TROUBLES)
def test_a_bad_device_leaves_the_others_unharmed_and_comes_back(
    small: Any, simulate: Simulate, trouble: Callable[[Ask], Reply]
) -> None:
    async def scenario() -> None:
        await small.start()
        async with Twin(small.plant()) as twin:
            await clock.sleep(1.0)
            small.servers["a"].trouble = trouble
            before = poller(twin, "b").readings.sweeps
            for _ in range(100):
                await clock.sleep(0.1)
                assert twin.figure("c1/r02/soc").quality == "good"
            assert 45 <= poller(twin, "b").readings.sweeps - before <= 51  # 10 s at 5 Hz
            bad = twin.figure("c1/r01/soc")
            assert (bad.value, bad.quality) == (87.3, "no answer")
            assert bad.age is not None
            assert bad.age > 9
            assert poller(twin, "a").readings.error.startswith("a")
            small.servers["a"].trouble = None
            small.units["a"].holding.put(0, 500)
            await clock.sleep(LAST_RETRY_S)
            good = twin.figure("c1/r01/soc")
            assert (good.value, good.quality) == (50.0, "good")
            assert (poller(twin, "a").state, poller(twin, "a").readings.error) == ("up", "")

    simulate(scenario())


def test_a_device_that_dies_and_starts_again(small: Any, simulate: Simulate) -> None:
    async def scenario() -> None:
        await small.start()
        async with Twin(small.plant()) as twin:
            await clock.sleep(1.0)
            await small.stop("a")
            await clock.sleep(20.0)
            assert poller(twin, "a").state == "down"
            assert "cannot connect" in poller(twin, "a").readings.error
            assert twin.figure("c1/r01/soc").quality == "no answer"
            assert twin.figure("c1/r02/soc").quality == "good"
            await small.start("a")
            await clock.sleep(LAST_RETRY_S)
            assert twin.figure("c1/r01/soc").quality == "good"

    simulate(scenario())


def test_a_failing_device_is_asked_less_and_less(
    small: Any, simulate: Simulate, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bessinside.modbus import EndpointError
    from bessinside.twin import line as module

    tried: dict[str, list[float]] = {"a": [], "b": []}

    async def refused(endpoint: Any, *, quirks: Any, device: str) -> None:
        tried[device].append(clock.monotonic())
        raise EndpointError(f"{device}: nobody there")

    async def scenario() -> None:
        monkeypatch.setattr(module, "connect", refused)
        async with Twin(small.plant()):
            await clock.sleep(600.0)

    simulate(scenario())
    for times in tried.values():
        waits = [after - before for before, after in itertools.pairwise(times)]
        for n, wait in enumerate(waits):
            assert 0.8 * min(2**n, LAST_RETRY_S) <= wait <= 1.2 * min(2**n, LAST_RETRY_S)
        assert len(waits) > 8
    assert tried["a"] != tried["b"]  # spread, so that not all come at once


def test_an_answer_makes_the_next_failure_a_first_one(small: Any, simulate: Simulate) -> None:
    async def scenario() -> float:
        await small.start("b")
        async with Twin(small.plant()) as twin:
            await clock.sleep(100.0)  # a is at its longest wait now
            await small.start("a")
            while poller(twin, "a").state != "up":
                await clock.sleep(0.1)
            for connection in list(small.servers["a"].connections):
                connection.close()
            await clock.sleep(0.3)
            assert poller(twin, "a").state == "down"
            began = clock.monotonic()
            while poller(twin, "a").state != "up":
                await clock.sleep(0.1)
            return clock.monotonic() - began

    assert simulate(scenario()) < 2.0


def test_each_device_has_its_own_rate(small: Any, simulate: Simulate) -> None:
    async def scenario() -> tuple[int, int]:
        await small.start()
        head, tail = small.text().rsplit('every = "200 ms"', 1)
        async with Twin(small.plant(head + 'every = "2 s"' + tail)) as twin:
            await clock.sleep(20.0)
            return poller(twin, "a").readings.sweeps, poller(twin, "b").readings.sweeps

    fast, slow = simulate(scenario())
    assert 96 <= fast <= 102
    assert 9 <= slow <= 11


def test_refused_registers_are_split_off_remembered_and_shown(small: Any, simulate: Simulate) -> None:
    unit = small.units["a"].holding
    unit.readable[6] = False  # soh
    unit.readable[111] = False  # one cell

    async def scenario() -> Counter[bytes]:
        await small.start()
        asked: Counter[bytes] = Counter()
        async with Twin(small.plant()) as twin:
            await clock.sleep(1.0)
            refusals = poller(twin, "a").readings.refusals.registers
            assert refusals == {(3, 6): 2, (3, 111): 2}
            for name in ("c1/r01/soh", "c1/r01/m1/cell002/voltage"):
                passport = twin.passport(name)
                assert (passport.value, passport.quality) == (None, "device exception")
                assert "exception 2; it is asked again once an hour" in passport.quality_note
                assert passport.reading is not None
                assert passport.reading.words == []
                assert passport.reading.request_hex == passport.reading.response_hex == ""
                assert passport.reading.exchange.outcome == "not asked"
            for name in ("c1/r01/soc", "c1/r01/insulation", "c1/r01/m1/cell001/voltage", "c1/r01/m1/cell003/voltage"):
                assert twin.figure(name).quality == "good"
            assert twin.figure("c1/r02/soh").quality == "good"
            assert poller(twin, "a").state == "up"
            assert poller(twin, "b").readings.refusals.registers == {}

            def watch(ask: Ask) -> None:
                asked[ask.pdu] += 1

            small.servers["a"].trouble = watch
            await clock.sleep(5.0)
        return asked

    asked = simulate(scenario())
    assert asked
    for pdu in asked:
        first, count = int.from_bytes(pdu[1:3], "big"), int.from_bytes(pdu[3:5], "big")
        assert pdu[0] != 3 or not {6, 111} & set(range(first, first + count))


def test_a_device_that_refuses_everything_is_asked_again(small: Any, simulate: Simulate) -> None:
    for table in (small.units["a"].holding, small.units["a"].input, small.units["a"].coils):
        table.readable[:] = False

    async def scenario() -> None:
        await small.start()
        async with Twin(small.plant()) as twin:
            await clock.sleep(3.0)
            rows = [twin.figure(name) for name in twin.binding.ids if name.startswith("c1/r01")]
            assert {row.quality for row in rows} == {"device exception", "not mapped"}
            assert {row.value for row in rows} == {None}
            assert poller(twin, "a").state == "partly"
            assert poller(twin, "a").readings.error == "a answers every register of map small-bms with an exception"
            assert twin.passport("c1/r01/soc").quality_note == poller(twin, "a").readings.error
            assert twin.figure("c1/r02/soc").quality == "good"
            small.units["a"] = small.servers["a"].units[1] = small.units["b"]  # it has started up
            await clock.sleep(LAST_RETRY_S)
            assert twin.figure("c1/r01/soc").quality == "good"
            assert poller(twin, "a").state == "up"

    simulate(scenario())


def test_what_is_refused_only_later_is_split_off_too(small: Any, simulate: Simulate) -> None:
    """Meanwhile the other readings stay where they are, as old as they are."""
    others = ("soc", "insulation", "temperature_max", "m1/cell001/voltage", "relay_positive")

    async def scenario() -> None:
        await small.start()
        async with Twin(small.plant()) as twin:
            await clock.sleep(1.0)
            before = {name: twin.figure(f"c1/r01/{name}").value for name in others}
            assert None not in before.values()
            small.units["a"].holding.readable[6] = False
            replanned, oldest = twin.devices[0].plan, 0.0
            for _ in range(300):
                await clock.sleep(0.003)
                for name, value in before.items():
                    row = twin.figure(f"c1/r01/{name}")
                    assert (row.value, row.quality) in ((value, "good"), (value, "device exception"))
                    assert row.age is not None
                    oldest = max(oldest, row.age)
            assert twin.devices[0].plan is not replanned
            assert 0.15 < oldest < 0.45  # one or two periods
            assert twin.figure("c1/r01/soh").quality == "device exception"
            assert twin.figure("c1/r01/soc").quality == "good"

    simulate(scenario())


def test_what_is_refused_is_asked_again_after_an_hour(small: Any, simulate: Simulate) -> None:
    """A device with new firmware, or one that started late, heals without a restart of the twin."""
    unit = small.units["a"].holding
    unit.readable[[6, 111]] = False
    asked: list[float] = []

    def watch(ask: Ask) -> None:
        if ask.pdu[0] == 3 and int.from_bytes(ask.pdu[1:3], "big") in (6, 111):
            asked.append(clock.monotonic())

    async def scenario() -> None:
        await small.start()
        async with Twin(small.plant(small.text().replace("200 ms", "10 s"))) as twin:
            await clock.sleep(10.0)
            small.servers["a"].trouble = watch
            await clock.sleep(ASK_AGAIN_S / 2)
            unit.readable[6] = True
            assert asked == []
            await clock.sleep(ASK_AGAIN_S / 2 + 30.0)
            assert twin.figure("c1/r01/soh").quality == "good"
            assert twin.figure("c1/r01/soh").value == 98.0
            assert twin.figure("c1/r01/m1/cell002/voltage").quality == "device exception"
            assert poller(twin, "a").readings.refusals.registers == {(3, 111): 2}
            assert len(asked) == 2
            await clock.sleep(ASK_AGAIN_S)
            assert len(asked) == 3  # the one that is left, once

    simulate(scenario())


def silent_on(*functions: int) -> Callable[[Ask], Reply | None]:
    return lambda ask: Reply(b"") if ask.pdu[0] in functions else None


def hangs_up(ask: Ask) -> Reply | None:
    return Reply(b"", close=True) if ask.pdu[0] == 1 else None


@pytest.mark.parametrize("trouble", [silent_on(1), hangs_up, silent_on(1, 4)], ids=["silent", "hangs up", "two"])
def test_a_read_that_breaks_the_link_does_not_keep_the_others_from_being_read(
    small: Any, simulate: Simulate, trouble: Callable[[Ask], Reply | None]
) -> None:
    """The first read of this device is never answered. It is asked again now and then, behind the others."""
    asked: list[int] = []

    def counted(ask: Ask) -> Reply | None:
        asked.append(ask.pdu[0])
        return trouble(ask)

    async def scenario() -> None:
        await small.start()
        small.servers["a"].trouble = counted
        async with Twin(small.plant()) as twin:
            await clock.sleep(20.0)
            good, silent = twin.figure("c1/r01/soc"), twin.figure("c1/r01/relay_positive")
            assert (good.value, good.quality) == (87.3, "good")
            assert (silent.value, silent.quality) == (None, "no answer")
            assert poller(twin, "a").state == "partly"
            assert poller(twin, "a").readings.error == twin.passport("c1/r01/relay_positive").quality_note != ""
            asked.clear()
            good_for = 0
            for _ in range(100):
                await clock.sleep(1.0)
                good_for += twin.figure("c1/r01/soc").quality == "good"
            assert good_for > 90  # nearly always
            assert 1 <= asked.count(1) <= 8
            assert asked.count(3) > 400
            small.servers["a"].trouble = None
            await clock.sleep(LAST_WAIT_S + 5.0)
            assert twin.figure("c1/r01/relay_positive").quality == "good"
            assert poller(twin, "a").state == "up"

    simulate(scenario())


def test_a_read_that_falls_silent_keeps_its_last_value(small: Any, simulate: Simulate) -> None:
    async def scenario() -> None:
        await small.start()
        async with Twin(small.plant()) as twin:
            await clock.sleep(1.0)
            assert twin.figure("c1/r01/cycles").value == 411
            small.servers["a"].trouble = silent_on(4)
            await clock.sleep(60.0)
            row = twin.figure("c1/r01/cycles")
            assert (row.value, row.quality) == (411, "no answer")
            assert row.age == pytest.approx(60.0, abs=0.5)
            assert twin.figure("c1/r01/soc").quality == "good"

    simulate(scenario())


def test_a_task_that_ends_by_a_mistake_is_not_silent(
    small: Any, simulate: Simulate, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario() -> None:
        await small.start()
        async with Twin(small.plant()) as twin:
            await clock.sleep(1.0)

            def broken(sweep: Any) -> None:
                raise RuntimeError("disk full")

            poller(twin, "a").readings.tap = broken
            await clock.sleep(2.0)
            assert twin.figure("c1/r01/soc").quality == "stale"
            assert twin.figure("c1/r02/soc").quality == "good"

    with caplog.at_level(logging.ERROR):
        simulate(scenario())
    assert "a task of the twin ended" in caplog.text
    assert "disk full" in caplog.text


def test_a_device_that_is_lost_is_a_warning_once(
    small: Any, simulate: Simulate, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario() -> None:
        await small.start()
        async with Twin(small.plant()):
            await clock.sleep(1.0)
            await small.stop("a")
            await clock.sleep(60.0)

    with caplog.at_level(logging.WARNING):
        simulate(scenario())
    lost = [record for record in caplog.records if record.name == "bessinside.twin.poller"]
    assert [record.levelname for record in lost] == ["WARNING"]
    assert lost[0].getMessage().startswith("a does not answer")
