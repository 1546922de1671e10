"""Where a figure comes from: a reading down to the bytes, or a formula with readings as leaves."""

from __future__ import annotations

import math
from typing import Any

import msgspec
import numpy as np

from bessinside.modbus import Outcome, Sweep, parse_endpoint
from bessinside.registers import Point, RegisterMap
from bessinside.twin.quality import Quality
from bessinside.twin.readings import Readings


class StepRow(msgspec.Struct, frozen=True):
    """One decode step: what was done, with what, and what came out."""

    name: str
    expression: str
    result: str


class DeviceRow(msgspec.Struct, frozen=True):
    """The device that was asked."""

    id: str
    label: str
    url: str
    host: str
    port: int
    unit: int


class MapRow(msgspec.Struct, frozen=True):
    """The map that says what the words mean, and the document it was made from."""

    id: str
    label: str
    document: str
    issue: str
    date: str
    read_from: str
    file: str
    line: int


class ExchangeRow(msgspec.Struct, frozen=True):
    """The request and the answer that the shown bytes are from: UTC ms, duration; `ok` once there is an answer."""

    tid: int
    sent_ms: float | None
    received_ms: float | None
    duration_ms: float | None
    outcome: str
    note: str


class AttemptRow(msgspec.Struct, frozen=True):
    """The newest try to read the same, which need not have brought an answer: when it ended (UTC ms) and how."""

    ended_ms: float | None
    outcome: str
    note: str


class ReadingPassport(msgspec.Struct, frozen=True):
    """The way of one reading from the wire to its value."""

    device: DeviceRow
    map: MapRow
    point: str
    function_code: int
    address: int
    address_document: int
    words_count: int
    access: str
    type: str
    word_order: str
    words: list[str]
    request_hex: str
    response_hex: str
    value_start: int
    value_length: int
    exchange: ExchangeRow
    attempt: AttemptRow
    steps: list[StepRow]
    scale: str
    sign: str
    sentinel: list[str]
    range: list[float] | None
    source: str
    suspect: str | None
    verified_by: list[str]
    symbols: dict[str, str]
    commands: dict[str, str]


class Input(msgspec.Struct, frozen=True):
    """One leaf of a derived figure."""

    id: str
    value: float | None
    unit: str
    quality: str


class ExchangeFact(msgspec.Struct, frozen=True):
    """One exchange of a sweep: what was asked, when (UTC ms), and how it ended."""

    function_code: int
    address: int
    count: int
    sent_ms: float | None
    received_ms: float | None
    outcome: str


class DerivedPassport(msgspec.Struct, frozen=True):
    """A formula over readings. `left_out` counts inputs without a good reading, `skew_ms` is their spread in time.

    A fact of a sweep has no readings as inputs but the `exchanges` of that sweep.
    """

    formula: str
    reference: str
    model: bool
    inputs: list[Input]
    inputs_total: int
    left_out: int
    skew_ms: float | None
    exchanges: list[ExchangeFact] = []


class Trend(msgspec.Struct, frozen=True):
    """The last five minutes: UTC ms and values in SI."""

    t: list[float]
    v: list[float | None]


class Passport(msgspec.Struct, frozen=True):
    """Everything behind one figure. Exactly one of `reading` and `derived` is there."""

    id: str
    label: str
    kind: str
    part: str
    metric: str | None
    value: float | None
    text: str | None
    unit: str
    quality: str
    quality_note: str
    age_s: float | None
    time_ms: float | None
    emulated: bool
    reading: ReadingPassport | None
    derived: DerivedPassport | None
    trend: Trend


def finite(value: float) -> float | None:
    """JSON has no NaN: a missing value is null."""
    return float(value) if math.isfinite(value) else None


def reading_passport(readings: Readings, i: int, figure_id: str, plant: str) -> ReadingPassport:
    """The passport of point `i` of a device from its newest good answer."""
    bound = readings.bound
    point = bound.point(i)
    fc, address = int(bound.layout.fc[i]), int(bound.layout.address[i])
    count = int(bound.layout.words[i])
    answer = readings.answer(i)
    endpoint = parse_endpoint(bound.device.url)
    steps = readings.codec.steps(i, readings.words) if readings.times()[i] else []
    start, length = _value_span(answer, address, count) if answer is not None else (0, 0)
    return ReadingPassport(
        device=DeviceRow(
            bound.device.id, bound.device.label, bound.device.url, endpoint.host, endpoint.port, endpoint.unit
        ),
        map=_map_row(bound.map, point),
        point=point.name,
        function_code=fc,
        address=address,
        address_document=address + bound.map.addressing.printed,
        words_count=count,
        access=point.access,
        type=point.type,
        word_order="low word first" if point.low_first else "high word first",
        words=readings.words_of(i),
        request_hex=answer[0].request_bytes(answer[1]).hex(" ") if answer else "",
        response_hex=answer[0].response_bytes(answer[1]).hex(" ") if answer else "",
        value_start=start,
        value_length=length,
        exchange=_exchange(readings, i, answer),
        attempt=_attempt(readings, i),
        steps=[StepRow(step.name, step.expression, step.result) for step in steps],
        scale=f"× register {point.sf}" if isinstance(point.sf, str) else f"× 10^{point.sf}",
        sign="turned round: the device counts charging as positive" if point.sign < 0 else "as the device counts",
        sentinel=[f"{raw:#x}" for raw in point.sentinel],
        range=_range(point, bound.metrics[i]),
        source=point.source,
        suspect=point.suspect,
        verified_by=list(point.verified_by),
        symbols={str(symbol.value): symbol.label or symbol.name for symbol in point.symbols},
        commands=_commands(readings, i, fc, address, count) | {"bessinside": f"bessinside read {plant} {figure_id}"},
    )


def _range(point: Point, metric: Any) -> list[float] | None:
    limits = metric.range if metric is not None and metric.range is not None else point.range
    return list(limits) if limits else None


def _map_row(found: RegisterMap, point: Point) -> MapRow:
    source = found.source
    name = found.path.rsplit("/", 1)[-1]
    return MapRow(found.id, found.label, source.document, source.issue, source.date, source.read_from, name, point.line)


def _exchange(readings: Readings, i: int, answer: tuple[Sweep, int] | None) -> ExchangeRow:
    """The exchange that the shown bytes are from."""
    if readings.block[i] < 0:
        return ExchangeRow(0, None, None, None, "not asked", readings.refusal(i))
    if answer is None:
        return ExchangeRow(0, None, None, None, "no answer yet", readings.note(i))
    sweep, k = answer
    sent, received = int(sweep.sent_ns[k]), int(sweep.received_ns[k])
    return ExchangeRow(int(sweep.tid[k]), sent / 1e6, received / 1e6, (received - sent) / 1e6, "ok", "")


def _attempt(readings: Readings, i: int) -> AttemptRow:
    """The newest try to read a point."""
    block = int(readings.block[i])
    if block < 0:
        return AttemptRow(None, "not asked", readings.refusal(i))
    tried, note = readings.attempt(block), readings.block_note[block]
    if tried is None:
        return AttemptRow(None, "not sent" if note else "not asked", note)
    sweep, k = tried
    ended = int(sweep.received_ns[k]) or sweep.end_ns
    return AttemptRow(ended / 1e6, Outcome(sweep.outcome[k]).name.lower().replace("_", " "), note)


def _value_span(answer: tuple[Sweep, int], address: int, count: int) -> tuple[int, int]:
    """Where the value's bytes stand in the answer: first byte and length; bits share a byte."""
    sweep, k = answer
    request = sweep.plan.requests[k]
    header = len(sweep.response_bytes(k)) - (2 * request.count if not request.bits else (request.count + 7) // 8)
    if sweep.framing == "rtu":
        header -= 2  # check sum at the end
    first = address - request.address
    return (header + first // 8, 1) if request.bits else (header + 2 * first, 2 * count)


def _commands(readings: Readings, i: int, fc: int, address: int, count: int) -> dict[str, str]:
    """Ready-made lines that read the same register with other tools."""
    endpoint = parse_endpoint(readings.bound.device.url)
    table = {1: "0", 2: "1", 3: "4", 4: "3"}[fc]
    lines: dict[str, str] = {}
    method = {1: "read_coils", 2: "read_discrete_inputs", 3: "read_holding_registers", 4: "read_input_registers"}[fc]
    if endpoint.kind == "tcp":
        # mbpoll counts from 1 unless -0 is given
        lines["mbpoll"] = (
            f"mbpoll -0 -1 -a {endpoint.unit} -p {endpoint.port} -t {table}{':hex' if fc > 2 else ''} "
            f"-r {address} -c {count} {endpoint.host}"
        )
        lines["pymodbus"] = (
            f"ModbusTcpClient({endpoint.host!r}, port={endpoint.port}).{method}({address}, count={count}, "
            f"device_id={endpoint.unit})"
        )
    elif endpoint.kind == "serial":
        parity = {"N": "none", "E": "even", "O": "odd"}[endpoint.parity]
        lines["mbpoll"] = (
            f"mbpoll -0 -1 -m rtu -a {endpoint.unit} -b {endpoint.baudrate} -P {parity} -t {table} "
            f"-r {address} -c {count} {endpoint.path}"
        )
    return lines


def derived_inputs(
    ids: list[str], values: np.ndarray[Any, Any], units: list[str], marks: list[Quality], most: int = 200
) -> list[Input]:
    """The leaves of a derived figure; beyond `most` only the first are listed (the total is stated beside them)."""
    rows = zip(ids[:most], values[:most], units[:most], marks[:most], strict=True)
    return [Input(name, finite(value), unit, mark.label) for name, value, unit, mark in rows]
