"""Figures that are computed when somebody asks for one, and so travel in no frame.

They are facts of a device's newest sweep, and one cell against the open-circuit model. Each has a passport.

Their ids: `device/bcu04/sweep_skew`, `c1/r04/m3/cell026/ocv_residual`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from bessinside.modbus import Outcome, Sweep
from bessinside.plant import Binding
from bessinside.plant.parts import kind_of
from bessinside.twin import ocv
from bessinside.twin.figure import FigureRow
from bessinside.twin.passport import DerivedPassport, ExchangeFact, Passport, Trend, derived_inputs, finite
from bessinside.twin.quality import Quality, worst
from bessinside.twin.readings import Readings
from bessinside.twin.snapshot import Snapshot

_ABSENT = (Quality.DEVICE_EXCEPTION, Quality.NOT_IMPLEMENTED, Quality.NOT_MAPPED)
STALE_AFTER = 3.0  # poll periods without a sweep
MODEL = (
    "model: measured mean open-circuit curve of the Sony US26650 LFP cell at 25 °C (TUM SimSES, BSD-3-Clause), without "
    "hysteresis; SoC is the nearest register around the cell; on the plateau 1 % SoC is about 0.5 mV"
)


class Polled(Protocol):
    """A device that is read over and over; `state` is `connecting`, `up`, `partly` or `down`."""

    @property
    def readings(self) -> Readings: ...

    @property
    def state(self) -> str: ...


@dataclass(frozen=True, slots=True)
class SweepFact:
    """One fact of a sweep: `of` takes a sweep and gives a number in `unit`, NaN where the sweep has none."""

    name: str
    unit: str
    en: str
    de: str
    equation: str
    of: Callable[[Sweep], float]

    def label(self, language: str) -> str:
        return self.de if language == "de" else self.en


def _failed(sweep: Sweep) -> float:
    return float(np.count_nonzero(sweep.outcome != Outcome.OK))


def _skew(sweep: Sweep) -> float:
    """Seconds from the first question to the last answer; NaN where nothing was answered."""
    sent, received = sweep.sent_ns[sweep.sent_ns > 0], sweep.received_ns[sweep.received_ns > 0]
    return float(received.max() - sent.min()) / 1e9 if len(sent) and len(received) else float("nan")


SWEEP_FACTS = (
    SweepFact(
        "sweep_requests",
        "1",
        "Requests of a sweep",
        "Anfragen je Durchlauf",
        "n = number of requests",
        lambda sweep: float(len(sweep.outcome)),
    ),
    SweepFact(
        "sweep_failed",
        "1",
        "Requests without data",
        "Anfragen ohne Daten",
        "n = number of requests that were not answered with data",
        _failed,
    ),
    SweepFact(
        "sweep_skew",
        "s",
        "From first question to last answer",
        "Von der ersten Frage bis zur letzten Antwort",
        "Δt = max t_received − min t_sent",
        _skew,
    ),
)
SWEEP_REFERENCE = "times and outcomes of the exchanges of the newest sweep, as the twin's own clock took them"


def sweep_rows(pollers: Sequence[Polled], now_ns: int, language: str) -> Iterator[FigureRow]:
    """The facts of every device's newest sweep."""
    for poller in pollers:
        for fact in SWEEP_FACTS:
            yield _sweep_row(poller, fact, now_ns, language)


def _sweep_row(poller: Polled, fact: SweepFact, now_ns: int, language: str) -> FigureRow:
    readings = poller.readings
    sweep = readings.sweep
    device = readings.bound.device
    age = None if sweep is None else (now_ns - sweep.end_ns) / 1e9
    if age is None:
        quality = Quality.NO_ANSWER if poller.state == "down" else Quality.NONE
    elif poller.state == "down":
        quality = Quality.NO_ANSWER
    else:
        quality = Quality.STALE if age > STALE_AFTER * device.every_s else Quality.GOOD
    value = None if sweep is None else finite(fact.of(sweep))
    part = f"device/{device.id}"
    return FigureRow(
        f"{part}/{fact.name}",
        fact.label(language),
        part,
        value,
        None,
        fact.unit,
        quality.label,
        None if age is None else round(age, 3),
    )


def sweep_passport(
    pollers: Sequence[Polled], figure_id: str, now_ns: int, language: str, emulated: bool
) -> Passport | None:
    """The passport of a sweep's fact, None where the id names none."""
    found = _sweep_fact(pollers, figure_id)
    if found is None:
        return None
    poller, fact = found
    row = _sweep_row(poller, fact, now_ns, language)
    sweep = poller.readings.sweep
    derived = DerivedPassport(
        formula=fact.equation,
        reference=SWEEP_REFERENCE,
        model=False,
        inputs=[],
        inputs_total=0 if sweep is None else len(sweep.outcome),
        left_out=0 if sweep is None else int(_failed(sweep)),
        skew_ms=None if sweep is None else finite(_skew(sweep) * 1e3),
        exchanges=[] if sweep is None else [_exchange(sweep, i) for i in range(len(sweep.outcome))],
    )
    return _passport(row, derived, None if sweep is None else sweep.end_ns / 1e6, poller.readings.error, emulated)


def sweep_figure(pollers: Sequence[Polled], figure_id: str, now_ns: int, language: str) -> FigureRow | None:
    """A fact of a sweep as a figure, None where the id names none."""
    found = _sweep_fact(pollers, figure_id)
    return None if found is None else _sweep_row(*found, now_ns, language)


def _sweep_fact(pollers: Sequence[Polled], figure_id: str) -> tuple[Polled, SweepFact] | None:
    kind, _, rest = figure_id.partition("/")
    device, _, name = rest.rpartition("/")
    poller = next((one for one in pollers if one.readings.bound.device.id == device), None)
    fact = next((one for one in SWEEP_FACTS if one.name == name), None)
    return (poller, fact) if kind == "device" and poller is not None and fact is not None else None


def _exchange(sweep: Sweep, i: int) -> ExchangeFact:
    request = sweep.plan.requests[i]
    sent, received = int(sweep.sent_ns[i]), int(sweep.received_ns[i])
    return ExchangeFact(
        request.fc,
        request.address,
        request.count,
        sent / 1e6 if sent else None,
        received / 1e6 if received else None,
        Outcome(sweep.outcome[i]).name.lower().replace("_", " "),
    )


def residual_inputs(binding: Binding, figure_id: str, now: Snapshot) -> tuple[int, int] | None:
    """Point indices of a cell's residual: the nearest SoC that its device has, and the cell's voltage; None if none."""
    part, _, name = figure_id.rpartition("/")
    if name != "ocv_residual" or kind_of(part) != "cell":
        return None
    voltage = binding.by_part("cell.voltage").get(part)
    around = part.split("/")[:-1]
    enclosing = ["/".join(around[:length]) for length in range(len(around), 0, -1)]
    socs = [
        index
        for path in enclosing
        for index in binding.of_metric(f"{kind_of(path)}.soc")
        if binding.parts[index] == path
    ]
    if voltage is None or not socs:
        return None
    return next((index for index in socs if now.quality[index] not in _ABSENT), socs[-1]), voltage


def residual_row(binding: Binding, figure_id: str, now: Snapshot, language: str) -> FigureRow | None:
    """A cell's terminal voltage minus the open-circuit model at its SoC register, None where the id names none."""
    inputs = residual_inputs(binding, figure_id, now)
    if inputs is None:
        return None
    soc, voltage = inputs
    quality = worst(Quality(now.quality[i]) for i in inputs)
    value = float(now.values[voltage] - ocv.open_circuit_voltage(now.values[[soc]] / 100.0)[0])
    oldest = min(int(now.read_ns[i]) for i in inputs)
    label = "Zellspannung minus Ruhespannungsmodell" if language == "de" else "Cell voltage minus open-circuit model"
    return FigureRow(
        figure_id,
        label,
        figure_id.rpartition("/")[0],
        finite(value) if quality is Quality.GOOD else None,
        None,
        "V",
        quality.label,
        round((now.time_ns - oldest) / 1e9, 3) if oldest else None,
    )


def residual_passport(
    binding: Binding, figure_id: str, now: Snapshot, language: str, emulated: bool
) -> Passport | None:
    """The passport of a cell's residual, None where the id names none."""
    row, inputs = residual_row(binding, figure_id, now, language), residual_inputs(binding, figure_id, now)
    if row is None or inputs is None:
        return None
    indices = list(inputs)
    marks = [Quality(now.quality[i]) for i in indices]
    times = [int(now.read_ns[i]) for i in indices if now.read_ns[i]]
    derived = DerivedPassport(
        formula="r = U_cell − OCV(SoC)",
        reference=MODEL,
        model=True,
        inputs=derived_inputs(
            [binding.ids[i] for i in indices], now.values[indices], [binding.units[i] for i in indices], marks
        ),
        inputs_total=len(indices),
        left_out=sum(mark is not Quality.GOOD for mark in marks),
        skew_ms=(max(times) - min(times)) / 1e6 if times else None,
    )
    return _passport(row, derived, min(times) / 1e6 if len(times) == len(indices) else None, "", emulated)


def _passport(row: FigureRow, derived: DerivedPassport, time_ms: float | None, note: str, emulated: bool) -> Passport:
    return Passport(
        id=row.id,
        label=row.label,
        kind="derived",
        part=row.part,
        metric=None,
        value=row.value,
        text=None,
        unit=row.unit,
        quality=row.quality,
        quality_note=note,
        age_s=row.age,
        time_ms=time_ms,
        emulated=emulated,
        reading=None,
        derived=derived,
        trend=Trend([], []),
    )
