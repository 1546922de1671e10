"""The past is what was live: the same ids, values, qualities, ages, derived figures and passports at every moment."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
import pytest

from bessinside.historian.basis.folder import NothingRecorded
from bessinside.historian.past.past import Past
from bessinside.runtime import clock
from bessinside.twin import FigureRow, Passport, Snapshot, Twin, UnknownFigure
from tests.historian.memory import MemoryArchive

Simulate = Callable[..., Any]
LOOKED_AT = ["c1/r01/soc", "c1/r01/voltage", "c1/r01/serial", "c1/r02/m2/cell003/voltage", "c1/r01/insulation"]
LOOKED_AT += ["c1/cell_voltage_spread", "device/a/sweep_skew", "c1/r01/m1/cell001/ocv_residual"]


@dataclass
class Seen:
    """What was live at a moment."""

    snapshot: Snapshot
    rows: list[FigureRow]
    passports: dict[str, Passport]


def lived(small: Any, simulate: Simulate, *, silent: bool = False) -> tuple[MemoryArchive, list[Seen], Twin]:
    """Some seconds of the small plant with changing registers, and what was live at odd moments."""
    archive, seen = MemoryArchive(), []

    async def scenario() -> Twin:
        await small.start()
        twin = Twin(small.plant())
        archive.watch(twin)
        async with twin:
            for step in range(12):
                small.units["a"].holding.put(0, [800 + step, 0xFC18 + step])
                small.units["b"].holding.put(110, [3300 + 7 * step, 3290])
                if silent and step == 6:
                    await small.stop("b")
                await clock.sleep(0.33)
                now = twin.snapshot()
                known = set(twin.ids())
                asked = [name for name in LOOKED_AT if name in known or "device/" in name or "residual" in name]
                seen.append(
                    Seen(now, [twin.figure(name, now) for name in twin.ids()], {n: twin.passport(n) for n in asked})
                )
        return twin

    return archive, seen, simulate(scenario())


@pytest.mark.parametrize("silent", [False, True], ids=["all answer", "one falls silent"])
def test_every_moment_is_as_it_was_live(small: Any, simulate: Simulate, silent: bool) -> None:
    archive, seen, twin = lived(small, simulate, silent=silent)
    past = Past(archive)
    for moment in seen:
        then = past.at(moment.snapshot.time_ns)
        found = then.snapshot()
        assert list(then.ids()) == list(twin.ids())
        for name in Snapshot.__dataclass_fields__:
            np.testing.assert_array_equal(getattr(found, name), getattr(moment.snapshot, name), err_msg=name)
        assert [then.figure(name, found) for name in then.ids()] == moment.rows


def test_passports_of_the_past_are_those_that_were_live(small: Any, simulate: Simulate) -> None:
    archive, seen, _ = lived(small, simulate)
    past = Past(archive)
    for moment in seen[2:]:
        then = past.at(moment.snapshot.time_ns)
        for name, live in moment.passports.items():
            passport = then.passport(name)
            if live.reading is not None and passport.reading is not None:
                assert "--at" in passport.reading.commands["bessinside"]
                passport.reading.commands.clear()
                live.reading.commands.clear()
            assert msgspec.to_builtins(passport) == msgspec.to_builtins(live), name


def test_before_the_first_sweep_nothing_is_said(small: Any, simulate: Simulate) -> None:
    archive, seen, _ = lived(small, simulate)
    past = Past(archive, name="history")
    first, _ = past.span()
    with pytest.raises(NothingRecorded, match="the first sweep ended at"):
        past.at(first - 1)
    with pytest.raises(NothingRecorded, match="holds no sweep yet"):
        Past(MemoryArchive(), name="history").span()
    with pytest.raises(UnknownFigure, match="c9/soc"):
        past.series("c9/soc", 0, seen[-1].snapshot.time_ns)
