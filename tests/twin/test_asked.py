"""Figures computed when asked for: facts of sweeps against their exchanges, a cell against the open-circuit table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from bessinside.plant.cells import ocv_table
from bessinside.runtime import clock
from bessinside.twin import FigureRow, Passport, Twin, UnknownFigure

Simulate = Callable[..., Any]
CELL = "c1/r01/m2/cell003/ocv_residual"


def after_one_second(small: Any, simulate: Simulate, ask: Callable[[Twin], Any], *, without: str = "") -> Any:
    async def scenario() -> Any:
        for name, server in small.servers.items():
            if name != without:
                await server.start("127.0.0.1", small.ports[name])
        async with Twin(small.plant()) as twin:
            await clock.sleep(1.0)
            return ask(twin)

    return simulate(scenario())


def test_facts_of_a_sweep_are_those_of_its_exchanges(small: Any, simulate: Simulate) -> None:
    def ask(twin: Twin) -> tuple[dict[str, FigureRow], list[Passport], int]:
        rows = {row.id: row for row in twin.sweeps("de")}
        return rows, [twin.passport(name) for name in rows], len(twin.devices[0].plan.requests)

    rows, passports, planned = after_one_second(small, simulate, ask)
    assert rows["device/a/sweep_requests"].value == planned
    assert rows["device/a/sweep_requests"].label == "Anfragen je Durchlauf"
    for passport in passports:
        assert passport.derived is not None
        exchanges = passport.derived.exchanges
        assert len(exchanges) == passport.derived.inputs_total > 0
        sent = [row.sent_ms for row in exchanges if row.sent_ms is not None]
        received = [row.received_ms for row in exchanges if row.received_ms is not None]
        expected = {
            "sweep_requests": float(len(exchanges)),
            "sweep_failed": float(sum(row.outcome != "ok" for row in exchanges)),
            "sweep_skew": (max(received) - min(sent)) / 1e3,
        }[passport.id.rsplit("/", 1)[1]]
        assert passport.value == pytest.approx(expected, abs=1e-6)
        assert passport.quality == "good"
        assert passport.derived.formula


def test_a_silent_device_has_no_facts(small: Any, simulate: Simulate) -> None:
    row = after_one_second(small, simulate, lambda twin: twin.figure("device/b/sweep_skew"), without="b")
    assert (row.value, row.age) == (None, None)
    assert row.quality == "no answer"


def test_a_cell_against_the_table(small: Any, simulate: Simulate) -> None:
    def ask(twin: Twin) -> tuple[Passport, float, float]:
        soc, voltage = twin.figure("c1/r01/soc").value, twin.figure("c1/r01/m2/cell003/voltage").value
        assert soc is not None
        assert voltage is not None
        return twin.passport(CELL), soc, voltage

    passport, soc, voltage = after_one_second(small, simulate, ask)
    table = ocv_table()
    above = int((table.soc * 100.0 > soc).argmax())
    share = (soc - table.soc[above - 1] * 100.0) / ((table.soc[above] - table.soc[above - 1]) * 100.0)
    model = table.ocv[above - 1] + share * (table.ocv[above] - table.ocv[above - 1])
    assert passport.value == pytest.approx(voltage - model, abs=1e-12)
    assert passport.derived is not None
    assert passport.derived.model
    assert [row.id for row in passport.derived.inputs] == ["c1/r01/soc", "c1/r01/m2/cell003/voltage"]
    assert "BSD-3-Clause" in passport.derived.reference


@pytest.mark.parametrize("name", ["device/nobody/sweep_skew", "device/a/sweep_speed", "c1/r01/m9/cell003/ocv_residual"])
def test_an_id_that_names_none_is_unknown(small: Any, simulate: Simulate, name: str) -> None:
    def ask(twin: Twin) -> None:
        with pytest.raises(UnknownFigure):
            twin.passport(name)

    after_one_second(small, simulate, ask)
