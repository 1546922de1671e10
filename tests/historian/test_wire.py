"""What was on the wire is in the folder: against a capture of the same exchanges, with faults and without."""

from __future__ import annotations

from pathlib import Path

import pytest

from bessinside.historian.embedded.record import Historian
from bessinside.historian.embedded.store import Store
from bessinside.modbus import Capture, Outcome, read_capture
from bessinside.runtime import clock
from bessinside.runtime.faults import FaultTable
from bessinside.runtime.simulation import SimLoop
from bessinside.twin import Twin
from tests.conftest import Small


@pytest.mark.parametrize(
    "faults",
    [FaultTable(), FaultTable(flip=0.03, lose=0.01, cut=0.004, split=0.05, duplicate=0.01, late=0.01, late_s=0.3)],
    ids=["sound", "faulty"],
)
def test_frames_are_rebuilt_byte_for_byte(tmp_path: Path, faults: FaultTable) -> None:
    """Each device's exchanges in the order of the wire; a capture has more: what was asked outside of sweeps."""
    small = Small(tmp_path)
    folder = tmp_path / "history"

    async def scenario() -> None:
        await small.start()
        twin = Twin(small.file())
        captures = {name: Capture(tmp_path / f"{name}.capture", name) for name in ("a", "b")}
        for poller in twin.pollers:
            poller.line.listen(captures[poller.readings.bound.device.id].add)
        async with Historian(folder, twin.plant) as historian:
            twin.listen(historian.take)
            async with twin:
                await clock.sleep(60.0)
        for capture in captures.values():
            capture.close()

    SimLoop(11, faults=faults).run(scenario())
    outcomes = set()
    with Store(folder) as store:
        for device in ("a", "b"):
            recorded = [
                exchange
                for number in store.sweeps(device, 0, 2**62).number.tolist()
                for exchange in store.exchanges(device, number)
            ]
            captured = iter(read_capture(tmp_path / f"{device}.capture"))
            assert len(recorded) > 300
            for exchange in recorded:
                outcomes.add(exchange.outcome)
                found = next((one for one in captured if one.request == exchange.request), None)
                assert found is not None, "an exchange that was never on the wire"
                assert found.response == exchange.response
                assert found.outcome == exchange.outcome
                assert abs(found.sent_ns - exchange.sent_ns) <= 500
                assert abs(found.received_ns - exchange.received_ns) <= 500
    assert Outcome.OK in outcomes
    if faults.flip:
        assert {Outcome.TIMEOUT, Outcome.BAD_FRAME, Outcome.EXCEPTION} & outcomes


def test_a_step_of_the_clock_is_an_event(tmp_path: Path) -> None:
    small = Small(tmp_path)
    loop = SimLoop(2)

    async def scenario() -> None:
        twin = Twin(small.file())
        async with Historian(tmp_path / "history", twin.plant):
            await clock.sleep(5.0)
            loop.start_ns -= 3_600_000_000_000
            await clock.sleep(5.0)
            loop.start_ns += 1_800_000_000_000
            await clock.sleep(5.0)

    loop.run(scenario())
    with Store(tmp_path / "history") as store:
        said = [event.text for event in store.events(0, 2**62) if event.kind == "clock"]
    assert said == [
        "the clock of this machine was set forward by 1800.000 s",
        "the clock of this machine was set back by 3600.000 s",
    ] or said == [
        "the clock of this machine was set back by 3600.000 s",
        "the clock of this machine was set forward by 1800.000 s",
    ]


def test_sweeps_before_and_after_a_step_back_are_all_there(tmp_path: Path) -> None:
    small = Small(tmp_path)
    loop = SimLoop(2)

    async def scenario() -> None:
        await small.start()
        twin = Twin(small.file(small.text().replace('every = "200 ms"', 'every = "1 s"')))
        async with Historian(tmp_path / "history", twin.plant) as historian:
            twin.listen(historian.take)
            async with twin:
                await clock.sleep(200.0)
                loop.start_ns -= 3_600_000_000_000
                await clock.sleep(100.0)

    loop.run(scenario())
    with Store(tmp_path / "history") as store:
        found = store.sweeps("a", 0, 2**62)
        assert found.number.tolist() == sorted(set(found.number.tolist()))
        assert len(found) > 280
        assert list((tmp_path / "history" / "segments").glob("*.words.parquet")), "the tail is sealed all the same"
