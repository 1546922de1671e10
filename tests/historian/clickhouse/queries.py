"""The questions that every archive must answer alike, by name: what a page, a script or a report asks of the past."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, is_dataclass
from typing import Any

import msgspec
import numpy as np

from bessinside.historian import Edition, Step, register
from bessinside.historian.basis.archive import HOUR_NS, MINUTE_NS
from bessinside.historian.past.past import Past
from bessinside.twin import Snapshot
from tests.historian.clickhouse.recorded import MADE_BEGIN_NS, MADE_END_NS

SECOND = 1_000_000_000
Query = Callable[[Past], Any]
MICROSECOND = 1_000
"""To which times of requests are kept."""


def begin_of(past: Past) -> int:
    return past.span()[0]


def _snapshot(seconds: float) -> Query:
    def ask(past: Past) -> Any:
        then = past.at(begin_of(past) + round(seconds * SECOND))
        now = then.snapshot()
        arrays = [getattr(now, name) for name in Snapshot.__dataclass_fields__]
        return list(then.ids()), arrays, [then.figure(name, now).value for name in then.ids()]

    return ask


def _passport(figure: str, seconds: float) -> Query:
    def ask(past: Past) -> Any:
        return msgspec.to_builtins(past.at(begin_of(past) + seconds * SECOND).passport(figure))

    return ask


def _series(figure: str, low: float, high: float) -> Query:
    def ask(past: Past) -> Any:
        begin = begin_of(past)
        found = past.series(figure, begin + round(low * SECOND), begin + round(high * SECOND))
        assert len(found)
        return found

    return ask


def _plot(figure: str, seconds: float, pixels: int) -> Query:
    return lambda past: past.plot(figure, begin_of(past), begin_of(past) + round(seconds * SECOND), pixels)


def _rollup(figures: list[str], low_s: int, high_s: int, step: Step) -> Query:
    def ask(past: Past) -> Any:
        begin = begin_of(past) // HOUR_NS * HOUR_NS
        found = past.archive.rollup(figures, begin + low_s * SECOND, begin + high_s * SECOND, step)
        assert found.count.any()
        return found

    return ask


def _made_rollup(past: Past) -> Any:
    return past.archive.rollup(CELLS, MADE_BEGIN_NS - MINUTE_NS, MADE_END_NS + MINUTE_NS, Step.MINUTE)


def _exchanges(device: str, choose: Callable[[Any], Any]) -> Query:
    def ask(past: Past) -> Any:
        sweeps = past.archive.sweeps(device, 0, 2**62)
        return past.archive.exchanges(device, int(sweeps.number[choose(sweeps)]))

    return ask


def _words(past: Past) -> Any:
    registers = [register(3, address) for address in (110, 0, 6, 7, 111, 9999, 110)]
    return past.archive.words("a", registers, begin_of(past) + 600 * SECOND, MADE_END_NS)


def _latest(seconds: float) -> Query:
    registers = [register(3, address) for address in (0, 6, 16, 15, 110, 2000)] + [register(4, 0), register(1, 3)]
    return lambda past: past.archive.latest("a", registers, begin_of(past) + round(seconds * SECOND))


def _made_sweeps(past: Past) -> Any:
    return [past.archive.sweeps(device, MADE_BEGIN_NS, MADE_END_NS) for device in past.archive.devices()]


def _image(at_ns: int) -> Query:
    return lambda past: [past.archive.image(device, at_ns) for device in ("a", "b", "never")]


SOC, CELL = "c1/r01/soc", "c1/r02/m1/cell001/voltage"
CELLS = [CELL, "c1/r01/m1/cell001/voltage", "c1/r01/soh", "c1/r01/power", "c1/r01/temperature_max", "c1/r02/soc"]
DERIVED = "c1/cell_voltage_spread"
MIDDLE = MADE_BEGIN_NS + 333 * SECOND

MOMENTS = (1.5, 30, 399.9, 430, 555.5, 760, 1300, 1399)

QUERIES: dict[str, Query] = {
    **{f"snapshot after {seconds:g} s": _snapshot(seconds) for seconds in MOMENTS},
    "snapshot among failures": lambda past: _snapshot((MIDDLE - begin_of(past)) / SECOND)(past),
    "passport of a reading": _passport(SOC, 100),
    "passport of a cell": _passport(CELL, 610),
    "passport of a counter": _passport("c1/r01/cycles", 700),
    "passport of what is derived": _passport(DERIVED, 800),
    "passport while it is away": _passport(CELL, 440),
    **{f"series of {name}": _series(name, 0, 1400) for name in (SOC, CELL, "c1/r01/soh", "c1/r01/power", DERIVED)},
    "series over the seam": _series(SOC, 590, 640),
    "series of the newest": _series(CELL, 1300, 1400),
    "series while a register is refused": _series("c1/r01/current", 690, 830),
    "series of what fails": lambda past: past.series(CELL, MADE_BEGIN_NS, MADE_END_NS),
    "series of a flag": _series("c1/r01/relay_positive", 100, 200),
    "plot, a pixel a second": _plot(SOC, 300, 300),
    "plot, a pixel of 7 s": _plot(CELL, 1400, 200),
    "plot, minutes": _plot("c1/r01/soh", 1400, 25),
    "plot, many minutes a pixel": _plot(SOC, 1400, 4),
    "plot of what is derived": _plot(DERIVED, 1400, 50),
    "minutes of six figures": _rollup(CELLS, 0, 1560, Step.MINUTE),
    "minutes of one slot": _rollup([SOC], 600, 1200, Step.MINUTE),
    "minutes that are not sealed": _rollup([SOC, CELL], 1320, 1400, Step.MINUTE),
    "hours": _rollup(CELLS, 0, 7200, Step.HOUR),
    "minutes among failures": _made_rollup,
    "rollup of nothing known": lambda past: past.archive.rollup(["c9/none"], begin_of(past), MADE_END_NS, Step.HOUR),
    "cells": lambda past: past.cells("cell.voltage", begin_of(past) + 100 * SECOND),
    "cells while a rack is away": lambda past: past.cells("cell.voltage", begin_of(past) + 450 * SECOND),
    "cells long after a rack went": lambda past: past.cells("cell.voltage", begin_of(past) + 4500 * SECOND),
    "cells among failures": lambda past: past.cells("cell.voltage", MIDDLE),
    "spread": lambda past: past.spread("cell.voltage", begin_of(past), begin_of(past) + 1400 * SECOND, named=2),
    "spread of a slot": lambda past: past.spread(
        "cell.voltage", begin_of(past) + 600 * SECOND, begin_of(past) + 900 * SECOND
    ),
    "spread, recomputed": lambda past: past.spread(
        "cell.voltage", begin_of(past), begin_of(past) + 1400 * SECOND, recompute=True
    ),
    "spread among failures": lambda past: past.spread("cell.voltage", MADE_BEGIN_NS, MADE_END_NS, named=2),
    "extremes": lambda past: past.archive.extremes("b", "cell.voltage", begin_of(past), MADE_END_NS),
    "extremes of nothing": lambda past: past.archive.extremes("b", "cell.nothing", begin_of(past), MADE_END_NS),
    "distribution": lambda past: past.distribution("cell.voltage", begin_of(past) + 1200 * SECOND),
    "distribution among failures": lambda past: past.distribution("cell.voltage", MIDDLE, bins=7),
    "counter over its rollover": lambda past: past.counted(
        "c1/r01/cycles", begin_of(past), begin_of(past) + 1400 * SECOND
    ),
    "counter over a gap": lambda past: past.counted("c1/r02/cycles", begin_of(past) + 390 * SECOND, MADE_BEGIN_NS),
    "completeness": lambda past: past.completeness(begin_of(past), begin_of(past) + 1400 * SECOND),
    "completeness of a device": lambda past: past.completeness(MADE_BEGIN_NS, MADE_END_NS, "b"),
    "exchanges of the first": _exchanges("a", lambda sweeps: 0),
    "exchanges of the newest": _exchanges("b", lambda sweeps: -1),
    "exchanges of one with refusals": _exchanges("a", lambda sweeps: np.flatnonzero(sweeps.failed)[0]),
    "exchanges of one with every failure": _exchanges("b", lambda sweeps: np.argmax(sweeps.failed)),
    "exchanges of another plan": _exchanges("a", lambda sweeps: np.flatnonzero(np.diff(sweeps.edition))[-1] + 1),
    "exchanges of the last that failed": _exchanges("b", lambda sweeps: np.flatnonzero(sweeps.failed)[-1]),
    "events": lambda past: past.archive.events(0, 2**62),
    "events of a minute": lambda past: past.archive.events(
        begin_of(past) + 395 * SECOND, begin_of(past) + 465 * SECOND
    ),
    "devices, spans and editions": lambda past: [
        (device, past.archive.span(device), past.archive.editions(device)) for device in past.archive.devices()
    ],
    "sweeps": lambda past: past.archive.sweeps("a", begin_of(past) + 100 * SECOND, begin_of(past) + 900 * SECOND),
    "sweeps with failures": _made_sweeps,
    "words": _words,
    "alarms": lambda past: past.alarms(begin_of(past), begin_of(past) + 1400 * SECOND),
    "alarms of a made hour": lambda past: past.alarms(MADE_BEGIN_NS, MADE_END_NS),
    "field": lambda past: past.field("cell.voltage", "c1", begin_of(past), begin_of(past) + 1400 * SECOND, 20),
    "latest": _latest(650),
    "latest while a register is refused": _latest(815),
    "latest before the first": _latest(-5),
    "images": _image(MIDDLE),
}  # fmt: skip


def assert_same(one: Any, other: Any, where: str = "") -> None:
    """The same answer: every text, number, byte and NaN; times of requests to the microsecond they are kept to, values
    that were added up in another order to 1e-12 of themselves (single ones may be ages in seconds). Numbers of editions
    are the archive's own."""
    if is_dataclass(one) and not isinstance(one, type):
        assert type(one) is type(other), where
        for field in fields(one):
            if not (field.name == "edition" and not isinstance(one.edition, Edition)) and not (
                isinstance(one, Edition) and field.name == "number"
            ):
                assert_same(getattr(one, field.name), getattr(other, field.name), f"{where}.{field.name}")
    elif isinstance(one, np.ndarray):
        assert one.dtype == other.dtype, where
        assert one.shape == other.shape, (where, one.shape, other.shape)
        if one.dtype.kind == "f":
            np.testing.assert_allclose(one, other, rtol=1e-12, atol=1.1e-6 if "[1]" in where else 1e-12, err_msg=where)
        elif one.dtype == np.int64:
            assert (np.abs(one - other) <= MICROSECOND * (one > 10**15)).all(), where
        else:
            np.testing.assert_array_equal(one, other, err_msg=where)
    elif isinstance(one, dict):
        assert list(one) == list(other), where
        for key in one:
            assert_same(one[key], other[key], f"{where}[{key!r}]")
    elif isinstance(one, list | tuple):
        assert len(one) == len(other), (where, len(one), len(other))
        for k, (mine, theirs) in enumerate(zip(one, other, strict=True)):
            assert_same(mine, theirs, f"{where}[{k}]")
    elif isinstance(one, float):
        near = abs(one - other) <= max(1.1e-6, 1e-12 * abs(one))
        assert one == other or near or (one != one and other != other), (where, one, other)
    elif isinstance(one, int) and one > 10**15:
        assert abs(one - other) <= MICROSECOND, where
    else:
        assert one == other, (where, one, other)
